from dataclasses import replace

from clvmodels.evaluation.model_forecaster import FittedModels
from clvmodels.reports.fit import fit_paragraphs, fit_tables, priors_table


def test_the_method_and_its_checks_are_named(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    diagnostics = fitted.purchases.diagnostics
    assert fit_paragraphs(fitted)[0] == (
        f"BG/NBD, purchases. Drawn by importance sampling: effective draws {diagnostics.effective_sample_size:,.0f}, "
        f"k-hat {diagnostics.k_hat:.2f}, every check held."
    )


def test_a_failed_check_is_said_with_its_notes(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    notes = ("12 divergences: give tighter priors",)
    failed = replace(fitted.purchases.diagnostics, converged=False, divergences=12, notes=notes)
    said = fit_paragraphs(replace(fitted, purchases=replace(fitted.purchases, diagnostics=failed)))
    assert said[0].endswith("divergences 12, a check failed: do not rely on this fit.")
    assert said[1] == "12 divergences: give tighter priors"


def test_a_posterior_that_is_missing_is_left_out_with_its_reason(result):
    purchases = result.fitted["bg_nbd_gamma_gamma"].purchases
    fitted = FittedModels(purchases=purchases, notes=("no forecast of spend: no repeat spend.",))
    assert len(fit_tables(fitted)) == 1
    assert fit_paragraphs(fitted)[-1] == "no forecast of spend: no repeat spend."


def test_parameters_have_their_credible_intervals_and_checks(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    table = fit_tables(fitted, interval=0.8)[0]
    titles = ["parameter", "mean", "sd", "80 % credible interval", "ess", "k-hat"]
    assert [column.title for column in table.columns] == titles
    row = fitted.purchases.summary(interval=0.8).loc["r"]
    assert table.rows[0][:4] == ("r", row["mean"], row["sd"], (row["lower"], row["upper"]))


def test_the_priors_of_both_models_are_written_out(result):
    rows = priors_table(result.fitted["bg_nbd_gamma_gamma"]).rows
    assert ("BG/NBD, purchases", "r", "LogNormal(mu=0, sigma=1.5)") in rows
    assert {row[0] for row in rows} == {"BG/NBD, purchases", "Gamma-Gamma, spend per purchase"}
