"""What a command prints: tables and words on stdout, notices and errors in plain words on stderr."""

from __future__ import annotations

import logging
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from clvmodels.errors import ClvError, DataWarning, FitWarning

if TYPE_CHECKING:
    from rich.console import Console

    from clvmodels.reports import Decision, Publication
    from clvmodels.reports.tables import Table

WIDTH_OF_NO_TERMINAL = 100
OPTION = re.compile(r"\b([a-z]+(?:_[a-z]+)*)=(?=[\"'\d])")


@contextmanager
def plainly() -> Iterator[None]:
    """Show our warnings as notices, no others, and end with exit code 1 and a message where an error of ours occurs."""
    seen: set[str] = set()

    def notice(message: Warning | str, *_: object) -> None:
        if str(message) not in seen:
            seen.add(str(message))
            typer.echo(f"note: {as_options(str(message))}", err=True)

    # PyTensor complains where there is no C compiler, which nothing here needs.
    logging.getLogger("pytensor.configdefaults").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for category in (DataWarning, FitWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = notice
        try:
            yield
        except ClvError as error:
            typer.echo(f"error: {as_options(str(error))}", err=True)
            raise typer.Exit(1) from None


def as_options(message: str) -> str:
    """Spell the arguments that a message names as the command line does.

    Examples
    --------
    >>> as_options("pass their names: customer_id='...', e.g. date_format='%d.%m.%Y'")
    "pass their names: --customer-id '...', e.g. --date-format '%d.%m.%Y'"
    """
    message = message.replace("pass value=None", "leave out --value")
    # A prior is written in Python.
    parts = re.split(r"(clv\.Prior\([^)]*\))", message)
    return "".join(part if part.startswith("clv.Prior(") else OPTION.sub(_as_option, part) for part in parts)


def _as_option(found: re.Match[str]) -> str:
    return f"--{found[1].replace('_', '-')} "


def show(publication: Publication) -> None:
    """Print what was found and where the files are."""
    console = _console()
    _paragraphs(console, publication.headline)
    _table(console, publication.customers)
    for table in (*publication.evaluation, *publication.fit):
        _table(console, table)
    for line in publication.verdict.splitlines():
        _paragraphs(console, line)
    for table in publication.rolling:
        _table(console, table)
    for line in publication.rolling_verdict.splitlines():
        _paragraphs(console, line)
    if publication.left_out.rows:
        _table(console, publication.left_out)
    _paragraphs(console, "\n".join(f"written: {path}" for path in publication.files))


def show_decision(decision: Decision) -> None:
    """Print the sentence, the tables, and where the files are."""
    console = _console()
    _paragraphs(console, decision.sentence)
    for table in decision.tables:
        _table(console, table)
    _paragraphs(console, "\n".join(f"written: {path}" for path in decision.files))


def _console() -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDTH_OF_NO_TERMINAL
    return Console(width=width, highlight=False, markup=False, emoji=False)


def _paragraphs(console: Console, text: str) -> None:
    console.print(text, "", sep="\n")


def _table(console: Console, table: Table) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    # A narrow terminal has no room for more than one space between columns.
    padding = (0, 1 if console.width >= WIDTH_OF_NO_TERMINAL else 0, 0, 0)
    drawn = RichTable(title=Text(table.caption), title_justify="left", box=SIMPLE_HEAD, padding=padding, pad_edge=False)
    rows = table.shown()
    for place, column in enumerate(table.columns):
        words = column.title.split()
        needed = max(map(len, words if column.is_text else [*words, *(row[place] for row in rows)]))
        title = textwrap.fill(column.title, width=needed, break_long_words=False)
        drawn.add_column(title, justify="left" if column.is_text else "right", overflow="fold", min_width=needed)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)
