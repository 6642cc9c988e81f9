"""The report's figures, each in light and in dark ink, and in words for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels import plots
from clvmodels.names import NOUNS, label
from clvmodels.plots.style import BANDS
from clvmodels.plots.svg import to_svgs
from clvmodels.wording import amount

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from clvmodels.reports.terms import Terms

SIMPLE = "multiplicative_customer"
# In inches: small, so that letters can still be read where the figure is as wide as a phone.
SIZE = (6.0, 3.7)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Two SVG documents of one drawing, what it says, and how to read it."""

    light: str
    dark: str
    alt: str
    caption: str


def tracking_figure(table: pd.DataFrame, *, time_unit: str, interval: float = 0.9) -> Figure:
    """Draw ``result.tracking()``."""
    last = table.iloc[-1]
    return _figure(
        lambda ax: plots.tracking(table, ax=ax, time_unit=time_unit),
        alt=f"Cumulative purchases after {last['end']:,.3g} {time_unit}s: {_means(last, besides={'end'})}.",
        caption="Purchases of all customers since the calibration end. "
        f"The band is the model's {100 * interval:g} % predictive interval.",
    )


def reliability_figure(table: pd.DataFrame, *, target: str, terms: Terms) -> Figure:
    """Draw ``result.reliability(target=target)``."""
    noun = NOUNS[target]
    groups = (f"{group} repeat purchases: {_means(row, besides={'customers'})}" for group, row in table.iterrows())
    return _figure(
        lambda ax: plots.reliability(table, ax=ax, unit=terms.noun(target)),
        alt=f"Mean {noun} in the holdout. {'; '.join(groups)}.",
        caption=f"Mean {noun} of customers by their repeat purchases in calibration. A good forecaster's marks lie on "
        "the bars; the lines on the bars say how much of that may be chance.",
    )


def forecast_figure(best: pd.DataFrame, *, xlabel: str) -> Figure:
    """Draw customers with their predictive intervals, and what they did."""
    inside = int(best["actual"].between(best["lower"], best["upper"]).sum())
    return _figure(
        lambda ax: plots.lifetime_value(best, ax=ax, top=len(best), xlabel=f"{xlabel} in the holdout"),
        alt=f"The {len(best)} customers of whom most was expected, from {amount(best['mean'].iloc[0])} to "
        f"{amount(best['mean'].iloc[-1])}; {inside} of them came out inside their interval.",
        caption=f"The customers of whom most was expected, with predictive intervals, and what they did: {inside} of "
        f"{len(best)} came out inside.",
    )


def base_figure(table: pd.DataFrame, *, time_unit: str, interval: float) -> Figure:
    """Draw the ``by_period`` of `clvmodels.decisions.churn`."""
    ends = {str(name): rows.droplevel(0).iloc[[0, -1]]["mean"] for name, rows in table.groupby(level=0, sort=False)}
    said = "; ".join(
        f"{name} {amount(first)} after {steps[0]:,.3g} {time_unit}s, {amount(last)} after {steps[1]:,.3g}"
        for name, (first, last), steps in ((name, rows.tolist(), rows.index.tolist()) for name, rows in ends.items())
    )
    return _figure(
        lambda ax: plots.customer_base(table, ax=ax, xlabel=f"{time_unit}s from now on"),
        alt=f"Customers expected to be there: {said}.",
        caption=f"Of the customers of today, how many will be alive, and how many active. {_band(interval)}",
    )


def survival_figure(table: pd.DataFrame, *, time_unit: str, interval: float) -> Figure:
    """Draw the ``survival`` of `clvmodels.decisions.churn`."""
    last = {str(name): rows.droplevel(0)["mean"].iloc[-1] for name, rows in table.groupby(level=0, sort=False)}
    said = ", ".join(f"{name} {100 * left:.0f} %" for name, left in last.items())
    end = table.index.get_level_values(-1).max()
    return _figure(
        lambda ax: plots.survival(table, ax=ax, xlabel=f"{time_unit}s from now on"),
        alt=f"Share still alive after {end:,.3g} {time_unit}s of those alive now: {said}.",
        caption=f"Of those alive now, the share that still is. {_band(interval, 'credible')}",
    )


def groups_figure(table: Any, *, what: str, label: str) -> Figure:
    """Draw the value of groups."""
    said = ", ".join(f"{group} {amount(mean)}" for group, mean in table["mean"].items())
    return _figure(
        lambda ax: plots.interval_points(table, ax=ax, xlabel=what, ylabel=label),
        alt=f"{label}: {said}.",
        caption="What each group is expected to bring, with predictive intervals.",
    )


def concentration_figure(table: pd.DataFrame) -> Figure:
    """Draw ``value.concentration(...)``."""
    shares = {share: np.interp(share, table.index.to_numpy(float), table["mean"]) for share in (0.1, 0.2, 0.5)}
    said = ", ".join(f"the best {100 * share:g} % have {100 * part:.0f} %" for share, part in shares.items())
    return _figure(
        lambda ax: plots.concentration(table, ax=ax),
        alt=f"Share of the value by share of the customers, best first: {said}.",
        caption="Customers ranked by what is expected of them, and the share of all value that is theirs.",
    )


def distribution_figure(table: Any, *, xlabel: str) -> Figure:
    """Draw ``value.distribution(...)``."""
    most: Any = table["mean"].idxmax()
    return _figure(
        lambda ax: plots.value_distribution(table, ax=ax, xlabel=xlabel),
        alt=f"Number of customers by expected lifetime value in {len(table)} classes; most of them, "
        f"{amount(table['mean'].max())}, between {amount(most[0])} and {amount(most[1])}.",
        caption="How many customers are expected to be worth how much.",
    )


def spend_figure(table: Any, *, ylabel: str) -> Figure:
    """Draw the ``by_frequency`` of the independence of spend."""
    said = "; ".join(f"{group} repeat purchases {amount(mean)}" for group, mean in table["mean"].dropna().items())
    return _figure(
        lambda ax: plots.spend_by_frequency(table, ax=ax, ylabel=ylabel),
        alt=f"Mean value of a purchase by repeat purchases: {said}.",
        caption="Mean value of a purchase, by how often customers buy. A model of spend that leaves frequency out "
        "takes it to be the same for all.",
    )


def k_hat_figure(table: Any, *, limit: float) -> Figure:
    """Draw the k-hats of all customers."""
    above = int(table.loc[table["k_hat"] > limit, "customers"].sum())
    return _figure(
        lambda ax: plots.pareto_k(table, ax=ax, limit=limit),
        alt=f"Pareto k-hat of every customer; {above:,} of {int(table['customers'].sum()):,} are above {limit:.2g}.",
        caption="Pareto k-hat of every distinct customer: how much the fit would change without that customer.",
    )


def sensitivity_figure(table: pd.DataFrame, *, target: str) -> Figure:
    """Draw the prior sensitivity of one target's total."""
    rows: Any = table.xs(target, level="target")
    said = ", ".join(f"{amount(mean)} at {power:g}" for power, mean in rows["mean"].items())
    return _figure(
        lambda ax: plots.prior_sensitivity(rows, ax=ax, ylabel=f"total {NOUNS[target]}"),
        alt=f"Expected total {NOUNS[target]} by power of the priors: {said}.",
        caption="The expected total if the priors weighed less or more. A total that moves little is the data's.",
    )


def lift_figure(table: pd.DataFrame, *, noun: str) -> Figure:
    """Draw ``result.lift(target)``."""
    first = table[table["decile"] == 1].set_index("forecaster")["cumulative"]
    said = ", ".join(f"{label(str(name))} {100 * share:.0f} %" for name, share in first.items())
    return _figure(
        lambda ax: plots.lift(table, ax=ax),
        alt=f"Share of all {noun} that is due to the tenth of the customers ranked highest: {said}.",
        caption=f"Customers from the best predicted to the worst, and the share of all {noun} that was theirs.",
    )


def coverage_figure(table: pd.DataFrame, *, noun: str) -> Figure:
    """Draw ``result.coverage(target)``."""
    rows: Any = table[["forecaster", "level", "covered", "randomised"]].itertuples(index=False, name=None)
    said = "; ".join(
        f"{label(name)}, {100 * level:g} % intervals held {100 * covered:.1f} %, "
        f"with edges at random {100 * random:.1f} %"
        for name, level, covered, random in rows
    )
    return _figure(
        lambda ax: plots.coverage(table, ax=ax),
        alt=f"Share of the customers inside their intervals of {noun}. {said}.",
        caption="Where many come out alike, intervals cannot be cut finer and hold more than they promise "
        "(attainable); with their edges taken in at random the promise can be met exactly.",
    )


def pit_figure(table: pd.DataFrame, *, noun: str, interval: float) -> Figure:
    """Draw ``result.pit(target)``."""
    outside = int((~table["share"].between(table["band_lower"], table["band_upper"])).sum())
    return _figure(
        lambda ax: plots.pit(table, ax=ax),
        alt=f"Histogram of where the {noun} of each customer fell in the predicted distribution: {len(table)} bars, "
        f"{outside} of them outside the band.",
        caption="Where what happened fell in each customer's predicted distribution. Bars of one height: the spread is "
        f"right; a hill: too wide; a valley: too narrow. The band holds {100 * interval:g} % if the model is right.",
    )


def differences_figure(table: pd.DataFrame, *, baseline: str, noun: str) -> Figure:
    """Draw the ``result.compare(baseline)`` of one target."""
    told = table[table["outcome"] != "not defined"]
    said = ", ".join(f"{name} {outcome}" for name, outcome in zip(told["label"], told["outcome"], strict=True))
    return _figure(
        lambda ax: plots.differences(table, ax=ax),
        alt=f"{noun.capitalize()}: the model against {label(baseline)}: {said}.",
        caption=f"{noun.capitalize()}: how far the model is ahead of {label(baseline)}. Where an interval crosses "
        "zero, no difference is clear.",
    )


def frequency_figure(table: pd.DataFrame) -> Figure:
    """Draw ``criticism.frequencies``."""
    held = int(table["customers"].between(table["lower"], table["upper"]).sum())
    return _figure(
        lambda ax: plots.frequency_check(table, ax=ax),
        alt=f"Customers by repeat purchases: {held} of {len(table)} groups are within what the model would have seen.",
        caption="Customers by their repeat purchases so far, and how many the fitted model would have seen.",
    )


def origins_figure(table: pd.DataFrame, *, noun: str) -> Figure:
    """Draw the totals of one target and forecaster from several origins."""
    inside = int(table["actual"].between(table["lower"], table["upper"]).sum())
    wide = int(table["actual"].between(table["wide_lower"], table["wide_upper"]).sum())
    return _figure(
        lambda ax: plots.totals(table, ax=ax, ylabel=f"{noun} in the holdout"),
        alt=f"Total {noun} from {len(table)} origins: {inside} inside the model's interval, {wide} inside the widened.",
        caption="The thick interval is the model's own, the thin one is widened by what earlier origins show of its "
        "errors.",
    )


def _band(interval: float, kind: str = "predictive") -> str:
    return f"Bands are {100 * interval:g} % {kind} intervals."


def _means(row: pd.Series, *, besides: set[str]) -> str:
    """Name each figure of a row but the edges of its bands: ``actual 1,882, the model 1,655``."""
    shown = {name: value for name, value in row.items() if name not in besides and not str(name).endswith(BANDS)}
    return ", ".join(f"{label(str(name))} {amount(value)}" for name, value in shown.items())


def _figure(draw: Callable[[Any], object], *, alt: str, caption: str) -> Figure:
    light, dark = to_svgs(draw, size=SIZE)
    return Figure(light=light, dark=dark, alt=alt, caption=caption)
