"""Can the fit be trusted? Checks that a reader can act on, and what the data say against the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clvmodels.reports import words
from clvmodels.reports.criticism_tables import frequencies_table, leave_one_out_table, sensitivity_table, spend_table
from clvmodels.reports.figures import frequency_figure, k_hat_figure, sensitivity_figure, spend_figure
from clvmodels.reports.fit import fit_paragraphs
from clvmodels.reports.parts import Check, Part, Section, checks_table

if TYPE_CHECKING:
    from clvmodels.evaluation.criticism import Criticism
    from clvmodels.reports.outlook import Outlook


def trust(outlook: Outlook, criticism: Criticism | None, checks: tuple[Check, ...]) -> Section:
    """Return the section."""
    parts = (_checks(outlook, checks), *(() if criticism is None else _criticism(outlook, criticism)))
    return Section(title="Can the fit be trusted?", parts=parts)


def _checks(outlook: Outlook, checks: tuple[Check, ...]) -> Part:
    failures = [f"{check.name}: {check.found} {check.remedy}" for check in checks if check.verdict == "failed"]
    return Part(
        title="Checks",
        paragraphs=(*fit_paragraphs(outlook.fitted), *(failures or ("Every check held.",))),
        tables=(checks_table(checks),),
        definitions=words.chosen("k-hat", "ess", "r-hat"),
    )


def _criticism(outlook: Outlook, criticism: Criticism) -> tuple[Part, ...]:
    return (
        Part(
            title="What the model would have seen",
            figures=(frequency_figure(criticism.frequencies),),
            tables=(frequencies_table(criticism),),
            definitions=(
                ("expected, interval", "as many new customers drawn from the fitted model, observed as long as these"),
            ),
        ),
        *_spend(outlook, criticism),
        Part(
            title="Customers with much influence",
            figures=(k_hat_figure(criticism.k_hats, limit=_limit(criticism.leave_one_out)),),
            tables=(leave_one_out_table(criticism),),
            definitions=(
                ("elpd", "sum over the customers of the log probability of each, predicted from all others"),
                ("k-hat", "of a customer: above the limit the fit hangs on this one, or the customer does not belong"),
            ),
        ),
        Part(
            title="How far it hangs on the priors",
            figures=tuple(sensitivity_figure(criticism.sensitivity, target=name) for name in _targets(criticism)),
            tables=(sensitivity_table(criticism, outlook.terms),),
            definitions=(("power of the priors", "0.5 halves their weight against the data, 2 doubles it"),),
        ),
    )


def _limit(table: Any) -> float:
    return float(table["k_hat_limit"].min())


def _targets(criticism: Criticism) -> list[str]:
    """The last of them is what the report is about."""
    return [str(criticism.sensitivity.index.get_level_values("target").unique()[-1])]


def _spend(outlook: Outlook, criticism: Criticism) -> tuple[Part, ...]:
    independence = criticism.independence
    if independence is None:
        return ()
    shown = not independence.by_frequency.empty
    label = outlook.terms.titled("mean value of a purchase")
    return (
        Part(
            title="Does spend depend on frequency?",
            paragraphs=(independence.sentence, *outlook.fitted.caveats("spend")),
            figures=(spend_figure(independence.by_frequency, ylabel=label),) * shown,
            tables=(spend_table(criticism, outlook.terms),) * shown,
        ),
    )
