"""Four nights of a shop: published, published again, a broken feed refused, rolled back."""

import datetime as dt
import html
import json
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clvmodels.cli.main import app
from clvmodels.datasets import simulate_transactions
from clvmodels.jobs import load_config, score
from clvmodels.jobs.manifest import sha256
from clvmodels.jobs.store import Store

pytestmark = pytest.mark.slow
LOG = simulate_transactions(customers=400, length=80, random_seed=3)
SEGMENTS = pd.Series(np.where(LOG["customer_id"].unique() % 2, "web", "shop"), LOG["customer_id"].unique())
CONFIGURATION = """
[source]
transactions = "orders.csv"
[segments]
file = "segments.csv"
[model]
purchases = "bg_nbd"
draws = 200
observation_end = {end}
[scores]
horizon = 26
margin = 0.3
[backtest]
holdout = 13
[report]
currency = "EUR"
[output]
scores_copy = "scores.parquet"
"""


REPORTS = ("report.html", "report.md", "report.json")


class Shop:
    """A folder with an order log, segments and a configuration, and the commands in it."""

    def __init__(self, folder):
        self.folder = folder
        self.store = Store(folder / "clvmodels-store")
        SEGMENTS.rename_axis("customer_id").rename("segment").reset_index().to_csv(folder / "segments.csv", index=False)

    def night(self, end, *, share=1.0):
        """The feed holds the orders until a day, or a share of them."""
        until = LOG[LOG["date"] <= end]
        until.sample(frac=share, random_state=1).sort_index().to_csv(self.folder / "orders.csv", index=False)
        (self.folder / "clvmodels.toml").write_text(CONFIGURATION.format(end=end))

    def run(self, *command):
        done = CliRunner().invoke(app, [*command, str(self.folder / "clvmodels.toml"), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        answer = json.loads(done.stdout)
        assert answer["exit_code"] == done.exit_code
        return answer

    def files(self):
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def first(shop):
    shop.night("2021-05-01")
    return shop.run("retrain")


@pytest.fixture(scope="module")
def second(shop, first):
    shop.night("2021-06-01")
    return shop.run("retrain")


def test_the_first_night_publishes(shop, first):
    assert (first["exit_code"], first["status"], first["version"]) == (0, "published", "000001")
    scores = pd.read_parquet(first["scores"])
    assert len(scores) == shop.store.manifest("1").data.customers
    assert (shop.folder / "scores.parquet").read_bytes() == (shop.store.scores("1")[1]).read_bytes()


def test_more_data_are_published_beside_the_first_version(shop, second):
    assert (second["exit_code"], second["status"], second["version"]) == (0, "published", "000002")
    verdicts = {check["name"]: check["verdict"] for check in second["checks"]}
    compared = ("history", "activity", "backtest_rmse_purchases_published", "parameter_drift_purchases")
    assert [verdicts[name] for name in compared] == ["passed"] * 4
    assert {"bias_purchases_web", "bias_spend_shop"} <= set(verdicts)
    assert shop.store.required().before == ("000001",)


def test_a_night_without_news_does_nothing(shop, second):
    before = shop.files()
    done = shop.run("retrain")
    assert (done["exit_code"], done["status"], done["version"]) == (0, "unchanged", "000002")
    assert shop.files() == before


def test_a_broken_feed_is_refused_and_the_old_scores_stay(shop, second):
    before = shop.files()
    shop.night("2021-06-08", share=0.5)
    scored = shop.run("score")
    assert (scored["exit_code"], scored["status"]) == (3, "rejected")
    done = shop.run("retrain")
    assert (done["exit_code"], done["status"], done["rejected"]) == (3, "rejected", "000003")
    failed = {check["name"] for check in done["checks"] if check["verdict"] == "failed"}
    assert {"history", "spend_history", "known_customers"} <= failed
    assert done["sentence"].startswith("Version 000003 is kept back, version 000002 stays published: ")
    assert "clvmodels models promote 000003 --although-rejected" in done["sentence"]
    after = shop.files()
    kept = [name for name in before if name not in ("orders.csv", "clvmodels.toml")]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert shop.store.required().version == "000002"
    again = shop.run("retrain")
    assert (again["exit_code"], again["status"]) == (3, "unchanged")
    assert not (shop.store.folder / "versions" / "000004").exists()


def test_a_version_kept_back_says_why(shop):
    manifest = shop.store.manifest("3")
    assert (manifest.verdict, manifest.compared_with) == ("rejected", "000002")
    assert all(check.sentence for check in manifest.failed)
    page = (shop.store.version_folder("3") / "report.html").read_text()
    assert all(check.remedy in html.unescape(page) for check in manifest.failed)


def test_the_reports_of_a_version_are_among_its_files(shop):
    for manifest in map(shop.store.manifest, "123"):
        folder = shop.store.version_folder(manifest.number)
        assert {name: manifest.files[name] for name in REPORTS} == {name: sha256(folder / name) for name in REPORTS}


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_a_report_lists_every_check_with_why_it_matters_and_what_to_do(shop, number):
    checks = {check.title: check for check in shop.store.manifest(number).checks}
    plain = json.loads((shop.store.version_folder(number) / "report.json").read_text())
    tables = [table for section in plain["sections"] for part in section["parts"] for table in part["tables"]]
    rows = {row[0]: row for table in tables if table["caption"] == "Checks" for row in table["rows"]}
    assert checks.keys() <= rows.keys()
    for name, check in checks.items():
        _, verdict, figure, limit, found, why, remedy = rows[name]
        assert (verdict, figure, limit, remedy) == (check.verdict, check.figure, check.limit, check.remedy)
        assert (check.sentence.startswith(found), bool(found), bool(why)) == (True, True, True)
        assert bool(remedy) == (verdict != "not applicable")


def test_amounts_in_a_report_have_the_configured_currency(shop, first):
    plain = json.loads((shop.store.version_folder("1") / "report.json").read_text())
    assert plain["facts"]["currency"] == "EUR"
    assert "EUR" in plain["headline"]


def test_rolling_back_publishes_the_first_version_and_its_scores(shop):
    done = shop.run("models", "roll-back")
    assert (done["exit_code"], done["version"]) == (0, "000001")
    assert done["scores"] == str(shop.store.scores("1")[1])
    assert (shop.folder / "scores.parquet").read_bytes() == (shop.store.scores("1")[1]).read_bytes()
    states = {row["version"]: row["state"] for row in shop.run("models", "list")["versions"]}
    assert states == {"000001": "published", "000002": "rolled back", "000003": "kept back"}


def test_after_rolling_back_the_same_data_are_not_published_again(shop):
    shop.night("2021-06-01")
    done = shop.run("retrain")
    assert (done["exit_code"], done["status"], done["version"]) == (0, "unchanged", "000001")
    assert "which was rolled back" in done["sentence"]


def test_scores_are_brought_up_to_date_by_the_published_version(shop):
    shop.night("2021-06-08")
    done = shop.run("score")
    assert (done["exit_code"], done["status"], done["version"]) == (0, "scored", "000001")
    made, _ = shop.store.scores(shop.store.required().scores)
    assert (made.version, str(made.data.observation_end)) == ("000001", "2021-06-08")


def test_a_monitor_compares_the_first_scores_of_the_published_version_with_what_happened(shop):
    done = shop.run("monitor")
    assert (done["exit_code"], done["status"]) == (0, "fine")
    assert (done["since"], done["until"]) == ("2021-05-01", "2021-06-08")
    assert {"bias_purchases", "coverage_purchases", "known_customers"} <= {check["name"] for check in done["checks"]}


def test_a_manifest_says_where_a_version_comes_from(shop):
    manifest = shop.store.manifest("2")
    assert manifest.configuration["scores"]["margin"] == 0.3
    assert manifest.packages["clvmodels"] == version("clvmodels")
    assert set(manifest.parameters) == {f"purchases.{name}" for name in ("r", "alpha", "a", "b")} | {
        f"spend.{name}" for name in "pqv"
    }
    assert str(manifest.data.observation_end) == "2021-06-01"
    assert manifest.metrics["purchases.rmse"] > 0


def test_an_evaluation_by_the_configuration_writes_its_files(shop):
    out = shop.folder / "evaluated"
    done = CliRunner().invoke(app, ["evaluate", str(shop.folder / "clvmodels.toml"), "--out", str(out), "--json"])
    answer = json.loads(done.stdout)
    assert (done.exit_code, set(answer["files"])) == (0, {"evaluation.json", "scores.parquet", "report.html"})
    assert answer["evaluation"] == json.loads((out / "evaluation.json").read_text())


def test_the_report_of_a_version_is_the_one_that_was_made_with_it(shop):
    out = shop.folder / "copy.html"
    done = CliRunner().invoke(app, ["report", str(shop.folder / "clvmodels.toml"), "--version", "2", "--out", str(out)])
    assert done.exit_code == 0
    assert out.read_bytes() == (shop.store.version_folder("2") / "report.html").read_bytes()


def test_a_feed_that_has_stopped_is_told_although_nothing_is_new(shop):
    (shop.folder / "clvmodels.toml").write_text(CONFIGURATION.replace("observation_end = {end}\n", ""))
    job = load_config(shop.folder / "clvmodels.toml")
    last = pd.read_csv(shop.folder / "orders.csv", parse_dates=["date"])["date"].max().date()
    soon, late = (score(job, today=last + dt.timedelta(days=days)) for days in (2, 20))
    assert "freshness" not in {check.name for check in soon.failed}
    assert (int(late.exit_code), "freshness" in {check.name for check in late.failed}) == (3, True)


def test_scores_that_were_damaged_are_made_anew(shop):
    shop.night("2021-06-08")
    _, path = shop.store.scores(shop.store.required().scores)
    path.write_bytes(path.read_bytes()[:100])
    done = shop.run("score")
    assert (done["exit_code"], done["status"]) == (0, "scored")
    shop.store.scores(shop.store.required().scores)


def test_a_point_can_be_published(tmp_path):
    point = Shop(tmp_path)
    point.night("2021-05-01")
    text = (point.folder / "clvmodels.toml").read_text().replace("draws = 200", 'method = "map"')
    (point.folder / "clvmodels.toml").write_text(text)
    done = point.run("retrain")
    assert done["exit_code"] in (0, 3)
    assert done["status"] in ("published", "rejected")
    assert point.store.manifest("1").parameters["purchases.r"]["sd"] is None
