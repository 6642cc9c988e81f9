import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import LinearSegmentedColormap
from numpy.testing import assert_allclose

from clvmodels.plots import frequency_recency_matrix, probability_alive_matrix


@pytest.fixture
def table():
    cells = [(0, 0), *((x, week) for x in (1, 2, 3) for week in range(1, 5))]
    index = pd.MultiIndex.from_tuples(cells, names=["frequency", "recency"])
    mean = pd.Series([0.5, *((x * week) / 12 for x, week in cells[1:])], index=index)
    return pd.DataFrame({"mean": mean, "lower": mean * 0.8, "upper": mean * 1.2})


def image(ax):
    return ax.collections[0]


def contours(ax):
    return [drawn for drawn in ax.collections if isinstance(drawn, mpl.contour.ContourSet)]


def bar(ax):
    return image(ax).colorbar


def test_each_cell_stands_at_its_frequency_and_recency(ax, table):
    drawn = frequency_recency_matrix(table, ax=ax)
    cells = image(drawn).get_array()
    assert cells.shape == (5, 4)
    assert all(cells[recency, frequency] == mean for (frequency, recency), mean in table["mean"].items())
    corners = image(drawn).get_coordinates()
    assert_allclose(corners[0, :, 0], [-0.5, 0.5, 1.5, 2.5, 3.5])
    assert_allclose(corners[:, 0, 1], [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5])


def test_cells_that_cannot_be_are_blank(ax, table):
    cells = image(frequency_recency_matrix(table, ax=ax)).get_array()
    assert cells.mask.sum() == 20 - len(table)
    assert cells.mask[0, 1:].all()
    assert cells.mask[1:, 0].all()


def test_rows_out_of_order_make_the_same_image(ax, table):
    cells = [
        image(frequency_recency_matrix(rows, ax=ax.figure.add_subplot())).get_array() for rows in (table, table[::-1])
    ]
    assert (cells[0] == cells[1]).all()


def test_a_line_joins_intervals_of_equal_width_and_says_how_wide(ax, table):
    drawn = frequency_recency_matrix(table, ax=ax)
    (lines,) = contours(drawn)
    # The widths are 0.4 x frequency x recency / 12, which is even along the lines between the middles of cells.
    found = [
        (x * y / 30, level)
        for level, path in zip(lines.levels, lines.get_paths(), strict=True)
        for x, y in path.vertices
        if np.isclose([x % 1, y % 1], 0).any()
    ]
    assert len(found) > 10
    assert_allclose(*zip(*found, strict=True), rtol=1e-9)
    assert {text.get_text() for text in lines.labelTexts} <= {f"{level:.10g}" for level in lines.levels}
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["width of the interval"]


@pytest.mark.parametrize("upper", [np.nan, np.inf])
def test_without_intervals_there_are_no_lines_and_no_legend(ax, table, upper):
    drawn = frequency_recency_matrix(table.assign(upper=upper), ax=ax)
    assert contours(drawn) == []
    assert drawn.get_legend() is None


def test_colours_are_even_to_the_eye_and_pixels_stay_pixels(ax, table):
    drawn = image(frequency_recency_matrix(table, ax=ax))
    assert drawn.get_rasterized()
    shades = drawn.cmap(np.linspace(0, 1, 64))
    grey = shades[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) > 0).all()
    assert not isinstance(drawn.cmap, LinearSegmentedColormap)


def test_a_probability_has_all_colours_from_0_to_100_percent(ax, table):
    drawn = probability_alive_matrix(table, ax=ax)
    assert image(drawn).get_clim() == (0, 1)
    assert bar(drawn).ax.yaxis.get_major_formatter()(0.5) == "50%"
    assert all(text.get_text().endswith("%") for text in contours(drawn)[0].labelTexts)


@pytest.mark.parametrize("plot", [frequency_recency_matrix, probability_alive_matrix])
def test_axes_and_colours_are_named_as_asked(ax, table, plot):
    drawn = plot(table, ax=ax, label="purchases in a year", xlabel="purchase days", ylabel="weeks")
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("purchase days", "weeks")
    assert bar(drawn).ax.get_ylabel() == "purchases in a year"


def test_frequencies_on_the_axis_are_whole(ax, table):
    ticks = frequency_recency_matrix(table, ax=ax).get_xticks()
    assert_allclose(ticks, np.round(ticks))
