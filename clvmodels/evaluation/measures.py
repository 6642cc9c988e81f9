"""Every measure of a backtest: what it is called, which way is better, on which point it is taken, and its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.evaluation import metrics, probabilities, ranking
from clvmodels.evaluation.assessment import LEVELS, percent
from clvmodels.intervals import Array

# name | in words | better | taken on | domain | source | missing where
CATALOGUE = """
bias                | bias                    | zero   | mean          | from -1 | definition | nothing was observed
mae                 | MAE of the mean         | lower  | mean          | from 0  | definition | -
mae_median          | MAE of the median       | lower  | median        | from 0  | definition | there are no draws, and so no median
rmse                | RMSE                    | lower  | mean          | from 0  | definition | -
poisson_deviance    | Poisson deviance        | lower  | mean          | from 0  | McCullagh, Nelder (1989), doi:10.1007/978-1-4899-3242-6 | -
mape_cumulative     | MAPE, cumulative        | -      | mean of total | from 0  | Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098 | nothing was bought before some period's end // it is of purchases only
mape_incremental    | MAPE, per period        | -      | mean of total | from 0  | Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098 | nothing was bought in some period // it is of purchases only
pearson             | Pearson                 | higher | mean          | -1 to 1 | Pearson (1895), doi:10.1098/rspl.1895.0041 | predictions or observations are all alike
spearman            | Spearman                | higher | order of mean | -1 to 1 | Spearman (1904), doi:10.2307/1412159 | predictions or observations are all alike
concordance_index   | concordance             | higher | order of mean | 0 to 1  | Harrell and others (1982), doi:10.1001/jama.1982.03320430047030 | observations are all alike
normalized_gini     | Gini                    | higher | order of mean | -1 to 1 | Schechtman, Yitzhaki (1987), doi:10.1080/03610928708829359 | observations are all alike
top_decile_capture  | top tenth's share       | higher | order of mean | 0 to 1  | definition | nothing was observed
hit_rate            | hit rate                | higher | P(active), else mean | 0 to 1 | Wuebben, von Wangenheim (2008), doi:10.1509/jmkg.72.3.082 | there is no forecast // it is of purchases only
brier_score         | Brier score             | lower  | P(active)     | 0 to 1  | Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2 | there is no P(active) // it is of purchases only
log_loss            | log loss                | lower  | P(active)     | from 0  | Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x | there is no P(active) // it is of purchases only
crps                | CRPS                    | lower  | distribution, else mean | from 0 | Gneiting, Raftery (2007), doi:10.1198/016214506000001437 | -
log_score           | log score               | lower  | distribution  | from 0  | Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x | there are no draws // money is 0 or has a density, which no log score measures
pit_distance        | PIT distance            | -      | distribution  | 0 to 1  | Kolmogorov's statistic of the randomised transforms: Czado, Gneiting, Held (2009), doi:10.1111/j.1541-0420.2009.01191.x | there are no draws
pit_p_value         | PIT p-value             | -      | distribution  | 0 to 1  | share of the draws that are as far from uniform | there are no draws
"""  # noqa: E501
BY_LEVEL = """
coverage            | coverage {level} %      | level  | interval      | 0 to 1  | definition | there are no draws
randomised_coverage | randomised coverage {level} % | level | interval | 0 to 1  | Czado, Gneiting, Held (2009), doi:10.1111/j.1541-0420.2009.01191.x | there are no draws
width               | width {level} %         | -      | interval      | from 0  | definition | there are no draws
"""  # noqa: E501


@dataclass(frozen=True)
class Mean:
    """A measure that is made of means over the customers.

    Attributes
    ----------
    columns : callable
        The customers of an `Assessment` -> what is averaged, shape (customers, k).
    figure : callable
        The means (draws, k) -> the measure (draws,).
    """

    columns: Callable[[pd.DataFrame], Array]
    figure: Callable[[Array], Array] = lambda mean: mean[:, 0]

    def __call__(self, table: pd.DataFrame, weights: Array | None) -> Any:
        """Take it."""
        return metrics.answer(self.figure(metrics.means(self.columns(table), weights)), weights)


@dataclass(frozen=True)
class Ranked:
    """A measure of the order in which the means put the customers.

    Attributes
    ----------
    measure : callable
        A `Ranking` -> array (draws,).
    """

    measure: Callable[[ranking.Ranking], Array]

    def __call__(self, table: pd.DataFrame, weights: Array | None) -> Any:
        """Take it."""
        return metrics.answer(self.measure(ranking.Ranking(table["y_obs"], table["mean"], weights)), weights)


Of = Mean | Ranked


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure.

    Attributes
    ----------
    name, label : str
        In tables, and in words.
    better : {"lower", "higher", "zero", "level", "-"}
        "zero": the nearer to 0; "level": the nearer to `level`; "-": it is not compared.
    point : str
        What of the prediction it is taken on.
    domain, source : str
    undefined : str
        Where it is missing; after //, why it is of money.
    of : callable, optional
        (the customers of an `Assessment`, weights or None) -> figures. None for those not taken over customers.
    level : float
    """

    name: str
    label: str
    better: str
    point: str
    domain: str
    source: str
    undefined: str
    of: Of | None = None
    level: float = np.nan

    def why_missing(self, target: str) -> str:
        """Say why it is missing for "purchases" or "value"."""
        of_purchases, *of_money = self.undefined.split(" // ")
        return of_money[0] if of_money and target == "value" else of_purchases

    def goodness(self, figures: Any) -> Any:
        """Turn figures so that higher is better, and a difference is an advantage.

        >>> measures()[0].goodness(np.array([-0.1, 0.2])).tolist()
        [-0.1, -0.2]
        """
        if self.better == "zero":
            return -np.abs(figures)
        if self.better == "level":
            return -np.abs(figures - self.level)
        return figures if self.better == "higher" else -figures


def measures(levels: Sequence[float] = LEVELS) -> list[Measure]:
    """Return all measures, those of intervals for each level.

    Examples
    --------
    >>> [measure.name for measure in measures([0.9])][-3:]
    ['coverage_90', 'randomised_coverage_90', 'width_90']
    """
    fields: list[dict[str, Any]] = [_fields(line) for line in _lines(CATALOGUE)]
    plain = [Measure(**known, of=FUNCTIONS.get(known["name"])) for known in fields]
    return [*plain, *(_by_level(line, level) for line in _lines(BY_LEVEL) for level in levels)]


def catalogue(levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Return what each measure is: label, better, point, domain, source and undefined, by name.

    Parameters
    ----------
    levels : sequence of float
        Probabilities of the intervals.

    Examples
    --------
    >>> catalogue().loc["rmse", ["better", "point", "domain"]].tolist()
    ['lower', 'mean', 'from 0']
    """
    rows = {measure.name: {**vars(measure)} for measure in measures(levels)}
    return pd.DataFrame.from_dict(rows, orient="index").drop(columns=["name", "of", "level"]).rename_axis("measure")


def _lines(table: str) -> list[str]:
    return table.strip().splitlines()


def _fields(line: str) -> dict[str, Any]:
    names = ("name", "label", "better", "point", "domain", "source", "undefined")
    return dict(zip(names, (field.strip() for field in line.split("|")), strict=True))


def _by_level(line: str, level: float) -> Measure:
    fields = _fields(line)
    name, shown = fields["name"], percent(level)
    fields |= {"level": level, "name": f"{name}_{shown}", "label": fields["label"].format(level=shown)}
    return Measure(**fields, of=_interval(name, shown, level))


def _interval(name: str, shown: str, level: float) -> Of:
    ends = f"lower_{shown}", f"upper_{shown}"
    if name == "width":
        return Mean(_of(probabilities.widths, *ends))
    if name == "coverage":
        return Mean(_of(probabilities.inside, "y_obs", *ends))
    return Mean(_of(partial(probabilities.randomised_inside, level=level), "cdf_below", "cdf_at"))


def _of(function: Callable[..., Array], *names: str) -> Callable[[pd.DataFrame], Array]:
    """A function of columns, averaged; missing for a forecaster that has not all of them."""

    def columns(table: pd.DataFrame) -> Array:
        known = set(names) <= set(table)
        return (function(*(table[name] for name in names)) if known else np.full(len(table), np.nan))[:, None]

    return columns


def _of_point(averages: metrics.Averages, point: str = "mean") -> Of:
    return Mean(lambda table: averages.columns(table["y_obs"].to_numpy(), table[point].to_numpy()), averages.figure)


def _of_active(function: Callable[..., Array], column: str) -> Of:
    return Mean(lambda table: function(table["y_obs"] > 0, table[column])[:, None])


def _crps(table: pd.DataFrame) -> Array:
    """The CRPS of a point is its absolute error."""
    scores = table["crps"] if "crps" in table else (table["y_obs"] - table["mean"]).abs()
    return scores.to_numpy()[:, None]


FUNCTIONS: dict[str, Of] = {
    "bias": _of_point(metrics.BIAS),
    "mae": _of_point(metrics.MAE),
    "mae_median": _of_point(metrics.MAE, "median"),
    "rmse": _of_point(metrics.RMSE),
    "poisson_deviance": _of_point(metrics.DEVIANCE),
    "pearson": _of_point(metrics.PEARSON),
    "spearman": Ranked(ranking.Ranking.spearman),
    "concordance_index": Ranked(ranking.Ranking.concordance_index),
    "normalized_gini": Ranked(ranking.Ranking.normalized_gini),
    "top_decile_capture": Ranked(lambda ranked: ranked.gains()[:, 0]),
    "hit_rate": _of_active(probabilities.hits, "said_active"),
    "brier_score": _of_active(probabilities.brier_scores, "active"),
    "log_loss": _of_active(probabilities.log_losses, "active"),
    "crps": Mean(_crps),
    "log_score": Mean(_of(np.asarray, "log_score")),
}
