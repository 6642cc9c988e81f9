"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class TimeUnit(StrEnum):
    """Units of time, as in ``clvmodels.transactions``."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    QUARTER = "quarter"


class Refunds(StrEnum):
    """What to do with negative values, as in ``clvmodels.transactions``."""

    ERROR = "error"
    NET = "net"
    DROP = "drop"


class UnknownDates(StrEnum):
    """What to do with rows without a readable date, as in ``clvmodels.transactions``."""

    ERROR = "error"
    DROP = "drop"


class Formats(StrEnum):
    """Of a report, as in ``clvmodels.write_report``."""

    HTML = "html"
    MD = "md"
    JSON = "json"


ReportFormat = Annotated[
    Formats | None, typer.Option("--format", help="Of the report: a page, Markdown, or every figure as JSON.")
]
Currency = Annotated[str, typer.Option(metavar="CODE", help="For amounts of money: EUR, or a sign: $.")]
Transactions = Annotated[
    str, typer.Argument(metavar="TRANSACTIONS", help="A CSV or Parquet file, or a quoted pattern such as 'log/*.csv'.")
]
CustomerId = Annotated[str, typer.Option(metavar="COLUMN", help="Column with the customer.")]
Date = Annotated[str, typer.Option(metavar="COLUMN", help="Column with the date of purchase.")]
Value = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column with the amount; 'value' if there, else purchases alone.")
]
Unit = Annotated[TimeUnit | None, typer.Option(help="Unit of all times; by default week, or the opportunity.")]
Opportunity = Annotated[
    TimeUnit | None,
    typer.Option(help="Count periods of this length with a purchase, as models of opportunities need it."),
]
RefundChoice = Annotated[Refunds, typer.Option(help="What to do with negative values.")]
UnknownDateChoice = Annotated[
    UnknownDates, typer.Option(help="What to do with rows whose date is missing or cannot be read.")
]
DateFormat = Annotated[str | None, typer.Option(metavar="PATTERN", help="Of dates that are not ISO, e.g. '%d.%m.%Y'.")]
TimeZone = Annotated[str | None, typer.Option(metavar="ZONE", help="For times with an offset, e.g. 'Europe/Berlin'.")]
Margin = Annotated[float, typer.Option(min=0, max=1, help="Profit per unit of money spent, for the lifetime values.")]
DiscountRate = Annotated[float, typer.Option(min=0, help="Effective annual rate, e.g. 0.1, for the lifetime values.")]
Segments = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CSV or Parquet file with the customer column and one of segments.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
Model = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY", help="Model of purchases; several of them, or a,b, are a pool. An unknown key lists them."
    ),
]
SpendChoice = Annotated[str | None, typer.Option(metavar="KEY", help="Model of spend; an unknown key lists them.")]
