"""Forecasters by name."""

import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.registry import default_forecasters, forecasters, named_forecasters, textbook


def test_each_forecaster_has_the_name_it_is_found_by():
    assert [forecaster.name for forecaster in named_forecasters(list(forecasters()))] == list(forecasters())


def test_by_default_the_segments_are_compared_where_there_are_some():
    plain = [forecaster.name for forecaster in default_forecasters()]
    segmented = [forecaster.name for forecaster in default_forecasters(segmented=True)]
    assert segmented == [*plain[:3], "multiplicative_segment", *plain[3:]]


def test_by_default_the_textbook_models_stand_beside_the_default_ones_and_once():
    assert [each.name for each in default_forecasters()[:2]] == [ModelForecaster().name, textbook().name]
    names = [each.name for each in default_forecasters(under_test=textbook())]
    assert names[0] == textbook().name
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["pareto_nbd_gamma_gamma", "pareto_nbd+bg_nbd_gamma_gamma"])
def test_first_purchases_count_where_the_name_says_so(name):
    plain, everything = named_forecasters([name, f"{name}_all_spend"])
    assert (plain.spend.include_first, everything.spend.include_first) == (False, True)
    assert plain.purchases == everything.purchases


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("as_befor", "there is no forecaster 'as_befor', do you mean 'as_before'.*bg_nbd_gamma_gamma, "),
        ("prophet", "there is no forecaster 'prophet'; .*lifetimes_mbg_nbd"),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_are_known(name, message):
    with pytest.raises(InvalidArgument, match=message):
        named_forecasters(["hiatus", name])
