"""Values that are kept as JSON, and read back with the reason where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from clvmodels.errors import StoreError, shown

SCHEMA = 1


class Record(BaseModel):
    """Values that go to JSON and come back the same."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Kind = TypeVar("Kind", bound=Record)


def read_record(kind: type[Kind], path: Path, *, schema: str, remedy: str = "") -> Kind | None:
    """Read a record from a JSON file; None where there is no such file.

    Parameters
    ----------
    kind
        Of the record.
    path
        The file.
    schema
        The key of its schema version.
    remedy
        What to do where it is damaged.

    Raises
    ------
    StoreError
        If it is damaged, or of another schema version.

    Examples
    --------
    >>> read_record(Record, Path("nowhere.json"), schema="schema") is None
    True
    """
    try:
        plain = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged: {error}{remedy}") from error
    found = plain.get(schema) if isinstance(plain, dict) else None
    if found != SCHEMA:
        raise StoreError(f"{path} has schema version {shown(found)}, and this version of clvmodels reads {SCHEMA}")
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(f"{path} is damaged: {where}: {first['msg']}{remedy}") from None
