"""What can be looked at without changing the store: a version's report, and an evaluation by the configuration."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from clvmodels.errors import StoreError, local_path
from clvmodels.files import REPORT, Kind, write_whole
from clvmodels.jobs.artefacts import report_file
from clvmodels.jobs.config import Job
from clvmodels.jobs.feed import read_feed
from clvmodels.jobs.manifest import sha256
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.places import check_place
from clvmodels.jobs.store import Store
from clvmodels.jobs.training import backtest_start, forecasters_of
from clvmodels.reports import Format, Origins, Publication, format_of, publish_evaluation
from clvmodels.reports.publish import FILES


def write_version_report(
    job: Job, *, out: str | Path | None = None, number: str | None = None, format: Format | None = None
) -> Outcome:
    """Write the report of a version to a file.

    Parameters
    ----------
    job
        The configuration, as `load_config` reads it.
    out
        The file; an earlier report is replaced whole, nothing else. By default report.html, or as the format is.
    number
        Of the version; by default the published one.
    format
        "html", "md" or "json"; by default what the file's name ends with, and "html" if it has no ending.

    Raises
    ------
    StoreError
        If there is no such version, it has no report, or the report was changed.
    InvalidArgument
        If no format is given and the file's name ends as none does.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     write_version_report(load_config(path))
    Traceback (most recent call last):
    ...
    clvmodels.errors.StoreError: no model is published in ...; run: clvmodels retrain
    """
    chosen = format or format_of(out or "report")
    store, out, name = Store(job.store), local_path(out or report_file(chosen), "the report"), report_file(chosen)
    check_place(job, out, "the report")
    manifest = store.manifest(number or store.required().version)
    path = store.version_folder(manifest.number) / name
    if name not in manifest.files:
        raise StoreError(
            f"version {manifest.number} has no {name}: it was kept back before anything was fitted, or an earlier"
            " clvmodels made it"
        )
    if not path.is_file() or sha256(path) != manifest.files[name]:
        raise StoreError(f"{path} is missing or was changed after it was written: its checksum does not hold")
    made = {checksum for each in store.manifests() for checksum in each.files.values()}
    write_whole(out, path.read_bytes(), Kind(REPORT.name, lambda at: sha256(at) in made or REPORT.holds(at)))
    return Outcome(
        exit_code=ExitCode.DONE,
        status="written",
        sentence=f"The report of version {manifest.number}, made as of {manifest.data.observation_end}.",
        facts={"version": manifest.number, "report": str(out)},
        checks=manifest.checks,
    )


def evaluate_job(
    job: Job,
    out: str | Path,
    *,
    origins: Origins | None = None,
    format: Format = "html",
    today: dt.date | None = None,
) -> Publication:
    """Try the configured models out on held-out data, and write what ``clvmodels evaluate`` writes; no store is needed.

    Parameters
    ----------
    job
        The configuration.
    out
        A folder for ``evaluation.json``, ``scores.parquet`` and the report.
    origins
        For the same comparison from several origins as well.
    format
        Of the report: "html", "md" or "json".
    today
        The first day that is not over yet; by default that of the clock.

    Raises
    ------
    ClvError
        If the data cannot be used, or a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.jobs.config import load_config
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = Path(folder) / "clvmodels.toml"
    ...     _ = path.write_text("source.transactions = 'orders.csv'")
    ...     evaluate_job(load_config(path), folder)
    Traceback (most recent call last):
    ...
    clvmodels.errors.InvalidTransactions: no file '.../orders.csv', seen from ...; check the path
    """
    config = job.config
    for name in (*FILES, report_file(format)):
        check_place(job, local_path(out, "the folder") / name, "an output")
    with tempfile.TemporaryDirectory() as work:
        feed = read_feed(job, Path(work), today=today)
        return publish_evaluation(
            feed.path,
            out,
            calibration_end=backtest_start(feed, config),
            holdout_end=feed.end,
            time_unit=config.model.time_unit,
            opportunity=config.model.opportunity,
            **config.source.reading,
            origins=origins,
            forecasters=forecasters_of(config, None),
            segments=feed.segments,
            margin=config.scores.margin,
            annual_discount_rate=config.scores.annual_discount_rate,
            currency=config.report.currency,
            format=format,
            interval=config.scores.interval,
            random_seed=config.model.random_seed,
        )
