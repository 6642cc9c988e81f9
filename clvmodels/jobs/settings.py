"""The tables of a configuration file: their keys, defaults and domains."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from clvmodels.errors import ClvError, why_not_local
from clvmodels.evaluation.measures import measures
from clvmodels.models.priors import Prior, prior_names
from clvmodels.models.purchases import PurchaseModel
from clvmodels.models.registry import default_models, pool_keys, purchase_model, spend_model
from clvmodels.models.spend import SpendModel
from clvmodels.rfm import needed_statistics
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


class Priors(Part):
    """Priors that replace a model's default ones, by parameter."""

    purchases: dict[str, PriorChoice] = {}
    spend: dict[str, PriorChoice] = {}

    @field_validator("purchases", mode="before")
    @classmethod
    def _of_a_pool(cls, value: Any) -> Any:
        """The tables of the models of a pool as one, with keys such as "model.r"."""
        if not isinstance(value, dict):
            return value
        flat: dict[str, Any] = {}
        for key, said in value.items():
            several = isinstance(said, dict) and said and all(isinstance(one, dict) for one in said.values())
            flat |= {f"{key}.{name}": one for name, one in said.items()} if several else {key: said}
        return flat


def _models(part: Any, key: str) -> PurchaseModel | SpendModel:
    return purchase_model(key) if part == "purchases" else spend_model(key)


class Model(Part):
    """What is fitted, to what; the models are those of `clvmodels.models.registry`."""

    purchases: Text = Field(default_factory=lambda: default_models()[0].key)
    spend: Text = Field(default_factory=lambda: default_models()[1].key)
    time_unit: TimeUnit = "week"
    opportunity: TimeUnit | None = None
    observation_end: dt.date | str = LAST_COMPLETE_DAY
    method: Literal["auto", "importance", "nuts", "map"] = "auto"
    draws: Annotated[int, Field(ge=100, le=100_000)] = 1000
    random_seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    include_first: bool = Field(default_factory=lambda: default_models()[1].include_first)
    priors: Priors = Priors()

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns of an RFM that the models need."""
        models = [_models(part, getattr(self, part)) for part in ("purchases", "spend")]
        return needed_statistics(models)

    @model_validator(mode="before")
    @classmethod
    def _in_opportunities(cls, said: Any) -> Any:
        """Tell time in opportunities, where there are some and nobody said otherwise."""
        if isinstance(said, dict) and said.get("opportunity") is not None:
            return {"time_unit": said["opportunity"], **said}
        return said

    @field_validator("purchases", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        listed = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
        if not (listed or isinstance(value, str)):
            raise ValueError("give the key of a model, or a list of keys for a pool")
        return "+".join(pool_keys(value))

    @field_validator("purchases", "spend")
    @classmethod
    def _registered(cls, value: str, info: ValidationInfo) -> str:
        try:
            _models(info.field_name, value)
        except ClvError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _own_priors(self) -> Self:
        for part, chosen in self.priors:
            known = prior_names(_models(part, getattr(self, part)))
            unknown = [name for name in chosen if name not in known]
            if unknown:
                key = getattr(self, part)
                raise ValueError(f"{key!r} has no prior of {unknown[0]!r} in priors.{part}; it has {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.opportunity is None and "opportunities" in self.statistics:
            raise ValueError(f"{self.purchases!r} counts opportunities; say of which length, e.g. opportunity = 'year'")
        if self.opportunity not in (None, self.time_unit):
            raise ValueError(f"with opportunity = {self.opportunity!r} that is the time_unit; leave time_unit out")
        return self

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
