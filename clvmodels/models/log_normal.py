"""Log-normal spend with free purchases: the model, its priors, its fit, and its posterior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from clvmodels.compiled import log_normal as compiled
from clvmodels.errors import InvalidArgument, InvalidRFM
from clvmodels.formulas import log_normal
from clvmodels.formulas.beta_geo import NUMPY
from clvmodels.formulas.log_normal import LogNormalParams, PaidSums
from clvmodels.intervals import Array, DrawBlocks
from clvmodels.models.given import given_fields
from clvmodels.models.posterior import check_rfm, fresh_seed
from clvmodels.models.priors import Prior, check_priors
from clvmodels.models.spend import Rows, SpendModel, SpendPosterior
from clvmodels.rfm import RFM, RFMTable, TimeUnit, fingerprint

if TYPE_CHECKING:
    import pymc as pm

    from clvmodels.inference.sample import Method

# Values and customers differ by a hundredth of a per cent at least, which is less than the rounding of most amounts:
# where all prices are equal, the likelihood would rise for ever.
RESOLUTION = 1e-4
# So many values stand for the rates of the customers of all purchases.
RATES = 64
# Priors of these are above zero wherever the parameter can be, so that the search for the mode may begin anywhere.
EVERYWHERE = (
    "LogNormal",
    "LogitNormal",
    "Beta",
    "Gamma",
    "InverseGamma",
    "Weibull",
    "HalfNormal",
    "HalfCauchy",
    "HalfFlat",
)
AMOUNT_STATISTICS = ("frequency", "free_purchases", "log_value_mean", "log_value_squares")


@dataclass(frozen=True, kw_only=True)
class LogNormalSpendPriors:
    """Priors of log-normal spend, each replaceable by any PyMC distribution; they do not depend on the currency.

    `spread` and `ratio` make sigma = spread / sqrt(1 + ratio^2) and omega = ratio sigma, so that logs in which every
    customer bought once, or all at one price, leave one of them free and not both.

    Attributes
    ----------
    median : Prior or None
        Of the customers' median values of a paid purchase. None: log-normal around that of the data, standard deviation
        1.5 on the log scale.
    spread : Prior
        Standard deviation of the logarithms of values, of different customers.
    ratio : Prior
        Standard deviation between customers over that within a customer.
    free_odds : Prior
        Odds of a purchase to be free, c / d. Nearly none, unless the data say otherwise.
    free_concentration : Prior
        How alike the customers' shares of free purchases are, c + d.
    factor : Prior
        By which the median grows with each standard deviation of the logarithm of the purchase rate (`rate_effect`).
    """

    median: Prior | None = None
    spread: Prior = Prior("LogNormal", mu=-0.5, sigma=1.0)
    ratio: Prior = Prior("LogNormal", mu=0.0, sigma=1.0)
    free_odds: Prior = Prior("LogNormal", mu=-5.0, sigma=2.0)
    free_concentration: Prior = Prior("LogNormal", mu=1.0, sigma=1.5)
    factor: Prior = Prior("LogNormal", mu=0.0, sigma=0.5)

    def __post_init__(self) -> None:
        """Refuse what is no Prior."""
        check_priors(self)

    def for_data(self, log_median: float, *, rate_effect: bool) -> dict[str, Prior]:
        """The priors by name, with the scale of the median filled in; without `rate_effect` there is no factor."""
        filled = replace(self, median=self.median or Prior("LogNormal", mu=log_median, sigma=1.5))
        names = [field.name for field in fields(filled) if rate_effect or field.name != "factor"]
        return {name: getattr(filled, name) for name in names}


@dataclass(frozen=True, kw_only=True, repr=False)
class LogNormalSpendPosterior(SpendPosterior):
    """Posterior of log-normal spend; see `SpendPosterior` for all that it answers.

    Customers yet to be won have, with `rate_effect`, the rates of the customers of the fit, each as often as they
    bought: a purchase of theirs is worth what a purchase was, so that purchases times spend is the total.

    Attributes
    ----------
    rate : sequence of three float
        With `rate_effect`: the mean T of the fit, and mean and standard deviation of log((x + 1) / (T + mean T)) over
        its customers. Empty without.
    rates : sequence of float
        Standardised rates of the customers of equally many purchases.
    """

    include_first: bool = True
    rate: Sequence[float] = ()
    rates: Sequence[float] = (0.0,)

    key: ClassVar[str] = "log_normal"
    label: ClassVar[str] = "log-normal spend"
    parameters: ClassVar[tuple[str, ...]] = ("median", "sigma", "omega", "c", "d", "factor")
    statistics: ClassVar[tuple[str, ...]] = AMOUNT_STATISTICS
    caveats: ClassVar[tuple[str, ...]] = (
        "Log-normal spend takes every purchase to be free with a probability of the customer's own, or else log-normal"
        " around the customer's own median; the first purchase counts as any other.",
    )
    terms: ClassVar[tuple[tuple[str, str], ...]] = (
        ("median", "the median over the customers of what their paid purchases cost in the middle"),
        ("sigma, omega", "standard deviation of the logarithm of a value, within a customer and between customers"),
        ("c, d", "the Beta distribution of the customers' shares of free purchases"),
        ("factor", "by which the median grows with a standard deviation of the log purchase rate; 1 if not asked for"),
    )
    params: ClassVar[Callable[..., Any]] = LogNormalParams

    def distributions(self) -> dict[str, Any]:
        """The mean value of a customer's purchases; free ones at their mean share, log rates as if normal."""
        at = LogNormalParams(*(draws[:, None] for draws in self.parameter_draws()))
        between = np.hypot(at.omega, np.log(at.factor))
        return {"mean_spend": stats.lognorm(between, scale=at.d / (at.c + at.d) * at.median * np.exp(at.sigma**2 / 2))}

    def expectation(self, rows: Rows) -> Callable[[slice], Array]:
        """Draws of the expected value of a purchase, for the columns of `rows_of`: slice -> (rows, draws)."""
        params = self.at_draws()
        number, free, mean, _, z = rows
        rates = np.asarray(self.rates, float)[:, None]
        new = np.mean(log_normal.expected_average_spend(params, 0, 0, 0, rates), axis=0)

        def block(at: slice) -> Array:
            some = (column[at, None] for column in (number, free, mean, z))
            return np.where(number[at, None] > 0, log_normal.expected_average_spend(params, *some), new)

        return block

    def rows_of(self, rfm: RFM) -> Rows:
        """Purchases, free ones, mean and squares of the logarithms of the others, and z; each (n,), 0 if unknown."""
        check_rfm(rfm)
        known = _known(rfm)
        if not known.any():
            return self.unknown(len(rfm))
        if self.rate:
            self.check_unit(rfm)
        frame = rfm.statistics(AMOUNT_STATISTICS).assign(T=rfm.frame["T"])
        columns = _History.of(frame)
        z = self._standardised(columns) if self.rate else np.zeros(len(rfm))
        return tuple(np.where(known, column, 0.0) for column in (*columns[:4], z))

    def unknown(self, customers: int) -> Rows:
        """The statistics of customers of whom nothing is known."""
        return tuple(np.zeros(customers) for _ in range(5))

    def fitted(self, rfm: RFM) -> NDArray[np.bool_]:
        """Which customers enter the fit (n,): all who have bought."""
        check_rfm(rfm)
        return _known(rfm)

    def counts(self, rfm: RFM) -> pd.DataFrame:
        """The distinct rows that were fitted, with their `count`."""
        return _counts(rfm, rate_effect=bool(self.rate))

    def known_amounts(
        self, params: Any, rows: Rows, offsets: NDArray[np.int64], *, seed: np.uint64, keys: NDArray[np.uint64]
    ) -> Array:
        """Draw the amount of every purchase of known customers; offsets as in `Events`."""
        number, free, mean, _, z = rows
        out, rates = np.empty(offsets[-1]), np.asarray(self.rates, float)
        compiled.known_amounts(seed, keys, offsets, rates, number, free, mean, z, *params, out)
        return out

    def new_amounts(
        self, params: Any, streams: NDArray[np.uint64], cells: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> tuple[Array, NDArray[np.uint64]]:
        """Draw the amounts of customers to be won, and the states of the streams after each; see `NewEvents`."""
        out, rates = np.empty(offsets[-1]), np.asarray(self.rates, float)
        return out, compiled.new_amounts(streams, cells, offsets, rates, *params, out)

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log density of the values of each customer's purchases; NaN for those who have none."""
        params, rows = self.at_draws(), self.rows_of(rfm)

        def block(at: slice) -> Array:
            number, *others = (column[at, None] for column in rows)
            return log_normal.log_likelihood(params, np.where(number > 0, number, np.nan), *others)

        return DrawBlocks(len(rfm), self.draw_count, block)

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        median, sigma, omega, c, d, factor = self.parameter_draws()
        # Those of given parameters may be below the resolution.
        within, between = (np.maximum(each**2 - RESOLUTION**2, RESOLUTION**4) for each in (sigma, omega))
        drawn = {"median": median, "spread": np.sqrt(within + between), "ratio": np.sqrt(between / within)}
        drawn |= {"free_odds": c / d, "free_concentration": c + d}
        return {**drawn, "factor": factor} if self.rate else drawn

    def _standardised(self, columns: _History) -> Array:
        typical, centre, scale = self.rate
        return (_log_rate(columns, typical) - centre) / scale


@dataclass(frozen=True, kw_only=True)
class LogNormalSpend(SpendModel):
    """Log-normal spend: every customer has an own median value of a purchase, and an own share of free ones.

    It is fitted to all purchases, the first included, and needs an RFM with the columns that
    `rfm_summary(..., statistics=["free_purchases", "log_value_mean", "log_value_squares"])` adds. The likelihood
    depends on the customers through a few sums only (see `formulas.log_normal`), so that a fit takes as long for
    millions of them as for hundreds.

    All predictions are methods of what `fit` returns: expected_average_spend (credible), predictive_spend (predictive);
    summary, prior_and_posterior, heterogeneity; draws, save, to_arviz.

    Attributes
    ----------
    priors : LogNormalSpendPriors
        Weak by default.
    include_first : bool
        Has no effect: first purchases always count.
    rate_effect : bool
        Whether a customer's median may depend on the purchase rate: theta ~ N(log median + z log factor, omega^2) with
        z = log((x + 1) / (T + mean T)), standardised over the customers.

    Examples
    --------
    >>> from clvmodels.models.simulators import simulate_transactions
    >>> from clvmodels.rfm import rfm_summary
    >>> log = simulate_transactions(customers=300, length=104, random_seed=1)
    >>> rfm = rfm_summary(log, statistics=["free_purchases", "log_value_mean", "log_value_squares"])
    >>> LogNormalSpend().fit(rfm, random_seed=1).diagnostics.converged
    True
    """

    priors: LogNormalSpendPriors = LogNormalSpendPriors()
    rate_effect: bool = False

    posterior: ClassVar[type[SpendPosterior]] = LogNormalSpendPosterior
    has_first: ClassVar[bool] = False

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> LogNormalSpendPosterior:
        """Draw from the posterior given an RFM with the statistics of values; see `PurchaseModel.fit`.

        Raises
        ------
        InvalidRFM
            If the RFM lacks the statistics (the message says which call makes them), or nothing in it was paid for.
        FitFailed
            If there is no mode (possible with improper priors).
        """
        from clvmodels.inference.sample import sample

        check_rfm(rfm, lazy=True)
        seed, counts = fresh_seed(random_seed), _counts(rfm, rate_effect=self.rate_effect)
        columns, count = _History.of(counts), counts["count"].to_numpy(float)
        if not np.any(columns.number > columns.free):
            raise InvalidRFM(f"all purchases of {count.sum():.0f} customers were free; there is no spend to model")
        rate, z = _rate_of(columns, count) if self.rate_effect else ((), np.zeros(len(count)))
        data = SpendHistories.of(columns, z, count)
        priors = self.priors.for_data(data.paid.centre, rate_effect=self.rate_effect)
        samples, diagnostics = sample(
            partial(log_normal_graph, data, priors),
            names=list(LogNormalSpendPosterior.parameters)[: 6 if self.rate_effect else 5],
            method=method,
            draws=draws,
            rng=np.random.default_rng([seed, 1]),
        )
        if not self.rate_effect:
            samples = samples.assign(factor=(("chain", "draw"), np.ones_like(samples["c"])))
        return LogNormalSpendPosterior(
            samples=samples,
            diagnostics=diagnostics,
            priors=priors,
            time_unit=rfm.time_unit,
            random_seed=seed,
            fingerprint=fingerprint(counts, rfm.time_unit),
            rate=rate,
            rates=_typical(z, columns.number * count) if self.rate_effect else (0.0,),
        )

    @staticmethod
    def at(
        *,
        median: Any,
        sigma: Any,
        omega: Any,
        c: Any,
        d: Any,
        factor: Any = None,
        rate: Sequence[float] = (),
        rates: Sequence[float] = (0.0,),
        time_unit: TimeUnit,
        random_seed: int | None = None,
    ) -> LogNormalSpendPosterior:
        """A posterior at given parameters: numbers for a point, arrays of shape (draws,) for draws made elsewhere.

        A `factor` other than 1 goes with `rate` (and `rates`), which are those of a posterior: see there.

        Raises
        ------
        InvalidArgument
            If a parameter is not positive and finite, or a factor is given without a rate.
        """
        if (factor is None) == bool(rate):
            raise InvalidArgument("a factor of the purchase rate goes with the rate by which that is standardised")
        factor = np.ones_like(np.asarray(median, float)) if factor is None else factor
        given = {"median": median, "sigma": sigma, "omega": omega, "c": c, "d": d, "factor": factor}
        fixed = given_fields(given, time_unit, random_seed)
        return LogNormalSpendPosterior(**fixed, rate=tuple(rate), rates=tuple(rates))


class _History(NamedTuple):
    """Purchases, free ones, mean and squares of the logarithms of the others, and age: each (rows,)."""

    number: Array
    free: Array
    mean: Array
    squares: Array
    T: Array

    @classmethod
    def of(cls, frame: pd.DataFrame) -> _History:
        x, free, mean, squares = (frame[name].to_numpy(float) for name in AMOUNT_STATISTICS)
        return cls(x + 1, free, mean, squares, frame["T"].to_numpy(float) if "T" in frame else np.zeros(len(x)))


class SpendHistories(NamedTuple):
    """All that the likelihood needs of the customers, however many they are, as a `Sum` of its parameters.

    Attributes
    ----------
    paid : PaidSums
    free : arrays (k,)
        Purchases, free ones, and the customers who have so many.
    start : dict of str to float
        Estimates of parameters by moments, where the search for the mode begins.
    width : float
        See `_scaled`.
    """

    paid: PaidSums
    free: tuple[Array, Array, Array]
    start: dict[str, float]
    width: float

    @classmethod
    def of(cls, columns: _History, z: Array, count: Array) -> SpendHistories:
        """Sum up distinct rows that are there `count` times."""
        number, free, mean, squares, _ = columns
        n = number - free
        weight = np.where(n > 0, count, 0.0)
        middle = np.average(z, weights=weight)
        spread_of_z = np.sum(weight * (z - middle) ** 2)
        slope = np.sum(weight * (z - middle) * mean) / spread_of_z if spread_of_z > 0 else 0.0
        centre = float(np.average(mean - slope * z, weights=weight))
        # A few equal prices do not yet say that all are equal; many do.
        smallest = max(RESOLUTION, np.exp(-np.sum(weight * n))) ** 2
        within = max(np.sum(weight * squares) / max(np.sum(weight * (n - 1).clip(0)), 1.0), smallest)
        of_means = np.average((mean - slope * z - centre) ** 2, weights=weight)
        between = max(of_means - within * np.average(1 / n.clip(1), weights=weight), smallest)
        pairs = pd.DataFrame({"number": number, "free": free, "count": count})
        of_pairs = pairs.groupby(["number", "free"], as_index=False).agg(count=("count", "sum")).to_numpy(float).T
        return cls(
            paid=log_normal.paid_sums(n, mean, squares, z, count, centre=centre),
            free=(of_pairs[0], of_pairs[1], of_pairs[2]),
            start={
                "median": float(np.exp(centre)),
                "factor": float(np.exp(slope)),
                "spread": float(np.sqrt(within + between)),
                "ratio": float(np.sqrt(between / within)),
                "free_odds": float((count @ free + 0.5) / (count @ (number - free) + 1.0)),
            },
            width=float(np.sqrt(within + between) / np.sum(weight) ** 0.25),
        )

    def log_likelihood(self, params: LogNormalParams, xp: Any = NUMPY) -> Any:
        """The log-likelihood at parameters that are scalar, or (points, 1)."""
        number, free, customers = self.free
        given_away = customers * log_normal.free_log_likelihood(params, number, free, xp=xp)
        return log_normal.paid_log_likelihood(params, self.paid, xp=xp) + given_away.sum(axis=-1)

    def values(self, points: Array) -> Array:
        """The same at points (n, 6): log median, sigma, omega, c, d, log factor; as a `Sum` has it."""
        return self.log_likelihood(_params_at(points.T[:, :, None]))

    def gradient(self, point: Array) -> Array:
        """The derivatives (6,) at a point."""
        params, (number, free, customers) = _params_at(point), self.free
        paid = log_normal.paid_gradient(params, self.paid)
        return np.concatenate([paid[:3], log_normal.free_gradient(params, number, free) @ customers, paid[3:]])


def _params_at(point: Any) -> LogNormalParams:
    log_median, sigma, omega, c, d, log_factor = point
    return LogNormalParams(np.exp(log_median), sigma, omega, c, d, np.exp(log_factor))


def log_normal_graph(data: SpendHistories, priors: dict[str, Prior], *, loops: bool = False) -> pm.Model:
    """The PyMC model of log-normal spend; with `loops` its likelihood is one node, worked out by NumPy."""
    import pymc as pm
    import pytensor.tensor as pt

    from clvmodels.inference.row_sum import row_sum

    with pm.Model() as graph:
        made = {name: _variable(name, prior, data) for name, prior in priors.items()}
        median, factor = made["median"], made.get("factor", pt.as_tensor(1.0))
        spread, ratio, odds, concentration = (
            made[name] for name in ("spread", "ratio", "free_odds", "free_concentration")
        )
        within = spread**2 / (1 + ratio**2)
        params = LogNormalParams(
            median,
            pm.Deterministic("sigma", pt.sqrt(RESOLUTION**2 + within)),
            pm.Deterministic("omega", pt.sqrt(RESOLUTION**2 + ratio**2 * within)),
            pm.Deterministic("c", odds / (1 + odds) * concentration),
            pm.Deterministic("d", concentration / (1 + odds)),
            factor,
        )
        point = (pt.log(median), *params[1:5], pt.log(factor))
        pm.Potential("log_likelihood", row_sum(data, *point) if loops else data.log_likelihood(params, xp=pt))
    return graph


def _variable(name: str, prior: Prior, data: SpendHistories) -> Any:
    """The random variable of a prior, with a start near the mode where the prior allows any."""
    if name not in data.start or prior.distribution not in EVERYWHERE:
        return prior.variable(name)
    start = data.start[name]
    scaled = {"default_transform": _scaled(np.log(start), data.width)} if name in ("median", "factor") else {}
    return prior.variable(name, initval=start, **scaled)


def _scaled(centre: float, width: float) -> Any:
    """A transform by which a logarithm is searched from `centre` on in steps of `width`: small where prices are one."""
    import pytensor.tensor as pt
    from pymc.logprob.transforms import Transform

    class Scaled(Transform):
        name, ndim_supp = "scaled", 0

        def forward(self, value: Any, *_: Any) -> Any:
            log: Any = pt.log(value)
            return (log - centre) / width

        def backward(self, value: Any, *_: Any) -> Any:
            return pt.exp(centre + width * value)

        def log_jac_det(self, value: Any, *_: Any) -> Any:
            return centre + width * value + np.log(width)

    return Scaled()


def _known(rfm: RFM) -> NDArray[np.bool_]:
    """Who has bought: the value of all purchases of a customer yet to be won is missing."""
    frame = rfm.frame
    return frame["total_value"].notna().to_numpy() if "total_value" in frame else np.ones(len(frame), dtype=bool)


def _counts(rfm: RFM | RFMTable, *, rate_effect: bool) -> pd.DataFrame:
    """The distinct rows to be fitted, with their `count`."""
    if isinstance(rfm, RFM):
        rfm = replace(rfm, frame=rfm.frame.loc[_known(rfm)])
    return rfm.compressed((*AMOUNT_STATISTICS, "T") if rate_effect else AMOUNT_STATISTICS)


def _log_rate(columns: _History, typical: float) -> Array:
    return np.log(columns.number / (columns.T + typical))


def _rate_of(columns: _History, count: Array) -> tuple[tuple[float, float, float], Array]:
    """The posterior's `rate`, and z (rows,)."""
    typical = float(np.average(columns.T, weights=count)) or 1.0
    logs = _log_rate(columns, typical)
    centre = float(np.average(logs, weights=count))
    scale = float(np.sqrt(np.average((logs - centre) ** 2, weights=count))) or 1.0
    return (typical, centre, scale), (logs - centre) / scale


def _typical(z: Array, weight: Array) -> tuple[float, ...]:
    """Means of z in RATES groups of equal weight."""
    order = np.argsort(z)
    up_to, total = (np.append(0.0, np.cumsum(each[order])) for each in (weight, weight * z))
    ends = np.interp(np.linspace(0.0, up_to[-1], RATES + 1), up_to, total)
    return tuple((RATES * np.diff(ends) / up_to[-1]).tolist())
