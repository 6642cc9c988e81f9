"""What a value is worth in: the terms on which money is counted, and the currency it is shown in."""

from __future__ import annotations

from dataclasses import dataclass

from clvmodels.errors import InvalidArgument, check_horizon
from clvmodels.names import NOUNS
from clvmodels.wording import check_currency, with_currency


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How far a report looks ahead, and how it counts money.

    Attributes
    ----------
    horizon : float or None
        In the log's time unit; None: as long as the holdout.
    margin : float
        Profit per unit of money spent.
    annual_discount_rate : float
        Effective.
    currency : str
        A code such as "EUR", which stands after an amount, or a sign such as "$", which stands before it; empty: none.

    Raises
    ------
    InvalidArgument
        If the currency is not a short word or sign, or the horizon is not above 0.

    Examples
    --------
    >>> Terms(currency="EUR").money("21,800"), Terms(currency="$").money("-5"), Terms().money("7")
    ('21,800 EUR', '-$5', '7')
    """

    horizon: float | None = None
    margin: float = 1.0
    annual_discount_rate: float = 0.0
    currency: str = ""

    def __post_init__(self) -> None:
        """Check the choices once."""
        check_currency(self.currency)
        if self.horizon is not None and check_horizon(self.horizon) == 0:
            raise InvalidArgument("horizon is 0; give how far ahead the report shall look, e.g. horizon=52")

    def money(self, figure: str) -> str:
        """Return a figure with the currency."""
        return with_currency(figure, self.currency)

    def noun(self, target: str) -> str:
        """Return what a target is called, money with the currency.

        Examples
        --------
        >>> Terms(currency="EUR").noun("value"), Terms(currency="EUR").noun("purchases")
        ('spend (EUR)', 'purchases')
        """
        return self.titled(NOUNS[target], is_money=target == "value")

    def titled(self, title: str, *, is_money: bool = True) -> str:
        """Return the title of figures of money with the currency.

        Examples
        --------
        >>> Terms(currency="EUR").titled("total spend")
        'total spend (EUR)'
        """
        return f"{title} ({self.currency})" if self.currency and is_money else title
