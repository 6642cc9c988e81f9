"""What is to be expected of the customers from the last known day on, by models fitted to everything until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clvmodels import decisions
from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.criticism import Criticism, criticise
from clvmodels.evaluation.forecasters import Calibration
from clvmodels.evaluation.model_forecaster import FittedModels, ModelForecaster
from clvmodels.intervals import Array, DrawBlocks, interval_table, quantiles
from clvmodels.lifetime_value import LifetimeValue
from clvmodels.model_error import ModelError
from clvmodels.models.pool import Pool

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult
    from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
    from clvmodels.reports.terms import Terms
    from clvmodels.rfm import RFM

# Long enough for most lifespans, short enough to plan for.
LIFESPAN_YEARS = 5
PERIODS = 4
MOST_GROUPS = 12
FEWEST_DRAWS = 100
MOST_SMOOTHED = 1000
# Below it a customer has most probably gone, above it there is little to be done.
SLIPPING = (0.2, 0.8)
# Of all but the headline, which takes every draw: each of these answers goes over all customers.
DRAWS = 250
OTHERS, UNKNOWN, SEGMENT, COHORT = "all others", "unknown", "segment", "first purchase"


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """The customers, the models fitted to all that is known of them, and the answers that a report gives.

    Attributes
    ----------
    rfm : RFM
        As of the last known day; with the column "segment" where there are segments.
    fitted : FittedModels
    terms : Terms
        With a horizon.
    interval : float
    errors : dict of str to ModelError
        By target: how far off earlier forecasts were.
    beside : sequence of PurchasePosterior
        Other models of purchases, fitted to the same customers.
    """

    rfm: RFM
    fitted: FittedModels
    terms: Terms
    interval: float
    errors: dict[str, ModelError]
    beside: Sequence[PurchasePosterior] = ()

    @property
    def horizon(self) -> float:
        """How far it looks ahead, in time units."""
        if self.terms.horizon is None:
            raise InvalidArgument("terms have no horizon; give one")
        return self.terms.horizon

    @cached_property
    def value(self) -> LifetimeValue | None:
        """The lifetime value; None for a log without amounts, or where spend could not be fitted."""
        return self._value(self.fitted)

    @cached_property
    def light(self) -> LifetimeValue | None:
        """The same with as many draws as sums over all customers need."""
        return self._value(self._light)

    @cached_property
    def churn(self) -> decisions.Churn | None:
        """How many are alive, stay and leave; None where nobody leaves under the model."""
        if not self.fitted.purchases.leaves:
            return None
        return decisions.churn(
            self._light.purchases,
            self.rfm,
            period=self.horizon / PERIODS,
            periods=PERIODS,
            horizon=LIFESPAN_YEARS * self.rfm.units_per_year,
            interval=self.interval,
        )

    @property
    def meaning_of_alive(self) -> str:
        """What P(alive) means under the model of purchases."""
        meaning = f"probability of not having {self.fitted.purchases.left}, which nobody sees"
        return ". ".join([meaning, *(caveat.rstrip(".") for caveat in self.fitted.caveats("purchases"))])

    @cached_property
    def active(self) -> tuple[float, pd.Series]:
        """A length of time, and how many will buy within it: mean, lower and upper."""
        length, purchases = self.horizon / PERIODS, self._light.purchases
        blocks = purchases.blocks("probability_of_purchase", self.rfm, horizon=length)
        return length, interval_table(pd.Index(["active"]), _sum(blocks), interval=self.interval, kind="credible").iloc[
            0
        ]

    @cached_property
    def side_by_side(self) -> pd.DataFrame | None:
        """What each model says of the customers: those of a pool and the pool, or this one and those beside it."""
        purchases: Any = self._light.purchases
        pooled = len(purchases.by_model()) > 1
        if not (pooled or self.beside):
            return None
        several = purchases if pooled else Pool.of([purchases, *self.beside], draws=DRAWS * (1 + len(self.beside)))
        table = several.side_by_side(self.rfm, horizon=self.horizon, interval=self.interval)
        return table if pooled else table.drop("pool", level="model")

    @cached_property
    def alive(self) -> pd.Series | None:
        """Every customer's probability of being alive; None where nobody leaves under the model."""
        if not self.fitted.purchases.leaves:
            return None
        table: Any = self._light.purchases.probability_alive(self.rfm)
        return table["mean"]

    @cached_property
    def at_risk(self) -> pd.DataFrame | None:
        """Customers who may have left or not, by the value that leaving puts at risk; None where nothing tells it."""
        alive: Any = self.alive
        if self.light is None or alive is None:
            return None
        between = alive.between(*SLIPPING)
        if not between.any():
            return pd.DataFrame()
        some = self.rfm.select(alive.index[between])
        return decisions.value_at_risk(self.light, some, horizon=self.horizon, interval=self.interval).table

    @cached_property
    def criticism(self) -> Criticism | None:
        """What the customers say against the fit; None where a point has no draws to weigh."""
        light = self._light
        if light.purchases.draw_count < FEWEST_DRAWS:
            return None
        choices = {"horizon": self.horizon, "interval": self.interval, "smoothed": MOST_SMOOTHED}
        return criticise(light.purchases, light.spend, self.rfm, **choices)

    @cached_property
    def expected(self) -> pd.Series:
        """Value of all customers, or their number of purchases: mean, lower and upper, credible."""
        if self.light is not None:
            return self.light.total(self.rfm, horizon=self.horizon, interval=self.interval).iloc[0]
        blocks = self._light.purchases.blocks("expected_purchases", self.rfm, horizon=self.horizon)
        return interval_table(pd.Index(["total"]), _sum(blocks), interval=self.interval, kind="credible").iloc[0]

    @property
    def predictive(self) -> pd.Series:
        """The same, predictive; with wide_lower and wide_upper where past errors are known."""
        return self._table(self._drawn.sum(axis=1, keepdims=True), ["total"]).iloc[0]

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """The same by group, with the number of customers."""
        groups = self._groups[1]
        table = self._table(self._drawn, list(groups.categories))
        table.insert(0, "customers", np.bincount(groups.codes, minlength=len(groups.categories)))
        return table

    @property
    def group_name(self) -> str:
        """What the groups are."""
        return self._groups[0]

    @cached_property
    def _light(self) -> FittedModels:
        fitted = self.fitted
        return replace(fitted, purchases=_thinned(fitted.purchases), spend=_thinned(fitted.spend))

    @cached_property
    def _groups(self) -> tuple[str, pd.Categorical]:
        """Segments, or when customers first bought."""
        frame: Any = self.rfm.frame
        if SEGMENT in frame:
            return SEGMENT, pd.Categorical(_largest(frame[SEGMENT].astype(str)))
        return COHORT, cohorts(frame["first_date"])

    @cached_property
    def _drawn(self) -> Array:
        """Draws (draws, groups) of the groups' sums; those of the whole are sums of them."""
        groups = self._groups[1]
        blocks = (
            self.fitted.purchases.blocks("predictive_purchases", self.rfm, horizon=self.horizon)
            if self.value is None
            else self.value.blocks(self.rfm, horizon=self.horizon, kind="predictive")
        )
        return blocks.sums(np.asarray(groups.codes), len(groups.categories))

    def _table(self, sums: Array, names: list[str]) -> pd.DataFrame:
        table = interval_table(pd.Index(names), DrawBlocks.of(sums), interval=self.interval, kind="predictive")
        error = self.errors.get("purchases" if self.light is None else "value")
        if error is None:
            return table
        lower, upper = quantiles(error.widened(sums), self.interval, "predictive")
        # Both are quantiles of draws: by chance the wider one may end a step inside the other.
        lower, upper = np.minimum(lower, table["lower"]), np.maximum(upper, table["upper"])
        return table.assign(wide_lower=lower, wide_upper=upper)

    def _value(self, fitted: FittedModels) -> LifetimeValue | None:
        terms = {"margin": self.terms.margin, "annual_discount_rate": self.terms.annual_discount_rate}
        return None if fitted.spend is None else LifetimeValue(fitted.purchases, fitted.spend, **terms)


def look_ahead(result: BacktestResult, terms: Terms) -> Outlook | None:
    """Fit the backtest's models to everything that is known at the end of the holdout.

    Parameters
    ----------
    result
        Where the forecaster under test is no pair of models, there is nothing to look ahead with.
    terms
        Without a horizon it is as long as the holdout.
    """
    model = result.forecasters[result.model]
    if not isinstance(model, ModelForecaster):
        return None
    end = result.split.holdout_end.date()
    rfm = result.split.log.known(end)
    if result.segments is not None:
        named = pd.Series(result.segments).reindex(rfm.frame.index).astype(object)
        rfm = rfm.assign(segment=named.where(named.notna(), UNKNOWN))
    calibration = Calibration(rfm=rfm, history=lambda: result.split.log.history(end))
    fitted = model.fit(calibration, random_seed=result.random_seed)
    return outlook(result, rfm, fitted, terms, beside=_beside(result, model.purchases, rfm))


def _beside(result: BacktestResult, own: PurchaseModel, rfm: RFM) -> list[PurchasePosterior]:
    """The other models of purchases that the backtest could fit, on these customers."""
    tried = [result.forecasters[name] for name in result.fitted]
    models = {repr(one.purchases): one for one in tried if isinstance(one, ModelForecaster)}
    models.pop(repr(own), None)
    return [
        one.purchases.fit(rfm, method=one.method, draws=min(one.draws, DRAWS), random_seed=result.random_seed)
        for one in models.values()
    ]


def outlook(
    result: BacktestResult,
    rfm: RFM,
    fitted: FittedModels,
    terms: Terms,
    *,
    beside: Sequence[PurchasePosterior] = (),
) -> Outlook:
    """Return the outlook of models that are fitted already; the backtest says how far off they may be."""
    horizon = result.split.horizon if terms.horizon is None else terms.horizon
    return Outlook(
        rfm=rfm,
        fitted=fitted,
        terms=replace(terms, horizon=horizon),
        interval=result.interval,
        errors=all_errors(result),
        beside=beside,
    )


def all_errors(result: BacktestResult) -> dict[str, ModelError]:
    """Return, by target, the errors at earlier origins and that of the backtest itself, which is known by now."""
    totals: Any = result.totals().xs(result.model, level="forecaster")
    found = {}
    for target, row in totals.iterrows():
        own = {"origin": result.split.calibration_end, "horizon": result.split.horizon}
        own |= {name: row[name] for name in ("predicted", "actual")}
        known = [] if target not in result.model_errors else [result.model_errors[target].origins]
        if own["predicted"] > 0 and own["actual"] > 0:
            known.append(pd.DataFrame([own]))
        if known:
            found[str(target)] = ModelError(origins=pd.concat(known, ignore_index=True), random_seed=result.random_seed)
    return found


def cohorts(first: pd.Series) -> pd.Categorical:
    """Return when each customer first bought: by month, quarter or year, in order, and in `MOST_GROUPS` groups at most.

    Examples
    --------
    >>> list(cohorts(pd.Series(pd.to_datetime(["1997-03-01", "1997-01-31"]))).categories)
    ['1997-01', '1997-03']
    """
    for unit in ("M", "Q", "Y"):
        periods = pd.PeriodIndex(first, freq=unit)
        if len(periods.unique()) <= MOST_GROUPS:
            break
    named = np.asarray(periods.astype(str))
    names = sorted(set(named))
    if len(names) <= MOST_GROUPS:
        return pd.Categorical(named, categories=names)
    # Of many years, the earliest are one group.
    earliest, kept = f"until {names[-MOST_GROUPS]}", names[1 - MOST_GROUPS :]
    return pd.Categorical(np.where(np.isin(named, kept), named, earliest), categories=[earliest, *kept])


def _thinned(posterior: Any) -> Any:
    """The posterior with `DRAWS` of its draws, evenly chosen."""
    return posterior if posterior is None or posterior.draw_count <= DRAWS else posterior.with_draws(DRAWS)


def _sum(blocks: DrawBlocks) -> DrawBlocks:
    return DrawBlocks.of(blocks.sums(np.zeros(blocks.rows, dtype=int), 1))


def _largest(names: pd.Series) -> pd.Series:
    """The names of the largest groups; the smaller ones are one."""
    kept, others = names.value_counts().index[:MOST_GROUPS], OTHERS
    while others in kept:
        others += " together"
    return names.where(names.isin(kept), others)
