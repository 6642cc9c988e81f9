"""The report's three figures, each in light and in dark ink, and in words for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clvmodels import plots
from clvmodels.plots.style import BANDS, label

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

TOP = 15


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Two SVG documents of one drawing, what it says, and how to read it."""

    light: str
    dark: str
    alt: str
    caption: str


def tracking_figure(table: pd.DataFrame, *, time_unit: str, interval: float = 0.9) -> Figure:
    """Draw ``result.tracking()``."""
    last = table.iloc[-1]
    return _figure(
        lambda ax: plots.tracking(table, ax=ax, time_unit=time_unit),
        alt=f"Cumulative purchases after {last['end']:,.3g} {time_unit}s: {_means(last, besides={'end'})}.",
        caption="Purchases of all customers since the calibration end. "
        f"The band is the model's {100 * interval:g} % predictive interval.",
    )


def reliability_figure(table: pd.DataFrame) -> Figure:
    """Draw ``result.reliability()``."""
    groups = (f"{group} repeat purchases: {_means(row, besides={'customers'})}" for group, row in table.iterrows())
    return _figure(
        lambda ax: plots.reliability(table, ax=ax),
        alt=f"Mean purchases in the holdout. {'; '.join(groups)}.",
        caption="Customers by their repeat purchases in calibration. A good forecaster's line follows the bars.",
    )


def value_figure(ranked: pd.DataFrame, *, xlabel: str, interval: float = 0.9) -> Figure:
    """Draw the first of `ranked_customers` with their predictive intervals."""
    best = ranked.head(TOP).drop(columns=["rank", "frequency", "since_last", "alive"])
    best = best.rename(columns={"simple": "multiplicative_customer"}).dropna(axis="columns", how="all")
    inside = int(best["actual"].between(best["lower"], best["upper"]).sum())
    return _figure(
        lambda ax: plots.lifetime_value(best, ax=ax, top=TOP, xlabel=xlabel),
        alt=f"The {len(best)} customers of whom most is expected, from {best['mean'].iloc[0]:,.4g} to "
        f"{best['mean'].iloc[-1]:,.4g}; {inside} of them came out inside their interval.",
        caption=f"Bars are {100 * interval:g} % predictive intervals: that share of the crosses should lie on them.",
    )


def _means(row: pd.Series, *, besides: set[str]) -> str:
    """Name each figure of a row but the edges of its bands: ``actual 1,882, BG/NBD x Gamma-Gamma 1,655``."""
    shown = {name: value for name, value in row.items() if name not in besides and not str(name).endswith(BANDS)}
    return ", ".join(f"{label(str(name))} {value:,.4g}" for name, value in shown.items())


def _figure(draw: Callable[[Any], object], *, alt: str, caption: str) -> Figure:
    return Figure(light=plots.to_svg(draw), dark=plots.to_svg(draw, dark=True), alt=alt, caption=caption)
