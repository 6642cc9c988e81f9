"""One configuration file: how it is read, and refused with every key that is wrong."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from clvmodels.errors import ClvError, InvalidArgument, InvalidConfiguration, local_path, shown
from clvmodels.jobs.complaints import complain
from clvmodels.jobs.database import refuse_passwords
from clvmodels.jobs.places import check_outputs
from clvmodels.jobs.settings import (
    Backtest,
    Gates,
    Mlflow,
    Model,
    Output,
    Part,
    ReportChoices,
    Scores,
    Segments,
    Source,
)
from clvmodels.models.purchase_process import LEAVING
from clvmodels.models.registry import leaving, purchase_model

# What these say does not change the model, its checks or its scores.
ELSEWHERE = {"report", "output", "mlflow"}


class Config(Part):
    """All that a configuration file says, defaults filled in."""

    source: Source
    segments: Segments | None = None
    model: Model = Model()
    scores: Scores = Scores()
    backtest: Backtest = Backtest()
    gates: Gates = Gates()
    report: ReportChoices = ReportChoices()
    output: Output = Output()
    mlflow: Mlflow | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source.value is False and any("value" in name for name in self.scores.quantities or ()):
            raise ValueError("scores.quantities asks for lifetime values, and source.value is false")
        asked = [name for name in self.scores.quantities or () if name in LEAVING]
        if asked and not purchase_model(self.model.purchases).leaves:
            raise ValueError(
                f"scores.quantities asks for {asked[0]}, and nobody leaves under model.purchases ="
                f" {shown(self.model.purchases)}; leave it out, or choose {', '.join(leaving())}"
            )
        return self

    @property
    def fingerprint(self) -> str:
        """A sha256 of what decides the model, its checks and its scores."""
        said = self.model_dump(mode="json", exclude=ELSEWHERE)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A configuration and its file, from whose folder the paths in it are seen."""

    config: Config
    folder: Path
    file: Path | None = None

    @property
    def store(self) -> Path:
        """The store's folder."""
        return self.folder / Path(self.config.output.folder).expanduser()

    @property
    def scores_copy(self) -> Path | None:
        """Where a copy of the published scores is kept, if anywhere."""
        copy = self.config.output.scores_copy
        return None if copy is None else self.folder / Path(copy).expanduser()


def load_config(path: str | Path) -> Job:
    r"""Read a configuration file.

    Parameters
    ----------
    path
        A TOML file; ``clvmodels init`` writes one with every key explained.

    Raises
    ------
    InvalidConfiguration
        If there is no such file, it is not TOML, or a key is unknown, missing or has a value outside its domain: all of
        them in one message, each with its key.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("[source]\ntransactions = 'orders.csv'\n[model]\ntime_unit = 'month'\n")
    ...     load_config(path).config.model.time_unit
    'month'
    """
    try:
        path = local_path(path, "the configuration")
    except InvalidArgument as error:
        raise InvalidConfiguration(str(error)) from None
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise InvalidConfiguration(f"there is no file {path}; write one with: clvmodels init {path}") from None
    except OSError as error:
        raise InvalidConfiguration(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidConfiguration(f"{path} is not TOML: {error}; correct that line") from error
    job = Job(config=read_config(said, name=str(path)), folder=path.absolute().parent, file=path.absolute())
    try:
        check_outputs(job)
    except InvalidArgument as error:
        raise InvalidConfiguration(f"{path}: {error}") from None
    return job


def read_config(said: dict[str, Any], *, name: str = "the configuration") -> Config:
    """Return the configuration that plain values make.

    Parameters
    ----------
    said
        The values by key, as a TOML file holds them.
    name
        What an error calls them.

    Raises
    ------
    InvalidConfiguration
        As `load_config`.

    Examples
    --------
    >>> read_config({"source": {"transactions": "orders.csv"}, "model": {"draw": 500}})
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidConfiguration: the configuration: there is no key model.draw; do you mean model.draws?
    """
    try:
        config = Config.model_validate(said)
        refuse_passwords(config.source.transactions)
    except ClvError as error:
        raise InvalidConfiguration(f"{name}: {error}") from None
    except ValidationError as error:
        found: dict[str, str] = {}
        for each in error.errors(include_url=False):
            complaint = complain(each, said, Config)
            found.setdefault(complaint.partition(";")[0], complaint)  # one for each key
        raise InvalidConfiguration(f"{name}: {'; '.join(found.values())}") from None
    return config
