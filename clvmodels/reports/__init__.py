"""Reports: a backtest's values built into sentences, tables and figures, then rendered and written."""

from clvmodels.evaluation.options import read_forecasters, read_rate, read_segments
from clvmodels.evaluation.value_column import default_value_column
from clvmodels.reports.publish import Origins, Publication, publish_evaluation
from clvmodels.reports.render import render_html, write_report

__all__ = [
    "Origins",
    "Publication",
    "default_value_column",
    "publish_evaluation",
    "read_forecasters",
    "read_rate",
    "read_segments",
    "render_html",
    "write_report",
]
