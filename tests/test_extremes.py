"""Extreme numbers in every public argument: an outcome that makes sense, or a refusal by name, and at once."""

import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.errors import ClvError

ODD = [0, -1, 1e-300, -1e-300, 1e300, 10**400, -(10**400), 10**5000, np.inf, -np.inf, np.nan, True, None]
ODD += ["7", 1j, Decimal("3"), Fraction(1, 3), np.float64(2.5), np.int64(3), np.bool_(True), np.float32(0.5), [1.0]]
EXAMPLES = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
magnitude = st.floats(-100, 100).map(lambda power: 10.0**power)
parameter = st.one_of(magnitude, st.floats(-3, 3).map(lambda power: 10.0**power))
length = st.one_of(st.sampled_from([0.0, 1e-300, 1e-9, 0.5, 1.0, 52.0, 1e4, 1e6]), st.floats(0, 520))


@st.composite
def customers(draw):
    T = draw(st.one_of(st.sampled_from([1e-9, 1e-300, 1.0, 1e6, 1e100]), st.floats(0.1, 1000)))
    x = draw(st.sampled_from([0, 1, 2, 490, 10**6, 2**53]))
    recency = T * draw(st.sampled_from([1.0, 0.5, 1e-6])) if x else 0.0
    spent = draw(st.sampled_from([0.0, 1e-300, 10.0, 1e100]))
    return {"frequency": x, "recency": recency, "T": T, "monetary_value": spent}


def answer(function):
    """The first row, or None where it is refused; nothing else is raised, nor warned of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            row = function().iloc[0]
    except ClvError:
        row = None
    return row


def check(row, *, most=np.inf, one=False):
    if row is None:
        return
    assert np.isfinite(row["mean"])
    assert 0 <= row["mean"] <= most * (1 + 1e-9)
    if np.isfinite(row["lower"]):
        assert 0 <= row["lower"] <= row["upper"] <= most
    assert not one or row["mean"] <= 1


@EXAMPLES
@given(customers(), st.sampled_from(["day", "week", "year"]), parameter, parameter, parameter, parameter, length)
def test_purchases_are_finite_and_ordered_or_refused(seen, time_unit, r, alpha, a, b, horizon):
    rfm = clv.RFM.from_frame(pd.DataFrame(seen, index=["a"]), time_unit=time_unit)
    posterior = clv.BetaGeo.at(r=r, alpha=alpha, a=a, b=b, time_unit=time_unit, random_seed=1)
    days = np.ceil(horizon * {"day": 1, "week": 7, "year": 365.25}[time_unit] * (1 - 1e-12))
    check(answer(lambda: posterior.probability_alive(rfm, horizon=horizon)), one=True)
    check(answer(lambda: posterior.probability_of_purchase(rfm, horizon=horizon)), one=True)
    check(answer(lambda: posterior.expected_purchases(rfm, horizon=horizon)), most=days)
    discounted = {"horizon": horizon, "annual_discount_rate": 0.1}
    check(answer(lambda: posterior.expected_discounted_purchases(rfm, **discounted)), most=days)
    check(answer(lambda: posterior.expected_lifetime(rfm, horizon=horizon)), most=horizon)
    if horizon <= 520 and time_unit != "year":
        check(answer(lambda: posterior.predictive_purchases(rfm, horizon=horizon)), most=days)
    for waiting in (posterior.time_to_next_purchase, posterior.median_lifetime):
        row = answer(lambda ask=waiting: ask(rfm))
        assert row is None or 0 <= row["lower"] <= row["median"] <= row["upper"]


@EXAMPLES
@given(customers(), parameter, parameter, parameter)
def test_spend_is_finite_and_ordered_or_refused(seen, p, q, v):
    rfm = clv.RFM.from_frame(pd.DataFrame(seen, index=["a"]), time_unit="week")
    try:
        spend = clv.GammaGamma.at(p=p, q=q, v=v, time_unit="week", random_seed=1)
    except ClvError:
        assert q <= 1 or max(p, q, v, 1 / p, 1 / v) > 1e99
        return
    check(answer(lambda: spend.expected_average_spend(rfm)))
    check(answer(lambda: spend.predictive_spend(rfm)))
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    value = clv.LifetimeValue(purchases, spend)
    check(answer(lambda: value.expected(rfm, horizon=52)))
    check(answer(lambda: value.predictive(rfm, horizon=52)))


POINT = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SEEN = pd.DataFrame(
    {"frequency": [2, 0], "recency": [30.4, 0.0], "T": [38.9, 20.0], "monetary_value": [9.0, 0.0]}, index=["a", "b"]
)


def purchases(**choices):
    return clv.BetaGeo.at(**{**POINT, "time_unit": "week", "random_seed": 1, **choices})


def spend(**choices):
    return clv.GammaGamma.at(**{"p": 6.25, "q": 3.74, "v": 15.44, "time_unit": "week", "random_seed": 1, **choices})


def value(**choices):
    return clv.LifetimeValue(purchases(), spend(), **choices)


def contracts(**choices):
    return clv.ShiftedBetaGeo.at(**{"alpha": 0.668, "beta": 3.806, "time_unit": "year", "random_seed": 1, **choices})


def rfm(**columns):
    made = {name: [odd, 0.0] for name, odd in columns.items()}
    return clv.RFM.from_frame(SEEN.assign(**made), time_unit="week")


CALLS = {
    **{f"at {name}": lambda odd, name=name: purchases(**{name: odd}).summary() for name in POINT},
    **{f"at {name}": lambda odd, name=name: spend(**{name: odd}).summary() for name in "pqv"},
    "at beta": lambda odd: contracts(beta=odd).retention_curve(periods=3),
    "random_seed": lambda odd: purchases(random_seed=odd).predictive_purchases(rfm(), horizon=3),
    "interval": lambda odd: purchases().expected_purchases(rfm(), horizon=3, interval=odd),
    "margin": lambda odd: value(margin=odd).expected(rfm(), horizon=3),
    "annual_discount_rate": lambda odd: value(annual_discount_rate=odd).expected(rfm(), horizon=3),
    "cost_per_purchase": lambda odd: value(cost_per_purchase=odd).expected(rfm(), horizon=3),
    "value horizon": lambda odd: value().expected(rfm(), horizon=odd),
    "value drawn": lambda odd: value().predictive(rfm(), horizon=odd),
    "new customer": lambda odd: value().new_customer(horizon=odd),
    "points": lambda odd: value().concentration(rfm(), horizon=3, points=odd),
    "classes": lambda odd: value().distribution(rfm(), horizon=3, classes=odd),
    "matrix T": lambda odd: purchases().frequency_recency_matrix(T=odd, horizon=3),
    "matrix most": lambda odd: purchases().frequency_recency_matrix(T=3, horizon=3, most=odd),
    "survival": lambda odd: purchases().survival_curve(rfm(), times=[0, odd]),
    "periods": lambda odd: contracts().retention_curve(periods=odd),
    "renewals": lambda odd: contracts().retention_curve(periods=3, renewals=odd),
    "cohort": lambda odd: contracts().predictive_survivors(odd, periods=3),
    "residual rate": lambda odd: contracts().expected_residual_lifetime(renewals=1, annual_discount_rate=odd),
    "residual horizon": lambda odd: contracts().expected_residual_lifetime(renewals=1, horizon=odd),
    "T": lambda odd: purchases().probability_alive(rfm(T=odd)),
    "frequency": lambda odd: purchases().probability_alive(rfm(frequency=odd)),
    "monetary_value": lambda odd: value().expected(rfm(monetary_value=odd), horizon=3),
    "customers": lambda odd: clv.datasets.simulate_transactions(customers=odd, random_seed=1),
    "length": lambda odd: clv.datasets.simulate_transactions(customers=2, length=odd, arrivals=0, random_seed=1),
    "draws": lambda odd: clv.BetaGeo().fit(rfm(), draws=odd, method="importance", random_seed=1).summary(),
    "won": lambda odd: pd.DataFrame([clv.decisions.acquisition(value(), cost=odd, horizon=3).sentence]),
    "acquired": lambda odd: pd.DataFrame([clv.decisions.acquisition(value(), cost=1, horizon=3, cohort=odd).sentence]),
    "edges": lambda odd: pd.DataFrame(purchases().predictive_total_by_period(rfm(), edges=[0, odd])),
}
for method in ("probability_alive", "expected_purchases", "predictive_purchases", "expected_lifetime"):
    CALLS[method] = lambda odd, method=method: getattr(purchases(), method)(rfm(), horizon=odd)


@pytest.mark.filterwarnings("ignore::clvmodels.FitWarning")
@pytest.mark.parametrize("call", CALLS)
def test_odd_arguments_are_answered_or_refused_by_name(call):
    for odd in ODD:
        table, said = pd.DataFrame(), ""
        try:
            table = CALLS[call](odd)
        except ClvError as error:
            said = str(error)
        assert len(said) < 400
        assert "np." not in said
        assert not np.isinf(table.select_dtypes("number").to_numpy(float)).any(), (call, odd)


@pytest.mark.parametrize("name", ["margin", "cost_per_purchase", "annual_discount_rate"])
def test_a_fraction_that_numpy_cannot_compute_with_is_refused_by_name(name):
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    spend = clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week")
    with pytest.raises(clv.InvalidArgument, match="is Fraction"):
        clv.LifetimeValue(purchases, spend, **{name: Fraction(1, 3)})
