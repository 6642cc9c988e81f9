import pytest
from matplotlib.figure import Figure

from clvmodels.names import LABELS
from clvmodels.plots.marks import legend_above


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


def test_short_names_stand_side_by_side():
    (row, _, _), (rows, _, _) = legend_box("abcd", width=7.5), legend_box(LABELS.values(), width=7.5)
    assert row.height < rows.height / 4
