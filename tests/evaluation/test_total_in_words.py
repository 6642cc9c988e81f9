"""What is said of a total and its two intervals is true of its figures."""

import numpy as np
import pytest

from clvmodels.evaluation.verdict import total_in_words


@pytest.mark.parametrize(
    ("actual", "said"),
    [
        (1882.0, "1,882 seen, above"),
        (1749.6, "1,750 seen, inside"),
        (1700.0, "1,700 seen, inside"),
        (1560.0, "1,560 seen, inside"),
        (1500.0, "1,500 seen, below"),
    ],
)
def test_the_total_is_placed_against_its_interval(actual, said):
    text = total_in_words({"predicted": 1657.2, "lower": 1560.0, "upper": 1749.6, "actual": actual}, 0.9)
    assert text == f"1,660 expected and {said} the 90 % interval, 1,560 to 1,750."


@pytest.mark.parametrize(
    ("actual", "place"),
    [(2300.0, "above"), (2000.0, "inside"), (1700.0, "inside"), (1350.0, "inside"), (10.0, "below")],
)
def test_the_widened_interval_is_told_where_it_is_known(actual, place):
    ends = {"lower": 1560.0, "upper": 1750.0, "wide_lower": 1300.0, "wide_upper": 2100.0}
    text = total_in_words({"predicted": 1657.2, "actual": actual, **ends}, 0.8)
    assert text.endswith(f"{place} the 80 % interval with past errors, 1,300 to 2,100.")
    assert "1,560" not in text


def test_a_total_without_interval_is_given_without_one():
    total = {"predicted": 12.34, "lower": np.nan, "upper": np.nan, "actual": 1_234_567.0}
    assert total_in_words(total, 0.9) == "12.3 expected and 1,234,567 seen."


def test_nothing_is_said_of_a_total_that_was_not_forecast():
    assert total_in_words({"predicted": np.nan, "lower": np.nan, "upper": np.nan, "actual": 7.0}, 0.9) == ""


def test_a_total_of_money_is_in_its_currency():
    total = {"predicted": 64123.0, "lower": 60123.0, "upper": 67456.0, "actual": 70976.0}
    assert total_in_words(total, 0.9, currency="EUR") == (
        "64,100 EUR expected and 70,976 EUR seen, above the 90 % interval, 60,100 EUR to 67,500 EUR."
    )
