"""Plots: a table in, matplotlib Axes out. Nothing is computed here but positions and colours.

Each takes one table, from the method that is named beside it, and draws on `ax`, or on pyplot's current Axes.

========================  ==============================================================================================
of a posterior            heterogeneity: heterogeneity().loc[quantity]; prior_posterior: prior_and_posterior()
                          .loc[parameter]; frequency_recency_matrix and probability_alive_matrix:
                          frequency_recency_matrix(...); history_alive: probability_alive_path(...)
of LifetimeValue          lifetime_value: expected(...) or predictive(...); concentration: concentration(...);
                          value_distribution: distribution(...)
of a BacktestResult       tracking, reliability: the result itself, or the table of that name; reliability_by_decile:
                          reliability(by="decile"); lift: lift(); coverage: coverage(); pit: pit(); differences:
                          compare(baseline).loc[target]; lifetime_value: of its customers, with actual
of a rolling backtest     totals: totals(), of one target and forecaster
of criticise              frequency_check: frequencies; pareto_k: k_hats, with their limit; spend_by_frequency:
                          independence.by_frequency; prior_sensitivity: sensitivity.loc[target]
of a decision             payback, cohorts, customer_base, survival, net_gain, retain_or_replace, budget: the answer's
                          tables, each with its plot in the answer's docstring; drivers: its drivers
of any mean and interval  interval_points
look                      theme: settings for a light or a dark page; to_svg: a drawing as text
========================  ==============================================================================================
"""

from typing import NoReturn

from clvmodels.plots.budget import budget
from clvmodels.plots.cohorts import cohorts
from clvmodels.plots.concentration import concentration
from clvmodels.plots.coverage import coverage
from clvmodels.plots.customer_base import customer_base
from clvmodels.plots.deciles import lift, reliability_by_decile
from clvmodels.plots.differences import differences
from clvmodels.plots.drivers import drivers
from clvmodels.plots.frequency import frequency_check, spend_by_frequency
from clvmodels.plots.frequency_recency import frequency_recency_matrix, probability_alive_matrix
from clvmodels.plots.heterogeneity import heterogeneity
from clvmodels.plots.history_alive import history_alive
from clvmodels.plots.interval_points import interval_points
from clvmodels.plots.lifetime_value import lifetime_value
from clvmodels.plots.net_gain import net_gain
from clvmodels.plots.pareto_k import pareto_k
from clvmodels.plots.payback import payback
from clvmodels.plots.pit import pit
from clvmodels.plots.prior_posterior import prior_posterior
from clvmodels.plots.prior_sensitivity import prior_sensitivity
from clvmodels.plots.reliability import reliability
from clvmodels.plots.retain_or_replace import retain_or_replace
from clvmodels.plots.style import theme
from clvmodels.plots.survival import survival
from clvmodels.plots.svg import to_svg
from clvmodels.plots.totals import totals
from clvmodels.plots.tracking import tracking
from clvmodels.plots.value_distribution import value_distribution

__all__ = [
    "budget",
    "cohorts",
    "concentration",
    "coverage",
    "customer_base",
    "differences",
    "drivers",
    "frequency_check",
    "frequency_recency_matrix",
    "heterogeneity",
    "history_alive",
    "interval_points",
    "lifetime_value",
    "lift",
    "net_gain",
    "pareto_k",
    "payback",
    "pit",
    "prior_posterior",
    "prior_sensitivity",
    "probability_alive_matrix",
    "reliability",
    "reliability_by_decile",
    "retain_or_replace",
    "spend_by_frequency",
    "survival",
    "theme",
    "to_svg",
    "totals",
    "tracking",
    "value_distribution",
]

# Names in other packages that are no name here with "plot_" before it.
_ELSEWHERE = {
    "plot_calibration_purchases_vs_holdout_purchases": "reliability",
    "plot_cumulative_transactions": "tracking",
    "plot_dropout_rate_heterogeneity": "heterogeneity",
    "plot_incremental_transactions": "tracking",
    "plot_period_transactions": "frequency_check",
    "plot_transaction_rate_heterogeneity": "heterogeneity",
}


def __getattr__(name: str) -> NoReturn:
    here = _ELSEWHERE.get(name, name.removeprefix("plot_"))
    hint = f"; the name here is {here!r}" if here != name and here in __all__ else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
