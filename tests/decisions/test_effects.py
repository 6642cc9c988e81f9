"""Assumed effects: priors and draws, and never a bare number."""

import numpy as np
import pytest
from scipy import stats

from clvmodels.decisions.effects import check_effect, effect_draws, read_effect
from clvmodels.errors import InvalidArgument
from clvmodels.models.priors import Prior


def drawn(effect, size=5000, seed=1):
    return effect_draws(effect, "kept", size, np.random.default_rng(seed))


def test_a_prior_is_drawn_from():
    assert stats.kstest(drawn(Prior("Beta", alpha=2, beta=18)), stats.beta(2, 18).cdf).pvalue > 0.01


def test_draws_of_an_experiment_are_taken_at_random():
    own = np.random.default_rng(2).beta(5, 50, 300)
    found = drawn(own)
    assert set(found) <= set(own)
    counts = np.bincount(np.searchsorted(np.sort(own), found), minlength=300)
    assert stats.chisquare(counts).pvalue > 0.01


def test_draws_may_be_a_list():
    assert set(drawn([0.1, 0.2] * 50)) == {0.1, 0.2}


def test_who_insists_is_certain():
    assert set(drawn(Prior("DiracDelta", c=0.1))) == {0.1}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_ends_of_the_range_are_shares(share):
    assert set(drawn(Prior("DiracDelta", c=share), size=3)) == {share}


@pytest.mark.parametrize("effect", [Prior("Beta", alpha=2, beta=18), np.linspace(0, 1, 200)], ids=["prior", "draws"])
def test_the_same_seed_draws_the_same(effect):
    assert np.array_equal(drawn(effect), drawn(effect))
    assert not np.array_equal(drawn(effect), drawn(effect, seed=2))


@pytest.mark.parametrize("number", [0.1, 0, 1, np.float64(0.1)])
def test_a_bare_number_is_refused_with_what_to_write(number):
    with pytest.raises(InvalidArgument, match=r"a bare number; give a prior .*, or, if you are certain.*DiracDelta"):
        check_effect(number, "kept")


@pytest.mark.parametrize("effect", [None, "0.1", np.full(99, 0.1), np.full((200, 2), 0.1)])
def test_what_is_neither_a_prior_nor_many_draws_is_refused(effect):
    with pytest.raises(InvalidArgument, match=r"kept is a .*; give a clv.Prior, or an array of 100 draws or more"):
        check_effect(effect, "kept")


def test_a_dict_is_no_bare_number():
    with pytest.raises(InvalidArgument, match="kept is a dict; give a clv.Prior"):
        check_effect({"alpha": 2, "beta": 18}, "kept")


@pytest.mark.parametrize(
    ("effect", "share"),
    [
        (Prior("DiracDelta", c=1.5), "100.0%"),
        (Prior("DiracDelta", c=-0.1), "100.0%"),
        (np.repeat(np.nan, 100), "100.0%"),
        (Prior("Normal", mu=0.5, sigma=0.5), "3[0-9].[0-9]%"),
    ],
)
def test_draws_outside_of_a_share_are_refused_and_counted(effect, share):
    with pytest.raises(InvalidArgument, match=rf"kept is a share, but {share} of its draws lie outside \[0, 1\]"):
        drawn(effect)


def test_an_improper_prior_is_refused():
    with pytest.raises(InvalidArgument, match="there are no draws of"):
        drawn(Prior("HalfFlat"))


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("2,18", Prior("Beta", alpha=2.0, beta=18.0)),
        ("0.5, 1e2", Prior("Beta", alpha=0.5, beta=100.0)),
        ("certain:0.1", Prior("DiracDelta", c=0.1)),
        ("certain:0", Prior("DiracDelta", c=0.0)),
        (None, None),
    ],
)
def test_a_text_stands_for_a_prior(text, prior):
    assert read_effect(text, "kept") == prior


@pytest.mark.parametrize("text", ["0.1", "", "2,18,3", "0,18", "-1,2", "a,b", "certain:", "certain", "certain:high"])
def test_a_text_that_stands_for_none_is_refused(text):
    with pytest.raises(InvalidArgument, match=r"kept is '.*'; give the two numbers of a Beta prior"):
        read_effect(text, "kept")


@pytest.mark.parametrize("text", ["certain:1,5", "uncertain:2,18", "3,nan", "inf,2"])
def test_a_text_that_only_looks_like_a_prior_is_refused(text):
    with pytest.raises(InvalidArgument, match="give the two numbers of a Beta prior"):
        read_effect(text, "kept")
