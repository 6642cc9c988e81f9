"""The held-out comparison in plain words, made from its figures and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

Outcome = Literal["better", "about equal", "worse"]
Figures = Mapping[str, float]  # by metric, for one forecaster and target

LABELS = {
    "bg_nbd_gamma_gamma": "BG/NBD x Gamma-Gamma",
    "multiplicative_customer": "the simple formula per customer",
    "multiplicative_population": "the simple formula for the whole base",
    "as_before": "going on as before",
}
DIMENSIONS = {"level": ("bias",), "error": ("rmse", "mae"), "ranking": ("normalized_gini", "spearman")}
MEASURES = {"bias": "bias", "rmse": "RMSE", "mae": "MAE", "normalized_gini": "Gini", "spearman": "Spearman"}
TOLERANCE = 0.02


def verdict(
    metrics: pd.DataFrame,
    *,
    totals: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
    heading: str = "",
    interval: float = 0.9,
) -> str:
    """Say in words how the first forecaster of a metrics table did against each of the others.

    Level is the bias, error is RMSE and MAE, ranking is the normalised Gini and Spearman's correlation. Two figures are
    about equal when they differ by no more than 2 % (errors), 2 percentage points (the size of the bias) or 0.02
    (ranking). Where the two measures of error or of ranking disagree, each is named for itself. Undefined figures are
    left out.

    Parameters
    ----------
    metrics
        Long table with the columns forecaster, target ("purchases" or "value"), metric and value.
    totals
        Indexed by target and forecaster, with the columns predicted, lower, upper, actual.
    notes
        Sentences to end with, such as why a forecast is missing.
    heading
        First line, such as who was forecast and when.
    interval
        Probability of the intervals whose coverage is in `metrics`, and of the intervals in `totals`.

    Returns
    -------
    str
        One line each for the heading, every target, every baseline of it, the conclusion and every note.

    Examples
    --------
    >>> figures = {"bias": [-0.121, 0.557], "rmse": [1.608, 2.212]}
    >>> wide = pd.DataFrame(figures, index=["bg_nbd_gamma_gamma", "as_before"]).rename_axis("forecaster")
    >>> print(verdict(wide.reset_index().melt("forecaster", var_name="metric").assign(target="purchases")))
    Purchases. BG/NBD x Gamma-Gamma: bias -12.1 %, RMSE 1.61.
    - Against going on as before (bias +55.7 %, RMSE 2.21) it is better at level and error.
    In short: no baseline beats BG/NBD x Gamma-Gamma at anything measured here.
    """
    model, *baselines = dict.fromkeys(metrics["forecaster"])
    lines, outcomes, missing = [heading], {}, []
    for target, part in metrics.groupby("target", sort=False):
        figures = {name: rows.set_index("metric")["value"].to_dict() for name, rows in part.groupby("forecaster")}
        total = None if totals is None else totals.loc[(target, model)].to_dict()
        sentences = [_about_model(model, figures[model]), _promise(figures[model], interval), _total(total, interval)]
        lines.append(" ".join([f"{str(target).capitalize()}.", *filter(None, sentences)]))
        against = [_against(name, figures[model], figures[name]) for name in baselines]
        lines += [f"- {sentence}" for sentence in against if sentence]
        outcomes[str(target)] = [compare(figures[model], figures[name]) for name in baselines]
        missing += [] if _said(figures[model]) else [str(target)]
    lacking = f"It has no forecast of {_listed(missing)}." if missing else ""
    conclusion = " ".join(filter(None, [_conclusion(_label(model), outcomes), lacking]))
    return "\n".join(filter(None, [*lines, conclusion, *notes]))


def compare(model: Figures, baseline: Figures) -> dict[str, Outcome]:
    """Return by metric whether the model did better than the baseline; metrics undefined for either are left out.

    >>> compare({"bias": -0.12, "rmse": 1.61, "spearman": 0.449}, {"bias": 0.56, "rmse": 1.62, "spearman": 0.490})
    {'bias': 'better', 'rmse': 'about equal', 'spearman': 'worse'}
    """
    defined = [name for name in MEASURES if np.isfinite([model.get(name, np.nan), baseline.get(name, np.nan)]).all()]
    return {name: _outcome(name, model[name], baseline[name]) for name in defined}


def _outcome(metric: str, model: float, baseline: float) -> Outcome:
    if metric in DIMENSIONS["level"]:
        model, baseline = abs(model), abs(baseline)
    excess = baseline - model if metric in DIMENSIONS["ranking"] else model - baseline
    scale = max(model, baseline) if metric in DIMENSIONS["error"] else 1.0
    if abs(excess) <= TOLERANCE * scale:
        return "about equal"
    return "better" if excess < 0 else "worse"


def _about_model(name: str, figures: Figures) -> str:
    said = _said(figures)
    return f"{_label(name)}: {said}." if said else f"There is no forecast by {_label(name)}."


def _promise(figures: Figures, interval: float) -> str:
    level = f"{100 * interval:g}"
    covered = figures.get(f"coverage_{level}", np.nan)
    if not np.isfinite(covered):
        return ""
    # Rounded as it is printed, so that the words fit the figure.
    kept = "at least as many as promised" if round(covered, 3) >= interval else "fewer than promised"
    return f"{covered:.1%} of the customers came out inside their {level} % intervals, {kept}.".replace("%", " %", 1)


def _total(total: Mapping[str, float] | None, interval: float) -> str:
    if total is None or not np.isfinite(total["predicted"]):
        return ""
    predicted, lower, upper, actual = (total[name] for name in ("predicted", "lower", "upper", "actual"))
    if not np.isfinite([lower, upper]).all():
        return f"In all {_amount(predicted)} expected, {_amount(actual)} in fact."
    place = "above" if actual > upper else "below" if actual < lower else "inside"
    bounds = f"{100 * interval:g} % interval {_amount(lower)} to {_amount(upper)}"
    return f"In all {_amount(predicted)} expected ({bounds}), {_amount(actual)} in fact: {place} the interval."


def _against(name: str, model: Figures, baseline: Figures) -> str:
    said, outcomes = _said(baseline), compare(model, baseline)
    if not (said and outcomes):
        return "" if said else f"There is no forecast by {_label(name)}."
    where: dict[Outcome, list[str]] = {"better": [], "about equal": [], "worse": []}
    for what, outcome in _by_dimension(outcomes):
        where[outcome].append(what)
    found = ", ".join(f"{outcome} at {_listed(what)}" for outcome, what in where.items() if what)
    return f"Against {_label(name)} ({said}) it is {found}."


def _by_dimension(outcomes: Mapping[str, Outcome]) -> Iterator[tuple[str, Outcome]]:
    """Name a dimension where its measures agree, and each measure for itself where they do not."""
    for dimension, members in DIMENSIONS.items():
        found: dict[str, Outcome] = {name: outcomes[name] for name in members if name in outcomes}
        agreed = len(set(found.values())) == 1
        for name, outcome in list(found.items())[: 1 if agreed else None]:
            yield (dimension if agreed else MEASURES[name]), outcome


def _conclusion(model: str, outcomes: Mapping[str, Sequence[Mapping[str, Outcome]]]) -> str:
    """One sentence on where the model wins and where it loses; `outcomes` by target and baseline."""
    every = {outcome for compared in outcomes.values() for one in compared for outcome in one.values()}
    if not every:
        return ""
    if every == {"worse"}:
        return f"In short: every baseline beats {model} at everything measured here."
    if every == {"about equal"}:
        return f"In short: {model} and the baselines are about equal at everything measured here."
    if "worse" not in every:
        return f"In short: no baseline beats {model} at anything measured here."
    won, lost = _places(outcomes, "better"), _places(outcomes, "worse")
    beats = f"beats every baseline {won}, but " if won else ""
    return f"In short: {model} {beats}is beaten by at least one baseline {lost}."


def _places(outcomes: Mapping[str, Sequence[Mapping[str, Outcome]]], extreme: Outcome) -> str:
    """Where the model is better than every baseline, or worse than any: ``at error of purchases, and at ...``."""
    found = {target: _extremes(compared, extreme) for target, compared in outcomes.items()}
    return ", and ".join(f"at {_listed(what)} of {target}" for target, what in found.items() if what)


def _extremes(compared: Sequence[Mapping[str, Outcome]], extreme: Outcome) -> list[str]:
    gather = all if extreme == "better" else any
    measured = dict.fromkeys(name for one in compared for name in one)
    met = {name: gather(one[name] == extreme for one in compared if name in one) for name in measured}
    marked: dict[str, Outcome] = {name: extreme if holds else "about equal" for name, holds in met.items()}
    return [what for what, outcome in _by_dimension(marked) if outcome == extreme]


def _label(name: str) -> str:
    return LABELS.get(name, name)


def _said(figures: Figures) -> str:
    """Print the defined figures of one forecaster: ``bias -12.1 %, RMSE 1.61``."""
    defined = [name for name in MEASURES if np.isfinite(figures.get(name, np.nan))]
    return ", ".join(f"{MEASURES[name]} {_figure(name, figures[name])}" for name in defined)


def _figure(metric: str, figure: float) -> str:
    if metric in DIMENSIONS["level"]:
        percent = round(100 * figure, 1)
        return f"{percent:+,.1f} %" if percent else "0.0 %"
    return f"{figure:.3f}" if metric in DIMENSIONS["ranking"] else _amount(figure)


def _amount(amount: float) -> str:
    """With thousands separators, and three digits or all before the point."""
    decimals = 2 - math.floor(math.log10(abs(amount))) if amount else 0
    return f"{amount:,.{max(decimals, 0)}f}"


def _listed(words: Sequence[str]) -> str:
    """Join words: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
