"""How long `clvmodels demo` takes from the command to its last line, and the most memory it holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measurement import Measurement

COMMAND = Path(sys.executable).with_name("clvmodels")
# Linux counts the largest resident set in kilobytes, macOS in bytes.
BYTES_PER_COUNT = 1 if sys.platform == "darwin" else 1024


def measure() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen([COMMAND, "demo", "--out", folder], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"clvmodels demo ended with exit code {process.returncode}; its message stands above")
    gigabytes = usage.ru_maxrss * BYTES_PER_COUNT / 1e9
    return [
        Measurement(claim="`clvmodels demo`, time", value=seconds, limit=25, unit="s"),
        Measurement(claim="`clvmodels demo`, peak memory", value=gigabytes, limit=1.5, unit="GB"),
    ]
