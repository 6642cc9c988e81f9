import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from clvmodels.names import LABELS
from clvmodels.plots.marks import intervals, legend_above, name_places


def legend_box(names, *, width, side="left"):
    """Return the boxes of legend and axes, in pixels, after the layout."""
    figure = Figure(figsize=(width, 4.2), layout="constrained")
    ax = figure.add_subplot()
    for name in names:
        ax.plot([0, 1], [0, 1], label=name)
    legend_above(ax, side=side)
    figure.draw_without_rendering()
    return ax.get_legend().get_window_extent(), ax.get_window_extent(), figure.bbox


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("width", [4.5, 7.5, 12])
@pytest.mark.parametrize("names", [["a", "b"], list(LABELS.values())[:8], list(LABELS.values())])
def test_the_legend_lies_above_the_axes_and_inside_the_figure(names, width, side):
    legend, axes, figure = legend_box(names, width=width, side=side)
    assert legend.y0 >= axes.y1
    assert 0 <= legend.x0 < legend.x1 <= figure.width
    assert legend.y1 <= figure.height


LONG = [f"a name of many words, number {number}" for number in range(12)]


def test_short_names_stand_side_by_side():
    (row, _, _), (rows, _, _) = (
        legend_box("abcd", width=7.5),
        legend_box(LONG, width=7.5),
    )
    assert row.height < rows.height / 4


def test_an_interval_without_end_is_not_drawn_and_the_others_are(ax):
    table = pd.DataFrame({"lower": [1.0, -np.inf, 3.0], "upper": [2.0, 4.0, np.nan]})
    assert intervals(ax, range(3), table)
    assert_allclose(ax.collections[0].get_segments(), [[[0, 1], [0, 2]]])
    assert not intervals(ax, range(2), table[1:])


@pytest.mark.parametrize("length", [4, 10, 18])
@pytest.mark.parametrize("count", [1, 5, 8, 12, 24])
def test_the_names_of_places_do_not_run_into_each_other(count, length):
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    ax = figure.add_subplot()
    name_places(ax, ["1" * length] * count)
    figure.draw_without_rendering()
    labels = ax.get_xticklabels()
    if labels[0].get_rotation() == 0:
        boxes = [label.get_window_extent() for label in labels]
        assert all(left.x1 < right.x0 for left, right in zip(boxes, boxes[1:], strict=False))
    else:
        # Turned ones are apart where a line is lower than what two of them lie apart, seen across their direction.
        apart = np.diff(ax.transData.transform([[0, 0], [1, 0]])[:, 0])[0] * np.sin(
            np.radians(labels[0].get_rotation())
        )
        assert apart > labels[0].get_fontsize() * figure.dpi / 72
