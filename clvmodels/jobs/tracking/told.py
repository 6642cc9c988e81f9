"""What MLflow is told of a retraining, if the configuration names a tracking server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from clvmodels.errors import ClvError
from clvmodels.jobs.artefacts import CHOICES
from clvmodels.jobs.config import Job
from clvmodels.jobs.environment import secrets_in
from clvmodels.jobs.manifest import Manifest
from clvmodels.jobs.store import Store
from clvmodels.jobs.tracking.run import Run, check_tracking, log_run, point_champion

logger = logging.getLogger(__name__)
ERROR = "mlflow_error"


def check_mlflow(job: Job) -> None:
    """Refuse to begin where the tracking server cannot be reached.

    Raises
    ------
    ClvError
        With the reason.
    """
    if job.config.mlflow is not None:
        found = _with_address(job, lambda address: check_tracking(address) or {})
        if found:
            raise ClvError(found[ERROR])


def tell_mlflow(job: Job, store: Store, manifest: Manifest, *, published: bool) -> dict[str, Any]:
    """Log a version; what was published stays so where that fails.

    Returns
    -------
    dict
        ``mlflow_run``, or ``mlflow_error``; nothing without a tracking server.
    """
    told: Any = job.config.mlflow
    if told is None or not manifest.parameters:
        return {}
    run = Run(
        version=manifest.number,
        published=published,
        folder=store.version_folder(manifest.number),
        scoring={name: manifest.configuration["scores"][name] for name in CHOICES},
        parameters=_parameters(manifest),
        metrics=_metrics(manifest),
    )
    names = {"experiment": told.experiment, "registered_model": told.registered_model}
    return _with_address(job, lambda address: {"mlflow_run": log_run(run, tracking_uri=address, **names)})


def point_mlflow(job: Job, version: str) -> dict[str, Any]:
    """Move the alias ``champion`` to a version that was promoted or rolled back to.

    Returns
    -------
    dict
        ``mlflow_error`` where that fails; nothing otherwise.
    """
    told: Any = job.config.mlflow
    if told is None:
        return {}
    name = told.registered_model
    return _with_address(
        job, lambda address: point_champion(version, tracking_uri=address, registered_model=name) or {}
    )


def _with_address(job: Job, act: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What `act` returns of the server's address, or why it could not, without what came from the environment."""
    told: Any = job.config.mlflow
    secrets = secrets_in(told.tracking_uri, os.environ, key="mlflow.tracking_uri")
    try:
        return act(secrets.fill(told.tracking_uri))
    except ClvError as error:
        said = secrets.hide(str(error))
        logger.warning("MLflow: %s", said)
        return {ERROR: said}


def _parameters(manifest: Manifest) -> dict[str, str | float]:
    said = {
        f"config.{part}.{key}": value for part, keys in manifest.configuration.items() for key, value in _flat(keys)
    }
    means = {f"{name}.mean": row["mean"] for name, row in manifest.parameters.items() if row["mean"] is not None}
    return {**{name: str(value) for name, value in said.items()}, **means}


def _flat(keys: Any) -> list[tuple[str, Any]]:
    if not isinstance(keys, dict):
        return []
    return [(key, value) for key, value in keys.items() if value is not None and not isinstance(value, dict)]


def _metrics(manifest: Manifest) -> dict[str, float]:
    measured = {f"backtest.{name}": value for name, value in manifest.metrics.items() if value is not None}
    return measured | {f"check.{check.name}": check.figure for check in manifest.checks if check.figure is not None}
