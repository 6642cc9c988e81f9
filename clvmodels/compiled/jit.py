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
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(**options, cache=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return njit(**options)(function)


def worth_compiling(rows: int) -> bool:
    """Whether a likelihood of so many distinct rows gains more from a compiled loop than loading it costs.

    >>> worth_compiling(100)
    False
    """
    return rows >= ROWS_WORTH_COMPILING
