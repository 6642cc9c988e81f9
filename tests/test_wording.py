"""Numbers and lists in sentences."""

import math

import pytest

from clvmodels.wording import amount, between, chance, listed, plural, share


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1234567.8, "1,234,568"),
        (1234.5, "1,234"),
        (123.45, "123"),
        (12.345, "12.3"),
        (1.2345, "1.23"),
        (0.12345, "0.123"),
        (0.00012345, "0.000123"),
        (-12.345, "-12.3"),
        (100, "100"),
        (99.94, "99.9"),
    ],
)
def test_an_amount_has_three_digits_or_all_before_the_point(value, said):
    assert amount(value) == said


@pytest.mark.parametrize(("value", "said"), [(math.inf, "infinite"), (-math.inf, "-infinite"), (math.nan, "unknown")])
def test_an_amount_that_is_no_number_is_said_in_words(value, said):
    assert amount(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.01, "1 %"),
        (0.99, "99 %"),
        (0.0099, "under 1 %"),
        (1e-12, "under 1 %"),
        (0.9901, "over 99 %"),
        (1 - 1e-12, "over 99 %"),
        (1.2, "120 %"),
        (-0.05, "-5 %"),
    ],
)
def test_a_share_is_none_or_all_only_if_it_is_exactly(value, said):
    assert share(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "under 1 %"), (1.0, "over 99 %"), (0.5, "50 %"), (0.994, "over 99 %")]
)
def test_a_probability_from_draws_is_never_none_or_all(value, said):
    assert chance(value) == said


def test_an_interval_is_said_in_brackets():
    assert between({"lower": 1234.5, "upper": 98765.4}, 0.9, "credible") == " (90 % credible interval 1,234 to 98,765)"


@pytest.mark.parametrize("interval", [0.995, 0.999])
def test_an_interval_of_almost_everything_is_said_as_such(interval):
    assert between({"lower": 1.0, "upper": 2.0}, interval, "credible") == " (over 99 % credible interval 1.00 to 2.00)"


def test_an_interval_may_have_no_end():
    assert (
        between({"lower": 3.0, "upper": math.inf}, 0.5, "predictive") == " (50 % predictive interval 3.00 to infinite)"
    )


@pytest.mark.parametrize("ends", [(math.nan, math.nan), (math.nan, 1.0), (1.0, math.nan)])
def test_an_interval_that_is_missing_is_not_said(ends):
    assert between(dict(zip(("lower", "upper"), ends, strict=True)), 0.9, "credible") == ""


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 weeks"),
        (1, "1 week"),
        (1.0, "1 week"),
        (2, "2 weeks"),
        (0.5, "0.5 weeks"),
        (38.9, "38.9 weeks"),
        (1234567, "1,234,567 weeks"),
    ],
)
def test_of_one_there_is_one_and_of_others_more(count, said):
    assert plural(count, "week") == said


@pytest.mark.parametrize(
    ("words", "said"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (("a", "b"), "a and b")],
)
def test_words_are_joined_as_in_a_sentence(words, said):
    assert listed(words) == said
