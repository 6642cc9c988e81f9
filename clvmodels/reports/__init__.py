"""Reports: a backtest's values built into sentences, tables and figures, then rendered and written."""

from clvmodels.evaluation.options import read_forecasters, read_rate, read_segments
from clvmodels.evaluation.value_column import default_value_column
from clvmodels.reports.build import Section, build_report
from clvmodels.reports.decide import Decision, decide
from clvmodels.reports.frames import frame_table
from clvmodels.reports.publish import Origins, Publication, publish_evaluation
from clvmodels.reports.render import render_html, write_report
from clvmodels.reports.renewals import decide_renewals
from clvmodels.reports.tables import Column, Table

__all__ = [
    "Column",
    "Decision",
    "Origins",
    "Publication",
    "Section",
    "Table",
    "build_report",
    "decide",
    "decide_renewals",
    "default_value_column",
    "frame_table",
    "publish_evaluation",
    "read_forecasters",
    "read_rate",
    "read_segments",
    "render_html",
    "write_report",
]
