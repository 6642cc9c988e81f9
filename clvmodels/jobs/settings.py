"""The tables of a configuration file: their keys, defaults and domains."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from clvmodels.errors import ClvError, why_not_local
from clvmodels.evaluation.measures import measures
from clvmodels.models.priors import Prior
from clvmodels.scoring import QUANTITIES
from clvmodels.transactions import TimeUnit, as_day
from clvmodels.wording import check_currency

LAST_COMPLETE_DAY = "last complete day"

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A table of the file: unknown keys, numbers as text and infinities are refused, and nothing is changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(Part):
    """Where the transactions are, and how they are read; the choices are those of `clvmodels.rfm_summary`."""

    transactions: Text
    table: Text | None = None
    customer_id: Text = "customer_id"
    date: Text = "date"
    value: Text | Literal[False] = "value"
    refunds: Literal["error", "net", "drop"] = "error"
    unknown_dates: Literal["error", "drop"] = "error"
    time_zone: Text | None = None
    date_format: Text | None = None

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        try:
            return value if value is None else ZoneInfo(value).key
        except (ValueError, OSError, KeyError):
            raise ValueError("give a time zone such as 'Europe/Berlin'") from None

    @property
    def value_column(self) -> str | None:
        """The column of the amounts; None for a log without them."""
        return None if self.value is False else self.value

    @property
    def reading(self) -> dict[str, Any]:
        """The choices by name, as `clvmodels.rfm_summary` takes them."""
        return {**self.model_dump(exclude={"transactions", "table"}), "value": self.value_column}


class Segments(Part):
    """Where each customer's segment is: a file, or a table of the source's database."""

    file: Text | None = None
    table: Text | None = None
    customer_id: Text | None = None
    segment: Text = "segment"

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.table is None):
            raise ValueError("give either file or table")
        return self


class PriorChoice(BaseModel):
    """A distribution of PyMC by its name, and its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, float]
    distribution: Text

    @property
    def prior(self) -> Prior:
        """As the models take it."""
        return Prior(self.distribution, **(self.__pydantic_extra__ or {}))


class PurchasePriors(Part):
    """Priors of BG/NBD that replace the default ones; see `clvmodels.BetaGeoPriors`."""

    r: PriorChoice | None = None
    alpha: PriorChoice | None = None
    phi: PriorChoice | None = None
    kappa: PriorChoice | None = None


class SpendPriors(Part):
    """Priors of Gamma-Gamma that replace the default ones; see `clvmodels.GammaGammaPriors`."""

    p: PriorChoice | None = None
    q_minus_one: PriorChoice | None = None
    mean_spend: PriorChoice | None = None


class Priors(Part):
    """Those of both models."""

    purchases: PurchasePriors = PurchasePriors()
    spend: SpendPriors = SpendPriors()


class Model(Part):
    """What is fitted, to what."""

    time_unit: TimeUnit = "week"
    observation_end: dt.date | str = LAST_COMPLETE_DAY
    method: Literal["auto", "importance", "nuts", "map"] = "auto"
    draws: Annotated[int, Field(ge=100, le=100_000)] = 1000
    random_seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    include_first: bool = False
    priors: Priors = Priors()

    @field_validator("observation_end")
    @classmethod
    def _day(cls, value: dt.date | str) -> dt.date | str:
        if value == LAST_COMPLETE_DAY:
            return value
        try:
            return as_day(value, "observation_end")
        except ClvError:
            raise ValueError(f'give a date such as 2025-06-30, or "{LAST_COMPLETE_DAY}"') from None


class Scores(Part):
    """What is worked out for every customer; the choices are those of `clvmodels.score`."""

    horizon: Annotated[float, Field(gt=0, le=100_000)] = 52.0
    margin: Annotated[float, Field(gt=0, le=1)] = 1.0
    annual_discount_rate: Annotated[float, Field(ge=0, le=100)] = 0.0
    interval: Annotated[float, Field(gt=0, lt=1)] = 0.9
    quantities: tuple[Text, ...] | None = None

    @field_validator("quantities", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if not value or len(set(map(str, value))) < len(value) or not set(map(str, value)) <= set(QUANTITIES):
            raise ValueError(f"name each once, out of {', '.join(QUANTITIES)}")
        return tuple(value)


class Backtest(Part):
    """How the candidate is tried out before it is published."""

    holdout: Annotated[float, Field(gt=0, le=100_000)] | None = None
    metrics: tuple[Text, ...] = ("rmse", "crps")

    @field_validator("metrics", mode="before")
    @classmethod
    def _compared(cls, value: Any) -> Any:
        known = [measure.name for measure in measures() if measure.better != "-" and measure.of is not None]
        if isinstance(value, list) and not set(map(str, value)) <= set(known):
            raise ValueError(f"choose from {', '.join(known)}")
        if isinstance(value, list) and len(set(map(str, value))) < len(value):
            raise ValueError("name each once")
        return tuple(value) if isinstance(value, list) else value


class Gates(Part):
    """Limits beyond which a candidate is kept back."""

    min_rows: Count = 100
    min_customers: Count = 100
    min_repeat_customers: Count = 20
    max_refund_share: Share = 0.2
    max_free_share: Share = 0.2
    max_unknown_dates: Share = 0.01
    max_unknown_segments: Share = 0.05
    max_changed_history: Share = 0.02
    max_silent_days: Count = 3
    max_activity_change: Annotated[float, Field(ge=1)] = 3.0
    max_k_hat: Positive = 0.7
    max_r_hat: Annotated[float, Field(gt=1)] = 1.01
    min_effective_draws: Positive = 200.0
    max_coverage_error: Share = 0.05
    max_bias: Positive = 0.3
    max_parameter_drift: Positive = 0.25
    max_score_drift: Share = 0.3
    max_golden_difference: Annotated[float, Field(ge=0)] = 1e-9


class ReportChoices(Part):
    """How a report is written."""

    currency: str = ""

    @field_validator("currency")
    @classmethod
    def _sign(cls, value: str) -> str:
        try:
            return check_currency(value)
        except ClvError:
            raise ValueError("give a code such as 'EUR' or a sign such as '$'") from None


class Output(Part):
    """Where the store is."""

    folder: Text = "clvmodels-store"
    scores_copy: Text | None = None

    @field_validator("folder", "scores_copy")
    @classmethod
    def _path(cls, value: str | None) -> str | None:
        wrong = value and why_not_local(value)
        if wrong:
            raise ValueError(wrong)
        return value


class Mlflow(Part):
    """The tracking server that is told of every retraining."""

    tracking_uri: Text
    experiment: Text = "clvmodels"
    registered_model: Text = "clvmodels"
