"""A model of its own for every segment."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.decisions import acquisition, fit_by_segment
from clvmodels.formulas.beta_geo import BetaGeoParams

BETTER = BetaGeoParams(r=0.8, alpha=4.0, a=0.5, b=3.0)
MODELS = {"purchases": clv.BetaGeo(), "spend": clv.GammaGamma()}
TERMS = {"margin": 0.3, "annual_discount_rate": 0.1, "cost_per_purchase": 0.5}


@pytest.fixture(scope="module")
def two_channels():
    """Customers of two channels, of which the second has better ones."""
    parts = [clv.datasets.simulate_rfm(customers=400, random_seed=1)]
    parts.append(clv.datasets.simulate_rfm(customers=400, purchases=BETTER, random_seed=2))
    frames = [part.frame.assign(channel=name) for part, name in zip(parts, ("mail", "search"), strict=True)]
    return clv.RFM.from_frame(pd.concat(frames).set_axis(np.arange(800)).rename_axis("customer_id"), time_unit="week")


@pytest.fixture(scope="module")
def values(two_channels):
    return fit_by_segment(two_channels, "channel", draws=200, random_seed=1, **MODELS, **TERMS)


def test_each_segment_is_fitted_by_itself(two_channels, values):
    part = two_channels.select(two_channels.frame["channel"] == "search")
    alone = clv.BetaGeo().fit(part, draws=200, random_seed=1)
    assert values["search"].purchases.summary().equals(alone.summary())


def test_the_terms_are_those_of_every_segment(values):
    assert {name: getattr(values["mail"], name) for name in TERMS} == TERMS


def test_a_better_channel_may_cost_more(values):
    paid = acquisition(values, cost=5, horizon=104).payback["most_to_pay"].xs("cohort of 100", level="of")
    assert paid["search"] > 1.5 * paid["mail"]


def test_a_segment_without_a_name_is_refused(two_channels):
    gaps = two_channels.assign(region=two_channels.frame["channel"].where(two_channels.frame.index > 3))
    with pytest.raises(clv.InvalidArgument, match="4 customers have no region"):
        fit_by_segment(gaps, "region")


def test_a_segment_without_customers_is_refused(two_channels):
    channels = pd.Categorical(two_channels.frame["channel"], categories=["mail", "search", "radio"])
    empty = two_channels.assign(kind=pd.Series(channels, index=two_channels.frame.index))
    with pytest.raises(clv.InvalidArgument, match=r"no customer is in kind \['radio'\]"):
        fit_by_segment(empty, "kind")


def test_a_segment_that_cannot_be_fitted_is_named(two_channels):
    seldom = two_channels.frame["frequency"].eq(0)
    few = two_channels.assign(kind=pd.Series(np.where(seldom, "once", "more"), index=two_channels.frame.index))
    with pytest.raises(clv.InvalidRFM, match="kind 'once', with .* customers, cannot be fitted: .*repeat"):
        fit_by_segment(few, "kind", draws=200, random_seed=1, **MODELS)


def test_customers_without_what_a_model_needs_are_refused_with_the_call_that_makes_it(two_channels):
    with pytest.raises(clv.InvalidRFM, match=r"has no purchase_times; make it with rfm_summary\(..., statistics="):
        fit_by_segment(two_channels, "channel")
