"""Whether customers who buy more often spend more per purchase, which most models of spend assume they do not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_interval
from clvmodels.evaluation.groups import frequency_groups, frequency_labels
from clvmodels.evaluation.metrics import PEARSON
from clvmodels.intervals import Array, quantiles
from clvmodels.models.posterior import check_rfm
from clvmodels.rfm import RFM

FEWEST_CUSTOMERS = 3
# Resamples times customers of a block: 32 MB.
BLOCK_WEIGHTS = 2**22


@dataclass(frozen=True, kw_only=True, eq=False)
class SpendIndependence:
    """What `spend_independence` found.

    Attributes
    ----------
    customers : int
        With repeat purchases.
    correlation, lower, upper : float
        Pearson's, with its interval; NaN where undefined.
    interval : float
        Probability inside the intervals.
    by_frequency : DataFrame, indexed by frequency ("1", ..., "6", "7+")
        customers, mean (of their mean values), lower, upper: missing where there are too few customers.
    reason : str
        Why the correlation is undefined; else empty.
    """

    customers: int
    correlation: float
    lower: float
    upper: float
    interval: float
    by_frequency: pd.DataFrame = field(repr=False)
    reason: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the interval contains 0; None where the correlation is undefined."""
        return None if self.reason else self.lower <= 0 <= self.upper

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        if self.reason:
            return f"Whether spend depends on frequency cannot be said: {self.reason}."
        level, bounds = f"{100 * self.interval:g} % interval", f"{self.lower:.2f} to {self.upper:.2f}"
        found = f"correlation {self.correlation:.2f}, {level} {bounds}, {self.customers:,} customers"
        if self.holds:
            return f"Customers who buy more often do not visibly spend more or less per purchase ({found})."
        more = "more" if self.correlation > 0 else "less"
        sentence = f"Customers who buy more often spend {more} per purchase ({found})"
        return f"{sentence}; the model of spend assumes that they do not."


def spend_independence(
    rfm: RFM, *, interval: float = 0.95, draws: int = 1000, random_seed: int | None = 1
) -> SpendIndependence:
    """Correlation over customers of the mean value of repeat purchases with their number, with its interval.

    It is Pearson's. Where spend does not depend on frequency, the mean of the mean value does not depend on the number
    of purchases, so that the covariance is 0; but its skewness does (few purchases leave it skew, with a median below
    the mean), so that ranks correlate although the assumption holds, and Spearman's correlation would find fault.

    The interval comes from a Bayesian bootstrap over customers: no resample consists of one customer alone.

    Parameters
    ----------
    rfm : RFM
        With values. Customers without repeat purchases are left out; those with a mean value of zero are not: who
        buys seldom has more often nothing but free purchases.
    interval : float
        Probability inside the intervals.
    draws : int
        Number of resamples.
    random_seed : int, optional
        The same seed gives the same interval.

    Returns
    -------
    SpendIndependence

    Raises
    ------
    InvalidRFM
        If the RFM has no values.
    InvalidArgument
        For an interval outside (0, 1), or fewer than two draws.

    Notes
    -----
    Source: the assumption is of Fader, Hardie (2013), note 025, http://www.brucehardie.com/notes/025/; the bootstrap is
    Rubin's (1981), doi:10.1214/aos/1176345338.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> print(spend_independence(load_cdnow_summary()).sentence)
    Customers who buy more often spend more per purchase (correlation 0.11, 95 % interval 0.03 to 0.25, 946 customers);
    the model of spend assumes that they do not.
    """
    check_interval(interval)
    if draws < 2:
        raise InvalidArgument(f"draws is {draws}; give the number of resamples, e.g. draws=1000")
    check_rfm(rfm)
    x, y = rfm.spend(include_first=False)
    x, y = x[x > 0], y[x > 0]
    reason = _undefined(x, y)
    correlation, means = _resampled(x, y, draws, np.random.default_rng(random_seed))
    ends = [np.nan, np.nan] if reason else [float(end) for end in quantiles(correlation, interval, "credible")]
    return SpendIndependence(
        customers=len(x),
        correlation=np.nan if reason else float(np.corrcoef(x, y)[0, 1]),
        lower=ends[0],
        upper=ends[1],
        interval=interval,
        by_frequency=_by_frequency(x, y, quantiles(means, interval, "credible")),
        reason=reason,
    )


def _undefined(x: Array, y: Array) -> str:
    if len(x) < FEWEST_CUSTOMERS:
        return f"{len(x)} customers have repeat purchases with a value, and {FEWEST_CUSTOMERS} or more are needed"
    if np.ptp(x) == 0:
        return f"all {len(x)} customers with repeat purchases have the same number of them"
    return f"all {len(x)} customers with repeat purchases have the same mean value" if np.ptp(y) == 0 else ""


def _resampled(x: Array, y: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Correlation (draws,) and mean by group of frequency (draws, groups) of customers with random weights."""
    with np.errstate(invalid="ignore", divide="ignore"):
        columns, size = _summands(x, y), max(1, BLOCK_WEIGHTS // max(len(x), 1))
        blocks = (min(size, draws - start) for start in range(0, draws, size))
        sums = np.concatenate([rng.standard_exponential((rows, len(x))) @ columns for rows in blocks])
        number, value = np.split(sums[:, 6:], 2, axis=1)
        return PEARSON.figure(sums[:, 1:6] / sums[:, :1]), value / number


def _summands(x: Array, y: Array) -> Array:
    """What is added up over customers (n, 6 + 2 groups): moments, then one and y in the column of the own group."""
    u, w = ((each - each.mean()) / each.std() if len(each) else each for each in (x, y))
    own = np.eye(len(frequency_labels(first=1)))[frequency_groups(x, first=1)]
    return np.column_stack([np.ones(len(x)), u, w, u * w, u * u, w * w, own, own * y[:, None]])


def _by_frequency(x: Array, y: Array, ends: tuple[Array, Array]) -> pd.DataFrame:
    labels, group = frequency_labels(first=1), frequency_groups(x, first=1)
    customers = np.bincount(group, minlength=len(labels))
    mean = np.bincount(group, weights=y, minlength=len(labels)) / np.where(customers, customers, np.nan)
    lower, upper = (np.where(customers < FEWEST_CUSTOMERS, np.nan, end) for end in ends)
    return pd.DataFrame({"customers": customers, "mean": mean, "lower": lower, "upper": upper}, index=labels)
