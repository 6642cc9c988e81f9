"""A discount on the renewal that is due, against contracts that are lived through one renewal after the other."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

import clvmodels as clv
from clvmodels.decisions import renewal_discount

ALPHA, BETA, PRICE, RATE = 0.668, 3.806, 100.0, 0.1
SURE = clv.Prior("DiracDelta", c=0.3)
SOME = clv.Prior("Beta", alpha=3, beta=7)
CHOICES = {"price": PRICE, "discount": 0.1, "annual_discount_rate": RATE}


@pytest.fixture(scope="module")
def point():
    return clv.ShiftedBetaGeo.at(alpha=ALPHA, beta=BETA, time_unit="year", random_seed=1)


@pytest.fixture(scope="module")
def fitted():
    survivors = [1000, 869, 743, 653, 593, 551, 517, 491]
    return clv.ShiftedBetaGeo().fit(clv.Renewals.from_survivors(survivors, time_unit="year"), draws=400, random_seed=1)


@pytest.fixture(scope="module")
def members():
    renewals = [0] * 30 + [2] * 20 + [7] * 10
    return pd.DataFrame({"renewals": renewals}, index=pd.Index([f"m{i}" for i in range(60)], name="customer_id"))


def by_integral(renewals, *, kept, discount=0.1, margin=1.0, rate=RATE, horizon=None):
    """Of one customer with a leaving probability that is integrated over, renewal by renewal."""
    periods = 3000 if horizon is None else horizon

    def gain(theta):
        later = np.arange(1, periods)
        to_come = float(np.sum(((1 - theta) / (1 + rate)) ** later))
        saved = margin * PRICE * (1 + to_come) - discount * PRICE
        return kept * theta * saved - (1 - theta) * discount * PRICE

    # The density is without bound at 0: its powers are the rule's weight.
    powers = {"weight": "alg", "wvar": (ALPHA - 1, BETA + renewals - 1)}
    return integrate.quad(gain, 0, 1, limit=400, **powers)[0] / special.beta(ALPHA, BETA + renewals)


@pytest.mark.parametrize("renewals", [0, 2, 7])
@pytest.mark.parametrize("choices", [{}, {"horizon": 1}, {"horizon": 5}, {"margin": 0.4}], ids=str)
def test_the_net_gain_is_the_integral_over_the_probability_of_leaving(point, members, renewals, choices):
    table = renewal_discount(point, members, kept=SURE, **CHOICES, **choices).table
    assert table.loc[renewals, "mean"] == pytest.approx(by_integral(renewals, kept=0.3, **choices), rel=1e-6)


def test_the_net_gain_is_that_of_contracts_lived_through(point):
    rng, number, renewals = np.random.default_rng(3), 400_000, 2
    theta = rng.beta(ALPHA, BETA + renewals, number)
    leaves, kept = rng.random(number) < theta, rng.random(number) < 0.3
    # The next renewal that is not made, of those who make this one.
    after = rng.geometric(np.maximum(theta, 1e-12)) - 1
    paid = (1 - 1.1 ** -(np.minimum(after, 2000) + 1.0)) / (1 - 1 / 1.1)
    gained = np.where(leaves & kept, PRICE * paid - 10.0, np.where(leaves, 0.0, -10.0))
    found = renewal_discount(point, pd.DataFrame({"renewals": [renewals]}), kept=SURE, **CHOICES).table["mean"].item()
    assert found == pytest.approx(gained.mean(), abs=4 * gained.std() / np.sqrt(number))


def test_a_discount_that_keeps_nobody_costs_what_is_given_away(point, members):
    table = renewal_discount(point, members, kept=clv.Prior("DiracDelta", c=0.0), **CHOICES).table
    renewing = (BETA + table.index) / (ALPHA + BETA + table.index)
    assert table["mean"].to_numpy() == pytest.approx(-10.0 * renewing)
    assert (table["probability_pays"] == 0).all()
    assert not table["chosen"].any()


def test_without_discount_whatever_is_kept_is_gained(point, members):
    answer = renewal_discount(point, members, kept=SURE, **{**CHOICES, "discount": 0.0})
    assert (answer.table["mean"] > 0).all()
    assert (answer.table["break_even"] == 0).all()
    assert answer.total.loc["chosen", "customers"] == 60


def test_at_the_break_even_nothing_is_gained(point, members):
    share = renewal_discount(point, members, kept=SURE, **CHOICES).table.loc[2, "break_even"]
    again = renewal_discount(point, members, kept=clv.Prior("DiracDelta", c=share), **CHOICES)
    assert again.table.loc[2, "mean"] == pytest.approx(0, abs=1e-9)


def test_the_gain_falls_with_tenure_as_fewer_would_leave(fitted, members):
    assert renewal_discount(fitted, members, kept=SOME, **CHOICES).table["mean"].is_monotonic_decreasing


def test_the_total_is_the_sum_over_the_customers(fitted, members):
    answer = renewal_discount(fitted, members, kept=SOME, **CHOICES)
    per_tenure = answer.table["customers"] * answer.table["mean"]
    assert answer.total.loc["everyone", "mean"] == pytest.approx(per_tenure.sum())
    assert answer.total.loc["chosen", "mean"] == pytest.approx(per_tenure[answer.table["chosen"]].sum())


def test_who_has_left_is_not_asked(point, members):
    gone = pd.DataFrame({"renewals": [50], "left": [True]}, index=["gone"])
    with_gone = pd.concat([members.assign(left=False), gone])
    one, two = (renewal_discount(point, each, kept=SURE, **CHOICES).table for each in (members, with_gone))
    pd.testing.assert_frame_equal(one, two)


def test_an_uncertain_effect_drives_the_gain(fitted, members):
    answer = renewal_discount(fitted, members, kept=SOME, **CHOICES)
    assert answer.drivers.index[0] == "share kept"
    assert "What drives it most is share kept" in answer.sentence


def test_the_same_seed_gives_the_same_answer(fitted, members):
    one, two, other = (
        renewal_discount(fitted, members, kept=SOME, random_seed=seed, **CHOICES).table for seed in (1, 1, 2)
    )
    assert one.equals(two)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"price": -1.0}, "price is -1.0"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"kept": 0.1}, "a bare number"),
        ({"horizon": 0}, "horizon is 0"),
        ({"annual_discount_rate": -0.1}, "annual_discount_rate is -0.1"),
        ({"margin": 0.0}, "margin is 0.0"),
        ({"interval": 1.0}, "interval is 1.0"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(point, members, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        renewal_discount(point, members, **{"kept": SURE, **CHOICES, **choices})


def test_without_a_discount_rate_the_payments_of_who_would_have_left_are_finite(point, members):
    # E[1 / theta] for Beta(alpha + 1, beta + n) is (alpha + beta + n) / alpha.
    choices = {**CHOICES, "annual_discount_rate": 0.0}
    found = renewal_discount(point, members, kept=SURE, **choices).table.loc[2, "mean"]
    leaving = ALPHA / (ALPHA + BETA + 2)
    expected = 0.3 * leaving * (PRICE * (ALPHA + BETA + 2) / ALPHA - 10) - (1 - leaving) * 10
    assert found == pytest.approx(expected)


def test_where_everybody_has_left_there_is_nobody_to_keep(point):
    gone = pd.DataFrame({"renewals": [1, 2], "left": [True, True]})
    with pytest.raises(clv.InvalidArgument, match="none of the 2 customers is one any more"):
        renewal_discount(point, gone, kept=SURE, **CHOICES)
