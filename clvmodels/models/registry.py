"""The models of purchases and of spend by key: a model is a file in `models` and a line here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clvmodels.errors import InvalidArgument
from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomial
from clvmodels.models.drift import Drift
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.log_normal import LogNormalSpend
from clvmodels.models.modified_beta_geo import ModifiedBetaGeo
from clvmodels.models.pareto_nbd import ParetoNBD
from clvmodels.models.pool import Pool
from clvmodels.models.pool_posterior import pool_label
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.soft_dropout import RegularBetaGeo, RegularSoftDropout, SoftDropout
from clvmodels.models.spend import SpendModel

PURCHASE_MODELS: dict[str, type[PurchaseModel]] = {
    "bg_nbd": BetaGeo,
    "mbg_nbd": ModifiedBetaGeo,
    "pareto_nbd": ParetoNBD,
    "bg_bb": BetaGeoBetaBinomial,
    "drift": Drift,
    "mbg_cnbd_k": RegularBetaGeo,
    "soft_dropout": SoftDropout,
    "soft_dropout_cnbd_k": RegularSoftDropout,
}
SPEND_MODELS: dict[str, type[SpendModel]] = {"gamma_gamma": GammaGamma, "log_normal": LogNormalSpend}


def default_models() -> tuple[PurchaseModel, SpendModel]:
    """Return the models of purchases and of spend that are used where nobody chose.

    They forecast best on four public logs, by a rule that was written before the held-out periods were looked at:
    see ``benchmarks/forecasts.py``. The model of purchases needs `rfm_summary(..., statistics=["purchase_times"])`.

    Examples
    --------
    >>> [model.posterior.part for model in default_models()]
    ['purchases', 'spend']
    """
    return SoftDropout(), GammaGamma(include_first=True)


def textbook_models() -> tuple[PurchaseModel, SpendModel]:
    """Return BG/NBD and Gamma-Gamma as published, which stand beside the default models in every comparison.

    Source: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098; Fader, Hardie (2013), The Gamma-Gamma model of
    monetary value, brucehardie.com/notes/025.

    Examples
    --------
    >>> [model.key for model in textbook_models()]
    ['bg_nbd', 'gamma_gamma']
    """
    return BetaGeo(), GammaGamma()


def purchase_model(key: str | Sequence[str] | None = None, **choices: Any) -> PurchaseModel:
    """Return a model of purchases by its key, or the default one; `choices` are its own, such as priors.

    Several keys, as a list or joined by a comma or a plus sign, are those of a pool with equal weights.

    Raises
    ------
    InvalidArgument
        If there is no such model.

    Examples
    --------
    >>> purchase_model("pareto_nbd").key
    'pareto_nbd'
    >>> purchase_model("pareto_nbd, bg_nbd").key
    'pareto_nbd+bg_nbd'
    """
    if key is None:
        return replace(default_models()[0], **choices)
    keys = pool_keys(key)
    if len(set(keys)) < len(keys):
        raise InvalidArgument(f"the models of purchases are {', '.join(keys)}; name each once")
    if len(keys) == 1:
        return _class(PURCHASE_MODELS, keys[0], "purchases")(**choices)
    return Pool([_class(PURCHASE_MODELS, one, "purchases")() for one in keys], **choices)


def pool_keys(key: str | Sequence[str]) -> list[str]:
    """Return the single keys in a text, or a list of texts, of one or more.

    Examples
    --------
    >>> pool_keys(["pareto_nbd,bg_nbd", "mbg_nbd"])
    ['pareto_nbd', 'bg_nbd', 'mbg_nbd']
    """
    texts = [key] if isinstance(key, str) else [str(one) for one in key]
    return [one.strip() for text in texts for one in text.replace("+", ",").split(",")]


def leaving() -> list[str]:
    """Return the keys of the models of purchases under which customers may leave."""
    return [key for key, model in PURCHASE_MODELS.items() if model.posterior.leaves]


def spend_model(key: str | None = None, **choices: Any) -> SpendModel:
    """Return a model of spend by its key, or the default one; `choices` are its own, such as priors.

    First purchases count as in the default model, unless `include_first` says otherwise.

    Raises
    ------
    InvalidArgument
        If there is no such model.

    Examples
    --------
    >>> spend_model("gamma_gamma") == spend_model(), spend_model("gamma_gamma", include_first=False).include_first
    (True, False)
    """
    default = default_models()[1]
    choices = {"include_first": default.include_first, **choices}
    return _class(SPEND_MODELS, default.key if key is None else key, "spend")(**choices)


def pairs() -> dict[str, tuple[str, str]]:
    """Return the keys of each model of purchases and of spend, by the name of their forecaster."""
    return {f"{one}_{other}": (one, other) for one in PURCHASE_MODELS for other in SPEND_MODELS}


def pair_of(name: str) -> tuple[str, str] | None:
    """Return the keys of a model or pool of purchases and of a model of spend whose forecaster has this name, if any.

    Examples
    --------
    >>> pair_of("pareto_nbd+bg_nbd_gamma_gamma"), pair_of("as_before")
    (('pareto_nbd+bg_nbd', 'gamma_gamma'), None)
    """
    for spend in SPEND_MODELS:
        purchases = name.removesuffix(f"_{spend}")
        if purchases != name and all(key in PURCHASE_MODELS for key in purchases.split("+")):
            return purchases, spend
    return None


def pair_label(purchases: str, spend: str) -> str:
    """Return the name of a pair of models, or of a pool and a model, in words.

    Examples
    --------
    >>> pair_label("pareto_nbd+bg_nbd", "gamma_gamma")
    'pool of Pareto/NBD and BG/NBD x Gamma-Gamma'
    """
    names = [PURCHASE_MODELS[key].posterior.label for key in purchases.split("+")]
    return f"{pool_label(names)} x {SPEND_MODELS[spend].posterior.label}"


def labels() -> dict[str, str]:
    """Return the names of pairs of models in words, by the name of their forecaster.

    Examples
    --------
    >>> sorted(labels()) == sorted(pairs())
    True
    """
    return {name: pair_label(*pair) for name, pair in pairs().items()}


def _class(known: Mapping[str, Any], key: str, part: str) -> Any:
    if key not in known:
        if key == "":
            raise InvalidArgument(f"a model of {part} is left out; give keys, several with a + between them")
        nearest = difflib.get_close_matches(re.sub(r"\W+", "_", str(key).strip().lower()), known, n=1)
        meant = f"do you mean {nearest[0]!r}? The" if nearest else "the"
        raise InvalidArgument(f"there is no model of {part} {key!r}; {meant} keys are {', '.join(known)}")
    return known[key]
