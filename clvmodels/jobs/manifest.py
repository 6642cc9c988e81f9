"""What is written beside a model and beside scores: where they come from, what was checked, and their checksums."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from clvmodels.errors import StoreError
from clvmodels.jobs.check import Check, failed
from clvmodels.jobs.records import SCHEMA, Record, read_record
from clvmodels.rfm import TimeUnit

MANIFEST = "manifest.json"
PACKAGES = ("clvmodels", "pymc", "arviz", "numpy", "scipy", "xarray", "pandas", "duckdb")


# A plain name in the same folder: nothing elsewhere is read for a manifest.
FileName = Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z]+$")]


class DataFacts(Record):
    """The log that was learnt from.

    Attributes
    ----------
    fingerprint : str
        A sha256 of every purchase day until the observation end, and of the customers' segments.
    rows, customers, repeat_customers, purchases : int
        rows as they were read; purchases are customers' days.
    spend : float or None
    refund_rows, unknown_dates, unknown_segments : int
    first_purchase, observation_end : date
    """

    fingerprint: str
    rows: int
    customers: int
    repeat_customers: int
    purchases: int
    spend: float | None = None
    refund_rows: int = 0
    unknown_dates: int = 0
    unknown_segments: int = 0
    first_purchase: dt.date
    observation_end: dt.date


class Sealed(Record):
    """A manifest with a checksum of itself.

    Attributes
    ----------
    schema_version : int
    number : str
        Of the version, or of the scores: the name of their folder.
    made_at : datetime
        In UTC.
    packages : dict of str to str
        Versions.
    data : DataFacts
    checks : tuple of Check
    files : dict of str to str
        The sha256 of every other file in the folder.
    checksum : str
        Of the manifest without this.
    """

    schema_version: int = Field(default=SCHEMA, alias="schema")
    number: str
    made_at: dt.datetime
    packages: dict[str, str]
    data: DataFacts
    checks: tuple[Check, ...]
    files: dict[FileName, str]
    checksum: str = ""

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not hold."""
        return failed(self.checks)

    def sealed(self) -> Self:
        """Return it with its checksum."""
        return self.model_copy(update={"checksum": self._digest()})

    def to_json(self) -> bytes:
        """Return it as it is written."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1).encode() + b"\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a folder.

        Raises
        ------
        StoreError
            If it is missing, damaged, edited, or of another schema version.
        """
        path = folder / MANIFEST
        found = read_record(cls, path, schema="schema")
        if found is None:
            raise StoreError(f"there is no {path}: no such version, or it was never finished")
        # What this version of clvmodels adds by default is not in an older one's checksum.
        if found.checksum != found._digest(exclude_unset=True):
            raise StoreError(f"{path} was changed after it was written: its checksum does not hold")
        if found.number != folder.name:
            raise StoreError(f"{path} is that of {found.number}: the folder was renamed or copied; put it back")
        return found

    def _digest(self, *, exclude_unset: bool = False) -> str:
        plain = self.model_dump(mode="json", by_alias=True, exclude={"checksum"}, exclude_unset=exclude_unset)
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


class Manifest(Sealed):
    """Of a version of the models.

    Attributes
    ----------
    verdict : {"accepted", "rejected"}
        Whether every check held.
    compared_with : str or None
        The version that was published meanwhile.
    configuration : dict
        As it was read; environment variables are not filled in.
    configuration_fingerprint : str
    parameters : dict of str to dict
        For each parameter mean, sd, lower and upper, as ``purchases.r``.
    metrics : dict of str to float or None
        Of the backtest, as ``purchases.rmse``.
    """

    verdict: Literal["accepted", "rejected"]
    compared_with: str | None = None
    configuration: dict[str, Any]
    configuration_fingerprint: str
    parameters: dict[str, dict[str, float | None]]
    metrics: dict[str, float | None]

    @property
    def opportunity(self) -> TimeUnit | None:
        """The opportunity that the models count, if any."""
        return self.configuration.get("model", {}).get("opportunity")


class ScoresManifest(Sealed):
    """Of one table of scores.

    Attributes
    ----------
    version : str
        The models that made them.
    time_unit : str
    choices : dict
        horizon, margin, annual_discount_rate, interval and quantities, as `clvmodels.score` takes them.
    """

    version: str
    time_unit: str
    choices: dict[str, Any]


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide a model and its scores.

    Examples
    --------
    >>> "pymc" in package_versions()
    True
    """
    return {name: version(name) for name in PACKAGES}


def signed(number: str, files: dict[str, str], data: DataFacts, checks: tuple[Check, ...]) -> dict[str, Any]:
    """Return what every manifest says, as keyword arguments: of now, by the software of now."""
    return {
        "schema": SCHEMA,
        "number": number,
        "made_at": dt.datetime.now(dt.UTC),
        "packages": package_versions(),
        "data": data,
        "checks": checks,
        "files": files,
    }


def sha256(path: Path) -> str:
    """Return the checksum of a file, read in pieces.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "empty").write_bytes(b"")
    ...     sha256(Path(folder) / "empty")[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
