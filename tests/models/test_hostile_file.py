"""Files that say what no posterior says: each is refused by name, and leads to no other file."""

import json
import os
from functools import cache
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
import xarray as xr

import clvmodels as clv

FIELDS = {
    "BetaGeoPosterior": ("format", "model", "diagnostics", "priors", "time_unit", "random_seed", "fingerprint"),
    "GammaGammaPosterior": ("include_first", "left_out"),
}


@cache
def beta_geo():
    return clv.BetaGeo.at(r=[0.2, 0.3], alpha=[4.0, 5.0], a=[0.7, 0.8], b=[2.0, 3.0], time_unit="week")


@cache
def gamma_gamma():
    return clv.GammaGamma.at(p=[6.0, 7.0], q=[3.0, 4.0], v=[15.0, 16.0], time_unit="week")


@cache
def saved(posterior):
    with TemporaryDirectory() as folder:
        return posterior().save(f"{folder}/saved.nc").read_bytes()


@pytest.fixture
def changed(tmp_path):
    """Save a posterior, change its file, and return the path."""

    def make(change, posterior=beta_geo):
        (path := tmp_path / "changed.nc").write_bytes(saved(posterior))
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return make


def told(**replaced):
    """Change what a file says of its posterior; None takes a key out."""

    def change(file):
        found = {**json.loads(file.attrs["clvmodels"]), **replaced}
        file.attrs["clvmodels"] = json.dumps({key: value for key, value in found.items() if value is not None})

    return change


def text(content):
    return lambda file: file.attrs.__setitem__("clvmodels", content)


def put(name, value):
    """Put another thing in the place of one."""

    def change(file):
        del file[name]
        file[name] = value

    return change


def array(name, **how):
    """Put an array in the place of another, stored in some way."""

    def change(file):
        del file[name]
        file.create_dataset(name, **how)

    return change


def refused(path, why):
    with pytest.raises(clv.ClvError, match=why) as raised:
        clv.load_posterior(path)
    assert str(path) in str(raised.value)
    assert len(str(raised.value)) < 500 + len(str(path))


@pytest.mark.parametrize("field", FIELDS["BetaGeoPosterior"])
def test_a_key_that_is_missing_is_named(field, changed):
    refused(changed(told(**{field: None})), f"{field} is missing")


@pytest.mark.parametrize("field", FIELDS["GammaGammaPosterior"])
def test_a_key_of_one_model_alone_that_is_missing_is_named(field, changed):
    refused(changed(told(**{field: None}), gamma_gamma), f"{field} is missing")


@pytest.mark.parametrize("wrong", [3.5, [1], {"a": 1}, True, "<script>" * 1000, float("nan"), -1])
@pytest.mark.parametrize("field", FIELDS["BetaGeoPosterior"])
def test_a_value_of_the_wrong_type_is_named(field, wrong, changed):
    refused(changed(told(**{field: wrong})), f"{field}|format|holds a|the priors are of")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            told(time_unit="<script>"),
            "time_unit is '<script>': Input should be 'day', 'week', 'month', 'year' or 'quarter'",
        ),
        (told(random_seed=-1), "random_seed is -1; give a whole number, zero or more"),
        (told(format=2), "has format 2, this version reads format 1"),
        (told(model="ParetoNBD"), "holds a 'ParetoNBD', which this version does not know"),
        (told(model="GammaGammaPosterior"), "include_first is missing"),
        (told(fingerprint="../x"), "fingerprint is '../x'"),
        (told(priors={"r": {"distribution": "Gamma", "parameters": {}}}), r"the priors are of \['r'\]; give those of"),
        (told(priors={"r": {"distribution": "Gamma"}}), "priors.r.parameters is missing"),
        (told(diagnostics={"method": "given", "converged": True}), "diagnostics.effective_sample_size is missing"),
        (text("{"), "Invalid JSON"),
        (text("[" * 5000 + "]" * 5000), "Invalid JSON: recursion limit exceeded"),
        (text('{"format": 1, "model": ' + "[" * 5000 + "]" * 5000 + "}"), "recursion limit exceeded"),
        (text("x" * 2**25), "has 33,554,432 bytes; 16,777,216 are the most"),
        (text(np.bytes_(b"\xff\xfe{")), "Invalid JSON"),
        (text(["{}", "{}"]), "is no text"),
        (text(3), "is no text"),
        (text(h5py.Empty("S10")), "is no text"),
        (lambda file: file.attrs.__delitem__("clvmodels"), "it has no attribute 'clvmodels'"),
    ],
)
def test_what_contradicts_itself_is_refused_with_what_was_found(change, why, changed):
    refused(changed(change), why)


@pytest.mark.parametrize("draw", [-1.0, 0.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["r", "alpha", "a", "b"])
def test_a_draw_outside_its_domain_is_refused_as_at_refuses_it(name, draw, changed):
    values = {"r": 1.0, "alpha": 1.0, "a": 1.0, "b": 1.0, name: draw}
    with pytest.raises(clv.InvalidArgument, match="must be positive and finite") as at:
        clv.BetaGeo.at(**values, time_unit="week")
    path = changed(put(f"posterior/{name}", [[1.0, draw]]))
    with pytest.raises(clv.ClvError) as loaded:
        clv.load_posterior(path)
    assert str(at.value) in str(loaded.value)


def test_a_spend_without_a_mean_is_refused_as_at_refuses_it(changed):
    with pytest.raises(clv.InvalidArgument, match=r"q above 1; found 1\.0"):
        clv.GammaGamma.at(p=1.0, q=1.0, v=1.0, time_unit="week")
    refused(changed(put("posterior/q", [[3.0, 1.0]]), gamma_gamma), r"q above 1; found 1\.0")
    refused(changed(told(left_out=-5), gamma_gamma), "left_out is -5")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.array([[b"a", b"b"]]), "not float64"),
        (np.array([[1, 2]]), "int64, not float64"),
        (np.array([[1, 2]], "f4"), "float32, not float64"),
        (np.array([[1j, 2]]), "complex128, not float64"),
        (np.zeros((1, 2), [("x", "f8")]), "not float64"),
        ([1.0, 2.0], r"the shape \(2,\); 2 dimensions are needed"),
        (1.0, r"the shape \(\); 2 dimensions are needed"),
        ([[1.0]], "conflicting sizes"),
        (np.zeros((1, 0)), "plain array|conflicting sizes"),
    ],
)
def test_draws_of_another_kind_or_shape_are_refused(value, why, changed):
    refused(changed(put("posterior/r", value)), why)


@pytest.mark.parametrize("dtype", [h5py.string_dtype(), h5py.vlen_dtype(float), h5py.ref_dtype])
def test_draws_that_point_elsewhere_in_the_file_are_refused(dtype, changed):
    refused(changed(array("posterior/r", shape=(1, 2), dtype=dtype)), "r has the type object, not float64")


def test_a_parameter_or_the_draws_that_are_missing_are_named(changed):
    refused(changed(lambda file: file.__delitem__("posterior/r")), "it has no 'r'")
    refused(changed(lambda file: file.__delitem__("posterior")), "it has no 'posterior'")
    refused(changed(put("posterior", 3.0)), "its 'posterior' is not a group")
    refused(
        changed(lambda file: file["posterior"].__delitem__("r") or file.create_group("posterior/r")), "not an array"
    )


@pytest.mark.parametrize(
    "how",
    [
        {"shape": (1, 10**11), "dtype": "f8"},
        {"shape": (1, 10**11), "dtype": "f8", "chunks": (1, 10**6), "compression": "gzip", "fillvalue": 1.0},
        {"data": [[1.0, 2.0]], "chunks": (1, 1), "compression": "gzip"},
    ],
)
def test_more_draws_than_the_file_has_bytes_are_refused_before_they_are_read(how, changed):
    refused(changed(array("posterior/r", **how)), "the file is too short for|not stored as one plain array")


def test_no_other_file_is_read(changed, tmp_path):
    other = beta_geo().save(tmp_path / "other.nc")
    raw = {"shape": (1, 2), "dtype": "f8", "external": [(str(other), 0, 16)]}
    refused(changed(array("posterior/r", **raw)), "r is not stored as one plain array in the file itself")
    for name in ("posterior", "posterior/r", "posterior/draw"):
        refused(changed(put(name, h5py.ExternalLink(str(other), name))), "is a link, which may lead to another file")
        if name != "posterior/draw":
            refused(changed(put(name, h5py.SoftLink("/elsewhere"))), "is a link, which may lead to another file")
    refused(changed(lambda file: file.__setitem__("more", h5py.ExternalLink(str(other), "/"))), "'more' is a link")


@pytest.mark.parametrize(("name", "shape", "dtype"), [("r", (1, 2), "f8"), ("draw", (2,), "i8")])
def test_virtual_draws_are_refused_before_their_sources_are_looked_at(name, shape, dtype, changed, tmp_path):
    other = beta_geo().save(tmp_path / "other.nc")

    def change(file):
        del file[f"posterior/{name}"]
        layout = h5py.VirtualLayout(shape, dtype)
        layout[:] = h5py.VirtualSource(str(other), f"/posterior/{name}", shape)
        file.create_virtual_dataset(f"posterior/{name}", layout)

    refused(changed(change), f"{name} is not stored as one plain array in the file itself")


@pytest.mark.parametrize("size", [0, 8, 2**40, 2**64 - 1])
def test_a_text_whose_length_would_hold_up_hdf5_is_refused(size, tmp_path):
    content = bytearray(saved(beta_geo))
    free = content.index(b"GCOL") + 16
    while int.from_bytes(content[free : free + 2], "little"):
        free += 16 + -(-int.from_bytes(content[free + 8 : free + 16], "little") // 8) * 8
    content[free + 8 : free + 16] = size.to_bytes(8, "little")
    (path := tmp_path / "circle.nc").write_bytes(content)
    refused(path, "its texts are damaged")


def test_what_is_no_file_of_ours_is_refused(tmp_path):
    for number, content in enumerate([b"", b"hello", bytes(5000), b"\x89HDF\r\n\x1a\n", b"CDF\x01" + bytes(100)]):
        (path := tmp_path / f"{number}.nc").write_bytes(content)
        refused(path, "is not a posterior saved by clvmodels")
    xr.Dataset({"r": ("draw", np.zeros(3))}).to_netcdf(path := tmp_path / "three.nc", engine="scipy")
    refused(path, "is not a posterior saved by clvmodels")


def test_what_cannot_be_a_file_is_refused(tmp_path):
    refused(tmp_path, "is a folder; give the name of a file")
    os.mkfifo(pipe := tmp_path / "pipe.nc")
    refused(pipe, "is no file but a pipe or a device")
    refused(tmp_path / "nowhere" / "x.nc", "there is no file")
    for path, message in {"x" * 5000: "too long for the name of a file", "a\0b": "no file can be called"}.items():
        with pytest.raises(clv.InvalidArgument, match=message):
            clv.load_posterior(path)
    for path in (None, 3, beta_geo()):
        with pytest.raises(clv.InvalidArgument, match="give a path"):
            clv.load_posterior(path)


def test_a_file_larger_than_any_posterior_is_refused_before_it_is_read(tmp_path):
    path = beta_geo().save(tmp_path / "sparse.nc")
    os.truncate(path, 2**40)
    refused(path, "has 1,099,511,627,776 bytes, and a posterior 1,073,741,824 at the most")


def test_a_file_cut_short_anywhere_is_refused(tmp_path):
    whole = beta_geo().save(tmp_path / "whole.nc").read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        (tmp_path / "cut.nc").write_bytes(whole[:length])
        refused(tmp_path / "cut.nc", "is not a posterior saved by clvmodels")


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.create_group("prior").create_dataset("r", data=[1.0]),
        lambda file: file["posterior"].create_dataset("lp", data=[1.0]),
        lambda file: file.__setitem__("posterior/again", file["/"]),
        told(more=1),
        put("posterior/r", np.array([[0.2, 0.3]], ">f8")),
    ],
)
def test_what_changes_no_draw_does_not_matter(change, changed):
    assert clv.load_posterior(changed(change)).samples.identical(beta_geo().samples)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("divergences", -5),
        ("effective_sample_size", -5.0),
        ("effective_sample_size", float("inf")),
        ("k_hat", float("-inf")),
        ("r_hat", -1.0),
        ("r_hat_limit", float("inf")),
        ("r_hat_limit", float("nan")),
    ],
)
def test_diagnostics_that_no_fit_has_are_refused(name, value, changed):
    def change(file):
        said = json.loads(file.attrs["clvmodels"])
        said["diagnostics"][name] = value
        file.attrs["clvmodels"] = json.dumps(said)

    refused(changed(change), f"diagnostics.{name} is")


def test_a_key_that_is_said_twice_is_refused(changed):
    def change(file):
        week = '"time_unit": "week"'
        file.attrs["clvmodels"] = file.attrs["clvmodels"].replace(week, f'{week}, "time_unit": "day"')

    refused(changed(change), "it says a thing twice")


@pytest.mark.parametrize("versions", [None, 5, "<script>"])
def test_versions_are_texts_by_package(versions, changed):
    refused(changed(told(versions=versions)), "versions is")


@cache
def pooled():
    return clv.Pool.of([beta_geo(), beta_geo()], draws=4)


def members(change):
    """Change what a file says of the members of a pool."""

    def make(file):
        found = json.loads(file.attrs["clvmodels"])
        found["members"] = change(found["members"])
        file.attrs["clvmodels"] = json.dumps(found)

    return make


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (members(lambda each: []), "members"),
        (members(lambda each: each * 2), "no 'member_2'"),
        (members(lambda each: [each[0], {**each[1], "time_unit": "day"}]), "in weeks and days"),
        (members(lambda each: [each[0], {**each[1], "model": "PoolPosterior"}]), "does not know"),
        (members(lambda each: [each[0], {**each[1], "model": "GammaGammaPosterior"}]), "include_first"),
        (members(lambda each: ["a", "b"]), "members"),
        (members(lambda each: 3), "members"),
        (told(random_seed=-1), "random_seed"),
        (told(random_seed=None), "random_seed is missing"),
        (lambda file: file.__delitem__("member_1"), "no 'member_1'"),
        (lambda file: file["member_1"].__delitem__("alpha"), "no 'alpha'"),
        (lambda file: file["member_1/r"].__setitem__(..., -1.0), "must be positive"),
    ],
)
def test_a_pool_that_contradicts_itself_is_refused(changed, change, message):
    with pytest.raises(clv.ClvError, match=message):
        clv.load_posterior(changed(change, pooled))


def test_a_member_that_is_a_link_is_not_followed(changed, tmp_path):
    def link(file):
        del file["member_1"]
        file["member_1"] = h5py.ExternalLink(str(tmp_path / "elsewhere.nc"), "/posterior")

    with pytest.raises(clv.ClvError, match="is a link"):
        clv.load_posterior(changed(link, pooled))
