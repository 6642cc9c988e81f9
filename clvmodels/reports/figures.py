"""The report's figures, each in light and in dark ink, and in words for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels import plots
from clvmodels.names import label
from clvmodels.plots.style import BANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

TOP = 15


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


def periods_figure(table: pd.DataFrame, *, time_unit: str) -> Figure:
    """Draw ``result.tracking(cumulative=False, calibration=True)``."""
    count = int(np.count_nonzero(table["end"].to_numpy() <= 0))
    return _figure(
        lambda ax: plots.tracking(table, ax=ax, time_unit=time_unit, cumulative=False),
        alt=f"Purchases in each {time_unit}, {count} of the calibration and {len(table) - count} of the holdout; "
        f"in the last {_means(table.iloc[-1], besides={'end'})}.",
        caption=f"Repeat purchases of all customers in each {time_unit}: what the fitted model would have seen of the "
        "calibration, and what it and the others forecast.",
    )


def reliability_figure(table: pd.DataFrame) -> Figure:
    """Draw ``result.reliability()``."""
    groups = (f"{group} repeat purchases: {_means(row, besides={'customers'})}" for group, row in table.iterrows())
    return _figure(
        lambda ax: plots.reliability(table, ax=ax),
        alt=f"Mean purchases in the holdout. {'; '.join(groups)}.",
        caption="Customers by their repeat purchases in calibration. A good forecaster's line follows the bars.",
    )


def value_figure(ranked: pd.DataFrame, *, xlabel: str, interval: float = 0.9) -> Figure:
    """Draw the first of `ranked_customers` with their predictive intervals."""
    best = ranked.head(TOP).drop(columns=["rank", "frequency", "since_last", "alive"])
    best = best.rename(columns={"simple": "multiplicative_customer"}).dropna(axis="columns", how="all")
    inside = int(best["actual"].between(best["lower"], best["upper"]).sum())
    return _figure(
        lambda ax: plots.lifetime_value(best, ax=ax, top=TOP, xlabel=xlabel),
        alt=f"The {len(best)} customers of whom most is expected, from {best['mean'].iloc[0]:,.4g} to "
        f"{best['mean'].iloc[-1]:,.4g}; {inside} of them came out inside their interval.",
        caption=f"Bars are {100 * interval:g} % predictive intervals: that share of the crosses should lie on them.",
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
        caption="Intervals of counts hold more than they promise, as they cannot be cut finer (attainable); with their "
        "edges taken in at random the promise can be met exactly.",
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


def differences_figure(table: pd.DataFrame, *, baseline: str) -> Figure:
    """Draw the ``result.compare(baseline)`` of one target."""
    told = table[table["outcome"] != "not defined"]
    said = ", ".join(f"{name} {outcome}" for name, outcome in zip(told["label"], told["outcome"], strict=True))
    return _figure(
        lambda ax: plots.differences(table, ax=ax),
        alt=f"The model against {label(baseline)}: {said}.",
        caption=f"How far the model is ahead of {label(baseline)}. Where an interval crosses zero, no difference is "
        "clear.",
    )


def frequency_figure(table: pd.DataFrame) -> Figure:
    """Draw ``criticism.frequencies``."""
    held = int(table["customers"].between(table["lower"], table["upper"]).sum())
    return _figure(
        lambda ax: plots.frequency_check(table, ax=ax),
        alt=f"Customers by repeat purchases: {held} of {len(table)} groups are within what the model would have seen.",
        caption="Customers by repeat purchases in the calibration, and how many the fitted model would have seen.",
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


def _means(row: pd.Series, *, besides: set[str]) -> str:
    """Name each figure of a row but the edges of its bands: ``actual 1,882, BG/NBD x Gamma-Gamma 1,655``."""
    shown = {name: value for name, value in row.items() if name not in besides and not str(name).endswith(BANDS)}
    return ", ".join(f"{label(str(name))} {value:,.4g}" for name, value in shown.items())


def _figure(draw: Callable[[Any], object], *, alt: str, caption: str) -> Figure:
    return Figure(light=plots.to_svg(draw), dark=plots.to_svg(draw, dark=True), alt=alt, caption=caption)
