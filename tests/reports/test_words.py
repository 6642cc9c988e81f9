import pandas as pd

from clvmodels.reports.words import long_date


def test_a_date_is_written_out():
    assert long_date(pd.Timestamp("1998-06-30")) == "30 June 1998"
