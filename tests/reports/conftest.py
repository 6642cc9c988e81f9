"""A made-up backtest of six customers, shaped as the real one: quick, and with ids that try to break a page."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clvmodels.reports.build import build_report

CUSTOMERS = pd.Index(
    ["<script>alert(1)</script>", "\"quoted\" & 'so'", "אבג \N{GRINNING FACE}", "x" * 300, "$x$", 6], name="customer_id"
)
FORECASTERS = ("bg_nbd_gamma_gamma", "multiplicative_customer", "as_before")


def bands(means, *, below=0.5, above=2.0):
    means = np.asarray(means, dtype=float)
    return pd.DataFrame({"mean": means, "lower": below * means, "upper": above * means}, index=CUSTOMERS)


def forecast(factor):
    tables = {"purchases": bands(factor * np.arange(6)), "value": bands(30 * factor * np.arange(6))}
    return SimpleNamespace(table=tables.get, **tables)


def posterior(parameters):
    columns = {"mean": 1.25, "sd": 0.1, "lower": 1.1, "upper": 1.4, "ess": 3650.4, "k_hat": 0.21}
    summary = pd.DataFrame(columns, index=pd.Index(list(parameters), name="parameter"))
    diagnostics = SimpleNamespace(
        method="importance",
        converged=True,
        effective_sample_size=3650.4,
        k_hat=0.21,
        r_hat=float("nan"),
        divergences=0,
        notes=(),
    )
    return SimpleNamespace(summary=lambda interval: summary, diagnostics=diagnostics)


def metrics():
    figures = {
        "bias": -0.121,
        "mae": 0.785,
        "rmse": 1.608,
        "pearson": 0.626,
        "spearman": 0.449,
        "normalized_gini": np.nan,
    }
    figures |= {"coverage_90": 0.953, "width_90": 2.5}
    rows = [
        (name, target, metric, value)
        for target in ("purchases", "value")
        for name in FORECASTERS
        for metric, value in figures.items()
    ]
    return pd.DataFrame(rows, columns=["forecaster", "target", "metric", "value"])


def totals():
    index = pd.MultiIndex.from_product([("purchases", "value"), FORECASTERS], names=["target", "forecaster"])
    return pd.DataFrame({"predicted": 1655.4, "lower": 1540.0, "upper": 1780.0, "actual": 1882.0}, index=index)


def tracking():
    ends = np.arange(1.0, 4.0)
    columns = {name: 500.0 * ends for name in FORECASTERS}
    columns |= {"bg_nbd_gamma_gamma_lower": 450 * ends, "bg_nbd_gamma_gamma_upper": 560 * ends}
    return pd.DataFrame({"end": ends, "actual": 480 * ends, **columns})


def reliability():
    columns = {"customers": [4, 2], "actual": [0.5, 2.0], **dict.fromkeys(FORECASTERS, [0.4, 1.8])}
    return pd.DataFrame(columns, index=pd.Index(["0", "1+"], name="frequency"))


class MadeUpRFM(SimpleNamespace):
    def __len__(self):
        return len(self.frame)


def made_up_result():
    frame = pd.DataFrame({"frequency": range(6), "recency": range(6), "T": 10.0}, index=CUSTOMERS)
    log = pd.DataFrame({"what": ["rows after the observation end"], "count": [1234], "treatment": ["left out"]})
    table = metrics()
    return SimpleNamespace(
        split=SimpleNamespace(
            calibration=MadeUpRFM(frame=frame, time_unit="week", log=log, has_value=True),
            holdout=pd.DataFrame({"purchases": range(6), "value": np.arange(6) * 25.0}, index=CUSTOMERS),
            calibration_end=pd.Timestamp("1997-09-30"),
            holdout_end=pd.Timestamp("1998-06-30"),
            horizon=39.0,
            new_customers=1,
            new_purchases=2,
        ),
        forecasts={name: forecast(factor) for name, factor in zip(FORECASTERS, (1.0, 1.5, 2.0), strict=True)},
        fitted={
            "bg_nbd_gamma_gamma": SimpleNamespace(purchases=posterior(["r", "alpha"]), spend=posterior("pqv"), notes=())
        },
        metrics=table,
        targets=["purchases", "value"],
        interval=0.9,
        table=lambda: table.pivot_table(index=["target", "forecaster"], columns="metric", values="value", dropna=False),
        verdict=lambda: "Held out.\nIn short: <b>no baseline</b> wins.",
        tracking=tracking,
        reliability=reliability,
        totals=totals,
    )


def made_up_scores(result):
    frame = result.split.calibration.frame.reset_index().assign(monetary_value=25.0)
    for factor, name in enumerate(
        (
            "probability_alive",
            "expected_purchases",
            "predictive_purchases",
            "expected_lifetime",
            "lifetime_value",
            "predictive_lifetime_value",
        ),
        start=1,
    ):
        table = bands(factor * np.arange(6) / 6)
        frame = frame.assign(**{f"{name}_{column}": table[column].to_numpy() for column in table})
    return frame


@pytest.fixture
def result():
    return made_up_result()


@pytest.fixture
def scores(result):
    return made_up_scores(result)


@pytest.fixture(scope="session")
def report():
    made_up = made_up_result()
    return build_report(made_up, made_up_scores(made_up))
