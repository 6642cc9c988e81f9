"""Reports: a backtest's values built into sentences, tables and figures, then rendered and written."""

from clvmodels.evaluation.value_column import default_value_column
from clvmodels.reports.publish import Publication, publish_evaluation
from clvmodels.reports.render import render_html, write_report

__all__ = ["Publication", "default_value_column", "publish_evaluation", "render_html", "write_report"]
