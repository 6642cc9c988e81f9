"""A pandas table as one that knows how its columns read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.reports.tables import Column, Kind, Table

KINDS: dict[str, Kind] = {
    "break_even": "share",
    "chosen": "text",
    "customers": "count",
    "mature": "text",
    "verdict": "text",
}
TITLES = {"mean": "expected", "index": ""}
NUMBERED = ("share", "time")


def frame_table(frame: pd.DataFrame, caption: str) -> Table:
    """Return the frame's rows, its index first, with a caption.

    Examples
    --------
    >>> frame = pd.DataFrame({"mean": [1234.6], "probability_pays": [0.9]}, index=pd.Index(["all"], name="group"))
    >>> table = frame_table(frame, "Gains")
    >>> [column.title for column in table.columns], table.shown()
    (['group', 'expected', 'probability pays'], [['all', '1,235', '90.0 %']])
    """
    flat = frame.rename_axis(index=[name or "" for name in frame.index.names]).reset_index()
    keys = [str(name) for name in flat.columns[: frame.index.nlevels]]
    columns = [Column(title=_title(name), kind=_kind(name, is_key=name in keys)) for name in map(str, flat.columns)]
    rows = [tuple(_cell(value) for value in row) for row in flat.itertuples(index=False, name=None)]
    return Table(caption=caption, columns=tuple(columns), rows=tuple(rows))


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _kind(name: str, *, is_key: bool) -> Kind:
    if is_key:
        return "figure" if name in NUMBERED else "text"
    return "share" if name.startswith("probability") else KINDS.get(name, "figure")


def _cell(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, (bool, np.bool_)) else value
