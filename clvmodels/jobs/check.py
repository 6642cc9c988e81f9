"""One check: what was found, how far it may go, and what follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from clvmodels.jobs.records import Record
from clvmodels.wording import listed

HAT = re.compile(r"^([kr])_hat_")


class Check(Record):
    """One check: what was found, how far it may go, and what follows.

    Attributes
    ----------
    name : str
    figure, limit : float or None
        None where it cannot be worked out, which `sentence` explains.
    verdict : {"passed", "failed", "not applicable"}
    sentence : str
        What was found; where it failed, with the remedy.
    remedy : str
        What a failure probably means, and what to do.
    """

    name: str
    figure: float | None = None
    limit: float | None = None
    verdict: Literal["passed", "failed", "not applicable"]
    sentence: str
    remedy: str = ""

    @property
    def title(self) -> str:
        """What the check is called in words, wherever it is listed.

        Examples
        --------
        >>> Check(name="k_hat_spend", verdict="passed", sentence="k-hat is 0.12.").title
        'k-hat of spend'
        """
        return HAT.sub(r"\1-hat of ", self.name).replace("_", " ")


def failed(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return the checks that did not hold.

    Examples
    --------
    >>> failed([Check(name="rows", verdict="passed", sentence="There are 3 rows.")])
    ()
    """
    return tuple(check for check in checks if check.verdict == "failed")


def named(checks: Sequence[Check]) -> str:
    """Return the names of checks in words.

    Examples
    --------
    >>> named([Check(name="spend_history", verdict="failed", sentence="")])
    'spend history'
    """
    return listed([check.title for check in checks])
