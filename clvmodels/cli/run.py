"""``clvmodels init``, ``retrain``, ``score``, ``monitor`` and ``report``: the commands of a nightly job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clvmodels.cli.job import DEFAULT, Config, Force, Json, Lines, LogLines, Wait, answer
from clvmodels.cli.options import ReportFormat
from clvmodels.cli.output import plainly

Version = Annotated[str | None, typer.Option(metavar="NUMBER", help="Of the version; by default the published one.")]


def init(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="File to write; one that is there stays.")] = DEFAULT,
) -> None:
    """Write a configuration file with every key explained."""
    with plainly():
        from clvmodels.jobs import write_template

        typer.echo(
            f"written: {write_template(config)}\nset source.transactions in it, then: clvmodels retrain {config}"
        )


def retrain(
    config: Config = DEFAULT,
    force: Force = False,
    wait: Wait = 0.0,
    json: Json = False,
    log_format: LogLines = Lines.TEXT,
) -> None:
    """Fit anew, check, and publish with scores, or keep what is published.

    Exit codes: 0 published, or nothing to do; 1 failure; 2 bad usage or configuration; 3 a check failed and what was
    published stays; 4 another run holds the lock.
    """
    answer(config, "retrain", as_json=json, lines=log_format, force=force, wait=wait)


def score(
    config: Config = DEFAULT,
    force: Force = False,
    wait: Wait = 0.0,
    json: Json = False,
    log_format: LogLines = Lines.TEXT,
) -> None:
    """Score every customer with the published models.

    Exit codes: as of retrain.
    """
    answer(config, "score", as_json=json, lines=log_format, force=force, wait=wait)


def monitor(
    config: Config = DEFAULT,
    scores: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Of the scores; by default the first ones of the published version."),
    ] = None,
    json: Json = False,
    log_format: LogLines = Lines.TEXT,
) -> None:
    """Compare published scores with what happened since, and say whether to retrain.

    Exit codes: 0 no need to retrain; 1 failure, or the feed has stopped; 2 bad usage or configuration; 5 retrain.
    """
    answer(config, "monitor", as_json=json, lines=log_format, scores=scores)


def report(
    config: Config = DEFAULT,
    version: Version = None,
    out: Annotated[Path | None, typer.Option(help="File to write; by default report.html, .md or .json.")] = None,
    format: ReportFormat = None,
    json: Json = False,
    log_format: LogLines = Lines.TEXT,
) -> None:
    """Write the report of a version: its checks, its backtest and its fit."""
    answer(
        config,
        "write_version_report",
        as_json=json,
        lines=log_format,
        out=out,
        number=version,
        format=format and format.value,
    )
