"""Work parted among the cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The number of threads to use: OMP_NUM_THREADS, by which Spark and job schedulers give out shares, or all cores.

    >>> cores() >= 1
    True
    """
    share = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if share.isdecimal() and int(share) > 0:
        return int(share)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) for each item in order; never more than two for each core are under way.

    >>> list(in_order(abs, [-1, 2]))
    [1, 2]
    """
    count = cores()
    if count == 1:
        yield from map(function, items)
        return
    # A pool that outlived the call would not survive a fork of the process.
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[Any]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
