"""How every loop of this folder is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

ROWS_WORTH_COMPILING = 500


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on the first call, and keep the machine code on the disk where a folder for it can be written.

    The loops give the interpreter's lock free, so that threads run them side by side.

    >>> compiled(lambda x: x + 1)(1)
    2
    """
    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return njit(nogil=True, error_model="numpy")(function)


def compiled_generator(function: Callable[..., Any]) -> Any:
    """Compile a generator: it becomes a part of the loops that use it and is not kept by itself.

    numba reads a generator back from the disk without knowing it as one, and a further loop could not be compiled.
    """
    return njit(nogil=True, error_model="numpy")(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Write a small step into each loop that calls it: handing a buffer to and fro costs more than the step itself."""
    return njit(inline="always", error_model="numpy")(function)


def worth_compiling(rows: int) -> bool:
    """Whether a likelihood of so many distinct rows gains more from a compiled loop than loading it costs.

    >>> worth_compiling(100)
    False
    """
    return rows >= ROWS_WORTH_COMPILING
