"""Plots: a table in, matplotlib Axes out. Nothing is computed here but positions and colours."""

from clvmodels.plots.budget import budget
from clvmodels.plots.cohorts import cohorts
from clvmodels.plots.coverage import coverage
from clvmodels.plots.customer_base import customer_base
from clvmodels.plots.deciles import lift, reliability_by_decile
from clvmodels.plots.differences import differences
from clvmodels.plots.drivers import drivers
from clvmodels.plots.frequency import frequency_check, spend_by_frequency
from clvmodels.plots.interval_points import interval_points
from clvmodels.plots.lifetime_value import lifetime_value
from clvmodels.plots.net_gain import net_gain
from clvmodels.plots.pareto_k import pareto_k
from clvmodels.plots.payback import payback
from clvmodels.plots.pit import pit
from clvmodels.plots.prior_sensitivity import prior_sensitivity
from clvmodels.plots.reliability import reliability
from clvmodels.plots.retain_or_replace import retain_or_replace
from clvmodels.plots.style import theme
from clvmodels.plots.survival import survival
from clvmodels.plots.svg import to_svg
from clvmodels.plots.totals import totals
from clvmodels.plots.tracking import tracking

__all__ = [
    "budget",
    "cohorts",
    "coverage",
    "customer_base",
    "differences",
    "drivers",
    "frequency_check",
    "interval_points",
    "lifetime_value",
    "lift",
    "net_gain",
    "pareto_k",
    "payback",
    "pit",
    "prior_sensitivity",
    "reliability",
    "reliability_by_decile",
    "retain_or_replace",
    "spend_by_frequency",
    "survival",
    "theme",
    "to_svg",
    "totals",
    "tracking",
]
