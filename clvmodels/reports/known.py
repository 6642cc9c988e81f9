"""What the questions are asked of, and what they answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clvmodels.errors import DataWarning, InvalidArgument, warn
from clvmodels.evaluation.options import read_segments
from clvmodels.evaluation.past_errors import estimate_model_error

if TYPE_CHECKING:
    import pandas as pd

    from clvmodels.evaluation.model_forecaster import ModelForecaster
    from clvmodels.lifetime_value import LifetimeValue
    from clvmodels.model_error import ModelError
    from clvmodels.models.purchases import PurchasePosterior
    from clvmodels.rfm import RFM

Path = str | os.PathLike[str]
SEGMENT = "segment"


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The customers of a log with their models.

    Attributes
    ----------
    transactions : path
    reading : dict
        How it is read.
    rfm : RFM
    models : ModelForecaster
        The models of purchases and of spend.
    purchases : PurchasePosterior
    spend_known : LifetimeValue or None
        None for a log without amounts.
    random_seed : int
    """

    transactions: Any
    reading: Mapping[str, Any]
    rfm: RFM
    models: ModelForecaster
    purchases: PurchasePosterior
    spend_known: LifetimeValue | None
    random_seed: int

    @property
    def value(self) -> LifetimeValue:
        """What they are worth.

        Raises
        ------
        InvalidArgument
            If the log has no amounts.
        """
        if self.spend_known is None:
            raise InvalidArgument(
                "the log has no amounts, which this question needs; name their column, e.g. value='amount'"
            )
        return self.spend_known

    def segmented(self, path: Path | None, *, name: str = SEGMENT) -> RFM:
        """The customers with the segments of a file, under that name."""
        segments = read_segments(path, self.reading["customer_id"])
        return self.rfm if segments is None else self.rfm.assign(**{name: segments})

    def model_error(self, horizon: float, *, wanted: bool) -> ModelError | None:
        """What the past says of the model's errors; None with a warning where it says nothing."""
        if not wanted:
            return None
        end, seed = self.rfm.observation_end, self.random_seed
        try:
            return estimate_model_error(
                self.transactions,
                horizon=horizon,
                observation_end=end,
                forecaster=self.models,
                random_seed=seed,
                **self.reading,
            )
        except InvalidArgument as error:
            warn(f"intervals are not widened by past errors: {error}", DataWarning)
            return None


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """What is told, shown, written and drawn.

    Attributes
    ----------
    sentence : str
    shown : dict of caption -> DataFrame
        For the terminal.
    tables : dict of name -> DataFrame
        For the files.
    figures : dict of name -> callable
        Each draws on an Axes.
    """

    sentence: str
    shown: Mapping[str, pd.DataFrame]
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
