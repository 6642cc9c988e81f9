"""lifetimes: the point estimates of its models and the RFM summary."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import pandas as pd
import simulated
from memory import measured

# The classes of those that it has, by our keys.
MODELS = {
    "bg_nbd": "BetaGeoFitter",
    "mbg_nbd": "ModifiedBetaGeoFitter",
    "pareto_nbd": "ParetoNBDFitter",
    "bg_bb": "BetaGeoBetaBinomFitter",
}


def fit(*, customers: int, model: str = "bg_nbd") -> dict[str, Any]:
    """Maximum likelihood of all customers, each its own row; the time until it gives up if it does."""
    import lifetimes
    from lifetimes.utils import ConvergenceError

    table = pd.read_parquet(simulated.rfm_path(customers), columns=["frequency", "recency", "T"])
    frequency, recency, T = (table[name].to_numpy() for name in table.columns)

    def outcome() -> Any:
        try:
            return (
                getattr(lifetimes, MODELS[model])(penalizer_coef=0)
                .fit(frequency, recency, T)
                .params_.round(4)
                .to_dict()
            )
        except ConvergenceError:
            return "did not converge"

    report, estimate = measured(outcome)
    return {**report, "estimate": estimate, "versions": _versions()}


def summary(*, rows: int) -> dict[str, Any]:
    """From a Parquet log to one row per customer."""
    from lifetimes.utils import summary_data_from_transaction_data

    path = simulated.log_of_rows_path(rows)
    summarise = partial(
        summary_data_from_transaction_data,
        customer_id_col="customer_id",
        datetime_col="date",
        monetary_value_col="value",
        observation_period_end=simulated.END,
    )
    report, table = measured(lambda: summarise(pd.read_parquet(path)))
    repeats = int(table["frequency"].sum())
    return {**report, "customers": len(table), "repeat_purchases": repeats, "versions": _versions()}


def _versions() -> dict[str, str]:
    return {library: version(library) for library in ("lifetimes", "autograd", "numpy", "pandas")}
