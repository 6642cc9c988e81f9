"""The configuration file that `clvmodels init` writes: valid as it is, with every key and its default."""

import re
import tomllib
from typing import get_args

import pytest
from pydantic import BaseModel

from clvmodels.errors import InvalidArgument
from clvmodels.jobs.config import Config, load_config, read_config
from clvmodels.jobs.settings import PriorChoice
from clvmodels.jobs.template import template, write_template
from clvmodels.models.priors import prior_names
from clvmodels.models.registry import default_models
from clvmodels.scoring import QUANTITIES

# Shown as an example, since nothing is there by default.
EXAMPLES = {"source.table", "source.time_zone", "source.date_format", "backtest.holdout", "output.scores_copy"}
EXAMPLES |= {f"segments.{key}" for key in ("file", "table", "customer_id")} | {"mlflow.tracking_uri"}
EXAMPLES |= {
    "model.opportunity",
    "scores.quantities",
    "report.currency",
}
PRIORS = "model.priors."  # each model has its own


def uncommented(*without):
    """The template with every key that is commented out put in, but those that begin so."""
    lines = []
    for line in template().splitlines():
        found = re.fullmatch(r"# ((?:\[[a-z_.]+\]|[a-z_]+ = ).*)", line)
        lines.append(found[1] if found and not found[1].startswith(without) else line)
    return tomllib.loads("\n".join(lines))


def flat(plain, prefix=""):
    """Nested tables as dotted keys; a prior is one value."""
    found = {}
    for key, value in plain.items():
        name = f"{prefix}{key}"
        inside = isinstance(value, dict) and "distribution" not in value
        found |= flat(value, f"{name}.") if inside else {name: value}
    return found


def fields(model, prefix=""):
    """The dotted keys of a configuration with their defaults."""
    found = {}
    for key, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        tables = [kind for kind in kinds if issubclass(kind, BaseModel) and kind is not PriorChoice]
        own = field.get_default(call_default_factory=True)
        found |= fields(tables[0], f"{prefix}{key}.") if tables else {f"{prefix}{key}": own}
    return found


def test_it_is_valid_as_it_is(tmp_path):
    job = load_config(write_template(tmp_path / "new" / "clvmodels.toml"))
    assert job.config == read_config({"source": {"transactions": "orders.csv"}})
    assert job.store == tmp_path / "new" / "clvmodels-store"


def test_it_is_valid_with_every_key_put_in():
    said = uncommented("table = ")
    assert "table" not in said["segments"]
    config = read_config(said)
    assert all(choice.prior.distribution for _, chosen in config.model.priors for choice in chosen.values())
    assert config.mlflow.experiment == "clvmodels"


def test_a_segments_table_instead_of_a_file_is_valid_as_well():
    assert read_config(uncommented("file = ")).segments.table == "customers"


def test_every_key_is_in_it():
    shown = {name for name in flat(uncommented()) if not name.startswith(PRIORS)}
    assert shown == {name for name in fields(Config) if not name.startswith(PRIORS)}


def test_the_priors_that_it_names_are_those_of_the_default_models():
    for model in default_models():
        line = next(line for line in template().splitlines() if f"[{PRIORS}{model.posterior.part}" in line)
        assert all(re.search(rf"\b{name}\b", line) for name in prior_names(model))


def test_the_defaults_it_shows_are_those_that_hold():
    defaults = fields(Config)
    for name, shown in flat(uncommented()).items():
        if name.startswith(PRIORS):
            continue
        default = defaults[name]
        if name in EXAMPLES:
            assert default in (None, "") or name == "mlflow.tracking_uri", name
        elif name != "source.transactions":
            assert (list(default) if isinstance(default, tuple) else default) == shown, name
    assert set(uncommented()["scores"]["quantities"]) <= set(QUANTITIES)


def test_every_choice_in_quotes_is_named():
    for key, choices in (
        ("refunds", {"error", "net", "drop"}),
        ("unknown_dates", {"error", "drop"}),
        ("time_unit", {"day", "week", "month", "quarter", "year"}),
        ("method", {"auto", "importance", "nuts", "map"}),
    ):
        line = next(line for line in template().splitlines() if line.startswith(f"# {key} = "))
        assert set(re.findall(r'"(\w+)"', line)) == choices


def test_a_file_that_is_there_is_not_touched(tmp_path):
    path = tmp_path / "clvmodels.toml"
    path.write_text("mine")
    with pytest.raises(InvalidArgument, match=rf"{path} is there already and stays as it is; give another name"):
        write_template(path)
    assert path.read_text() == "mine"


def test_its_lines_fit_a_terminal():
    assert max(map(len, template().splitlines())) <= 120
