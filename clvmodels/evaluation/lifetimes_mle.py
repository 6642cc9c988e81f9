"""The maximum-likelihood fits of the lifetimes package as forecasters. It is imported inside functions only."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from clvmodels.errors import ClvError, FitFailed, InvalidArgument
from clvmodels.evaluation.forecasters import Calibration, Forecast, Prediction
from clvmodels.names import ALL_SPEND, ELSEWHERE
from clvmodels.rfm import RFM

Model = Literal["bg_nbd", "pareto_nbd", "mbg_nbd"]
FITTERS = {"bg_nbd": "BetaGeoFitter", "pareto_nbd": "ParetoNBDFitter", "mbg_nbd": "ModifiedBetaGeoFitter"}
# Log-likelihood that a search begun anew may still gain where the last one had converged.
STILL_TO_GAIN = 0.01
SEARCHES = 10


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """The maximum-likelihood fit of the lifetimes package, times its Gamma-Gamma; without intervals.

    Attributes
    ----------
    model : {"bg_nbd", "pareto_nbd", "mbg_nbd"}
        Of the purchases.
    include_first : bool
        Whether the first purchase, too, enters the model of spend.
    name : str
        In every table; by default made of the choices.

    Raises
    ------
    InvalidArgument
        If the model is unknown.
    FitFailed
        From `fit`, if lifetimes finds no estimate of the purchases' parameters.

    Examples
    --------
    >>> Lifetimes(include_first=True).name
    'lifetimes_bg_nbd_all_spend'
    """

    model: Model = "bg_nbd"
    include_first: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        """Check the model, and name what has no name."""
        if self.model not in get_args(Model):
            raise InvalidArgument(f"model is {self.model!r}; choose one of {', '.join(get_args(Model))}")
        suffix = "_all_spend" if self.include_first else ""
        object.__setattr__(self, "name", self.name or f"lifetimes_{self.model}{suffix}")

    def fit(self, calibration: Calibration, *, random_seed: int | None = None) -> FittedLifetimes:
        """Return the estimates; where spend has none, those of the purchases and a note. Nothing is random."""
        rfm, notes = calibration.rfm, ()
        purchases, spend = _purchase_estimates(self.model, rfm), None
        if rfm.has_value:
            try:
                spend = _spend_estimates(rfm, include_first=self.include_first)
            except ClvError as error:
                notes = (f"{self.name} has no forecast of spend: {error}.",)
        return FittedLifetimes(choice=self, purchases=purchases, spend=spend, notes=notes)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLifetimes:
    """What lifetimes estimated.

    Attributes
    ----------
    choice : Lifetimes
    purchases : mapping of str to float
        The parameters by name; times are in the RFM's time unit.
    spend : mapping of str to float, or None
        p, q and v. None without values, and where spend could not be fitted, which is then in `notes`.
    notes : tuple of str
    """

    choice: Lifetimes
    purchases: Mapping[str, float]
    spend: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()

    def forecast(self, rfm: RFM, *, horizon: float) -> Forecast:
        """Predict purchases, and money where spend was fitted; missing where lifetimes works out no number."""
        columns = (rfm.frame[name].to_numpy(float) for name in ("frequency", "recency", "T"))
        fitter = _fitter(FITTERS[self.choice.model], self.purchases)
        with _silence():
            number = fitter.conditional_expected_number_of_purchases_up_to_time(horizon, *columns)
        purchases = pd.Series(number, index=rfm.frame.index)
        if self.spend is None:
            return Forecast(purchases=Prediction(mean=purchases), notes=self.notes)
        each = _fitter("GammaGammaFitter", self.spend).conditional_expected_average_profit(
            *rfm.spend(include_first=self.choice.include_first)
        )
        return Forecast(purchases=Prediction(mean=purchases), value=Prediction(mean=purchases * each))


def _purchase_estimates(model: Model, rfm: RFM) -> dict[str, float]:
    data = rfm.compressed()
    columns = [data[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    if model == "pareto_nbd":
        return _pareto_estimates(*columns, weights=data["count"].to_numpy(float))
    return _estimates(_fitted(FITTERS[model], *columns, weights=data["count"].to_numpy(float)))


def _pareto_estimates(x: np.ndarray, t_x: np.ndarray, T: np.ndarray, *, weights: np.ndarray) -> dict[str, float]:
    """Search from where the last search ended: lifetimes does not say whether this one has converged."""
    start, best = np.ones(4), np.inf
    for _ in range(SEARCHES):
        # Without a start lifetimes draws one from numpy's global generator. It searches with the longest T as unit.
        found = _fitted("ParetoNBDFitter", x, t_x, T, weights=weights, initial_params=start)
        estimates, last = _estimates(found), best
        best = found._negative_log_likelihood_ * weights.mean()
        if last - best < STILL_TO_GAIN:
            return estimates
        start = np.array(list(estimates.values())) / [1, T.max(), 1, T.max()]
    raise FitFailed(f"lifetimes' ParetoNBDFitter did not converge in {SEARCHES} searches")


def _spend_estimates(rfm: RFM, *, include_first: bool) -> dict[str, float]:
    data = rfm.spend_counts(include_first=include_first).query("number > 0 and mean > 0")
    if data.empty:
        raise FitFailed("no customer has a purchase with a value above zero that counts; try include_first=True")
    number, mean, count = (data[name].to_numpy(float) for name in ("number", "mean", "count"))
    estimates = _estimates(_fitted("GammaGammaFitter", number, mean, weights=count))
    if estimates["q"] <= 1:
        raise FitFailed(
            f"lifetimes' GammaGammaFitter estimates q = {estimates['q']:.3g}, and the mean spend is infinite"
        )
    return estimates


def _fitted(name: str, *columns: np.ndarray, **choices: Any) -> Any:
    """A fitter of lifetimes, fitted to the distinct rows and their number (`weights`)."""
    fitter = _fitter(name)
    try:
        with _silence():
            return fitter.fit(*columns, **choices)
    # Not converged is a ValueError of theirs, a singular Hessian one of numpy's.
    except (ValueError, ArithmeticError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise FitFailed(
            f"lifetimes' {name} has no estimate and says {said!r}; data with hardly any repeat purchases, dropout or "
            "difference in spend may have none"
        ) from error


def _estimates(fitter: Any) -> dict[str, float]:
    found = {name: float(value) for name, value in fitter.params_.items()}
    if not all(np.isfinite(value) and value > 0 for value in found.values()):
        raise FitFailed(f"lifetimes' {type(fitter).__name__} estimates {found}; its parameters are above zero")
    return found


def _fitter(name: str, estimates: Mapping[str, float] | None = None) -> Any:
    with _silence():
        import lifetimes

        fitter = getattr(lifetimes, name)(penalizer_coef=0.0)
    fitter.params_ = estimates
    return fitter


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Lifetimes warns of pandas' options and of overflow, prints what failed, and changes the filters of warnings."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


LIFETIMES = {
    one.name: partial(Lifetimes, model=one.model, include_first=one.include_first)
    for one in (Lifetimes(model=model, include_first=first) for model in get_args(Model) for first in (False, True))
}
# Compared where nobody chose: a check of ourselves, and no rival that must be beaten.
CHECKS = ("lifetimes_bg_nbd",)


def is_check(name: str, model: str, *, same: bool = False) -> bool:
    """Whether a forecaster checks our own implementation: one of `CHECKS`, or the model's purchases by lifetimes.

    With `same`, the model's purchases alone.

    >>> is_check("lifetimes_bg_nbd", "pareto_nbd_gamma_gamma"), is_check("lifetimes_mbg_nbd", "bg_nbd_gamma_gamma")
    (True, False)
    >>> is_check("lifetimes_mbg_nbd_all_spend", "mbg_nbd_gamma_gamma")
    True
    """
    if name not in LIFETIMES:
        return False
    own = name.removesuffix(ALL_SPEND)
    return model.startswith(f"{own.removeprefix(ELSEWHERE)}_") or (own in CHECKS and not same)
