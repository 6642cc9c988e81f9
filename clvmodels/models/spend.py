"""Models of spend: how each is fitted, and everything that its posterior predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt

from clvmodels.errors import InvalidArgument, check_interval, shown
from clvmodels.intervals import Array, DrawBlocks, interval_table
from clvmodels.models.heterogeneity import density_table
from clvmodels.models.outcomes import Events, Outcomes
from clvmodels.models.posterior import Posterior, check_rfm, customer_keys
from clvmodels.models.priors import check_own_priors
from clvmodels.rfm import RFM, RFMTable

if TYPE_CHECKING:
    from clvmodels.inference.sample import Method

Rows = tuple[Array, ...]


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """What all models of spend share.

    Attributes
    ----------
    priors : dataclass
        The model's own, each replaceable by any `Prior`.
    include_first : bool
        False, the field's standard: repeat purchases only. True: all purchases, first included.
    """

    priors: Any
    include_first: bool = False

    posterior: ClassVar[type[SpendPosterior]]
    # Whether a fit to repeat purchases alone differs from one to all of them.
    has_first: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse priors of another model."""
        check_own_priors(self)

    @property
    def key(self) -> str:
        """Its name in code."""
        return self.posterior.key

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that it needs beside those that every log with values has."""
        return self.posterior.statistics

    def fit(
        self, rfm: RFM | RFMTable, *, method: Method = "auto", draws: int = 1000, random_seed: int | None = None
    ) -> Any:
        """Draw from the posterior given an RFM with values; see `PurchaseModel.fit` for the arguments."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, repr=False)
class SpendPosterior(Posterior):
    """Posterior of a model of the value of purchases; see `Posterior` for the other attributes.

    A model is a subclass that sets the class attributes and its formulas: see CONTRIBUTING.md.

    Attributes
    ----------
    include_first : bool
        Whether first purchases count, in the fit and in every answer.
    left_out : int
        Customers left out of the fit because the model has no place for what they spent.
    left_out_share : float
        The share that their purchases are of all that count.
    key, label : str
        The model's name in code and in words.
    caveats : tuple of str
        What a reader of its answers has to know, as sentences.
    terms : tuple of (str, str)
        The parameters and what they mean.
    statistics : tuple of str
        The columns of an RFM that it needs besides the amounts.
    params : NamedTuple class
        The parameters, by the formulas' names.
    """

    include_first: bool = False
    left_out: NonNegativeInt = 0
    left_out_share: Annotated[float, Field(ge=0, le=1)] = 0.0

    part: ClassVar[str] = "spend"
    key: ClassVar[str]
    label: ClassVar[str]
    caveats: ClassVar[tuple[str, ...]] = ()
    terms: ClassVar[tuple[tuple[str, str], ...]] = ()
    statistics: ClassVar[tuple[str, ...]] = ()
    params: ClassVar[Callable[..., Any]]

    def expected_average_spend(self, rfm: RFM, *, interval: float = 0.9) -> pd.DataFrame:
        """Expected mean value of a customer's purchases, with credible interval.

        Returns
        -------
        pandas.DataFrame
            Columns mean, lower, upper, indexed by customer_id; for customers without purchases that count (and for a
            new one) it is the population's mean.
        """
        check_interval(interval)
        draws = self.blocks("expected_average_spend", rfm)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="credible")

    def predictive_spend(self, rfm: RFM, *, interval: float = 0.9, random_seed: int | None = None) -> pd.DataFrame:
        """Value of the customer's next purchase, if there is one, with predictive interval."""
        check_interval(interval)
        draws = self.blocks("predictive_spend", rfm, random_seed=random_seed)
        return interval_table(rfm.frame.index, draws, interval=interval, kind="predictive")

    def heterogeneity(self, *, interval: float = 0.9) -> pd.DataFrame:
        """How the customers differ: the density of their own mean value of a purchase, with credible interval.

        Returns
        -------
        pandas.DataFrame, shape (200, 3)
            As `PurchasePosterior.heterogeneity`, for the quantity "mean_spend".
        """
        return density_table(self.distributions(), interval=interval)

    def draws(self, quantity: str, rfm: RFM, **choices: Any) -> xr.DataArray:
        """All draws of "expected_average_spend" or "predictive_spend", dims (chain, draw, customer_id)."""
        return self.with_draw_dims(self.blocks(quantity, rfm, **choices).array(), rfm.frame.index)

    def blocks(self, quantity: str, rfm: RFM, **choices: Any) -> DrawBlocks:
        """The same in blocks of customers, in the order of the RFM, for sums over millions of them."""
        of: dict[str, Callable[..., DrawBlocks]] = {
            "expected_average_spend": self._expected,
            "predictive_spend": self._outcomes,
        }
        if quantity not in of:
            raise InvalidArgument(f"quantity is {shown(quantity)}; choose one of {', '.join(of)}")
        return of[quantity](rfm, **choices)

    def amounts(self, outcomes: Outcomes, rfm: RFM) -> Callable[[slice, Events], Array]:
        """Amounts of the purchases of known customers: (slice of rows, their events) -> (events,)."""
        rows, params = self.rows_of(rfm), self.at_draws(predictive=True)

        def drawn(at: slice, found: Events) -> Array:
            some = tuple(column[at] for column in rows)
            return self.known_amounts(params, some, found.offsets, seed=outcomes.seed, keys=outcomes.keys[at])

        return drawn

    def expectation(self, rows: Rows) -> Callable[[slice], Array]:
        """Draws of the expected value of a purchase, for the model's statistics (n,): slice -> (rows, draws)."""
        raise NotImplementedError

    def log_likelihood(self, rfm: RFM) -> DrawBlocks:
        """Log density of what each customer spent, as leave-one-out asks for it; NaN for those left out of the fit."""
        raise NotImplementedError

    def distributions(self) -> Mapping[str, Any]:
        """The frozen scipy distribution over the customers of "mean_spend", with parameters (draws, 1)."""
        raise NotImplementedError

    def known_amounts(
        self, params: Any, rows: Rows, offsets: NDArray[np.int64], *, seed: np.uint64, keys: NDArray[np.uint64]
    ) -> Array:
        """Draw the amount of every purchase of known customers; offsets as in `Events`."""
        raise NotImplementedError

    def new_amounts(
        self, params: Any, streams: NDArray[np.uint64], cells: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> tuple[Array, NDArray[np.uint64]]:
        """Draw the amounts of customers to be won, and the states of the streams after each; see `NewEvents`.

        cells (draws + 1,) say where the customers of each draw begin.
        """
        raise NotImplementedError

    def population(self) -> dict[str, Array]:
        """Mean value of a new customer's purchase in words, (draws,), as a driver of an answer."""
        return {"spend per purchase of a new customer": self.newcomer()}

    def newcomer(self) -> Array:
        """Expected value of a purchase of a customer yet to be won: (draws,)."""
        return self.expectation(self.unknown(1))(slice(0, 1))[0]

    def fitted(self, rfm: RFM) -> NDArray[np.bool_]:
        """Which customers enter the fit (n,)."""
        raise NotImplementedError

    def counts(self, rfm: RFM) -> pd.DataFrame:
        """The distinct rows that were fitted, with their `count`."""
        raise NotImplementedError

    def at_draws(self, *, predictive: bool = False) -> Any:
        """The parameters as the formulas take them, each (draws,)."""
        return self.params(*self.parameter_draws(predictive=predictive))

    def rows_of(self, rfm: RFM) -> Rows:
        """The model's statistics of customers in memory, each (n,)."""
        check_rfm(rfm)
        return rfm.spend(include_first=self.include_first)

    def unknown(self, customers: int) -> Rows:
        """The statistics of customers of whom nothing is known."""
        return np.zeros(customers), np.zeros(customers)

    def _check_columns(self) -> dict[str, Any]:
        return super()._check_columns() | ({"left_out": self.left_out} if self.left_out else {})

    def _expected(self, rfm: RFM) -> DrawBlocks:
        return DrawBlocks(len(rfm), self.draw_count, self.expectation(self.rows_of(rfm)))

    def _outcomes(self, rfm: RFM, *, random_seed: int | None = None) -> DrawBlocks:
        rows, params = self.rows_of(rfm), self.at_draws(predictive=True)
        keys, seed, draws = customer_keys(rfm.frame.index), self.seed_for(random_seed), self.predictive_draw_count

        def block(at: slice) -> Array:
            one_each = np.arange((at.stop - at.start) * draws + 1)
            some = tuple(column[at] for column in rows)
            return self.known_amounts(params, some, one_each, seed=seed, keys=keys[at]).reshape(-1, draws)

        return DrawBlocks(len(rfm), draws, block)
