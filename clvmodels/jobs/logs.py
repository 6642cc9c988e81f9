"""Logs on standard error, as text or as JSON lines; standard output is for the answer alone."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OURS = "clvmodels"


class PlainLines(logging.Formatter):
    """Time and message, and the level of what is more than news."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"{self.formatTime(record, '%H:%M:%S')} {level}{record.getMessage()}"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time (UTC), level, logger and message."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        said = {"time": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        return json.dumps(said)


@contextmanager
def logging_to_stderr(*, lines: str = "text") -> Iterator[logging.Logger]:
    """Send what clvmodels logs to standard error.

    Parameters
    ----------
    lines
        "text" or "json".

    Examples
    --------
    >>> with logging_to_stderr() as logger:
    ...     logger.name
    'clvmodels'
    """
    logger, handler = logging.getLogger(OURS), logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if lines == "json" else PlainLines())
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield logger
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
