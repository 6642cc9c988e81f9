"""A raw table of any kind becomes a checked one: customer_id, date (a calendar day) and value."""

from clvmodels.transactions.dates import DateLike, as_day, midnight
from clvmodels.transactions.log import Reading, Refunds, Transactions, check_transactions
from clvmodels.transactions.sources import file_columns
from clvmodels.transactions.units import DAYS_PER_UNIT, TimeUnit, days_per_unit

__all__ = [
    "DAYS_PER_UNIT",
    "DateLike",
    "Reading",
    "Refunds",
    "TimeUnit",
    "Transactions",
    "as_day",
    "check_transactions",
    "days_per_unit",
    "file_columns",
    "midnight",
]
