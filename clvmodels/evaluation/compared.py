"""What the result of one origin and that of several have in common: a model, baselines, and their differences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from clvmodels.evaluation.comparison import compare
from clvmodels.notebook import as_html

if TYPE_CHECKING:
    from clvmodels.evaluation.bootstrap import Resampled
    from clvmodels.evaluation.measures import Measure


class Compared(ABC):
    """A model held against baselines.

    Attributes
    ----------
    names : list of str
        Of all forecasters, the one under test first.
    targets : list of str
    interval : float
    compared : list of Measure
        The measures in which they are compared.
    resampled : Resampled
    """

    names: list[str]
    targets: list[str]
    interval: float
    compared: list[Measure]
    resampled: Resampled

    @property
    def model(self) -> str:
        """The name of the forecaster under test."""
        return self.names[0]

    @property
    def baselines(self) -> list[str]:
        """The names of the others."""
        return self.names[1:]

    def compare(self, baseline: str, *, interval: float | None = None) -> pd.DataFrame:
        """Return how far the model is ahead of a baseline in each measure, with the interval of the difference.

        The interval is a percentile bootstrap over customers; over several origins, the customers are drawn at all of
        them or at none, and the origins are drawn as well. See `comparison.compare` for the columns.

        Parameters
        ----------
        baseline : str
            The name of another forecaster.
        interval : float, optional
            By default the result's own.

        Raises
        ------
        InvalidArgument
            If there is no such forecaster.
        """
        if interval is None and baseline in self.comparisons:
            return self.comparisons[baseline].copy()
        return self._against(baseline, self.interval if interval is None else interval)

    @cached_property
    def comparisons(self) -> dict[str, pd.DataFrame]:
        """`compare` for every baseline; made on first use."""
        return {name: self._against(name, self.interval) for name in self.baselines}

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """Return the metrics with a row per target and forecaster, and a column per metric."""

    @abstractmethod
    def verdict(self) -> str:
        """Say in a few sentences whether the model beats the simple formula, who beats it, and if intervals held."""

    def _against(self, baseline: str, interval: float) -> pd.DataFrame:
        return compare(
            self.resampled,
            self.compared,
            model=self.model,
            baseline=baseline,
            known=self.names,
            targets=self.targets,
            interval=interval,
        )

    def _repr_html_(self) -> str:
        table = self.table()
        return as_html(table, self.verdict(), rows=len(table))
