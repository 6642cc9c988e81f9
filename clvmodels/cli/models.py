"""``clvmodels models``: which versions there are, and which one is published."""

from __future__ import annotations

from typing import Annotated

import typer

from clvmodels.cli.job import DEFAULT, Config, Json, Lines, LogLines, Wait, answer
from clvmodels.cli.run import Version

app = typer.Typer(help="List, show, promote and roll back versions of the models.", no_args_is_help=True)


@app.command("list")
def list_(config: Config = DEFAULT, json: Json = False, log_format: LogLines = Lines.TEXT) -> None:
    """List every version, its verdict, and which one is published."""
    answer(config, "list_versions", as_json=json, lines=log_format)


@app.command()
def show(
    config: Config = DEFAULT, version: Version = None, json: Json = False, log_format: LogLines = Lines.TEXT
) -> None:
    """Show a version, whose files are checked: where it comes from, and every check."""
    answer(config, "show_version", as_json=json, lines=log_format, number=version)


@app.command()
def promote(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of the version.")],
    config: Config = DEFAULT,
    although_rejected: Annotated[
        bool, typer.Option("--although-rejected", help="Also one that was kept back.")
    ] = False,
    wait: Wait = 0.0,
    json: Json = False,
    log_format: LogLines = Lines.TEXT,
) -> None:
    """Publish a version that is there already."""
    answer(
        config, "promote", as_json=json, lines=log_format, number=number, although_rejected=although_rejected, wait=wait
    )


@app.command("roll-back")
def roll_back(
    config: Config = DEFAULT, wait: Wait = 0.0, json: Json = False, log_format: LogLines = Lines.TEXT
) -> None:
    """Publish the version before once more."""
    answer(config, "roll_back", as_json=json, lines=log_format, wait=wait)
