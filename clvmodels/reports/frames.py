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
TITLES = {"mean": "expected", "index": "", "wide_interval": "widened"}
NUMBERED = ("share", "time")
MAIN = "mean"


def frame_table(frame: pd.DataFrame, caption: str) -> Table:
    """Return the frame's rows, its index first, with a caption; columns lower and upper become one interval.

    Examples
    --------
    >>> columns = {"mean": [1234.6], "lower": [1011.2], "upper": [1475.9], "probability_pays": [0.9]}
    >>> table = frame_table(pd.DataFrame(columns, index=pd.Index(["all"], name="group")), "Gains")
    >>> [column.title for column in table.columns], table.shown()
    (['group', 'expected', 'interval', 'probability pays'], [['all', '1,230', '1,010 to 1,480', '90.0 %']])
    """
    flat = frame.rename_axis(index=[name or "" for name in frame.index.names]).reset_index()
    flat = _with_pairs(flat)
    keys = [str(name) for name in flat.columns[: frame.index.nlevels]]
    columns = [_column(name, is_key=name in keys) for name in map(str, flat.columns)]
    rows = [tuple(_cell(value) for value in row) for row in flat.itertuples(index=False, name=None)]
    return Table(caption=caption, columns=tuple(columns), rows=tuple(rows))


def _with_pairs(flat: pd.DataFrame) -> pd.DataFrame:
    """Each pair of columns, such as wide_lower and wide_upper, as one column of pairs in the place of the first."""
    for lower in [name for name in flat.columns if str(name).endswith("lower")]:
        upper = f"{str(lower).removesuffix('lower')}upper"
        if upper in flat:
            pairs = list(zip(flat[lower].tolist(), flat[upper].tolist(), strict=True))
            named = f"{str(lower).removesuffix('lower')}interval"
            flat = flat.assign(**{lower: pd.Series(pairs, index=flat.index, dtype=object)}).drop(columns=upper)
            flat = flat.rename(columns={lower: named})
    return flat


def _column(name: str, *, is_key: bool) -> Column:
    if not is_key and name.endswith("interval"):
        # What widens an interval of the mean is an interval of the same.
        return Column(
            title=_title(name), kind="interval", scale=name.removesuffix("interval").removesuffix("wide_") or MAIN
        )
    if name == "mean" and not is_key:
        return Column(title=_title(name), scale=MAIN)
    return Column(title=_title(name), kind=_kind(name, is_key=is_key))


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _kind(name: str, *, is_key: bool) -> Kind:
    if is_key:
        return "figure" if name in NUMBERED else "text"
    return "share" if name.startswith("probability") else KINDS.get(name, "figure")


def _cell(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, (bool, np.bool_)) else value
