"""Can the fit be trusted? The posteriors' parameters and checks, as the report shows them."""

from __future__ import annotations

import math
from typing import Any

from clvmodels.reports.tables import Column, Table

PARTS = {"purchases": "purchases", "spend": "spend per purchase"}
METHODS = {
    "importance": "importance sampling",
    "nuts": "NUTS",
    "map": "the mode alone",
    "given": "none: parameters were given",
}


def fit_paragraphs(fitted: Any) -> tuple[str, ...]:
    """Say for each posterior of a fitted forecaster how it was drawn, whether its checks held, and what happened."""
    said = []
    for name, posterior in posteriors(fitted).items():
        said.append(f"{name}. {_checks(posterior.diagnostics)}")
        said.extend(posterior.diagnostics.notes)
    return (*said, *fitted.notes)


def fit_tables(fitted: Any, *, interval: float = 0.9) -> tuple[Table, ...]:
    """Return each posterior's parameters: mean, sd, credible interval, effective sample size and check."""
    return tuple(_parameters(name, posterior, interval) for name, posterior in posteriors(fitted).items())


def posteriors(fitted: Any) -> dict[str, Any]:
    """Return the posteriors of a fitted forecaster, of a pool its members, by their names in words."""
    held = [(getattr(fitted, part), title) for part, title in PARTS.items()]
    return {
        f"{name}, {title}": member
        for posterior, title in held
        if posterior is not None
        for name, member in posterior.by_model().items()
    }


def _checks(diagnostics: Any) -> str:
    figures = {
        "effective draws": (diagnostics.effective_sample_size, ",.0f"),
        "k-hat": (diagnostics.k_hat, ".2f"),
        "r-hat": (diagnostics.r_hat, ".3f"),
    }
    known = [f"{name} {value:{form}}" for name, (value, form) in figures.items() if math.isfinite(value)]
    if diagnostics.divergences:
        known.append(f"divergences {diagnostics.divergences:,}")
    outcome = "every check held" if diagnostics.converged else "a check failed: do not rely on this fit"
    method = METHODS.get(diagnostics.method, diagnostics.method)
    return f"Drawn by {method}: {', '.join([*known, outcome])}."


def priors_table(fitted: Any) -> Table:
    """Return the priors that were used."""
    columns = (Column(title="model", kind="text"), Column(title="parameter", kind="text"))
    rows = (
        (name, parameter, _written(prior))
        for name, posterior in posteriors(fitted).items()
        for parameter, prior in posterior.priors.items()
    )
    return Table(caption="Priors", columns=(*columns, Column(title="prior", kind="text")), rows=tuple(rows))


def _written(prior: Any) -> str:
    """As statisticians write it: LogNormal(mu=0, sigma=1.5)."""
    given = (
        f"{name}={value:.4g}" if isinstance(value, float | int) else f"{name}={value}"
        for name, value in prior.parameters.items()
    )
    return f"{prior.distribution}({', '.join(given)})"


def _parameters(caption: str, posterior: Any, interval: float) -> Table:
    summary = posterior.summary(interval=interval)
    rest = [name for name in summary.columns if name not in ("mean", "sd", "lower", "upper")]
    columns = (
        Column(title="parameter", kind="text"),
        Column(title="mean", scale="parameter"),
        Column(title="sd", kind="figure"),
        Column(title=f"{100 * interval:g} % credible interval", kind="interval", scale="parameter"),
        *(Column(title=str(name).replace("_", "-"), kind="figure") for name in rest),
    )
    rows = (
        (str(name), row["mean"], row["sd"], (row["lower"], row["upper"]), *row[rest].tolist())
        for name, row in summary.iterrows()
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows))
