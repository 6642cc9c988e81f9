"""The catalogue: nothing is missing from it, and every measure does what it says there."""

import numpy as np
import pandas as pd
import pytest

from clvmodels.evaluation.assessment import LEVELS, assess
from clvmodels.evaluation.forecasters import Prediction
from clvmodels.evaluation.measures import Measure, catalogue, measures
from clvmodels.intervals import DrawBlocks

ALL = measures()
TAKEN = [measure for measure in ALL if measure.of is not None]
COMPARED = [measure for measure in TAKEN if measure.better != "-"]
DOMAINS = {"0 to 1": (0, 1), "-1 to 1": (-1, 1), "from 0": (0, np.inf), "from -1": (-1, np.inf)}
NO_DRAWS = {"log_score", *(measure.name for measure in ALL if not np.isnan(measure.level))}
WHOLE = {"mape_cumulative", "mape_incremental", "pit_distance", "pit_p_value"}
CUSTOMERS, DRAWS = 120, 60


def of(names):
    return [measure for measure in TAKEN if measure.name in names]


def assessed(kind, seed):
    """Purchases or money of 120 customers, with draws or without, by a forecaster that is roughly right."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.5, 1.0, CUSTOMERS)
    amount = 1 if kind == "counts" else rng.gamma(2.0, 20.0, CUSTOMERS)
    y_obs = rng.poisson(rate) * amount
    draws = rng.poisson(rate * rng.lognormal(0, 0.5, CUSTOMERS), (DRAWS, CUSTOMERS)) * amount * 1.0
    ids = pd.RangeIndex(CUSTOMERS)
    prediction = Prediction(
        mean=pd.Series(np.round(draws.mean(axis=0), 1), index=ids),
        draws=None if kind == "points" else DrawBlocks.of(draws),
        active=pd.Series(-np.expm1(-rate), index=ids) if kind == "counts" else None,
    )
    return assess(pd.Series(y_obs, index=ids), prediction, levels=LEVELS, random_seed=seed).customers


@pytest.fixture(params=["counts", "money", "points"])
def kind(request):
    return request.param


def test_everything_about_a_measure_is_said():
    assert not catalogue().isna().to_numpy().any()
    assert (catalogue() != "").to_numpy().all()


def test_names_and_labels_are_unique():
    assert len({measure.name for measure in ALL}) == len({measure.label for measure in ALL}) == len(ALL)


def test_the_catalogue_has_the_measures_in_their_order():
    assert catalogue([0.9]).index.tolist() == [measure.name for measure in measures([0.9])]


def test_directions_and_domains_are_of_a_known_kind():
    assert set(catalogue()["better"]) == {"lower", "higher", "zero", "level", "-"}
    assert set(catalogue()["domain"]) == set(DOMAINS)


def test_what_is_not_taken_over_customers_is_not_compared():
    assert {measure.name for measure in ALL if measure.of is None} == WHOLE
    assert all(measure.better == "-" for measure in ALL if measure.of is None)


def test_levels_are_in_names_and_labels_in_percent():
    named = {measure.name: measure for measure in measures([0.5, 0.999])}
    assert named["coverage_50"].label == "coverage 50 %"
    assert named["randomised_coverage_99.9"].label == "randomised coverage 99.9 %"
    assert (named["coverage_50"].level, named["width_99.9"].level) == (0.5, 0.999)


def test_measures_of_no_interval_have_no_level():
    assert all(np.isnan(measure.level) == ("{" not in measure.label) for measure in measures([]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("measure", TAKEN, ids=lambda measure: measure.name)
def test_a_figure_lies_in_its_domain(measure, kind, seed):
    lowest, highest = DOMAINS[measure.domain]
    figure = measure.of(assessed(kind, seed), None)
    assert np.isnan(figure) or lowest - 1e-12 <= figure <= highest + 1e-12


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("counts", set()),
        ("money", {"hit_rate", "brier_score", "log_loss", "log_score"}),
        ("points", {"hit_rate", "brier_score", "log_loss", "mae_median"} | NO_DRAWS),
    ],
)
def test_a_figure_is_missing_where_the_catalogue_says_so(kind, missing):
    # The points are of money.
    table = assessed(kind, 1)
    assert {measure.name for measure in TAKEN if np.isnan(measure.of(table, None))} == missing


@pytest.mark.parametrize("measure", TAKEN, ids=lambda measure: measure.name)
def test_weights_count_a_customer_so_many_times(measure, kind):
    table = assessed(kind, 2)
    counts = np.random.default_rng(3).poisson(1.0, (4, CUSTOMERS))
    repeated = [measure.of(table.loc[np.repeat(table.index, row)], None) for row in counts]
    assert measure.of(table, counts.astype(float)) == pytest.approx(repeated, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("measure", COMPARED, ids=lambda measure: measure.name)
def test_the_right_prediction_is_at_least_as_good_as_any_other(measure):
    table = assessed("counts", 4)
    y = table["y_obs"]
    right = table.assign(mean=y, median=y, active=y > 0, said_active=y > 0, crps=0.0, log_score=0.0)
    # Half of the observations below an interval's middle, half above, and `level` of them inside.
    inside = np.arange(CUSTOMERS) < CUSTOMERS * np.nan_to_num(measure.level)
    right = right.assign(cdf_below=np.where(inside, 0.5, 1.0), cdf_at=np.where(inside, 0.5, 1.0))
    for level in LEVELS:
        right[f"lower_{100 * level:g}"] = np.where(inside, y, y + 1)
    goodness = [measure.goodness(measure.of(each, None)) for each in (right.astype(float), table)]
    assert goodness[0] >= goodness[1]


@pytest.mark.parametrize(
    ("better", "best_to_worst"),
    [
        ("lower", [0.0, 0.1, 2.0]),
        ("higher", [1.0, 0.2, -0.5]),
        ("zero", [0.0, -0.1, 0.2, -0.9]),
        ("level", [0.9, 0.88, 0.95, 0.5]),
    ],
)
def test_goodness_falls_from_the_best_figure_to_the_worst(better, best_to_worst):
    said = {"label": "a", "point": "mean", "domain": "from 0", "source": "definition", "undefined": "-"}
    measure = Measure(name="a", better=better, level=0.9, **said)
    assert np.all(np.diff(measure.goodness(np.array(best_to_worst))) < 0)


def test_the_point_of_an_absolute_error_is_what_its_catalogue_line_says():
    table = pd.DataFrame({"y_obs": [0.0, 4.0], "mean": [1.0, 1.0], "median": [0.0, 2.0]})
    figures = {measure.name: measure.of(table, None) for measure in of({"mae", "mae_median", "crps"})}
    # Means are 1 and 3 off, medians 0 and 2; without draws the CRPS is that of the mean.
    assert figures == {"mae": 2.0, "mae_median": 1.0, "crps": 2.0}
