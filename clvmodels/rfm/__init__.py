"""A checked transaction log becomes one row per customer, and a log cut in two becomes a test."""

from clvmodels.rfm.counts import fingerprint
from clvmodels.rfm.cut import (
    CheckedLog,
    HoldoutSplit,
    LogChoices,
    asking_for,
    check_opportunities,
    needed_statistics,
)
from clvmodels.rfm.frame import RFM
from clvmodels.rfm.holdout import rolling_splits, split_holdout
from clvmodels.rfm.summary import rfm_summary, rfm_table
from clvmodels.rfm.table import RFMTable
from clvmodels.transactions import (
    DateLike,
    Refunds,
    TimeUnit,
    UnknownDates,
    as_day,
    days_per_unit,
    file_columns,
    read_frame,
)

__all__ = [
    "RFM",
    "RFMTable",
    "CheckedLog",
    "DateLike",
    "HoldoutSplit",
    "LogChoices",
    "Refunds",
    "TimeUnit",
    "UnknownDates",
    "as_day",
    "asking_for",
    "check_opportunities",
    "days_per_unit",
    "file_columns",
    "fingerprint",
    "needed_statistics",
    "read_frame",
    "rfm_summary",
    "rfm_table",
    "rolling_splits",
    "split_holdout",
]
