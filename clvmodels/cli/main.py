"""``clvmodels``: the commands, and nothing that takes time to load."""

from __future__ import annotations

from typing import Annotated

import typer

from clvmodels.cli import decide, models, run
from clvmodels.cli.demo import demo
from clvmodels.cli.evaluate import evaluate

app = typer.Typer(
    name="clvmodels",
    help="Customer lifetime value from a transaction log, with intervals, checked on held-out data.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.command()(evaluate)
app.add_typer(decide.app, name="decide")
for command in (run.init, run.retrain, run.score, run.monitor, run.report):
    app.command()(command)
app.add_typer(models.app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("clvmodels"))
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Hold the options that come before any command."""
