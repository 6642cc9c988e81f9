import json
from typing import get_args

import pytest
from typer.testing import CliRunner

from clvmodels import reports, transactions
from clvmodels.cli.main import app
from clvmodels.cli.options import Formats, Refunds, TimeUnit, UnknownDates
from clvmodels.datasets import simulate_transactions
from clvmodels.errors import ClvError
from clvmodels.evaluation.baselines import HiatusRule, Nothing
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.registry import default_forecasters
from clvmodels.reports import FORMATS, Origins

PERIODS = ["--calibration-end", "2020-10-01", "--holdout-end", "2021-03-31"]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    simulate_transactions(customers=60, length=68, random_seed=1).to_csv(path, index=False)
    return path


@pytest.fixture
def asked(monkeypatch):
    """What the one function behind the command is called with; it then stops."""
    calls = {}

    def publish(transactions, out, **choices):
        calls.update(transactions=transactions, out=str(out), **choices)
        raise ClvError("far enough")

    monkeypatch.setattr(reports, "publish_evaluation", publish)
    return calls


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_a_log_becomes_three_files_and_a_summary(log, tmp_path):
    done = run(log, *PERIODS, "--out", tmp_path / "out", "--format", "json", "--currency", "EUR")
    assert done.exit_code == 0
    assert done.stderr == ""
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["customers"] == 60
    assert (tmp_path / "out" / "scores.parquet").exists()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["facts"]["currency"] == "EUR"
    assert "EUR" in report["headline"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"evaluation.json", "scores.parquet", "report.json"}
    assert max(map(len, [line for line in done.stdout.splitlines() if not line.startswith("written:")])) <= 100
    for text in (
        "In short:",
        "Measures for purchases",
        "Measures for spend",
        "What was left out",
        "report.json",
        " EUR ",
    ):
        assert text in done.stdout


def test_the_defaults_are_those_of_the_backtest(log, asked):
    run(log, *PERIODS)
    assert asked == {
        "transactions": str(log),
        "out": "clvmodels-evaluation",
        "calibration_end": "2020-10-01",
        "holdout_end": "2021-03-31",
        "customer_id": "customer_id",
        "date": "date",
        "value": "value",
        "time_unit": None,
        "opportunity": None,
        "refunds": "error",
        "unknown_dates": "error",
        "date_format": None,
        "time_zone": None,
        "origins": None,
        "window": None,
        "forecasters": default_forecasters(),
        "segments": None,
        "acquisition_rate": None,
        "margin": 1.0,
        "annual_discount_rate": 0.0,
        "currency": "",
        "format": "html",
        "random_seed": 1,
    }


@pytest.mark.parametrize(
    ("option", "given", "name", "value"),
    [
        ("--customer-id", "who", "customer_id", "who"),
        ("--date", "when", "date", "when"),
        ("--value", "amount", "value", "amount"),
        ("--time-unit", "month", "time_unit", "month"),
        ("--refunds", "net", "refunds", "net"),
        ("--unknown-dates", "drop", "unknown_dates", "drop"),
        ("--date-format", "%d.%m.%Y", "date_format", "%d.%m.%Y"),
        ("--time-zone", "Europe/Berlin", "time_zone", "Europe/Berlin"),
        ("--origins", "6", "origins", Origins(origins=6)),
        ("--window", "26", "window", 26.0),
        ("--forecasters", "hiatus,nothing", "forecasters", [ModelForecaster(), HiatusRule(), Nothing()]),
        ("--acquisition-rate", "2.5", "acquisition_rate", 2.5),
        ("--acquisition-rate", "estimated", "acquisition_rate", "estimated"),
        ("--margin", "0.3", "margin", 0.3),
        ("--annual-discount-rate", "0.1", "annual_discount_rate", 0.1),
        ("--currency", "EUR", "currency", "EUR"),
        ("--format", "json", "format", "json"),
        ("--seed", "7", "random_seed", 7),
        ("--out", "there", "out", "there"),
    ],
)
def test_each_option_is_handed_on(log, asked, option, given, name, value):
    run(log, *PERIODS, option, given)
    assert asked[name] == value


def test_without_a_value_column_purchases_alone_are_evaluated_with_a_notice(tmp_path, asked):
    path = tmp_path / "log.csv"
    path.write_text("customer_id,date\n1,2020-01-01\n")
    done = run(path, *PERIODS)
    assert asked["value"] is None
    assert done.stderr.startswith("note: there is no column 'value' among ['customer_id', 'date']: purchases alone")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--value", "amount"], "error: missing columns ['amount']"),
        (["--customer-id", "who"], "--customer-id '...'"),
        (["--forecasters", "hiatos"], "do you mean 'hiatus'?"),
        (["--acquisition-rate", "many"], "give customers per time unit, or 'estimated'"),
        (["--model", "bg_bb"], "error: the RFM has no opportunities; give --opportunity 'month'"),
        (["--currency", "12"], "give a code such as 'EUR' or a sign such as '$'"),
        (["--segments", "none.csv"], "cannot read the segments in none.csv"),
    ],
)
def test_an_error_is_a_plain_message_and_exit_code_1(log, tmp_path, arguments, said):
    done = run(log, *PERIODS, "--out", tmp_path, *arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_format_is_refused_with_those_there_are(log, asked):
    done = run(log, *PERIODS, "--format", "pdf")
    assert (done.exit_code, asked) == (2, {})
    assert all(repr(form) in done.stderr for form in FORMATS)


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = run(tmp_path / "none.csv", *PERIODS, "--out", tmp_path)
    assert done.exit_code == 1
    assert "none.csv" in done.stderr


def test_the_choices_are_those_of_the_transactions():
    assert [unit.value for unit in TimeUnit] == list(transactions.DAYS_PER_UNIT)
    assert [choice.value for choice in Refunds] == list(get_args(transactions.Refunds))
    assert [form.value for form in Formats] == list(FORMATS)
    assert [choice.value for choice in UnknownDates] == list(get_args(transactions.UnknownDates))
