"""Whatever a configuration file says, it is taken, and can then be used, or refused by the key's name."""

import datetime as dt
import json
import os
from copy import deepcopy
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from clvmodels.errors import InvalidConfiguration
from clvmodels.jobs.config import Job, load_config, read_config
from clvmodels.jobs.template import template
from clvmodels.scoring import QUANTITIES

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
ODD_TEXT = st.sampled_from(
    ["", " ", "\x00", "a\x00b", "\x1b[2J", "~", "~nobody/x", "..", "/", "\u202eabc", "٣", "a" * 5000, "$X", "${X}"]
)
HUGE = st.sampled_from([10**18, 2**63, 2**64, -(2**63) - 1, 10**400, -(10**400)])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-3, 200_000),
    HUGE,
    st.floats(allow_nan=True, allow_infinity=True),
    TEXT,
    ODD_TEXT,
    st.dates(),
    st.times().map(lambda time: time.replace(fold=0)),
    st.datetimes(timezones=st.none() | st.just(dt.UTC), allow_imaginary=False).map(lambda time: time.replace(fold=0)),
)
JUNK = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3), max_leaves=5
)
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
SHARES, COUNTS = st.floats(0, 1), st.integers(0, 10**6)
POSITIVE = st.floats(0.001, 1000) | st.integers(1, 1000)
PRIORS = st.fixed_dictionaries({"distribution": NAMES}, optional={"mu": st.floats(-9, 9), "sigma": POSITIVE})
VALID = {
    "source": {
        "transactions": NAMES,
        "table": NAMES,
        "customer_id": NAMES,
        "date": NAMES,
        "value": NAMES | st.just(False),
        "refunds": st.sampled_from(["error", "net", "drop"]),
        "unknown_dates": st.sampled_from(["error", "drop"]),
        "time_zone": st.sampled_from(["UTC", "Europe/Berlin"]),
        "date_format": st.just("%d.%m.%Y"),
    },
    "segments": {"file": NAMES, "customer_id": NAMES, "segment": NAMES},
    "model": {
        "purchases": st.just("bg_nbd"),
        "time_unit": st.sampled_from(["day", "week", "month", "year"]),
        "observation_end": st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)) | st.just("last complete day"),
        "method": st.sampled_from(["auto", "importance", "nuts", "map"]),
        "draws": st.integers(100, 100_000),
        "random_seed": st.integers(0, 2**63 - 1),
        "include_first": st.booleans(),
        "priors": st.fixed_dictionaries(
            {},
            optional={
                "purchases": st.fixed_dictionaries({}, optional={"r": PRIORS, "phi": PRIORS}),
                "spend": st.just({}),
            },
        ),
    },
    "scores": {
        "horizon": POSITIVE,
        "margin": st.floats(0.01, 1),
        "annual_discount_rate": st.floats(0, 100),
        "interval": st.floats(0.01, 0.99),
        "quantities": st.permutations([name for name in QUANTITIES if "value" not in name]),
    },
    "backtest": {"holdout": POSITIVE, "metrics": st.sampled_from([["rmse"], ["crps", "rmse"]])},
    "gates": {"min_rows": COUNTS, "min_customers": COUNTS, "max_refund_share": SHARES, "max_bias": POSITIVE},
    "report": {"currency": st.sampled_from(["", "EUR", "$"])},
    "output": {"folder": NAMES, "scores_copy": NAMES},
    "mlflow": {"tracking_uri": NAMES, "experiment": NAMES, "registered_model": NAMES},
}
NEEDED = {"source": ["transactions"], "model": ["purchases"], "segments": ["file"], "mlflow": ["tracking_uri"]}
PLACES = [(table, key) for table, keys in VALID.items() for key in keys]
PLACES += [(table,) for table in VALID] + [("model", "priors", "purchases"), ("model", "priors", "purchases", "r")]
PLACES += [("model", "priors", "spend", "p", "distribution"), ("model", "priors", "spend", "p", "mu")]
PLACES += [("model", "priors", "purchases", "r", key) for key in ("self", "name", "", "distribution")]
TEXTS = [
    ("source", key) for key in ("transactions", "table", "customer_id", "date", "value", "time_zone", "date_format")
]
TEXTS += [
    ("report", "currency"),
    ("output", "folder"),
    ("output", "scores_copy"),
    ("model", "observation_end"),
    ("mlflow", "tracking_uri"),
]
TEXTS += [("segments", key) for key in VALID["segments"]] + [("model", "priors", "spend", "p", "distribution")]


def table_of(name):
    """One table with values inside their domains."""
    keys, needed = VALID[name], NEEDED.get(name, [])
    rest = {key: values for key, values in keys.items() if key not in needed}
    return st.fixed_dictionaries({key: keys[key] for key in needed}, optional=rest)


CONFIGURATIONS = st.fixed_dictionaries(
    {"source": table_of("source")}, optional={name: table_of(name) for name in VALID if name != "source"}
)
SPOILT = st.tuples(
    CONFIGURATIONS, st.sampled_from(PLACES) | st.tuples(st.sampled_from([*VALID]), TEXT) | st.tuples(TEXT), JUNK
)


def put(said, place, value):
    """A copy with one value put in a place."""
    said = deepcopy(said)
    inside = said
    for key in place[:-1]:
        inside = inside.setdefault(key, {})
    inside[place[-1]] = value
    return said


def toml(value):
    """A value as TOML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else repr(value)


def use(config):
    """What a run does with a configuration before it reads anything."""
    assert len(config.fingerprint) == 64
    json.dumps(config.model_dump(mode="json"), allow_nan=False)
    job = Job(config=config, folder=Path("/nowhere"))
    assert not any("\0" in os.fspath(path) for path in (job.store, job.scores_copy or job.store))
    if config.source.time_zone is not None:
        ZoneInfo(config.source.time_zone)
    for _, chosen in config.model.priors:
        assert all(choice.prior.distribution for choice in chosen.values())


def outcome(said):
    """The configuration, or why it is refused; there is no third way."""
    return taken(lambda: read_config(said, name="here"))


def outcome_of(path):
    """That of a file."""
    return taken(lambda: load_config(path).config)


def taken(read):
    try:
        config = read()
    except InvalidConfiguration as error:
        return None, str(error)
    use(config)
    return config, ""


@given(CONFIGURATIONS)
@settings(max_examples=80)
def test_values_inside_their_domains_are_taken(said):
    config, reason = outcome(said)
    assert reason == ""
    assert config.source.transactions == said["source"]["transactions"]
    assert read_config({**config.model_dump(), "mlflow": said.get("mlflow")}) == config


@given(SPOILT)
@settings(max_examples=500)
def test_one_value_of_any_kind_is_taken_or_refused_by_its_key(spoilt):
    said, place, value = spoilt
    config, reason = outcome(put(said, place, value))
    if config is None:
        name = "segments" if place[0] == "segments" else ".".join(place)
        assert name in reason
    else:
        assert place[0] in VALID


@given(CONFIGURATIONS, st.sampled_from(TEXTS), ODD_TEXT | TEXT)
@settings(max_examples=400)
def test_text_of_any_kind_is_taken_or_refused_by_its_key(said, place, text):
    config, reason = outcome(put(said, place, text))
    assert config is not None or ".".join(place) in reason or place[0] == "segments"


@given(
    CONFIGURATIONS,
    st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=2, max_size=6, unique_by=lambda pair: pair[0]),
)
@settings(max_examples=100)
def test_many_values_of_any_kind_are_taken_or_refused_together(said, changes):
    for place, value in sorted(changes, key=lambda pair: len(pair[0])):
        if all(isinstance(inside, dict) for inside in tables_on_the_way(said, place)):
            said = put(said, place, value)
    together = outcome(said)[1]
    assert together == "" or together.startswith("here: ")


def tables_on_the_way(said, place):
    """What is passed on the way to a place."""
    for key in place[:-1]:
        said = said.get(key, {})
        yield said
        if not isinstance(said, dict):
            return


@given(SPOILT)
@settings(max_examples=80)
def test_a_file_says_what_its_values_say(tmp_path_factory, spoilt):
    said = put(*spoilt)
    path = tmp_path_factory.getbasetemp() / "said.toml"
    path.write_bytes("\n".join(f"{toml(key)} = {toml(value)}" for key, value in said.items()).encode())
    config, reason = outcome(said)
    assert outcome_of(path) == (config, reason.replace("here", str(path), 1))


@given(
    st.integers(0, len(template())),
    st.integers(0, 40),
    TEXT | st.sampled_from(['"', "[", "]", "{", "=", "\n", "#", "'''"]),
)
@settings(max_examples=400)
def test_a_template_with_a_slip_is_taken_or_refused_by_its_path(tmp_path_factory, start, length, slip):
    path = tmp_path_factory.getbasetemp() / "slip.toml"
    path.write_bytes((template()[:start] + slip + template()[start + length :]).encode())
    config, reason = outcome_of(path)
    assert config is not None or reason.startswith(str(path))


@given(st.binary(max_size=60))
@settings(max_examples=80)
def test_bytes_of_any_kind_are_taken_or_refused_by_their_path(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    config, reason = outcome_of(path)
    assert config is not None or reason.startswith(str(path))
