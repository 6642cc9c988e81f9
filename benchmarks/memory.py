"""Time and resident memory of a piece of work, from inside its own process."""

from __future__ import annotations

import gc
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
    """Seconds, the process's peak until the end of the work, and the part of it above the level before; the result."""
    gc.collect()
    earlier = peak_bytes()
    before = _forget_peak()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    during = peak_bytes()
    return {"seconds": seconds, "peak_bytes": max(earlier, during), "added_bytes": during - before}, result


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
