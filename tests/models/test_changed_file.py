"""Files of posteriors with bytes or values changed at random: each gives a posterior or a reason."""

import json
from functools import cache
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clvmodels as clv
from clvmodels.models.posterior import Posterior


@cache
def saved(model):
    made = {
        "BetaGeo": lambda: clv.BetaGeo.at(r=[0.2, 0.3], alpha=[4, 5], a=[0.7, 0.8], b=[2, 3], time_unit="week"),
        "GammaGamma": lambda: clv.GammaGamma.at(p=[6, 7], q=[3, 4], v=[15, 16], time_unit="week"),
    }
    with TemporaryDirectory() as folder:
        return made[model]().save(f"{folder}/saved.nc").read_bytes()


MODELS = st.sampled_from(["BetaGeo", "GammaGamma"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bytes_that_were_changed_give_a_posterior_or_a_reason(data, tmp_path):
    content = bytearray(saved(data.draw(MODELS)))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    (path := tmp_path / "flipped.nc").write_bytes(content)
    try:
        found = clv.load_posterior(path)
    except clv.ClvError:
        return
    assert isinstance(found, Posterior)
    assert all((draws > 0).all() and np.isfinite(draws).all() for draws in found.parameter_draws())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(model=MODELS, data=st.data())
def test_metadata_that_were_changed_give_a_posterior_or_a_reason(model, data, tmp_path):
    (path := tmp_path / "changed.nc").write_bytes(saved(model))
    with h5py.File(path) as file:
        plain = json.loads(file.attrs["clvmodels"])
    part, key = plain, data.draw(st.sampled_from(sorted(plain)))
    while isinstance(part[key], dict) and part[key] and data.draw(st.booleans()):
        part = part[key]
        key = data.draw(st.sampled_from(sorted(part)))
    part[key] = data.draw(JSON)
    with h5py.File(path, "r+") as file:
        file.attrs["clvmodels"] = json.dumps(plain)
    try:
        found = clv.load_posterior(path)
    except clv.ClvError:
        return
    assert isinstance(found, Posterior)
    assert len(found.summary()) == len(found.parameters)
