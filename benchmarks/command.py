"""How long a command takes from its start to its last line, and the most memory it holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("clvmodels")
# Linux counts the largest resident set in kilobytes, macOS in bytes.
BYTES_PER_COUNT = 1 if sys.platform == "darwin" else 1024


def run(*arguments: str | Path) -> tuple[float, float]:
    """Seconds, and gigabytes."""
    start = time.perf_counter()
    process = subprocess.Popen([COMMAND, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(
            f"clvmodels {arguments[0]} ended with exit code {process.returncode}; its message stands above"
        )
    return seconds, usage.ru_maxrss * BYTES_PER_COUNT / 1e9
