"""The simple formula as a model: average purchase value x purchase frequency x expected lifespan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, check_horizon, check_margin, shown
from clvmodels.formulas import multiplicative as formula
from clvmodels.formulas.discount import discount_force
from clvmodels.models.posterior import check_rfm
from clvmodels.notebook import as_html
from clvmodels.rfm import RFM, TimeUnit, days_per_unit

Level = Literal["customer", "segment", "population"]
ACTIVITY = ("active_before", "active_lately")


@dataclass(frozen=True, kw_only=True)
class MultiplicativeCLV:
    """The simple formula and its choices.

    Attributes
    ----------
    level : {"customer", "segment", "population"}
        Whose averages are used: each customer's own, those of the customer's segment, or those of the whole base.
        Segments and the base are pooled: sums are divided by sums. A lifespan is never a customer's own: at the level
        "customer" it is that of the whole base.
    segment : str, optional
        At the level "segment": the column of `rfm.frame` with the segments.
    lifespan : float, optional
        Expected lifespan from the observation end on, in the RFM's time unit; above 0, infinity is allowed.
    churn_rate : float, optional
        Churn per time unit, 0 or more: the lifespan is then 1 / churn_rate. Without both it is estimated: the share of
        the customers active in the window before last who bought nothing in the last, per time unit.
    margin : float
        Share of the spend that is earned.
    annual_discount_rate : float
        Effective rate per year.

    Raises
    ------
    InvalidArgument
        If a choice is outside its domain, or both `lifespan` and `churn_rate` are given.

    Examples
    --------
    >>> frame = pd.DataFrame({"frequency": [2, 0], "recency": [8, 0], "T": [10, 10]}, index=["ann", "bob"])
    >>> rfm = RFM.from_frame(frame, time_unit="week")
    >>> simple = MultiplicativeCLV(lifespan=20).fit(rfm)
    >>> simple.expected_purchases(rfm, horizon=52)["mean"].to_dict()
    {'ann': 4.0, 'bob': 0.0}
    """

    level: Level = "customer"
    segment: str | None = None
    lifespan: float | None = None
    churn_rate: float | None = None
    margin: float = 1.0
    annual_discount_rate: float = 0.0

    def __post_init__(self) -> None:
        """Check the choices."""
        if self.level not in get_args(Level):
            raise InvalidArgument(f"level is {shown(self.level)}; choose one of {', '.join(get_args(Level))}")
        if (self.level == "segment") != (self.segment is not None):
            raise InvalidArgument("level='segment' and segment= (the column with the segments) need each other")
        if self.lifespan is not None and self.churn_rate is not None:
            raise InvalidArgument("lifespan is 1 / churn_rate, and both are given; give one of them")
        if self.lifespan is not None and not self.lifespan > 0:
            raise InvalidArgument(f"lifespan is {self.lifespan}; give a number of time units above zero")
        if self.churn_rate is not None and not 0 <= self.churn_rate < math.inf:
            raise InvalidArgument(f"churn_rate is {self.churn_rate}; give a finite rate per time unit, zero or more")
        check_margin(self.margin)
        discount_force(self.annual_discount_rate, units_per_year=1.0)

    def fit(self, rfm: RFM) -> MultiplicativeFit:
        """Return the averages of an RFM, per segment or for the whole base.

        Raises
        ------
        InvalidArgument
            If the churn rate cannot be estimated, or segments are missing.
        """
        check_rfm(rfm)
        groups = self.groups(rfm)
        frame = rfm.frame if "total_value" in rfm.frame.columns else rfm.frame.assign(total_value=np.nan)
        sums = frame.groupby(groups, observed=True).agg(
            customers=("T", "size"),
            frequency=("frequency", "sum"),
            T=("T", "sum"),
            # Missing values must stay missing, not become a sum of zero.
            total_value=("total_value", lambda values: values.sum(skipna=False)),
        )
        churn = self._churn(rfm, groups)
        parameters = pd.DataFrame(
            {
                "customers": sums["customers"],
                "average_purchase_value": sums["total_value"] / (sums["frequency"] + sums["customers"]),
                "purchase_frequency": formula.purchase_frequency(sums["frequency"], sums["T"]),
                "churn_rate": churn,
                "lifespan": formula.lifespan(churn) if self.lifespan is None else float(self.lifespan),
            },
            index=sums.index,
        )
        return MultiplicativeFit(model=self, time_unit=rfm.time_unit, parameters=parameters)

    def groups(self, rfm: RFM) -> pd.Series:
        """Return the segment of every customer of an RFM; "population" at the other levels.

        Raises
        ------
        InvalidArgument
            If the column of the segments is missing, or has gaps.
        """
        if self.segment is None:
            return pd.Series("population", index=rfm.frame.index, name="group")
        return _column(rfm, self.segment)

    def _churn(self, rfm: RFM, groups: pd.Series) -> pd.Series | float:
        """Per group: the rate given, or estimated; missing where the lifespan is given instead."""
        if self.lifespan is not None or self.churn_rate is not None:
            return np.nan if self.churn_rate is None else float(self.churn_rate)
        remedy = "so the churn rate cannot be estimated; give lifespan= or churn_rate="
        if rfm.churn_window is None or not set(ACTIVITY) <= set(rfm.frame.columns):
            raise InvalidArgument(f"the RFM does not say who was active when, {remedy}")
        before = rfm.frame["active_before"]
        flags = pd.DataFrame({"active": before, "lost": before & ~rfm.frame["active_lately"]})
        counts = flags.groupby(groups, observed=True).agg("sum")
        idle = counts.query("active == 0").index.tolist()
        if idle:
            window = f"window before last ({rfm.churn_window:g} {rfm.time_unit}s)"
            raise InvalidArgument(f"no customer of {idle} was active in the {window}, {remedy}")
        return pd.Series(formula.churn_rate(counts["lost"], counts["active"], rfm.churn_window), index=counts.index)


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiplicativeFit:
    """The simple formula with its averages, made by `MultiplicativeCLV.fit`.

    It answers the questions that the models answer, with the same tables: indexed by customer_id, with the columns
    mean, lower and upper. It has no interval, so that lower and upper are missing. Horizons are in the RFM's time unit.

    Attributes
    ----------
    model : MultiplicativeCLV
        The choices.
    time_unit : {"day", "week", "month", "year"}
        Unit of lifespan, rates and horizons.
    parameters : DataFrame
        One row per segment, or the row "population": customers, average_purchase_value (missing without values),
        purchase_frequency, churn_rate (missing where the lifespan was given) and lifespan.
    """

    model: MultiplicativeCLV
    time_unit: TimeUnit
    parameters: pd.DataFrame

    def _repr_html_(self) -> str:
        return as_html(f"{self.model}, time unit {self.time_unit}", self.parameters)

    def expected_purchases(self, rfm: RFM, *, horizon: float) -> pd.DataFrame:
        """Purchase frequency x lifespan within the horizon.

        Raises
        ------
        InvalidArgument
            Negative or infinite horizon, RFM in another time unit, unknown segments. So for all methods below.
        """
        return _table(self._frequency(rfm) * self._duration(rfm, horizon))

    def expected_lifetime(self, rfm: RFM, *, horizon: float) -> pd.DataFrame:
        """Lifespan within the horizon, in time units."""
        return _table(self._duration(rfm, horizon))

    def expected_average_spend(self, rfm: RFM) -> pd.DataFrame:
        """Average purchase value; without values in the data an InvalidArgument, here and in the methods below."""
        return _table(self._value(rfm))

    def expected(self, rfm: RFM, *, horizon: float) -> pd.DataFrame:
        """Lifetime value within the horizon: discounted, and times margin."""
        purchases = self._frequency(rfm) * self._duration(rfm, horizon, discounted=True)
        return _table(self.model.margin * self._value(rfm) * purchases)

    def total(self, rfm: RFM, *, horizon: float, by: str | None = None) -> pd.DataFrame:
        """Sum of the lifetime values, over all customers (the row "total") or by a column of `rfm.frame`."""
        each: Any = self.expected(rfm, horizon=horizon)["mean"]
        groups = pd.Series("total", index=each.index) if by is None else _column(rfm, by)
        return _table(each.groupby(groups, observed=False).agg("sum").rename_axis(None))

    def new_customer(self, *, horizon: float) -> pd.DataFrame:
        """Lifetime value of a new customer, the first purchase included: one row "new", or one per segment."""
        new = pd.Index(["new"], name="customer_id")
        pooled: Any = self.parameters if self.model.segment else self.parameters.set_axis(new)
        value = self._known(pooled["average_purchase_value"])
        purchases = 1 + pooled["purchase_frequency"] * self._within(pooled["lifespan"], horizon, discounted=True)
        return _table(self.model.margin * value * purchases)

    def _value(self, rfm: RFM) -> pd.Series:
        if self.model.level != "customer":
            return self._known(self._pooled("average_purchase_value", rfm))
        if "total_value" not in rfm.frame.columns:
            raise InvalidArgument("the RFM has no total_value; make it from transactions with a value column")
        own = formula.average_purchase_value(rfm.frame["total_value"], rfm.frame["frequency"])
        return pd.Series(own, index=rfm.frame.index)

    def _frequency(self, rfm: RFM) -> pd.Series:
        if self.model.level != "customer":
            return self._pooled("purchase_frequency", rfm)
        own = formula.purchase_frequency(rfm.frame["frequency"], rfm.frame["T"])
        return pd.Series(own, index=rfm.frame.index)

    def _duration(self, rfm: RFM, horizon: float, *, discounted: bool = False) -> pd.Series:
        return self._within(self._pooled("lifespan", rfm), horizon, discounted=discounted)

    def _within(self, lifespan: pd.Series, horizon: float, *, discounted: bool) -> pd.Series:
        """Time until the end of lifespan or horizon, whichever is earlier, discounted if asked."""
        units_per_year = days_per_unit("year") / days_per_unit(self.time_unit)
        force = discount_force(self.model.annual_discount_rate, units_per_year=units_per_year) if discounted else 0.0
        return pd.Series(formula.discounted_duration(lifespan, check_horizon(horizon), force), index=lifespan.index)

    def _pooled(self, parameter: str, rfm: RFM) -> pd.Series:
        """Every customer's segment's value of a parameter."""
        if rfm.time_unit != self.time_unit:
            raise InvalidArgument(
                f"the RFM is in {rfm.time_unit}s, the averages are in {self.time_unit}s; use one time_unit for both"
            )
        groups = self.model.groups(rfm)
        position = self.parameters.index.get_indexer(pd.Index(groups))
        if (position < 0).any():
            unknown = sorted(set(groups[position < 0]), key=str)
            raise InvalidArgument(f"segments {unknown} were not in the data that was fitted; fit them too")
        return pd.Series(self.parameters[parameter].to_numpy()[position], index=groups.index)

    def _known(self, values: pd.Series) -> pd.Series:
        if values.isna().any():
            raise InvalidArgument("the averages were fitted without values; fit an RFM made with a value column")
        return values


def _column(rfm: RFM, name: str) -> pd.Series:
    if name not in rfm.frame.columns:
        raise InvalidArgument(
            f"the RFM has no column {shown(name)}; add it with rfm.assign({name}=...), by customer_id"
        )
    column: Any = rfm.frame[name]
    if column.isna().any():
        raise InvalidArgument(f"{int(column.isna().sum())} customers have no {name}; fill it in")
    return column


def _table(mean: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"mean": mean, "lower": np.nan, "upper": np.nan}, index=mean.index)
