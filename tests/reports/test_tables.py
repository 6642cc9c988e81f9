import pytest

from clvmodels.reports.tables import Column, Table, decimals_for, shown_interval, shown_number, supported_decimals

ESTIMATE = (
    Column(title="who", kind="text"),
    Column(title="mean", scale="money"),
    Column(title="interval", kind="interval", scale="money"),
    Column(title="widened", kind="interval", scale="money"),
)


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
        ("interval", [(0.12, 0.31), (1000.0, 3000.0)], ["0.12 to 0.31", "1,000 to 3,000"]),
        ("share", [0.953, 1.0], ["95.3 %", "100.0 %"]),
        ("change", [-0.121, 0.557, 0.0, -0.0004], ["-12.1 %", "+55.7 %", "+0.0 %", "+0.0 %"]),
        ("correlation", [0.626], ["0.626"]),
        ("figure", [0.24259, 15.44, 3650.4, 5], ["0.243", "15.4", "3,650", "5"]),
        ("figure", [1e-9, -0.0002], ["1e-09", "-0.0002"]),
        ("error", [0.70163, 92.944], ["0.7016", "92.94"]),
    ],
)
def test_each_kind_reads_as_it_should(kind, values, texts):
    assert shown(kind, *values) == texts


@pytest.mark.parametrize("kind", ["text", "count", "number", "interval", "share", "change", "correlation", "figure"])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_does_not_apply_is_a_dash(kind, value):
    assert shown(kind, value) == ["-"]


def test_an_interval_with_an_end_that_is_missing_is_a_dash_and_one_without_end_is_infinite():
    assert shown("interval", (1.0, float("nan")), (1.0, float("inf"))) == ["-", "1.00 to infinite"]


def test_columns_of_one_scale_have_the_same_decimals():
    columns = (Column(title="mean", scale="outcome"), Column(title="upper", scale="outcome"), Column(title="other"))
    table = Table(caption="", columns=columns, rows=((1.234, 2345.6, 1.234),))
    assert table.shown() == [["1", "2,346", "1.23"]]


def test_each_row_has_the_digits_of_its_own_narrowest_interval():
    rows = (
        ("all", 21834.2, (19712.1, 24102.9), (15000.0, 31000.0)),
        ("one", 3.14159, (3.0, 3.3), (1.0, 9.0)),
        ("known", 12.345, (12.345, 12.345), None),
    )
    assert Table(caption="", columns=ESTIMATE, rows=rows).shown() == [
        ["all", "21,800", "19,700 to 24,100", "15,000 to 31,000"],
        ["one", "3.14", "3.00 to 3.30", "1.00 to 9.00"],
        ["known", "12.3", "12.3 to 12.3", "-"],
    ]


def test_an_interval_of_another_scale_rounds_nothing():
    columns = (Column(title="mean"), Column(title="interval", kind="interval", scale="other"))
    assert Table(caption="", columns=columns, rows=((1.2345, (1000.0, 9000.0)),)).shown() == [
        ["1.23", "1,000 to 9,000"]
    ]


def test_an_empty_table_shows_no_rows():
    assert Table(caption="", columns=(Column(title="it"),), rows=()).shown() == []


@pytest.mark.parametrize(
    ("largest", "decimals"), [(0.0, 0), (0.001, 3), (0.5, 3), (9.99, 2), (10.0, 1), (1e6, 0), (float("inf"), 0)]
)
def test_decimals_show_three_digits_and_are_at_most_three(largest, decimals):
    assert decimals_for(largest) == decimals


@pytest.mark.parametrize(
    ("ends", "decimals"),
    [((0, 99), 0), ((0, 100), -1), ((0.0, 0.099), 3), ((0, 1e-9), 6), ((1, 1), None), ((0, float("inf")), None)],
)
def test_two_digits_of_the_width_are_supported(ends, decimals):
    assert supported_decimals(*map(float, ends)) == decimals


def test_a_number_that_rounds_to_zero_has_no_sign():
    assert shown_number(-0.0004, decimals=3) == "0.000"
    assert shown_interval(-4.0, 140.0, decimals=-1) == "0 to 140"
