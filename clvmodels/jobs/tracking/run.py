"""What a retraining leaves behind in MLflow: a run, a registered model, and the alias that says what it is for."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clvmodels.errors import ClvError
from clvmodels.jobs.tracking.client import HURRY, connected, environment
from clvmodels.jobs.tracking.figures import evaluation_figures
from clvmodels.jobs.tracking.pyfunc import save_model

CHAMPION, CHALLENGER = "champion", "challenger"
VERSION_TAG = "clvmodels_version"
DOCUMENTS = ("report.html", "report.md", "report.json", "evaluation.json", "manifest.json")
LONGEST_NAME, LONGEST_VALUE = 250, 6000


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one retraining leaves behind.

    Attributes
    ----------
    version : str
        Such as "000003".
    published : bool
        Or kept back, because a check failed.
    folder : Path
        The version's: purchases.nc, and where they are there spend.nc, the report in each format, evaluation.json and
        manifest.json.
    scoring : dict
        horizon, margin, annual_discount_rate, interval and quantities, as `clvmodels.scoring.Scorer` takes them.
    parameters : dict of str to str or float
    metrics : dict of str to float
        What is not finite is left out.
    """

    version: str
    published: bool
    folder: Path
    scoring: Mapping[str, Any]
    parameters: Mapping[str, str | float]
    metrics: Mapping[str, float]

    @property
    def alias(self) -> str:
        """Whether it is the model in use, or the one that would replace it."""
        return CHAMPION if self.published else CHALLENGER


def check_tracking(tracking_uri: str) -> None:
    """Make sure that MLflow is installed and its server answers, before hours of work.

    Parameters
    ----------
    tracking_uri
        Such as ``http://127.0.0.1:5000``. Credentials come from MLflow's own environment variables
        (``MLFLOW_TRACKING_USERNAME`` and others).

    Raises
    ------
    ClvError
        If not; the message says what to do.
    """
    remedy = "; start the server, correct tracking_uri, or put MLflow's credentials into the environment"
    with environment(HURRY), connected(tracking_uri, remedy=remedy) as client:
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)


def log_run(run: Run, *, tracking_uri: str, experiment: str, registered_model: str) -> str:
    """Log a retraining and register its model.

    Parameters
    ----------
    run
    tracking_uri
        As in `check_tracking`.
    experiment, registered_model
        Their names; made where they are missing. The model's new version gets the tag ``clvmodels_version`` and, when
        all is there, the alias "champion" if it is published, "challenger" if not.

    Returns
    -------
    str
        The id of MLflow's run.

    Raises
    ------
    ClvError
        If the server refuses or cannot be reached, or the version's files cannot be read.
    """
    tags = {VERSION_TAG: run.version, "clvmodels_verdict": "published" if run.published else "kept back"}
    with connected(tracking_uri) as client:
        within = _experiment(client, experiment)
        run_id = client.create_run(within, run_name=f"version {run.version}", tags=tags).info.run_id
        try:
            model_id = _log_model(client, run, within, run_id)
            _log_facts(client, run, run_id, model_id)
            _register(client, run, registered_model, run_id=run_id, model_id=model_id)
        except BaseException:
            with environment(HURRY), suppress(Exception):
                client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")
    return run_id


def point_champion(version: str, *, tracking_uri: str, registered_model: str) -> None:
    """Move the alias "champion" to the model of a version, after rolling back or promoting.

    A challenger that is promoted is one no longer.

    Parameters
    ----------
    version
        Such as "000003".
    tracking_uri, registered_model
        As in `log_run`.

    Raises
    ------
    ClvError
        If that version was never registered, or the server cannot be reached.
    """
    with connected(tracking_uri) as client:
        found = client.search_model_versions(f"name={registered_model!r} and tags.{VERSION_TAG}={version!r}")
        if not found:
            raise ClvError(
                f"MLflow's model {registered_model!r} has nothing of version {version}: it was made before MLflow was"
                f" in the configuration, or under another name; {CHAMPION!r} stays where it was"
            )
        newest = max(found, key=lambda one: int(one.version))
        client.set_registered_model_alias(registered_model, CHAMPION, newest.version)
        if client.get_registered_model(registered_model).aliases.get(CHALLENGER) == newest.version:
            client.delete_registered_model_alias(registered_model, CHALLENGER)


def allowed_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by names that MLflow takes; where two become the same, the later ones are numbered.

    Examples
    --------
    >>> allowed_names({"purchases.bias %": 1, "purchases.bias ?": 2, "../sales//shop": 3})
    {'purchases.bias _': 1, 'purchases.bias __2': 2, 'sales/shop': 3}
    """
    named: dict[str, Any] = {}
    for name, value in values.items():
        parts = (part for part in re.sub(r"[^\w.\-/ ]", "_", name, flags=re.ASCII).split("/") if part.strip("."))
        plain = "/".join(parts)[: LONGEST_NAME - 10].rstrip("/") or "_"
        candidates = chain([plain], (f"{plain}_{number}" for number in count(2)))
        named[next(free for free in candidates if free not in named)] = value
    return named


def _experiment(client: Any, name: str) -> str:
    """The id of the experiment of this name, made if it is missing."""
    found = client.get_experiment_by_name(name)
    return client.create_experiment(name) if found is None else found.experiment_id


def _log_model(client: Any, run: Run, experiment_id: str, run_id: str) -> str:
    """Upload the model, and what is known of it beside; return its id."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus  # pyright: ignore[reportMissingImports]
    from mlflow.models import Model  # pyright: ignore[reportMissingImports]

    logged = client.create_logged_model(experiment_id, name="clvmodels", source_run_id=run_id)
    about = Model(run_id=run_id, model_uuid=logged.model_id, model_id=logged.model_id)
    with TemporaryDirectory() as folder:
        save_model(to := Path(folder) / "model", posteriors=run.folder, scoring=run.scoring, about=about)
        client.log_model_artifacts(logged.model_id, str(to))
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, models=[LoggedModelOutput(logged.model_id, step=0)])
    return logged.model_id


def _log_facts(client: Any, run: Run, run_id: str, model_id: str) -> None:
    """Log parameters, metrics, documents and drawings."""
    from mlflow.entities import Metric, Param  # pyright: ignore[reportMissingImports]

    now = int(time.time() * 1000)
    finite = {name: float(value) for name, value in run.metrics.items() if math.isfinite(value)}
    client.log_batch(
        run_id,
        params=[Param(name, str(value)[:LONGEST_VALUE]) for name, value in allowed_names(run.parameters).items()],
        metrics=[Metric(name, value, now, 0, model_id=model_id) for name, value in allowed_names(finite).items()],
    )
    for document in DOCUMENTS:
        if (path := run.folder / document).exists():
            client.log_artifact(run_id, str(path))
    if (evaluation := run.folder / "evaluation.json").exists():
        for name, drawing in evaluation_figures(json.loads(evaluation.read_bytes())).items():
            client.log_text(run_id, drawing, f"figures/{name}.svg")


def _register(client: Any, run: Run, name: str, *, run_id: str, model_id: str) -> None:
    """Make the model a version of the registered one, and point the alias to it."""
    from mlflow.exceptions import MlflowException  # pyright: ignore[reportMissingImports]

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source, tags = f"models:/{model_id}", {VERSION_TAG: run.version}
    made = client.create_model_version(name, source, run_id=run_id, model_id=model_id, tags=tags)
    client.set_registered_model_alias(name, run.alias, made.version)
