"""``clvmodels decide``: what the values are for. Each command asks one question about the customers of a log."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clvmodels.cli.options import (
    CustomerId,
    Date,
    DateFormat,
    DiscountRate,
    Margin,
    Model,
    Opportunity,
    RefundChoice,
    Refunds,
    Seed,
    Segments,
    SpendChoice,
    TimeUnit,
    TimeZone,
    Transactions,
    Unit,
    UnknownDateChoice,
    UnknownDates,
    Value,
)
from clvmodels.cli.output import plainly, show_decision

if TYPE_CHECKING:
    from clvmodels.reports import Decision

TERMS = ("margin", "annual_discount_rate", "cost_per_purchase")
READING = (
    "customer_id",
    "date",
    "value",
    "time_unit",
    "opportunity",
    "refunds",
    "unknown_dates",
    "date_format",
    "time_zone",
)
app = typer.Typer(help="Decide on acquisition, retention, replacement and budget.", no_args_is_help=True)


class Period(StrEnum):
    """Periods of the calendar."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


ObservationEnd = Annotated[
    str | None, typer.Option(metavar="DATE", help="Last day that counts, YYYY-MM-DD; by default the last in the log.")
]
CostPerPurchase = Annotated[float, typer.Option(min=0, help="Fixed cost of a purchase, taken off its margin.")]
Out = Annotated[Path, typer.Option(help="Folder for tables (CSV), plots (SVG) and answer.txt; made where missing.")]
Horizon = Annotated[
    float, typer.Option(min=0, help="Time units that count, from now on; of a new customer from the first purchase on.")
]
Interval = Annotated[float, typer.Option(help="Probability inside the intervals.")]
Confidence = Annotated[float, typer.Option(help="Probability from which on something counts as sure.")]
Cost = Annotated[
    str, typer.Option(metavar="COST", help="Of winning one customer, in money; or one for each: search:25,mail:12.")
]
OfferCost = Annotated[float, typer.Option(min=0, help="Of making the offer to one customer, in money.")]
NewCost = Annotated[float, typer.Option(min=0, help="Of winning one new customer, in money.")]
Kept = Annotated[
    str,
    typer.Option(
        metavar="A,B",
        help="Share of the leavers whom the offer keeps, as a Beta prior: 2,18 is about 10 %; after a test 1 + kept,"
        " 1 + lost. Or certain:0.1, if you insist.",
    ),
]
Lift = Annotated[
    str | None, typer.Option(metavar="A,B", help="Share by which purchases rise while the offer lasts, as for --kept.")
]
Discount = Annotated[float, typer.Option(min=0, max=1, help="Share of the price given away while the offer lasts.")]
Lasts = Annotated[float, typer.Option(min=0, help="Time units that the offer lasts.")]
Reach = Annotated[
    float | None, typer.Option(min=0, help="Longest time since the last purchase after which one can be won back.")
]
Top = Annotated[int, typer.Option(min=1, help="How many customers to show.")]
Periods = Annotated[int, typer.Option(min=1, help="How many periods to look ahead.")]
PeriodOption = Annotated[Period, typer.Option(help="Of the calendar, after the last day that counts.")]
PastErrors = Annotated[
    bool, typer.Option("--past-errors/--no-past-errors", help="Widen intervals by how wrong the model was in the past.")
]


def _log(
    transactions: Transactions,
    observation_end: ObservationEnd = None,
    customer_id: CustomerId = "customer_id",
    date: Date = "date",
    value: Value = None,
    time_unit: Unit = None,
    opportunity: Opportunity = None,
    refunds: RefundChoice = Refunds.ERROR,
    unknown_dates: UnknownDateChoice = UnknownDates.ERROR,
    date_format: DateFormat = None,
    time_zone: TimeZone = None,
    margin: Margin = 1.0,
    annual_discount_rate: DiscountRate = 0.0,
    cost_per_purchase: CostPerPurchase = 0.0,
    interval: Interval = 0.9,
    model: Model = None,
    spend: SpendChoice = None,
    seed: Seed = 1,
    out: Out = Path("clvmodels-decision"),
) -> None:
    """Hold the options that every question shares."""


def _question(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a signature: its options and those of `_log`, whose answer is shown.

    Typer reads the options from the signature; writing those of the log out for every question would bury its own.
    """
    own, shared = (inspect.signature(each, eval_str=True).parameters for each in (command, _log))

    @functools.wraps(command)
    def run(**typed: Any) -> None:
        plain = {name: choice.value if isinstance(choice, StrEnum) else choice for name, choice in typed.items()}
        with plainly():
            show_decision(_decided(command.__name__, plain))

    options = [each.replace(kind=each.KEYWORD_ONLY) for each in (*own.values(), *shared.values())]
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {option.name: option.annotation for option in options}
    return app.command()(run)


def _decided(question: str, choices: dict[str, Any]) -> Decision:
    """Turn what was typed into what `decide` takes."""
    from clvmodels import reports

    terms, reading = ({name: choices.pop(name) for name in names} for names in (TERMS, READING))
    reading["value"] = reading["value"] or reports.default_value_column(choices["transactions"])
    seed = choices.pop("seed")
    return reports.decide(question, terms=terms, reading=reading, random_seed=seed, **choices)


@_question
def acquisition(
    cost: Cost,
    horizon: Horizon,
    cohort: Annotated[int, typer.Option(min=1, help="How many customers are won together.")] = 100,
    confidence: Confidence = 0.9,
    channels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV or Parquet file with the customer column and one of channels."),
    ] = None,
) -> None:
    """Say what winning a customer may cost."""


@_question
def cohorts(cost: Cost, horizon: Horizon, confidence: Confidence = 0.9, past_errors: PastErrors = True) -> None:
    """Say whether the customers won each month repay what they cost."""


@_question
def churn(
    period: Annotated[float, typer.Option(min=0, help="Time units over which the churn rate is taken.")],
    periods: Periods = 12,
    horizon: Annotated[float | None, typer.Option(min=0, help="Time units within which a lifespan counts.")] = None,
    segments: Segments = None,
) -> None:
    """Say how many leave, how many stay, and for how long."""


@_question
def slipping(
    horizon: Horizon,
    stays: Annotated[
        float, typer.Option(min=0, help="Time units for which one who is retained is sure to stay.")
    ] = 0.0,
    reach: Reach = None,
    top: Top = 15,
) -> None:
    """Rank customers by the value that leaving puts at risk."""


@_question
def offer(
    kept: Kept,
    horizon: Horizon,
    cost: OfferCost = 0.0,
    discount: Discount = 0.0,
    lasts: Lasts = 0.0,
    lift: Lift = None,
    reach: Reach = None,
    budget: Annotated[float | None, typer.Option(min=0, help="The most that the offer may cost in all.")] = None,
    top: Top = 15,
) -> None:
    """Say to whom to make a retention offer, and what it gains."""


@_question
def replace(
    kept: Kept,
    horizon: Horizon,
    new_cost: NewCost,
    cost: OfferCost = 0.0,
    discount: Discount = 0.0,
    lasts: Lasts = 0.0,
    lift: Lift = None,
    reach: Reach = None,
    confidence: Confidence = 0.9,
    segments: Segments = None,
    top: Top = 15,
) -> None:
    """Say whom to keep by an offer, and whom to replace by new customers."""


@_question
def budget(
    periods: Periods = 12,
    period: PeriodOption = Period.MONTH,
    new_customers: Annotated[
        str | None, typer.Option(metavar="N[,N...]", help="Customers planned to be won, in each period or one by one.")
    ] = None,
    plan_sd: Annotated[float, typer.Option(min=0, help="Relative standard deviation of the plan, e.g. 0.1.")] = 0.0,
    new_cost: NewCost = 0.0,
    past_errors: PastErrors = True,
) -> None:
    """Forecast revenue and margin by month, quarter or year."""


@_question
def needed(
    periods: Periods = 12,
    period: PeriodOption = Period.MONTH,
    target_revenue: Annotated[
        str | None, typer.Option(metavar="X[,X...]", help="Revenue of each period; by default the base is held.")
    ] = None,
    confidence: Confidence = 0.9,
) -> None:
    """Say how many customers must be won in each period."""


@app.command()
def renewals(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="A CSV or Parquet file: a row per customer with renewals and left, or a row per cohort with its name "
            "and the customers it had after 0, 1, 2, ... renewals.",
        ),
    ],
    time_unit: Annotated[TimeUnit, typer.Option(help="Length of a contract period.")] = TimeUnit.YEAR,
    customer_id: CustomerId = "customer_id",
    periods: Periods = 12,
    price: Annotated[
        float | None, typer.Option(min=0, help="Of a renewal, in money; with it, values are given.")
    ] = None,
    margin: Margin = 1.0,
    annual_discount_rate: DiscountRate = 0.1,
    horizon: Annotated[int | None, typer.Option(min=1, help="Renewals to come that count; by default all.")] = None,
    kept: Annotated[
        str | None, typer.Option(metavar="A,B", help="As for an offer, of a discount on this renewal.")
    ] = None,
    discount: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of this renewal's price given away.")
    ] = None,
    interval: Interval = 0.9,
    seed: Seed = 1,
    out: Out = Path("clvmodels-decision"),
) -> None:
    """Project the renewals of contracts, and value them."""
    choices = locals()
    with plainly():
        from clvmodels import reports

        typed = {name: choice for name, choice in choices.items() if name not in {"table", "out", "seed", "time_unit"}}
        show_decision(reports.decide_renewals(table, out, time_unit=time_unit.value, random_seed=seed, **typed))
