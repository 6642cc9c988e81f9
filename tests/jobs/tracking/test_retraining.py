"""A retraining of which MLflow is told."""

import pytest

import clvmodels as clv

pytestmark = [
    pytest.mark.mlflow,
    # MLflow warns of its own classes when it is imported, and hides that only where warnings are no errors.
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
    # It compares columns with a range, which pandas 4 will see as one value.
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated"),
]


def test_a_retraining_is_the_champion_one_kept_back_the_challenger_and_what_is_published_the_champion(
    server, client, tmp_path
):
    log = clv.datasets.simulate_transactions(customers=300, length=80, random_seed=3)
    config = tmp_path / "clvmodels.toml"

    def night(end, share=1.0):
        log[log["date"] <= end].sample(frac=share, random_state=1).to_csv(tmp_path / "orders.csv", index=False)
        config.write_text(
            f"source.transactions = 'orders.csv'\nmodel = {{draws = 100, observation_end = {end}}}\n"
            f"scores.horizon = 13\nmlflow = {{tracking_uri = '{server}', registered_model = 'whole jobs'}}\n"
        )
        return clv.jobs.load_config(config)

    def aliased():
        aliases = client.get_registered_model("whole jobs").aliases
        tags = {name: client.get_model_version("whole jobs", version).tags for name, version in aliases.items()}
        return {name: found["clvmodels_version"] for name, found in tags.items()}

    first, second = (clv.jobs.retrain(night(end)) for end in ("2021-05-01", "2021-06-01"))
    assert [each.status for each in (first, second)] == ["published"] * 2
    assert client.get_run(second.facts["mlflow_run"]).data.metrics["backtest.purchases.rmse"] > 0
    assert aliased() == {"champion": "000002"}
    assert clv.jobs.retrain(night("2021-06-08", share=0.5)).status == "rejected"
    assert aliased() == {"champion": "000002", "challenger": "000003"}
    clv.jobs.roll_back(clv.jobs.load_config(config))
    assert aliased() == {"champion": "000001", "challenger": "000003"}
    clv.jobs.promote(clv.jobs.load_config(config), "3", although_rejected=True)
    assert aliased() == {"champion": "000003"}
