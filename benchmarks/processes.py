"""Every measured run is a fresh process, so that its peak memory is its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

TASK = Path(__file__).with_name("task.py")
REPEATS, LONG = 3, 60
QUIET_KEYS = ("seconds", "cpu_seconds", "peak_bytes", "added_bytes", "versions")
_done: list[Run] = []


class TaskFailed(RuntimeError):
    """A measured process ended with an error; the message is its last line."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the processes of one task said: the median of the times, the largest of the peaks."""

    task: str
    every_second: tuple[float, ...]
    every_cpu_second: tuple[float, ...]
    peak_bytes: float
    added_bytes: float
    found: dict[str, Any]
    versions: dict[str, str]

    @property
    def seconds(self) -> float:
        return statistics.median(self.every_second)

    @property
    def cpu_seconds(self) -> float:
        """Of all threads together."""
        return statistics.median(self.every_cpu_second)

    @property
    def gigabytes(self) -> float:
        """Peak of the whole process."""
        return self.peak_bytes / 1e9

    def values(self) -> dict[str, Any]:
        return asdict(self) | {"seconds": self.seconds}


def run(adapter: str, function: str, **arguments: Any) -> Run:
    """Three processes, or one if it takes more than a minute in all; what was run before is not run again."""
    return _run(adapter, function, json.dumps(arguments))


def all_runs() -> list[Run]:
    return list(_done)


@cache
def _run(adapter: str, function: str, arguments: str) -> Run:
    given = json.loads(arguments)
    if made := {name: given[name] for name in ("customers", "rows") if name in given}:
        _task("simulated", "prepare", json.dumps(made))
    start = time.perf_counter()
    said = [_task(adapter, function, arguments)]
    if time.perf_counter() - start <= LONG:
        said += [_task(adapter, function, arguments) for _ in range(REPEATS - 1)]
    # The seed is the same, and so is what else a repetition says.
    found = {name: value for name, value in said[0].items() if name not in QUIET_KEYS}
    result = Run(
        task=f"{adapter.removesuffix('_adapter')} {function} " + ", ".join(f"{k}={v}" for k, v in given.items()),
        every_second=tuple(one["seconds"] for one in said),
        every_cpu_second=tuple(one["cpu_seconds"] for one in said),
        peak_bytes=max(one["peak_bytes"] for one in said),
        added_bytes=max(one["added_bytes"] for one in said),
        found=found,
        versions=said[0]["versions"],
    )
    _done.append(result)
    return result


def _task(adapter: str, function: str, arguments: str) -> dict[str, Any]:
    print(f"  {adapter} {function} {arguments}", file=sys.stderr, flush=True)
    command = [sys.executable, str(TASK), adapter, function, arguments]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode != 0:
        last = (process.stderr.strip() or f"exit code {process.returncode}").splitlines()[-1]
        raise TaskFailed(f"{adapter} {function}: {last}")
    return json.loads(process.stdout.strip().splitlines()[-1])
