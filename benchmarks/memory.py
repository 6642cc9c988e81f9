"""Time and resident memory of a piece of work, from inside its own process."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
# Linux counts the largest resident set in kilobytes, macOS in bytes.
BYTES_PER_COUNT = 1 if sys.platform == "darwin" else 1024


def peak_bytes() -> int:
    """The largest resident set so far."""
    # getrusage also counts the parent's memory at the time of the fork; /proc counts this program alone.
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_COUNT


def measured(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Seconds, those of its processors, the peak until the work's end, and its part above the level before; the result.

    Seconds of processors hold on a machine that others use as well: those of all threads, and of processes that it
    started and that have ended.
    """
    gc.collect()
    earlier = peak_bytes()
    before = _forget_peak()
    start, cpu_start = time.perf_counter(), _processors()
    result = work()
    seconds, cpu = time.perf_counter() - start, _processors() - cpu_start
    during = peak_bytes()
    report = {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_bytes": max(earlier, during),
        "added_bytes": during - before,
    }
    return report, result


def _processors() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _forget_peak() -> int:
    """Set the peak back to what is resident now, and say how much that is; the peak stands where this is unknown."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return peak_bytes()
    return _status("VmRSS")


def _status(name: str) -> int:
    if not STATUS.exists():
        return 0
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
