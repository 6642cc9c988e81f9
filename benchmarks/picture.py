"""README's picture: what was forecast of CDNOW with its intervals, and what came, for a light and a dark page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import clvmodels as clv

CUT: dict[str, Any] = {"calibration_end": "1997-09-30", "holdout_end": "1998-06-30"}
FORMULA = "multiplicative_customer"
FILES = {dark: Path(__file__).with_name(f"cdnow-{'dark' if dark else 'light'}.svg") for dark in (False, True)}


def forecast() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The purchases of all customers over the weeks, and what the most valuable ones are to spend, and spent."""
    transactions = clv.datasets.load_cdnow()
    model = clv.ModelForecaster()
    forecasters = [model, *clv.named_forecasters([FORMULA])]
    weeks = clv.backtest(transactions, **CUT, value=None, forecasters=forecasters).tracking(calibration=True)
    split = clv.split_holdout(transactions, **CUT, time_unit="week", statistics=model.statistics)
    rfm = split.calibration
    value = clv.LifetimeValue(*(each.fit(rfm, random_seed=1) for each in (model.purchases, model.spend)))
    customers = value.predictive(rfm, horizon=split.horizon).assign(actual=split.holdout["value"])
    return weeks, customers


def draw(weeks: pd.DataFrame, customers: pd.DataFrame, *, dark: bool) -> str:
    def both(ax: Any) -> None:
        figure = ax.figure
        ax.remove()
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        clv.plots.tracking(weeks, ax=left, time_unit="week")
        clv.plots.lifetime_value(customers, top=12, ax=right, xlabel="spend in the 39 weeks after, USD")

    return clv.plots.to_svg(both, size=(10.5, 4.2), dark=dark)


if __name__ == "__main__":
    tables = forecast()
    for dark, file in FILES.items():
        file.write_text(draw(*tables, dark=dark), encoding="utf-8")
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
