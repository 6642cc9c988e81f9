"""The held-out comparison in plain words, made from its figures and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from clvmodels.evaluation.assessment import percent
from clvmodels.evaluation.comparison import BETTER, MARGIN, UNDEFINED, WORSE
from clvmodels.evaluation.lifetimes_mle import is_check
from clvmodels.names import NOUNS, SIMPLE, label
from clvmodels.wording import amount, listed, supported, with_currency

Outcomes = Mapping[str, str]  # by measure, against one baseline
Compared = Mapping[str, pd.DataFrame]  # by target, indexed by measure

# Spearman's correlation is left out: it rewards ties (see `ranking.spearman`).
DIMENSIONS = {
    "error": ("rmse", "poisson_deviance", "mae_median"),
    "level": ("bias",),
    "ranking": ("concordance_index", "normalized_gini"),
}
NAMES = {
    "rmse": "RMSE",
    "poisson_deviance": "deviance",
    "mae_median": "MAE",
    "bias": "level",
    "concordance_index": "concordance",
    "normalized_gini": "Gini",
}
# The sampling error of a coverage, with this probability.
SURE = 0.95
MOST_PLACES = 3


def verdict(
    metrics: pd.DataFrame,
    comparisons: Mapping[str, pd.DataFrame],
    *,
    customers: int,
    model: str | None = None,
    remarks: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    heading: str = "",
    interval: float = 0.9,
) -> str:
    """Say in a few sentences what a forecaster is worth.

    The last line but the notes says whether it is better than the simple formula (or, without one, than the first
    baseline), at what and by how much, and then who is better than it. Level is the size of the bias; error is RMSE and
    Poisson deviance, both of the mean, and between forecasters that have a median the MAE of that; ranking is
    concordance and Gini. What is better or worse is for `comparison.compare` to say. Where the measures of error or of
    ranking disagree, each is named for itself. A fit of the lifetimes package that checks the model (see
    `lifetimes_mle.is_check`) is no rival.

    Parameters
    ----------
    metrics : DataFrame
        Long table with the columns forecaster, target ("purchases" or "value"), metric and value.
    comparisons : dict of baseline to DataFrame
        Indexed by target and measure, with the columns outcome, model and baseline, as `comparison.compare` returns it.
    customers : int
        How many there are, from which the sampling error of a coverage follows.
    model : str, optional
        The forecaster under test; by default the first one in `metrics`.
    remarks : dict of target to str, optional
        A sentence on the model's total, such as `total_in_words`.
    notes : sequence of str
        Sentences to end with, such as why a forecast is missing.
    heading : str
        First line, such as who was forecast and when.
    interval : float
        Probability of the intervals whose coverage is in `metrics`.

    Returns
    -------
    str
        A line each for the heading, every target, the intervals, the conclusion and every note.

    Examples
    --------
    >>> figures = pd.DataFrame({"bias": [-0.121, 0.557], "rmse": [1.608, 2.212]}, index=["model", "as_before"])
    >>> long = figures.rename_axis("forecaster").reset_index().melt("forecaster", var_name="metric")
    >>> table = pd.DataFrame({"outcome": "better", "model": [0.121, 1.608], "baseline": [0.557, 2.212]})
    >>> compared = pd.concat({"purchases": table.set_axis(["bias", "rmse"])})
    >>> print(verdict(long.assign(target="purchases"), {"as_before": compared}, customers=2357))
    In short: model is better than going on as before at error and level of purchases (RMSE 27 % lower).
    """
    model = str(metrics["forecaster"].iloc[0]) if model is None else model
    figures = {
        str(target): part.set_index("metric")["value"].to_dict()
        for target, part in metrics[metrics["forecaster"] == model].groupby("target", sort=False)
    }
    said = [f"{NOUNS[name].capitalize()}: {(remarks or {})[name]}" for name in figures if (remarks or {}).get(name)]
    lacking = [NOUNS[name] for name, known in figures.items() if not np.isfinite([*known.values()]).any()]
    missing = f"It has no forecast of {listed(lacking)}." if lacking else ""
    outcomes = {name: _by_target(table) for name, table in comparisons.items()}
    conclusion = " ".join(filter(None, [_conclusion(model, outcomes), missing, _check(model, outcomes)]))
    return "\n".join(filter(None, [heading, *said, _promise(figures, interval, customers), conclusion, *notes]))


def totals_in_words(totals: pd.DataFrame, model: str, interval: float, *, currency: str = "") -> dict[str, str]:
    """Say `total_in_words` of one forecaster's rows in `BacktestResult.totals`, by target; spend in the currency."""
    rows = totals.xs(model, level="forecaster")
    return {
        str(target): total_in_words(row.to_dict(), interval, currency=currency if target == "value" else "")
        for target, row in rows.iterrows()
    }


def total_in_words(total: Mapping[str, float], interval: float, *, currency: str = "") -> str:
    """Say what was expected of all customers, what happened, and whether the interval held it.

    Parameters
    ----------
    total : dict
        predicted, lower, upper, wide_lower, wide_upper and actual, as a row of `BacktestResult.totals`. Where past
        errors are known, the interval that they widened is told.
    interval : float
        Probability of the intervals.
    currency : str
        Of the figures; empty where they are no money.

    Examples
    --------
    >>> ends = {"lower": 1560.0, "upper": 1750.0, "wide_lower": 1300.0, "wide_upper": 2100.0}
    >>> total_in_words({"predicted": 1657.0, "actual": 1882.0, **ends}, 0.9)
    '1,660 expected and 1,880 seen, inside the 90 % interval with past errors, 1,300 to 2,100.'
    """
    predicted, actual = total["predicted"], total["actual"]
    if not np.isfinite(predicted):
        return ""
    lower, upper, wide = told_interval(total)

    def money(figure: float) -> str:
        return with_currency(supported(figure, lower, upper), currency)

    if not np.isfinite([lower, upper]).all():
        return (
            f"{with_currency(amount(predicted), currency)} expected and {with_currency(amount(actual), currency)} seen."
        )
    how = " with past errors" if wide else ""
    where = place(actual, lower, upper)
    # Rounded like its interval, an actual figure might seem to lie on the other side of an end.
    seen = with_currency(amount(actual), currency) if where != "inside" else money(actual)
    bounds = f"{percent(interval)} % interval{how}, {money(lower)} to {money(upper)}"
    return f"{money(predicted)} expected and {seen} seen, {where} the {bounds}."


def told_interval(total: Mapping[str, float]) -> tuple[float, float, bool]:
    """Return the ends of a total's interval, widened by past errors where those are known, and whether it is."""
    wide = total.get("wide_lower", np.nan), total.get("wide_upper", np.nan)
    known = bool(np.isfinite(wide).all())
    return (*(wide if known else (total["lower"], total["upper"])), known)


def place(actual: float, lower: float, upper: float) -> str:
    """Say where a figure lies: above, below or inside an interval."""
    return "above" if actual > upper else "below" if actual < lower else "inside"


def _by_target(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The measures that are spoken of and defined, by target."""
    known = table[table["outcome"] != UNDEFINED]
    parts = {str(target): known.xs(target, level=0) for target in known.index.unique(0)}
    return {target: part.loc[[name for name in NAMES if name in part.index]] for target, part in parts.items()}


def _promise(figures: Mapping[str, Mapping[str, float]], interval: float, customers: int) -> str:
    """One sentence on the customers' intervals of all targets."""
    level = percent(interval)
    held = {name: known.get(f"randomised_coverage_{level}", np.nan) for name, known in figures.items()}
    held = {name: share for name, share in held.items() if np.isfinite(share)}
    if not held:
        return ""
    found = {name: _kept(share, interval, customers) for name, share in held.items()}
    shares = listed([f"{100 * share:.1f} % for {NOUNS[name]}" for name, share in held.items()])
    if len(set(found.values())) == 1:
        return f"Customers' {level} % intervals held {found.popitem()[1]}: {shares}."
    each = listed([f"{kept} for {NOUNS[name]} ({100 * held[name]:.1f} %)" for name, kept in found.items()])
    return f"Customers' {level} % intervals held {each}."


def _kept(share: float, level: float, customers: int) -> str:
    """Hold a coverage against its level, and call a difference one only beyond sampling error and the margin."""
    ends = stats.binomtest(round(share * customers), customers).proportion_ci(SURE) if customers else (0.0, 1.0)
    if abs(share - level) <= MARGIN:
        return "as promised"
    if ends[0] <= level <= ends[1]:
        return "as promised within sampling error"
    return "more than promised" if share > level else "less than promised"


def _conclusion(model: str, compared: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    """Say if it is better than the simple formula, at what and by how much, and then who is better than it."""
    rivals = {name: parts for name, parts in compared.items() if parts and not is_check(name, model)}
    if not rivals:
        return ""
    reference = next((name for name in rivals if name.startswith(SIMPLE)), next(iter(rivals)))
    first = f"In short: {_against(_named(model), _named(reference), rivals.pop(reference))}"
    beaten: dict[str, list[str]] = {}
    for name, parts in rivals.items():
        if at := _places(parts, WORSE):
            beaten.setdefault(at, []).append(_named(name))
    if not beaten:
        return f"{first} None of the others compared is clearly better at anything." if rivals else first
    # Where most are better comes first.
    places = sorted(beaten, key=lambda at: -len(beaten[at]))
    said = [f"{at} by {listed(beaten[at])}" for at in places[:MOST_PLACES]]
    more = sum(len(beaten[at]) for at in places[MOST_PLACES:])
    return f"{first} It is beaten {'; '.join([*said, *([f'elsewhere by {more} more'] if more else [])])}."


def _against(model: str, reference: str, parts: Mapping[str, pd.DataFrame]) -> str:
    won, lost = (_places(parts, outcome, gap=True) for outcome in (BETTER, WORSE))
    if won:
        return f"{model} is better than {reference} {won}" + (f", but worse {lost}." if lost else ".")
    if lost:
        return f"{model} is worse than {reference} {lost}, and clearly better at nothing."
    return f"there is no clear difference between {model} and {reference}."


def _named(name: str) -> str:
    """A forecaster as it stands in a sentence."""
    text = label(name).replace(", all spend", " with all spend").replace(", whole base", " for the whole base")
    return f"the {text}" if text.startswith(("simple formula", "hiatus rule")) else text


def _places(parts: Mapping[str, pd.DataFrame], outcome: str, *, gap: bool = False) -> str:
    """Where an outcome was found: ``at error of purchases (RMSE 27 % lower) and at Gini of spend``."""
    found = []
    for target, part in parts.items():
        names = [str(name) for name in part.index if part.loc[name, "outcome"] == outcome]
        if names:
            where = f"at {listed(list(_by_dimension(part['outcome'].to_dict(), outcome)))} of {NOUNS[target]}"
            by = _gap(names, part) if gap else ""
            # A measure that was just named is not named again.
            by = by.removeprefix(next((f"{name} " for name in NAMES.values() if f"at {name} of" in where), ""))
            found.append(f"{where} ({by})" if by else where)
    return " and ".join(found)


def _by_dimension(outcomes: Outcomes, wanted: str) -> Iterator[str]:
    """Name a dimension where its measures agree on an outcome, and each measure for itself where they do not."""
    for dimension, members in DIMENSIONS.items():
        found = [name for name in members if name in outcomes]
        met = [name for name in found if outcomes[name] == wanted]
        yield from [dimension] if met and met == found else [NAMES[name] for name in met]


def _gap(names: Sequence[str], part: pd.DataFrame) -> str:
    """The size of one difference, that of the first measure of error, level or ranking that has one."""
    for name in names:
        own, other = (float(part.loc[name, side]) for side in ("model", "baseline"))
        if not np.isfinite([own, other]).all():
            continue
        if name == "bias":
            return f"{100 * own:.0f} % off instead of {100 * other:.0f} %"
        if name in DIMENSIONS["ranking"]:
            return f"{NAMES[name]} {own:.2f} instead of {other:.2f}"
        if other > 0:
            change = own / other - 1
            return f"{NAMES[name]} {100 * abs(change):.0f} % {'lower' if change < 0 else 'higher'}"
    return ""


def _check(model: str, compared: Mapping[str, Mapping[str, pd.DataFrame]]) -> str:
    """Speak of another package's fit only where it differs from ours."""
    for name, parts in compared.items():
        at = [_places(parts, outcome) for outcome in (BETTER, WORSE)]
        if is_check(name, model, same=True) and any(at):
            return f"{_named(name)}, the same model by another package, differs {' and '.join(filter(None, at))}."
    return ""
