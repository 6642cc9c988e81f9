"""Manifests: what comes back from JSON is what was written, and anything else is refused with the reason."""

import datetime as dt
import hashlib
import json
import math

import pytest
from pydantic import ValidationError

from clvmodels.errors import StoreError
from clvmodels.jobs.check import Check
from clvmodels.jobs.manifest import MANIFEST, Manifest, ScoresManifest, package_versions, sha256

CHECK = Check(name="rows", figure=900, limit=100, verdict="passed", sentence="There are 900 rows; 100 are needed.")


@pytest.fixture
def sealed(making):
    """A manifest with something in every field."""
    rejected = CHECK.model_copy(update={"name": "bias", "figure": 0.1 + 0.2, "verdict": "failed"})
    return making.version_manifest(
        "000003",
        {"purchases.nc": "a" * 64},
        checks=(CHECK, rejected),
        verdict="rejected",
        compared_with="000002",
        configuration={"model": {"draws": 1000, "observation_end": "2025-06-30"}, "scores": {"horizon": 52.0}},
        parameters={"purchases.r": {"mean": 1 / 3, "sd": 1e-300, "lower": -0.0, "upper": None}},
    ).sealed()


def write(folder, number, plain):
    """Put plain values in a manifest's place."""
    path = folder / number / MANIFEST
    path.parent.mkdir(parents=True)
    path.write_bytes(plain if isinstance(plain, bytes) else json.dumps(plain).encode())
    return path.parent


def test_a_manifest_comes_back_the_same(sealed, tmp_path):
    found = Manifest.read(write(tmp_path, "000003", sealed.to_json()))
    assert found == sealed
    assert found.to_json() == sealed.to_json()
    assert math.copysign(1, found.parameters["purchases.r"]["lower"]) == -1
    assert [check.name for check in found.failed] == ["bias"]


def test_scores_have_a_manifest_of_their_own(making, tmp_path):
    made = making.scores_manifest("000003", {"scores.parquet": "b" * 64}, choices={"quantities": None}).sealed()
    folder = write(tmp_path, "000003", made.to_json())
    assert ScoresManifest.read(folder) == made
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        Manifest.read(folder)


def test_one_that_is_older_than_a_fields_default_is_read(sealed, tmp_path):
    plain = json.loads(sealed.to_json())
    for check in plain["checks"]:
        del check["remedy"]
    rest = {key: value for key, value in plain.items() if key != "checksum"}
    plain["checksum"] = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    found = Manifest.read(write(tmp_path / "old", "000003", plain))
    assert found.checks == sealed.checks
    plain["checks"][0]["sentence"] = "There are 900 rows."
    with pytest.raises(StoreError, match=r"manifest\.json was changed"):
        Manifest.read(write(tmp_path / "edited", "000003", plain))


def leaves(plain, path=()):
    """Every place in nested values that holds no others."""
    if isinstance(plain, dict | list):
        inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for key, value in inside:
            yield from leaves(value, (*path, key))
    else:
        yield path, plain


def test_no_value_can_be_edited(sealed, tmp_path):
    places = list(leaves(json.loads(sealed.to_json())))
    assert len(places) > 30
    for count, (path, value) in enumerate(places):
        plain = json.loads(sealed.to_json())
        inside = plain
        for key in path[:-1]:
            inside = inside[key]
        other = value + 1 if isinstance(value, int | float) else f"{value}0"
        inside[path[-1]] = other
        with pytest.raises(StoreError, match=r"manifest\.json (was changed|is damaged|has schema version)"):
            Manifest.read(write(tmp_path / f"{count}", "000003", plain))


@pytest.mark.parametrize("change", ["added", "removed", "no checksum"])
def test_no_key_can_be_added_or_taken_away(change, sealed, tmp_path):
    plain = json.loads(sealed.to_json())
    if change == "added":
        plain["files"]["more.nc"] = "c" * 64
    if change == "removed":
        del plain["compared_with"]
    if change == "no checksum":
        del plain["checksum"]
    with pytest.raises(StoreError, match="was changed after it was written: its checksum does not hold"):
        Manifest.read(write(tmp_path, "000003", plain))


def test_how_the_json_is_laid_out_does_not_matter(sealed, tmp_path):
    plain = dict(reversed(json.loads(sealed.to_json()).items()))
    assert Manifest.read(write(tmp_path, "000003", plain)) == sealed


@pytest.mark.parametrize("schema", [0, 2, "1", None, [1]])
def test_another_schema_version_is_refused_by_its_number(schema, sealed, tmp_path):
    plain = {**json.loads(sealed.to_json()), "schema": schema}
    with pytest.raises(StoreError, match=r"has schema version .*, and this version of clvmodels reads 1"):
        Manifest.read(write(tmp_path, "000003", plain))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"schema": 1',
        b"\xff\xfe\x00",
        b"\x00" * 900,
        b"[" * 200_000,
        b'{"schema": 1, "number": 1' + b"0" * 5000,
    ],
    ids=["empty", "brace", "cut short", "no text", "zeros", "deep", "long"],
)
def test_what_is_no_json_is_damaged(content, tmp_path):
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        Manifest.read(write(tmp_path, "000003", content))


@pytest.mark.parametrize("content", [b"[]", b"3", b'"manifest"', b"null", b"{}"])
def test_json_that_is_no_manifest_is_refused(content, tmp_path):
    with pytest.raises(StoreError, match="has schema version None"):
        Manifest.read(write(tmp_path, "000003", content))


def test_a_cut_at_any_place_is_found(sealed, tmp_path):
    content = sealed.to_json()
    folder = write(tmp_path, "000003", content)
    for length in range(0, len(content) - 2, 7):
        (folder / MANIFEST).write_bytes(content[:length])
        with pytest.raises(StoreError, match="is damaged"):
            Manifest.read(folder)


def test_a_folder_that_was_given_another_number_is_refused_with_that_reason(sealed, tmp_path):
    folder = write(tmp_path, "000004", sealed.to_json())
    with pytest.raises(StoreError, match="000003"):
        Manifest.read(folder)


def test_a_folder_without_a_manifest_is_no_version(tmp_path):
    with pytest.raises(StoreError, match=r"there is no .*manifest\.json: no such version, or it was never finished"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_figures_are_finite_or_none(value):
    with pytest.raises(ValidationError):
        Check(name="rows", figure=value, verdict="passed", sentence="")


def test_a_manifest_cannot_be_changed(sealed):
    with pytest.raises(ValidationError, match="frozen"):
        sealed.number = "000004"


def test_the_checksum_is_that_of_everything_else(sealed):
    plain = json.loads(sealed.to_json())
    told = plain.pop("checksum")
    assert told == hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    assert dt.datetime.fromisoformat(plain["made_at"]).utcoffset() == dt.timedelta(0)


def test_a_file_has_the_checksum_that_sha256sum_prints(tmp_path):
    path = tmp_path / "big"
    path.write_bytes(b"abc" * 1_000_000)
    assert sha256(path) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()


def test_versions_of_packages_are_those_installed():
    assert {"clvmodels", "pymc", "numpy"} <= package_versions().keys()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("rows", "rows"),
        ("k_hat_purchases", "k-hat of purchases"),
        ("r_hat_spend", "r-hat of spend"),
        ("effective_draws_spend", "effective draws spend"),
        ("bias_spend_top_hat_buyers", "bias spend top hat buyers"),
    ],
)
def test_the_title_of_a_check_is_its_name_as_people_write_it(name, title):
    assert Check(name=name, verdict="passed", sentence="").title == title
