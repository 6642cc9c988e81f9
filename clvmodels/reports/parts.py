"""What a report is made of: sections of parts, each with words, figures, tables and definitions. Values, no markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from clvmodels.reports.tables import Column, Table, is_present
from clvmodels.wording import amount, shown_interval, shown_number, supported_decimals, supported_interval

if TYPE_CHECKING:
    from clvmodels.reports.figures import Figure
    from clvmodels.reports.terms import Terms

Definition = tuple[str, str]
COUNTED = ("", "purchases")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure that readers take away, with its interval, and what it means.

    Attributes
    ----------
    name : str
    mean, lower, upper : float
    kind : {"credible", "predictive"}
        Of the interval.
    unit : str
        "share" reads as per cent; the others are words, or the currency.
    meaning : str
    """

    name: str
    mean: float
    lower: float
    upper: float
    kind: Literal["credible", "predictive"]
    unit: str = ""
    meaning: str = ""

    @classmethod
    def of(cls, name: str, row: Any, *, kind: Any, unit: str = "", meaning: str = "") -> Estimate:
        """Return that of a table's row with mean, lower and upper."""
        ends = {end: float(row[end]) for end in ("mean", "lower", "upper")}
        return cls(name=name, **ends, kind=kind, unit=unit, meaning=meaning)

    def shown(self, terms: Terms) -> tuple[str, str]:
        """Return figure and interval in words, rounded to what the interval supports; a point has no interval.

        Examples
        --------
        >>> from clvmodels.reports.terms import Terms
        >>> Estimate(name="churn", mean=0.1234, lower=0.1, upper=0.15, kind="credible", unit="share").shown(Terms())
        ('12.3 %', '10.0 to 15.0 %')
        """
        factor = 100 if self.unit == "share" else 1
        ends = factor * self.lower, factor * self.upper
        decimals = supported_decimals(*ends)
        if self.unit in COUNTED:
            # There are no parts of customers and purchases.
            decimals = min(decimals or 0, 0)
        if decimals is None:
            mean, interval = amount(factor * self.mean), supported_interval(*ends)
        else:
            mean = shown_number(factor * self.mean, decimals=decimals)
            interval = shown_interval(*ends, decimals=decimals)
        if not is_present(ends):
            interval = ""
        if self.unit == "money":
            return terms.money(mean), " to ".join(map(terms.money, interval.split(" to "))) if interval else ""
        suffix = {"share": " %", "": ""}.get(self.unit, f" {self.unit}")
        return f"{mean}{suffix}", f"{interval}{suffix}" if interval else ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check as a reader can act on it.

    Attributes
    ----------
    name : str
    verdict : {"passed", "failed", "not applicable"}
    figure, limit : float or None
    found : str
        What was found, as a sentence.
    why : str
        Why it matters.
    remedy : str
        What to do where it fails.
    """

    name: str
    verdict: Literal["passed", "failed", "not applicable"]
    figure: float | None
    limit: float | None
    found: str = ""
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that is read at once: estimates, paragraphs, a figure or two, tables, and what their words mean."""

    title: str = ""
    estimates: tuple[Estimate, ...] = ()
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    definitions: tuple[Definition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled sequence of parts."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Title, headline in one sentence with its interval, and sections.

    Attributes
    ----------
    title, headline : str
    facts : dict
        The figures of the headline, unrounded.
    summary : tuple of str
        The answers in short.
    sections : tuple of Section
    terms : Terms
    """

    title: str
    headline: str
    facts: Mapping[str, Any]
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    terms: Terms = field(repr=False)


VERDICTS = ("failed", "passed", "not applicable")


def checks_table(checks: tuple[Check, ...], *, caption: str = "Checks") -> Table:
    """Return checks as a table, those that failed first."""
    columns = (
        Column(title="check", kind="text"),
        Column(title="verdict", kind="text"),
        Column(title="figure", kind="figure"),
        Column(title="limit", kind="figure"),
        Column(title="what was found", kind="text"),
        Column(title="why it matters", kind="text"),
        Column(title="remedy", kind="text"),
    )
    ordered = sorted(checks, key=lambda check: VERDICTS.index(check.verdict))
    rows = (
        (check.name, check.verdict, check.figure, check.limit, check.found, check.why, check.remedy)
        for check in ordered
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows))
