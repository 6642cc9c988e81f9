"""A configuration file: values inside and outside their domains."""

import contextlib
import datetime as dt

import pytest

from clvmodels.errors import InvalidConfiguration
from clvmodels.jobs.config import read_config
from clvmodels.jobs.settings import LAST_COMPLETE_DAY

SOURCE = '[source]\ntransactions = "orders.csv"\n'
VALID = [
    ("source.table", ['"orders"', '"schema.orders"']),
    ("source.customer_id", ['"Kunde Nr."', '"顧客"']),
    ("source.date", ['"day"']),
    ("source.value", ['"amount"', "false"]),
    ("source.refunds", ['"error"', '"net"', '"drop"']),
    ("source.unknown_dates", ['"error"', '"drop"']),
    ("source.time_zone", ['"Europe/Berlin"', '"UTC"']),
    ("source.date_format", ['"%d.%m.%Y"']),
    ("segments.file", ['"segments.csv"']),
    ("segments.table", ['"customers"']),
    ("model.time_unit", ['"day"', '"week"', '"month"', '"year"']),
    ("model.observation_end", ["2025-06-30", '"2025-06-30"', f'"{LAST_COMPLETE_DAY}"']),
    ("model.method", ['"auto"', '"importance"', '"nuts"', '"map"']),
    ("model.draws", ["100", "100_000"]),
    ("model.random_seed", ["0", "9223372036854775807"]),
    ("model.include_first", ["true", "false"]),
    ("model.priors.purchases.r", ['{ distribution = "Gamma", alpha = 2, beta = 4.5 }', '{ distribution = "Flat" }']),
    ("model.priors.purchases.kappa", ['{ distribution = "HalfNormal", sigma = 1e3 }']),
    ("model.priors.spend.mean_spend", ['{ distribution = "LogNormal", mu = -1, sigma = 2 }']),
    ("scores.horizon", ["52", "0.5", "1e5"]),
    ("scores.margin", ["1", "0.001"]),
    ("scores.annual_discount_rate", ["0", "0.1", "100"]),
    ("scores.interval", ["0.5", "0.999"]),
    ("scores.quantities", ['["expected_lifetime"]', '["lifetime_value", "probability_alive"]']),
    ("backtest.holdout", ["26", "0.5"]),
    ("backtest.metrics", ['["rmse"]', '["crps", "rmse"]']),
    ("gates.min_rows", ["0", "1000000000000"]),
    ("gates.max_refund_share", ["0", "1"]),
    ("gates.max_activity_change", ["1", "1.5"]),
    ("gates.max_r_hat", ["1.001"]),
    ("gates.max_bias", ["5"]),
    ("gates.max_golden_difference", ["0", "1e-12"]),
    ("report.currency", ['""', '"EUR"', '"$"', '"€"', '"kr."']),
    ("output.folder", ['"/srv/store"', '"../store"']),
    ("output.scores_copy", ['"scores.parquet"']),
    ("mlflow.tracking_uri", ['"http://localhost:5000"']),
]
TEXT, NUMBER, WHOLE = "give text in quotes", "give a number", "give a whole number"
REFUSED = [
    ("source.transactions", '""', "give some text"),
    ("source.transactions", "7", TEXT),
    ("source.transactions", '["a.csv", "b.csv"]', TEXT),
    ("source.table", "true", TEXT),
    ("source.value", "true", TEXT),
    ("source.value", '""', "give some text"),
    ("source.refunds", '"keep"', "it must be 'error', 'net' or 'drop'"),
    ("source.time_zone", '""', "give some text"),
    ("source.time_zone", '"Nowhere/City"', ""),
    ("source.time_zone", '"../../etc/passwd"', ""),
    ("model.time_unit", '"weeks"', "it must be 'day', 'week', 'month', 'year' or 'quarter'"),
    ("model.time_unit", "1", ""),
    ("model.observation_end", '"yesterday"', 'give a date such as 2025-06-30, or "last complete day"'),
    ("model.observation_end", '"2025-02-30"', "give a date such as 2025-06-30"),
    ("model.observation_end", "2025-06-30T12:00:00", "date"),
    ("model.observation_end", "12:00:00", "date"),
    ("model.observation_end", "20250630", "date"),
    ("model.method", '"mcmc"', "it must be 'auto', 'importance', 'nuts' or 'map'"),
    ("model.draws", "99", "it must be greater than or equal to 100"),
    ("model.draws", "100001", "it must be less than or equal to 100000"),
    ("model.draws", "1000.0", WHOLE),
    ("model.draws", '"1000"', WHOLE),
    ("model.draws", "true", WHOLE),
    ("model.random_seed", "-1", "it must be greater than or equal to 0"),
    ("model.random_seed", "9223372036854775808", "it must be less than"),
    ("model.include_first", "1", "give true or false"),
    ("model.priors.purchases.r", '"Gamma"', "make it a table of keys"),
    ("model.priors.purchases.r", '{ distribution = "" }', "give some text"),
    ("model.priors.purchases.r.alpha", None, NUMBER),
    ("scores.horizon", "0", "it must be greater than 0"),
    ("scores.horizon", "-1", "it must be greater than 0"),
    ("scores.horizon", "inf", "give a finite number"),
    ("scores.horizon", "nan", "give a finite number"),
    ("scores.horizon", '"52"', NUMBER),
    ("scores.horizon", "true", NUMBER),
    ("scores.horizon", "1" + 400 * "0", NUMBER),
    ("scores.margin", "1.01", "it must be less than or equal to 1"),
    ("scores.interval", "1", "it must be less than 1"),
    ("scores.interval", "90", "it must be less than 1"),
    ("scores.annual_discount_rate", "-0.1", "it must be greater than or equal to 0"),
    ("scores.quantities", "[]", "name each once, out of probability_alive, "),
    ("scores.quantities", '["clv"]', "name each once"),
    ("scores.quantities", '["expected_lifetime", "expected_lifetime"]', "name each once"),
    ("scores.quantities", '[["expected_lifetime"]]', "name each once"),
    ("scores.quantities", '"expected_lifetime"', "give a list, in square brackets"),
    ("backtest.holdout", "0", "it must be greater than 0"),
    ("backtest.metrics", '["auc"]', "choose from "),
    ("backtest.metrics", "[1]", "choose from "),
    ("backtest.metrics", '"rmse"', "give a list, in square brackets"),
    ("backtest.metrics", '["rmse", "rmse"]', ""),
    ("gates.min_rows", "-1", "it must be greater than or equal to 0"),
    ("gates.max_refund_share", "1.1", "it must be less than or equal to 1"),
    ("gates.max_activity_change", "0.5", "it must be greater than or equal to 1"),
    ("gates.max_r_hat", "1", "it must be greater than 1"),
    ("gates.max_k_hat", "0", "it must be greater than 0"),
    ("report.currency", "7", TEXT),
    ("report.currency", '"12"', "give a code such as 'EUR' or a sign such as '$'"),
    ("report.currency", '"<b>"', "give a code such as 'EUR'"),
    ("report.currency", '"gold ducats"', "give a code such as 'EUR'"),
    ("output.folder", '""', "give some text"),
    ("output.folder", '"a\\u0000b"', ""),
    ("output.scores_copy", '"a\\u0000b"', ""),
    ("output.folder", '"~no such user/store"', ""),
    ("mlflow.experiment", "1", TEXT),
]


def written(name, value):
    """A file that says nothing but the source and one key."""
    *table, key = name.split(".")
    if name == "source.transactions":
        return f"[source]\n{key} = {value}\n"
    if table == ["source"]:
        return f"{SOURCE}{key} = {value}\n"
    needed = 'tracking_uri = "http://localhost"\n' if table == ["mlflow"] and key != "tracking_uri" else ""
    needed += 'file = "a.csv"\n' if table == ["segments"] and key not in {"file", "table"} else ""
    if value is None:  # a parameter of a prior
        *table, prior, key = name.split(".")
        key, value = prior, f'{{ distribution = "Gamma", {key} = "two" }}'
    if table[:2] == ["model", "priors"]:
        return f'{SOURCE}[model]\npurchases = "bg_nbd"\nspend = "gamma_gamma"\n{".".join(table[1:])}.{key} = {value}\n'
    return f"{SOURCE}[{'.'.join(table)}]\n{needed}{key} = {value}\n"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALID for value in values])
def test_a_value_inside_its_domain_is_taken(name, value, load):
    found = load(written(name, value)).config
    for key in name.split("."):
        found = found[key] if isinstance(found, dict) else getattr(found, key)
    assert found is not None


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED, ids=lambda text: f"{text}"[:40])
def test_a_value_outside_its_domain_is_refused_by_its_key(name, value, reason, load):
    with pytest.raises(InvalidConfiguration) as refused:
        load(written(name, value))
    said = str(refused.value)
    assert name in said
    assert reason in said
    assert said.count("; ") == 1, "one problem is one sentence"
    assert len(said) < 500


@pytest.mark.parametrize(
    "text", ["[segments]\n", '[segments]\nfile = "a.csv"\ntable = "b"\n', '[segments]\nsegment = "a"\n']
)
def test_segments_are_in_one_place(text, load):
    with pytest.raises(InvalidConfiguration, match="segments: give either file or table"):
        load(SOURCE + text)


def test_lifetime_values_need_amounts(load):
    with pytest.raises(
        InvalidConfiguration, match=r"scores\.quantities asks for lifetime values, and source\.value is"
    ):
        load(f'{SOURCE}value = false\n[scores]\nquantities = ["lifetime_value"]\n')
    assert load(f"{SOURCE}value = false\n").config.source.value_column is None


def test_dates_are_dates(load):
    for written_date in ("2025-06-30", '"2025-06-30"'):
        config = load(written("model.observation_end", written_date)).config
        assert config.model.observation_end == dt.date(2025, 6, 30)
    same = [
        load(written("model.observation_end", written_date)).config for written_date in ("2025-06-30", '"2025-06-30"')
    ]
    assert same[0].fingerprint == same[1].fingerprint


def test_the_fingerprint_changes_with_everything_but_where_things_are_kept_and_how_they_are_shown():
    said = {"source": {"transactions": "orders.csv"}}
    plain = read_config(said).fingerprint
    for table, values in {
        "output": {"folder": "a"},
        "report": {"currency": "EUR"},
        "mlflow": {"tracking_uri": "http://a"},
        "model": {"draws": 1000},
    }.items():
        assert read_config({**said, table: values}).fingerprint == plain
    for table, values in {"model": {"draws": 1001}, "gates": {"max_bias": 1.0}, "segments": {"file": "a"}}.items():
        assert read_config({**said, table: values}).fingerprint != plain


def test_a_configuration_cannot_be_changed():
    config = read_config({"source": {"transactions": "orders.csv"}})
    with pytest.raises(Exception, match="frozen"):
        config.model.draws = 1


@pytest.mark.parametrize("name", ["self", "args", "name", "distribution_"])
def test_a_prior_whose_parameter_has_an_odd_name_is_a_prior_or_refused(name):
    priors = {"purchases": {"r": {"distribution": "Gamma", name: 1.0}}}
    model = {"purchases": "bg_nbd", "priors": priors}
    with contextlib.suppress(InvalidConfiguration):
        config = read_config({"source": {"transactions": "orders.csv"}, "model": model})
        assert config.model.priors.purchases["r"].prior.parameters == {name: 1.0}
