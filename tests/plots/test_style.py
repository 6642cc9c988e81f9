import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from clvmodels.names import LABELS, label
from clvmodels.plots.style import (
    ON_DARK,
    ON_LIGHT,
    bar_colour,
    colour,
    customer_label,
    forecasters,
    line_style,
    marker,
    percent,
    recolouring,
    series_label,
    short_number,
    theme,
)


def luminance(name):
    """Relative luminance of WCAG 2."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in mpl.colors.to_rgb(name)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("dark", "page"), [(False, "#ffffff"), (True, "#15181c")])
def test_ink_stands_out_from_the_page(dark, page):
    assert contrast(theme(dark=dark)["text.color"], page) > 7


@pytest.mark.parametrize(("dark", "page"), [(False, "#ffffff"), (True, "#15181c")])
def test_the_first_series_stands_out_from_the_page(dark, page):
    with mpl.rc_context(theme(dark=dark)):
        assert contrast(colour(0), page) > 3


@pytest.mark.parametrize("dark", [False, True])
def test_eight_series_differ_in_colour_and_in_dashes_and_in_marker(dark):
    with mpl.rc_context(theme(dark=dark)):
        assert len({colour(order) for order in range(8)}) == 8
    assert len({line_style(order)["linestyle"] for order in range(8)}) == 8
    assert len({marker(order) for order in range(8)}) == 8


def test_where_colours_start_again_dashes_and_markers_do_not():
    looks = {(*line_style(order).values(), marker(order)) for order in range(len(LABELS))}
    assert colour(8) == colour(0)
    assert len(looks) == len(LABELS)


@pytest.mark.parametrize(("share", "shown"), [(0.5, "50%"), (0.975, "97.5%"), (-0.1, "\N{MINUS SIGN}10%"), (0, "0%")])
def test_a_share_is_shown_in_percent(share, shown):
    assert percent()(share) == shown


@pytest.mark.parametrize(
    ("customer_id", "shown"),
    [
        (42, "42"),
        ("short", "short"),
        ("x" * 300, "x" * 9 + "…" + "x" * 8),
        ("two\nlines\x00", "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_an_id_becomes_one_short_printable_line(customer_id, shown):
    assert customer_label(customer_id) == shown


@pytest.mark.parametrize(("name", "shown"), [("tv", "tv"), (7, "7"), ("_other", " _other"), ("", " ")])
def test_a_series_name_is_one_that_no_legend_leaves_out(name, shown):
    assert series_label(name) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.1, "0.1"),
        (-2.3456, "\N{MINUS SIGN}2.35"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1234567.8, "1,234,568"),
        (-1e6, "\N{MINUS SIGN}1,000,000"),
    ],
)
def test_a_short_number_has_three_digits_or_all_before_the_point(value, shown):
    assert short_number(value) == shown


@pytest.mark.parametrize("order", [0, 2])
def test_marks_in_ink_stand_out_from_the_bars_they_lie_on(order):
    for dark in (False, True):
        with mpl.rc_context(theme(dark=dark)):
            assert contrast(bar_colour(order), theme(dark=dark)["text.color"]) > 2.7


def test_on_a_dark_page_every_line_and_ink_has_another_colour_and_bars_keep_theirs():
    changed = recolouring()
    assert [changed[shade.lower()] for shade in ON_LIGHT] == [shade.lower() for shade in ON_DARK]
    assert {theme()[key].lower() for key in ("text.color", "grid.color")} <= changed.keys()
    assert {bar_colour(order).lower() for order in range(8)}.isdisjoint({*changed, *changed.values()})


def test_a_bar_looks_like_the_line_of_its_series():
    for order in range(8):
        bar, line = (mpl.colors.to_rgb(name) for name in (bar_colour(order), ON_LIGHT[order]))
        assert bar == pytest.approx(line, abs=1.5 / 255)


def test_an_unknown_forecaster_is_named_by_its_own_name():
    assert label("pareto_nbd") == "pareto nbd"


def test_the_edges_of_a_band_are_no_forecasters():
    assert forecasters(["end", "actual", "model", "model_lower", "model_upper"], besides={"end", "actual"}) == ["model"]


def test_making_a_figure_with_the_theme_leaves_the_settings_as_they_were():
    before = dict(mpl.rcParams)
    with mpl.rc_context(theme(dark=True)):
        Figure().add_subplot()
    assert dict(mpl.rcParams) == before
