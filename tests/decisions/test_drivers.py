"""Which input drives an answer: planes whose slopes are known."""

import numpy as np
import pytest

from clvmodels.decisions.drivers import Certain, driver_sentence, drivers

DRAWS = 4000


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    first = rng.normal(10, 2, DRAWS)
    return {"first": first, "second": 0.6 * first + rng.gamma(4, 1, DRAWS), "third": rng.normal(0, 1, DRAWS)}


def test_of_a_plane_every_input_moves_the_answer_by_its_own_slope_alone(inputs):
    # The first and the second go together, and count by themselves all the same.
    answer = 5 + 3 * inputs["first"] - 7 * inputs["second"] + 0 * inputs["third"]
    table = drivers(answer, uncertain=inputs)
    for name, slope in (("first", 3), ("second", -7), ("third", 0)):
        low, high = np.quantile(inputs[name], [0.05, 0.95])
        expected = answer.mean() + slope * (np.array([low, high]) - inputs[name].mean())
        assert table.loc[name, ["low", "high"]].tolist() == pytest.approx([low, high])
        assert table.loc[name, ["answer_low", "answer_high"]].tolist() == pytest.approx(expected.tolist())
    assert (table["answer"] == answer.mean()).all()


def test_noise_in_the_answer_does_not_move_the_slopes_much(inputs):
    noise = np.random.default_rng(2).normal(0, 5, DRAWS)
    row = drivers(3 * inputs["third"] + noise, uncertain={"third": inputs["third"]}).loc["third"]
    slope = (row["answer_high"] - row["answer_low"]) / (row["high"] - row["low"])
    assert slope == pytest.approx(3, abs=4 * 5 / np.sqrt(DRAWS))


def test_the_unit_of_an_input_does_not_matter(inputs):
    answer = 3 * inputs["first"] + inputs["second"]
    plain = drivers(answer, uncertain=inputs)
    scaled = drivers(answer, uncertain={**inputs, "first": 1e9 * inputs["first"]})
    columns = ["answer_low", "answer_high"]
    np.testing.assert_allclose(scaled.loc[plain.index, columns], plain[columns], rtol=1e-6)


def test_the_widest_swing_comes_first(inputs):
    answer = inputs["first"] - 9 * inputs["third"]
    table = drivers(answer, uncertain=inputs, certain={"fixed": Certain(100.0, 50.0, 10.0)})
    assert table.index.tolist() == ["fixed", "third", "first", "second"]
    assert table.index.name == "input"


def test_a_certain_input_goes_a_tenth_either_way(inputs):
    table = drivers(inputs["first"], uncertain={}, certain={"cost": Certain(20.0, 7.0, 3.0)})
    assert table.loc["cost", ["low", "high", "answer_low", "answer_high"]].tolist() == pytest.approx([18, 22, 7, 3])


def test_inputs_that_never_vary_are_left_out(inputs):
    table = drivers(inputs["first"], uncertain={"first": inputs["first"], "fixed": np.full(DRAWS, 3.0)})
    assert table.index.tolist() == ["first"]


@pytest.mark.parametrize("interval", [0.5, 0.9, 0.99])
def test_inputs_go_over_the_interval_asked_for(inputs, interval):
    row = drivers(inputs["first"], uncertain=inputs, interval=interval).loc["first"]
    ends = np.quantile(inputs["first"], [(1 - interval) / 2, (1 + interval) / 2])
    assert row[["low", "high"]].tolist() == pytest.approx(ends.tolist())
    # The answer is the input.
    assert row[["answer_low", "answer_high"]].tolist() == pytest.approx(ends.tolist())


def test_inputs_that_are_the_same_share_what_they_do(inputs):
    twice = {"one": inputs["first"], "other": inputs["first"].copy()}
    table = drivers(4 * inputs["first"], uncertain=twice)
    swings = table["answer_high"] - table["answer_low"]
    whole = 4 * (table["high"] - table["low"]).iloc[0]
    assert swings.to_numpy() == pytest.approx([whole / 2, whole / 2])


def test_of_nothing_that_varies_there_are_no_drivers():
    table = drivers(np.full(10, 3.0), uncertain={"fixed": np.full(10, 2.0)})
    assert table.empty
    assert driver_sentence(table, "value") == "Nothing that was looked at moves the value."


def test_the_sentence_names_the_first_and_how_far_it_goes():
    table = drivers(np.linspace(0, 1, 11), uncertain={}, certain={"cost": Certain(20.0, 1500.0, 300.0)})
    said = driver_sentence(table, "net value")
    assert said.startswith(
        "What drives it most is cost: moved by a tenth either way, from 18.0 to 22.0, it takes the net"
    )
    assert said.endswith("net value from 1,500 to 300.")


def test_of_a_point_there_are_as_many_inputs_as_outcomes(point):
    assert {len(draws) for draws in point.purchases.population().values()} == {1000}
    assert list(point.purchases.population()) == ["purchase rate of a new customer", "dropout probability"]
