import pytest

from clvmodels import plots


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("plot_frequency_recency_matrix", "frequency_recency_matrix"),
        ("plot_probability_alive_matrix", "probability_alive_matrix"),
        ("plot_history_alive", "history_alive"),
        ("plot_survival", "survival"),
        ("plot_period_transactions", "frequency_check"),
        ("plot_calibration_purchases_vs_holdout_purchases", "reliability"),
    ],
)
def test_a_name_in_other_packages_leads_to_the_one_here(name, here):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; the name here is '{here}'"):
        getattr(plots, name)


@pytest.mark.parametrize("name", ["plot_nothing", "plot_", "history", "plot_theme_dark"])
def test_an_unknown_name_is_no_attribute_and_leads_nowhere(name):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'$"):
        getattr(plots, name)


def test_names_elsewhere_lead_to_plots_that_exist():
    assert set(plots._ELSEWHERE.values()) <= set(plots.__all__)


def test_every_name_that_is_exported_is_there():
    assert [name for name in plots.__all__ if not callable(getattr(plots, name))] == []
