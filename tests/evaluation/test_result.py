"""A backtest's tables of customers, and how it is shown."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.backtest import backtest
from clvmodels.evaluation.baselines import AsBefore
from clvmodels.evaluation.mean_interval import mean_interval
from clvmodels.evaluation.measures import measures

MODEL = "bg_nbd_gamma_gamma"
ALL_SPEND = "bg_nbd_gamma_gamma_all_spend"
TARGETS = ["purchases", "value"]
LEVELS = [0.5, 0.8, 0.9, 0.95]


def forecasters(result, target):
    return [name for name, forecast in result.forecasts.items() if target in forecast.targets]


def test_the_table_has_a_row_per_target_and_forecaster(cdnow):
    rows = [(target, name) for target in TARGETS for name in forecasters(cdnow, target)]
    # The second model of spend has no row of purchases.
    assert sorted(cdnow.table().index) == sorted(rows)
    assert cdnow.table().index.names == ["target", "forecaster"]
    assert cdnow.table().columns.tolist()[:4] == ["bias", "mae", "mae_median", "rmse"]


def test_the_table_holds_the_metrics(cdnow):
    table = cdnow.table()
    for row in cdnow.metrics.itertuples():
        np.testing.assert_equal(table.loc[(row.target, row.forecaster), row.metric], row.value)


@pytest.mark.parametrize("target", TARGETS)
def test_reliability_by_frequency_averages_to_the_totals(cdnow, target):
    table = cdnow.reliability(target=target)
    names = forecasters(cdnow, target)
    assert table.index.tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert sorted(table.columns) == sorted(["customers", "actual", "actual_lower", "actual_upper", *names])
    sums = table.drop(columns="customers").mul(table["customers"], axis=0).sum()
    totals = cdnow.totals().loc[target]
    assert sums[names].to_dict() == pytest.approx(totals["predicted"].to_dict())
    assert sums["actual"] == pytest.approx(cdnow.split.holdout[target].sum())


@pytest.mark.parametrize("target", TARGETS)
def test_the_interval_of_each_groups_mean_is_of_its_own_customers(cdnow, target):
    table = cdnow.reliability(target=target)
    often = cdnow.split.calibration.frame["frequency"] >= 7
    expected = mean_interval(cdnow.split.holdout[target][often].to_numpy(float), interval=cdnow.interval)
    assert table.loc["7+", ["actual_lower", "actual_upper"]].tolist() == pytest.approx(expected)
    assert ((table["actual_lower"] < table["actual"]) & (table["actual"] < table["actual_upper"])).all()


def test_reliability_has_rows_for_the_frequencies_that_occur(one_timers):
    table = one_timers.reliability()
    assert table.index.tolist() == ["0"]
    assert table["customers"].tolist() == [12]


@pytest.mark.parametrize("target", TARGETS)
def test_reliability_by_decile_averages_to_the_totals(cdnow, target):
    table = cdnow.reliability(by="decile", target=target)
    assert table.columns.tolist() == ["forecaster", "decile", "customers", "predicted", "actual"]
    assert table.groupby("forecaster")["decile"].agg(list).tolist() == [list(range(1, 11))] * (8 + (target == "value"))
    totals = cdnow.totals().loc[target]
    for name, rows in table.groupby("forecaster"):
        assert rows["customers"].to_numpy() == pytest.approx(235.7)
        assert (np.diff(rows["predicted"]) >= -1e-9).all()
        assert (rows["customers"] * rows["predicted"]).sum() == pytest.approx(totals.loc[name, "predicted"])
        assert (rows["customers"] * rows["actual"]).sum() == pytest.approx(totals.loc[name, "actual"])


def test_customers_predicted_alike_are_alike_in_every_decile(cdnow):
    population = cdnow.reliability(by="decile").query("forecaster == 'multiplicative_population'")
    assert population["actual"].to_numpy() == pytest.approx(1882 / 2357)


@pytest.mark.parametrize("target", TARGETS)
def test_the_shares_of_a_lift_add_to_one_and_hindsight_is_best(cdnow, target):
    table = cdnow.lift(target)
    assert table.columns.tolist() == ["forecaster", "decile", "share", "cumulative", "lift"]
    best = table[table["forecaster"] == "actual"]["cumulative"].to_numpy()
    assert set(table["forecaster"]) == {"actual", *forecasters(cdnow, target)}
    for _, rows in table.groupby("forecaster"):
        assert rows["decile"].tolist() == list(range(1, 11))
        assert rows["share"].sum() == pytest.approx(1)
        assert rows["cumulative"].to_numpy() == pytest.approx(np.cumsum(rows["share"]))
        assert rows["lift"].to_numpy() == pytest.approx(10 * rows["share"].to_numpy())
        assert (rows["cumulative"].to_numpy() <= best + 1e-12).all()


def test_the_lift_of_the_first_decile_is_the_top_decile_capture(cdnow):
    for target in TARGETS:
        first = cdnow.lift(target).query("decile == 1 and forecaster != 'actual'").set_index("forecaster")["share"]
        captured = cdnow.table().loc[target, "top_decile_capture"]
        assert first.to_dict() == pytest.approx(captured.to_dict())


def test_the_lift_with_hindsight_is_the_share_of_the_best_customers(cdnow):
    best = np.sort(cdnow.split.holdout["value"])[::-1]
    # A tenth of 2,357 customers: 235 and seven tenths of the next one.
    expected = (best[:235].sum() + 0.7 * best[235]) / best.sum()
    assert cdnow.lift("value").loc[0, ["forecaster", "cumulative"]].tolist() == ["actual", pytest.approx(expected)]


@pytest.mark.parametrize("target", TARGETS)
def test_coverage_has_a_row_per_forecaster_with_draws_and_level(cdnow, target):
    table = cdnow.coverage(target)
    assert table.columns.tolist() == ["forecaster", "level", "covered", "attainable", "randomised", "width"]
    assert table.groupby("forecaster")["level"].agg(list).to_dict() == dict.fromkeys([MODEL, ALL_SPEND], LEVELS)
    # Intervals of drawn outcomes hold at least what they promise of their own draws, and wider ones more.
    assert (table["attainable"] >= table["level"]).all()
    for _, rows in table.groupby("forecaster"):
        assert (np.diff(rows[["covered", "attainable", "randomised", "width"]], axis=0) > 0).all()


def test_coverage_is_counted_over_the_customers(cdnow):
    customers = cdnow.assessments[MODEL, "purchases"].customers
    inside = customers["y_obs"].between(customers["lower_80"], customers["upper_80"])
    row = cdnow.coverage().set_index(["forecaster", "level"]).loc[(MODEL, 0.8)]
    assert row["covered"] == pytest.approx(inside.mean())
    assert row["width"] == pytest.approx((customers["upper_80"] - customers["lower_80"]).mean())


@pytest.mark.parametrize("bins", [2, 10, 20])
def test_the_transforms_are_a_histogram_with_a_band(cdnow, bins):
    table = cdnow.pit(bins=bins)
    assert table.columns.tolist() == ["lower", "upper", "share", "expected", "band_lower", "band_upper"]
    assert (table["lower"].iloc[0], table["upper"].iloc[-1], len(table)) == (0, 1, bins)
    assert table["share"].sum() == pytest.approx(1)
    assert (table["expected"] == 1 / bins).all()
    assert ((table["band_lower"] < 1 / bins) & (1 / bins < table["band_upper"])).all()


def test_coarser_bins_of_the_transforms_add_up_the_finer_ones(cdnow):
    fine, coarse = cdnow.pit("value", bins=20), cdnow.pit("value", bins=4)
    assert fine["share"].to_numpy().reshape(4, 5).sum(axis=1) == pytest.approx(coarse["share"].to_numpy())


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"forecaster": "as_before"}, "as_before has no draws of purchases"),
        ({"forecaster": "spend_alone"}, "has no draws of purchases"),
        ({"forecaster": "as_befor"}, "as_befor has no draws"),
        ({"bins": 1}, "bins is 1; give 2 or more that divide 100"),
        ({"bins": 30}, "bins is 30"),
    ],
)
def test_a_histogram_that_cannot_be_made_is_refused(cdnow, choices, message):
    with pytest.raises(InvalidArgument, match=message):
        cdnow.pit(**choices)


def test_a_comparison_has_a_row_per_target_and_compared_measure(cdnow):
    table = cdnow.compare("as_before")
    names = [measure.name for measure in measures(LEVELS) if measure.of is not None and measure.better != "-"]
    assert table.index.tolist() == [(target, name) for target in TARGETS for name in names]
    assert table.columns.tolist() == ["label", "model", "baseline", "advantage", "lower", "upper", "scale", "outcome"]


def test_a_comparison_shows_the_figures_and_which_of_them_is_better(cdnow):
    table, figures = cdnow.compare("as_before"), cdnow.table()
    for target in TARGETS:
        for name in ("rmse", "concordance_index", "crps"):
            row = table.loc[(target, name)]
            own, other = figures.loc[(target, MODEL), name], figures.loc[(target, "as_before"), name]
            assert row[["model", "baseline"]].tolist() == pytest.approx([own, other])
            lower_is_better = name != "concordance_index"
            assert row["advantage"] == pytest.approx(other - own if lower_is_better else own - other)
            assert row["lower"] < row["advantage"] < row["upper"]
        # A forecast without draws has no median of its own.
        assert table.loc[(target, "mae_median"), "outcome"] == "not defined"
        # Of the bias its size.
        bias = table.loc[(target, "bias"), ["model", "baseline"]].tolist()
        assert bias == pytest.approx(figures.loc[target].loc[[MODEL, "as_before"], "bias"].abs().tolist())


def test_a_comparison_with_a_wider_interval_is_less_sure(cdnow):
    narrow, wide = cdnow.compare("hiatus", interval=0.5), cdnow.compare("hiatus", interval=0.99)
    known = narrow["lower"].notna()
    assert (wide["lower"] <= narrow["lower"])[known].all()
    assert (wide["upper"] >= narrow["upper"])[known].all()


def test_the_model_is_not_different_from_itself(cdnow):
    table = cdnow.compare(MODEL)
    known = table["outcome"] != "not defined"
    assert set(table.loc[known, "outcome"]) == {"no clear difference"}
    assert (table.loc[known, ["advantage", "lower", "upper"]] == 0).all(axis=None)


def test_what_a_baseline_does_not_forecast_is_not_defined(cdnow):
    table = cdnow.compare("spend_alone").loc["purchases"]
    assert set(table["outcome"]) == {"not defined"}
    assert table[["model", "baseline", "advantage", "lower", "upper"]].isna().all(axis=None)


def test_an_unknown_baseline_is_refused(cdnow):
    with pytest.raises(InvalidArgument, match="there is no forecaster 'naive'; choose one of bg_nbd_gamma_gamma"):
        cdnow.compare("naive")


def test_the_verdict_of_cdnow_says_what_won(cdnow):
    heading, purchases, spend, promise, conclusion = cdnow.verdict().splitlines()
    assert heading == "2,357 customers known on 1997-09-30, forecast to 1998-06-30: 39 weeks."
    assert all("seen, inside the 90 % interval with past errors, " in line for line in (purchases, spend))
    assert promise.startswith("Customers' 90 % intervals held ")
    assert conclusion.startswith(
        "In short: BG/NBD x Gamma-Gamma is better than the simple formula per customer at error of purchases (RMSE 8 %"
        " lower) and at error of spend (RMSE 48 % lower), but worse at Gini of spend ("
    )
    # The same model by lifetimes is a check: it is no rival, and differs at nothing.
    assert "lifetimes" not in conclusion
    assert "nan" not in cdnow.verdict()


def test_a_result_is_shown_in_a_line_and_in_a_notebook(cdnow):
    assert repr(cdnow).startswith(f"BacktestResult({MODEL}, {ALL_SPEND}, spend_alone, multiplicative_customer, ")
    assert repr(cdnow).endswith("2357 customers until 1997-09-30, 1882 purchases until 1998-06-30))")
    page = cdnow._repr_html_()
    assert page.startswith("<table")
    assert "In short" in page
    # What is missing is an empty cell.
    assert "nan" not in page.lower()


def test_a_name_with_signs_of_html_is_shown_as_it_is():
    rows = [("a", "2024-01-01"), ("a", "2024-01-08"), ("a", "2024-01-15")]
    log = pd.DataFrame(rows, columns=["customer_id", "date"])
    cut = {"calibration_end": "2024-01-08", "holdout_end": "2024-01-15", "value": None}
    page = backtest(log, **cut, forecasters=[AsBefore(name="<b>bold</b>")])._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("currency", ["<b>", "EUR\nIn short", "10", 5])
def test_a_verdict_takes_no_currency_that_is_none(cdnow, currency):
    with pytest.raises(InvalidArgument, match="currency is"):
        cdnow.verdict(currency=currency)


def test_a_verdict_gives_totals_of_spend_alone_in_the_currency(cdnow):
    purchases, spend = (line for line in cdnow.verdict(currency="$").splitlines() if " expected and " in line)
    assert "$" not in purchases
    assert "$71,000 seen" in spend
