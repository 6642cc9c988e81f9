"""What tests of jobs share: stores with something in them, and processes that can be killed at any step."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from clvmodels.jobs.config import load_config
from clvmodels.jobs.manifest import Manifest, ScoresManifest, sha256
from clvmodels.jobs.store import SCORES, STAGING, VERSIONS, Store
from clvmodels.models.beta_geo import BetaGeo

DRIVER = Path(__file__).with_name("forked.py")
# One thread alone, so that a fork is safe; forked.py asserts it.
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Warm:
    """A process that has imported everything, and forks another one for each trial."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ALONE,
        )

    def run(self, action, *arguments, **how):
        """Do it in a process of its own; `how` may say kill_before, kill_after, torn, limit, seconds and below."""
        return self.together(action, *arguments, **how)[0]

    def together(self, action, *arguments, **how):
        """Do it in as many processes at once as `together` says."""
        how = {name: str(value) if isinstance(value, Path) else value for name, value in how.items()}
        request = {"action": action, "arguments": [str(a) if isinstance(a, Path) else a for a in arguments], **how}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        nothing = {"result": None, "error": None, "message": "", "steps": []}
        answer = self.process.stdout.readline()
        assert answer, "the process that forks has ended"
        return [SimpleNamespace(**{**nothing, **each}) for each in json.loads(answer)]

    def warm_up(self, *configurations):
        """Let it retrain by some configurations, so that the trials need not compile anything."""
        self.together("warm up", *configurations)
        return self

    def close(self):
        """End it."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def warm():
    process = Warm()
    yield process
    process.close()


@pytest.fixture(scope="session")
def another_warm():
    """One more, so that two trials can run at a time."""
    process = Warm()
    yield process
    process.close()


@pytest.fixture(scope="session")
def making():
    """What the processes work with: publish, version_manifest, scores_manifest."""
    return SimpleNamespace(**runpy.run_path(str(DRIVER), run_name="forked"))


@pytest.fixture
def store(tmp_path):
    """A place for a store, inside a folder that has nothing else in it."""
    return Store(tmp_path / "nightly" / "store")


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """A BG/NBD model in a file."""
    point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    return point.save(tmp_path_factory.mktemp("model") / "purchases.nc")


@pytest.fixture
def whole():
    """Assert that a store is whole: every checksum holds, files of one writer are together, and no pointer dangles."""

    def assert_whole(store):
        for kind, manifest in ((VERSIONS, Manifest), (SCORES, ScoresManifest)):
            for folder in store._finished(kind):
                files = manifest.read(folder).files
                assert files == {name: sha256(folder / name) for name in files}
                assert {path.name for path in folder.iterdir()} == {*files, "manifest.json"}
        pointer = store.published()
        if pointer is not None:
            store.manifest(pointer.version)
            assert store.scores(pointer.scores)[0].version == pointer.version
        return pointer

    return assert_whole


@pytest.fixture
def swept():
    """Assert that nothing is left of runs that did not end."""

    def assert_swept(store):
        assert list((store.folder / STAGING).glob("*")) == []
        assert list(store.folder.rglob("*.part")) == []
        folders = [*store.folder.glob(f"{VERSIONS}/*"), *store.folder.glob(f"{SCORES}/*")]
        assert [folder.name for folder in folders if not (folder / "manifest.json").is_file()] == []

    return assert_swept


@pytest.fixture
def load(tmp_path):
    """Read a configuration from its text."""

    def read(text):
        path = tmp_path / "night.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path)

    return read
