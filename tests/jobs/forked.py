"""Trials in processes of their own, forked from one that has imported everything: killed at a step, limited, at once.

Run by its path; `Warm` in conftest.py speaks to it in lines of JSON. A fork is safe while there is one thread alone.
"""

import contextlib
import datetime as dt
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import duckdb
import pandas as pd

from clvmodels.errors import ClvError
from clvmodels.jobs.lock import locked
from clvmodels.jobs.manifest import DataFacts, Manifest, ScoresManifest
from clvmodels.jobs.records import SCHEMA
from clvmodels.jobs.store import SCORES, TABLE, VERSIONS, Pointer, Store
from clvmodels.jobs.writing import _claim, writing

WRITES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
WRITES |= {"shutil.copyfile", "shutil.move", "shutil.rmtree"}
DIRECTORIES = {"os.mkdir": [2], "os.rename": [2, 3], "os.remove": [1], "os.rmdir": [1], "shutil.rmtree": [1]}
DAYS = {"first_purchase": dt.date(2025, 1, 1), "observation_end": dt.date(2025, 12, 31)}
COUNTS = {"rows": 900, "customers": 300, "repeat_customers": 120, "purchases": 800, "spend": 12345.5}
FACTS = DataFacts(fingerprint="0" * 64, **COUNTS, **DAYS)
SEALED = {"schema": SCHEMA, "made_at": dt.datetime(2026, 1, 1, 3, 0, tzinfo=dt.UTC), "data": FACTS, "checks": ()}
SEALED |= {"packages": {"clvmodels": "0.1.0"}}
FITTED = {"verdict": "accepted", "configuration": {}, "configuration_fingerprint": "1" * 64, "metrics": {"a": 0.1}}


def version_manifest(number, files, **changed):
    """The manifest of a version, with something different perhaps."""
    said = {**SEALED, **FITTED, "number": number, "files": files, "parameters": {"purchases.r": {"mean": 0.25}}}
    return Manifest(**{**said, **changed})


def scores_manifest(number, files, **changed):
    """The manifest of a table of scores."""
    said = {**SEALED, "number": number, "files": files, "version": "000001", "time_unit": "week", "choices": {}}
    return ScoresManifest(**{**said, **changed})


def publish(folder, wait=0.0, characters=200):
    """Add a version and its scores, whose files tell who wrote them, and publish both."""
    with writing(Store(Path(folder)), doing="publish", wait=wait) as writer:
        with writer.staging() as staged:
            for name in ("purchases.nc", "spend.nc"):
                (staged / name).write_text(f"{name[:3]} by {os.getpid()} ".ljust(characters, "."))
            made = writer.add(VERSIONS, staged, version_manifest)
        with writer.staging() as staged:
            (staged / TABLE).write_text(f"sco by {os.getpid()} ".ljust(characters, "."))
            scores = writer.add(SCORES, staged, lambda *said: scores_manifest(*said, version=made.number))
        writer.point(Pointer.after(writer.store.published(), version=made.number, scores=scores.number))
    return made.number


def claim(parent):
    """Claim a number without any lock."""
    return _claim(Path(parent)).name


def hold(folder, doing, seconds):
    """Hold the lock for a while."""
    with locked(Path(folder), doing=doing):
        time.sleep(seconds)


def command(*words):
    """A command of the command line; the process ends with its exit code."""
    from clvmodels.cli.main import app

    app(list(words))


def quick_command(*words):
    """The same with the fit, its trial and its report from the memory of `warm_up`: what is left is the writing."""
    for (module, name), last in MEMORY.items():
        setattr(module, name, lambda *_, last=last, **__: last)
    command(*words)


def warm_up(*configurations):
    """Import all that a command may want and retrain once, in the process that forks; nothing is forked.

    What is compiled by this need not be compiled again. Arrow is kept from beginning threads.
    """
    for name in ("clvmodels.cli.main", "matplotlib.pyplot", "pyarrow.parquet", "pymc", "nutpie", "h5netcdf", "jinja2"):
        importlib.import_module(name)
    from ibis.backends.duckdb import Backend

    from clvmodels.jobs import artefacts, load_config, retrain
    from clvmodels.transactions.sources import Source

    retraining = importlib.import_module("clvmodels.jobs.retrain")
    remembered = [(retraining, "train"), (retraining, "_candidate_checks")]
    remembered += [(artefacts, name) for name in ("outlook", "to_json_dict", "build_report", "render")]
    collect, real = Source.collect, [(*place, _remembered(*place)) for place in remembered]
    Source.collect = lambda self, wanted: self._own_ids(self.run(wanted).to_pandas(use_threads=False))
    read = pd.read_parquet
    pd.read_parquet = _read_alone
    for path in configurations:
        retrain(load_config(path), force=True)
    for module, name, function in real:
        setattr(module, name, function)
    Source.collect, pd.read_parquet = collect, read
    for found in gc.get_objects():
        if type(found) is Backend and hasattr(found, "con"):
            found.disconnect()  # as well


def _read_alone(path, columns=None):
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, pre_buffer=False).read(columns=columns, use_threads=False).to_pandas(use_threads=False)


def _remembered(module, name):
    """Remember what a function returns from now on; return it as it was."""
    function = getattr(module, name)

    def remembering(*arguments, **choices):
        MEMORY[module, name] = function(*arguments, **choices)
        return MEMORY[module, name]

    setattr(module, name, remembering)
    return function


MEMORY = {}
ACTIONS = {action.__name__: action for action in (publish, claim, hold, command, quick_command)}


class Steps:
    """Counts what is written below a folder, and kills the process before its n-th step."""

    def __init__(self, below, kill_before=None, torn=False):
        self.below, self.kill_before, self.torn = f"{below}{os.sep}", kill_before, torn
        self.seen = []

    def install(self):
        """Listen from now on; there is no way back."""
        sys.addaudithook(self.audit)
        os.fsync = self.fsync  # which has no audit event

    def audit(self, event, said):
        if event not in WRITES or (event == "open" and not self._writes(*said[1:3])):
            return
        count = 2 if event in {"os.rename", "os.link", "os.symlink", "shutil.copyfile", "shutil.move"} else 1
        folders = [said[place] for place in DIRECTORIES.get(event, []) if place < len(said)] or [-1]
        paths = [self._path(path, folders[min(k, len(folders) - 1)]) for k, path in enumerate(said[:count])]
        if any(path.startswith(self.below) for path in paths):
            self._step(event, paths)

    def fsync(self, descriptor):
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        path = str(Path(f"/proc/self/fd/{number}").readlink())
        if f"{path}{os.sep}".startswith(self.below):
            self._step("os.fsync", [path])  # and nothing more: it is a process that dies here, not the machine

    def _step(self, event, paths):
        self.seen.append([event, *(path.removeprefix(self.below) for path in paths)])
        if len(self.seen) == self.kill_before:
            if self.torn and event == "os.fsync" and os.path.isfile(paths[0]):  # noqa: PTH113
                os.truncate(paths[0], os.stat(paths[0]).st_size // 2)  # noqa: PTH116  # what a power cut may do
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def _writes(mode, flags):
        return bool(set(mode or "") & set("wax+")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

    @staticmethod
    def _path(path, folder):
        path = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        if isinstance(folder, int) and folder >= 0 and not path.startswith(os.sep):
            path = str(Path(f"/proc/self/fd/{folder}").readlink() / path)
        return os.path.abspath(path)  # noqa: PTH100  # links are not followed


def child(request, answer, ready):
    """What a forked process does: wait for the start, act, and write down how it went."""
    os.setsid()
    os.dup2(answer, 1)
    os.dup2(answer, 2)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.read(ready, 1)  # until the parent closes its end
    steps = Steps(request.get("below", "/nowhere"), request.get("kill_before"), request.get("torn", False))
    steps.install()
    if request.get("limit") is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], resource.RLIM_INFINITY))
    said, code = {}, 0
    try:
        said["result"] = ACTIONS[request["action"]](*request["arguments"])
    except ClvError as error:
        said["error"], said["message"], code = type(error).__name__, str(error), 1
    except SystemExit as left:
        code = left.code or 0
    except BaseException:
        said["error"], said["message"], code = "unexpected", traceback.format_exc(), 70
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    report = json.dumps({**said, "steps": steps.seen})
    os.write(answer, f"\n{report}".encode())
    os._exit(code)


def trial(request):
    """Fork as many processes as are wanted, let them start at once, and say how each one ended."""
    (ready, start), running = os.pipe(), []
    for _ in range(request.get("together", 1)):
        answer, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(start)
            child(request, said, ready)
        os.close(said)
        os.set_blocking(answer, False)
        running.append((pid, answer))
    os.close(ready)
    os.close(start)
    began = time.monotonic()
    return [_ended(pid, answer, request, began) for pid, answer in running]


def _ended(pid, answer, request, began):
    """Wait for a process, or kill it when its time has come: by the clock, or by what it has had of a processor."""
    latest, overdue, heard = began + request.get("seconds", 60), False, b""
    while (found := os.wait4(pid, os.WNOHANG))[0] == 0:
        overdue = time.monotonic() > latest
        due = time.monotonic() >= began + request.get("kill_after", float("inf"))
        if overdue or due or _worked(pid) >= request.get("kill_after_work", float("inf")):
            os.kill(pid, signal.SIGKILL)
        heard += _heard(answer)
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # a compiler that it started, perhaps
    heard += _heard(answer)
    os.close(answer)
    printed, _, report = heard.decode(errors="replace").rpartition("\n")
    killed = os.WIFSIGNALED(found[1])
    said = {} if killed else json.loads(report)
    code = None if killed else os.WEXITSTATUS(found[1])
    told = {"pid": pid, "killed": killed, "code": code, "overdue": overdue, "printed": printed}
    return {**said, **told, "worked": found[2].ru_utime + found[2].ru_stime}


def _worked(pid):
    """The seconds of a processor that a running process has had."""
    said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def _heard(answer):
    """What a process has said since, also if that is nothing."""
    said = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(answer, 1 << 16):
            said += piece
    return said


def _alone():
    """Whether there is one thread, after some time for those that are ending."""
    latest = time.monotonic() + 5
    while not (alone := len(os.listdir("/proc/self/task")) == 1) and time.monotonic() < latest:  # noqa: PTH208
        time.sleep(0.01)
    return alone


def serve():
    """Answer each line with a line."""
    duckdb.default_connection().close()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if request["action"] == "warm up":
            warm_up(*request["arguments"])
            gc.collect()
            gc.freeze()
            answer = []
        else:
            assert _alone(), "a fork while other threads run is not safe"
            answer = trial(request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve()
    os._exit(0)
