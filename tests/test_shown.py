"""Values in messages: short, on one line, without numpy's types."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import InvalidArgument, check_horizon, shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(4), "4"),
        (np.float32(0.5), "0.5"),
        (np.longdouble(0.5), "0.5"),
        (np.True_, "True"),
        (np.str_("ann"), "'ann'"),
        (np.datetime64("2024-01-31"), "'2024-01-31'"),
        (np.array([1, 2]), "[1, 2]"),
        (np.array(3), "3"),
        ([np.int64(1), ("a", np.float64(2))], "[1, ('a', 2.0)]"),
        ({"a": np.int64(1)}, "{'a': 1}"),
        (b"ab", "b'ab'"),
        (None, "None"),
    ],
)
def test_a_value_is_shown_as_people_write_it(value, expected):
    assert shown(value) == expected


def test_a_number_of_thousands_of_digits_is_shown_by_its_size():
    assert shown(10**5000) == "a number of 16610 bits"


@settings(max_examples=30)
@given(st.text(min_size=200) | st.binary(min_size=200) | st.lists(st.integers(), min_size=100) | st.integers(10**90))
def test_a_long_value_is_shown_in_part(value):
    assert len(shown(value)) < 20 * 42 + 10


def test_a_value_of_several_lines_is_shown_in_one():
    assert "\n" not in shown(pd.Series([1, 2, 3]))


def test_an_argument_is_quoted_without_its_type():
    with pytest.raises(InvalidArgument, match=r"^horizon is -1\.0; "):
        check_horizon(np.float64(-1))
