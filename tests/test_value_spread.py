"""How value is spread: against hand calculations, all draws in memory, and limits."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.intervals import DrawBlocks
from clvmodels.lifetime_value.spread import distribution

FIT = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
BAD_CLASSES = [0, -3, 2.5, True, [1.0], [2, 1], [0, 0, 1], [0, np.inf], ["a", "b"], [[0, 1], [2, 3]]]


@pytest.fixture(scope="module")
def cdnow():
    whole = clv.datasets.load_cdnow_summary()
    return whole.select(whole.frame.index[:400])


@pytest.fixture(scope="module")
def fitted(cdnow):
    """Posteriors with a hundred draws."""
    return tuple(model.fit(cdnow, draws=100, random_seed=1) for model in (clv.BetaGeo(), clv.GammaGamma()))


@pytest.fixture(scope="module")
def value(fitted):
    return clv.LifetimeValue(*fitted, margin=0.3)


def at_a_point(**choices):
    parts = clv.BetaGeo.at(**FIT, time_unit="week", random_seed=1), clv.GammaGamma.at(**SPEND, time_unit="week")
    return clv.LifetimeValue(*parts, **choices)


def same(number):
    """Customers who have all done the same."""
    columns = {"frequency": 2, "recency": 30.43, "T": 38.86, "monetary_value": 20.0}
    return clv.RFM.from_frame(pd.DataFrame(columns, index=pd.RangeIndex(number, name="customer_id")), time_unit="week")


@pytest.mark.parametrize("kind", ["expected", "predictive"])
def test_the_best_tenth_holds_what_its_draws_add_up_to(value, cdnow, kind):
    ranked = value.expected(cdnow, horizon=52)["mean"].argsort(kind="stable")[::-1]
    values = value.draws(cdnow, horizon=52, kind=kind).to_numpy().reshape(-1, len(cdnow))
    share = values[:, ranked[:40]].sum(axis=1) / values.sum(axis=1)
    row = value.concentration(cdnow, horizon=52, kind=kind).loc[0.1]
    method = "linear" if kind == "expected" else "inverted_cdf"
    expected = [share.mean(), *np.quantile(share, [0.05, 0.95], method=method)]
    assert row.to_numpy() == pytest.approx(expected, rel=1e-9)


def test_what_comes_true_is_less_sure_than_what_is_expected(value, cdnow):
    expected, predicted = (value.concentration(cdnow, horizon=52, kind=kind) for kind in ("expected", "predictive"))
    width = [(table["upper"] - table["lower"]).loc[0.1] for table in (expected, predicted)]
    assert width[1] > 1.5 * width[0]


def test_the_curve_rises_from_nobody_to_all(value, cdnow):
    table = value.concentration(cdnow, horizon=52)
    assert table.index.to_numpy() == pytest.approx(np.arange(101) / 100)
    assert table.iloc[[0, -1]].to_numpy().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert (np.diff(table["mean"]) > 0).all()
    assert ((table["lower"] <= table["mean"]) & (table["mean"] <= table["upper"])).all()


def test_at_a_point_the_curve_is_that_of_the_sorted_values(cdnow):
    point = at_a_point()
    best_first = np.sort(point.expected(cdnow, horizon=52)["mean"])[::-1]
    curve = np.cumsum(best_first)[3::4] / best_first.sum()
    assert point.concentration(cdnow, horizon=52)["mean"].to_numpy()[1:] == pytest.approx(curve)


@pytest.mark.parametrize("customers", [1, 7, 100, 250])
def test_customers_who_are_worth_the_same_lie_on_the_diagonal(fitted, customers):
    table = clv.LifetimeValue(*fitted).concentration(same(customers), horizon=52)
    assert len(table) == min(customers, 100) + 1
    for column in ("mean", "lower", "upper"):
        assert table[column].to_numpy() == pytest.approx(table.index.to_numpy())


def test_a_point_has_shares_but_no_credible_interval(cdnow):
    table = at_a_point().concentration(cdnow, horizon=52)
    assert table["mean"].notna().all()
    assert table[["lower", "upper"]].isna().all(axis=None)


def test_the_order_of_the_customers_does_not_move_the_curve(value, cdnow):
    turned = cdnow.select(cdnow.frame.index[::-1])
    tables = [value.concentration(each, horizon=52) for each in (cdnow, turned)]
    pd.testing.assert_frame_equal(*tables)


def test_customers_who_cost_more_than_they_bring_take_the_curve_above_one(fitted, cdnow):
    dear = clv.LifetimeValue(*fitted, margin=0.3, cost_per_purchase=8)
    table = dear.concentration(cdnow, horizon=52)
    assert table["mean"].max() > 1
    assert table["mean"].iloc[-1] == 1


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"horizon": 0}, "100% of the draws have a total value of zero or less"),
        ({"horizon": 52, "points": 0}, "points is 0; give a whole number"),
        ({"horizon": 52, "points": 2.5}, "points is 2.5"),
        ({"horizon": 52, "interval": 90}, "interval is 90"),
        ({"horizon": 52, "kind": "both"}, "kind is 'both'"),
    ],
)
def test_what_has_no_concentration_is_refused(value, cdnow, choices, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        value.concentration(cdnow, **choices)


def test_every_class_counts_the_customers_whose_expected_value_lies_in_it(value, cdnow):
    table = value.distribution(cdnow, horizon=52)
    drawn = value.draws(cdnow, horizon=52).to_numpy().reshape(-1, len(cdnow))
    for (lower, upper), row in table.iloc[1:-1].iterrows():
        counts = ((drawn >= lower) & (drawn < upper)).sum(axis=1)
        assert row.to_numpy() == pytest.approx([counts.mean(), *np.quantile(counts, [0.05, 0.95])])
    assert table["mean"].sum() == pytest.approx(len(cdnow))


def test_classes_have_round_edges_that_meet(value, cdnow):
    edges = value.distribution(cdnow, horizon=52, classes=6).index
    assert len(edges) <= 6
    assert edges[0][0] == 0
    assert [upper for _, upper in edges[:-1]] == [lower for lower, _ in edges[1:]]
    digits = {f"{edge:e}"[:8] for pair in edges for edge in pair}
    assert digits <= {"0.000000", "1.000000", "2.000000", "5.000000"}


def test_at_a_point_the_classes_are_counts_of_customers(cdnow):
    point = at_a_point()
    table = point.distribution(cdnow, horizon=52, classes=[10, 20, 100])
    means = point.expected(cdnow, horizon=52)["mean"]
    counts = np.histogram(means, [-np.inf, 10, 20, 100, np.inf])[0]
    assert table["mean"].tolist() == counts.tolist()
    assert table.index[0] == (-np.inf, 10)
    assert table.index[-1] == (100, np.inf)


def test_a_value_on_an_edge_is_in_the_class_above_it():
    draws = DrawBlocks.of(np.array([[0.0, 1.0, 2.0, 4.999]]))
    table = distribution(draws, np.array([1, 10, 100, 1000]), 3, interval=0.9)
    assert dict(table["mean"]) == {(0, 1): 1, (1, 2): 10, (2, 5): 1100}


def test_a_few_very_large_values_share_the_last_class():
    draws = np.full((100, 3), 30.0)
    draws[:3, 2] = [70, 300, 4000]
    table = distribution(DrawBlocks.of(draws), np.array([5, 5, 1]), 12, interval=0.9)
    assert dict(table["mean"]) == {(20, 5000): 11}


def test_customers_worth_less_than_nothing_are_below_zero(fitted, cdnow):
    dear = clv.LifetimeValue(*fitted, margin=0.3, cost_per_purchase=8)
    below = dear.distribution(cdnow, horizon=52).loc[(-np.inf, 0.0)]
    losses = (dear.draws(cdnow, horizon=52).to_numpy().reshape(-1, len(cdnow)) < 0).sum(axis=1)
    assert below["mean"] == pytest.approx(losses.mean())


def test_within_no_time_everybody_is_in_the_class_of_nothing(value, cdnow):
    table = value.distribution(cdnow, horizon=0)
    assert table["mean"].tolist() == [len(cdnow)]
    assert table.index[0][0] == 0


@pytest.mark.parametrize("classes", BAD_CLASSES, ids=str)
def test_classes_that_are_none_are_refused(value, cdnow, classes):
    with pytest.raises(clv.InvalidArgument, match="classes is"):
        value.distribution(cdnow, horizon=52, classes=classes)
