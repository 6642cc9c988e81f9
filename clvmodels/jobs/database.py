"""A database that a configuration names: where it is, and one of its tables, without a password in sight."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, unquote, urlsplit

import ibis

from clvmodels.errors import InvalidArgument, InvalidTransactions
from clvmodels.jobs.environment import PLACEHOLDER, Secrets, secrets_in, without_secrets

Result = TypeVar("Result")
KEY = "source.transactions"
SAME = {"postgresql": "postgres"}
# Databases that are files are opened for reading.
IN_FILES: dict[str, dict[str, Any]] = {"duckdb": {"read_only": True}, "sqlite": {}}
# Else a name may be a file anywhere, or an address, and a view may read one.
LOCKED_IN = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "lock_configuration": True,
}
EXTRAS = {"postgres": "clvmodels[postgres]"}
SECRET_OPTION = re.compile(
    r"\b\w*(?:passw(?:or)?d|pass|passphrase|pwd|token|secret|(?:access|account|api|private)_?key)\s*=([^&\s]*)",
    re.IGNORECASE,
)


def is_address(transactions: str) -> bool:
    """Tell the address of a database from a path.

    Examples
    --------
    >>> is_address("postgres://shop@localhost/shop"), is_address("orders/*.parquet")
    (True, False)
    """
    return "://" in transactions


def refuse_passwords(transactions: str) -> None:
    """Refuse the address of a database with a password written out; the message does not repeat it.

    Parameters
    ----------
    transactions : str
        As it stands in the configuration. A path is never refused.

    Raises
    ------
    InvalidArgument

    Examples
    --------
    >>> refuse_passwords("postgres://shop:${SHOP_PASSWORD}@localhost/shop")
    >>> refuse_passwords("postgres://shop:hunter2@localhost/shop")
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidArgument: source.transactions has a password written out; put it into an environment
    variable, and ${NAME} in its place
    """
    if not is_address(transactions):
        return
    address = transactions.partition("://")[2]
    # Up to the last @, for a password may hold one; and before it is parsed, for it may hold any mark of a URL.
    user, colon, password = address.rpartition("@")[0].partition(":")
    written = [password] if colon and not set("@/?") & set(user) else []
    written += SECRET_OPTION.findall(unquote(address))
    if any(PLACEHOLDER.sub("", each) for each in written):
        raise InvalidArgument(
            f"{KEY} has a password written out; put it into an environment variable, and ${{NAME}} in its place"
        )


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database, not connected to.

    Attributes
    ----------
    kind : str
        Ibis' name of it.
    shown : str
        What messages call it.
    address : str
        The URL, or the path of a database that is a file.
    options : mapping
        Further arguments of the connection.
    secrets : Secrets
        What is in the address, and in no message.
    """

    kind: str
    shown: str
    address: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    secrets: Secrets

    def read(self, action: Callable[[Any], Result]) -> Result:
        """Connect, return what `action` makes of the connection (an Ibis backend), and close it.

        Raises
        ------
        ClvError
            What `action` raises, or what the database says; without secrets.
        """
        said: dict[str, Any] = {"secrets": self.secrets, "error": InvalidTransactions}
        connection = without_secrets(self._connect, failed=f"cannot open {self.shown}", **said)
        try:
            # It spills here, not beside the file; what is here may be read.
            with tempfile.TemporaryDirectory() as spilled:
                without_secrets(lambda: _lock_in(connection, spilled), failed=f"cannot open {self.shown}", **said)
                return without_secrets(lambda: action(connection), failed=f"cannot read {self.shown}", **said)
        finally:
            connection.disconnect()

    def _connect(self) -> Any:
        try:
            if self.kind in IN_FILES:
                return getattr(ibis, self.kind).connect(self.address, **self.options)
            return ibis.connect(self.address, **self.options)
        except ImportError:
            extra = EXTRAS.get(self.kind, f"ibis-framework[{self.kind}]")
            raise InvalidArgument(f"{self.shown} needs a driver that is not installed: pip install '{extra}'") from None


def _lock_in(connection: Any, spilled: str) -> None:
    """Keep a database that is a file from reading anything else, and from being written."""
    if connection.name == "duckdb":
        for name, value in {"temp_directory": spilled, **LOCKED_IN}.items():
            connection.settings[name] = value
    elif connection.name == "sqlite":
        connection.con.execute("PRAGMA query_only = ON")


def find_database(transactions: str, *, folder: Path, environment: Mapping[str, str]) -> Database | None:
    """Return the database that a configuration names; None for a path.

    Parameters
    ----------
    transactions : str
        An address as Ibis knows it. Each ``${NAME}`` in it, or all of it, is taken from `environment`.
    folder : Path
        From where a database that is a file is seen.
    environment : mapping
        Such as `os.environ`.

    Raises
    ------
    InvalidArgument
        If a password is written out, a variable is not set, or it is no address of a database.
    InvalidTransactions
        If there is no such file.

    Examples
    --------
    >>> here, there = Path("."), {"WHERE": "postgres://shop:hunter2@localhost/shop"}
    >>> find_database("${WHERE}", folder=here, environment=there).shown
    'the database ${WHERE}'
    """
    refuse_passwords(transactions)
    secrets = secrets_in(transactions, environment, key=KEY)
    address, values = transactions, secrets
    if not is_address(transactions):  # all of it may be in the environment
        address, values = secrets.fill(transactions), Secrets()
    if not is_address(address):
        return None
    scheme, _, rest = address.partition("://")
    kind, shown = _kind(scheme), f"the database {transactions.partition('?')[0]}"
    if kind in IN_FILES:
        path = _existing(values.fill(rest), folder, secrets)
        return Database(kind=kind, shown=shown, address=path, options=IN_FILES[kind], secrets=secrets)
    url = _filled(_split(address), values)
    secrets = Secrets({**_inside(url), **secrets.values})
    # Ibis takes the user as it is written in a URL.
    options = {"user": unquote(url.username)} if kind == "postgres" and url.username else {}
    return Database(kind=kind, shown=shown, address=url.geturl(), options=options, secrets=secrets)


def _inside(url: SplitResult) -> dict[str, str]:
    """The secrets in an address, all or part of which came from the environment."""
    found = [unquote(url.password or ""), *SECRET_OPTION.findall(unquote(url.query))]
    return {"*" * (3 + number): value for number, value in enumerate(found) if value}


def _split(address: str) -> SplitResult:
    with suppress(ValueError):
        parts = urlsplit(address)
        if not parts.fragment:
            return parts
    raise _unreadable()


def _unreadable() -> InvalidArgument:
    return InvalidArgument(
        f"{KEY} is no address such as postgres://user@host:5432/database, or has marks in it that are to be "
        "written as %40 (@), %3A (:), %2F (/), %3F (?) or %23 (#)"
    )


def _filled(parts: SplitResult, values: Secrets) -> SplitResult:
    """Fill the values in, quoted where they may hold marks of a URL."""

    def quoted(value: str) -> str:
        return quote(value, safe="")

    user, at, host = parts.netloc.rpartition("@")
    filled = _split(
        parts._replace(
            netloc=f"{values.fill(user, quoted=quoted)}{at}{values.fill(host)}",
            path=values.fill(parts.path),
            query=values.fill(parts.query, quoted=quoted),
        ).geturl()
    )
    with suppress(ValueError):
        _ = filled.port
        return filled
    raise _unreadable()


def _kind(scheme: str) -> str:
    kind, known = (
        SAME.get(scheme.lower(), scheme.lower()),
        sorted({each.name for each in entry_points(group="ibis.backends")}),
    )
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        meant = f"do you mean {near[0]}://?" if near else f"Ibis knows {', '.join(known)}; or give a path"
        raise InvalidArgument(f"{KEY} begins with {scheme}://, which is no database that can be read; {meant}")
    return kind


def _existing(path: str, folder: Path, secrets: Secrets) -> str:
    path, _, options = path.partition("?")
    if options:
        raise InvalidArgument(f"{KEY} has options after the path of a database file; leave them out")
    whole = folder / Path(path).expanduser()
    if not path or not whole.is_file():
        raise InvalidTransactions(secrets.hide(f"no database file {path!r}, seen from {folder}; check the path"))
    return str(whole)
