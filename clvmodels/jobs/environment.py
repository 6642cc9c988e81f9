"""Values that come from environment variables, and messages that do not repeat them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, quote_plus

from clvmodels.errors import ClvError, InvalidArgument

PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Secrets:
    """What a text takes from the environment.

    Attributes
    ----------
    values : mapping
        What a message shows, such as ``${SHOP_PASSWORD}`` -> the value.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def fill(self, text: str, *, quoted: Callable[[str], str] = str) -> str:
        """Return a text with the values in their places, each as `quoted` writes it.

        Examples
        --------
        >>> Secrets({"${PASSWORD}": "p@ss"}).fill("shop:${PASSWORD}", quoted=quote)
        'shop:p%40ss'
        """
        filled = {name: quoted(value) for name, value in self.values.items()}
        return PLACEHOLDER.sub(lambda found: filled.get(found[0], found[0]), text)

    def hide(self, text: str) -> str:
        """Return a text in which no value is left, also none that is quoted for a URL or by `repr`.

        Examples
        --------
        >>> Secrets({"${PASSWORD}": "p@ss"}).hide("no user shop:p%40ss, no password 'p@ss'")
        "no user shop:${PASSWORD}, no password '${PASSWORD}'"
        """
        shown = {form: name for name, value in self.values.items() for form in _forms(value)}
        # In one go, and the longest first: one value may be a part of another, or of a name.
        pattern = "|".join(map(re.escape, sorted(shown, key=len, reverse=True)))
        return re.sub(pattern, lambda found: shown[found[0]], text) if pattern else text


def _forms(value: str) -> set[str]:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return {value, value.strip(), quote(value), quote(value, safe=""), quote_plus(value), repr(value)[1:-1], escaped}


def secrets_in(text: str, environment: Mapping[str, str], *, key: str) -> Secrets:
    """Return the values of all ``${NAME}`` in a text.

    Parameters
    ----------
    text : str
    environment : mapping
        Such as `os.environ`.
    key : str
        What the configuration calls the text, for messages.

    Raises
    ------
    InvalidArgument
        If a variable is not set; the message names it.

    Examples
    --------
    >>> secrets_in("${FOLDER}/orders.csv", {"FOLDER": "/data"}, key="source.transactions").fill("${FOLDER}/orders.csv")
    '/data/orders.csv'
    >>> secrets_in("postgres://${SHOP}/orders", {}, key="source.transactions")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: source.transactions needs the environment variable SHOP, which is not set
    """
    names = dict.fromkeys(PLACEHOLDER.findall(text))
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise InvalidArgument(
                f"{key} has ${{{name}}}, which names no environment variable; write e.g. ${{PASSWORD}}"
            )
        if not environment.get(name, "").strip():
            state = "empty" if name in environment else "not set"
            raise InvalidArgument(f"{key} needs the environment variable {name}, which is {state}")
    return Secrets({f"${{{name}}}": environment[name] for name in names})


def without_secrets(action: Callable[[], Result], secrets: Secrets, *, failed: str, error: type[ClvError]) -> Result:
    """Return what `action` returns; what it raises instead shows no secret, and does not lead to one that does.

    Parameters
    ----------
    action : callable
    secrets : Secrets
    failed : str
        What could not be done: the beginning of the message where a library raises an error of its own.
    error : exception class
        What that is turned into. A ClvError stays what it is.

    Raises
    ------
    ClvError

    Examples
    --------
    >>> def connect():
    ...     raise ValueError("wrong password hunter2")
    >>> without_secrets(connect, Secrets({"${PASSWORD}": "hunter2"}), failed="cannot connect", error=InvalidArgument)
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: cannot connect: wrong password ${PASSWORD}
    """
    try:
        return action()
    except ClvError as ours:
        failure = type(ours)(secrets.hide(str(ours)))
    except Exception as theirs:  # each driver has errors of its own
        # Hidden before and after its lines are joined: a value may have several itself.
        said = secrets.hide(" ".join(secrets.hide(str(theirs)).split()))
        failure = error(f"{failed}: {said or type(theirs).__name__}")
    # Out here, so that the error that was caught is not attached to it.
    raise failure
