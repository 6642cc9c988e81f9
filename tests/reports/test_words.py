import pandas as pd
import pytest

from clvmodels.reports.words import long_date, plural


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 weeks"),
        (1, "1 week"),
        (1.0, "1 week"),
        (38.9, "38.9 weeks"),
        (2357, "2,357 weeks"),
        (23570000, "23,570,000 weeks"),
    ],
)
def test_a_count_agrees_with_its_noun(count, text):
    assert plural(count, "week") == text


def test_a_date_is_written_out():
    assert long_date(pd.Timestamp("1998-06-30")) == "30 June 1998"
