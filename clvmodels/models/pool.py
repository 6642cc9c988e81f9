"""A pool of models of purchases: the models, and their fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from clvmodels.errors import check_whole
from clvmodels.models.pool_posterior import PoolPosterior, union
from clvmodels.models.posterior import fresh_seed
from clvmodels.models.purchases import PurchaseModel, PurchasePosterior
from clvmodels.models.shares import Weights, check_kind, draws_of, shares_of
from clvmodels.rfm import RFM, RFMTable

if TYPE_CHECKING:
    from clvmodels.inference.sample import Method

FEWEST_DRAWS = 100


@dataclass(frozen=True)
class Pool(PurchaseModel):
    """Several models of purchases, each fitted for itself, whose forecasts are averaged.

    A pool of models that err in different ways is mostly better than the best of them, and its intervals hold what they
    disagree on. It is fitted, saved, scored and reported like a single model.

    Source: Clemen (1989), doi:10.1016/0169-2070(89)90012-5; Geweke, Amisano (2011), doi:10.1016/j.jeconom.2011.02.017.

    Parameters
    ----------
    models : sequence of PurchaseModel
        Pools among them are taken apart.
    weights : sequence of float, optional
        The share of each model, up to a factor; by default they are equal.

    Raises
    ------
    InvalidArgument
        If there is no model, something that is none, or the weights are not one for each, positive and finite.

    Examples
    --------
    >>> from clvmodels.datasets import load_cdnow_summary
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> from clvmodels.models.pareto_nbd import ParetoNBD
    >>> Pool([ParetoNBD(), BetaGeo()]).fit(load_cdnow_summary(), random_seed=1)
    PoolPosterior(Pareto/NBD 500 draws, BG/NBD 500 draws; time unit week)
    """

    models: Sequence[PurchaseModel]
    weights: Weights = field(default=None, kw_only=True)
    priors: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the models, and take pools apart."""
        check_kind(self.models, PurchaseModel, "models", "clv.BetaGeo()")
        flat, shares = [], []
        for model, share in zip(self.models, shares_of(self.weights, len(self.models)), strict=True):
            within = model.models if isinstance(model, Pool) else [model]
            flat += within
            shares += list(share * (shares_of(model.weights, len(within)) if isinstance(model, Pool) else np.ones(1)))
        object.__setattr__(self, "models", tuple(flat))
        object.__setattr__(self, "weights", None if len(set(np.round(shares, 12))) == 1 else tuple(shares))

    @property
    def key(self) -> str:
        """The keys of its models, by which `purchase_model` makes it."""
        return "+".join(model.key for model in self.models)

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that its models need."""
        return union(model.statistics for model in self.models)

    @property
    def leaves(self) -> bool:
        """Whether customers may leave under one of its models."""
        return any(model.leaves for model in self.models)

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> PoolPosterior:
        """Fit every model, see `PurchaseModel.fit`; `draws` are those of all models together.

        Of "map" come the modes alone, repeated to 1,000 draws: their intervals hold what the models disagree on.
        """
        draws, seed = check_whole(draws, "draws", smallest=FEWEST_DRAWS), fresh_seed(random_seed)
        counts = draws_of(shares_of(self.weights, len(self.models)), draws)
        fitted = [
            model.fit(rfm, method=method, draws=max(count, FEWEST_DRAWS), random_seed=_seed_of(seed, m))
            for m, (model, count) in enumerate(zip(self.models, counts, strict=True))
        ]
        kept = None if method == "map" else draws
        return self.of(fitted, weights=self.weights, draws=kept, random_seed=seed)

    @staticmethod
    def of(
        posteriors: Sequence[PurchasePosterior],
        *,
        weights: Weights = None,
        draws: int | None = None,
        random_seed: int | None = None,
    ) -> PoolPosterior:
        """Pool posteriors that are there already.

        Parameters
        ----------
        posteriors : sequence of PurchasePosterior
            Of one time unit; pools among them are taken apart.
        weights : sequence of float, optional
            The share of each, up to a factor; by default they are equal.
        draws : int, optional
            Of all together; by default as many as the largest of them has, or 1,000 of several points.
        random_seed : int, optional
            Of predictive draws; by default that of the first one.

        Returns
        -------
        PoolPosterior

        Raises
        ------
        InvalidArgument
            If something is no posterior of purchases, the time units differ, or a weight leaves fewer than two draws.

        Examples
        --------
        >>> from clvmodels.models.beta_geo import BetaGeo
        >>> slow, fast = (BetaGeo.at(r=r, alpha=4.4, a=0.8, b=2.4, time_unit="week") for r in (0.2, 0.4))
        >>> pool = Pool.of([slow, fast])
        >>> new = RFM.new_customer("week")
        >>> [one.expected_purchases(new, horizon=52)["mean"].round(2).item() for one in (slow, pool, fast)]
        [1.21, 1.71, 2.22]
        """
        return PoolPosterior.of(posteriors, weights=weights, draws=draws, random_seed=random_seed)


def _seed_of(seed: int, member: int) -> int:
    return seed if member == 0 else int(np.random.SeedSequence([seed, member]).generate_state(1, np.uint64)[0] >> 1)
