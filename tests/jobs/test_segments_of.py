"""The segments that a configuration names: their customers are those of the log."""

import duckdb
import pandas as pd
import pytest

from clvmodels.errors import ClvError, InvalidArgument
from clvmodels.jobs.source import read_segments_of


@pytest.fixture
def shop(tmp_path):
    """The folder of a configuration, with a database."""
    with duckdb.connect(tmp_path / "shop.ddb") as connection:
        connection.execute("CREATE TABLE customers AS SELECT i AS customer_id, 'north' AS region FROM range(3) t(i)")
    return tmp_path


def segments_of(folder, *, transactions="log.csv", file=None, table=None, environment=None, **choices):
    names = {"customer_id": "customer_id", "segment": "region", **choices}
    return read_segments_of(transactions, file=file, table=table, folder=folder, environment=environment or {}, **names)


def test_segments_come_from_a_file_in_the_folder(shop):
    (shop / "regions.csv").write_text("customer_id,name\n1,north\n2,south\n3,\n,east\n")
    segments = segments_of(shop, file="${NAME}.csv", environment={"NAME": "regions"}, customers=pd.Index([1]))
    assert segments.to_dict() == {1: "north", 2: "south"}


@pytest.mark.parametrize("address", ["duckdb://shop.ddb", "duckdb://${NAME}", "${ADDRESS}"])
def test_segments_come_from_a_table_of_the_same_database(address, shop):
    environment = {"NAME": "shop.ddb", "ADDRESS": "duckdb://shop.ddb"}
    segments = segments_of(shop, transactions=address, table="main.customers", environment=environment)
    assert segments.to_dict() == {0: "north", 1: "north", 2: "north"}
    assert (segments.name, segments.index.name) == ("segment", "customer_id")


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        (pd.Index([5, 6]), {7: "a", 8: "b"}),
        (pd.Index(["5", "00006"]), {"7": "a", "8": "b", "0009": "c"}),
        (pd.Index(["5"], dtype=object), {"7": "a", "8": "b", "0009": "c"}),
        (None, {"7": "a", "8": "b", "0009": "c"}),
    ],
)
def test_ids_are_those_of_the_log_whatever_else_is_among_the_segments(customers, expected, shop):
    (shop / "regions.csv").write_text("customer_id,region\n7,a\n8,b\n0009,c\n")
    assert segments_of(shop, file="regions.csv", customers=customers).to_dict() == expected


def test_ids_that_are_numbers_here_may_be_text_in_the_log(shop):
    (shop / "regions.csv").write_text("customer_id,region\n7,a\n8,b\n")
    assert segments_of(shop, file="regions.csv", customers=pd.Index(["7", "x"])).to_dict() == {"7": "a", "8": "b"}


def test_a_customer_with_several_segments_is_refused(shop):
    (shop / "regions.csv").write_text("customer_id,region\n7,a\n7,a\n8,b\n8,c\n")
    with pytest.raises(InvalidArgument, match="1 customers have several segments, e.g. 8; give each one"):
        segments_of(shop, file="regions.csv")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"file": "none.csv"}, r"cannot read the segments in .*none\.csv"),
        ({"table": "customers"}, r"segments\.table is 'customers', and source\.transactions a path"),
        ({}, r"give either segments\.file or segments\.table"),
        ({"file": "a.csv", "table": "customers"}, r"give either segments\.file or segments\.table"),
        ({"transactions": "duckdb://shop.ddb", "table": "clients"}, r"no table 'clients'; there are "),
        (
            {"transactions": "duckdb://shop.ddb", "table": "customers", "segment": "area"},
            r"missing columns \['area'\], found \['customer_id', 'region'\]; pass their names: segment='\.\.\.'",
        ),
    ],
)
def test_segments_that_are_not_there_are_an_error(choices, message, shop):
    with pytest.raises(ClvError, match=message):
        segments_of(shop, **choices)


def test_segments_without_a_customer_or_a_name_are_left_out(shop):
    with duckdb.connect(shop / "shop.ddb") as connection:
        connection.execute(
            "CREATE TABLE gaps AS SELECT * FROM (VALUES (1, 10), (NULL, 20), (3, NULL)) t(customer_id, region)"
        )
    segments = segments_of(shop, transactions="duckdb://shop.ddb", table="gaps")
    assert segments.to_dict() == {1: "10"}
    assert pd.api.types.is_integer_dtype(segments.index)
