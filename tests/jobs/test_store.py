"""The store as it is read: what was damaged, edited or misnamed is refused with the reason."""

import json
import shutil

import pytest

from clvmodels.errors import StoreError
from clvmodels.jobs.manifest import MANIFEST, Manifest, sha256
from clvmodels.jobs.store import POINTER, SCORES, TABLE, VERSIONS, Pointer, Store
from clvmodels.jobs.writing import writing

NO_NUMBERS = [
    "../../etc",
    "..",
    ".",
    "",
    " ",
    "1e3",
    "٣",
    "³",
    "-1",
    "+1",
    "1.0",
    "0x1",
    "1/2",
    "000001/..",
    "1\n2",
    "1\x00",
    "None",
]


@pytest.fixture
def model_store(store, making, model_file):
    """A store with one version that holds real models, and its scores."""
    with writing(store, doing="test") as writer:
        with writer.staging() as staged:
            for name in ("purchases.nc", "backtest_purchases.nc"):
                shutil.copyfile(model_file, staged / name)
            writer.add(VERSIONS, staged, making.version_manifest)
        with writer.staging() as staged:
            (staged / TABLE).write_bytes(b"a table")
            writer.add(SCORES, staged, making.scores_manifest)
        writer.point(Pointer.after(None, version="000001", scores="000001"))
    return store


@pytest.fixture
def reseal():
    """Change a manifest as one does who knows how the checksum is made."""

    def change(folder, **changed):
        manifest = Manifest.read(folder).model_copy(update=changed).sealed()
        (folder / MANIFEST).write_bytes(manifest.to_json())

    return change


def test_a_version_opens_with_its_models(model_store):
    version = model_store.open("000001")
    assert version.purchases.time_unit == version.backtest_purchases.time_unit == "week"
    assert version.spend is None
    assert version.manifest.number == version.folder.name == "000001"


@pytest.mark.parametrize("number", ["1", "000001", " 1 ", "0000000001", 1])
def test_a_number_may_be_typed_short(number, model_store):
    assert model_store.open(number).manifest.number == "000001"
    assert model_store.scores(number)[0].number == "000001"


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_number_never_reaches_the_file_system(number, model_store):
    outside = model_store.folder.parent / "etc"
    shutil.copytree(model_store.version_folder("1"), outside)
    for asked in (model_store.open, model_store.manifest, model_store.scores, model_store.version_folder):
        with pytest.raises(StoreError, match="is no number of a version; clvmodels models list shows them"):
            asked(number)


@pytest.mark.parametrize("number", ["2", "999999", "1" * 18, "1" * 19, "9" * 300, "9" * 5000])
def test_a_version_that_is_not_there_is_refused(number, model_store):
    with pytest.raises(StoreError, match=r"there is no .*no such version|File name too long"):
        model_store.open(number)


@pytest.mark.parametrize("name", ["purchases.nc", "backtest_purchases.nc"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "is missing; the version cannot be used, roll back to another"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "cut short .* checksum does not hold; roll back"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "was changed .* checksum does not hold"),
        (lambda path: path.write_bytes(b"\0" + path.read_bytes()[1:]), "was changed .* checksum does not hold"),
        (lambda path: path.write_bytes(b""), "cut short .* checksum does not hold"),
        (lambda path: (path.unlink(), path.mkdir()), "is missing"),
        (lambda path: (path.unlink(), path.symlink_to("/nowhere")), "is missing"),
    ],
    ids=["missing", "cut", "longer", "edited", "empty", "folder", "dangling link"],
)
def test_a_damaged_model_file_is_refused(name, damage, reason, model_store):
    path = model_store.version_folder("1") / name
    damage(path)
    with pytest.raises(StoreError, match=rf"{path} .*{reason}"):
        model_store.open("1")


def test_damaged_scores_are_refused(model_store):
    path = model_store.scores_folder("1") / TABLE
    path.write_bytes(b"another table")
    with pytest.raises(StoreError, match=rf"{path} was changed"):
        model_store.scores("1")


def test_a_file_that_holds_no_model_is_refused_although_its_checksum_holds(model_store, reseal):
    folder = model_store.version_folder("1")
    (folder / "purchases.nc").write_bytes(b"import os")
    reseal(folder, files={"purchases.nc": sha256(folder / "purchases.nc")})
    with pytest.raises(StoreError, match="version 000001 cannot be loaded: "):
        model_store.open("1")


@pytest.mark.parametrize(
    "name", ["../000002/purchases.nc", "/etc/hostname", "../../../etc/purchases.nc", "a/b", "..", ""]
)
def test_a_manifest_that_names_files_elsewhere_is_refused_although_its_checksum_holds(name, model_store, reseal):
    folder = model_store.version_folder("1")
    shutil.copytree(folder, folder.with_name("000002"))
    shutil.copytree(folder, model_store.folder.parent / "etc")
    held = sha256(folder / name) if (folder / name).is_file() else "0" * 64
    reseal(folder, files={**Manifest.read(folder).files, name: held})
    with pytest.raises(StoreError):
        model_store.open("1")


def test_a_manifest_without_the_models_is_refused_although_its_checksum_holds(model_store, reseal):
    reseal(model_store.version_folder("1"), files={})
    with pytest.raises(StoreError):
        model_store.open("1")


def test_an_edited_manifest_is_refused(model_store):
    path = model_store.version_folder("1") / MANIFEST
    path.write_text(path.read_text().replace('"accepted"', '"rejected"'))
    with pytest.raises(StoreError, match=rf"{path} was changed after it was written"):
        model_store.open("1")


def test_a_file_beside_those_of_the_manifest_is_not_loaded(model_store, model_file):
    shutil.copyfile(model_file, model_store.version_folder("1") / "spend.nc")
    assert model_store.open("1").spend is None


def test_a_version_without_models_says_why(store, making):
    with writing(store, doing="test") as writer, writer.staging() as staged:
        writer.add(VERSIONS, staged, lambda *said: making.version_manifest(*said, parameters={}, verdict="rejected"))
    with pytest.raises(StoreError, match="version 000001 has no models: it was kept back before anything was fitted"):
        store.open("1")


def test_nothing_is_published_in_a_folder_that_is_not_there(store):
    assert store.published() is None
    assert list(store.manifests()) == list(store.scored()) == []
    with pytest.raises(StoreError, match=rf"no model is published in {store.folder}; run: clvmodels retrain"):
        store.required()
    assert not store.folder.exists()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", "\x00" * 100, "[" * 200_000, '{"schema_version": 1}', '{"schema_version": 2}'],
    ids=["empty", "cut", "list", "number", "null", "zeros", "deep", "nothing in it", "another schema"],
)
def test_a_damaged_pointer_is_refused_by_its_path(content, model_store):
    (model_store.folder / POINTER).write_text(content)
    with pytest.raises(StoreError, match=rf"{model_store.folder / POINTER} (is damaged|has schema version)"):
        model_store.published()


@pytest.mark.parametrize("key", ["version", "scores", "before", "withdrawn", "more"])
@pytest.mark.parametrize("value", ["../../etc", "", "1e3", "٣", 1, None, ["../../etc"], {"a": 1}])
def test_a_pointer_with_a_wrong_value_is_refused(key, value, model_store):
    plain = json.loads((model_store.folder / POINTER).read_text())
    (model_store.folder / POINTER).write_text(json.dumps({**plain, key: value}))
    with pytest.raises(StoreError):
        model_store.published()


def test_a_pointer_that_is_a_folder_is_refused(model_store):
    (model_store.folder / POINTER).unlink()
    (model_store.folder / POINTER).mkdir()
    with pytest.raises(StoreError, match="is damaged"):
        model_store.published()


def test_a_pointer_to_a_version_that_is_gone_is_refused_when_it_is_opened(model_store):
    shutil.rmtree(model_store.version_folder("1"))
    with pytest.raises(StoreError, match=rf"there is no {model_store.version_folder('1') / MANIFEST}"):
        model_store.open(model_store.required().version)


def test_the_published_version_is_not_swept_when_its_manifest_is_lost(model_store):
    (model_store.version_folder("1") / MANIFEST).unlink()
    try:
        with writing(model_store, doing="test"):
            pass
    except StoreError:
        pass  # refused is fine
    assert (model_store.version_folder("1") / "purchases.nc").exists()


def test_versions_come_in_the_order_of_their_numbers_also_beyond_six_digits(store, making):
    (store.folder / VERSIONS / "999998").mkdir(parents=True)
    (store.folder / VERSIONS / "999998" / MANIFEST).write_bytes(
        making.version_manifest("999998", {}).sealed().to_json()
    )
    for _ in range(3):
        making.publish(store.folder)
    numbers = ["999998", "999999", "1000000", "1000001"]
    assert [manifest.number for manifest in store.manifests()] == numbers
    assert store.required().before == ("999999", "1000000")


def test_a_link_to_a_version_elsewhere_is_no_way_around_the_checksums(model_store, tmp_path):
    shutil.move(model_store.version_folder("1"), tmp_path / "000001")
    model_store.version_folder("1").symlink_to(tmp_path / "000001")
    assert model_store.open("1").manifest.number == "000001"
    (tmp_path / "000001" / "purchases.nc").write_bytes(b"something else")
    with pytest.raises(StoreError, match="was changed"):
        model_store.open("1")


def test_the_pointer_remembers_what_to_roll_back_to():
    first = Pointer.after(None, version="000001", scores="000001")
    again = Pointer.after(first, version="000001", scores="000002")
    assert again.before == ()
    third = Pointer.after(Pointer.after(again, version="000002", scores="000003"), version="000003", scores="000004")
    assert third.before == ("000001", "000002")
    back = third.back(scores="000003")
    assert (back.version, back.before, back.withdrawn) == ("000002", ("000001",), ("000003",))
    promoted = Pointer.after(back, version="000003", scores="000004")
    assert (promoted.before, promoted.withdrawn) == (("000001", "000002"), ())


def test_what_is_published_is_not_among_the_withdrawn():
    pointer = Pointer(version="000002", scores="000002", before=("000001",))
    pointer = Pointer.after(pointer.back(scores="000001"), version="000002", scores="000002")
    pointer = Pointer.after(pointer, version="000001", scores="000001").back(scores="000002").back(scores="000001")
    assert pointer.version not in pointer.withdrawn


def test_a_store_is_read_while_it_is_written(store, making):
    making.publish(store.folder)
    with writing(store, doing="test") as writer, writer.staging() as staged:
        (staged / "purchases.nc").write_text("half")
        (store.folder / VERSIONS / "000002").mkdir()
        assert [manifest.number for manifest in Store(store.folder).manifests()] == ["000001"]
        assert Store(store.folder).required().version == "000001"
        assert writer.store is store
