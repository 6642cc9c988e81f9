"""The store as it is written: in which order, killed at every step, by eight at once, on a full disk."""

import errno
import os
import shutil
import subprocess
from itertools import count

import pytest

from clvmodels.errors import ClvError, StoreError
from clvmodels.jobs.store import SCORES, VERSIONS, Pointer, Store
from clvmodels.jobs.writing import writing


@pytest.fixture
def quick_disk(monkeypatch):
    """For tests that kill processes, not the machine."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 kB, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("nights", [0, 1])
def test_a_writer_killed_before_any_step_leaves_the_old_or_the_new_whole(
    nights, store, warm, making, whole, swept, tmp_path, quick_disk
):
    for _ in range(nights):
        making.publish(store.folder)
    old = store.published()
    new = Pointer.after(old, version=f"{nights + 1:06d}", scores=f"{nights + 1:06d}")
    seen = []
    for step in count(1):
        tried = Store(tmp_path / f"{step}")
        shutil.copytree(store.folder, tried.folder) if nights else None
        ended = warm.run("publish", tried.folder, below=tried.folder, kill_before=step, torn=True)
        seen.append(whole(tried))
        assert seen[-1] in (old, new)
        making.publish(tried.folder)
        swept(tried)
        assert whole(tried).before[-1:] == (() if seen[-1] is None else (seen[-1].version,))
        if not ended.killed:
            break
    assert ended.code == 0
    assert seen[-1] == new
    assert seen == sorted(seen, key=[old, new].index), "once published, it stays"
    assert {step[0] for step in ended.steps} >= {"open", "os.mkdir", "os.rename", "os.remove", "os.fsync", "os.rmdir"}


def test_files_are_on_the_disk_before_they_have_their_names_and_the_manifest_comes_last(store, making, warm):
    making.publish(store.folder)
    steps = warm.run("publish", store.folder, below=store.folder).steps
    renamed = {step[2]: (at, step[1]) for at, step in enumerate(steps) if step[0] == "os.rename"}
    for at, source in renamed.values():
        written, synced = (
            max(k for k, step in enumerate(steps) if step[:2] == [what, source]) for what in ("open", "os.fsync")
        )
        assert written < synced < at
    for kind, count_of_files in ((VERSIONS, 3), (SCORES, 2)):
        arrived = [name for name in renamed if name.startswith(f"{kind}/000002/")]
        assert len(arrived) == count_of_files
        assert arrived[-1] == f"{kind}/000002/manifest.json"
        complete = renamed[arrived[-1]][0]
        on_disk = [steps.index(["os.fsync", folder]) for folder in (f"{kind}/000002", kind)]
        assert complete < min(on_disk) < max(on_disk) < renamed["published.json"][0]
    assert ["os.fsync", str(store.folder)] in steps[renamed["published.json"][0] :]


def test_nothing_of_a_version_is_opened_for_writing_or_replaced_or_removed(store, making, warm):
    making.publish(store.folder)
    steps = warm.run("publish", store.folder, below=store.folder).steps
    touched = [step for step in steps if any(path.startswith((f"{VERSIONS}/", f"{SCORES}/")) for path in step[1:])]
    assert {step[0] for step in touched} == {"os.mkdir", "os.rename", "os.fsync"}
    arrived = [step[2] for step in touched if step[0] == "os.rename"]
    assert len(set(arrived)) == len(arrived)
    assert all(name.split("/")[1] == "000002" for name in arrived)


def test_eight_processes_at_once_publish_eight_versions(store, warm, whole, swept):
    ended = warm.together("publish", store.folder, 60.0, together=8)
    assert [(each.code, each.message) for each in ended] == [(0, "")] * 8
    numbers = [f"{number:06d}" for number in range(1, 9)]
    assert sorted(each.result for each in ended) == numbers
    assert sorted(path.name for path in (store.folder / VERSIONS).iterdir()) == numbers
    pointer = whole(store)
    swept(store)
    assert (*pointer.before, pointer.version) == tuple(numbers)
    writers = []
    for number in numbers:
        texts = [(store.version_folder(number) / f"{name}.nc").read_text() for name in ("purchases", "spend")]
        texts.append(store.scores(store.last_scores(number))[1].read_text())
        writers.append({text.split()[2] for text in texts})
    assert [len(each) for each in writers] == [1] * 8
    assert len(set.union(*writers)) == 8


def test_even_without_a_lock_no_number_is_claimed_twice(store, warm):
    rounds = [warm.together("claim", store.folder / VERSIONS, together=8) for _ in range(5)]
    claimed = [each.result for ended in rounds for each in ended]
    assert sorted(claimed) == [f"{number:06d}" for number in range(1, 41)]


@pytest.mark.parametrize("limit", [0, 100, 300, 800])
def test_a_limit_of_file_sizes_is_said_and_what_is_published_stays(limit, store, making, warm, whole):
    making.publish(store.folder)
    before = store.published()
    ended = warm.run("publish", store.folder, 0.0, 200 if limit != 800 else 5000, limit=limit)
    assert ended.error == "StoreError"
    assert "the disk is full, or a limit of file sizes is reached; what was published is untouched" in ended.message
    assert whole(store) == before
    assert list((store.folder / ".staging").iterdir()) == []
    assert making.publish(store.folder) == "000002"


def test_a_disk_that_is_full_at_any_point_is_said_and_what_is_published_stays(small_disk, making, whole, swept):
    store, filler = Store(small_disk / "store"), small_disk / "filler"
    making.publish(store.folder)
    before, said = store.published(), set()
    for pages in count():
        with filler.open("wb") as file:
            free = os.statvfs(small_disk)
            os.posix_fallocate(file.fileno(), 0, max(1, (free.f_bavail - pages) * free.f_frsize))
        try:
            making.publish(store.folder)
            break
        except ClvError as error:
            said.add(str(error).partition(";")[0].partition(": ")[2])
        assert whole(store) == before
        assert list((store.folder / ".staging").iterdir()) == []
        filler.unlink()
    print(f"{pages} kinds of full disk")
    assert pages > 5
    assert said <= {"the disk is full, or a limit of file sizes is reached", "No space left on device"}
    whole(store)
    swept(store)


def test_no_room_for_the_pointer_leaves_the_old_one(store, making, warm, whole, swept):
    making.publish(store.folder)
    with writing(store, doing="test") as writer:
        writer.point(Pointer(version="000001", scores="000001", before=("000001",) * 200))
    before = store.published()
    ended = warm.run("publish", store.folder, limit=2000)
    assert "the disk is full" in ended.message
    assert len(list(store.manifests())) == 2
    assert whole(store) == before
    assert (store.folder / "published.json.part").exists()
    with writing(store, doing="test"):
        swept(store)


def test_a_writer_that_fails_leaves_nothing_that_counts(store, making, whole):
    def failing():
        with writing(store, doing="test") as writer, writer.staging() as staged:
            (staged / "purchases.nc").write_text("half")
            writer.add(VERSIONS, staged, lambda number, files: 1 / 0)

    making.publish(store.folder)
    with pytest.raises(ZeroDivisionError):
        failing()
    assert list((store.folder / ".staging").iterdir()) == []
    assert [manifest.number for manifest in store.manifests()] == ["000001"]
    assert whole(store).version == "000001"
    assert making.publish(store.folder) == "000002"


def test_what_killed_runs_left_is_swept_and_nothing_else(store, making):
    making.publish(store.folder)
    root = store.folder
    left = [
        root / VERSIONS / "000002",
        root / SCORES / "000007",
        root / ".staging" / "tmp1",
        root / "published.json.part",
    ]
    for folder in left[:3]:
        folder.mkdir()
        (folder / "purchases.nc").write_text("half")
    left[3].write_text('{"schema')
    kept = [root / "notes.txt", root / VERSIONS / "README", root / VERSIONS / "12", root / "elsewhere" / "000003"]
    kept[3].parent.mkdir()
    for path in kept:
        path.write_text("of the operator")
    with writing(store, doing="test") as writer:
        assert [path.exists() for path in left] == [False] * 4
        assert writer.sweep() == []
    assert [path.read_text() for path in kept] == ["of the operator"] * 4
    assert store.required().version == "000001"


@pytest.mark.parametrize("place", [".staging", VERSIONS, SCORES])
def test_a_link_out_of_the_store_is_not_followed_when_it_is_swept(place, store, tmp_path):
    outside = tmp_path / "outside"
    (outside / "000009").mkdir(parents=True)
    (outside / "000009" / "precious").write_text("of somebody else")
    store.folder.mkdir(parents=True)
    (store.folder / place).symlink_to(outside)
    try:
        with writing(store, doing="test"):
            pass
    except StoreError:
        pass  # refused is fine
    assert (outside / "000009" / "precious").exists()


def test_a_link_among_the_versions_is_not_followed_and_is_named_if_it_stops_a_writer(store, making, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("of somebody else")
    making.publish(store.folder)
    (store.folder / VERSIONS / "000009").symlink_to(outside)
    said = "000009"
    try:
        making.publish(store.folder)
    except StoreError as error:
        said = str(error)
    assert "000009" in said
    assert (outside / "precious").exists()


def test_an_error_of_the_system_is_told_with_the_stores_folder(store):
    said = rf"cannot write to {store.folder}: Read-only file system; what was published is untouched"
    with pytest.raises(StoreError, match=said), writing(store, doing="test"):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
