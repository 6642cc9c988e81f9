"""What pydantic found in a configuration, in words that name the key and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

# An address may hold a password.
NEVER_SHOWN = {"source", "transactions", "mlflow", "tracking_uri"}
WORDS = {
    "string_type": "give text in quotes",
    "string_too_short": "give some text",
    "float_type": "give a number",
    "int_type": "give a whole number",
    "bool_type": "give true or false",
    "model_type": "make it a table of keys",
    "tuple_type": "give a list, in square brackets",
    "finite_number": "give a finite number",
}


def complain(error: Mapping[str, Any], said: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Say what is wrong with which key.

    Parameters
    ----------
    error
        One of ``ValidationError.errors()``.
    said
        What was validated.
    model
        Against which it was.

    Examples
    --------
    >>> class Table(BaseModel):
    ...     rows: int
    >>> complain({"type": "missing", "loc": ("rows",), "msg": "", "input": {}}, {}, Table)
    'the key rows is missing'
    """
    keys = _keys(error["loc"], said)
    name = ".".join(map(str, keys))
    if error["type"] == "missing":
        return f"the key {'.'.join(map(str, error['loc']))} is missing"
    if error["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(str(keys[-1]), _fields(model, keys[:-1]), n=1)
        known = ", ".join(_fields(model, keys[:-1]))
        path = [*map(str, keys[:-1]), *nearest]
        return f"there is no key {name}; " + (f"do you mean {'.'.join(path)}?" if nearest else f"there are {known}")
    found = f"{name} is wrong" if set(keys[-1:]) & NEVER_SHOWN else f"{name} is {_shown(error['input'])}"
    if error["type"] == "value_error":
        message = str(error["ctx"]["error"])
        if isinstance(error["input"], Mapping):
            # A whole table of the file; what is wrong in it the message says.
            return f"{name}: {message}" if name else message
        return f"{found}; {message}" if name else message
    return f"{found}; {WORDS.get(error['type'], _plain(error['msg']))}"


def _keys(place: Sequence[str | int], said: Any) -> list[str | int]:
    """The part of a place that is in the file: pydantic adds the names of types where several are possible."""
    keys: list[str | int] = []
    for key in place:
        if not (isinstance(said, Mapping) and key in said) and not (isinstance(said, list) and isinstance(key, int)):
            break
        keys.append(key)
        said = said[key]  # type: ignore[index]
    return keys


def _fields(model: Any, keys: Sequence[str | int]) -> list[str]:
    """The keys that a table of the configuration may have."""
    for key in keys:
        kinds = [model.model_fields[str(key)].annotation]
        kinds += get_args(kinds[0])
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return list(model.model_fields)


def _plain(message: str) -> str:
    said = message.removeprefix("Input ").removeprefix("Value error, ")
    return said.replace("should be", "it must be", 1) if said.startswith("should") else said


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
