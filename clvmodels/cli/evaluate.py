"""``clvmodels evaluate``: a transaction log, cut in two, forecast from the one part and checked on the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clvmodels.cli.options import (
    CustomerId,
    Date,
    DateFormat,
    DiscountRate,
    Margin,
    RefundChoice,
    Refunds,
    Seed,
    Segments,
    TimeUnit,
    TimeZone,
    Transactions,
    Unit,
    Value,
)
from clvmodels.cli.output import plainly, show

CalibrationEnd = Annotated[str, typer.Option(metavar="DATE", help="Last day to learn from, YYYY-MM-DD.")]
HoldoutEnd = Annotated[str, typer.Option(metavar="DATE", help="Last day to check on, YYYY-MM-DD.")]
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
    typer.Option(metavar="NAMES", help="What to hold BG/NBD x Gamma-Gamma against, separated by commas; or 'all'."),
]
AcquisitionRate = Annotated[
    str | None, typer.Option(metavar="RATE", help="Customers won per time unit in the holdout, or 'estimated'.")
]
Out = Annotated[Path, typer.Option(help="Folder for the three files; made where it is missing.")]


def evaluate(
    transactions: Transactions,
    calibration_end: CalibrationEnd,
    holdout_end: HoldoutEnd,
    customer_id: CustomerId = "customer_id",
    date: Date = "date",
    value: Value = None,
    time_unit: Unit = TimeUnit.WEEK,
    refunds: RefundChoice = Refunds.ERROR,
    date_format: DateFormat = None,
    time_zone: TimeZone = None,
    origins: Origins = None,
    horizon: Horizon = None,
    window: Window = None,
    forecasters: Names = None,
    segments: Segments = None,
    acquisition_rate: AcquisitionRate = None,
    margin: Margin = 1.0,
    annual_discount_rate: DiscountRate = 0.0,
    seed: Seed = 1,
    out: Out = Path("clvmodels-evaluation"),
) -> None:
    """Forecast your own customers, and check it on a holdout."""
    with plainly():
        _publish(**locals())


def _publish(
    transactions: str, out: Path, *, time_unit: TimeUnit, refunds: Refunds, value: str | None, seed: int, **choices: Any
) -> None:
    """Turn what was typed into what `publish_evaluation` takes."""
    from clvmodels import reports

    origins, horizon = choices.pop("origins"), choices.pop("horizon")
    publication = reports.publish_evaluation(
        transactions,
        out,
        value=value or reports.default_value_column(transactions),
        time_unit=time_unit.value,
        refunds=refunds.value,
        random_seed=seed,
        origins=None if origins is None else reports.Origins(origins=origins, horizon=horizon),
        forecasters=reports.read_forecasters(choices.pop("forecasters")),
        segments=reports.read_segments(choices.pop("segments"), choices["customer_id"]),
        acquisition_rate=reports.read_rate(choices.pop("acquisition_rate")),
        **choices,
    )
    show(publication)
