"""The simple formula's pieces, against values worked out by hand and by quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad

from clvmodels.formulas.multiplicative import (
    average_purchase_value,
    churn_rate,
    discounted_duration,
    lifespan,
    purchase_frequency,
)


def test_average_purchase_value_counts_the_first_purchase():
    # 90 over 1 first and 2 repeat purchases; 10 over the first alone.
    np.testing.assert_allclose(average_purchase_value([90.0, 10.0], [2, 0]), [30.0, 10.0])


def test_purchase_frequency_is_repeat_purchases_per_time_unit():
    np.testing.assert_allclose(purchase_frequency([3, 0], [12.0, 8.0]), [0.25, 0.0])


def test_purchase_frequency_of_a_customer_without_time_is_zero():
    assert purchase_frequency([0], [0.0]).tolist() == [0.0]


def test_churn_rate_is_the_lost_share_per_time_unit():
    # 30 of 40 lost within 25 weeks: 0.75 / 25 a week.
    assert churn_rate([30], [40], 25.0).tolist() == pytest.approx([0.03])


def test_lifespan_is_one_over_the_churn_rate_and_infinite_without_churn():
    assert lifespan([0.04, 0.0]).tolist() == [25.0, np.inf]


def test_duration_is_cut_at_the_horizon():
    assert discounted_duration([10.0, 60.0, np.inf], 39.0).tolist() == [10.0, 39.0, 39.0]


@pytest.mark.parametrize("force", [1e-12, 0.002, 0.5])
def test_discounted_duration_is_the_integral_of_the_discount(force):
    expected, _ = quad(lambda t: np.exp(-force * t), 0, 26.0)
    assert discounted_duration([26.0], 39.0, force)[0] == pytest.approx(expected, rel=1e-9)


def test_discounting_vanishes_with_its_force():
    assert discounted_duration([26.0], 39.0, 1e-14)[0] == pytest.approx(26.0, rel=1e-12)


def test_duration_of_no_horizon_is_zero():
    assert discounted_duration([26.0, np.inf], 0.0, 0.1).tolist() == [0.0, 0.0]
