"""Small tables in files are read by the rules of a log."""

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.evaluation.options import read_segments
from clvmodels.reports.renewals import decide_renewals
from clvmodels.transactions import read_frame


def frame_of(folder, text, name="table.csv"):
    (folder / name).write_text(text)
    return read_frame(str(folder / name), "customer_id")


def test_text_becomes_numbers_and_flags_where_all_of_a_column_are(tmp_path):
    frame = frame_of(tmp_path, 'customer_id;left;price;code;empty;name\n7;True;1.5;01;;"a;b"\n8;false;;1;;NA\n')
    assert frame.iloc[0].tolist()[:4] == [7, True, 1.5, "01"]
    assert frame["code"].tolist() == ["01", "1"]
    assert frame["name"].tolist() == ["a;b", "NA"]
    assert frame["empty"].isna().all()
    assert frame["price"].isna().tolist() == [False, True]


def test_ids_like_00042_stay_text(tmp_path):
    assert frame_of(tmp_path, "customer_id,left\n00042,True\n42,False\n")["customer_id"].tolist() == ["00042", "42"]


def test_several_files_are_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("customer_id,left\n1,True\n")
    with pytest.raises(InvalidTransactions, match="names 2 files; give the path of one"):
        read_frame(str(tmp_path / "*.csv"), "customer_id")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('customer_id,region\nb,north\n"b"x,south\n', "line 3: text after a closing quote"),
        ("customer_id,region\nb,north\nc,south,\n", "line 3: 3 of 2 fields"),
        ("customer_id,customer_id\nb,north\n", "more than one column is called 'customer_id'"),
    ],
)
def test_segments_and_contracts_obey_the_rules_of_a_log(tmp_path, text, message):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(InvalidArgument, match=message):
        read_segments(tmp_path / "table.csv", "customer_id")
    with pytest.raises(InvalidArgument, match=message):
        decide_renewals(tmp_path / "table.csv", tmp_path / "out")


def test_quoted_ids_of_segments_are_those_of_the_log(tmp_path):
    (tmp_path / "table.csv").write_text("customer_id;region\n" + '"b";"north; far"\nc;south\n')
    segments = read_segments(tmp_path / "table.csv", "customer_id")
    assert segments.to_dict() == {"b": "north; far", "c": "south"}
    assert isinstance(segments, pd.Series)


@pytest.mark.parametrize(
    ("path", "message"),
    [("~nosuchuser/segments.csv", "no such user here"), ("x" * 5000 + ".csv", "too long for the name")],
)
def test_a_path_of_segments_that_cannot_be_one_is_refused(path, message):
    with pytest.raises(InvalidArgument, match=message):
        read_segments(path, "customer_id")
