"""The forecasters by name, and those that are compared where nobody chose."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from functools import partial

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.baselines import AsBefore, HiatusRule, Nothing, SimpleFormula
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.lifetimes_mle import CHECKS, LIFETIMES
from clvmodels.evaluation.model_forecaster import ModelForecaster
from clvmodels.evaluation.supervised import Supervised
from clvmodels.models.multiplicative import MultiplicativeCLV
from clvmodels.models.registry import SPEND_MODELS, pair_of, pairs, purchase_model, spend_model, textbook_models
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
        if SPEND_MODELS[spend].has_first:
            made[name + ALL_SPEND] = partial(_model, purchases, spend, name + ALL_SPEND)
    return made


def _model(purchases: str, spend: str, name: str) -> ModelForecaster:
    chosen = spend_model(spend, include_first=name.endswith(ALL_SPEND))
    return ModelForecaster(purchases=purchase_model(purchases), spend=chosen, name=name)


def textbook(*, draws: int = 1000) -> ModelForecaster:
    """Return the textbook models as a forecaster.

    >>> textbook().name
    'bg_nbd_gamma_gamma'
    """
    purchases, spend = textbook_models()
    return ModelForecaster(purchases=purchases, spend=spend, draws=draws)


def default_forecasters(
    segmented: bool = False, *, draws: int = 1000, under_test: ModelForecaster | None = None
) -> list[Forecaster]:
    """Return the model under test first, then the textbook models and the baselines.

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
    >>> [forecaster.name for forecaster in default_forecasters()][1:4]
    ['bg_nbd_gamma_gamma', 'multiplicative_customer', 'multiplicative_population']
    """
    model, beside = under_test or ModelForecaster(draws=draws), textbook(draws=draws)
    return [
        model,
        *([] if model.name == beside.name else [beside]),
        *named_forecasters([name for name in COMPARED if segmented or name != "multiplicative_segment"]),
        *[LIFETIMES[name]() for name in CHECKS],
    ]


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
        if name not in known and (pair := pair_of(name.removesuffix(ALL_SPEND))) is not None:
            known[name] = partial(_model, *pair, name)
        if name not in known:
            raise InvalidArgument(_unknown(name, known))
    return [known[name]() for name in names]


def _unknown(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f", do you mean {shown(nearest[0])}?" if nearest else ""
    return f"there is no forecaster {shown(name)}{meant}; the names are {', '.join(known)}"
