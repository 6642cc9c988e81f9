"""Files: written whole or not at all, in place of nothing but files of ours."""

from clvmodels.files.outputs import (
    CUSTOMERS,
    EVALUATION,
    POSTERIOR,
    REPORT,
    Kind,
    check_output,
    check_unread,
    is_read,
)
from clvmodels.files.recorded import write_recorded
from clvmodels.files.writing import make_folder, whole_file, write_parquet, write_whole

__all__ = [
    "CUSTOMERS",
    "EVALUATION",
    "POSTERIOR",
    "REPORT",
    "Kind",
    "check_output",
    "check_unread",
    "is_read",
    "make_folder",
    "whole_file",
    "write_parquet",
    "write_recorded",
    "write_whole",
]
