import pytest

from clvmodels.errors import InvalidArgument
from clvmodels.reports.terms import Terms
from clvmodels.wording import check_currency


@pytest.mark.parametrize(
    ("currency", "figure", "shown"),
    [
        ("EUR", "21,800", "21,800 EUR"),
        ("Fr.", "7", "Fr.7"),
        ("kr", "-7", "-7 kr"),
        ("$", "21,800", "$21,800"),
        ("US$", "-5", "-US$5"),
        ("€", "0.50", "€0.50"),
        ("", "12", "12"),
    ],
)
def test_a_code_stands_after_an_amount_and_a_sign_before_it(currency, figure, shown):
    assert Terms(currency=currency).money(figure) == shown


@pytest.mark.parametrize("currency", ["<b>", "E U", "10", "EURO_", "euros and cents", "\n", "\u202e", None, 5])
def test_what_is_no_currency_is_refused_with_an_example(currency):
    with pytest.raises(InvalidArgument, match="currency is .*'EUR' or a sign"):
        check_currency(currency)


def test_only_titles_of_money_have_the_currency():
    terms = Terms(currency="$")
    assert (terms.titled("spend"), terms.titled("purchases", is_money=False)) == ("spend ($)", "purchases")


@pytest.mark.parametrize("horizon", [0, -1, float("nan")])
def test_a_report_looks_ahead(horizon):
    with pytest.raises(InvalidArgument, match="horizon"):
        Terms(horizon=horizon)
