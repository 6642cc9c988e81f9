"""CSV by fixed rules: every line is read as Python's csv module reads it, or named."""

import csv
import gzip
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import ClvError, InvalidTransactions
from clvmodels.rfm import rfm_summary
from clvmodels.transactions import csv_grammar, open_source
from clvmodels.transactions.csv_grammar import check_grammar

HEAD = "customer_id,date,value\n"
COLUMNS = {"customer_id": "customer_id", "date": "date", "value": "value"}


def rows_of(path):
    opened = open_source(path, COLUMNS)
    return opened.run(opened.table).to_pandas().fillna("").to_numpy().tolist()


def rows_in(folder, text, name="log.csv"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return rows_of(folder / name)


def test_quotes_after_many_plain_lines_are_no_part_of_the_id(tmp_path):
    (tmp_path / "log.csv").write_text(HEAD + "b,2024-01-01,5\n" * 30_000 + '"b",2024-02-01,6\n')
    frame = rfm_summary(tmp_path / "log.csv").frame
    assert frame.index.tolist() == ["b"]
    assert frame["frequency"].tolist() == [1]


def test_a_single_quote_is_text(tmp_path):
    assert rows_in(tmp_path, HEAD + "'x,1,2\n'y',3,4\n") == [["'x", "1", "2"], ["'y'", "3", "4"]]


def test_a_backslash_is_text(tmp_path):
    assert rows_in(tmp_path, HEAD + '"x\\",1,2\n') == [["x\\", "1", "2"]]


PLAIN = "a,1,2\n" * 20_000


@pytest.mark.parametrize("before", ["", "a,1,2\n", PLAIN, '"a",1,2\n', '"a\nb",1,2\n'], ids=range(5))
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('b"c,1,2', "a quote within a field"),
        (' "b",1,2', "a quote within a field"),
        ('b",1,2', "a quote within a field"),
        ('"b"c,1,2', "text after a closing quote"),
        ('"b" ,1,2', "text after a closing quote"),
        ('"b,1,2', "a quote that is never closed"),
        ("b,1,2,", "4 of 3 fields"),
        ("b,1,2,,", "5 of 3 fields"),
        ("b,1,2,3", "4 of 3 fields"),
        ("b,1", "2 of 3 fields, 'b,1'"),
        ("b", "1 of 3 fields"),
        (" ", "1 of 3 fields"),
        ("b\rc,1,2", "a carriage return without a line feed"),
        ("b\0,1,2", "a zero byte"),
        ("b,1," + "x" * 2_000_001, "longer than 2,000,000 bytes"),
    ],
)
def test_a_line_that_breaks_a_rule_is_named(tmp_path, before, line, message):
    number = 2 + before.count("\n")
    with pytest.raises(InvalidTransactions, match=rf"log\.csv, line {number}: {message}") as refusal:
        rows_in(tmp_path, f"{HEAD}{before}{line}\n")
    assert len(str(refusal.value)) < 1000


def test_a_quote_that_stays_open_over_many_lines_is_named_where_it_opens(tmp_path):
    with pytest.raises(InvalidTransactions, match="line 3: a quote that is never closed"):
        rows_in(tmp_path, HEAD + 'a,1,2\n"b,1,2\n' + "a,1,2\n" * 500_000)


def test_text_after_a_closing_quote_is_shown_with_the_line_that_opens_it(tmp_path):
    with pytest.raises(InvalidTransactions, match="line 4: text after a closing quote.* opened on line 2"):
        rows_in(tmp_path, HEAD + '"a,1,2\nb,1,2\n"b",1,2\n')


def test_bytes_that_are_not_utf8_are_named_in_columns_that_are_not_used_too(tmp_path):
    with pytest.raises(InvalidTransactions, match=r"line 3: not utf-8, 'Müller,1,2.*save the file in UTF-8"):
        rows_in(tmp_path, (HEAD.replace("customer", "name,customer") + "a,1,2,3\nMüller,1,2,3\n").encode("latin-1"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_encodings_are_refused(tmp_path, encoding):
    with pytest.raises(InvalidTransactions, match="line 1: a zero byte.*UTF-8"):
        rows_in(tmp_path, (HEAD + "a,1,2\n").encode(encoding))


@pytest.mark.parametrize("header", ["value,value", '"value",value', "value, value"])
def test_a_name_that_occurs_twice_in_the_header_is_refused(tmp_path, header):
    with pytest.raises(InvalidTransactions, match="line 1: more than one column is called 'value'"):
        rows_in(tmp_path, f"customer_id,date,{header}\na,1,2,3\n")


def test_names_that_differ_in_capitals_are_two_columns(tmp_path):
    text = "customer_id,date,Value,value,DATE\na,1,2,3,4\n"
    assert rows_in(tmp_path, text) == [["a", "1", "3"]]


def test_columns_without_a_name_are_left_out(tmp_path):
    assert rows_in(tmp_path, ",customer_id,date,value,\n0,a,1,2,\n") == [["a", "1", "2"]]


def test_a_header_that_two_marks_part_as_often_is_refused(tmp_path):
    with pytest.raises(InvalidTransactions, match="line 1: the column names are parted by ',' or by ';', as often"):
        rows_in(tmp_path, "customer_id;date,value\na;1,2\n")


def test_quoted_names_may_hold_delimiters_line_ends_and_quotes(tmp_path):
    (tmp_path / "log.csv").write_text('"who, and ""where""";date;"value\n(EUR)";"a,b,c,d"\na;1;2;3\n')
    opened = open_source(tmp_path / "log.csv", {"customer_id": 'who, and "where"', "value": "value\n(EUR)"})
    assert opened.run(opened.table).to_pylist() == [{"customer_id": "a", "value": "2"}]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n", "\r\n\r\n"])
@pytest.mark.parametrize("feed", ["\n", "\r\n"])
def test_blank_lines_and_any_line_end_are_taken(tmp_path, feed, end):
    text = HEAD.replace("\n", feed) + f'a,1,2{feed}{feed}"b\nc",3,{feed}d,5,6{end}'
    assert rows_in(tmp_path, text) == [["a", "1", "2"], ["b\nc", "3", ""], ["d", "5", "6"]]


def test_line_ends_may_be_mixed(tmp_path):
    text = "customer_id,date,value\r\na,1,2\nb,3,4\r\nc,5,6\n"
    assert rows_in(tmp_path, text) == [["a", "1", "2"], ["b", "3", "4"], ["c", "5", "6"]]


def test_quoted_lines_that_look_like_rows_are_not_taken_for_rows(tmp_path):
    """Enough of them that DuckDB would begin in the middle of one."""
    row = 'x,"2024-01-01\nx,2024-01-01,5\nzz,""2024-01-02,6\n",5\n'
    rows = rows_in(tmp_path, HEAD + row * 400_000)
    assert len(rows) == 400_000
    assert {tuple(row) for row in rows} == {("x", '2024-01-01\nx,2024-01-01,5\nzz,"2024-01-02,6\n', "5")}


def test_files_of_several_layouts_are_one_log(tmp_path):
    (tmp_path / "p1.csv").write_text(HEAD + "a,1,2\n")
    (tmp_path / "p2.csv").write_text("Value;value;customer_id;date\n9;3;b;4\n")
    (tmp_path / "p3.csv").write_bytes(b'\xef\xbb\xbfdate\tcustomer_id\r\n5\t"c"\r\n')
    assert sorted(rows_of(str(tmp_path / "p*.csv"))) == [["a", "1", "2"], ["b", "4", "3"], ["c", "5", ""]]


@pytest.mark.parametrize("suffix", [".gz", ".GZ", ".zst"])
def test_compressed_files_obey_the_same_rules(tmp_path, suffix):
    import pyarrow as pa

    def packed(text):
        return gzip.compress(text) if "g" in suffix.lower() else pa.Codec("zstd").compress(text, asbytes=True)

    whole = packed((HEAD + "".join(f"{i},1,2\n" for i in range(50_000))).encode())
    assert len(rows_in(tmp_path, whole, "log.csv" + suffix)) == 50_000
    with pytest.raises(InvalidTransactions, match=r"line 2: 4 of 3 fields"):
        rows_in(tmp_path, packed((HEAD + "a,1,2,\n").encode()), "log.csv" + suffix)
    with pytest.raises(InvalidTransactions, match=r"cannot read .*truncated compressed stream"):
        rows_in(tmp_path, whole[: len(whole) // 2], "log.csv" + suffix)
    with pytest.raises(InvalidTransactions, match=r"cannot read .*log\.csv"):
        rows_in(tmp_path, HEAD + "a,1,2\n", "log.csv" + suffix)


def test_a_file_of_thousands_of_columns_is_read(tmp_path):
    others = ",".join(f"x{i}" for i in range(2000))
    row = ",".join(["1"] * 2000)
    assert rows_in(tmp_path, f"customer_id,{others},date,value\na,{row},1,2\n") == [["a", "1", "2"]]


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_the_layout_does_not_depend_on_the_size_of_the_blocks(monkeypatch, block):
    monkeypatch.setattr(csv_grammar, "BLOCK", block)
    text = b'a;"b\nc"\r\n"1";"2""\r\n"\r\n\r\n3;4'
    layout = check_grammar(io.BytesIO(text), "log.csv")
    assert (layout.names, layout.delimiter, layout.in_parts) == (("a", "b\nc"), ";", False)
    with pytest.raises(InvalidTransactions, match="line 7: 1 of 2 fields, '5'"):
        check_grammar(io.BytesIO(text + b"\n5\n"), "log.csv")


CELLS = st.text(st.sampled_from(list("ab \"',;|\t\n\r\\#é")), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)


@settings(max_examples=15, deadline=None)
@given(TABLES, DIALECTS)
def test_what_the_csv_module_writes_comes_back(tmp_path_factory, table, dialect):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, **dialect).writerows([list(COLUMNS), *table])
    assert rows_of(path) == table


MARKS = st.text(st.sampled_from(list('ab,"\n\r')), max_size=30)


@settings(max_examples=30, deadline=None)
@given(MARKS)
def test_any_text_is_read_as_the_csv_module_reads_it_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    path.write_bytes((HEAD + text).encode())
    try:
        rows = rows_of(path)
    except ClvError:
        return
    assert rows == [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


def test_parquet_with_a_name_twice_is_refused(tmp_path):
    frame = pd.DataFrame({"customer_id": ["a"], "date": ["2024-01-01"], "value": [1.0], "Value": [2.0]})
    frame.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(InvalidTransactions, match="more than one column called 'value'"):
        rows_of(tmp_path / "log.parquet")
