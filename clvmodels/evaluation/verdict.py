"""The held-out comparison in plain words, made from its figures and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from clvmodels.evaluation.assessment import percent
from clvmodels.evaluation.comparison import BETTER, MARGIN, UNCLEAR, UNDEFINED, WORSE
from clvmodels.names import NOUNS, label
from clvmodels.wording import amount, listed, supported, with_currency

Figures = Mapping[str, float]  # by measure, for one forecaster and target
Outcomes = Mapping[str, str]  # by measure, against one baseline

# Spearman's correlation is left out: it rewards ties (see `ranking.spearman`).
DIMENSIONS = {"level": ("bias",), "error": ("rmse", "mae_median"), "ranking": ("concordance_index", "normalized_gini")}
NAMES = {
    "bias": "bias",
    "rmse": "RMSE",
    "mae_median": "MAE",
    "concordance_index": "concordance",
    "normalized_gini": "Gini",
}
EXTREMES = {BETTER: all, WORSE: any}


def verdict(
    metrics: pd.DataFrame,
    comparisons: Mapping[str, pd.DataFrame],
    *,
    model: str | None = None,
    sizes: bool = False,
    remarks: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    heading: str = "",
    interval: float = 0.9,
) -> str:
    """Say in words how a forecaster did against each of the others.

    Level is the size of the bias; error is RMSE (of the mean) and MAE (of the median); ranking is the concordance index
    and the normalised Gini. What is better or worse is for `comparison.compare` to say. Where the two measures of error
    or of ranking disagree, each is named for itself. Undefined figures are left out.

    Parameters
    ----------
    metrics : DataFrame
        Long table with the columns forecaster, target ("purchases" or "value"), metric and value.
    comparisons : dict of baseline to DataFrame
        Indexed by target and measure, with the column outcome, as `comparison.compare` returns it.
    model : str, optional
        The forecaster under test; by default the first one in `metrics`.
    sizes : bool
        Over several origins: `metrics` has the size of the bias, and the figures of the baselines are those of the
        comparisons, at the origins that both sides have.
    remarks : dict of target to str, optional
        Further sentences on the model, such as `total_in_words`.
    notes : sequence of str
        Sentences to end with, such as why a forecast is missing.
    heading : str
        First line, such as who was forecast and when.
    interval : float
        Probability of the intervals whose coverage is in `metrics`.

    Returns
    -------
    str
        One line each for the heading, every target, every baseline of it, the conclusion and every note.

    Examples
    --------
    >>> figures = pd.DataFrame({"bias": [-0.121, 0.557], "rmse": [1.608, 2.212]}, index=["model", "as_before"])
    >>> long = figures.rename_axis("forecaster").reset_index().melt("forecaster", var_name="metric")
    >>> outcomes = pd.DataFrame({"outcome": ["better", "no clear difference"]}, index=["bias", "rmse"])
    >>> compared = pd.concat({"purchases": outcomes})
    >>> print(verdict(long.assign(target="purchases"), {"as_before": compared}))
    Purchases. model: bias -12.1 %, RMSE 1.61.
    - Against going on as before (bias +55.7 %, RMSE 2.21) it is better at level, not clearly different at error.
    In short: model beats every other forecaster at level of purchases, and none beats it clearly at anything.
    """
    model = str(metrics["forecaster"].iloc[0]) if model is None else model
    lines, outcomes, missing = [heading], {}, []
    for target, part in metrics.groupby("target", sort=False):
        name = str(target)
        figures = {
            str(other): rows.set_index("metric")["value"].to_dict() for other, rows in part.groupby("forecaster")
        }
        if model not in figures:
            continue
        own = {other: _outcomes(comparisons, other, name) for other in comparisons if other in figures}
        if sizes:
            figures |= {other: _compared_figures(comparisons[other], name) for other in own}
        promise, remark = _promise(figures[model], interval), (remarks or {}).get(name)
        sentences = filter(None, [_about_model(model, figures[model], sizes), promise, remark])
        lines.append(" ".join([f"{NOUNS[name].capitalize()}.", *sentences]))
        against = [_against(other, figures[other], compared, sizes) for other, compared in own.items()]
        lines += [f"- {sentence}" for sentence in against if sentence]
        outcomes[name] = list(own.values())
        missing += [] if _said(figures[model], sizes) else [name]
    lacking = f"It has no forecast of {listed([NOUNS[name] for name in missing])}." if missing else ""
    conclusion = " ".join(filter(None, [_conclusion(label(model), outcomes), lacking]))
    return "\n".join(filter(None, [*lines, conclusion, *notes]))


def totals_in_words(totals: pd.DataFrame, model: str, interval: float, *, currency: str = "") -> dict[str, str]:
    """Say `total_in_words` of one forecaster's rows in `BacktestResult.totals`, by target; spend in the currency."""
    rows = totals.xs(model, level="forecaster")
    return {
        str(target): total_in_words(row.to_dict(), interval, currency=currency if target == "value" else "")
        for target, row in rows.iterrows()
    }


def total_in_words(total: Mapping[str, float], interval: float, *, currency: str = "") -> str:
    """Say what was expected of all customers, what happened, and whether the intervals held it.

    Parameters
    ----------
    total : dict
        predicted, lower, upper, wide_lower, wide_upper and actual, as a row of `BacktestResult.totals`.
    interval : float
        Probability of the intervals.
    currency : str
        Of the figures; empty where they are no money.

    Examples
    --------
    >>> ends = {"lower": 1560.0, "upper": 1750.0, "wide_lower": 1300.0, "wide_upper": 2100.0}
    >>> total_in_words({"predicted": 1657.0, "actual": 1882.0, **ends}, 0.9)
    'In all 1,660 expected (90 % interval 1,560 to 1,750; widened by past errors 1,300 to 2,100), 1,882 in fact: above \
the interval, inside the widened one.'
    """
    predicted, actual = total["predicted"], total["actual"]
    if not np.isfinite(predicted):
        return ""

    def money(figure: str) -> str:
        return with_currency(figure, currency)

    def ends(lower: float, upper: float) -> str:
        return " to ".join(money(supported(end, lower, upper)) for end in (lower, upper))

    seen = money(amount(actual))
    if not np.isfinite([total["lower"], total["upper"]]).all():
        return f"In all {money(amount(predicted))} expected, {seen} in fact."
    own = total["lower"], total["upper"]
    bounds = f"{percent(interval)} % interval {ends(*own)}"
    held = f"{place(actual, total['lower'], total['upper'])} the interval"
    wide = total.get("wide_lower", np.nan), total.get("wide_upper", np.nan)
    if np.isfinite(wide).all():
        bounds += f"; widened by past errors {ends(*wide)}"
        held += f", {place(actual, *wide)} the widened one"
    return f"In all {money(supported(predicted, *own))} expected ({bounds}), {seen} in fact: {held}."


def place(actual: float, lower: float, upper: float) -> str:
    """Say where a figure lies: above, below or inside an interval."""
    return "above" if actual > upper else "below" if actual < lower else "inside"


def _outcomes(comparisons: Mapping[str, pd.DataFrame], baseline: str, target: str) -> dict[str, str]:
    """By measure, without those that are not defined."""
    table = comparisons[baseline]
    if target not in table.index.get_level_values(0):
        return {}
    found = table.loc[target, "outcome"].to_dict()
    return {name: found[name] for name in NAMES if found.get(name, UNDEFINED) != UNDEFINED}


def _compared_figures(comparison: pd.DataFrame, target: str) -> Figures:
    return comparison.xs(target, level=0)["baseline"].to_dict()


def _about_model(name: str, figures: Figures, sizes: bool) -> str:
    said = _said(figures, sizes)
    return f"{label(name)}: {said}." if said else f"There is no forecast by {label(name)}."


def _promise(figures: Figures, interval: float) -> str:
    level = percent(interval)
    covered, random = (figures.get(f"{name}_{level}", np.nan) for name in ("coverage", "randomised_coverage"))
    if not np.isfinite([covered, random]).all():
        return ""
    # Rounded as it is printed, so that the words fit the figure.
    beyond = round(random, 3) - interval
    kept = "as promised" if abs(beyond) <= MARGIN else "more than promised" if beyond > 0 else "fewer than promised"
    return (
        f"{100 * covered:.1f} % of the customers came out inside their {level} % intervals; with edges taken in at "
        f"random, as many come out alike, {100 * random:.1f} %: {kept}."
    )


def _against(name: str, baseline: Figures, outcomes: Outcomes, sizes: bool) -> str:
    said = _said(baseline, sizes)
    if not said:
        return f"There is no forecast by {label(name)}."
    if not outcomes:
        return ""
    where: dict[str, list[str]] = {BETTER: [], UNCLEAR: [], WORSE: []}
    for what, outcome in _by_dimension(outcomes):
        where[outcome].append(what)
    words = {BETTER: "better", UNCLEAR: "not clearly different", WORSE: "worse"}
    found = ", ".join(f"{words[outcome]} at {listed(what)}" for outcome, what in where.items() if what)
    return f"Against {label(name)} ({said}) it is {found}."


def _by_dimension(outcomes: Outcomes) -> Iterator[tuple[str, str]]:
    """Name a dimension where its measures agree, and each measure for itself where they do not."""
    for dimension, members in DIMENSIONS.items():
        found = {name: outcomes[name] for name in members if name in outcomes}
        agreed = len(set(found.values())) == 1
        for name, outcome in list(found.items())[: 1 if agreed else None]:
            yield (dimension if agreed else NAMES[name]), outcome


def _conclusion(model: str, outcomes: Mapping[str, Sequence[Outcomes]]) -> str:
    """One sentence on where the model wins and where it loses; `outcomes` by target and baseline."""
    every = {outcome for compared in outcomes.values() for one in compared for outcome in one.values()}
    if not every:
        return ""
    # One that lacks a figure is not beaten there.
    complete = all(len({frozenset(one) for one in compared}) == 1 for compared in outcomes.values() if compared)
    others = "every other forecaster" if complete else "every other forecaster that has the figure"
    if every == {WORSE}:
        return f"In short: {others} beats {model} at everything measured here."
    if every == {UNCLEAR}:
        return f"In short: no clear difference between {model} and the others at anything measured here."
    won, lost = _places(outcomes, BETTER), _places(outcomes, WORSE)
    beats = f"beats {others} {won}" if won else "beats all others at nothing"
    if not lost:
        return f"In short: {model} {beats}, and none beats it clearly at anything."
    return f"In short: {model} {beats}, {'but' if won else 'and'} is beaten by at least one of them {lost}."


def _places(outcomes: Mapping[str, Sequence[Outcomes]], extreme: str) -> str:
    """Where the model is better than every baseline, or worse than any: ``at error of purchases, and at ...``."""
    found = {target: _extremes(compared, extreme) for target, compared in outcomes.items()}
    return ", and ".join(f"at {listed(what)} of {NOUNS[target]}" for target, what in found.items() if what)


def _extremes(compared: Sequence[Outcomes], extreme: str) -> list[str]:
    measured = dict.fromkeys(name for one in compared for name in one)
    met = {name: EXTREMES[extreme](one[name] == extreme for one in compared if name in one) for name in measured}
    marked = {name: extreme if holds else UNCLEAR for name, holds in met.items()}
    return [what for what, outcome in _by_dimension(marked) if outcome == extreme]


def _said(figures: Figures, sizes: bool) -> str:
    """Print the defined figures of one forecaster: ``bias -12.1 %, RMSE 1.61``."""
    defined = [name for name in NAMES if np.isfinite(figures.get(name, np.nan))]
    return ", ".join(f"{NAMES[name]} {_figure(name, figures[name], sizes)}" for name in defined)


def _figure(metric: str, figure: float, sizes: bool) -> str:
    if metric in DIMENSIONS["level"] and sizes:
        return f"{100 * abs(figure):,.1f} % either way"
    if metric in DIMENSIONS["level"]:
        shown = round(100 * figure, 1)
        return f"{shown:+,.1f} %" if shown else "0.0 %"
    return f"{figure:.3f}" if metric in DIMENSIONS["ranking"] else amount(figure)
