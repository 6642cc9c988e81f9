import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from clvmodels.plots import net_gain


@pytest.fixture
def table():
    columns = {"mean": [0.0, 9.0, 4000.0, -5.0], "lower": [0.0, 4.0, 3000.0, -9.0], "upper": [0.0, 14.0, 5000.0, 1.0]}
    return pd.DataFrame(columns, index=pd.Index([0.0, 0.2, 0.3125, 1.0], name="share"))


def best(ax):
    """Name and place of the mark at the best share."""
    (mark,) = [line for line in ax.lines if line.get_label().startswith("best")]
    return mark.get_label(), mark.get_xydata().tolist()


def test_the_curve_and_its_zero_line(ax, table):
    zero, curve, _ = net_gain(table, ax=ax).lines
    assert_allclose(zero.get_ydata(), [0, 0])
    assert_allclose(curve.get_xydata(), [[0, 0], [0.2, 9], [0.3125, 4000], [1, -5]])


def test_the_best_share_is_marked_with_its_gain(ax, table):
    assert best(net_gain(table, ax=ax)) == ("best: target 31.2%, gain 4,000", [[0.3125, 4000]])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"customers": [0, 200, 1312, 5000]}, "(1,312 customers)"),
        ({"cost": [0, 20.0, 131.25, 500]}, "(cost 131)"),
        ({"cost": [0, 20.0, 131.25, 500], "customers": [0, 200, 1312, 5000]}, "(1,312 customers, cost 131)"),
    ],
)
def test_the_legend_tells_customers_and_cost_where_they_are_known(ax, table, columns, words):
    assert words in best(net_gain(table.assign(**columns), ax=ax))[0]


def test_where_every_offer_loses_nobody_is_targeted(ax, table):
    drawn = net_gain(table.assign(mean=[0.0, -1, -2, -3], customers=1, cost=1.0), ax=ax)
    assert best(drawn) == ("best: target nobody", [[0, 0]])
    assert drawn.get_ylim()[1] > 0


def test_of_equal_gains_the_smallest_share_is_best(ax, table):
    assert best(net_gain(table * 0, ax=ax)) == ("best: target nobody", [[0, 0]])


def test_shares_are_shown_from_0_to_100_percent(ax, table):
    drawn = net_gain(table[1:], ax=ax)
    assert drawn.get_xlim() == (0, 1)
    assert drawn.xaxis.get_major_formatter()(0.25) == "25%"


def test_those_chosen_within_a_budget_are_marked_and_not_the_best():
    table = pd.DataFrame(
        {"mean": [0.0, 5.0, 9.0], "lower": [0.0, 1.0, 4.0], "upper": [0.0, 8.0, 14.0], "chosen": [False, True, False]},
        index=[0.0, 0.1, 1.0],
    )
    ax = net_gain(table, ax=Figure().add_subplot())
    assert "chosen: target 10%, gain 5" in [text.get_text() for text in ax.get_legend().get_texts()]
