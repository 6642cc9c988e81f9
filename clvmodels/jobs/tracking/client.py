"""A client of an MLflow server that keeps quiet, changes no setting, and raises errors of ours.

MLflow sends its makers statistics of use, and prints where to look. While we talk to a server it does neither, unless
the environment says so (`MLFLOW_DISABLE_TELEMETRY=false`); what the process has set itself stays as it is.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import Any

from clvmodels.errors import ClvError
from clvmodels.jobs.environment import Secrets

SERVER = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",  # else the lock file of whatever project we are run in goes with the model
}
# By default MLflow tries for four minutes.
HURRY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
CREDENTIALS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
LONGEST_MESSAGE = 500


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables that are not set already, for a while."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def connected(tracking_uri: str, *, remedy: str = "") -> Iterator[Any]:
    """Yield a client of the server, and turn every error into one of ours, without secrets.

    Parameters
    ----------
    tracking_uri
        Its address.
    remedy
        What to do about an error.

    Raises
    ------
    ClvError
        If the address is not that of a server, MLflow is not installed, or something fails inside.
    """
    if not SERVER.fullmatch(tracking_uri):
        raise ClvError(
            "MLflow's tracking_uri is no address of a server, such as http://127.0.0.1:5000 (files and databases are"
            " the server's business; user and password go into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD)"
        )
    with ExitStack() as stack:
        stack.enter_context(environment(QUIET))
        stack.enter_context(redirect_stdout(sys.stderr))
        try:
            import mlflow  # pyright: ignore[reportMissingImports] (an extra, not always installed)
        except ImportError as error:
            message = "MLflow is not installed here; install the extra: pip install 'clvmodels[mlflow]'"
            raise ClvError(message) from error
        logger = logging.getLogger("mlflow")
        stack.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.WARNING)
        try:
            yield mlflow.MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        except ClvError:
            raise
        except Exception as error:  # each of its stores has errors of its own
            known = {f"${{{name}}}": os.environ[name] for name in CREDENTIALS if os.environ.get(name)}
            said = " ".join(Secrets(known).hide(str(error)).split())[:LONGEST_MESSAGE]
            raise ClvError(f"MLflow at {tracking_uri}: {type(error).__name__}: {said}{remedy}") from None
