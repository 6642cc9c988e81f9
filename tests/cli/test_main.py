from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from clvmodels.cli.main import app

REQUIRED = ["log.csv", "--calibration-end", "2020-10-01", "--holdout-end", "2021-03-31"]


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_the_version_is_the_packages_own():
    done = run("--version")
    assert done.exit_code == 0
    assert done.output.strip() == version("clvmodels")


def test_help_names_the_commands():
    done = run("--help")
    assert done.exit_code == 0
    assert "demo" in done.output
    assert "evaluate" in done.output


@pytest.mark.parametrize(
    "option",
    [
        "--calibration-end", "--holdout-end", "--customer-id", "--date", "--value", "--time-unit", "--refunds",
        "--unknown-dates", "--date-format", "--time-zone", "--margin", "--annual-discount-rate", "--seed", "--out",
    ],
)  # fmt: skip
def test_help_names_every_option_of_evaluate(option):
    assert f"  {option} " in run("evaluate", "--help").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate"], "Missing argument"),
        (["evaluate", "log.csv", "--calibration-end", "2020-10-01"], "--holdout-end"),
        (["evaluate", *REQUIRED, "--time-unit", "fortnight"], "'day', 'week', 'month', 'year'"),
        (["evaluate", *REQUIRED, "--seed", "one"], "--seed"),
        (["evaluate", *REQUIRED, "--margin", "30"], "--margin"),
        (["evaluate", *REQUIRED, "--annual-discount-rate", "-0.1"], "--annual-discount-rate"),
        (["forecast"], "No such command"),
        ([], "Usage"),
    ],
)
def test_a_wrong_call_says_why_and_ends_with_exit_code_2(arguments, said):
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.output
