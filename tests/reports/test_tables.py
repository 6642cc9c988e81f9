import pytest

from clvmodels.reports.tables import Column, Table, decimals_for, shown_number


def shown(kind, *values):
    table = Table(caption="", columns=(Column(title="it", kind=kind),), rows=tuple((value,) for value in values))
    return [row[0] for row in table.shown()]


@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        ("text", ["<b>", 42], ["<b>", "42"]),
        ("text", ["two\nlines \x1b[31m"], ["two\N{REPLACEMENT CHARACTER}lines \N{REPLACEMENT CHARACTER}[31m"]),
        ("count", [2357, 0], ["2,357", "0"]),
        ("number", [1234.6, 0.4], ["1,235", "0"]),
        ("number", [36.787, 4.7], ["36.8", "4.7"]),
        ("number", [0.786, 1.024], ["0.79", "1.02"]),
        ("share", [0.953, 1.0], ["95.3 %", "100.0 %"]),
        ("change", [-0.121, 0.557, 0.0], ["-12.1 %", "+55.7 %", "+0.0 %"]),
        ("correlation", [0.626], ["0.626"]),
        ("figure", [0.24259, 15.44, 3650.4], ["0.243", "15.4", "3,650"]),
    ],
)
def test_each_kind_reads_as_it_should(kind, values, texts):
    assert shown(kind, *values) == texts


@pytest.mark.parametrize("kind", ["text", "count", "number", "share", "change", "correlation", "figure"])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_does_not_apply_is_a_dash(kind, value):
    assert shown(kind, value) == ["-"]


def test_columns_of_one_scale_have_the_same_decimals():
    columns = (Column(title="mean", scale="outcome"), Column(title="upper", scale="outcome"), Column(title="other"))
    table = Table(caption="", columns=columns, rows=((1.234, 2345.6, 1.234),))
    assert table.shown() == [["1", "2,346", "1.23"]]


def test_an_empty_table_shows_no_rows():
    assert Table(caption="", columns=(Column(title="it"),), rows=()).shown() == []


@pytest.mark.parametrize(
    ("largest", "decimals"), [(0.0, 0), (0.001, 3), (0.5, 3), (9.99, 2), (10.0, 1), (1e6, 0), (float("inf"), 0)]
)
def test_decimals_show_three_digits_and_are_at_most_three(largest, decimals):
    assert decimals_for(largest) == decimals


def test_a_number_that_rounds_to_zero_has_no_sign():
    assert shown_number(-0.0004, decimals=3) == "0.000"
