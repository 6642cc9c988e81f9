"""Where warnings point to, and what a path on this machine may be."""

import ast
import contextlib
import inspect
import os
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.errors import DataWarning, InvalidArgument, local_path, warn
from clvmodels.inference import sample

PACKAGE = Path(clv.__file__).parent
ELSEWHERE = [
    "s3://bucket/store",
    "S3://bucket/store",
    "gs://bucket/a.parquet",
    "hdfs://name:8020/a",
    "https://example.org/a.csv",
    "hf://datasets/a.csv",
    "file:///data/a.csv",
    "zip::s3://bucket/a.zip",
    " s3://bucket",
    "s3:",
    "s3:bucket/a.csv",
    "file:a.csv",
    "dbfs:/mnt/a.csv",
    "unknown:/a.csv",
    "/work/s3:/bucket/a.csv",
    "./s3:/bucket/a.csv",
    Path("s3://bucket/a.csv"),
    Path("/work") / "gs://bucket" / "a.csv",
]


@pytest.fixture(scope="module")
def log():
    return clv.datasets.simulate_transactions(customers=60, length=60, random_seed=1)


@pytest.mark.parametrize("path", ELSEWHERE, ids=str)
def test_an_address_is_no_path_on_this_machine(path):
    with pytest.raises(InvalidArgument, match="output is '.*', an address and not a path on this machine"):
        local_path(path, "output")


@pytest.mark.skipif(os.name != "posix", reason="these are paths there")
@pytest.mark.parametrize("path", [r"C:\data\a.csv", "c:/data/a.csv", r"\\server\share\a.csv"])
def test_a_path_of_another_system_is_no_path_on_this_machine(path):
    with pytest.raises(InvalidArgument, match="not a path on this machine"):
        local_path(path)


@pytest.mark.parametrize(
    "path",
    ["a.csv", "at 12:30.csv", "data/2024-01-01T10:00.csv", "shop:orders.csv", "s3/a.csv", "s3", "a/s3:b.csv", "/ftp/x"],
)
def test_a_name_with_a_colon_stays_a_name(path):
    assert local_path(path) == Path(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "is a NoneType; give a path"),
        (5, "is a int; give a path"),
        ("", "which no file can be called"),
        ("a\0b", "which no file can be called"),
        ("\ud800", "which no file can be called"),
        ("~nosuchuser/a.csv", "no such user here"),
        ("a" * 5000, "too long for the name of a file"),
        ("a/" * 3000, "too long for the name of a file"),
    ],
)
def test_what_no_file_can_be_called_is_refused_in_a_short_sentence(path, message):
    with pytest.raises(InvalidArgument, match=message) as error:
        local_path(path)
    assert len(str(error.value)) < 300


@given(st.text())
def test_any_text_is_a_path_or_refused(text):
    with contextlib.suppress(InvalidArgument):
        local_path(text)


def test_the_home_folder_is_filled_in(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/a.csv") == tmp_path / "a.csv"


@pytest.mark.parametrize("address", ["s3://bucket/a", Path("s3://bucket/a")], ids=str)
def test_every_function_that_takes_a_path_refuses_an_address(address, log, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rfm = clv.rfm_summary(log)
    purchases = clv.BetaGeo.at(r=0.24, alpha=4.4, a=0.8, b=2.4, time_unit="week")
    result = clv.backtest(
        log, calibration_end="2020-08-01", holdout_end="2020-12-01", forecasters=clv.named_forecasters(["nothing"])
    )
    table = f"{address}.parquet"
    for attempt in (
        lambda: purchases.save(address),
        lambda: clv.load_posterior(address),
        lambda: clv.score(rfm, address, purchases=purchases, horizon=10),
        lambda: clv.rfm_table(log).to_parquet(address),
        lambda: clv.RFMTable.open(table, time_unit="week"),
        lambda: clv.rfm_summary(table),
        lambda: clv.write_report(result, f"{address}.html"),
    ):
        with pytest.raises(clv.ClvError, match="an address and not a path on this machine"):
            attempt()
    assert list(tmp_path.iterdir()) == []


def here():
    """The line from which this is called."""
    return inspect.currentframe().f_back.f_lineno


def warned(seen, line):
    """Assert that each warning points to a line of this file."""
    assert seen
    assert {(each.filename, each.lineno) for each in seen} == {(__file__, line)}


def test_a_warning_of_a_backtest_points_to_the_line_that_called_it(log):
    cut = {
        "calibration_end": "2020-08-01",
        "holdout_end": "2023-12-01",
        "forecasters": clv.named_forecasters(["nothing"]),
    }
    with warnings.catch_warnings(record=True, action="always") as seen:
        line = here() + 1
        clv.backtest(log, **cut)
    warned(seen, line)


def test_a_warning_of_a_split_points_to_the_line_that_called_it(log):
    with warnings.catch_warnings(record=True, action="always") as seen:
        line = here() + 1
        clv.split_holdout(log, calibration_end="2020-08-01", holdout_end="2023-12-01")
    warned(seen, line)


def test_a_warning_of_a_fit_points_to_the_line_that_called_it(log, monkeypatch):
    def failing(*arguments, **choices):
        points, diagnostics = own(*arguments, **choices)
        return points, replace(diagnostics, converged=False, notes=("for a test",))

    own, rfm = sample.sample_importance, clv.rfm_summary(log)
    monkeypatch.setattr(sample, "sample_importance", failing)
    with warnings.catch_warnings(record=True, action="always") as seen:
        line = here() + 1
        clv.BetaGeo().fit(rfm, method="importance", draws=100, random_seed=1)
    warned(seen, line)


def test_a_warning_passes_over_the_standard_library_between_two_calls_of_ours():
    source = (
        "from functools import cached_property\nfrom dataclasses import dataclass\n"
        "from clvmodels.errors import DataWarning, warn\n"
        "@dataclass\nclass Made:\n    x: int\n    def __post_init__(self): self.late\n"
        "    @cached_property\n    def late(self): warn('late', DataWarning)\n"
    )
    inside = {"__name__": "clvmodels.made"}
    exec(compile(source, str(PACKAGE / "made.py"), "exec"), inside)
    with warnings.catch_warnings(record=True, action="always") as seen:
        line = here() + 1
        inside["Made"](x=1)
    warned(seen, line)


def test_a_warning_is_shown_once_for_each_line_that_calls():
    with warnings.catch_warnings(record=True, action="default") as seen:
        for _ in range(3):
            warn("late rows", DataWarning)
        warn("late rows", DataWarning)
    assert len(seen) == 2


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_warns_in_another_way(path):
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if ast.unparse(call) == "warnings.warn"] == []
