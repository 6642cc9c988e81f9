"""The forecasters by name, and those that are compared where nobody chose."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from clvmodels.errors import InvalidArgument, shown
from clvmodels.evaluation.baselines import AsBefore, HiatusRule, Nothing, SimpleFormula
from clvmodels.evaluation.bayesian import BetaGeoGammaGamma
from clvmodels.evaluation.forecasters import Forecaster
from clvmodels.evaluation.lifetimes_mle import Lifetimes
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.multiplicative import MultiplicativeCLV

BY_SEGMENT = MultiplicativeCLV(level="segment", segment="segment")
POPULATION = MultiplicativeCLV(level="population")
ALL_SPEND = "bg_nbd_gamma_gamma_all_spend"

FORECASTERS: dict[str, Callable[[], Forecaster]] = {
    "bg_nbd_gamma_gamma": BetaGeoGammaGamma,
    ALL_SPEND: partial(BetaGeoGammaGamma, spend=GammaGamma(include_first=True), value_only=True, name=ALL_SPEND),
    "multiplicative_customer": SimpleFormula,
    "multiplicative_segment": partial(SimpleFormula, model=BY_SEGMENT, name="multiplicative_segment"),
    "multiplicative_population": partial(SimpleFormula, model=POPULATION, name="multiplicative_population"),
    "as_before": AsBefore,
    "as_before_all_spend": partial(AsBefore, include_first=True, name="as_before_all_spend"),
    "hiatus": HiatusRule,
    "nothing": Nothing,
    "lifetimes_bg_nbd": Lifetimes,
    "lifetimes_bg_nbd_all_spend": partial(Lifetimes, include_first=True),
    "lifetimes_pareto_nbd": partial(Lifetimes, model="pareto_nbd"),
    "lifetimes_pareto_nbd_all_spend": partial(Lifetimes, model="pareto_nbd", include_first=True),
    "lifetimes_mbg_nbd": partial(Lifetimes, model="mbg_nbd"),
}
DEFAULTS = (
    "bg_nbd_gamma_gamma",
    ALL_SPEND,
    "multiplicative_customer",
    "multiplicative_segment",
    "multiplicative_population",
    "as_before",
    "hiatus",
    "nothing",
    "lifetimes_bg_nbd",
)


def default_forecasters(segmented: bool = False, *, draws: int = 1000) -> list[Forecaster]:
    """Return the model under test first, and its baselines.

    Parameters
    ----------
    segmented : bool
        Whether the customers have a column "segment": then the simple formula per segment is among them.
    draws : int
        How many posterior draws the Bayesian ones keep.

    Examples
    --------
    >>> [forecaster.name for forecaster in default_forecasters()][2:5]
    ['multiplicative_customer', 'multiplicative_population', 'as_before']
    """
    chosen = named_forecasters([name for name in DEFAULTS if segmented or name != "multiplicative_segment"])
    return [replace(one, draws=draws) if isinstance(one, BetaGeoGammaGamma) else one for one in chosen]


def named_forecasters(names: Sequence[str]) -> list[Forecaster]:
    """Return the forecasters of some names, in their order.

    Parameters
    ----------
    names : sequence of str
        Of `FORECASTERS`.

    Raises
    ------
    InvalidArgument
        If a name is unknown.

    Examples
    --------
    >>> named_forecasters(["hiatus"])
    [HiatusRule(idle=None, window=None, name='hiatus')]
    """
    for name in names:
        if name not in FORECASTERS:
            raise InvalidArgument(_unknown(name))
    return [FORECASTERS[name]() for name in names]


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, FORECASTERS, n=1)
    meant = f", do you mean {shown(nearest[0])}?" if nearest else ""
    return f"there is no forecaster {shown(name)}{meant}; the names are {', '.join(FORECASTERS)}"
