"""Scores from file to file."""

import sys

import ibis
import pandas as pd
import pyarrow as pa
import pytest

import clvmodels as clv
from clvmodels.scoring import batches
from clvmodels.scoring.scorer import QUANTITIES, Scorer


@pytest.fixture(scope="module")
def rfm():
    cdnow = clv.datasets.load_cdnow_summary()
    return cdnow.select(cdnow.frame.index[:700])


@pytest.fixture(scope="module")
def table(rfm, tmp_path_factory):
    path = tmp_path_factory.mktemp("rfm") / "rfm.parquet"
    rfm.frame.reset_index().to_parquet(path)
    return clv.RFMTable.open(path, time_unit="week")


@pytest.fixture(scope="module")
def choices(rfm):
    purchases, spend = (model.fit(rfm, draws=200, random_seed=1) for model in (clv.BetaGeo(), clv.GammaGamma()))
    return {"purchases": purchases, "spend": spend, "horizon": 39, "quantities": QUANTITIES, "random_seed": 2}


def test_a_file_of_customers_becomes_a_file_of_scores(table, rfm, choices, tmp_path):
    written = clv.score(table, tmp_path / "scores.parquet", **choices)
    pd.testing.assert_frame_equal(pd.read_parquet(written), Scorer(**choices).table(rfm), rtol=1e-9)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


@pytest.mark.parametrize("batch", [1, 100, 699])
def test_the_size_of_a_batch_changes_no_score(table, rfm, choices, tmp_path, batch):
    some = rfm.select(rfm.frame.index[:50]) if batch == 1 else table
    whole = pd.read_parquet(clv.score(some, tmp_path / "whole.parquet", **choices))
    parts = pd.read_parquet(clv.score(some, tmp_path / "parts.parquet", **choices, batch=batch))
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-9)
    drawn = [name for name in whole.columns if name.startswith("predictive")]
    pd.testing.assert_frame_equal(parts[drawn], whole[drawn], check_exact=True)


def test_a_run_that_fails_leaves_the_old_scores_and_nothing_else(table, choices, tmp_path, monkeypatch):
    old = clv.score(table, tmp_path / "scores.parquet", **choices)
    before, made = old.read_bytes(), []

    def failing(self, customers):
        made.append(len(customers))
        if len(made) == 3:
            raise MemoryError
        return own(self, customers)

    own = Scorer.table
    monkeypatch.setattr(batches.Scorer, "table", failing)
    with pytest.raises(MemoryError):
        clv.score(table, old, **choices, batch=100)
    assert len(made) == 3
    assert old.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


def test_scores_may_replace_the_very_file_that_they_are_made_from(rfm, choices, tmp_path):
    path = tmp_path / "customers.parquet"
    rfm.frame.reset_index().to_parquet(path)
    clv.score(clv.RFMTable.open(path, time_unit="week"), path, **choices, batch=100)
    assert len(pd.read_parquet(path)) == 700


@pytest.mark.parametrize(
    ("customers", "error", "message"),
    [
        (lambda rfm: rfm.frame, clv.InvalidArgument, "this is a DataFrame; make one with clv.rfm_summary"),
        (lambda rfm: clv.RFM.from_frame(rfm.frame, time_unit="day"), clv.InvalidArgument, "the RFM is in days"),
        (
            lambda rfm: clv.RFM.from_frame(rfm.frame.drop(columns="monetary_value"), time_unit="week"),
            clv.InvalidRFM,
            "need the customers' spend",
        ),
    ],
)
def test_customers_that_cannot_be_scored_are_refused_before_any_is(rfm, choices, tmp_path, customers, error, message):
    with pytest.raises(error, match=message):
        clv.score(customers(rfm), tmp_path / "scores.parquet", **choices)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch", [0, 1.5])
def test_a_batch_of_no_whole_number_of_customers_is_refused(rfm, choices, tmp_path, batch):
    with pytest.raises(clv.InvalidArgument, match=f"batch is {batch}"):
        clv.score(rfm, tmp_path / "scores.parquet", **choices, batch=batch)


def test_a_place_that_cannot_be_written_is_found_before_the_work_is_done(rfm, choices, tmp_path, monkeypatch):
    monkeypatch.setattr(Scorer, "table", lambda *_: pytest.fail("customers were scored"))
    with pytest.raises(clv.ClvError, match="is a folder; give the name of a file in it"):
        clv.score(rfm, tmp_path, **choices)


def test_customers_that_get_lost_on_the_way_are_missed(rfm, choices, tmp_path):
    """On a DuckDB connection a second query ends the answer to the first without a word."""
    connection = ibis.duckdb.connect()
    many = pd.concat([rfm.frame] * 60).reset_index(drop=True).rename_axis("customer_id").reset_index()
    # Ibis' way of writing a pandas table asks for an option that pandas 3 deprecates; Arrow has none.
    arrow = pa.Table.from_pandas(many, preserve_index=False)
    table = clv.RFMTable.open(connection.create_table("customers", arrow), time_unit="week")
    with pytest.raises(clv.InvalidRFM, match=r"of 42000 customers came: another query .*to_parquet"):
        list(map(lambda _: table.count(), table.batches(1000)))


@pytest.mark.parametrize("ids", [[True, False], [pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")]])
def test_ids_of_any_plain_kind_come_through(rfm, choices, tmp_path, ids):
    two = clv.RFM.from_frame(rfm.frame.iloc[:2].set_axis(pd.Index(ids, name="customer_id")), time_unit="week")
    written = pd.read_parquet(clv.score(two, tmp_path / "scores.parquet", **choices, batch=1))
    assert written["customer_id"].tolist() == ids


def test_ids_that_parquet_does_not_know_are_refused_with_the_remedy(rfm, choices, tmp_path):
    mixed = clv.RFM.from_frame(rfm.frame.iloc[:2].set_axis(pd.Index(["a", 1], name="customer_id")), time_unit="week")
    with pytest.raises(clv.ClvError, match="as Parquet: .*make the customer ids numbers or text"):
        clv.score(mixed, tmp_path / "scores.parquet", **choices)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(rfm, choices, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(clv.ClvError, match="cannot make the folder"):
        clv.score(rfm, tmp_path / "file" / "scores.parquet", **choices)


def test_without_spark_its_way_of_scoring_names_the_extra(table, choices, monkeypatch):
    monkeypatch.setitem(sys.modules, "ibis.backends.pyspark", None)
    with pytest.raises(clv.ClvError, match=r"pip install 'clvmodels\[spark\]'"):
        clv.spark.score(table, **choices)
