"""A report as one HTML file that needs no network: values in, text out, then written whole."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from clvmodels.files import write_whole

if TYPE_CHECKING:
    import os

    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.evaluation.rolling import RollingResult
    from clvmodels.reports.build import Report

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: Report) -> str:
    """Return the report's page; the same report gives the same text.

    Every value is escaped, so that a customer id may hold anything.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": _data_uri, "unbroken": _unbroken}
    return environment.get_template("report.html.jinja").render(report=report)


def write_report(
    result: BacktestResult,
    path: str | os.PathLike[str],
    *,
    rolling: RollingResult | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.0,
) -> Path:
    """Write the report of a backtest as one self-contained HTML file.

    Parameters
    ----------
    result
        What ``clv.backtest`` returned.
    path
        Where to write; an existing file is replaced whole.
    rolling
        What ``clv.rolling_backtest`` returned, for a section on several origins.
    margin
        Profit per unit of money spent, for the lifetime values.
    annual_discount_rate
        Effective annual rate, for the lifetime values.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        If margin or rate are outside their domain.

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
    from clvmodels.evaluation.scores import scores
    from clvmodels.reports.build import build_report

    table = scores(result, margin=margin, annual_discount_rate=annual_discount_rate)
    terms = {"margin": margin, "annual_discount_rate": annual_discount_rate}
    report = build_report(result, table, criticism=result.criticism(), rolling=rolling, **terms)
    return write_whole(Path(path), render_html(report).encode())


def _unbroken(text: str) -> str:
    """Keep a per cent sign on its number's line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
