"""``clvmodels evaluate``: a transaction log, cut in two, forecast from the one part and checked on the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clvmodels.cli.job import Json
from clvmodels.cli.options import (
    Currency,
    CustomerId,
    Date,
    DateFormat,
    DiscountRate,
    Formats,
    Margin,
    Model,
    Opportunity,
    RefundChoice,
    Refunds,
    ReportFormat,
    Seed,
    Segments,
    SpendChoice,
    TimeUnit,
    TimeZone,
    Unit,
    UnknownDateChoice,
    UnknownDates,
    Value,
)
from clvmodels.cli.output import plainly, print_publication, show

if TYPE_CHECKING:
    from clvmodels.reports import Format, Publication
    from clvmodels.reports import Origins as SeveralOrigins

BY_JOB = {"transactions", "origins", "horizon", "out", "format"}
Log = Annotated[
    str,
    typer.Argument(
        metavar="TRANSACTIONS",
        help="A CSV or Parquet file, a quoted pattern such as 'log/*.csv', or a job's configuration (.toml), which then"
        " says all but --origins, --horizon, --out, --format and --json.",
    ),
]
CalibrationEnd = Annotated[
    str | None, typer.Option(metavar="DATE", help="Last day to learn from, YYYY-MM-DD; needed for a log.")
]
HoldoutEnd = Annotated[
    str | None, typer.Option(metavar="DATE", help="Last day to check on, YYYY-MM-DD; needed for a log.")
]
Origins = Annotated[
    int | None, typer.Option(min=1, help="Do it all from so many origins as well, until the holdout's end.")
]
Horizon = Annotated[
    float | None, typer.Option(help="Time units that each origin is forecast ahead; by default the holdout's length.")
]
Window = Annotated[
    float | None, typer.Option(help="Learn from the last so many time units alone; by default from everything.")
]
Names = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Forecasters to compare with, separated by commas; or 'all'."),
]
AcquisitionRate = Annotated[
    str | None, typer.Option(metavar="RATE", help="Customers won per time unit in the holdout, or 'estimated'.")
]
Out = Annotated[Path, typer.Option(help="Folder for the three files; made where it is missing.")]


def evaluate(
    context: typer.Context,
    transactions: Log,
    calibration_end: CalibrationEnd = None,
    holdout_end: HoldoutEnd = None,
    customer_id: CustomerId = "customer_id",
    date: Date = "date",
    value: Value = None,
    time_unit: Unit = None,
    opportunity: Opportunity = None,
    refunds: RefundChoice = Refunds.ERROR,
    unknown_dates: UnknownDateChoice = UnknownDates.ERROR,
    date_format: DateFormat = None,
    time_zone: TimeZone = None,
    origins: Origins = None,
    horizon: Horizon = None,
    window: Window = None,
    model: Model = None,
    spend: SpendChoice = None,
    forecasters: Names = None,
    segments: Segments = None,
    acquisition_rate: AcquisitionRate = None,
    margin: Margin = 1.0,
    annual_discount_rate: DiscountRate = 0.0,
    currency: Currency = "",
    seed: Seed = 1,
    out: Out = Path("clvmodels-evaluation"),
    format: ReportFormat = None,
    json: Json = False,
) -> None:
    """Forecast your own customers, and check it on a holdout."""
    typed = {name: choice for name, choice in locals().items() if name not in {"context", "json"}}
    by_job = transactions.endswith(".toml")
    _check_typed(context, BY_JOB if by_job else typed, needed=() if by_job else ("calibration_end", "holdout_end"))
    with plainly(as_json=json):
        several = _origins(origins, horizon)
        publication = _publish_job(transactions, out, several, _named(format)) if by_job else _publish(**typed)
    print_publication(publication) if json else show(publication)


def _check_typed(context: typer.Context, allowed: Collection[str], *, needed: Sequence[str]) -> None:
    """Refuse options that a configuration says already, and ask for those that a log needs."""
    options: Any = context.command.params
    for option in options:
        name = str(option.name)
        source = context.get_parameter_source(name)
        typed = source is not None and source.name == "COMMANDLINE"
        if typed and name not in {*allowed, "json"}:
            raise typer.BadParameter("the configuration says it; change it there", ctx=context, param=option)
        if name in needed and context.params[name] is None:
            raise typer.BadParameter("it is needed for a log", ctx=context, param=option)


def _publish_job(config: str, out: Path, origins: SeveralOrigins | None, format: Format) -> Publication:
    from clvmodels import jobs

    return jobs.evaluate_job(jobs.load_config(config), out, origins=origins, format=format)


def _named(format: Formats | None) -> Format:
    return "html" if format is None else format.value


def _origins(origins: int | None, horizon: float | None) -> SeveralOrigins | None:
    from clvmodels import reports

    return None if origins is None else reports.Origins(origins=origins, horizon=horizon)


def _publish(
    transactions: str,
    out: Path,
    *,
    time_unit: TimeUnit | None,
    opportunity: TimeUnit | None,
    refunds: Refunds,
    value: str | None,
    seed: int,
    **choices: Any,
) -> Publication:
    """Turn what was typed into what `publish_evaluation` takes."""
    from clvmodels import reports

    return reports.publish_evaluation(
        transactions,
        out,
        value=value or reports.default_value_column(transactions),
        time_unit=time_unit and time_unit.value,
        opportunity=opportunity and opportunity.value,
        refunds=refunds.value,
        unknown_dates=choices.pop("unknown_dates").value,
        random_seed=seed,
        origins=_origins(choices.pop("origins"), choices.pop("horizon")),
        forecasters=reports.read_forecasters(
            choices.pop("forecasters"),
            model=choices.pop("model"),
            spend=choices.pop("spend"),
            segmented=choices["segments"] is not None,
        ),
        segments=reports.read_segments(choices.pop("segments"), choices["customer_id"]),
        acquisition_rate=reports.read_rate(choices.pop("acquisition_rate")),
        format=_named(choices.pop("format")),
        **choices,
    )
