"""Forecasters by name."""

import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.registry import default_forecasters, forecasters, named_forecasters


def test_each_forecaster_has_the_name_it_is_found_by():
    assert [forecaster.name for forecaster in named_forecasters(list(forecasters()))] == list(forecasters())


def test_by_default_the_segments_are_compared_where_there_are_some():
    plain = [forecaster.name for forecaster in default_forecasters()]
    segmented = [forecaster.name for forecaster in default_forecasters(segmented=True)]
    assert segmented == [*plain[:3], "multiplicative_segment", *plain[3:]]
    assert plain[0] == "bg_nbd_gamma_gamma"


def test_the_model_with_all_spend_says_nothing_of_purchases():
    found = named_forecasters(["bg_nbd_gamma_gamma_all_spend"])[0]
    assert (found.spend.include_first, found.value_only) == (True, True)


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
