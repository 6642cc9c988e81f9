"""From a transaction log and a question to its answer: a sentence, tables and plots, also as files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.files import make_folder, write_recorded
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.models.registry import purchase_model, spend_model
from clvmodels.plots import to_svg
from clvmodels.reports.frames import frame_table
from clvmodels.reports.known import Answered, Known
from clvmodels.reports.questions import QUESTIONS
from clvmodels.rfm import DateLike, asking_for, check_opportunities, rfm_summary

if TYPE_CHECKING:
    from clvmodels.reports.tables import Table


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a terminal shows of an answer, and the files that were written."""

    sentence: str
    tables: tuple[Table, ...]
    files: tuple[Path, ...]


def decide(
    question: str,
    transactions: Any,
    out: str | os.PathLike[str],
    *,
    observation_end: DateLike | None = None,
    terms: dict[str, float] | None = None,
    reading: dict[str, Any] | None = None,
    model: str | None = None,
    spend: str | None = None,
    random_seed: int = 1,
    **choices: Any,
) -> Decision:
    """Fit the models to a log, ask one question, and write tables (CSV), plots (SVG) and the sentence into a folder.

    Parameters
    ----------
    question
        One of ``acquisition, cohorts, churn, slipping, offer, replace, budget, needed``.
    transactions
        As ``clv.rfm_summary`` takes them.
    out
        The folder; made where it is missing. What an earlier answer wrote is replaced whole, nothing else.
    observation_end
        The last day that counts; by default the last in the log.
    terms
        margin, annual_discount_rate and cost_per_purchase of ``clv.LifetimeValue``.
    reading
        customer_id, date, value, time_unit and the other choices of ``clv.rfm_summary``.
    model, spend
        Keys of the models of purchases and of spend; by default the default ones.
    random_seed
        The same seed gives the same numbers.
    **choices
        Of the question, as its command has them.

    Raises
    ------
    ClvError
        If the transactions or a choice cannot be used, or a file cannot be written.
    """
    if question not in QUESTIONS:
        raise InvalidArgument(f"question is {shown(question)}; choose one of {', '.join(QUESTIONS)}")
    folder, how = make_folder(out), {"customer_id": "customer_id", **(reading or {})}
    models = ModelForecaster(purchases=purchase_model(model), spend=spend_model(spend))
    check_opportunities(models.statistics, how)
    rfm = rfm_summary(transactions, observation_end=observation_end, **asking_for(models.statistics, how))
    purchases = models.purchases.fit(rfm, random_seed=random_seed)
    value = None
    if rfm.has_value:
        value = LifetimeValue(purchases, models.spend.fit(rfm, random_seed=random_seed), **(terms or {}))
    known = Known(
        transactions=transactions,
        reading=how,
        rfm=rfm,
        models=models,
        purchases=purchases,
        spend_known=value,
        random_seed=random_seed,
    )
    return publish(QUESTIONS[question](known, **choices), folder, read=transactions)


def publish(answer: Answered, folder: Path, *, read: Any) -> Decision:
    """Write an answer's sentence, tables and plots, and return what a terminal shows; `read` is what it came from."""
    texts = {"answer.txt": answer.sentence + "\n"}
    texts |= {f"{name}.csv": table.to_csv() for name, table in answer.tables.items()}
    texts |= {f"{name}.svg": to_svg(draw) for name, draw in answer.figures.items()}
    files = write_recorded(folder, {name: text.encode() for name, text in texts.items()}, read=read)
    shown = tuple(frame_table(frame, caption) for caption, frame in answer.shown.items())
    return Decision(sentence=answer.sentence, tables=shown, files=files)
