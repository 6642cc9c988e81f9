"""``clvmodels evaluate``: a transaction log, cut in two, forecast from the one part and checked on the other."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clvmodels.cli.output import plainly, show


class TimeUnit(StrEnum):
    """Units of time, as in ``clvmodels.transactions``."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Refunds(StrEnum):
    """What to do with negative values, as in ``clvmodels.transactions``."""

    ERROR = "error"
    NET = "net"
    DROP = "drop"


Transactions = Annotated[
    str, typer.Argument(metavar="TRANSACTIONS", help="A CSV or Parquet file, or a quoted pattern such as 'log/*.csv'.")
]
CalibrationEnd = Annotated[str, typer.Option(metavar="DATE", help="Last day to learn from, YYYY-MM-DD.")]
HoldoutEnd = Annotated[str, typer.Option(metavar="DATE", help="Last day to check on, YYYY-MM-DD.")]
CustomerId = Annotated[str, typer.Option(metavar="COLUMN", help="Column with the customer.")]
Date = Annotated[str, typer.Option(metavar="COLUMN", help="Column with the date of purchase.")]
Value = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column with the amount; 'value' if there, else purchases alone.")
]
Unit = Annotated[TimeUnit, typer.Option(help="Unit of all times.")]
RefundChoice = Annotated[Refunds, typer.Option(help="What to do with negative values.")]
DateFormat = Annotated[str | None, typer.Option(metavar="PATTERN", help="Of dates that are not ISO, e.g. '%d.%m.%Y'.")]
TimeZone = Annotated[str | None, typer.Option(metavar="ZONE", help="For times with an offset, e.g. 'Europe/Berlin'.")]
Margin = Annotated[float, typer.Option(min=0, max=1, help="Profit per unit of money spent, for the lifetime values.")]
DiscountRate = Annotated[float, typer.Option(min=0, help="Effective annual rate, e.g. 0.1, for the lifetime values.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
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
    margin: Margin = 1.0,
    annual_discount_rate: DiscountRate = 0.0,
    seed: Seed = 1,
    out: Out = Path("clvmodels-evaluation"),
) -> None:
    """Forecast your own customers, and check it on a holdout."""
    choices = {"customer_id": customer_id, "date": date, "date_format": date_format, "time_zone": time_zone}
    with plainly():
        from clvmodels.reports import default_value_column, publish_evaluation

        publication = publish_evaluation(
            transactions,
            out,
            calibration_end=calibration_end,
            holdout_end=holdout_end,
            value=value or default_value_column(transactions),
            time_unit=time_unit.value,
            refunds=refunds.value,
            margin=margin,
            annual_discount_rate=annual_discount_rate,
            random_seed=seed,
            **choices,
        )
        show(publication)
