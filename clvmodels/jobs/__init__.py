"""Nightly jobs: retrain, score and monitor by one configuration file, into a store that is never half written."""

from clvmodels.jobs.check import Check
from clvmodels.jobs.config import Config, Job, load_config, read_config
from clvmodels.jobs.manifest import Manifest, ScoresManifest
from clvmodels.jobs.monitor import monitor
from clvmodels.jobs.outcome import ExitCode, Outcome
from clvmodels.jobs.published import list_versions, promote, roll_back, show_version
from clvmodels.jobs.reading import evaluate_job, write_version_report
from clvmodels.jobs.retrain import retrain
from clvmodels.jobs.scores import score
from clvmodels.jobs.store import Pointer, Store, Version
from clvmodels.jobs.template import write_template

__all__ = [
    "Check",
    "Config",
    "ExitCode",
    "Job",
    "Manifest",
    "Outcome",
    "Pointer",
    "ScoresManifest",
    "Store",
    "Version",
    "evaluate_job",
    "list_versions",
    "load_config",
    "monitor",
    "promote",
    "read_config",
    "retrain",
    "roll_back",
    "score",
    "show_version",
    "write_template",
    "write_version_report",
]
