"""What two models say of the same customers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clvmodels.datasets import load_cdnow_summary, simulate_rfm
from clvmodels.jobs.gates import Models, drift_checks
from clvmodels.jobs.gates import moved as module
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.simulators import PURCHASES, SPEND
from clvmodels.rfm import RFM

OF_PURCHASES = [
    "parameter_drift_purchases",
    "score_drift_probability_alive",
    "score_total_probability_alive",
    "score_drift_expected_purchases",
    "score_total_expected_purchases",
]
OF_SPEND = ["parameter_drift_spend", "score_drift_lifetime_value", "score_total_lifetime_value"]


def models(seed=1, *, draws=200, sd=0.05, unit="week", spend=True, **factors):
    """Posteriors near CDNOW's, their parameters moved by some factors."""
    rng = np.random.default_rng(seed)
    centre = {**PURCHASES._asdict(), **SPEND._asdict()}
    drawn = {
        name: value * factors.get(name, 1.0) * np.exp(sd * rng.standard_normal(draws)) for name, value in centre.items()
    }
    purchases = BetaGeo.at(**{name: drawn[name] for name in PURCHASES._fields}, time_unit=unit, random_seed=1)
    money = GammaGamma.at(**{name: drawn[name] for name in SPEND._fields}, time_unit=unit, random_seed=1)
    return Models(purchases=purchases, spend=money if spend else None)


@pytest.fixture(scope="module")
def cdnow():
    whole = load_cdnow_summary()
    return whole.select(whole.frame.index[:500])


@pytest.fixture
def compared(cdnow, gates, named):
    def compare(new, old, rfm=cdnow, limits=gates):
        return named(drift_checks(new, old, rfm, limits, horizon=39.0))

    return compare


def test_a_model_has_not_drifted_from_itself(compared):
    checks = compared(models(), models())
    assert set(checks) == {*OF_PURCHASES, *OF_SPEND}
    assert {check.verdict for check in checks.values()} == {"passed"}
    assert {check.figure for check in checks.values()} == {0.0}


def test_without_amounts_there_are_the_checks_of_purchases(compared):
    assert list(compared(models(spend=False), models(spend=False))) == OF_PURCHASES


@pytest.mark.parametrize("seed", range(2, 7))
def test_what_both_posteriors_leave_open_is_no_drift(compared, seed):
    checks = compared(models(seed), models())
    assert {check.verdict for check in checks.values()} == {"passed"}
    assert checks["parameter_drift_purchases"].figure == 0


@pytest.mark.parametrize(
    ("factors", "failed", "worst"),
    [
        ({"r": 2.0}, "parameter_drift_purchases", "r moved most, from 0.24"),
        ({"alpha": 0.5}, "parameter_drift_purchases", "alpha moved most, from 4.4"),
        ({"a": 0.4}, "parameter_drift_purchases", "a moved most, from 0.79"),
        ({"v": 2.0}, "parameter_drift_spend", "v moved most, from 15"),
    ],
)
def test_a_parameter_that_moved_is_named(compared, factors, failed, worst):
    checks = compared(models(2, **factors), models())
    check = checks[failed]
    (factor,) = factors.values()
    # The interval takes off 2.8 or so times the standard deviation of both, 0.07.
    assert check.figure == pytest.approx(max(factor, 1 / factor) * np.exp(-0.2) - 1, rel=0.3)
    assert check.verdict == "failed"
    assert worst in check.sentence
    others = {name for name in checks if name.startswith("parameter")} - {failed}
    assert {checks[name].verdict for name in others} == {"passed"}


def test_what_follows_from_parameters_is_known_better_than_each_of_them(compared):
    """Where r and alpha go up and down together, their ratio shows a drift that neither shows."""

    def ridge(factor, seed):
        rng = np.random.default_rng(seed)
        common, own = np.exp(0.5 * rng.standard_normal(200)), np.exp(0.02 * rng.standard_normal(200))
        purchases = BetaGeo.at(
            r=0.243 * common * factor, alpha=4.414 * common * own, a=0.793 * own, b=2.426 * own, time_unit="week"
        )
        return Models(purchases=purchases, spend=None)

    check = compared(ridge(2.0, 1), ridge(1.0, 2))["parameter_drift_purchases"]
    assert check.verdict == "failed"
    assert "the purchase rate of a new customer moved most" in check.sentence


def test_money_that_moved_shows_in_what_it_is_worth_alone(compared):
    checks = compared(models(v=4.0), models())
    failed = {name for name, check in checks.items() if check.verdict == "failed"}
    assert {"parameter_drift_spend", "score_total_lifetime_value"} <= failed <= {*OF_SPEND}
    assert checks["score_drift_expected_purchases"].figure == 0
    total = checks["score_total_lifetime_value"]
    # Scores of those who bought often say more of themselves than of v.
    assert 0.5 < total.figure < 3
    assert "Summed over 500 customers, lifetime_value is" in total.sentence


def test_the_limit_of_a_distance_is_at_least_what_the_posteriors_leave_open(compared, gates):
    tight, wide = (models(2, sd=sd) for sd in (0.001, 0.3))
    limits = [compared(one, one)["score_drift_expected_purchases"].limit for one in (tight, wide)]
    assert limits[0] < limits[1]
    assert limits[1] > gates.max_score_drift
    assert compared(wide, tight)["score_drift_expected_purchases"].limit > limits[0]


def test_another_time_unit_cannot_be_compared(compared):
    checks = compared(models(), models(unit="month"))
    assert {check.verdict for check in checks.values()} == {"not applicable"}
    assert "The new model is in weeks and the published one in months." in checks["parameter_drift_spend"].sentence


@pytest.mark.parametrize("which", ["new", "old"])
def test_amounts_that_came_or_went_cannot_be_compared(compared, which):
    pair = [models(spend=which != "new"), models(spend=which != "old")]
    checks = compared(*pair)
    assert {name for name, check in checks.items() if check.verdict == "not applicable"} == {*OF_SPEND}


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "passed"), (1.3, "failed")])
def test_points_are_compared_as_they_are(compared, factor, verdict):
    checks = compared(models(draws=1, sd=0, r=factor), models(draws=1, sd=0))
    check = checks["parameter_drift_purchases"]
    assert (check.verdict, check.figure) == (verdict, pytest.approx(factor - 1))
    assert checks["score_drift_expected_purchases"].verdict == "not applicable"
    assert "is a point" in checks["score_drift_expected_purchases"].sentence
    assert checks["score_total_expected_purchases"].figure > 0


def test_a_point_can_be_compared_with_draws(compared):
    checks = compared(models(draws=1, sd=0), models())
    assert "failed" not in {check.verdict for check in checks.values()}


def test_different_numbers_of_draws_can_be_compared(compared):
    checks = compared(models(2, draws=333), models(draws=150))
    assert {check.verdict for check in checks.values()} == {"passed"}


def test_neither_the_order_of_the_customers_nor_chance_matters(compared, cdnow):
    shuffled = cdnow.select(cdnow.frame.sample(frac=1, random_state=1).index)
    pair = models(2, r=1.3), models()
    one, other = compared(*pair), compared(*pair, rfm=shuffled)
    assert [check.figure for check in one.values()] == pytest.approx([check.figure for check in other.values()])
    assert compared(*pair) == one


def test_many_customers_are_thinned_evenly_and_whatever_their_order(monkeypatch, compared, cdnow):
    monkeypatch.setattr(module, "MOST_CUSTOMERS", 100)
    kept = module._evenly(cdnow).frame
    assert len(kept) == 100
    assert kept["frequency"].mean() == pytest.approx(cdnow.frame["frequency"].mean(), rel=0.1)
    shuffled = cdnow.select(cdnow.frame.sample(frac=1, random_state=1).index)
    facts = ["frequency", "recency", "T", "monetary_value"]
    again = module._evenly(shuffled).frame[facts].to_numpy()
    assert again == pytest.approx(kept[facts].to_numpy())
    assert "over 100 customers" in compared(models(2), models())["score_drift_probability_alive"].sentence


def test_customers_who_are_all_alike_are_no_drift_by_themselves(gates, named):
    frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": 20.0, "monetary_value": 0.0}, index=range(30))
    rfm = RFM.from_frame(frame, time_unit="week")
    checks = named(drift_checks(models(2), models(), rfm, gates, horizon=39.0))
    # Their scores differ in the tenth digit, and are then all on one side.
    assert checks["score_drift_expected_purchases"].figure == 1
    assert {check.verdict for check in checks.values()} == {"passed"}


def test_the_distance_is_that_of_scipy():
    rng = np.random.default_rng(1)
    # With ties, within and between.
    one, other = rng.poisson(2, 300) / 4, rng.poisson(2.5, 200) / 4
    assert module._kolmogorov(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic, abs=1e-12)


def fitted(rfm, draws=1000):
    return Models(
        purchases=BetaGeo().fit(rfm, draws=draws, random_seed=1),
        spend=GammaGamma().fit(rfm, draws=draws, random_seed=1),
    )


@pytest.mark.calibration
def test_two_halves_of_one_population_raise_hardly_any_alarm_and_a_doubled_rate_always_does(gates):
    limits = gates.model_copy(update={"max_parameter_drift": 0.25})
    alarms = {"same": 0, "doubled": 0}
    doubled = PURCHASES._replace(r=2 * PURCHASES.r)
    for seed in range(8):
        whole = simulate_rfm(customers=4800, random_seed=seed)
        even = whole.frame.index % 2 == 0
        old, others = fitted(whole.select(even)), whole.select(~even)
        changed = simulate_rfm(customers=2400, purchases=doubled, random_seed=1000 + seed)
        for name, rfm in (("same", others), ("doubled", changed)):
            checks = drift_checks(fitted(rfm), old, rfm, limits, horizon=39.0)
            alarms[name] += any(check.verdict == "failed" for check in checks)
    assert alarms["same"] <= 1
    assert alarms["doubled"] == 8
