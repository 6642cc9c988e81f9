"""A version's files as a scorer of tables: what MLflow calls, without MLflow."""

import json
from pathlib import Path

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.jobs.tracking.pyfunc import load_scorer, score_frame
from clvmodels.scoring import Scorer

CHOICES = {"horizon": 39, "margin": 0.3, "annual_discount_rate": 0.1}


@pytest.fixture(scope="module")
def rfm():
    return clv.datasets.simulate_rfm(customers=200, random_seed=1)


@pytest.fixture(scope="module")
def fitted(rfm):
    choices = {"draws": 100, "random_seed": 1}
    return {
        "purchases": clv.BetaGeo().fit(rfm, **choices),
        "spend": clv.GammaGamma(include_first=True).fit(rfm, **choices),
    }


@pytest.fixture
def files(fitted, tmp_path):
    (tmp_path / "scoring.json").write_text(json.dumps(CHOICES))
    saved = {f"{name}.nc": str(posterior.save(tmp_path / f"{name}.nc")) for name, posterior in fitted.items()}
    return {"scoring.json": str(tmp_path / "scoring.json"), **saved}


def test_the_scores_are_those_of_the_models_that_were_saved(files, fitted, rfm):
    found = score_frame(load_scorer(files), rfm.frame)
    pd.testing.assert_frame_equal(found, Scorer(**fitted, **CHOICES).table(rfm), check_exact=True)


def test_without_a_file_of_the_spend_there_are_no_lifetime_values(files, rfm):
    del files["spend.nc"]
    found = score_frame(load_scorer(files), rfm.frame.drop(columns=["monetary_value", "first_value", "total_value"]))
    assert "expected_purchases_mean" in found
    assert not [name for name in found if "value" in name]


def test_a_customer_without_an_id_is_refused(files, rfm):
    with pytest.raises(clv.InvalidRFM, match="no customer_id, found .*give it as a column, or as the index's name"):
        score_frame(load_scorer(files), rfm.frame.reset_index(drop=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="recency"), "missing columns .'recency'."),
        (lambda frame: frame.drop(columns="monetary_value"), "lifetime values need the customers' spend"),
        (lambda frame: frame.drop(columns="total_value"), "has no total_value"),
        (lambda frame: frame.assign(T=frame["recency"] / 2), "recency > T"),
        (lambda frame: pd.concat([frame, frame]), "duplicate customer ids"),
        (lambda frame: frame.to_dict(), "cannot read customers from a dict"),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_with_the_reason(files, rfm, change, message):
    repeating = rfm.frame[rfm.frame["frequency"] > 0]
    with pytest.raises(clv.InvalidRFM, match=message):
        score_frame(load_scorer(files), change(repeating))


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"[" * 5000, b'{"horizon": 1, "unknown": 2}'])
def test_choices_of_scoring_that_are_damaged_are_refused_with_the_file(content, files):
    Path(files["scoring.json"]).write_bytes(content)
    with pytest.raises(clv.ClvError, match="scoring.json holds no choices of scoring"):
        load_scorer(files)


def test_a_file_that_is_missing_or_of_the_other_model_is_named(files):
    with pytest.raises(clv.ClvError, match=r"the model has no purchases\.nc"):
        load_scorer({"scoring.json": files["scoring.json"]})
    with pytest.raises(clv.ClvError, match="purchases is a GammaGammaPosterior"):
        load_scorer({**files, "purchases.nc": files["spend.nc"]})
