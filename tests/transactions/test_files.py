"""CSV and Parquet files: nothing is guessed, nothing is skipped."""

import os

import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.rfm import rfm_summary

HEAD = "customer_id,date,value\n"


def summary_of(folder, text, name="log.csv", **choices):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return rfm_summary(path, **choices)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "7,1997-01-01,2.5\n",
        HEAD.replace(",", ";") + "7;1997-01-01;2.5\n",
        HEAD.replace(",", "\t") + "7\t1997-01-01\t2.5\n",
        HEAD.replace(",", "|") + "7|1997-01-01|2.5\n",
        "\ufeff" + HEAD + "7,1997-01-01,2.5\n",
        HEAD.replace("\n", "\r\n") + "7,1997-01-01,2.5\r\n",
        "customer_id, date, value\n7, 1997-01-01, 2.5\n",
        HEAD + '"7","1997-01-01","2.5"\n\n',
        HEAD + "7,1997-01-01T23:59:59.999,2.5",
    ],
)
def test_the_usual_dialects_of_csv_are_read(tmp_path, text):
    rfm = summary_of(tmp_path, text)
    assert rfm.frame.index.tolist() == [7]
    assert rfm.frame["total_value"].tolist() == [2.5]


def test_a_line_that_looks_like_a_comment_is_kept(tmp_path):
    rfm = summary_of(tmp_path, HEAD + "#1,1997-01-01,2\nb,1997-01-01,2\n")
    assert rfm.frame.index.tolist() == ["#1", "b"]


def test_ids_in_a_file_are_numbers_if_all_of_them_survive_it(tmp_path):
    rfm = summary_of(tmp_path, HEAD + "10,1997-01-01,2\n-2,1997-01-01,2\n")
    assert rfm.frame.index.tolist() == [-2, 10]
    assert rfm.frame.index.dtype == "int64"


@pytest.mark.parametrize("identifier", ["00042", "4.0", "+4", "12345678901234567890", "4e1"])
def test_ids_in_a_file_stay_text_if_one_of_them_would_change(tmp_path, identifier):
    rfm = summary_of(tmp_path, f"{HEAD}{identifier},1997-01-01,2\n7,1997-01-01,2\n")
    assert sorted(rfm.frame.index) == sorted([identifier, "7"])


def test_amounts_that_are_no_numbers_are_counted_with_an_example(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"2 of 3 rows have a 'value' that is not a number, e\.g\. '\$3'"):
        summary_of(tmp_path, HEAD + '1,1997-01-01,"1,234.5"\n2,1997-01-01,$3\n3,1997-01-01,1\n')


def test_a_decimal_comma_is_refused_rather_than_read_as_thousands(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"e\.g\. '2,500'; write amounts as 1234\.50"):
        summary_of(tmp_path, "customer_id;date;value\n1;1997-01-01;2,500\n")


@pytest.mark.parametrize("amount", ["", '""', " "])
def test_an_empty_amount_is_missing_and_not_zero(tmp_path, amount):
    with pytest.raises(InvalidTransactions, match="1 of 1 rows have no 'value', e.g. customer '1'"):
        summary_of(tmp_path, f"{HEAD}1,1997-01-01,{amount}\n")


@pytest.mark.parametrize("amount", ["nan", "inf", "-Infinity"])
def test_an_amount_that_is_not_finite_is_refused(tmp_path, amount):
    with pytest.raises(InvalidTransactions, match="not finite"):
        summary_of(tmp_path, f"{HEAD}1,1997-01-01,{amount}\n")


def test_lines_of_different_length_are_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match="every line must have the same number of fields"):
        summary_of(tmp_path, HEAD + "1,1997-01-01,2\n2,1997-01-02\n3,1997-01-02,3,4\n")


def test_a_broken_line_far_down_is_named(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"line 30002: 2 of 3 fields"):
        summary_of(tmp_path, HEAD + "1,1997-01-01,2\n" * 30_000 + "2,1997-01-02\n")


def test_a_line_above_the_header_is_not_skipped(tmp_path):
    with pytest.raises(InvalidTransactions, match="the first line must hold the column names"):
        summary_of(tmp_path, "Report of 1997\n\n" + HEAD + "1,1997-01-01,2\n")


def test_a_file_without_header_shows_what_was_taken_for_it(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"found \['1', '1997-01-01', '2'\]"):
        summary_of(tmp_path, "1,1997-01-01,2\n2,1997-01-02,3\n")


def test_a_file_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match="not utf-8"):
        summary_of(tmp_path, (HEAD + "Müller,1997-01-01,2\n").encode("latin-1"))


@pytest.mark.parametrize("text", ["", HEAD])
def test_a_file_without_rows_is_refused(tmp_path, text):
    with pytest.raises(InvalidTransactions, match="one column only|no rows"):
        summary_of(tmp_path, text)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"cannot be read: .*log\.parquet"):
        summary_of(tmp_path, "not parquet at all", name="log.parquet")


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"no file .*nothing\.csv"):
        rfm_summary(tmp_path / "nothing.csv")


def test_a_pattern_that_matches_nothing_is_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"no file .*\*\.parquet"):
        rfm_summary(str(tmp_path / "*.parquet"))


def test_a_folder_is_refused_with_a_pattern_to_use_instead(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"is a folder; name the files, e\.g\. .*\*\.parquet"):
        rfm_summary(tmp_path)


@pytest.mark.parametrize("name", ["log.xlsx", "log", "log.json.gz"])
def test_a_file_of_an_unknown_kind_is_refused_with_those_that_are_known(tmp_path, name):
    with pytest.raises(InvalidTransactions, match=r"must end in \.csv, \.tsv, \.txt, \.parquet"):
        summary_of(tmp_path, HEAD, name=name)


@pytest.mark.parametrize("pattern", ["part*.csv", "**/part?.csv"])
def test_several_files_are_one_log_whatever_the_order_of_their_columns(tmp_path, pattern):
    (tmp_path / "part1.csv").write_text(HEAD + "1,1997-01-01,2\n")
    (tmp_path / "part2.csv").write_text("value,date,customer_id\n3,1997-01-15,1\n")
    rfm = rfm_summary(str(tmp_path / pattern))
    assert rfm.frame.loc[1, ["frequency", "total_value"]].tolist() == [1, 5]


def test_a_column_that_one_of_several_files_lacks_is_missing_there(tmp_path):
    (tmp_path / "part1.csv").write_text(HEAD + "1,1997-01-01,2\n")
    (tmp_path / "part2.csv").write_text("customer_id,date\n1,1997-01-15\n")
    with pytest.raises(InvalidTransactions, match="1 of 2 rows have no 'value'"):
        rfm_summary(tmp_path / "part*.csv")


def test_a_name_that_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "log1.csv").write_text(HEAD + "1,1997-01-01,2\n")
    assert summary_of(tmp_path, HEAD + "5,1997-01-01,2\n", name="log[1].csv").frame.index.tolist() == [5]


def test_text_amounts_in_parquet_are_refused(tmp_path):
    log = pd.DataFrame({"customer_id": [1], "date": ["1997-01-01"], "value": ["5"]})
    log.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(InvalidTransactions, match="column 'value' is string"):
        rfm_summary(tmp_path / "log.parquet")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("~nosuchuser/log.csv", "the source is '~nosuchuser/log.csv', and there is no such user here"),
        ("x" * 5000 + ".csv", "the source is 'xx.*, which is too long for the name of a file"),
        ("/".join(["x" * 200] * 40) + "/log.csv", "which is too long for the name of a file"),
        ("a\0b.csv", r"the source is 'a\\x00b\.csv', which no file can be called"),
        ("**.csv", "no file '.*': invalid pattern"),
    ],
)
def test_a_path_that_cannot_be_one_is_refused_shortly(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((InvalidArgument, InvalidTransactions), match=message) as refusal:
        rfm_summary(name)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("pattern", ["log.csv", "l*.csv"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.symlink_to("nowhere.csv"), "a link to nothing"),
        (lambda path: path.symlink_to("log.csv"), "a link to nothing"),
        (os.mkfifo, "a pipe or device"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path, pattern, make, message):
    make(tmp_path / "log.csv")
    with pytest.raises(InvalidTransactions, match=rf"log\.csv' is no file, but {message}"):
        rfm_summary(tmp_path / pattern)


def test_a_folder_that_is_called_like_a_file_is_refused(tmp_path):
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(InvalidTransactions, match="is no file, but a folder"):
        rfm_summary(tmp_path / "*.csv")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("clvmodels.transactions.files.check_grammar", refuse)
    (tmp_path / "log.csv").touch()
    with pytest.raises(
        InvalidTransactions, match=r"cannot read .*log\.csv: permission denied; is it whole, and may you"
    ):
        rfm_summary(tmp_path / "log.csv")


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}a,1997-01-01,{LONG}\n",
        f"{HEAD}a,{LONG},5\n",
        f"{HEAD}{LONG},1997-01-01,-5\n",
        f"{HEAD}{LONG},1997-01-01,5,6\n",
        f'{HEAD}"{LONG}"b,1997-01-01,5\n',
        f"{LONG},date,value\na,1997-01-01,5\n",
        f"{LONG},{LONG},date,value\n",
        f"{LONG}\n",
        ",".join(f"column {number}" for number in range(5000)) + "\n",
    ],
    ids=range(9),
)
def test_messages_quote_long_cells_and_many_names_in_part(tmp_path, text):
    with pytest.raises(InvalidTransactions) as refusal:
        summary_of(tmp_path, text)
    assert len(str(refusal.value)) < 1000
