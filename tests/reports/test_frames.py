import numpy as np
import pandas as pd

from clvmodels.reports.frames import frame_table


def shown(frame):
    table = frame_table(frame, "caption")
    return [column.title for column in table.columns], table.shown()


def test_the_index_stands_first_and_the_mean_is_what_is_expected():
    frame = pd.DataFrame({"mean": [1.0], "lower": [0.5]}, index=pd.Index(["new"], name="channel"))
    assert shown(frame) == (["channel", "expected", "lower"], [["new", "1.00", "0.500"]])


def test_every_level_of_the_index_is_a_column():
    index = pd.MultiIndex.from_tuples([("a", 1.5)], names=["group", "time"])
    assert shown(pd.DataFrame({"mean": [2.0]}, index=index))[1] == [["a", "1.50", "2.00"]]


def test_ids_that_are_numbers_are_not_rounded():
    frame = pd.DataFrame({"mean": [2.0]}, index=pd.Index([1234567], name="customer_id"))
    assert shown(frame)[1][0][0] == "1234567"


def test_probabilities_are_shares_and_flags_are_words():
    frame = pd.DataFrame({"probability_pays": [0.25], "chosen": np.array([True])}, index=["x"])
    assert shown(frame)[1] == [["x", "25.0 %", "yes"]]


def test_never_is_infinite_and_unknown_is_a_dash():
    frame = pd.DataFrame({"payback_upper": [np.inf], "lower": [np.nan]}, index=["x"])
    assert shown(frame)[1] == [["x", "infinite", "-"]]
