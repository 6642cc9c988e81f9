"""A configuration file: how it is read, and which of its keys are told when it is refused."""

import os

import pytest

from clvmodels.errors import InvalidConfiguration
from clvmodels.jobs.config import Config, load_config

SOURCE = '[source]\ntransactions = "orders.csv"\n'


@pytest.mark.parametrize("name", [table for table in Config.model_fields])
@pytest.mark.parametrize("value", ['"text"', "1", "[]", "true", "2025-06-30", "[[1]]"])
def test_a_value_in_place_of_a_table_is_refused(name, value, load):
    source = "" if name == "source" else 'source.transactions = "orders.csv"\n'
    with pytest.raises(InvalidConfiguration, match=rf"night\.toml: {name} is .*; make it a table of keys$"):
        load(f"{name} = {value}\n{source}")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("modle.draws", "model"),
        ("model.draw", "model.draws"),
        ("model.priors.purchase.r", "model.priors.purchases"),
        ("source.customerid", "source.customer_id"),
        ("source.Transactions", "source.transactions"),
        ("scores.discount_rate", "scores.annual_discount_rate"),
        ("gates.max_khat", "gates.max_k_hat"),
        ("segments.segements", "segments.segment"),
        ("report.curency", "report.currency"),
        ("mlflow.uri", None),
        ("backtest.quux", None),
        ("quux", None),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_or_with_those_there_are(name, meant, load):
    *tables, key = name.split(".")
    value = "1" if len(tables) < 3 else '{ distribution = "Flat" }'
    begin = [f"{name} = {value}\n", *([] if tables == ["source"] else ['source.transactions = "orders.csv"\n'])]
    with pytest.raises(InvalidConfiguration) as refused:
        load("".join(begin))
    unknown = name if len(tables) < 3 or meant is None else name.rpartition(".")[0]
    unknown = "modle" if name.startswith("modle") else unknown
    assert f"there is no key {unknown}; " in str(refused.value)
    assert (f"do you mean {meant}?" if meant else "there are ") in str(refused.value)
    assert key


def test_a_prior_that_the_model_has_not_is_refused_with_those_that_it_has(load):
    with pytest.raises(InvalidConfiguration, match=r"'gamma_gamma' has no prior of 'q' in priors\.spend; it has p, "):
        load(f'{SOURCE}[model]\nspend = "gamma_gamma"\npriors.spend.q = {{ distribution = "Flat" }}\n')


def test_all_problems_are_told_at_once(load):
    text = f'{SOURCE}date = 7\nvalu = "amount"\n[model]\ndraws = 5\ntime_unit = "weeks"\n'
    text += '[gates]\nmax_bias = "a"\n[output]\nfolder = 1\n'
    with pytest.raises(InvalidConfiguration) as refused:
        load(text)
    keys = ["source.date", "source.valu", "model.draws", "model.time_unit", "gates.max_bias", "output.folder"]
    assert [key for key in keys if key not in str(refused.value)] == []
    assert str(refused.value).count("\n") == 0


def test_the_source_must_be_there(load):
    with pytest.raises(InvalidConfiguration, match=r"night\.toml: the key source is missing$"):
        load("")
    with pytest.raises(InvalidConfiguration, match=r"night\.toml: the key source\.transactions is missing$"):
        load("[source]\n")
    with pytest.raises(InvalidConfiguration, match=r"the key mlflow\.tracking_uri is missing$"):
        load(f"{SOURCE}[mlflow]\n")
    with pytest.raises(InvalidConfiguration, match=r"the key model\.priors\.purchases\.r\.distribution is missing$"):
        load(f"{SOURCE}[model.priors.purchases]\nr = {{ alpha = 1 }}\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[source", ""),
        (f"{SOURCE}[source]\n", "line 3"),
        (f"{SOURCE}{SOURCE}", ""),
        ("[source]\ntransactions = orders.csv\n", "line 2"),
        ("[source]\ntransactions = 'orders.csv\n", ""),
        ("[source]\ndate = 2025-02-30\n", "line 2"),
        ("a = " + "[" * 100_000, ""),
        ("a = 1" + "0" * 5000, ""),
        ("[source]\ntransactions = 'Müller.csv'\n".encode("latin-1"), "utf-8"),
        (b"\xff\xfe[\x00s\x00", "utf-8"),
        (b"PAR1\x00\x01", ""),
    ],
    ids=[
        "bracket",
        "table twice",
        "key twice",
        "no quotes",
        "no end",
        "no date",
        "deep",
        "long",
        "latin-1",
        "utf-16",
        "binary",
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(content, reason, load):
    with pytest.raises(InvalidConfiguration, match=rf"night\.toml is not TOML: .*{reason}.*"):
        load(content)


def test_a_byte_order_mark_does_no_harm(load):
    assert load("\ufeff" + SOURCE).config.source.transactions == "orders.csv"


def test_lines_may_end_as_on_windows(load):
    assert load(SOURCE.replace("\n", "\r\n")).config.source.transactions == "orders.csv"


def test_a_file_that_is_not_there_names_init(tmp_path):
    path = tmp_path / "night.toml"
    with pytest.raises(InvalidConfiguration, match=rf"there is no file {path}; write one with: clvmodels init {path}"):
        load_config(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InvalidConfiguration, match=rf"cannot read {tmp_path}: Is a directory"):
        load_config(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "night.toml"
    path.write_text(SOURCE)
    path.chmod(0)
    with pytest.raises(InvalidConfiguration, match="cannot read .*: Permission denied"):
        load_config(path)


def test_paths_are_seen_from_the_files_folder(tmp_path, monkeypatch):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "night.toml").write_text(
        f'{SOURCE}[output]\nfolder = "store"\nscores_copy = "/srv/scores.parquet"\n'
    )
    monkeypatch.chdir(tmp_path)
    job = load_config("jobs/night.toml")
    assert job.store == tmp_path / "jobs" / "store"
    assert str(job.scores_copy) == "/srv/scores.parquet"


def test_the_home_folder_may_be_named(load, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert load(f'{SOURCE}[output]\nfolder = "~/store"\n').store == tmp_path / "me" / "store"


@pytest.mark.parametrize(
    "copy", ["orders.csv", "night.toml", "clvmodels-store/published.json", "clvmodels-store", "./orders.csv"]
)
def test_a_copy_of_the_scores_replaces_nothing_that_the_job_reads_or_keeps(copy, load):
    with pytest.raises(InvalidConfiguration, match=r"output\.scores_copy is .*; choose another place"):
        load(f"{SOURCE}[output]\nscores_copy = '{copy}'\n")
