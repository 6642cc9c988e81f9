"""What customers buy as they are and if kept: against integrals over (lambda, p), and against lives lived purchase by
purchase."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions.prospects import Prospects

CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
FEW = {"r": 0.9, "alpha": 7.0, "a": 0.6, "b": 0.8}
WEEKS_PER_YEAR = 365.25 / 7
HISTORIES = {
    "new": (0, 0, 0),
    "once": (0, 0, 26),
    "lapsed": (3, 10, 39),
    "lately": (2, 30.43, 38.86),
    "often": (8, 9, 9),
}
# stays, horizon
LENGTHS = {"nothing": (0, 52), "a while": (13, 52), "all of it": (52, 52), "beyond it": (80, 52), "no horizon": (8, 0)}


def valued(rate=0.0, **params):
    params = params or CDNOW
    purchases = clv.BetaGeo.at(**params, time_unit="week", random_seed=1)
    size = np.ones_like(np.atleast_1d(params["r"]))
    spend = clv.GammaGamma.at(p=6 * size, q=4 * size, v=15 * size, time_unit="week")
    return clv.LifetimeValue(purchases, spend, annual_discount_rate=rate)


def seen(*histories, index=None):
    table = pd.DataFrame(histories, columns=["frequency", "recency", "T"], index=index)
    return clv.RFM.from_frame(table.assign(monetary_value=20.0), time_unit="week")


def found(value, rfm, **choices):
    """As is, and if kept: two arrays (customers, draws)."""
    return Prospects.of(value, rfm, **choices).of_rows(slice(0, len(rfm)))


def integrated(params, history, *, stays, horizon, force=0.0, reach=np.inf):
    """As is, and if kept, by the trapezoidal rule over log lambda and the log odds of p."""
    x, t_x, T = history
    step = 0.12
    z = np.arange(-34 / params["r"], 7, step)[:, None]
    y = np.arange(-36 / params["a"], 36 / min(params["b"], 1.0), step)[None, :]
    rate, p, stay = np.exp(z), np.exp(-np.logaddexp(0, -y)), np.exp(-np.logaddexp(0, y))
    prior = rate ** params["r"] * np.exp(-params["alpha"] * rate) * p ** params["a"] * stay ** params["b"]
    alive = prior * rate**x * stay**x * np.exp(-rate * T)
    gone = prior * rate**x * p * stay ** (x - 1) * np.exp(-rate * t_x) if x else np.zeros_like(prior)

    def bought(length):
        """Of one who buys at that rate and leaves with that probability after each purchase."""
        fall = rate * p + force
        return -rate * np.expm1(-fall * length) / fall

    kept = min(stays, horizon)
    sure = rate * (-np.expm1(-force * kept) / force if force else kept)
    if_kept = sure + np.exp(-force * kept) * bought(horizon - kept)
    back = gone if T - t_x <= reach else 0 * gone
    both = alive.sum() + gone.sum()
    return (alive * bought(horizon)).sum() / both, ((alive + back) * if_kept).sum() / both


@pytest.mark.parametrize("rate", [0.0, 0.3], ids=["undiscounted", "discounted"])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_both_expectations_are_the_integrals_over_rate_and_dropout_probability(history, lengths, rate):
    stays, horizon = lengths
    ours = found(valued(rate), seen(history), horizon=horizon, stays=stays)
    force = np.log1p(rate) / WEEKS_PER_YEAR
    expected = integrated(CDNOW, history, stays=stays, horizon=horizon, force=force)
    assert np.ravel(ours) == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("history", [(1, 4, 30), (5, 20, 30)])
def test_they_are_as_well_where_most_leave_early_and_b_is_below_one(history):
    ours = found(valued(**FEW), seen(history), horizon=40, stays=10)
    assert np.ravel(ours) == pytest.approx(integrated(FEW, history, stays=10, horizon=40), rel=1e-8)


@pytest.mark.parametrize(("reach", "recalled"), [(28.9, False), (29, True), (60, True), (0, False)])
def test_only_those_within_reach_are_brought_back(reach, recalled):
    history = HISTORIES["lapsed"]
    ours = found(valued(), seen(history), horizon=52, stays=4, reach=reach)
    assert np.ravel(ours) == pytest.approx(integrated(CDNOW, history, stays=4, horizon=52, reach=reach), rel=1e-8)
    anybody = found(valued(), seen(history), horizon=52, stays=4)
    assert (ours[1] == anybody[1]).all() == recalled


def test_beyond_reach_a_moments_keeping_changes_nothing():
    now, kept = found(valued(), seen(*HISTORIES.values()), horizon=52, stays=0, reach=0)
    beyond = np.array([T - t_x > 0 for _, t_x, T in HISTORIES.values()])
    assert kept[beyond] == pytest.approx(now[beyond], rel=1e-12)


def test_one_who_has_never_come_back_cannot_have_left():
    now, kept = found(valued(0.1), seen((0, 0, 0), (0, 0, 39)), horizon=52, stays=0)
    assert kept == pytest.approx(now, rel=1e-12)


@pytest.mark.parametrize("stays", [0, 13, 52])
def test_keeping_never_loses_a_purchase(stays):
    now, kept = found(valued(0.1), seen(*HISTORIES.values()), horizon=52, stays=stays)
    assert (kept >= now * (1 - 1e-12)).all()


def test_longer_keeping_is_worth_more_and_beyond_the_horizon_nothing_more():
    kept = [found(valued(0.1), seen(*HISTORIES.values()), horizon=52, stays=w)[1] for w in (0, 5, 20, 52, 90)]
    assert all((later > earlier).all() for earlier, later in zip(kept[:3], kept[1:4], strict=True))
    assert kept[4].tolist() == kept[3].tolist()


def test_every_draw_has_its_own_parameters():
    both = {name: np.array([CDNOW[name], FEW[name]]) for name in CDNOW}
    history = HISTORIES["lapsed"]
    joint = np.stack(found(valued(**both), seen(history), horizon=52, stays=9))[:, 0]
    alone = [np.ravel(found(valued(**each), seen(history), horizon=52, stays=9)) for each in (CDNOW, FEW)]
    assert joint == pytest.approx(np.stack(alone, axis=1), rel=1e-10)


def test_many_customers_get_what_each_gets_alone():
    rng = np.random.default_rng(1)
    T = rng.uniform(5, 40, 300)
    rows = list(zip(rng.integers(1, 4, 300), T * rng.uniform(0.1, 1, 300), T, strict=True))
    joint = np.stack(found(valued(0.1), seen(*rows), horizon=52, stays=9))[..., 0]
    for i in (0, 150, 299):
        alone = np.ravel(found(valued(0.1), seen(rows[i]), horizon=52, stays=9))
        assert joint[:, i] == pytest.approx(alone, rel=1e-9)


def lived(rng, rate, dropout, active, length, *, stays=0.0, force=0.0):
    """Purchases (discounted), the last one's time, and who is still there: life after life, purchase by purchase."""
    time, last, bought = np.zeros(len(rate)), np.zeros(len(rate)), np.zeros(len(rate))
    count, here = np.zeros(len(rate), int), np.array(active)
    while True:
        with np.errstate(divide="ignore", over="ignore"):
            time = time + rng.standard_exponential(len(rate)) / rate
        buys = here & (time < length)
        if not buys.any():
            return bought, count, last, here
        # Those whose next purchase is after the end are still there.
        bought[buys] += np.exp(-force * time[buys])
        count[buys] += 1
        last[buys] = time[buys]
        leaves = buys & (time > stays) & (rng.random(len(rate)) < dropout)
        here = here & ~leaves
        time = np.where(buys, time, np.inf)


@pytest.fixture(scope="module")
def population():
    """40,000 customers with known rate, dropout probability and whether they left, and what was seen of them."""
    rng, size = np.random.default_rng(11), 40_000
    rate, dropout = rng.gamma(0.8, 1 / 6.0, size), rng.beta(0.9, 2.5, size)
    T = rng.integers(10, 40, size).astype(float)
    _, x, t_x, here = lived(rng, rate, dropout, np.ones(size, bool), T)
    return rate, dropout, here, seen(*zip(x, t_x, T, strict=True))


@pytest.mark.parametrize(
    ("stays", "rate", "reach"), [(0, 0, None), (0, 0, 15), (12, 0, None), (12, 0.4, 15), (70, 0, None)]
)
def test_both_expectations_are_what_customers_with_that_history_do_and_would_do(population, stays, rate, reach):
    own_rate, dropout, here, rfm = population
    horizon, force = 40.0, np.log1p(rate) / WEEKS_PER_YEAR
    value = valued(rate, r=0.8, alpha=6.0, a=0.9, b=2.5)
    expected = found(value, rfm, horizon=horizon, stays=stays, reach=reach)
    rng, silent = np.random.default_rng(12), (rfm.frame["T"] - rfm.frame["recency"]).to_numpy()
    back = here | (silent <= (np.inf if reach is None else reach))
    as_is = lived(rng, own_rate, dropout, here, horizon, force=force)[0]
    kept = lived(rng, own_rate, dropout, back, horizon, stays=stays, force=force)[0]
    group = np.minimum(rfm.frame["frequency"], 4).to_numpy() * 2 + (silent > 15)
    for mine, theirs in zip(expected, (as_is, kept), strict=True):
        for each in np.unique(group):
            off = (theirs - mine[:, 0])[group == each]
            assert abs(off.mean()) <= 4 * off.std() / np.sqrt(len(off))
