"""The models of purchases and of spend by key: a model is a file in `models` and a line here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from clvmodels.errors import InvalidArgument
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomial
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.log_normal import LogNormalSpend
from clvmodels.models.modified_beta_geo import ModifiedBetaGeo
from clvmodels.models.pareto_nbd import ParetoNBD
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.spend import SpendModel

PURCHASE_MODELS: dict[str, type[PurchaseModel]] = {
    "bg_nbd": BetaGeo,
    "mbg_nbd": ModifiedBetaGeo,
    "pareto_nbd": ParetoNBD,
    "bg_bb": BetaGeoBetaBinomial,
}
SPEND_MODELS: dict[str, type[SpendModel]] = {"gamma_gamma": GammaGamma, "log_normal": LogNormalSpend}


def default_models() -> tuple[PurchaseModel, SpendModel]:
    """Return the models of purchases and of spend that are used where nobody chose.

    Examples
    --------
    >>> [model.posterior.part for model in default_models()]
    ['purchases', 'spend']
    """
    return BetaGeo(), GammaGamma()


def purchase_model(key: str | None = None, **choices: Any) -> PurchaseModel:
    """Return a model of purchases by its key, or the default one; `choices` are its own, such as priors.

    Raises
    ------
    InvalidArgument
        If there is no such model.

    Examples
    --------
    >>> purchase_model("nbd")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: there is no model of purchases 'nbd', do you mean 'bg_nbd'?; ...
    """
    return _class(PURCHASE_MODELS, key or default_models()[0].posterior.key, "purchases")(**choices)


def spend_model(key: str | None = None, **choices: Any) -> SpendModel:
    """Return a model of spend by its key, or the default one; `choices` are its own, such as priors.

    Raises
    ------
    InvalidArgument
        If there is no such model.
    """
    return _class(SPEND_MODELS, key or default_models()[1].posterior.key, "spend")(**choices)


def pairs() -> dict[str, tuple[str, str]]:
    """Return the keys of each model of purchases and of spend, by the name of their forecaster."""
    return {f"{one}_{other}": (one, other) for one in PURCHASE_MODELS for other in SPEND_MODELS}


def labels() -> dict[str, str]:
    """Return the names of pairs of models in words, by the name of their forecaster.

    Examples
    --------
    >>> sorted(labels()) == sorted(pairs())
    True
    """
    return {
        name: f"{PURCHASE_MODELS[one].posterior.label} x {SPEND_MODELS[other].posterior.label}"
        for name, (one, other) in pairs().items()
    }


def _class(known: Mapping[str, Any], key: str, part: str) -> Any:
    if key not in known:
        nearest = difflib.get_close_matches(str(key), known, n=1)
        meant = f", do you mean {nearest[0]!r}?" if nearest else ""
        raise InvalidArgument(f"there is no model of {part} {key!r}{meant}; the keys are {', '.join(known)}")
    return known[key]
