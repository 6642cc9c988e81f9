"""Better, worse or no clear difference: from figures given by hand, and where forecasters are known to differ."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.bootstrap import Resampled, resample
from clvmodels.evaluation.comparison import compare
from clvmodels.evaluation.measures import measures

NAMED = {measure.name: measure for measure in measures([0.9])}
MAE, BIAS, CONCORDANCE, COVERAGE = (NAMED[name] for name in ("mae", "bias", "concordance_index", "coverage_90"))
MODEL, BASELINE = ("model", "purchases"), ("baseline", "purchases")


def given(measure, model, baseline, ahead):
    """Goodness of both, and draws of how far the model is ahead."""
    ahead = np.asarray(ahead, float)
    return Resampled(
        observed={MODEL: np.full((1, 1, 1), model), BASELINE: np.full((1, 1, 1), baseline)},
        drawn={MODEL: ahead[:, None, None] + 5.0, BASELINE: np.full((len(ahead), 1, 1), 5.0)},
        origins=np.ones((len(ahead), 1), dtype=np.int32),
    ), [measure]


def compared(resampled, wanted, *, baseline="baseline", targets=("purchases",), interval=0.9):
    names = ["model", "baseline", "failed"]
    choices = {"model": "model", "baseline": baseline, "known": names, "targets": list(targets), "interval": interval}
    return compare(resampled, wanted, **choices)


def row(*case, **choices):
    return compared(*given(*case), **choices).iloc[0]


def spread(lower, upper, draws=1001):
    """Draws of which 90 % lie evenly between the two."""
    middle, half = (lower + upper) / 2, (upper - lower) / 1.8
    return np.linspace(middle - half, middle + half, draws)


@pytest.mark.parametrize(
    ("measure", "model", "baseline", "ends", "outcome"),
    [
        (MAE, -2.0, -3.0, (0.5, 1.5), "better"),
        (MAE, -3.0, -2.0, (-1.5, -0.5), "worse"),
        (MAE, -2.0, -3.0, (-0.5, 2.5), "no clear difference"),
        # 1 % of the baseline's error of 3 is 0.03.
        (MAE, -2.975, -3.0, (0.02, 0.03), "no clear difference"),
        (MAE, -2.965, -3.0, (0.03, 0.04), "better"),
        # Rankings and shares: 0.01.
        (CONCORDANCE, 0.809, 0.8, (0.008, 0.01), "no clear difference"),
        (CONCORDANCE, 0.811, 0.8, (0.01, 0.012), "better"),
        (COVERAGE, -0.029, -0.02, (-0.01, -0.008), "no clear difference"),
        (BIAS, -0.05, -0.03, (-0.03, -0.01), "worse"),
    ],
)
def test_the_outcome_is_clear_where_the_interval_leaves_zero_out_and_the_advantage_matters(
    measure, model, baseline, ends, outcome
):
    found = row(measure, model, baseline, spread(*ends))
    assert found["outcome"] == outcome
    assert found["advantage"] == pytest.approx(model - baseline)
    assert found[["lower", "upper"]].tolist() == pytest.approx(ends)


@pytest.mark.parametrize(
    ("measure", "shown"), [(MAE, (2.0, 3.0)), (CONCORDANCE, (-2.0, -3.0)), (BIAS, (2.0, 3.0)), (COVERAGE, (2.0, 3.0))]
)
def test_figures_are_shown_as_they_are_and_distances_without_their_sign(measure, shown):
    found = row(measure, -2.0, -3.0, spread(0.5, 1.5))
    assert tuple(found[["model", "baseline"]]) == shown


def test_a_figure_of_zero_has_no_sign():
    found = row(MAE, -0.0, -1.0, spread(0.5, 1.5))
    assert str(found["model"]) == "0.0"


def test_a_wider_interval_has_more_of_the_draws():
    narrow, wide = (row(MAE, -2.0, -3.0, spread(0.5, 1.5), interval=interval) for interval in (0.5, 0.99))
    assert wide["lower"] < narrow["lower"] < 1.0 < narrow["upper"] < wide["upper"]


def test_resamples_in_which_a_measure_is_undefined_are_left_out_of_its_interval():
    draws = np.concatenate([spread(0.5, 1.5), np.full(700, np.nan)])
    found = row(MAE, -2.0, -3.0, draws)
    assert found[["lower", "upper"]].tolist() == pytest.approx([0.5, 1.5])
    assert found["outcome"] == "better"


@pytest.mark.parametrize(
    "case",
    [(MAE, np.nan, -3.0, [0.5, 1.5]), (MAE, -2.0, np.nan, [0.5, 1.5]), (MAE, -2.0, -3.0, [np.nan, np.nan])],
    ids=["the model's", "the baseline's", "that of every resample"],
)
def test_without_one_of_the_figures_nothing_is_said(case):
    found = row(*case)
    assert found["outcome"] == "not defined"
    assert np.isnan(found[["lower", "upper"]].astype(float)).all()


def test_a_baseline_that_has_failed_has_rows_without_figures():
    resampled, wanted = given(MAE, -2.0, -3.0, spread(0.5, 1.5))
    found = compared(resampled, wanted, baseline="failed")
    assert found.index.tolist() == [("purchases", "mae")]
    assert found["outcome"].tolist() == ["not defined"]
    assert found[["model", "baseline", "advantage", "lower", "upper"]].isna().to_numpy().all()


def test_a_target_without_forecasts_has_rows_without_figures_beside_those_of_the_other():
    resampled, wanted = given(MAE, -2.0, -3.0, spread(0.5, 1.5))
    found = compared(resampled, wanted, targets=("purchases", "value"))
    assert found["outcome"].to_dict() == {("purchases", "mae"): "better", ("value", "mae"): "not defined"}
    assert found.index.names == ["target", "measure"]


def test_an_unknown_baseline_is_refused():
    with pytest.raises(InvalidArgument, match=r"no forecaster 'nobody'; choose one of model, baseline, failed"):
        compared(*given(MAE, -2.0, -3.0, [1.0]), baseline="nobody")


@pytest.mark.parametrize("interval", [0, 1, 90, np.nan])
def test_an_interval_that_is_no_probability_is_refused(interval):
    with pytest.raises(InvalidArgument, match="interval"):
        compared(*given(MAE, -2.0, -3.0, [1.0]), interval=interval)


def simulated(seed, better=0.0, customers=200):
    """A backtest in which the model's errors are as large as the baseline's, or smaller by some."""
    rng = np.random.default_rng(seed)
    y_obs = pd.Series(rng.gamma(1.0, 5.0, customers))
    signs = rng.choice([-1, 1], (2, customers))
    sizes = rng.gamma(4.0, 0.5, (2, customers)) - [[better], [0.0]]
    means = dict(zip((MODEL, BASELINE), y_obs.to_numpy() + signs * sizes, strict=True))
    tables = {key: pd.DataFrame({"y_obs": y_obs, "mean": mean}) for key, mean in means.items()}
    return SimpleNamespace(
        split=SimpleNamespace(holdout=y_obs.to_frame("purchases")),
        assessments={key: SimpleNamespace(customers=table) for key, table in tables.items()},
    )


def outcomes(repetitions, **choices):
    results = (simulated(seed, **choices) for seed in range(repetitions))
    return [compared(resample([each], [MAE], draws=200), [MAE])["outcome"].item() for each in results]


def test_identical_forecasters_have_no_advantage_at_all():
    result = simulated(1)
    result.assessments[BASELINE] = result.assessments[MODEL]
    wanted = [MAE, BIAS, CONCORDANCE]
    found = compared(resample([result], wanted, draws=50), wanted)
    assert (found[["advantage", "lower", "upper"]] == 0).to_numpy().all()
    assert set(found["outcome"]) == {"no clear difference"}


def test_equally_good_forecasters_are_rarely_told_apart():
    # A tenth would be at a 90 % interval without the margin.
    clear = np.mean(np.array(outcomes(200)) != "no clear difference")
    assert clear == pytest.approx(0.1, abs=4 * np.sqrt(0.1 * 0.9 / 200))


def test_a_clearly_better_model_is_called_better():
    # Ahead by 0.5 with a standard error of about 0.1.
    assert set(outcomes(20, better=0.5)) == {"better"}
