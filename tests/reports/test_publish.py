import json

import pandas as pd
import pytest

from clvmodels.errors import ClvError, DataWarning
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore, SimpleFormula
from clvmodels.evaluation.measures import catalogue
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.registry import textbook
from clvmodels.evaluation.rolling import evaluate_splits
from clvmodels.reports import Origins, default_value_column, publish_evaluation, render

FORECASTERS = (textbook(draws=100), SimpleFormula(), AsBefore())
PERIODS = {"calibration_end": "2020-10-01", "holdout_end": "2021-03-31"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("published") / "new"


@pytest.fixture(scope="module")
def published(log, folder):
    origins = Origins(origins=2, horizon=10)
    terms = {"margin": 0.3, "annual_discount_rate": 0.1, "currency": "$"}
    return publish_evaluation(log, folder, origins=origins, forecasters=FORECASTERS, **terms, **PERIODS)


def test_three_files_are_written_and_nothing_else(published, folder):
    assert [path.name for path in published.files] == ["evaluation.json", "scores.parquet", "report.html"]
    assert sorted(folder.iterdir()) == sorted(published.files)


def test_the_json_is_valid_and_has_every_figure(published):
    found = json.loads(published.files[0].read_text(), parse_constant=pytest.fail)
    assert found["customers"] == 40
    assert (found["calibration_end"], found["holdout_end"]) == ("2020-10-01", "2021-03-31")
    assert found["time_unit"] == "week"
    names = [forecaster.name for forecaster in FORECASTERS]
    assert list(dict.fromkeys(row["forecaster"] for row in found["metrics"])) == names
    assert {row["target"] for row in found["metrics"]} == {"purchases", "value"}
    assert len(found["metrics"]) == 2 * len(names) * len(catalogue())


def test_the_json_has_every_table(published):
    found = json.loads(published.files[0].read_text())
    lists = {"verdict", "measures", "totals", "new_customers", "comparisons", "tracking", "tracking_per_period"}
    by_target = {"coverage", "reliability_by_frequency", "reliability_by_decile", "lift", "pit"}
    assert all(found[name] for name in lists)
    assert all(set(found[name]) == {"purchases", "value"} for name in by_target)
    assert all(found[name][target] for name in by_target for target in ("purchases", "value"))
    assert set(found["criticism"]) == {"frequencies", "leave_one_out", "spend_independence", "prior_sensitivity"}
    assert set(found["rolling"]) >= {"verdict", "means", "totals", "coverage_of_totals", "comparisons", "new_customers"}


def test_the_scores_have_a_row_per_customer_and_an_interval_per_score(published, log):
    scores = pd.read_parquet(published.files[1])
    assert sorted(scores["customer_id"]) == sorted(log.loc[log["date"] <= "2020-10-01", "customer_id"].unique())
    for name in (
        "probability_alive",
        "expected_purchases",
        "predictive_purchases",
        "expected_lifetime",
        "lifetime_value",
    ):
        assert (scores[f"{name}_lower"] <= scores[f"{name}_upper"]).all()


def test_the_terminal_reads_how_the_forecast_came_out_and_the_report_what_to_expect(published):
    assert published.headline.startswith("The 40 customers known on 1 October 2020 were expected to spend $")
    assert "interval $" in published.headline
    assert "The 40 customers known on 31 March 2021 are expected to bring $" in published.files[2].read_text()


def test_the_terminal_gets_a_spread_of_customers_and_a_table_of_measures_per_target(published):
    assert [row[0] for row in published.customers.rows][:2] == [1, 2]
    assert published.customers.rows[-1][0] == 40
    captions = [table.caption for table in published.evaluation]
    assert [caption for caption in captions if caption.endswith("per customer: level and error")] == [
        "Measures for purchases per customer: level and error",
        "Measures for spend per customer: level and error",
    ]


def test_the_origins_have_tables_and_a_verdict_of_their_own(published):
    assert any(table.caption.startswith("Total spend from each origin") for table in published.rolling)
    assert published.rolling_verdict.startswith("2 origins from ")


def test_an_origin_that_is_the_backtest_itself_is_not_worked_out_again(log, monkeypatch):
    fits = []
    fit = ModelForecaster.fit
    monkeypatch.setattr(ModelForecaster, "fit", lambda *given, **seed: fits.append(1) or fit(*given, **seed))
    result = backtest(log, forecasters=[textbook(draws=100)], **PERIODS)
    of_the_backtest = len(fits)
    rolling = evaluate_splits([result.split], known=[result])
    assert rolling.results == (result,)
    assert len(fits) == of_the_backtest


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path, log):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ClvError, match="cannot make the folder"):
        publish_evaluation(log, tmp_path / "file" / "out", **PERIODS)


# Ibis calls a deprecated method of DuckDB, which `pytest.warns` brings to light.
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
@pytest.mark.parametrize("name", ["log.csv", "log.parquet", "odd[1].csv", "LOG.PARQUET"])
@pytest.mark.parametrize("has_value", [True, False])
def test_the_value_column_is_used_where_there_is_one(tmp_path, log, name, has_value):
    table = log if has_value else log.drop(columns="value")
    path = tmp_path / name
    if name.lower().endswith("parquet"):
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    if has_value:
        assert default_value_column(path) == "value"
    else:
        with pytest.warns(DataWarning, match="no column 'value' .* purchases alone"):
            assert default_value_column(path) is None


def test_a_file_that_cannot_be_read_is_left_to_the_backtest(tmp_path):
    assert default_value_column(tmp_path / "none.csv") == "value"


def test_a_log_without_amounts_is_reported_on_purchases_alone(without_amounts):
    page = render(without_amounts)
    assert "Purchases to come" in page
    assert "spend" not in {
        row[0]
        for table in json.loads(render(without_amounts, format="json"))["sections"][0]["parts"][0]["tables"]
        for row in table["rows"]
    }
    assert "ifetime value" not in page
