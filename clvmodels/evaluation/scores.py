"""Every customer's scores as of the calibration end, over the holdout's length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.model_forecaster import FittedModels
from clvmodels.scoring.scorer import ENDS, MONEY, QUANTITIES, Scorer

if TYPE_CHECKING:
    from clvmodels.evaluation.result import BacktestResult


def scores(result: BacktestResult, *, margin: float = 1.0, annual_discount_rate: float = 0.0) -> pd.DataFrame:
    """Return what the models under test knew of each customer at the calibration end.

    Parameters
    ----------
    result : BacktestResult
        The forecaster under test is a pair of models.
    margin : float
        Share of the spend that is earned, in (0, 1].
    annual_discount_rate : float
        Effective rate per year.

    Returns
    -------
    DataFrame
        One row per customer: customer_id, frequency, recency, T, monetary_value; and, each with ``_mean``, ``_lower``
        and ``_upper``, probability_alive (at the calibration end), expected_purchases, predictive_purchases,
        expected_lifetime, lifetime_value and predictive_lifetime_value, over the holdout's length. Where nobody leaves
        under the model, probability_alive and expected_lifetime are left out. A log without
        amounts has no columns of money; where spend could not be fitted, theirs are missing values.

    Raises
    ------
    InvalidArgument
        If the result has no fit of that forecaster, or a choice is outside its domain.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.evaluation.backtest import backtest
    >>> from clvmodels.evaluation.model_forecaster import ModelForecaster
    >>> log = simulate_transactions(customers=50, length=60, random_seed=1)
    >>> cut = {"calibration_end": "2020-08-01", "holdout_end": "2020-12-01"}
    >>> table = scores(backtest(log, **cut, forecasters=[ModelForecaster(draws=100)]))
    >>> table["probability_alive_mean"].between(0, 1).all().item()
    True
    """
    fitted = result.fitted.get(result.model)
    if not isinstance(fitted, FittedModels):
        reasons = " ".join(note for note in result.notes if note.startswith(result.model)) or "it has no posterior."
        raise InvalidArgument(f"there are no scores without a model's fit, and {result.model} has none: {reasons}")
    rfm = result.split.calibration
    money = MONEY if fitted.spend is not None else ()
    scorer = Scorer(
        purchases=fitted.purchases,
        spend=fitted.spend,
        horizon=result.split.horizon,
        margin=margin,
        annual_discount_rate=annual_discount_rate,
        interval=result.interval,
        quantities=[
            name
            for name in QUANTITIES
            if name in (*money, "expected_purchases", "predictive_purchases")
            or (name not in MONEY and fitted.purchases.leaves)
        ],
    )
    table = scorer.table(rfm)
    lacking = MONEY if rfm.has_value and not money else ()
    return table.assign(**{f"{name}_{end}": np.nan for name in lacking for end in ENDS})
