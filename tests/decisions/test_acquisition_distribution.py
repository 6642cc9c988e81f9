"""The distributions behind what winning a customer may cost: of the payback time, and of what customers bring."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.decisions import acquisition

P, Q, V, COST = 6.25, 3.74, 15.44, 12.0


@pytest.fixture(scope="module")
def answer():
    given = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    purchases = clv.BetaGeo.at(**{k: np.full(5000, v) for k, v in given.items()}, time_unit="week", random_seed=1)
    spend = clv.GammaGamma.at(p=np.full(5000, P), q=np.full(5000, Q), v=np.full(5000, V), time_unit="week")
    return acquisition(clv.LifetimeValue(purchases, spend, margin=0.3), cost=COST, horizon=52, cohort=3)


@pytest.fixture(scope="module")
def by_hand(lives):
    """Cohorts of three or single customers, event by event: what each has brought per customer until a time."""
    rng, number = np.random.default_rng(5), 60_000
    who, when, _ = lives(rng, np.zeros(number), 52.0)
    amount = 0.3 * rng.gamma(P, size=len(who)) / (rng.gamma(Q, size=number) / V)[who]

    def until(time, together):
        return np.bincount(who[when <= time] // together, amount[when <= time], number // together) / together

    return until


@pytest.mark.parametrize(("column", "together"), [("probability_paid_back_one", 1), ("probability_paid_back", 3)])
@pytest.mark.parametrize("time", [0.0, 13.0, 52.0])
def test_as_many_have_paid_back_by_a_time_as_in_a_simulation(answer, by_hand, column, together, time):
    share = np.mean(by_hand(time, together) >= COST)
    error = np.sqrt(share * (1 - share) * (1 / 5000 + together / 60_000))
    assert answer.curve.loc[("new", time), column] == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize(("column", "together"), [("one_customer", 1), ("cohort", 3)])
def test_customers_stay_below_the_values_with_their_probabilities_in_a_simulation(answer, by_hand, column, together):
    brought = by_hand(52.0, together)
    for probability, value in answer.distribution.loc["new", column].items():
        error = np.sqrt(probability * (1 - probability) * (1 / 5000 + together / 60_000))
        assert np.mean(brought <= value) == pytest.approx(probability, abs=4 * error)


def test_in_the_end_all_have_paid_back_but_those_who_never_do(answer):
    last = answer.curve.loc[("new", 52.0), ["probability_paid_back_one", "probability_paid_back"]]
    assert last.tolist() == pytest.approx((1 - answer.payback["probability_never"]).tolist())


def test_a_cohort_that_has_paid_back_stays_so(answer):
    for column in ("probability_paid_back_one", "probability_paid_back"):
        assert (np.diff(answer.curve.loc["new", column]) >= 0).all()


def test_the_median_payback_time_is_where_half_have_paid_back(answer):
    share = answer.curve.loc["new", "probability_paid_back_one"]
    assert share[share >= 0.5].index[0] == answer.payback.loc[("new", "one customer"), "payback_median"]
