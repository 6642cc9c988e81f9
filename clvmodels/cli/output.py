"""What a command prints: tables and words on stdout, notices and errors in plain words on stderr."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clvmodels.errors import ClvError, DataWarning, FitWarning, InvalidConfiguration, Locked

if TYPE_CHECKING:
    from rich.console import Console

    from clvmodels.jobs import Outcome
    from clvmodels.reports import Decision, Publication
    from clvmodels.reports.tables import Table

WIDTH_OF_NO_TERMINAL = 100
LONGEST_WORD = 12  # that is never broken in a table
# A prior stays as it is: it is written in Python.
OPTION = re.compile(r"Prior\([^)]*\)|\b([a-z]+(?:_[a-z]+)*)=(?=[\"'\d])")
COUNTED = re.compile(r"make it with rfm_summary\(\.\.\., opportunity=('\w+') \(or another period\)\), or with [\w. ]+")
EXIT_CODES = {InvalidConfiguration: 2, Locked: 4}
PATHS = ("store", "folder", "scores", "scores_copy", "report")
SOURCE_KEYS = ("customer_id", "date", "value", "refunds", "unknown_dates", "time_zone", "date_format")


@contextmanager
def plainly(*, as_json: bool = False, logger: logging.Logger | None = None) -> Iterator[None]:
    """Show our warnings as notices, each once and no others; on an error of ours say it, and leave with its exit code.

    Parameters
    ----------
    as_json
        Print an object on standard output where an error occurs.
    logger
        Takes notices and errors, in the words of a configuration file; by default they are printed on standard error,
        in those of the command line.
    """
    spell = as_options if logger is None else as_keys
    note = logger.warning if logger else lambda said: typer.echo(f"note: {said}", err=True)
    complain = logger.error if logger else lambda said: typer.echo(f"error: {said}", err=True)
    seen: set[str] = set()

    def notice(message: Warning | str, *_: object) -> None:
        if str(message) not in seen:
            seen.add(str(message))
            note(spell(str(message)))

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
            said, code = spell(str(error)), _exit_code(error)
            complain(said)
            if as_json:
                typer.echo(json.dumps({"exit_code": code, "status": "failed", "sentence": said}))
            raise typer.Exit(code) from None


def _exit_code(error: ClvError) -> int:
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)


def as_options(message: str) -> str:
    """Spell the arguments that a message names as the command line does.

    Examples
    --------
    >>> as_options("pass their names: customer_id='...', e.g. date_format='%d.%m.%Y'")
    "pass their names: --customer-id '...', e.g. --date-format '%d.%m.%Y'"
    """
    message = message.replace("pass value=None", "leave out --value")
    return _spelled(COUNTED.sub(r"give --opportunity \1", message), _as_option)


def as_keys(message: str) -> str:
    """Spell the arguments that a message names as a configuration file does.

    Examples
    --------
    >>> as_keys("pass their names: customer_id='...'; or wait=600")
    "pass their names: source.customer_id = '...'; or --wait 600"
    """
    message = message.replace("pass value=None", "set source.value = false")
    message = message.replace("although_rejected=True", "--although-rejected")
    message = COUNTED.sub(r"set model.opportunity = \1", message)
    return _spelled(message, lambda found: f"source.{found[1]} = " if found[1] in SOURCE_KEYS else _as_option(found))


def _spelled(message: str, spell: Callable[[re.Match[str]], str]) -> str:
    return OPTION.sub(lambda found: spell(found) if found[1] else found[0], message)


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
    _places(console, (f"written: {path}" for path in publication.files))


def print_publication(publication: Publication) -> None:
    """Print what was found as one JSON object: the evaluation, and where the files are."""
    files = {path.name: str(path) for path in publication.files}
    found = json.loads(Path(files["evaluation.json"]).read_text())
    said = {"exit_code": 0, "status": "evaluated", "sentence": publication.headline, "files": files}
    typer.echo(json.dumps({**said, "evaluation": found}))


def show_decision(decision: Decision) -> None:
    """Print the sentence, the tables, and where the files are."""
    console = _console()
    _paragraphs(console, decision.sentence)
    for table in decision.tables:
        _table(console, table)
    _places(console, (f"written: {path}" for path in decision.files))


def show_outcome(outcome: Outcome) -> None:
    """Print how a command of a job ended."""
    from clvmodels.jobs.tables import outcome_tables

    console = _console()
    _paragraphs(console, outcome.sentence)
    for check in outcome.failed:
        _paragraphs(console, f"{check.title}: {check.sentence}")
    for table in outcome_tables(outcome):
        _table(console, table)
    _places(console, (f"{name}: {outcome.facts[name]}" for name in PATHS if outcome.facts.get(name)))


def _console(width: int | None = None) -> Console:
    from rich.console import Console

    columns = os.environ.get("COLUMNS", "")
    if width is None and not sys.stdout.isatty():
        width = int(columns) if columns.isdecimal() and int(columns) > 0 else WIDTH_OF_NO_TERMINAL
    return Console(width=width, highlight=False, markup=False, emoji=False)


def _paragraphs(console: Console, text: str) -> None:
    console.print(text, "", sep="\n")


def _places(console: Console, lines: Iterable[str]) -> None:
    """Print lines with paths, which are never broken: they can be copied."""
    console.print("\n".join(lines), "", sep="\n", soft_wrap=True)


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
        cells = [row[place] for row in rows]
        whole = [word for cell in cells for word in cell.split() if len(word) <= LONGEST_WORD]
        needed = max(map(len, [*words, *(whole if column.is_text else cells)]))
        title = textwrap.fill(column.title, width=needed, break_long_words=False)
        drawn.add_column(title, justify="left" if column.is_text else "right", overflow="fold", min_width=needed)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    # Rich cuts what is wider; a narrow terminal breaks the lines instead. A space parts columns, and is at both ends.
    least = sum(column.min_width or 0 for column in drawn.columns) + len(drawn.columns) * (1 + padding[1]) + 1
    _console(max(console.width, least)).print(drawn)
