import json

import pytest
from typer.testing import CliRunner

from clvmodels import jobs
from clvmodels.cli.main import app
from clvmodels.datasets import simulate_transactions
from clvmodels.errors import ClvError, Locked, StoreError
from clvmodels.jobs import Check, ExitCode, Outcome, reading

COMMANDS = [
    ["retrain"], ["score"], ["monitor"], ["report"], ["models", "list"], ["models", "show"], ["models", "roll-back"],
]  # fmt: skip


def run(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "night.toml"
    path.write_text("[source]\ntransactions = 'orders.csv'\n")
    return path


@pytest.fixture
def answers(monkeypatch):
    """Let a function of the jobs return or raise what a test wants, without its work."""

    def answer(name, outcome):
        def function(job, **choices):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(jobs, name, function)

    return answer


def test_init_writes_a_configuration_that_can_be_read(tmp_path):
    path = tmp_path / "new.toml"
    done = run("init", path)
    assert done.exit_code == 0
    assert jobs.load_config(path).config.source.transactions == "orders.csv"
    assert f"clvmodels retrain {path}" in done.stdout


def test_init_leaves_a_file_that_is_there_alone(config):
    before = config.read_text()
    done = run("init", config)
    assert (done.exit_code, config.read_text()) == (1, before)
    assert "is there already" in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_missing_configuration_is_exit_code_2_and_names_init(command, tmp_path):
    done = run(*command, tmp_path / "none.toml")
    assert done.exit_code == 2
    assert "clvmodels init" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", COMMANDS[1:4] + COMMANDS[5:], ids=" ".join)
def test_where_nothing_is_published_a_command_says_so(command, config):
    done = run(*command, config, "--json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert answer["status"] == "failed"
    assert "no model is published" in answer["sentence"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_names_the_options(command):
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert "--json" in done.stdout
    assert "--log-format" in done.stdout


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(exit_code=ExitCode.DONE, status="published", sentence="Done."), 0),
        (Outcome(exit_code=ExitCode.KEPT_OLD, status="rejected", sentence="Kept."), 3),
        (Outcome(exit_code=ExitCode.RETRAIN, status="retrain", sentence="Retrain."), 5),
        (StoreError("the disk is full"), 1),
        (Locked("retrain (process 7 on shop) holds the lock"), 4),
    ],
)
def test_each_end_has_its_exit_code_also_in_the_json(config, answers, outcome, code):
    answers("retrain", outcome)
    plain, machine = run("retrain", config), run("retrain", config, "--json")
    assert plain.exit_code == machine.exit_code == code
    assert json.loads(machine.stdout)["exit_code"] == code


def test_json_is_one_object_on_standard_output_and_logs_are_elsewhere(config, answers):
    checks = (Check(name="rows", figure=3, limit=100, verdict="failed", sentence="There are 3 rows."),)
    answers("score", Outcome(exit_code=ExitCode.KEPT_OLD, status="rejected", sentence="Kept.", checks=checks))
    done = run("score", config, "--json")
    assert len(done.stdout.splitlines()) == 1
    assert json.loads(done.stdout)["checks"][0]["figure"] == 3


def test_a_failed_check_is_told_in_words_and_in_the_table(config, answers):
    check = Check(name="rows", figure=3, limit=1e-9, verdict="failed", sentence="There are 3 rows.")
    answers("retrain", Outcome(exit_code=ExitCode.KEPT_OLD, status="rejected", sentence="Kept back.", checks=(check,)))
    said = run("retrain", config).stdout
    assert "rows: There are 3 rows." in said
    assert "1e-09" in said


def test_logs_are_json_lines_where_asked(tmp_path):
    done = run("retrain", tmp_path / "none.toml", "--log-format", "json")
    line = json.loads(done.stderr)
    assert set(line) == {"time", "level", "logger", "message"}
    assert line["level"] == "error"


def test_messages_name_the_keys_of_the_configuration(config, tmp_path):
    (tmp_path / "orders.csv").write_text("who,date,value\n1,2020-01-01,3\n2,2020-01-02,4\n")
    said = run("retrain", config).stderr
    assert "source.customer_id = '...'" in said


def test_a_key_that_is_unknown_is_exit_code_2_and_the_nearest_is_named(config):
    config.write_text("[source]\ntransactions = 'orders.csv'\n[model]\ntime_units = 'week'\n")
    done = run("retrain", config)
    assert done.exit_code == 2
    assert "do you mean model.time_unit?" in done.stderr


def test_an_evaluation_by_a_configuration_asks_what_the_configuration_says(config, tmp_path, monkeypatch):
    asked = {}

    def publish(transactions, out, **choices):
        asked.update(transactions=transactions, **choices)
        raise ClvError("far enough")

    monkeypatch.setattr(reading, "publish_evaluation", publish)
    simulate_transactions(customers=150, length=60, random_seed=1).to_csv(tmp_path / "orders.csv", index=False)
    said = "source.transactions = 'orders.csv'\nbacktest.holdout = 13\nmodel.observation_end = 2021-01-31\n"
    config.write_text(f"{said}report.currency = '$'\n")
    assert run("evaluate", config, "--origins", 2, "--format", "md").exit_code == 1
    assert asked["transactions"] == str(tmp_path / "orders.csv")
    assert [str(asked["calibration_end"]), str(asked["holdout_end"])] == ["2020-11-01", "2021-01-31"]
    assert asked["origins"].origins == 2
    assert (asked["currency"], asked["format"]) == ("$", "md")
    assert [one.name for one in asked["forecasters"]][1:3] == ["multiplicative_customer", "as_before"]


@pytest.mark.parametrize(("option", "value"), [("--time-unit", "month"), ("--currency", "EUR")])
def test_an_evaluation_by_a_configuration_takes_nothing_that_the_configuration_says(config, option, value):
    done = run("evaluate", config, option, value)
    assert done.exit_code == 2
    assert "the configuration says it" in done.output
