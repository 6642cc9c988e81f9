"""The scores of each customer, and the choices that are refused before any work is done."""

import pytest

import clvmodels as clv
from clvmodels.scoring import QUANTITIES, Scorer


@pytest.fixture(scope="module")
def rfm():
    cdnow = clv.datasets.load_cdnow_summary()
    return cdnow.select(cdnow.frame.index[:300])


@pytest.fixture(scope="module")
def fitted(rfm):
    fits = [model.fit(rfm, draws=200, random_seed=1) for model in (clv.BetaGeo(), clv.GammaGamma())]
    return dict(zip(["purchases", "spend"], fits, strict=True))


def test_every_quantity_is_what_its_own_method_gives(rfm, fitted):
    scorer = Scorer(**fitted, horizon=39, margin=0.3, annual_discount_rate=0.1, quantities=QUANTITIES, random_seed=4)
    table = scorer.table(rfm).set_index("customer_id")
    value = clv.LifetimeValue(fitted["purchases"], fitted["spend"], margin=0.3, annual_discount_rate=0.1)
    expected = {
        "probability_alive": fitted["purchases"].probability_alive(rfm),
        "expected_purchases": fitted["purchases"].expected_purchases(rfm, horizon=39),
        "predictive_purchases": fitted["purchases"].predictive_purchases(rfm, horizon=39, random_seed=4),
        "expected_lifetime": fitted["purchases"].expected_lifetime(rfm, horizon=39),
        "lifetime_value": value.expected(rfm, horizon=39),
        "predictive_lifetime_value": value.predictive(rfm, horizon=39, random_seed=4),
    }
    assert set(expected) == set(QUANTITIES)
    for name, own in expected.items():
        assert table[[f"{name}_mean", f"{name}_lower", f"{name}_upper"]].to_numpy() == pytest.approx(own.to_numpy())


def test_by_default_there_are_the_expectations_and_with_spend_the_value(rfm, fitted):
    assert Scorer(**fitted, horizon=39).chosen[-1] == "lifetime_value"
    without = Scorer(purchases=fitted["purchases"], horizon=39)
    assert without.chosen == ("probability_alive", "expected_purchases", "expected_lifetime")
    assert without.table(rfm).columns.tolist() == without.columns(rfm.frame.columns)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"horizon": -1}, "horizon is -1"),
        ({"interval": 90}, "interval is 90"),
        ({"quantities": ["clv"]}, r"quantities has \['clv'\]; choose from probability_alive"),
        ({"quantities": []}, "quantities has nothing"),
        ({"margin": 30}, "margin is 30"),
        ({"annual_discount_rate": -0.1}, "annual_discount_rate is -0.1"),
        ({"spend": None, "quantities": ["lifetime_value"]}, "need the posterior of the spend"),
        ({"purchases": None}, "purchases is a NoneType"),
        ({"spend": 3}, "spend is a int"),
        ({"spend": None, "margin": 30}, "margin is 30"),
        ({"quantities": ["expected_purchases"] * 2}, "names one twice"),
    ],
)
def test_choices_outside_their_domain_are_refused_at_once(fitted, choice, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        Scorer(**{**fitted, "horizon": 39, **choice})


def test_one_quantity_may_be_named_alone(fitted, rfm):
    table = Scorer(**fitted, horizon=39, quantities="expected_purchases").table(rfm)
    assert table.columns[-3:].tolist() == [f"expected_purchases_{end}" for end in ("mean", "lower", "upper")]
