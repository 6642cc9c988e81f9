"""Customers who behave exactly as BG/NBD and Gamma-Gamma say, with parameters that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.errors import InvalidArgument, as_number, check_number, shown
from clvmodels.formulas.beta_geo import BetaGeoParams
from clvmodels.formulas.gamma_gamma import GammaGammaParams
from clvmodels.rfm import RFM, DateLike, TimeUnit, as_day, days_per_unit

# Close to CDNOW, in weeks and dollars.
PURCHASES = BetaGeoParams(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPEND = GammaGammaParams(p=6.25, q=3.74, v=15.44)
MOST_PURCHASES, LARGEST = 1e8, 1e300


def simulate_transactions(
    *,
    customers: int = 1000,
    length: float = 78.0,
    arrivals: float = 12.0,
    purchases: BetaGeoParams = PURCHASES,
    spend: GammaGammaParams | None = SPEND,
    time_unit: TimeUnit = "week",
    start: DateLike = "2020-01-01",
    random_seed: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """Simulate purchase by purchase: exponential gaps, and after every repeat purchase a coin decides on dropping out.

    Parameters
    ----------
    customers : int
        Each has at least the first purchase.
    length : float
        The observed time, in `time_unit`; cut it anywhere to have a holdout.
    arrivals : float
        First purchases are uniform over this long from the start, in `time_unit`.
    purchases : BetaGeoParams
        r, alpha (in `time_unit`), a, b.
    spend : GammaGammaParams, optional
        p, q, v; None for purchases without amounts.
    time_unit : {"day", "week", "month", "year"}
    start : date
        The first day.
    random_seed : int or numpy Generator, optional

    Returns
    -------
    DataFrame
        customer_id (1 to `customers`), date (with the time of day) and value, in the order of time.

    Raises
    ------
    InvalidArgument
        If a number makes no sense.

    Notes
    -----
    Source: Fader, Hardie, Lee (2005), https://doi.org/10.1287/mksc.1040.0098. Two purchases on one day are one purchase
    to `rfm_summary`: with many a week, it counts fewer than were simulated.

    Examples
    --------
    >>> log = simulate_transactions(customers=3, random_seed=1)
    >>> sorted(log["customer_id"].unique().tolist()), list(log.columns)
    ([1, 2, 3], ['customer_id', 'date', 'value'])
    """
    rng = np.random.default_rng(random_seed)
    customer, time = _histories(rng, purchases, customers, length, arrivals)
    customers = int(customers)
    seconds = np.floor(time * days_per_unit(time_unit) * 86_400).astype("int64")
    date = pd.Timestamp(as_day(start, "start")) + pd.to_timedelta(seconds, unit="s")
    log = pd.DataFrame({"customer_id": customer + 1, "date": date.astype("datetime64[us]")})
    if spend is not None:
        log["value"] = _values(rng, spend, customer, customers)
    return log.iloc[np.argsort(time, kind="stable")].reset_index(drop=True)


def simulate_rfm(
    *,
    customers: int = 1000,
    length: float = 39.0,
    arrivals: float = 12.0,
    purchases: BetaGeoParams = PURCHASES,
    spend: GammaGammaParams | None = SPEND,
    time_unit: TimeUnit = "week",
    random_seed: int | np.random.Generator | None = None,
) -> RFM:
    """Simulate the same customers as `simulate_transactions`, summarised in continuous time: no rounding to days.

    Parameters
    ----------
    customers, length, arrivals, purchases, spend, time_unit, random_seed
        As in `simulate_transactions`; with the same seed, the same customers.

    Returns
    -------
    RFM
        Of customers 1 to `customers`, with monetary_value, first_value and total_value unless `spend` is None.

    Raises
    ------
    InvalidArgument
        If a number makes no sense.

    Examples
    --------
    >>> len(simulate_rfm(customers=3, random_seed=1))
    3
    """
    rng = np.random.default_rng(random_seed)
    customer, time = _histories(rng, purchases, customers, length, arrivals)
    customers = int(customers)
    first = time[:customers]
    last = np.zeros(customers)
    np.maximum.at(last, customer, time)
    frequency = np.bincount(customer, minlength=customers) - 1
    table = pd.DataFrame({"customer_id": np.arange(1, customers + 1), "frequency": frequency})
    table = table.assign(recency=last - first, T=length - first)
    if spend is not None:
        value = _values(rng, spend, customer, customers)
        total = np.bincount(customer, weights=value, minlength=customers)
        repeat = np.bincount(customer[customers:], weights=value[customers:], minlength=customers)
        mean = repeat / np.maximum(frequency, 1)
        table = table.assign(monetary_value=mean, first_value=value[:customers], total_value=total)
    return RFM.from_frame(table, time_unit=time_unit)


def _histories(
    rng: np.random.Generator, purchases: BetaGeoParams, customers: int, length: float, arrivals: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the customer and the time of each purchase: all first ones, then all second ones, and so on."""
    number, until, last = as_number(customers), as_number(length), as_number(arrivals)
    if not (number >= 1 and number.is_integer() and 0 < until < np.inf and 0 <= last <= until):
        raise InvalidArgument(
            f"customers={shown(customers)}, length={shown(length)}, arrivals={shown(arrivals)}; give at least one"
            " customer, and a finite length that is not shorter than the time of arrivals"
        )
    for name, value in purchases._asdict().items():
        check_number(value, name, "a number above zero", high=LARGEST, above=True)
    customers, mean = int(number), number * (1 + purchases.r / purchases.alpha * until)
    if not mean <= MOST_PURCHASES:
        raise InvalidArgument(
            f"up to {mean:.3g} purchases would be made; simulate fewer customers, a shorter length or a lower rate"
        )
    rate = rng.gamma(purchases.r, 1 / purchases.alpha, customers)
    dropout = rng.beta(purchases.a, purchases.b, customers)
    alive, time = np.arange(customers), rng.uniform(0, arrivals, customers)
    events = [(alive, time)]
    while len(alive):
        # A rate may be zero in floating point; the next purchase is never then.
        with np.errstate(divide="ignore", over="ignore"):
            time = time + rng.standard_exponential(len(alive)) / rate[alive]
        alive, time = alive[time < length], time[time < length]
        events.append((alive, time))
        stays = rng.random(len(alive)) >= dropout[alive]
        alive, time = alive[stays], time[stays]
    return np.concatenate([who for who, _ in events]), np.concatenate([when for _, when in events])


def _values(rng: np.random.Generator, spend: GammaGammaParams, customer: np.ndarray, customers: int) -> np.ndarray:
    """Return the value of each purchase: Gamma(p, rate nu), with nu ~ Gamma(q, rate v) of its customer."""
    own_rate = rng.gamma(spend.q, 1 / spend.v, customers)
    return rng.gamma(spend.p, 1.0, len(customer)) / own_rate[customer]
