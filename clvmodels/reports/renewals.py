"""From contracts and their renewals to retention, the value of the customers, and what a discount gains."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from clvmodels import decisions, plots
from clvmodels.decisions.effects import read_effect
from clvmodels.errors import InvalidArgument, InvalidTransactions, local_path, shown
from clvmodels.files import make_folder
from clvmodels.models.renewals import Renewals, checked_customers
from clvmodels.models.shifted_beta_geo import ShiftedBetaGeo
from clvmodels.models.shifted_beta_geo_posterior import ShiftedBetaGeoPosterior
from clvmodels.reports.decide import Decision, publish
from clvmodels.reports.known import Answered
from clvmodels.rfm import TimeUnit, read_frame
from clvmodels.wording import amount, between, plural

CUSTOMER_COLUMNS = {"renewals", "left"}


def decide_renewals(
    table: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    time_unit: TimeUnit = "year",
    customer_id: str = "customer_id",
    periods: int = 12,
    price: float | None = None,
    margin: float = 1.0,
    annual_discount_rate: float = 0.1,
    horizon: int | None = None,
    kept: str | None = None,
    discount: float | None = None,
    interval: float = 0.9,
    random_seed: int = 1,
) -> Decision:
    """Fit the shifted-beta-geometric model, and write retention, values and what a discount gains into a folder.

    Parameters
    ----------
    table
        A CSV or Parquet file: a row per customer with the columns renewals and left, or a row per cohort with its name
        and the numbers of customers it had after 0, 1, 2, ... renewals.
    out
        The folder; made where it is missing. What an earlier answer wrote is replaced whole, nothing else.
    time_unit
        Length of a contract period.
    customer_id
        Column with the customer.
    periods
        How many renewals to look ahead.
    price, margin, annual_discount_rate, horizon
        Of a renewal; with a price, customers are valued. See ``clv.ShiftedBetaGeo``.
    kept, discount
        Of a discount on the renewal that is due: the share of the leavers whom it keeps ("2,18" for Beta(2, 18)), and
        the share of the price given away.
    interval
        Probability inside the intervals.
    random_seed
        The same seed gives the same numbers.

    Raises
    ------
    ClvError
        If the table or a choice cannot be used, or a file cannot be written.
    """
    folder, read = make_folder(out), _read(str(local_path(table, "the table")), customer_id)
    of_customers = CUSTOMER_COLUMNS.issubset(read.columns)
    made = Renewals.from_customers if of_customers else Renewals.from_survivors
    data = made(read, time_unit=time_unit)
    contracts = ShiftedBetaGeo().fit(data, random_seed=random_seed)
    answered = [_retention(contracts, data, periods, interval)]
    terms = {"margin": margin, "annual_discount_rate": annual_discount_rate, "horizon": horizon, "interval": interval}
    if price is not None:
        worth = {"price": price, **terms}
        answered.append(_values(contracts, read, worth) if of_customers else _new(contracts, worth))
    if kept is not None or discount is not None:
        if price is None or kept is None or discount is None or not of_customers:
            raise InvalidArgument(
                "what a discount gains needs a row per customer and price=100, discount=0.1, kept='2,18' (for example)"
            )
        answered.append(_discount(contracts, read, {"price": price, **terms}, kept, discount, random_seed))
    return publish(_together(answered), folder, read=table)


def _read(path: str, customer_id: str) -> Any:
    try:
        table: Any = read_frame(path, customer_id)
    except InvalidTransactions as error:
        raise InvalidArgument(f"cannot read {path}: {error}") from error
    if customer_id in table.columns:
        return table.set_index(customer_id).rename_axis("customer_id")
    if CUSTOMER_COLUMNS.issubset(table.columns):
        raise InvalidArgument(
            f"there is no column {shown(customer_id)} among {shown(list(table.columns))}; pass customer_id='...'"
        )
    cohorts = table.set_index(table.columns[0])
    return cohorts.set_axis(range(cohorts.shape[1]), axis=1)


def _retention(contracts: ShiftedBetaGeoPosterior, data: Renewals, periods: int, interval: float) -> Answered:
    curve = contracts.retention_curve(periods=periods, interval=interval)
    rates = contracts.renewal_rates(periods=periods, interval=interval)
    curve["actual"] = data.observed()["retention"].reindex(curve.index)
    drawn = pd.concat({"new customers": curve.rename_axis("time")}, names=["group"])
    last, first, later = curve.iloc[-1], rates.iloc[0], rates.iloc[-1]
    unit = contracts.time_unit
    left, renew = (
        between(last * 100, interval, "credible"),
        f"renew the first time and {amount(100 * later['mean'])} % of those",
    )
    return Answered(
        sentence=(
            f"Of the customers won, {amount(100 * first['mean'])} % {renew} still there at renewal {periods}; "
            f"{amount(100 * last['mean'])} %{left} are still there after {plural(periods, unit)}."
        ),
        shown={"Retention: share still there after so many renewals": curve, "Renewal rates": rates},
        tables={"retention": curve, "renewal_rates": rates, "parameters": contracts.summary(interval=interval)},
        figures={"retention": lambda ax: plots.survival(drawn, ax=ax, xlabel=f"{unit}s")},
    )


def _values(contracts: ShiftedBetaGeoPosterior, customers: Any, worth: dict[str, Any]) -> Answered:
    checked: Any = checked_customers(customers, left_needed=False)
    each = contracts.residual_value(customers, **worth)
    total = contracts.total_residual_value(customers, **worth)
    row = total.iloc[0]
    return Answered(
        sentence=(
            f"The {plural(int((~checked['left']).sum()), 'customer')} still there will bring {amount(row['mean'])}"
            f"{between(row, worth['interval'], 'credible')}, with the renewal that is due."
        ),
        shown={"Value to come of all customers": total.rename_axis("customers")},
        tables={"values": each, "total": total},
    )


def _new(contracts: ShiftedBetaGeoPosterior, worth: dict[str, Any]) -> Answered:
    new = pd.DataFrame({"renewals": [0]}, index=pd.Index(["new"], name="customer_id"))
    value = contracts.residual_value(new, **worth)
    row = value.iloc[0]
    return Answered(
        sentence=(
            f"A new customer will bring {amount(row['mean'])}{between(row, worth['interval'], 'credible')} by renewals."
        ),
        shown={"Value of the renewals of a new customer": value},
        tables={"values": value},
    )


def _discount(
    contracts: ShiftedBetaGeoPosterior, customers: Any, worth: dict[str, Any], kept: str, discount: float, seed: int
) -> Answered:
    effect: Any = read_effect(kept, "kept")
    found = decisions.renewal_discount(contracts, customers, kept=effect, discount=discount, random_seed=seed, **worth)
    return Answered(
        sentence=found.sentence,
        shown={"What the discount gains": found.total, "The same per customer, by renewals made": found.table},
        tables={"discount": found.total, "discount_by_renewals": found.table, "drivers": found.drivers},
        figures={
            "discount": lambda ax: plots.interval_points(
                found.table, ax=ax, xlabel="renewals made", ylabel="net gain per customer"
            ),
            "drivers": lambda ax: plots.drivers(found.drivers, ax=ax, xlabel="net gain"),
        },
    )


def _together(answers: list[Answered]) -> Answered:
    return Answered(
        sentence=" ".join(each.sentence for each in answers),
        shown={caption: table for each in answers for caption, table in each.shown.items()},
        tables={name: table for each in answers for name, table in each.tables.items()},
        figures={name: draw for each in answers for name, draw in each.figures.items()},
    )
