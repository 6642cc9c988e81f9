"""How a command ended: its exit code, a sentence, and what a machine reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from clvmodels.jobs.check import Check, failed


class ExitCode(IntEnum):
    """What a scheduler sees."""

    DONE = 0
    FAILED = 1
    BAD_CONFIGURATION = 2
    KEPT_OLD = 3
    LOCKED = 4
    RETRAIN = 5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended.

    Attributes
    ----------
    exit_code : ExitCode
    status : str
        In one word: "published", "unchanged", "rejected", "scored", ...
    sentence : str
    facts : dict
        Plain values, for JSON.
    checks : tuple of Check
    """

    exit_code: ExitCode
    status: str
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not hold."""
        return failed(self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can hold.

        Examples
        --------
        >>> Outcome(exit_code=ExitCode.DONE, status="unchanged", sentence="Nothing to do.").to_dict()["exit_code"]
        0
        """
        return {
            "exit_code": int(self.exit_code),
            "status": self.status,
            "sentence": self.sentence,
            **self.facts,
            "checks": [check.model_dump(mode="json") for check in self.checks],
        }
