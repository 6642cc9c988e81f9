"""Reports: a backtest's values built into sentences, tables and figures, then rendered and written."""

from clvmodels.evaluation.options import read_forecasters, read_rate, read_segments
from clvmodels.evaluation.value_column import default_value_column
from clvmodels.reports.build import build_report
from clvmodels.reports.decide import Decision, decide
from clvmodels.reports.frames import frame_table
from clvmodels.reports.outlook import outlook
from clvmodels.reports.parts import Check
from clvmodels.reports.publish import Origins, Publication, publish_evaluation
from clvmodels.reports.render import FORMATS, Format, format_of, render, write_report
from clvmodels.reports.renewals import decide_renewals
from clvmodels.reports.tables import Column, Table
from clvmodels.reports.terms import Terms

__all__ = [
    "FORMATS",
    "Check",
    "Column",
    "Decision",
    "Format",
    "Origins",
    "Publication",
    "Table",
    "Terms",
    "build_report",
    "decide",
    "decide_renewals",
    "default_value_column",
    "format_of",
    "frame_table",
    "outlook",
    "publish_evaluation",
    "read_forecasters",
    "read_rate",
    "read_segments",
    "render",
    "write_report",
]
