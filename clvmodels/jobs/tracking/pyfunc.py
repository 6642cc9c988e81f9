"""The MLflow flavour of a version: its posteriors and the choices of scoring as files, and a table of customers in.

Nothing is pickled: MLflow keeps NetCDF, JSON and `model.py`, which asks this module for the model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from clvmodels.errors import ClvError, InvalidRFM, shown
from clvmodels.models.load import load_posterior
from clvmodels.rfm import RFM
from clvmodels.rfm.counts import spend_column
from clvmodels.rfm.rules import AMOUNTS, LISTS, REQUIRED, WHOLE
from clvmodels.scoring import Scorer
from clvmodels.scoring.scorer import MONEY

CODE = Path(__file__).with_name("model.py")
PURCHASES, SPEND, SCORING = "purchases.nc", "spend.nc", "scoring.json"
# Made up, so that no customer's data are shown: one who came back twice, and one who did not.
EXAMPLE = {
    "customer_id": ["ann", "bob"],
    "frequency": [2, 0],
    "recency": [30.0, 0.0],
    "T": [38.0, 12.0],
    "monetary_value": [22.5, 0.0],
    "first_value": [19.0, 25.0],
    "total_value": [64.0, 25.0],
    "opportunities": [38, 12],
    "purchase_times": [[15.0, 30.0], []],
    "log_gaps": [2 * math.log(15.0), 0.0],
    "free_purchases": [0, 0],
    # As if 19, 20 and 25 had been paid.
    "log_value_mean": [math.log(9500.0) / 3, math.log(25.0)],
    "log_value_squares": [0.0405, 0.0],
}


def load_scorer(files: Mapping[str, str]) -> Scorer:
    """Return what scores customers, from a model's files.

    Parameters
    ----------
    files
        Paths of "purchases.nc", "scoring.json" and, where there is spend, "spend.nc", by these names.

    Raises
    ------
    ClvError
        If a file is missing or damaged, or a choice of scoring cannot be used.
    """
    if missing := [name for name in (PURCHASES, SCORING) if name not in files]:
        raise ClvError(f"the model has no {' and no '.join(missing)}, found {sorted(files)}; log it again")
    loaded: dict[str, Any] = {"purchases": load_posterior(files[PURCHASES])}
    if SPEND in files:
        loaded["spend"] = load_posterior(files[SPEND])
    try:
        return Scorer(**loaded, **json.loads(Path(files[SCORING]).read_bytes()))
    except ClvError:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ClvError(f"{files[SCORING]} holds no choices of scoring: {error}; log the model again") from error


def score_frame(scorer: Scorer, customers: pd.DataFrame) -> pd.DataFrame:
    """Score a table of customers.

    Parameters
    ----------
    scorer
    customers
        customer_id (a column, or the index of that name), frequency, recency and T in the fit's time unit, what else
        the models need (such as opportunities), and for lifetime values monetary_value (total_value as well, where the
        spend was fitted with the first purchases).

    Returns
    -------
    pandas.DataFrame
        As `Scorer.table`, one row per customer, in their order.

    Raises
    ------
    InvalidRFM
        If the table contradicts itself, or something is missing; the message says what to do.

    Examples
    --------
    >>> from clvmodels.models.published import cdnow_posteriors
    >>> purchases, _ = cdnow_posteriors()
    >>> ann = pd.DataFrame({"customer_id": ["ann"], "frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> score_frame(Scorer(purchases=purchases, horizon=39), ann)["expected_purchases_mean"].round(3).tolist()
    [1.226]
    """
    if isinstance(customers, pd.DataFrame) and "customer_id" not in (*customers.columns, *customers.index.names):
        raise InvalidRFM(
            f"there is no customer_id, found {shown(list(customers.columns))};"
            " give it as a column, or as the index's name"
        )
    rfm = RFM.from_frame(customers, time_unit=scorer.purchases.time_unit)
    scorer.check(rfm)
    return scorer.table(rfm)


def python_model() -> Any:
    """Return what MLflow calls: a `PythonModel` around `load_scorer` and `score_frame`."""
    from mlflow.pyfunc import PythonModel  # pyright: ignore[reportMissingImports] (an extra, not always installed)

    class CustomerScores(PythonModel):
        def load_context(self, context: Any) -> None:
            self.scorer = load_scorer(context.artifacts)

        def predict(
            self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
        ) -> pd.DataFrame:
            return score_frame(self.scorer, model_input)

    return CustomerScores()


def save_model(to: Path, *, posteriors: Path, scoring: Mapping[str, Any], about: Any = None) -> None:
    """Write a version as a model of MLflow, without asking a server.

    Parameters
    ----------
    to
        The folder; it must not exist yet.
    posteriors
        The folder that holds purchases.nc and perhaps spend.nc.
    scoring
        horizon, and if wanted margin, annual_discount_rate, interval and quantities, as `Scorer` takes them.
    about
        MLflow's own `Model`, which names the run.

    Raises
    ------
    ClvError
        If a posterior cannot be read, or a choice of scoring cannot be used.
    """
    import mlflow.pyfunc  # pyright: ignore[reportMissingImports]

    with TemporaryDirectory() as folder:
        (chosen := Path(folder) / SCORING).write_text(json.dumps(dict(scoring), indent=1) + "\n")
        files = {PURCHASES: str(posteriors / PURCHASES), SCORING: str(chosen)}
        if (spend := posteriors / SPEND).exists():
            files[SPEND] = str(spend)
        scorer = load_scorer(files)
        example: Any = pd.DataFrame(EXAMPLE)[_columns(scorer)]
        mlflow.pyfunc.save_model(
            to,
            python_model=str(CODE),
            artifacts=files,
            signature=_signature(scorer),
            input_example=example,
            # Named, since MLflow would otherwise run the model in another process to see what it imports.
            pip_requirements=[f"clvmodels=={version('clvmodels')}", f"mlflow=={version('mlflow')}"],
            mlflow_model=about,
        )


def _columns(scorer: Scorer) -> list[str]:
    """The columns of the customers' table: amounts only where there is spend, and what else the models need."""
    amounts = AMOUNTS if scorer.spend is not None else ()
    return list(dict.fromkeys(["customer_id", *REQUIRED, *amounts, *scorer.statistics]))


def _signature(scorer: Scorer) -> Any:
    from mlflow.models import ModelSignature  # pyright: ignore[reportMissingImports]
    from mlflow.types.schema import AnyType, Array, ColSpec, DataType, Schema  # pyright: ignore[reportMissingImports]

    # Customers are called by numbers or by text.
    types: dict[str, Any] = {"customer_id": AnyType(), **dict.fromkeys(WHOLE, DataType.long)}
    types |= dict.fromkeys(LISTS, Array(DataType.double))
    optional = {*AMOUNTS}
    if scorer.spend is not None and set(scorer.chosen) & set(MONEY):
        optional -= {"monetary_value", spend_column(pd.DataFrame(EXAMPLE), include_first=scorer.spend.include_first)}

    def schema(names: list[str], optional: set[str]) -> Any:
        return Schema([ColSpec(types.get(name, DataType.double), name, name not in optional) for name in names])

    given = _columns(scorer)
    # Customers may be the index, and MLflow knows columns only.
    return ModelSignature(schema(given, {*optional, "customer_id"}), schema(scorer.columns(given), optional))
