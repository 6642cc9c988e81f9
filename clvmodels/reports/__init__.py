"""Reports: a backtest's values built into sentences, tables and figures, then rendered and written."""

from clvmodels.evaluation.options import read_forecasters, read_rate, read_segments
from clvmodels.evaluation.value_column import default_value_column
from clvmodels.reports.decide import Decision, decide
from clvmodels.reports.publish import Origins, Publication, publish_evaluation
from clvmodels.reports.render import render_html, write_report
from clvmodels.reports.renewals import decide_renewals

__all__ = [
    "Decision",
    "Origins",
    "Publication",
    "decide",
    "decide_renewals",
    "default_value_column",
    "publish_evaluation",
    "read_forecasters",
    "read_rate",
    "read_segments",
    "render_html",
    "write_report",
]
