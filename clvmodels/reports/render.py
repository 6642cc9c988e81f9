"""A report as one file that needs no network: a page, Markdown or JSON. Values in, text out, then written whole."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from clvmodels.errors import InvalidArgument, local_path, shown
from clvmodels.files import REPORT, check_output, write_whole
from clvmodels.reports.plain import plain_report
from clvmodels.reports.terms import Terms

if TYPE_CHECKING:
    import os

    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.parts import Report

TEMPLATES = Path(__file__).parent / "templates"
Format = Literal["html", "md", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: dict[str, Format] = {"": "html", ".htm": "html", **{f".{name}": name for name in FORMATS}}
# What Markdown would take for markup, anywhere and at the beginning of a line; an ampersand and angle brackets would be
# HTML.
MARKDOWN = re.compile(r"([\\`*_\[\]|~])")
AT_THE_BEGINNING = re.compile(r"^(\s*\d*)([.)#+-])(?=\s)")
UNIT = re.compile(r"(?<=\d) (?=%|[A-Z]{3}\b)")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(report: Report, *, format: Format = "html") -> str:
    """Return the report as a page, as Markdown or as JSON; the same report gives the same text.

    Every value is escaped, so that a customer id may hold anything.

    Raises
    ------
    InvalidArgument
        If the format is another.
    """
    chosen, plain = _checked(format), plain_report(report)
    if chosen == "json":
        return json.dumps(plain, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return _environment(page=chosen == "html").get_template(f"report.{chosen}.jinja").render(report=plain, of=report)


def write_report(
    result: BacktestResult,
    path: str | os.PathLike[str],
    *,
    rolling: RollingResult | None = None,
    horizon: float | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
    currency: str = "",
    format: Format | None = None,
) -> Path:
    """Write what the customers are worth, how sure that is, and whether it can be relied on, as one file.

    The models of the backtest are fitted once more, to everything that is known at the end of the holdout: what is
    expected is expected from there on.

    Parameters
    ----------
    result
        What ``clv.backtest`` returned.
    path
        Where to write; an earlier report is replaced whole.
    rolling
        What ``clv.rolling_backtest`` returned, for a section on several origins.
    horizon
        How far to look ahead, in the log's time unit; by default as long as the holdout.
    margin
        Profit per unit of money spent, for the lifetime values.
    annual_discount_rate
        Effective annual rate, for the lifetime values.
    currency
        A code such as "EUR" or a sign such as "$", for amounts of money.
    format
        "html" (one page without script or network), "md" (Markdown) or "json" (every figure, unrounded and as shown);
        by default what the path ends with, and "html" if it has no ending.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or the path ends with something else.

    Examples
    --------
    >>> import tempfile
    >>> import clvmodels as clv
    >>> log = clv.datasets.simulate_transactions(customers=30, length=40, spend=None, random_seed=1)
    >>> result = clv.backtest(log, calibration_end="2020-06-30", holdout_end="2020-09-30", value=None)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(result, Path(folder) / "report.html").read_text()[:15]
    '<!DOCTYPE html>'
    """
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.reports.build import build_report
    from clvmodels.reports.outlook import look_ahead

    if not isinstance(result, BacktestResult):
        raise InvalidArgument(f"result is a {type(result).__name__}; give what clv.backtest returned")
    chosen = format_of(path) if format is None else _checked(format)
    check_output(path, REPORT)  # before the work
    terms = Terms(horizon=horizon, margin=margin, annual_discount_rate=annual_discount_rate, currency=currency)
    report = build_report(result, look_ahead(result, terms), terms=terms, rolling=rolling)
    return write_whole(path, render(report, format=chosen).encode(), REPORT)


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format that a file's name ends with; "html" for one without an ending.

    Raises
    ------
    InvalidArgument
        If it ends with something else.

    Examples
    --------
    >>> format_of("report.md"), format_of("report")
    ('md', 'html')
    """
    ending = local_path(path).suffix.lower()
    found = ENDINGS.get(ending)
    if found is None:
        raise InvalidArgument(f"{path} ends with {ending}: end it with .html, .md or .json, or say which format")
    return found


def _checked(format: Format) -> Format:
    if format not in FORMATS:
        raise InvalidArgument(f"format is {shown(format)}; choose one of {', '.join(FORMATS)}")
    return format


def _environment(*, page: bool) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=page,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": _data_uri, "unbroken": _unbroken, "marked": _marked}
    return environment


def _unbroken(text: str) -> str:
    """Keep a per cent sign, or a currency's code, on its number's line."""
    return UNIT.sub("\N{NO-BREAK SPACE}", text)


def _marked(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> _marked("<b>a|b</b> 2*3")
    '&lt;b&gt;a\\|b&lt;/b&gt; 2\\*3'
    """
    plain = "".join(ENTITIES.get(character, character) for character in text)
    return AT_THE_BEGINNING.sub(r"\1\\\2", MARKDOWN.sub(r"\\\1", plain))


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
