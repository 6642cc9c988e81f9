"""Supervised learning as a forecaster: any regressor, trained on windows that end inside the calibration."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from clvmodels.errors import ClvError, FitFailed, InvalidArgument
from clvmodels.evaluation.features import TARGETS, PurchaseDays
from clvmodels.evaluation.forecasters import Calibration, Forecast, Prediction
from clvmodels.evaluation.model_forecaster import FittedModels, ModelForecaster, lighter
from clvmodels.intervals import Array
from clvmodels.names import NOUNS
from clvmodels.rfm import RFM, days_per_unit

# Of the mean prediction. A ratio to a much smaller one would have no weight, and the customer be written off for good.
SMALLEST = 0.05
SETTINGS: dict[str, Any] = {
    "loss": "poisson",
    "learning_rate": 0.05,
    "max_iter": 100,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 20,
    "l2_regularization": 20.0,
    "early_stopping": False,
}
MODEL, NEXT = "log of the model's ", "next "
NOTHING_TO_LEARN = (
    "the calibration holds no earlier window {}, and there is nothing to learn from; give a longer calibration"
)


@dataclass(frozen=True, kw_only=True)
class Supervised:
    r"""A regressor of what customers did in earlier windows on what was known of them before; without intervals.

    The features are made of the calibration's transactions alone: see `PurchaseDays.features`. The labels are purchases
    and spend in windows that end at or before the calibration end. A window is as long as the horizon, or half of the
    calibration where that is shorter; what is predicted for a window is scaled to the horizon. Windows begin half a
    window apart, at up to eight origins, the last a window before the calibration end, the first half a window or more
    after the first purchase. Each customer known at an origin is a row there.

    With a `model`, its prediction f is corrected (a hybrid). In a Poisson likelihood the log of f is an offset,
    y ~ Poisson(f e^g), and this is the likelihood of the ratio y / f with the mean e^g and the weight f:

    .. math:: \sum \left(y \log(f e^g) - f e^g\right) = \sum f \left(\tfrac{y}{f}\,g - e^g\right) + \text{const}

    so that a regressor with Poisson loss and `sample_weight` learns g. At each origin f is made by the same model,
    fitted to what was known then; its log is one more feature. One factor for all customers makes the mean of the
    corrected predictions that of the model's: the level is the model's, who does more than others is learnt. An f below
    a twentieth of its mean counts as that, or the correction could not undo it.

    Attributes
    ----------
    purchases, spend : regressor, optional
        Objects with fit(X, y) and predict(X), of which copies are fitted; with a model, fit takes sample_weight, and
        the loss must be Poisson's. Predictions below zero count as zero. By default scikit-learn's
        HistGradientBoostingRegressor with Poisson loss, for spend too: it has no Tweedie loss, and its Gamma loss
        refuses zeros, which most customers spend. Poisson loss asks for no whole numbers, and its minimum is the mean.
    model : ModelForecaster, optional
        Whose predictions are corrected.
    name : str
        In every table.

    Raises
    ------
    InvalidArgument
        If a regressor has no fit and predict; from `fit`, if the calibration has no horizon or observation end.
    FitFailed
        From `fit`, if the calibration holds no earlier window in which a known customer bought, or a regressor fails.

    Notes
    -----
    Of another horizon than the calibration's, predictions without a model are scaled in proportion. The default
    regressors take the random seed; others bring their own. Time: seconds for 20,000 customers; with a model, its fit
    at up to eight origins more. The settings of the default regressors are one compromise for three public logs.

    Examples
    --------
    >>> from clvmodels.datasets import simulate_transactions
    >>> from clvmodels.evaluation.backtest import backtest
    >>> log = simulate_transactions(customers=200, length=60, random_seed=1)
    >>> cut = {"calibration_end": "2020-10-01", "holdout_end": "2020-12-31"}
    >>> result = backtest(log, **cut, forecasters=[Supervised()], past_errors=False)
    >>> bool(result.table().loc[("purchases", "boosting"), "normalized_gini"] > 0.3)
    True
    """

    purchases: Any = None
    spend: Any = None
    model: ModelForecaster | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check the regressors, and name what has no name."""
        for part, given in (("purchases", self.purchases), ("spend", self.spend)):
            able = all(callable(getattr(given, method, None)) for method in ("fit", "predict"))
            if given is not None and (isinstance(given, type) or not able):
                raise InvalidArgument(f"{part} is {given!r}; give a regressor, an object with fit and predict")
        if not self.name:
            object.__setattr__(self, "name", "boosting" if self.model is None else "hybrid")

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedSupervised:
        """Train on the earlier windows; nothing of the holdout is known but its length."""
        if calibration.horizon is None:
            raise InvalidArgument("the calibration has no horizon, by which windows are cut; give it horizon=")
        per_unit = days_per_unit(calibration.rfm.time_unit)
        days = calibration.once("purchase days", lambda: PurchaseDays.of(calibration))
        window = days.window(max(1, round(calibration.horizon * per_unit)))
        # Before the earlier origins, so that what is wrong with the model itself is said.
        base = None if self.model is None else self.model.fit(calibration, random_seed=random_seed)
        training = list(self._training(calibration, days, window, random_seed))
        if not training:
            raise FitFailed(NOTHING_TO_LEARN.format("that begins with a known customer"))
        made = None if base is None else base.forecast(calibration.rfm, horizon=window / per_unit)
        now = _rows(days, days.end, window, made)
        effects, notes = {}, () if made is None else made.notes
        for target in TARGETS[: 1 + calibration.rfm.has_value]:
            if made is not None and made.prediction(target) is None:
                continue
            try:
                effect = self._effect(target, pd.concat(training), now, random_seed)
            except FitFailed as error:
                if target == "purchases":
                    raise
                notes = (*notes, f"{self.name} has no forecast of {NOUNS[target]}: {error}.")
            else:
                effects[target] = pd.Series(effect, index=days.customers)
        return FittedSupervised(window=window / per_unit, effects=effects, base=base, notes=notes)

    def _training(self, calibration: Calibration, days: PurchaseDays, window: int, seed: Any) -> Iterator[pd.DataFrame]:
        """The customers known at each origin: features, the model's predictions, and what they did next."""
        for origin in days.origins(window):
            made = None
            if self.model is not None or "opportunities" in calibration.rfm.frame:
                try:
                    known = calibration.at(days.date(origin))
                    made = self._foretold(known, window / days_per_unit(known.rfm.time_unit), seed)
                except ClvError:
                    continue  # The model cannot be fitted to what was known so early.
                # Where purchases are counted by opportunity, an origin is the last day of one.
                origin = days.day(known.rfm.observation_end)
            yield _rows(days, origin, window, made).join(days.labels(origin, window).add_prefix(NEXT))

    def _foretold(self, known: Calibration, horizon: float, seed: int | None) -> Forecast | None:
        """What the model said at an origin."""
        if self.model is None:
            return None
        with warnings.catch_warnings():
            # What is odd about an early origin's few data is no news of the data at hand.
            warnings.simplefilter("ignore")
            return lighter(self.model).fit(known, random_seed=seed).forecast(known.rfm, horizon=horizon)

    def _effect(self, target: str, training: pd.DataFrame, now: pd.DataFrame, seed: int | None) -> Array:
        """What is expected of each customer in a window; with a model, as a multiple of the model's prediction."""
        names = [name for name in now if not name.startswith(MODEL) or name == MODEL + target]
        if MODEL + target in now:
            training = training.dropna(subset=MODEL + target)
        outcome = training[NEXT + target].to_numpy(float)
        if not outcome.sum() > 0:
            raise FitFailed(NOTHING_TO_LEARN.format(f"with {NOUNS[target]} of a known customer"))
        scale = 1.0 if target == "purchases" else float(outcome.mean())
        features, weights = training[names].to_numpy(float), {}
        if MODEL + target in now:
            offset = np.exp(training[MODEL + target].to_numpy(float))
            scale, weights = 1.0, {"sample_weight": offset / (1.0 if target == "purchases" else float(offset.mean()))}
            outcome = outcome / offset
        regressor = self.purchases if target == "purchases" else self.spend
        regressor = Boosting(random_seed=seed) if regressor is None else copy.deepcopy(regressor)
        try:
            regressor.fit(features, outcome / scale, **weights)
            found = np.asarray(regressor.predict(now[names].to_numpy(float)), float)
        except (ValueError, TypeError, ArithmeticError) as error:
            said = " ".join(str(error).split()).rstrip(".")
            raise FitFailed(f"the regressor {type(regressor).__name__} says {said!r}") from error
        if found.shape != (len(now),):
            raise FitFailed(f"the regressor predicts the shape {found.shape} for {len(now)} customers; one each is due")
        return scale * np.maximum(found, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedSupervised:
    """What was learnt, applied to the customers of the calibration.

    Attributes
    ----------
    window : float
        The length of the windows, in time units.
    effects : dict of str to Series
        By target: what is expected of each customer in a window; with a model, as a multiple of its prediction.
    base : FittedModels, optional
        The model whose predictions are corrected.
    notes : tuple of str
        Why a forecast is missing.
    """

    window: float
    effects: Mapping[str, pd.Series]
    base: FittedModels | None = None
    notes: tuple[str, ...] = ()

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict means of customers of the calibration."""
        made = None if self.base is None else self.base.forecast(rfm, horizon=horizon)
        found = {target: self._prediction(target, rfm, horizon, made) for target in self.effects}
        purchases, value = (found.get(target) for target in TARGETS)
        return Forecast(purchases=purchases, value=value, notes=self.notes)

    def _prediction(self, target: str, rfm: RFM, horizon: float, made: Forecast | None) -> Prediction:
        effect = self.effects[target].reindex(rfm.frame.index)
        if effect.isna().any():
            raise InvalidArgument(
                "some customers are not of the calibration; what was learnt is of its customers alone"
            )
        prediction = None if made is None else made.prediction(target)
        if prediction is None:
            return Prediction(mean=effect * (horizon / self.window))
        mean = effect * _floored(prediction.mean)
        return Prediction(mean=mean * (prediction.mean.sum() / mean.sum()))


def _rows(days: PurchaseDays, origin: int, window: int, made: Forecast | None) -> pd.DataFrame:
    """The features at an origin, with the log of what a model predicts for the window after it."""
    table = days.features(origin, window)
    for target in TARGETS:
        prediction = None if made is None else made.prediction(target)
        if prediction is not None:
            mean = _floored(prediction.mean).reindex(days.customers[table.index.to_numpy()])
            table[MODEL + target] = np.log(mean.to_numpy(float))
    return table


def _floored(mean: pd.Series) -> Any:
    return mean.clip(lower=SMALLEST * mean.mean())


@dataclass
class Boosting:
    """Scikit-learn's histogram boosting with Poisson loss, on one thread: on a busy machine two wait for each other.

    Attributes
    ----------
    random_seed : int, optional
    """

    random_seed: int | None = None

    def fit(self, X: Array, y: Array, *, sample_weight: Array | None = None) -> None:
        """Learn the mean of y."""
        # Its import takes a second.
        from sklearn.ensemble import HistGradientBoostingRegressor

        self.made = HistGradientBoostingRegressor(**SETTINGS, random_state=self.random_seed)
        with threadpool_limits(limits=1, user_api="openmp"):
            self.made.fit(X, y, sample_weight=sample_weight)

    def predict(self, X: Array) -> Array:
        """Return the means."""
        with threadpool_limits(limits=1, user_api="openmp"):
            return self.made.predict(X)
