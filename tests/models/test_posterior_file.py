"""What all posteriors share: summary, ArviZ, and one file that gives the same answers."""

import arviz as az
import numpy as np
import pytest
import xarray as xr

import clvmodels as clv


def test_a_saved_posterior_gives_the_same_answers(purchases, cdnow, tmp_path):
    again = clv.load_posterior(purchases.save(tmp_path / "purchases.nc"))
    some = cdnow.select(cdnow.frame.index[:20])
    assert again.expected_purchases(some, horizon=39).equals(purchases.expected_purchases(some, horizon=39))
    assert again.predictive_purchases(some, horizon=39).equals(purchases.predictive_purchases(some, horizon=39))


def test_a_saved_posterior_keeps_what_is_known_about_it(purchases, tmp_path):
    again = clv.load_posterior(purchases.save(tmp_path / "purchases.nc"))
    assert again.priors == purchases.priors
    assert again.time_unit == "week"
    assert again.fingerprint == purchases.fingerprint
    assert len(again.fingerprint) == 64
    assert repr(again.diagnostics) == repr(purchases.diagnostics)
    assert again.summary().equals(purchases.summary())


def test_a_saved_spend_posterior_keeps_how_spend_was_counted(cdnow, tmp_path):
    spend = clv.GammaGamma(include_first=True).fit(cdnow, random_seed=1)
    again = clv.load_posterior(spend.save(tmp_path / "spend.nc"))
    assert again.include_first
    assert again.expected_average_spend(cdnow).equals(spend.expected_average_spend(cdnow))


def test_saving_again_replaces_the_file_and_leaves_nothing_else(purchases, spend, tmp_path):
    purchases.save(tmp_path / "model.nc")
    spend.save(tmp_path / "model.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["model.nc"]
    assert type(clv.load_posterior(tmp_path / "model.nc")).__name__ == "GammaGammaPosterior"


def test_the_file_is_one_that_arviz_reads(purchases, tmp_path):
    path = purchases.save(tmp_path / "purchases.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert set(tree["posterior"].data_vars) == {"r", "alpha", "a", "b"}


def test_the_arviz_object_is_of_the_installed_version(purchases):
    held = purchases.to_arviz()
    expected = xr.DataTree if az.__version__.startswith("1") else az.InferenceData
    assert isinstance(held, expected)
    assert held["posterior"]["r"].dims == ("chain", "draw")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(clv.ClvError, match="there is no file .*missing.nc"):
        clv.load_posterior(tmp_path / "missing.nc")


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "text.nc"
    path.write_text("not a posterior")
    with pytest.raises(clv.ClvError, match="not a posterior saved by clvmodels"):
        clv.load_posterior(path)


def test_a_netcdf_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "other.nc"
    xr.Dataset({"r": ("draw", np.zeros(3))}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(clv.ClvError, match="not a posterior saved by clvmodels"):
        clv.load_posterior(path)


def test_the_summary_has_the_check_of_its_method(purchases, cdnow):
    assert list(purchases.summary().columns) == ["mean", "sd", "lower", "upper", "ess", "k_hat"]
    point = clv.BetaGeo().fit(cdnow, method="map")
    assert list(point.summary().columns) == ["mean", "sd", "lower", "upper", "ess"]
    assert point.summary()[["sd", "lower", "upper", "ess"]].isna().all(axis=None)


def test_nuts_has_r_hat_and_its_own_effective_sample_size(cdnow):
    few = cdnow.select(cdnow.frame.index[:300])
    posterior = clv.BetaGeo().fit(few, method="nuts", random_seed=1)
    table = posterior.summary()
    assert list(table.columns) == ["mean", "sd", "lower", "upper", "ess", "r_hat"]
    assert posterior.draws("probability_alive", few).dims == ("chain", "draw", "customer_id")
    assert posterior.draws("probability_alive", few).sizes["chain"] == 4


def test_a_posterior_cannot_be_changed(purchases):
    with pytest.raises(AttributeError):
        purchases.time_unit = "day"


def test_a_posterior_says_in_one_line_what_it_is(purchases):
    assert repr(purchases).startswith("BetaGeoPosterior(r 0.24")
    assert "1000 draws by importance" in repr(purchases)


def test_a_notebook_shows_the_summary(purchases):
    assert "<table" in purchases._repr_html_()


@pytest.mark.parametrize("wrong", ["abc", None, [[1.0, 2.0]], 1j, True, object()])
def test_a_parameter_that_is_no_number_is_named(wrong):
    with pytest.raises(clv.InvalidArgument, match=r"r is|\[.r.\]"):
        clv.BetaGeo.at(r=wrong, alpha=1, a=1, b=1, time_unit="week")


@pytest.mark.parametrize(
    "at",
    [
        lambda unit: clv.BetaGeo.at(r=1, alpha=1, a=1, b=1, time_unit=unit),
        lambda unit: clv.GammaGamma.at(p=1, q=2, v=1, time_unit=unit),
    ],
)
def test_a_time_unit_that_is_not_known_is_refused_by_every_model(at):
    with pytest.raises(clv.InvalidArgument, match="time_unit is '<script>'; choose one of day, week, month, year"):
        at("<script>")
