from clvmodels.reports.fit import fit_paragraphs, fit_tables


def test_the_method_and_its_checks_are_named(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    assert fit_paragraphs(fitted)[0] == (
        "BG/NBD, purchases. Drawn by importance sampling: effective draws 3,650, k-hat 0.21, every check held."
    )


def test_a_failed_check_is_said_with_its_notes(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    failed = fitted.purchases.diagnostics
    failed.converged, failed.divergences, failed.notes = False, 12, ("12 divergences: give tighter priors",)
    said = fit_paragraphs(fitted)
    assert said[0].endswith("divergences 12, a check failed: do not rely on this fit.")
    assert said[1] == "12 divergences: give tighter priors"


def test_a_posterior_that_is_missing_is_left_out_with_its_reason(result):
    fitted = result.fitted["bg_nbd_gamma_gamma"]
    fitted.spend, fitted.notes = None, ("no forecast of value: no repeat spend.",)
    assert len(fit_tables(fitted)) == 1
    assert fit_paragraphs(fitted)[-1] == "no forecast of value: no repeat spend."


def test_parameters_are_shown_with_three_digits(result):
    table = fit_tables(result.fitted["bg_nbd_gamma_gamma"])[0]
    titles = ["parameter", "mean", "sd", "lower 90 %", "upper 90 %", "ess", "k-hat"]
    assert [column.title for column in table.columns] == titles
    assert table.shown()[0] == ["r", "1.25", "0.100", "1.10", "1.40", "3,650", "0.210"]
