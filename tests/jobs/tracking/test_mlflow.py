"""MLflow: what a retraining leaves on a tracking server of this machine, and what loads from it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.jobs.tracking.run import Run, check_tracking, log_run, point_champion
from clvmodels.scoring import QUANTITIES, Scorer

pytestmark = [
    pytest.mark.mlflow,
    # MLflow warns of its own classes when it is imported, and hides that only where warnings are no errors.
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
    # It compares columns with a range, which pandas 4 will see as one value.
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated"),
]

SCORING = {"horizon": 39, "margin": 0.3, "annual_discount_rate": 0.1, "interval": 0.8, "quantities": QUANTITIES}
PLACE = {"experiment": "nightly", "registered_model": "the shop's customers"}


@pytest.fixture(scope="module")
def rfm():
    return clv.datasets.simulate_rfm(customers=200, random_seed=1)


@pytest.fixture(scope="module")
def fitted(rfm):
    choices = {"draws": 100, "random_seed": 1}
    return {"purchases": clv.BetaGeo().fit(rfm, **choices), "spend": clv.GammaGamma().fit(rfm, **choices)}


@pytest.fixture
def run(fitted, tmp_path):
    folder = tmp_path / "versions" / "000001"
    for name, posterior in fitted.items():
        posterior.save(folder / f"{name}.nc")
    tracked = [{"end": 1.0, "actual": 9, "as_before": 8.5}, {"end": 2.0, "actual": 19, "as_before": None}]
    (folder / "evaluation.json").write_text(json.dumps({"time_unit": "week", "tracking": tracked}))
    (folder / "report.html").write_text("<title>Report</title>")
    (folder / "report.md").write_text("# Report")
    (folder / "report.json").write_text("{}")
    return Run(
        version="000001",
        published=True,
        folder=folder,
        scoring=SCORING,
        parameters={"model.time_unit": "week", "purchases.r": 0.25},
        metrics={"backtest.rmse": 1.5, "check.k_hat": 0.3},
    )


def logged(run, server, **place):
    return log_run(run, tracking_uri=server, **{**PLACE, **place})


def loaded(server, name, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    return mlflow.pyfunc.load_model(f"models:/{name}")


def test_a_server_that_answers_is_accepted(server):
    assert check_tracking(server) is None


def test_a_run_holds_parameters_metrics_documents_and_figures(run, server, client):
    found = client.get_run(run_id := logged(run, server))
    assert found.info.status == "FINISHED"
    assert found.data.params == {"model.time_unit": "week", "purchases.r": "0.25"}
    assert found.data.metrics == dict(run.metrics)
    assert found.data.tags["clvmodels_version"] == "000001"
    assert client.get_experiment(found.info.experiment_id).name == "nightly"
    documents = {"evaluation.json", "figures", "report.html", "report.json", "report.md"}
    assert {file.path for file in client.list_artifacts(run_id)} == documents
    assert [file.path for file in client.list_artifacts(run_id, "figures")] == ["figures/tracking.svg"]


def test_names_and_values_that_mlflow_refuses_are_made_to_fit(run, server, client):
    odd = replace(
        run,
        parameters={"source.path": "x" * 7000, "a b/../c?": "", "a" * 300: 1.0},
        metrics={"bias by segment/a%": 1.0, "bias by segment/a?": 2.0, "unknown": np.nan, "worst": np.inf},
    )
    data = client.get_run(logged(odd, server)).data
    assert data.params == {"source.path": "x" * 6000, "a b/c_": "", "a" * 240: "1.0"}
    assert data.metrics == {"bias by segment/a_": 1.0, "bias by segment/a__2": 2.0}


def test_more_figures_than_fit_one_request_are_logged(run, server, client):
    many = {f"figure {number}": float(number) for number in range(1200)}
    data = client.get_run(logged(replace(run, parameters=many, metrics=many), server)).data
    assert (len(data.params), len(data.metrics)) == (1200, 1200)


def test_the_published_version_is_champion_and_the_rejected_one_challenger(run, server, client):
    name = "aliases"
    logged(run, server, registered_model=name)
    logged(replace(run, version="000002", published=False), server, registered_model=name)
    aliased = {alias: client.get_model_version_by_alias(name, alias) for alias in ("champion", "challenger")}
    assert {alias: one.tags["clvmodels_version"] for alias, one in aliased.items()} == {
        "champion": "000001",
        "challenger": "000002",
    }
    logged(replace(run, version="000003"), server, registered_model=name)
    assert client.get_model_version_by_alias(name, "champion").tags["clvmodels_version"] == "000003"


def test_rolling_back_moves_the_champion(run, server, client):
    for version in ("000001", "000002"):
        logged(replace(run, version=version), server)
    point_champion("000001", tracking_uri=server, registered_model=PLACE["registered_model"])
    found = client.get_model_version_by_alias(PLACE["registered_model"], "champion")
    assert found.tags["clvmodels_version"] == "000001"


def test_a_version_that_mlflow_does_not_have_cannot_become_champion(run, server):
    logged(run, server)
    for version, name in [("000099", PLACE["registered_model"]), ("000001", "no such model")]:
        with pytest.raises(clv.ClvError, match=f"has nothing of version {version}.* stays where it was"):
            point_champion(version, tracking_uri=server, registered_model=name)


def test_the_loaded_model_gives_the_scores_of_the_saved_one(run, server, fitted, rfm, monkeypatch):
    logged(run, server)
    model = loaded(server, f"{PLACE['registered_model']}@champion", monkeypatch)
    expected = Scorer(**fitted, **SCORING).table(rfm)
    for given in (rfm.frame, rfm.frame.reset_index()):
        pd.testing.assert_frame_equal(model.predict(given), expected, check_exact=True)


def test_neither_order_nor_company_changes_a_customers_scores(run, server, rfm, monkeypatch):
    logged(run, server)
    model = loaded(server, f"{PLACE['registered_model']}@champion", monkeypatch)
    together = model.predict(rfm.frame).set_index("customer_id")
    backwards = model.predict(rfm.frame[::-1]).set_index("customer_id")
    assert backwards.index.tolist() == together.index[::-1].tolist()
    pd.testing.assert_frame_equal(backwards[::-1], together, rtol=1e-9)
    alone = model.predict(rfm.frame.iloc[[7]]).set_index("customer_id")
    pd.testing.assert_frame_equal(alone, together.iloc[[7]], rtol=1e-9)
    drawn = [name for name in together if name.startswith("predictive")]
    pd.testing.assert_frame_equal(alone[drawn], together.iloc[[7]][drawn], rtol=1e-12)


def test_customers_are_called_by_text_as_well(run, server, fitted, rfm, monkeypatch):
    logged(run, server)
    named = rfm.frame.set_axis(rfm.frame.index.astype(str).rename("customer_id"))
    model = loaded(server, f"{PLACE['registered_model']}@champion", monkeypatch)
    scores = Scorer(**fitted, **SCORING).table(clv.RFM.from_frame(named, time_unit="week"))
    pd.testing.assert_frame_equal(model.predict(named.reset_index()), scores, check_exact=True)


def test_the_signature_says_what_goes_in_and_what_comes_out(run, server, monkeypatch):
    logged(run, server)
    described = loaded(server, f"{PLACE['registered_model']}@champion", monkeypatch).metadata.signature
    given = {column.name: (str(column.type), column.required) for column in described.inputs.inputs}
    assert given == {
        "customer_id": ("Any", False),
        "frequency": ("DataType.long", True),
        "recency": ("DataType.double", True),
        "T": ("DataType.double", True),
        "monetary_value": ("DataType.double", True),
        "first_value": ("DataType.double", False),
        "total_value": ("DataType.double", False),
    }
    assert [name for name in described.outputs.input_names() if name.startswith("lifetime_value")] == [
        f"lifetime_value_{end}" for end in ("mean", "lower", "upper")
    ]


def test_without_spend_no_amounts_are_asked_for(run, server, rfm, monkeypatch):
    (run.folder / "spend.nc").unlink()
    logged(replace(run, scoring={"horizon": 39}), server, registered_model="purchases alone")
    model = loaded(server, "purchases alone/1", monkeypatch)
    assert model.metadata.signature.inputs.input_names() == ["customer_id", "frequency", "recency", "T"]
    assert len(model.predict(rfm.frame[["frequency", "recency", "T"]])) == 200


def test_a_table_that_cannot_be_scored_is_refused_with_the_reason(run, server, rfm, monkeypatch):
    logged(run, server)
    model = loaded(server, f"{PLACE['registered_model']}@champion", monkeypatch)
    with pytest.raises(clv.InvalidRFM, match="no customer_id"):
        model.predict(rfm.frame.reset_index(drop=True))
    with pytest.raises(clv.InvalidRFM, match="recency > T"):
        model.predict(rfm.frame[rfm.frame["frequency"] > 0].assign(T=0.0))


def test_the_logged_model_holds_nothing_pickled(run, server, tmp_path, monkeypatch):
    import mlflow

    logged(run, server, registered_model="plain files")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    folder = tmp_path / "fetched"
    mlflow.artifacts.download_artifacts("models:/plain files/1", dst_path=str(folder))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files if path.parent.name == "artifacts") == [
        "purchases.nc",
        "scoring.json",
        "spend.nc",
    ]
    assert not [path.name for path in files if path.suffix in (".pkl", ".pickle") or path.read_bytes()[:1] == b"\x80"]
    wanted = (folder / "requirements.txt").read_text().splitlines()
    assert wanted == [f"clvmodels=={clv.__version__}", f"mlflow=={mlflow.__version__}"]


def test_a_failure_leaves_a_failed_run_and_no_model(run, server, client):
    (run.folder / "purchases.nc").write_bytes(b"no posterior")
    with pytest.raises(clv.ClvError, match=r"purchases.nc is not a posterior saved by clvmodels"):
        logged(run, server, experiment="failing", registered_model="never made")
    within = client.get_experiment_by_name("failing").experiment_id
    assert [one.info.status for one in client.search_runs([within])] == ["FAILED"]
    assert client.search_model_versions("name='never made'") == []


def test_nothing_is_printed_and_no_setting_changed(run, server, tmp_path, capfd):
    import mlflow

    before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run(), dict(os.environ))
    check_tracking(server)
    logged(run, server)
    point_champion("000001", tracking_uri=server, registered_model=PLACE["registered_model"])
    assert before == (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run(), dict(os.environ))
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["versions"]


def test_nothing_is_told_to_mlflows_makers(server):
    told = "import mlflow.telemetry as telemetry; assert telemetry.get_telemetry_client() is None"
    asked = f"from clvmodels.jobs.tracking.run import check_tracking; check_tracking({server!r}); {told}"
    # As on a machine where nothing switches it off: no test run, no continuous integration.
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH")}
    subprocess.run([sys.executable, "-c", asked], env=inherited, check=True)
