"""A raw table of any kind becomes a checked one: customer_id, date (a calendar day) and value."""

from clvmodels.transactions.checks import Check, examine
from clvmodels.transactions.dates import DateLike, as_day, midnight
from clvmodels.transactions.frames import read_frame
from clvmodels.transactions.log import Reading, Refunds, Transactions, UnknownDates, check_transactions
from clvmodels.transactions.sources import Source, file_columns, open_source
from clvmodels.transactions.units import DAYS_PER_UNIT, TimeUnit, days_per_unit

__all__ = [
    "DAYS_PER_UNIT",
    "Check",
    "DateLike",
    "Reading",
    "Refunds",
    "Source",
    "TimeUnit",
    "Transactions",
    "UnknownDates",
    "as_day",
    "check_transactions",
    "days_per_unit",
    "examine",
    "file_columns",
    "midnight",
    "open_source",
    "read_frame",
]
