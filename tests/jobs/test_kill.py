"""`kill -9` of the commands `retrain` and `score`, at write steps in turn and at random moments; two at once."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from queue import SimpleQueue

import numpy as np
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.jobs.manifest import sha256
from clvmodels.jobs.store import Store

pytestmark = pytest.mark.slow
LOG = simulate_transactions(customers=300, random_seed=1)
CONFIGURATION = """
[source]
transactions = "orders.csv"
[model]
purchases = "bg_nbd"
draws = 100
[scores]
horizon = 26
[gates]
max_silent_days = 100_000
max_bias = 100
max_coverage_error = 1
max_parameter_drift = 100
max_score_drift = 1
[output]
scores_copy = "scores.parquet"
"""
SECONDS = 180


class Night:
    """A folder where a model is published, and the log of another night has come."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "night.toml"
        self.store = Store(folder / "clvmodels-store")

    def again(self, folder):
        """The same in another folder."""
        return Night(shutil.copytree(self.folder, folder))

    def feed(self, until):
        LOG[LOG["date"] < until].to_csv(self.folder / "orders.csv", index=False)

    def run(self, process, *words, quick=True, **how):
        """A command in a process of its own; `quick` takes the fit and the report from memory."""
        action = "quick_command" if quick else "command"
        command, *options = words
        how = {"below": self.folder, "seconds": SECONDS, **how}
        ended = process.run(action, command, str(self.config), "--json", *options, **how)
        assert not ended.overdue, "hangs"
        assert ended.error is None, ended.message
        lines = [line for line in ended.printed.splitlines() if line.startswith("{")]
        ended.answer = json.loads(lines[-1]) if lines and not ended.killed else None
        return ended

    def published(self, whole):
        """What is published, after everything of it was loaded and every checksum was found to hold."""
        pointer = whole(self.store)
        assert self.store.open(pointer.version).purchases.draw_count > 1
        path, copy = self.store.scores(pointer.scores)[1], self.folder / "scores.parquet"
        known = {sha256(self.store.scores_folder(made.number) / path.name) for made in self.store.scored()}
        assert sha256(copy) in known, "the copy is whole"
        return pointer, sha256(copy) == sha256(path)


@pytest.fixture(scope="module")
def night(tmp_path_factory, warm, another_warm):
    """The first night is over; the second one would publish as well."""
    found = Night(tmp_path_factory.mktemp("first"))
    found.config.write_text(CONFIGURATION)
    found.feed("2021-06-14")
    first = found.run(warm, "retrain", quick=False)
    assert (first.code, first.answer["version"]) == (0, "000001"), first.printed
    found.feed("2022-01-01")
    with ThreadPoolExecutor(2) as both:
        rehearsals = [found.again(tmp_path_factory.mktemp("rehearsal") / str(k)).config for k in range(2)]
        list(both.map(lambda process, config: process.warm_up(str(config)), (warm, another_warm), rehearsals))
    return found


@pytest.fixture(scope="module")
def processes(warm, another_warm):
    """Two that fork, for two trials at a time."""
    free = SimpleQueue()
    for process in (warm, another_warm):
        free.put(process)
    return free


@pytest.fixture
def trials(night, processes, tmp_path, whole, swept):
    """Kill a command in many ways, look at what is left, let the next one run; return how many were killed."""
    old = night.store.published()

    def one(number, command, how, real, real_next):
        tried, process = night.again(tmp_path / str(number)), processes.get()
        try:
            ended = tried.run(process, *command, quick=not real, torn=True, **how)
            pointer, _ = tried.published(whole)
            expected = old.model_copy(update={"scores": "000002"})
            expected = expected.after(old, version="000002", scores="000002") if command[0] == "retrain" else expected
            assert pointer in (old, expected)
            following = tried.run(process, *command, quick=not real_next)
            assert following.code == 0, following.printed
            now, copied = tried.published(whole)
            assert copied, "the copy is that of the published scores"
            assert (now.version, now.scores) >= (pointer.version, pointer.scores)
            swept(tried.store)
            assert list(tried.folder.rglob("*.part")) == [], "nothing is left of the copy"
            shutil.rmtree(tried.folder)
            ended.changed = pointer != old
            return ended
        finally:
            processes.put(process)

    def all_of_them(command, hows, *, real=False):
        real_next = cycle([real, *[False] * 9])
        with ThreadPoolExecutor(2) as two:
            waiting = [two.submit(one, k, command, how, real, next(real_next)) for k, how in enumerate(hows)]
            return [each.result() for each in waiting]

    return all_of_them


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.calibration)])
@pytest.mark.parametrize("command", [["retrain"], ["score"]], ids=lambda words: words[0])
def test_killed_before_a_step_of_writing_the_published_is_whole_and_the_next_run_succeeds(command, every, trials):
    (whole_run,) = trials(command, [{}])
    assert (whole_run.killed, whole_run.code, whole_run.changed) == (False, 0, True)
    count = len(whole_run.steps)
    ended = trials(command, [{"kill_before": step} for step in range(1, count + 1, every)])
    print(f"{command[0]}: {len(ended)} of {count} steps")
    assert all(each.killed for each in ended)
    changed = [each.changed for each in ended]
    assert changed == sorted(changed), "once published, it stays"
    assert 0 < sum(changed) < 15


@pytest.mark.parametrize(("command", "moments"), [("retrain", 10), ("score", 10)])
def test_killed_at_a_random_moment_the_published_is_whole_and_the_next_run_succeeds(command, moments, trials):
    rehearsed = trials([command], [{}, {}], real=True)
    length = max(each.worked for each in rehearsed)  # on a processor: the machine may be busy
    assert [(each.code, each.changed) for each in rehearsed] == [(0, True)] * 2
    times = np.random.default_rng(6).uniform(0, 1.05 * length, moments)
    ended = trials([command], [{"kill_after_work": float(time)} for time in times], real=True)
    killed = sum(each.killed for each in ended)
    print(f"{command}: {killed} of {moments} killed in {length:.1f} s, {sum(each.changed for each in ended)} published")
    assert {each.code for each in ended if not each.killed} <= {0}
    assert killed > moments // 2


def test_of_two_runs_at_once_one_leaves_and_names_the_other(night, warm, tmp_path, whole, swept):
    tried = night.again(tmp_path / "two")
    ended = warm.together("command", "retrain", str(tried.config), "--json", together=2, seconds=SECONDS)
    assert sorted(each.code for each in ended) == [0, 4]
    winner, loser = sorted(ended, key=lambda each: each.code)
    said = json.loads(loser.printed.splitlines()[-1])
    assert (said["exit_code"], said["status"]) == (4, "failed")
    assert said["sentence"].startswith(f"retrain (process {winner.pid} on ")
    pointer, copied = tried.published(whole)
    assert (pointer.version, pointer.before, copied) == ("000002", ("000001",), True)
    swept(tried.store)


@pytest.mark.parametrize(("options", "versions"), [(["--wait", "170"], 2), (["--wait", "170", "--force"], 3)])
def test_two_runs_that_wait_both_succeed_one_after_the_other(options, versions, night, warm, tmp_path, whole, swept):
    tried = night.again(tmp_path / "two")
    ended = warm.together(
        "quick_command", "retrain", str(tried.config), "--json", *options, together=2, seconds=SECONDS
    )
    assert [each.code for each in ended] == [0, 0], [each.printed for each in ended]
    pointer, copied = tried.published(whole)
    assert (int(pointer.version), copied) == (versions, True)
    assert len(list(tried.store.manifests())) == versions
    swept(tried.store)


def test_retraining_and_scoring_at_once_never_mix(night, warm, another_warm, tmp_path, whole, swept):
    tried = night.again(tmp_path / "two")
    with ThreadPoolExecutor(2) as both:
        commands = [("retrain", "--wait", "170", "--force"), ("score", "--wait", "170", "--force")]
        ended = list(both.map(lambda process, words: tried.run(process, *words), (warm, another_warm), commands))
    assert [each.code for each in ended] == [0, 0], [each.printed for each in ended]
    pointer, copied = tried.published(whole)
    assert (pointer.version, pointer.scores, copied) == ("000002", "000003", True)
    swept(tried.store)


@pytest.mark.parametrize("limit", [0, 2_000, 10_000, 25_000, 50_000, 100_000, 200_000])
def test_a_limit_of_file_sizes_is_said_in_a_sentence(limit, night, warm, tmp_path, whole):
    tried = night.again(tmp_path / "full")
    before = whole(tried.store)
    ended = tried.run(warm, "retrain", limit=limit)
    assert (ended.code, ended.answer["status"]) == (1, "failed"), ended.printed
    print(ended.answer["sentence"])
    assert tried.published(whole) == (before, True)
    assert list((tried.store.folder / ".staging").iterdir()) == []
    assert tried.run(warm, "retrain").code == 0
    assert tried.published(whole)[0].version == "000002"
