"""The store of models and scores, as it is read: everything is checked before it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clvmodels.errors import ClvError, StoreError, shown
from clvmodels.jobs.manifest import MANIFEST, Manifest, ScoresManifest, sha256
from clvmodels.jobs.records import SCHEMA, Record, read_record
from clvmodels.models.load import load_posterior
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior

POINTER = "published.json"
VERSIONS, SCORES, STAGING = "versions", "scores", ".staging"
TABLE = "scores.parquet"
LOADED = (".nc", ".parquet")
MODELS = {
    "purchases": PurchasePosterior,
    "spend": SpendPosterior,
    "backtest_purchases": PurchasePosterior,
    "backtest_spend": SpendPosterior,
}
NUMBER = re.compile(r"\d{6,}")


class Pointer(Record):
    """What is published: the one file of a store that is ever replaced.

    Attributes
    ----------
    schema_version : int
    version, scores : str
        Numbers of folders.
    before : tuple of str
        The versions to roll back to, the latest last.
    withdrawn : tuple of str
        Those that were rolled back.
    """

    schema_version: int = SCHEMA
    version: str
    scores: str
    before: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()

    @classmethod
    def after(cls, pointer: Pointer | None, *, version: str, scores: str) -> Pointer:
        """Return the pointer that publishes a version and its scores after another.

        Examples
        --------
        >>> first = Pointer.after(None, version="000001", scores="000001")
        >>> Pointer.after(first, version="000002", scores="000002").before
        ('000001',)
        """
        if pointer is None:
            return cls(version=version, scores=scores)
        before = pointer.before if version == pointer.version else (*pointer.before, pointer.version)
        withdrawn = tuple(number for number in pointer.withdrawn if number != version)
        return cls(version=version, scores=scores, before=before, withdrawn=withdrawn)

    def back(self, *, scores: str) -> Pointer:
        """Return the pointer to the version before, with scores of it; `before` must not be empty.

        Examples
        --------
        >>> second = Pointer(version="000002", scores="000002", before=("000001",))
        >>> second.back(scores="000001").withdrawn
        ('000002',)
        """
        withdrawn = tuple(number for number in (*self.withdrawn, self.version) if number != self.before[-1])
        return Pointer(version=self.before[-1], scores=scores, before=self.before[:-1], withdrawn=withdrawn)


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """A version whose checksums hold, with its models.

    Attributes
    ----------
    manifest : Manifest
    folder : Path
    purchases : PurchasePosterior
    spend : SpendPosterior or None
        None for a log without amounts.
    backtest_purchases, backtest_spend
        The same, fitted without the holdout of the version's backtest.
    """

    manifest: Manifest
    folder: Path
    purchases: PurchasePosterior
    spend: SpendPosterior | None
    backtest_purchases: PurchasePosterior | None
    backtest_spend: SpendPosterior | None


@dataclass(frozen=True)
class Store:
    """A folder of versions of models, of tables of scores, and a pointer to what is published.

    Attributes
    ----------
    folder : Path
        It need not be there yet.

    Examples
    --------
    >>> Store(Path("nowhere")).published() is None
    True
    """

    folder: Path

    def published(self) -> Pointer | None:
        """Return what is published, if anything.

        Raises
        ------
        StoreError
            If the pointer is damaged, or of another schema version.
        """
        remedy = "; name the version: clvmodels models promote"
        pointer = read_record(Pointer, self.folder / POINTER, schema="schema_version", remedy=remedy)
        if pointer is None:
            return None
        for number in (pointer.version, pointer.scores, *pointer.before, *pointer.withdrawn):
            _checked_number(number)
        return pointer

    def required(self) -> Pointer:
        """Return what is published.

        Raises
        ------
        StoreError
            If nothing is.
        """
        pointer = self.published()
        if pointer is None:
            raise StoreError(f"no model is published in {self.folder}; run: clvmodels retrain")
        return pointer

    def manifests(self) -> Iterator[Manifest]:
        """Yield the manifests of all versions, the first one first; those that were never finished are passed over."""
        for folder in self._finished(VERSIONS):
            yield Manifest.read(folder)

    def scored(self) -> Iterator[ScoresManifest]:
        """Yield the manifests of all tables of scores, the first one first."""
        for folder in self._finished(SCORES):
            yield ScoresManifest.read(folder)

    def manifest(self, number: str) -> Manifest:
        """Return the manifest of a version, by its number: 3 and 000003 are the same.

        Raises
        ------
        StoreError
            If there is no such version, or its manifest was changed.
        """
        return Manifest.read(self.version_folder(number))

    def version_folder(self, number: str) -> Path:
        """Return the folder of a version; the number is checked, not the folder."""
        return self.folder / VERSIONS / _checked_number(number)

    def scores_folder(self, number: str) -> Path:
        """Return the folder of a table of scores; the number is checked, not the folder."""
        return self.folder / SCORES / _checked_number(number)

    def last_scores(self, version: str) -> str | None:
        """Return the number of the last scores that a version made, if it made any."""
        made = [scores.number for scores in self.scored() if scores.version == version]
        return made[-1] if made else None

    def open(self, number: str) -> Version:
        """Load a version's models.

        Raises
        ------
        StoreError
            If a file is missing, or its checksum does not hold, or it holds no model.
        """
        folder = self.version_folder(number)
        manifest = Manifest.read(folder)
        if "purchases.nc" not in manifest.files:
            raise StoreError(f"version {folder.name} has no models: it was kept back before anything was fitted")
        # What is not loaded, such as the report, stops nobody.
        _check_files(folder, {name: each for name, each in manifest.files.items() if name.endswith(LOADED)})
        try:
            held: dict[str, Any] = {
                name: _load(folder / f"{name}.nc", kind) if f"{name}.nc" in manifest.files else None
                for name, kind in MODELS.items()
            }
        except ClvError as error:
            raise StoreError(f"version {folder.name} cannot be loaded: {error}") from error
        return Version(manifest=manifest, folder=folder, **held)

    def check(self, number: str) -> None:
        """Check every file of a version.

        Raises
        ------
        StoreError
            If one is missing, or was changed.
        """
        folder = self.version_folder(number)
        _check_files(folder, Manifest.read(folder).files)

    def scores(self, number: str) -> tuple[ScoresManifest, Path]:
        """Return a table of scores: its manifest and the Parquet file, whose checksum holds.

        Raises
        ------
        StoreError
            If it is missing, or was changed.
        """
        folder = self.scores_folder(number)
        manifest = ScoresManifest.read(folder)
        _check_files(folder, manifest.files)
        return manifest, folder / TABLE

    def _finished(self, kind: str) -> list[Path]:
        folders = (self.folder / kind).glob("*")
        finished = [path for path in folders if NUMBER.fullmatch(path.name) and (path / MANIFEST).is_file()]
        return sorted(finished, key=lambda path: int(path.name))


def _checked_number(number: str) -> str:
    """The name of a folder from what may be typed, or come from a file: digits alone."""
    text = str(number).strip()
    if not (text.isascii() and text.isdigit()):
        raise StoreError(f"{shown(text)} is no number of a version; clvmodels models list shows them")
    return f"{int(text):06d}" if len(text) <= 18 else text


def _load(path: Path, kind: type) -> Any:
    """The model in a file, of the kind that belongs there."""
    found = load_posterior(path)
    if not isinstance(found, kind):
        raise ClvError(f"{path} holds a {type(found).__name__}, where a {kind.__name__} belongs")
    return found


def _check_files(folder: Path, files: dict[str, str]) -> None:
    for name, checksum in files.items():
        path = folder / name
        if not path.is_file():
            raise StoreError(f"{path} is missing; the version cannot be used, roll back to another")
        if sha256(path) != checksum:
            raise StoreError(
                f"{path} was changed or cut short after it was written: its checksum does not hold; roll back to"
                " another version, or bring the file back from a backup"
            )
