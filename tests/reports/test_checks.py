from dataclasses import replace

import pandas as pd
import pytest

from clvmodels.reports.checks import model_checks, own_checks


def found(checks, name):
    (check,) = [check for check in checks if check.name == name]
    return check


def diagnosed(ahead, **changed):
    """The outlook with other diagnostics of the purchases."""
    fitted = ahead.fitted
    diagnostics = replace(fitted.purchases.diagnostics, **changed)
    purchases = replace(fitted.purchases, diagnostics=diagnostics)
    return replace(ahead, fitted=replace(fitted, purchases=purchases))


@pytest.fixture
def judged(result, ahead, criticism):
    """A function that makes the checks, of an outlook whose diagnostics are made up."""
    return lambda **changed: own_checks(result, diagnosed(ahead, **changed), criticism)


def test_every_check_says_why_it_matters_and_what_to_do(judged):
    checks = judged()
    assert len(checks) == 4 + 2 * 2 + 4
    assert all(check.found and check.why and check.remedy for check in checks)
    assert len({check.name for check in checks}) == len(checks)


@pytest.mark.parametrize(("k_hat", "verdict"), [(0.1, "passed"), (0.9, "failed"), (float("nan"), "failed")])
def test_heavy_tails_of_the_weights_fail(judged, k_hat, verdict):
    assert found(judged(k_hat=k_hat), "k-hat of BG/NBD, purchases").verdict == verdict


@pytest.mark.parametrize(("r_hat", "verdict"), [(1.002, "passed"), (1.05, "failed")])
def test_chains_that_disagree_fail(judged, r_hat, verdict):
    check = found(judged(method="nuts", r_hat=r_hat), "r-hat of BG/NBD, purchases")
    assert (check.verdict, check.figure, check.limit) == (verdict, r_hat, 1.01)


def test_who_was_left_out_of_the_fit_of_spend_is_said_in_the_report(result, ahead, criticism):
    fitted = replace(ahead.fitted, spend=replace(ahead.fitted.spend, left_out=700, left_out_share=0.3))
    check = found(own_checks(result, replace(ahead, fitted=fitted), criticism), "free purchases")
    assert (check.verdict, check.figure) == ("failed", 0.3)
    assert check.found.startswith("700 customers with 30 % of the purchases have a mean spend of zero")


def test_the_limit_of_r_hat_is_that_of_the_chains(judged):
    check = found(judged(method="nuts", r_hat=1.015, r_hat_limit=1.016), "r-hat of BG/NBD, purchases")
    assert (check.verdict, check.limit) == ("passed", 1.016)


@pytest.mark.parametrize(("draws", "verdict"), [(200.0, "passed"), (199.0, "failed")])
def test_few_effective_draws_fail(judged, draws, verdict):
    check = found(judged(effective_sample_size=draws), "effective draws of BG/NBD, purchases")
    assert (check.verdict, check.found) == (verdict, f"{draws:.0f} effective draws.")


def test_a_fit_that_did_not_converge_fails_with_its_notes(judged):
    check = found(judged(converged=False, notes=("12 divergences.",)), "k-hat of BG/NBD, purchases")
    assert (check.verdict, check.found) == ("failed", "12 divergences.")


@pytest.mark.parametrize("method", ["map", "given"])
def test_without_sampling_there_is_nothing_to_check_of_it(judged, method):
    assert not [check for check in judged(method=method) if "BG/NBD" in check.name]


@pytest.mark.parametrize(
    ("held", "verdict"), [(0.951, "failed"), (0.94, "passed"), (0.86, "passed"), (0.849, "failed")]
)
def test_coverage_may_miss_the_level_by_five_points(result, ahead, criticism, held, verdict):
    copy = replace(result)
    table = result.coverage().assign(randomised=held)
    object.__setattr__(copy, "coverage", lambda target: table)
    check = found(own_checks(copy, ahead, criticism), "coverage of purchases")
    assert check.verdict == verdict
    assert f"90 % intervals held {100 * held:.1f} %" in check.found


@pytest.mark.parametrize(("outside", "verdict"), [(0, "passed"), (4, "passed"), (5, "failed")])
def test_more_groups_outside_than_once_in_a_thousand_times_fail(ahead, criticism, outside, verdict):
    # Of 8 groups with intervals of 90 %, 5 or more are outside with a probability of 0.0004, 4 or more of 0.005.
    table = criticism.frequencies.assign(customers=1.0, lower=0.0, upper=2.0)
    table.iloc[:outside, table.columns.get_loc("customers")] = 3.0
    check = found(model_checks(ahead, replace(criticism, frequencies=table)), "numbers of repeat purchases")
    assert (check.verdict, check.figure, check.limit) == (verdict, outside, 4)


@pytest.mark.parametrize(
    ("correlation", "lower", "upper", "verdict"),
    [(0.3, 0.1, 0.5, "passed"), (0.4, 0.25, 0.5, "failed"), (-0.4, -0.5, -0.25, "failed"), (0.0, -0.1, 0.1, "passed")],
)
def test_spend_depends_on_frequency_if_all_of_the_interval_is_beyond(
    ahead, criticism, correlation, lower, upper, verdict
):
    independence = replace(criticism.independence, correlation=correlation, lower=lower, upper=upper)
    check = found(model_checks(ahead, replace(criticism, independence=independence)), "spend and frequency")
    assert (check.verdict, check.figure) == (verdict, abs(correlation))


def test_a_correlation_that_cannot_be_had_does_not_apply(ahead, criticism):
    independence = replace(criticism.independence, reason="too few customers")
    check = found(model_checks(ahead, replace(criticism, independence=independence)), "spend and frequency")
    assert (check.verdict, check.figure) == ("not applicable", None)


@pytest.mark.parametrize(("above", "verdict"), [(0.01, "passed"), (0.02, "failed")])
def test_many_customers_of_influence_fail(ahead, criticism, above, verdict):
    table = criticism.leave_one_out.assign(share_above=[0.0, above])
    check = found(model_checks(ahead, replace(criticism, leave_one_out=table)), "customers of much influence")
    assert (check.verdict, check.figure) == (verdict, above)


@pytest.mark.parametrize(("change", "verdict"), [(-0.09, "passed"), (-0.2, "failed"), (0.2, "failed")])
def test_a_total_that_hangs_on_the_priors_fails(ahead, criticism, change, verdict):
    table = criticism.sensitivity.assign(change=change)
    check = found(model_checks(ahead, replace(criticism, sensitivity=table)), "weight of the priors")
    assert (check.verdict, check.figure) == (verdict, abs(change))


def test_without_criticism_nothing_is_said_of_the_model(ahead):
    assert model_checks(ahead, None) == ()


def test_without_values_spend_is_not_judged(ahead, criticism):
    alone = replace(ahead, fitted=replace(ahead.fitted, spend=None))
    names = [
        check.name
        for check in model_checks(alone, replace(criticism, leave_one_out=pd.DataFrame({"share_above": [0.0]})))
    ]
    assert "spend and frequency" not in names
    assert "numbers of repeat purchases" in names
