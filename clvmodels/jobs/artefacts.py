"""The files of a version: models, a golden batch that they must reproduce, the evaluation and the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from clvmodels.evaluation.export import to_json_dict
from clvmodels.evaluation.model_forecaster import FittedModels
from clvmodels.files import write_parquet
from clvmodels.jobs.check import Check
from clvmodels.jobs.config import Config
from clvmodels.jobs.gates import golden_batch, golden_check
from clvmodels.jobs.gates.advice import report_check
from clvmodels.jobs.settings import Gates
from clvmodels.jobs.store import Version
from clvmodels.jobs.training import Candidate
from clvmodels.models.load import load_posterior
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior
from clvmodels.reports import FORMATS, Terms, build_report, outlook, render
from clvmodels.rfm import RFM
from clvmodels.rfm.rules import LISTS, NUMBERS
from clvmodels.scoring import Scorer

GOLDEN = "golden.parquet"
CHOICES = ("horizon", "margin", "annual_discount_rate", "interval", "quantities")


def scorer(purchases: PurchasePosterior, spend: SpendPosterior | None, said: Mapping[str, Any]) -> Scorer:
    """Return what turns customers into scores, with the choices of a configuration's ``[scores]``."""
    return Scorer(purchases=purchases, spend=spend, **{name: said[name] for name in CHOICES})


def keep_golden(staged: Path, candidate: Candidate, rfm: RFM, config: Config) -> tuple[Check, ...]:
    """Save the models, score some customers with them and with what comes back from the files, and keep the scores.

    Parameters
    ----------
    staged
        The folder to write to.
    candidate
        The models.
    rfm
        All customers.
    config
        The configuration.
    """
    saved: dict[str, Any] = {"purchases": candidate.purchases, "spend": candidate.spend}
    tried: dict[str, Any] = {"backtest_purchases": candidate.tried.purchases, "backtest_spend": candidate.tried.spend}
    loaded: dict[str, Any] = {
        name: None if posterior is None else load_posterior(posterior.save(staged / f"{name}.nc"))
        for name, posterior in {**saved, **tried}.items()
    }
    batch, said = golden_batch(rfm), config.scores.model_dump()
    before = scorer(**saved, said=said).table(batch)
    after = scorer(loaded["purchases"], loaded["spend"], said).table(batch)
    facts: Any = batch.frame[[name for name in (*NUMBERS, *LISTS) if name in batch.frame and name not in before]]
    write_parquet(staged / GOLDEN, [before.join(facts.reset_index(drop=True))])
    return golden_check(before, after, config.gates)


def golden_again(version: Version, gates: Gates) -> tuple[Check, ...]:
    """Score a version's golden batch once more, with the software of today.

    Parameters
    ----------
    version
        Of a store.
    gates
        The limits.
    """
    kept: Any = pd.read_parquet(version.folder / GOLDEN)
    rfm = RFM.from_frame(kept, time_unit=version.purchases.time_unit)
    again = scorer(version.purchases, version.spend, version.manifest.configuration["scores"]).table(rfm)
    return golden_check(kept[list(again.columns)], again, gates)


def write_artefacts(staged: Path, candidate: Candidate, rfm: RFM, config: Config, checks: Sequence[Check]) -> None:
    """Write the evaluation as JSON, and the report in every format, with the checks in it.

    Parameters
    ----------
    staged
        The folder to write to.
    candidate
        The models and their backtest.
    rfm
        The customers that the models were fitted to.
    config
        The configuration.
    checks
        All checks.
    """
    result, said = candidate.backtest, config.scores
    terms = Terms(
        horizon=said.horizon,
        margin=said.margin,
        annual_discount_rate=said.annual_discount_rate,
        currency=config.report.currency,
    )
    fitted = FittedModels(purchases=candidate.purchases, spend=candidate.spend)
    ahead = outlook(result, rfm, fitted, terms)
    report = build_report(result, ahead, gates=[report_check(check) for check in checks])
    plain = to_json_dict(result, criticism=ahead.criticism, currency=terms.currency)
    (staged / "evaluation.json").write_text(json.dumps(plain, indent=1, allow_nan=False))
    for form in FORMATS:
        (staged / report_file(form)).write_text(render(report, format=form), encoding="utf-8")


def report_file(form: str) -> str:
    """Return the name of a version's report in a format.

    Examples
    --------
    >>> report_file("md")
    'report.md'
    """
    return f"report.{form}"
