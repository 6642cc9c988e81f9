"""`clvmodels demo`: how long, and how much memory."""

from __future__ import annotations

import tempfile

import command
from measurement import Measurement


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        seconds, gigabytes = command.run("demo", "--out", folder)
    return [
        Measurement(claim="`clvmodels demo`, time", value=seconds, limit=25, unit="s"),
        Measurement(claim="`clvmodels demo`, peak memory", value=gigabytes, limit=1.5, unit="GB"),
    ]
