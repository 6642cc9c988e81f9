"""Plots: a table in, matplotlib Axes out. Nothing is computed here but positions and colours."""

from clvmodels.plots.coverage import coverage
from clvmodels.plots.deciles import lift, reliability_by_decile
from clvmodels.plots.differences import differences
from clvmodels.plots.frequency import frequency_check, spend_by_frequency
from clvmodels.plots.lifetime_value import lifetime_value
from clvmodels.plots.pareto_k import pareto_k
from clvmodels.plots.pit import pit
from clvmodels.plots.prior_sensitivity import prior_sensitivity
from clvmodels.plots.reliability import reliability
from clvmodels.plots.style import theme
from clvmodels.plots.svg import to_svg
from clvmodels.plots.totals import totals
from clvmodels.plots.tracking import tracking

__all__ = [
    "coverage",
    "differences",
    "frequency_check",
    "lifetime_value",
    "lift",
    "pareto_k",
    "pit",
    "prior_sensitivity",
    "reliability",
    "reliability_by_decile",
    "spend_by_frequency",
    "theme",
    "to_svg",
    "totals",
    "tracking",
]
