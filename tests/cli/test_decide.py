"""The commands of `clvmodels decide`, on a small log that was simulated."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clvmodels.cli.main import app
from clvmodels.datasets import simulate_transactions

OFFER = ["--kept", "2,18", "--cost", "1", "--horizon", "52"]
# Each question: its own options, a word of its answer, and its files.
QUESTIONS = {
    "acquisition": (["--cost", "12", "--horizon", "104"], "customer is worth", {"payback.svg", "curve.csv"}),
    "cohorts": (["--cost", "20", "--horizon", "104"], "cohorts of 40 customers", {"cohorts.csv", "cohorts.svg"}),
    "churn": (["--period", "13", "--periods", "3"], "expected to be alive", {"survival.svg", "by_period.csv"}),
    "slipping": (["--horizon", "52", "--top", "3"], "is at risk", {"value_at_risk.csv", "value_at_risk.svg"}),
    "offer": (OFFER, "all 40 customers", {"customers.csv", "net_gain.svg"}),
    "replace": ([*OFFER, "--new-cost", "9"], "Verdicts:", {"retain_or_replace.csv", "retain_or_replace.svg"}),
    "budget": (
        ["--periods", "2", "--new-customers", "30,40", "--no-past-errors"],
        "A revenue of",
        {"budget.csv", "reached.csv", "margin.svg"},
    ),
    "needed": (["--periods", "2", "--target-revenue", "900"], "must be won", {"needed.csv", "needed.svg"}),
}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.csv"
    simulate_transactions(customers=40, length=60, random_seed=1).to_csv(path, index=False)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["decide", *map(str, arguments)])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_in_words_tables_and_plots(question, log, tmp_path):
    options, words, files = QUESTIONS[question]
    done = run(question, log, *options, "--margin", "0.4", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert words in " ".join(done.stdout.split())
    assert files | {"answer.txt", "drivers.csv"} <= {path.name for path in tmp_path.iterdir()}
    assert (
        max(map(len, [line for line in done.stdout.splitlines() if not line.startswith("written:")]), default=0) <= 100
    )
    assert " ".join((tmp_path / "answer.txt").read_text().split()) in " ".join(done.stdout.split())


def test_the_same_seed_gives_the_same_files(log, tmp_path):
    for name in ("one", "two"):
        run("offer", log, *OFFER, "--seed", "7", "--out", tmp_path / name)
    one, two = ((tmp_path / name / "customers.csv").read_bytes() for name in ("one", "two"))
    assert one == two


def test_channels_come_from_a_file(log, tmp_path):
    ids = pd.read_csv(log)["customer_id"].unique()
    channels = tmp_path / "channels.csv"
    pd.DataFrame({"customer_id": ids, "channel": np.where(ids % 2, "search", "mail")}).to_csv(channels, index=False)
    costs = ["--cost", "search:12, mail:9", "--horizon", "52"]
    done = run("acquisition", log, *costs, "--channels", channels, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    payback = pd.read_csv(tmp_path / "out" / "payback.csv").drop_duplicates("channel").set_index("channel")
    assert payback["cost"].to_dict() == {"mail": 9.0, "search": 12.0}
    assert (tmp_path / "out" / "drivers_2.svg").exists()


def test_segments_of_the_churn_come_from_a_file(log, tmp_path):
    ids = pd.read_csv(log)["customer_id"].unique()
    segments = tmp_path / "segments.csv"
    pd.DataFrame({"customer_id": ids, "region": np.where(ids % 2, "north", "south")}).to_csv(segments, index=False)
    done = run("churn", log, "--period", "13", "--segments", segments, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert pd.read_csv(tmp_path / "out" / "churn.csv")["group"].unique().tolist() == ["north", "south", "total"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["offer", "--kept", "0.1", "--horizon", "52"], "certain:0.1"),
        (["offer", "--kept", "2,18", "--discount", "0.1", "--horizon", "52"], "--lasts 13"),
        (["budget", "--new-customers", "many"], "one for each period"),
        (
            ["budget", "--periods", "3", "--new-customers", "1,2", "--no-past-errors"],
            "new_customers has 2 numbers for 3 periods",
        ),
        (["acquisition", "--cost", "9", "--horizon", "52", "--value", "nothing"], "nothing"),
        (["acquisition", "--cost", "cheap", "--horizon", "52"], "search:25,mail:12"),
        (["offer", "--kept", "certain:1.5", "--horizon", "52"], "clv.Prior('Beta', alpha=2, beta=18)"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(arguments, message, log, tmp_path):
    question, *options = arguments
    done = run(question, log, *options, "--out", tmp_path)
    assert done.exit_code == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_log_without_amounts_has_churn_but_no_value(log, tmp_path):
    counts = tmp_path / "counts.csv"
    pd.read_csv(log).drop(columns="value").to_csv(counts, index=False)
    assert run("churn", counts, "--period", "13", "--out", tmp_path / "churn").exit_code == 0
    done = run("slipping", counts, "--horizon", "52", "--out", tmp_path / "slipping")
    assert done.exit_code == 1
    assert "no amounts" in done.stderr


@pytest.mark.parametrize("question", [*QUESTIONS, "renewals"])
def test_every_question_tells_its_options(question):
    done = run(question, "--help")
    assert done.exit_code == 0
    assert "--horizon" in done.stdout or "--period" in done.stdout


@pytest.fixture
def contracts(tmp_path):
    path = tmp_path / "contracts.csv"
    rng = np.random.default_rng(1)
    ends, age = rng.geometric(rng.beta(0.7, 3.8, 200)), rng.integers(0, 8, 200)
    table = {"member": range(200), "renewals": np.minimum(ends - 1, age), "left": ends <= age}
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def test_contracts_are_projected_valued_and_offered_a_discount(contracts, tmp_path):
    discount = ["--price", "100", "--kept", "3,7", "--discount", "0.1"]
    done = run("renewals", contracts, "--customer-id", "member", *discount, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"retention.svg", "values.csv", "discount.svg", "discount_by_renewals.csv"} <= files
    assert len(pd.read_csv(tmp_path / "out" / "values.csv")) == 200


def test_a_table_of_cohorts_is_projected(tmp_path):
    path = tmp_path / "cohorts.csv"
    path.write_text("cohort,0,1,2,3\n2021,1000,869,743,653\n2022,500,430,372,\n")
    done = run("renewals", path, "--price", "100", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "A new customer will bring" in " ".join(done.stdout.split())


def test_a_discount_needs_customers(tmp_path):
    path = tmp_path / "cohorts.csv"
    path.write_text("cohort,0,1\n2021,1000,869\n")
    done = run("renewals", path, "--price", "100", "--kept", "3,7", "--discount", "0.1", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "a row per customer" in done.stderr


def test_rows_without_a_date_are_left_out_where_that_is_asked_for(log, tmp_path):
    dirty = tmp_path / "dirty.csv"
    dirty.write_text(log.read_text() + "Total,,123.45\n")
    question = ["--period", "13", "--periods", "2"]
    assert run("churn", dirty, *question, "--out", tmp_path / "refused").exit_code == 1
    assert run("churn", dirty, *question, "--unknown-dates", "drop", "--out", tmp_path / "dirty").exit_code == 0
    assert run("churn", log, *question, "--out", tmp_path / "clean").exit_code == 0
    found, expected = ((tmp_path / name / "answer.txt").read_text() for name in ("dirty", "clean"))
    assert found == expected


def test_a_model_of_opportunities_is_chosen_with_their_length(log, tmp_path):
    churn = ("churn", log, "--period", "3", "--periods", "2", "--model", "bg_bb", "--out", tmp_path)
    done = run(*churn, "--opportunity", "month", "--observation-end", "2021-01-31")
    assert done.exit_code == 0, done.output
    assert "leave within 3 months" in " ".join(done.stdout.split())
    without = run(*churn)
    assert without.exit_code == 1
    assert "the RFM has no opportunities" in without.stderr
    assert "--opportunity 'month'" in without.stderr
