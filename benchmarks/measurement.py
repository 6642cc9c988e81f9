"""One measured figure beside its bar, and what a competitor needed for the same work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from processes import Run


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A value and its limit, both in `unit`; the smaller, the better, unless `at_least`."""

    claim: str
    value: float
    limit: float
    unit: str
    at_least: bool = False
    # The competitor's name and its figure in the same unit, and how the limit follows from it.
    beside: str = ""
    theirs: float | None = None
    because: str = ""
    # Where a bar may be missed: what stands in the way, measured in the same run.
    obstacle: str = ""

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value < self.limit

    @property
    def ratio(self) -> float | None:
        """Their figure over ours: how many times as much they need."""
        return None if self.theirs is None or not self.value > 0 else self.theirs / self.value

    def row(self) -> str:
        sign = "at least" if self.at_least else "under"
        limit = f"{sign} {figure(self.limit)} {self.unit}" + (f" ({self.because})" if self.because else "")
        theirs = "" if self.theirs is None else f"{self.beside} {figure(self.theirs)} {self.unit}"
        ratio = "" if self.ratio is None else f"{figure(self.ratio)}"
        return f"| {self.claim} | {figure(self.value)} {self.unit} | {limit} | {theirs} | {ratio} | {self.verdict} |"

    @property
    def verdict(self) -> str:
        gap = abs(self.value - self.limit)
        why = f"; {self.obstacle}" if self.obstacle else ""
        return (
            "yes" if self.holds else f"NO: missed by {figure(gap)} {self.unit} ({gap / self.limit:.1%} of the bar){why}"
        )

    def values(self) -> dict[str, object]:
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A claim that could not be measured, which is a missed bar."""

    claim: str
    reason: str
    holds: bool = field(default=False, init=False)

    def row(self) -> str:
        reason = self.reason.replace("|", "/")
        return f"| {self.claim} | | | | | NO: {reason} |"

    def values(self) -> dict[str, object]:
        return asdict(self)


Rows = Sequence[Measurement | Failure]


def figure(number: float) -> str:
    """Three digits, and no exponent."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:#.3g}".rstrip(".")


def faster(claim: str, ours: Run, theirs: Run, *, times: float, name: str) -> Measurement:
    """Our time against a part of theirs."""
    because = f"1/{times:g} of {name}" if times != 1 else name
    return Measurement(
        claim=claim,
        value=ours.seconds,
        limit=theirs.seconds / times,
        unit="s",
        beside=name,
        theirs=theirs.seconds,
        because=because,
    )


def within(claim: str, value: float, limit: float, unit: str, *, because: str = "") -> Measurement:
    return Measurement(claim=claim, value=value, limit=limit, unit=unit, because=because)
