"""Soft dropout and regularity as models: fits, predictions, and what follows from their limits."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

import clvmodels as clv
from clvmodels.inference.nuts import _compiled
from clvmodels.models.modified_beta_geo import ModifiedBetaGeo
from tests.models.simulation_based import assert_uniform, calibration_ranks
from tests.soft_dropout_simulation import lives

SHARES = {"share_1": 0.4, "share_2": 0.3, "share_4": 0.2, "share_8": 0.1}
OWN = {"r": 0.6, "alpha": 4.0, "a": 1.1, "b": 1.4}
POINTS = {
    clv.RegularBetaGeo: {**OWN, **SHARES},
    clv.SoftDropout: {**OWN, "delta": 0.1},
    clv.RegularSoftDropout: {**OWN, "delta": 0.1, **SHARES},
}
MODELS = list(POINTS)
STATISTICS = ["purchase_times", "log_gaps"]


def rfm_of(times, T, time_unit="week"):
    """The customers as `rfm_summary` would have them, in continuous time."""
    times = [np.asarray(one, float) for one in times]
    table = {
        "frequency": [len(one) for one in times],
        "recency": [one[-1] if len(one) else 0.0 for one in times],
        "T": T,
        "purchase_times": times,
        "log_gaps": [np.log(np.diff(one, prepend=0.0)).sum() for one in times],
    }
    return clv.RFM.from_frame(pd.DataFrame(table, index=pd.RangeIndex(len(times))), time_unit=time_unit)


def simulated(customers=300, seed=1):
    rng = np.random.default_rng(seed)
    T = rng.uniform(20, 60, customers)
    return rfm_of(lives((*OWN.values(), 0.1, *SHARES.values()), customers, T, rng)[0], T)


@pytest.fixture(scope="module")
def cdnow():
    log = clv.datasets.load_cdnow()
    return clv.split_holdout(
        log, calibration_end="1997-09-30", holdout_end="1998-06-30", time_unit="week", statistics=STATISTICS
    )


@pytest.fixture(scope="module")
def soft(cdnow):
    return clv.SoftDropout().fit(cdnow.calibration, random_seed=1)


FEW = rfm_of([[], [2.0, 5.0, 20.0], [1.0, 2.1, 3.0, 4.2], [29.0]], [30.0, 30.0, 5.0, 30.0])


@pytest.fixture(params=MODELS, ids=lambda model: model.posterior.key)
def point(request):
    return request.param.at(**POINTS[request.param], time_unit="week", random_seed=1)


def test_likelihood_of_cdnow_is_the_published_one(cdnow):
    point = clv.SoftDropout.at(r=0.4, alpha=3.57, a=1.09, b=1.37, delta=0.055, time_unit="week")
    assert point.log_likelihood(cdnow.calibration).array().sum() == pytest.approx(-9564.365118, abs=1e-5)


def test_flat_priors_find_the_published_maximum(cdnow):
    found = clv.SoftDropout(priors=clv.SoftDropoutPriors.flat()).fit(cdnow.calibration, method="map")
    assert found.log_likelihood(cdnow.calibration).array().sum() == pytest.approx(-9564.361469, abs=1e-5)
    assert found.summary()["mean"].tolist() == pytest.approx([0.39855, 3.56333, 1.09117, 1.38338, 0.054390], rel=2e-3)


def test_fit_converges_by_importance_sampling(soft):
    assert soft.diagnostics.method == "importance"
    assert soft.diagnostics.converged


def test_those_who_seem_lost_buy_as_much_as_is_expected(cdnow, soft):
    alive = soft.probability_alive(cdnow.calibration)["mean"]
    expected = soft.expected_purchases(cdnow.calibration, horizon=39)["mean"]
    lapsed = alive.index[alive < 0.2]
    assert expected[lapsed].sum() == pytest.approx(cdnow.holdout["purchases"][lapsed].sum(), rel=0.25)


def test_one_time_buyers_are_not_all_alive(cdnow, soft):
    once = cdnow.calibration.select(cdnow.calibration.frame["frequency"] == 0)
    assert soft.probability_alive(once)["mean"].max() < 0.6


@pytest.mark.parametrize("model", MODELS)
def test_almost_no_purchases_after_leaving_at_random_are_mbg_nbd(model):
    nothing = {"share_1": 1 - 3e-13, "share_2": 1e-13, "share_4": 1e-13, "share_8": 1e-13, "delta": 1e-13}
    given = {name: nothing.get(name, value) for name, value in POINTS[model].items()}
    ours, theirs = model.at(**given, time_unit="week"), ModifiedBetaGeo.at(**OWN, time_unit="week")
    for name, choices in [
        ("probability_alive", {"horizon": 13}),
        ("expected_purchases", {"horizon": 52}),
        ("expected_discounted_purchases", {"horizon": 52, "annual_discount_rate": 0.2}),
        ("probability_of_purchase", {"horizon": 13}),
        ("expected_lifetime", {"horizon": 52}),
    ]:
        found, wanted = (getattr(posterior, name)(FEW, **choices)["mean"] for posterior in (ours, theirs))
        assert found.to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-6), name
    terms = {"horizon": 39.0, "discount_force": 0.002}
    for name in ("stayed", "returned"):
        at = slice(0, 4)
        found = getattr(ours, name)(ours.rows_of(FEW), **terms)(at)
        wanted = getattr(theirs, name)(theirs.rows_of(FEW), **terms)(at)
        for one, other in zip(found, wanted, strict=True):
            assert one.ravel() == pytest.approx(np.ravel(other), rel=1e-6), name


def test_discounted_purchases_and_lifetimes_are_the_integrals(point):
    rate = np.log(1.2) / FEW.units_per_year
    discounted = point.expected_discounted_purchases(FEW, horizon=52, annual_discount_rate=0.2)["mean"]
    lifetime = point.expected_lifetime(FEW, horizon=52)["mean"]
    for customer in FEW.frame.index:
        one = FEW.select([customer])

        def bought(t, one=one):
            return point.expected_purchases(one, horizon=t)["mean"].item()

        def alive(t, one=one):
            return point.probability_alive(one, horizon=t)["mean"].item()

        by_parts = np.exp(-rate * 52) * bought(52.0) + quad(lambda t: rate * np.exp(-rate * t) * bought(t), 0, 52)[0]
        assert discounted[customer] == pytest.approx(by_parts, rel=3e-5)
        assert lifetime[customer] == pytest.approx(quad(alive, 0, 52)[0], rel=3e-5)


def test_drawn_purchases_have_the_expected_mean(point):
    many = type(point)(
        **{
            **vars(point),
            "samples": point.samples.isel(draw=np.zeros(20_000, dtype=int)).assign_coords(draw=np.arange(20_000)),
        }
    )
    counts = many.draws("predictive_purchases", FEW, horizon=200).to_numpy()[0]
    expected = point.expected_purchases(FEW, horizon=200)["mean"].to_numpy()
    # Days without a free place are a few purchases less.
    assert np.all(
        np.abs(counts.mean(axis=0) - expected) <= 4.5 * counts.std(axis=0) / np.sqrt(20_000) + 0.002 * expected
    )


def test_newcomers_are_new_customers(point):
    new, times = clv.RFM.new_customer("week"), np.array([1.0, 39.0, 260.0])
    purchases, alive = (point.newcomer(name, times)[0] for name in ("expected_purchases", "probability_alive"))
    for place, time in enumerate(times):
        assert purchases[place] == pytest.approx(point.expected_purchases(new, horizon=time)["mean"].item(), rel=1e-9)
        assert alive[place] == pytest.approx(point.probability_alive(new, horizon=time)["mean"].item(), rel=1e-9)


def test_expectations_are_those_of_simulated_new_customers(point):
    given = POINTS[next(model for model in MODELS if model.posterior is type(point))]
    shares = [given.get(name, float(name == "share_1")) for name in SHARES]
    times, slowed = lives(
        (*OWN.values(), given.get("delta", 0.0), *shares), 100_000, np.full(100_000, 39.0), np.random.default_rng(2)
    )
    counts = np.array([len(one) for one in times])
    age = np.array([39.0])
    assert counts.mean() == pytest.approx(
        point.newcomer("expected_purchases", age).item(), abs=4.5 * counts.std() / np.sqrt(1e5)
    )
    assert (slowed > 39).mean() == pytest.approx(point.newcomer("probability_alive", age).item(), abs=0.007)


def test_order_and_company_of_customers_do_not_matter(point):
    backwards, alone = FEW.select(FEW.frame.index[::-1]), FEW.select([2])
    for name in ("expected_purchases", "predictive_purchases"):
        whole = getattr(point, name)(FEW, horizon=13)
        assert getattr(point, name)(backwards, horizon=13).loc[whole.index].to_numpy() == pytest.approx(
            whole.to_numpy(), nan_ok=True
        )
        assert getattr(point, name)(alone, horizon=13).to_numpy() == pytest.approx(
            whole.loc[[2]].to_numpy(), nan_ok=True
        )


def test_days_and_weeks_give_the_same_predictions():
    weeks = simulated(200)
    days = rfm_of([7 * one for one in weeks.frame["purchase_times"]], 7 * weeks.frame["T"], time_unit="day")
    in_weeks, in_days = (clv.RegularSoftDropout().fit(rfm, method="map") for rfm in (weeks, days))
    found, wanted = (
        posterior.expected_purchases(rfm, horizon=horizon)["mean"].to_numpy()
        for posterior, rfm, horizon in ((in_days, days, 91), (in_weeks, weeks, 13))
    )
    assert found == pytest.approx(wanted, rel=1e-4)


def test_gaps_below_half_a_day_are_half_a_day():
    close, closer = ([[2.0, 2.0 + gap, 20.0]] for gap in (0.5 / 7, 1e-9))
    point = clv.RegularBetaGeo.at(**POINTS[clv.RegularBetaGeo], time_unit="week")
    soft = clv.RegularSoftDropout.at(**POINTS[clv.RegularSoftDropout], time_unit="week")
    one, other = (soft.log_likelihood(rfm_of(times, [30.0])).array().item() for times in (close, closer))
    assert other == pytest.approx(one, abs=0.05)
    # Of the gaps, this one knows no more than the sum of their logarithms.
    at_once = rfm_of([[1e-9, 2e-9]], [30.0])
    half_days = rfm_of([[0.5 / 7, 1.0 / 7]], [30.0])
    found, wanted = (point.log_likelihood(rfm).array().item() for rfm in (at_once, half_days))
    assert found == pytest.approx(wanted, abs=0.2)


def test_posterior_is_saved_and_loaded(point, tmp_path):
    again = clv.load_posterior(point.save(tmp_path / "posterior.nc"))
    assert again.expected_purchases(FEW, horizon=9).equals(point.expected_purchases(FEW, horizon=9))


def test_path_and_matrix_ask_for_no_times_of_the_reader(point):
    path = point.probability_alive_path(["2020-01-01", "2020-01-08", "2020-01-15"], until="2020-12-31")
    assert path["mean"].iloc[-1] < path["mean"].iloc[14]
    matrix = point.frequency_recency_matrix(T=20, most=3, quantity="probability_alive")
    assert ((matrix["mean"] > 0) & (matrix["mean"] < 1)).all()


def test_an_rfm_without_the_times_says_how_to_make_it():
    plain = clv.datasets.load_cdnow_summary()
    with pytest.raises(clv.InvalidRFM, match=r"rfm_summary\(..., statistics=\['purchase_times'\]\)"):
        clv.SoftDropout().fit(plain)
    with pytest.raises(clv.InvalidRFM, match=r"rfm_summary\(..., statistics=\['log_gaps'\]\)"):
        clv.RegularBetaGeo().fit(plain)


@pytest.mark.parametrize(
    ("model", "changed", "message"),
    [
        (clv.SoftDropout, {"delta": 1.0}, "delta must be below 1"),
        (clv.SoftDropout, {"delta": 0.0}, "positive and finite"),
        (clv.RegularBetaGeo, {"share_8": 0.2}, "must add up to 1"),
        (clv.RegularSoftDropout, {"share_1": np.nan}, "positive and finite"),
    ],
)
def test_parameters_outside_their_domain_are_refused(model, changed, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        model.at(**POINTS[model] | changed, time_unit="week")


def test_default_priors_make_the_shares_dirichlet():
    priors, rng = clv.RegularBetaGeoPriors(), np.random.default_rng(1)
    first, second, third = (getattr(priors, name).draws(20_000, rng) for name in ("share_1", "part_2", "part_4"))
    rest = (1 - first) * (1 - second)
    shares = np.stack([first, (1 - first) * second, rest * third, rest * (1 - third)])
    for one, other in zip(shares, rng.dirichlet([1.125] * 4, 20_000).T, strict=True):
        assert kstest(one, other).pvalue > 1e-4


@pytest.mark.calibration
@pytest.mark.parametrize("model", MODELS)
def test_importance_draws_equal_nuts(model):
    rfm = simulated()
    ours, nuts = (
        np.log(model().fit(rfm, method=method, draws=2000, random_seed=1)._flat()) for method in ("auto", "nuts")
    )
    assert np.all(np.abs(ours.mean(axis=0) - nuts.mean(axis=0)) < 0.15 * nuts.std(axis=0))
    assert np.all(np.abs(ours.std(axis=0) / nuts.std(axis=0) - 1) < 0.15)


NARROW = {
    "r": clv.Prior("LogNormal", mu=-0.3, sigma=0.3),
    "alpha": clv.Prior("LogNormal", mu=1.4, sigma=0.3),
    "phi": clv.Prior("Beta", alpha=4.0, beta=6.0),
    "kappa": clv.Prior("LogNormal", mu=1.0, sigma=0.4),
}


@pytest.mark.calibration
@pytest.mark.parametrize("model", MODELS)
def test_ranks_of_the_parameters_are_uniform(model):
    narrow = {"delta": clv.Prior("LogitNormal", mu=-2.0, sigma=0.7)}
    kinds = type(model().priors)
    priors = kinds(**{name: (NARROW | narrow).get(name, prior) for name, prior in vars(kinds()).items()})

    def simulate(truth, rng):
        a, b = truth["phi"] * truth["kappa"], (1 - truth["phi"]) * truth["kappa"]
        first, second, third = (truth.get(name, 1.0) for name in ("share_1", "part_2", "part_4"))
        rest = (1 - first) * (1 - second)
        shares = (first, (1 - first) * second, rest * third, rest * (1 - third))
        T = rng.uniform(20, 60, 150)
        times, _ = lives((truth["r"], truth["alpha"], a, b, truth.get("delta", 0.0), *shares), 150, T, rng)
        return rfm_of(times, T)

    assert_uniform(calibration_ranks(model(priors=priors), simulate))


@pytest.mark.slow
def test_nuts_can_be_compiled_and_has_the_gradient_of_the_loops():
    rfm = clv.rfm_summary(
        clv.datasets.simulate_transactions(customers=60, length=52, random_seed=1), statistics=["purchase_times"]
    )
    counts = clv.SoftDropout.posterior.counts(rfm)
    priors = clv.SoftDropout().priors.for_data(counts)
    written, looped = (clv.SoftDropout.graph(counts, priors, loops=loops) for loops in (False, True))
    start = written.initial_point()
    at = [graph.compile_dlogp(mode="FAST_COMPILE")(start) for graph in (written, looped)]
    assert at[0] == pytest.approx(at[1], rel=1e-9)
    assert _compiled(written).n_dim == len(written.value_vars)
