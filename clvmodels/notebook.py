"""What a notebook shows of ours, in its own colours: sentences, the first rows of tables, and how far work has got."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20
SECONDS_BETWEEN = 0.2
GONE = {"text/html": "", "text/plain": ""}


class Answer(Protocol):
    """What has a sentence and a main table, such as the answers of decisions."""

    @property
    def sentence(self) -> str:
        """The answer in words."""
        ...

    @property
    def table(self) -> pd.DataFrame:
        """The figures behind it."""
        ...


def as_html(*parts: str | pd.DataFrame, rows: int = MOST_ROWS) -> str:
    """Return texts and tables as HTML, one below the other.

    Everything is escaped: names and customers' ids may look like HTML. What is missing is an empty cell.

    Parameters
    ----------
    *parts : str or DataFrame
        A text is a paragraph for each of its lines.
    rows : int
        Of a longer table the first rows are shown, and how many follow is said.

    Returns
    -------
    str

    Examples
    --------
    >>> as_html("Nobody <left>.")
    '<p>Nobody &lt;left&gt;.</p>'
    """
    return "".join(_paragraphs(part) if isinstance(part, str) else _table(part, rows) for part in parts)


def answer_as_html(answer: Answer) -> str:
    """Return an answer's sentence and its main table as HTML."""
    return as_html(answer.sentence, answer.table)


class Bar:
    """A progress bar on the page of a notebook, in place, that is gone when it is closed.

    >>> Bar().close()
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._last = 0.0

    def show(self, words: str, done: float) -> None:
        """Show the share that is done and words beside it, a few times a second at most."""
        from IPython.display import display

        if (now := time.monotonic()) - self._last < SECONDS_BETWEEN:
            return
        self._last = now
        bar = f'<progress max="1" value="{done:.3f}"></progress> {html.escape(words)}'
        shown = {"text/html": bar, "text/plain": words}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def close(self) -> None:
        """Take it away."""
        if self._handle is not None:
            self._handle.update(GONE, raw=True)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())


def _table(table: pd.DataFrame, rows: int) -> str:
    # Where two columns have one name, the formatters go by place.
    formatters: Any = [_whole if kind.kind in "iu" else None for kind in table.dtypes]
    formats: Any = {"float_format": _number, "formatters": formatters, "na_rep": ""}
    more = len(table) - rows
    follow = _paragraphs(f"... and {more:,} more {'row' if more == 1 else 'rows'}") if more > 0 else ""
    return table.head(rows).to_html(**formats) + follow


def _whole(value: int) -> str:
    return f"{value:,}"


def _number(value: float) -> str:
    """Return four digits, or all that stand before the point."""
    return f"{value:.4g}" if abs(value) < 9999.5 else f"{value:,.0f}"
