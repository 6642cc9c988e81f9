"""What the commands of a job share: a configuration in, one answer out, and an exit code."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clvmodels.cli.output import plainly, show_outcome

if TYPE_CHECKING:
    from clvmodels.jobs import Outcome


class Lines(StrEnum):
    """How logs are written."""

    TEXT = "text"
    JSON = "json"


Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration file; `clvmodels init` writes one.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
LogLines = Annotated[Lines, typer.Option("--log-format", help="Of the log on standard error.")]
Wait = Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for another run's end.")]
Force = Annotated[bool, typer.Option("--force", help="Also where nothing has changed since the last run.")]
DEFAULT = Path("clvmodels.toml")


def answer(config: Path, command: str, *, as_json: bool, lines: Lines, **choices: Any) -> None:
    """Read the configuration, do what is asked, print the outcome, and leave with its exit code.

    Parameters
    ----------
    config
        The configuration file.
    command
        A function of ``clvmodels.jobs`` that takes a configuration.
    as_json
        Print a JSON object instead of words.
    lines
        How logs are written.
    **choices
        Its other arguments.
    """
    from clvmodels import jobs
    from clvmodels.jobs.logs import logging_to_stderr

    with logging_to_stderr(lines=lines.value) as logger, plainly(as_json=as_json, logger=logger):
        outcome: Outcome = getattr(jobs, command)(jobs.load_config(config), **choices)
    if as_json:
        typer.echo(json.dumps(outcome.to_dict()))
    else:
        show_outcome(outcome)
    raise typer.Exit(int(outcome.exit_code))
