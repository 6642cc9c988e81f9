"""The whole way on a Spark of this machine: log, counts, fit, scores, without a customer in the driver."""

import os
import re
import sys
from pathlib import Path

import ibis
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.scoring import QUANTITIES

GUIDE = (Path(__file__).parents[2] / "GUIDE.md").read_text(encoding="utf-8")
END = "1997-09-30"

pytestmark = [
    pytest.mark.spark,
    # PySpark 4 says at every call that it does not yet promise to work with pandas 3. These tests show that it does.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    # It and Ibis' side for it use what pandas 3 will drop.
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option is deprecated"),
    # It leaves the sockets of its gateway to the interpreter's end.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(scope="module")
def session():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    # Small batches, so that several pass through one worker.
    settings = {
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "200",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("spark") / "orders.parquet"
    clv.datasets.load_cdnow().to_parquet(path)
    return path


@pytest.fixture(scope="module")
def local(log):
    return clv.rfm_summary(log, observation_end=END)


@pytest.fixture(scope="module")
def table(session, log):
    session.read.parquet(str(log)).createOrReplaceTempView("orders")
    return clv.rfm_table(ibis.pyspark.connect(session).table("orders"), observation_end=END)


@pytest.fixture(scope="module")
def fitted(local):
    return {
        "purchases": clv.BetaGeo().fit(local, draws=200, random_seed=1),
        "spend": clv.GammaGamma().fit(local, draws=200, random_seed=1),
    }


def test_the_summary_is_the_local_one(table, local):
    found = table.collect()
    pd.testing.assert_frame_equal(found.frame, local.frame, check_dtype=False)


def test_further_statistics_and_opportunities_are_the_local_ones(session, table, log):
    orders = ibis.pyspark.connect(session).table("orders")
    names = ("log_gaps", "purchase_times", "free_purchases", "log_value_mean", "log_value_squares")
    for choices in ({"observation_end": END}, {"observation_end": END, "opportunity": "quarter"}):
        there, here = (
            make(of, statistics=names, **choices) for make, of in ((clv.rfm_table, orders), (clv.rfm_summary, log))
        )
        # The two take logarithms each in its own way.
        pd.testing.assert_frame_equal(there.collect().frame, here.frame, check_dtype=False, rtol=1e-11, atol=1e-11)
        counts = [of.compressed(("frequency", "T", "purchase_times")) for of in (there, here)]
        pd.testing.assert_frame_equal(*counts, check_dtype=False)


def test_the_counts_are_the_local_ones(table, local):
    pd.testing.assert_frame_equal(table.compressed(), local.compressed(), check_dtype=False)
    for first in (False, True):
        there, here = table.spend_counts(include_first=first), local.spend_counts(include_first=first)
        pd.testing.assert_frame_equal(there, here, check_dtype=False)
    pd.testing.assert_frame_equal(table.log, local.log)


def test_the_fit_is_the_local_one(table, fitted):
    there = clv.BetaGeo().fit(table, draws=200, random_seed=1)
    assert there.samples.equals(fitted["purchases"].samples)


def test_the_scores_are_the_local_ones(table, local, fitted, tmp_path):
    choices = {**fitted, "horizon": 39, "margin": 0.3, "annual_discount_rate": 0.1, "quantities": QUANTITIES}
    clv.spark.score(table, **choices).write.parquet(str(tmp_path / "there"))
    there = pd.read_parquet(tmp_path / "there").sort_values("customer_id", ignore_index=True)
    here = pd.read_parquet(clv.score(local, tmp_path / "here.parquet", **choices))
    pd.testing.assert_frame_equal(there, here, rtol=1e-9)
    drawn = [name for name in here.columns if name.startswith("predictive")]
    pd.testing.assert_frame_equal(there[drawn], here[drawn], rtol=1e-12)


def test_no_customer_passes_through_the_driver(table, fitted, monkeypatch):
    def refused(*_):
        raise AssertionError("customers were collected")

    monkeypatch.setattr(type(table), "collect", refused)
    monkeypatch.setattr(type(table), "batches", refused)
    monkeypatch.setattr(type(table.source), "collect", refused)
    assert clv.spark.score(table, purchases=fitted["purchases"], horizon=39).count() == 2357


def test_a_table_outside_spark_is_refused_with_the_way_in(fitted, log):
    outside = clv.rfm_table(log, observation_end=END)
    with pytest.raises(clv.InvalidArgument, match=r"not in Spark; use clv.score"):
        clv.spark.score(outside, purchases=fitted["purchases"], horizon=39)


def test_customers_in_another_unit_are_refused_before_the_cluster_starts(table, local):
    daily = clv.BetaGeo.at(r=0.2, alpha=30, a=0.8, b=2.4, time_unit="day")
    with pytest.raises(clv.InvalidArgument, match="in weeks, the model was fitted in days"):
        clv.spark.score(table, purchases=daily, horizon=39)


def test_the_guides_lines_run(session, log, tmp_path):
    session.read.parquet(str(log)).createOrReplaceTempView("orders")
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL) if "pyspark" in block]
    names = {"clv": clv, "session": session}
    # A relative path would be one of the session's own folder.
    block = block.replace('"scores"', repr(str(tmp_path / "scores")))
    exec(compile(block, "GUIDE.md", "exec"), names)
    assert len(pd.read_parquet(tmp_path / "scores")) == 2357
