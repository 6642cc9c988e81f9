"""How long `import clvmodels` and `clvmodels --help` take: the median of several fresh interpreters."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from measurement import Measurement

RUNS = 9
COMMAND = Path(sys.executable).with_name("clvmodels")
TIMED_IMPORT = "import time; start = time.perf_counter(); import clvmodels; print(time.perf_counter() - start)"


def import_seconds() -> float:
    """Seconds of the import alone, without the interpreter's own start."""
    return float(subprocess.run([sys.executable, "-c", TIMED_IMPORT], capture_output=True, check=True).stdout)


def help_seconds() -> float:
    """Seconds that a user waits for the help, the interpreter's start included."""
    start = time.perf_counter()
    subprocess.run([COMMAND, "--help"], capture_output=True, check=True)
    return time.perf_counter() - start


def measure() -> list[Measurement]:
    imported = statistics.median(import_seconds() for _ in range(RUNS))
    helped = statistics.median(help_seconds() for _ in range(RUNS))
    return [
        Measurement(claim="`import clvmodels`", value=imported, limit=0.3, unit="s"),
        Measurement(claim="`clvmodels --help`", value=helped, limit=0.7, unit="s"),
    ]
