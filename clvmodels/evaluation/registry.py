"""The forecasters by name, and those that are compared where nobody chose."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.baselines import AsBefore, HiatusRule, Nothing, SimpleFormula
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.lifetimes_mle import CHECKS, LIFETIMES
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.supervised import Supervised
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.models.registry import pair_of, pairs, purchase_model, spend_model
from clvmodels.names import ALL_SPEND

BY_SEGMENT = MultiplicativeCLV(level="segment", segment="segment")
POPULATION = MultiplicativeCLV(level="population")

BASELINES: dict[str, Callable[[], Forecaster]] = {
    "multiplicative_customer": SimpleFormula,
    "multiplicative_segment": partial(SimpleFormula, model=BY_SEGMENT, name="multiplicative_segment"),
    "multiplicative_population": partial(SimpleFormula, model=POPULATION, name="multiplicative_population"),
    "as_before": AsBefore,
    "as_before_all_spend": partial(AsBefore, include_first=True, name="as_before_all_spend"),
    "hiatus": HiatusRule,
    "nothing": Nothing,
}
LEARNERS: dict[str, Callable[[], Forecaster]] = {
    "boosting": Supervised,
    "hybrid": lambda: Supervised(model=ModelForecaster()),
}
COMPARED = (
    "multiplicative_customer",
    "multiplicative_segment",
    "multiplicative_population",
    "as_before",
    "hiatus",
    "nothing",
)


def forecasters() -> dict[str, Callable[[], Forecaster]]:
    """Return what makes each forecaster, by name: pairs of models, baselines, boosting, and fits by lifetimes."""
    return {**_models(), **BASELINES, **LEARNERS, **LIFETIMES}


def _models() -> dict[str, Callable[[], Forecaster]]:
    made: dict[str, Callable[[], Forecaster]] = {}
    for name, (purchases, spend) in pairs().items():
        made[name] = partial(_model, purchases, spend, name)
        if spend_model(spend).has_first:
            made[name + ALL_SPEND] = partial(_model, purchases, spend, name + ALL_SPEND, all_spend=True)
    return made


def _model(purchases: str, spend: str, name: str, *, all_spend: bool = False) -> ModelForecaster:
    """A pair of models; with `all_spend` a second model of spend, which counts first purchases."""
    chosen = spend_model(spend, include_first=True) if all_spend else spend_model(spend)
    return ModelForecaster(purchases=purchase_model(purchases), spend=chosen, name=name, value_only=all_spend)


def default_forecasters(
    segmented: bool = False, *, draws: int = 1000, under_test: ModelForecaster | None = None
) -> list[Forecaster]:
    """Return the model under test first, and its baselines.

    Parameters
    ----------
    segmented : bool
        Whether the customers have a column "segment": then the simple formula per segment is among them.
    draws : int
        How many posterior draws the Bayesian ones keep.
    under_test : ModelForecaster, optional
        By default that of the default models.

    Examples
    --------
    >>> [forecaster.name for forecaster in default_forecasters()][2:5]
    ['multiplicative_customer', 'multiplicative_population', 'as_before']
    """
    model = under_test or ModelForecaster(draws=draws)
    return [
        model,
        *with_all_spend(model),
        *named_forecasters([name for name in COMPARED if segmented or name != "multiplicative_segment"]),
        *[LIFETIMES[name]() for name in CHECKS],
    ]


def with_all_spend(model: ModelForecaster) -> list[Forecaster]:
    """Return the same model with a model of spend that counts first purchases too, where there is a choice."""
    if not model.spend.has_first or model.spend.include_first:
        return []
    spend = replace(model.spend, include_first=True)
    return [replace(model, spend=spend, value_only=True, name=model.name + ALL_SPEND)]


def named_forecasters(names: Sequence[str]) -> list[Forecaster]:
    """Return the forecasters of some names, in their order.

    Parameters
    ----------
    names : sequence of str
        Of `forecasters()`; or of a pool of models of purchases, whose keys are joined by "+".

    Raises
    ------
    InvalidArgument
        If a name is unknown.

    Examples
    --------
    >>> named_forecasters(["hiatus"])
    [HiatusRule(idle=None, window=None, name='hiatus')]
    """
    known = forecasters()
    for name in names:
        if name not in known and (pair := pair_of(name)) is not None:
            known[name] = partial(_model, *pair, name)
        if name not in known:
            raise InvalidArgument(_unknown(name, known))
    return [known[name]() for name in names]


def _unknown(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f", do you mean {shown(nearest[0])}?" if nearest else ""
    return f"there is no forecaster {shown(name)}{meant}; the names are {', '.join(known)}"
