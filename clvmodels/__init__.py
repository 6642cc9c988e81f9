"""Customer lifetime value with intervals: models of purchases and spend, beside the simple formula.

From a log to the value of every customer:

>>> import clvmodels as clv
>>> transactions = clv.datasets.simulate_transactions(customers=300, length=104, random_seed=1)
>>> rfm = clv.rfm_summary(transactions, time_unit="week")
>>> purchases, spend = clv.BetaGeo().fit(rfm, random_seed=1), clv.GammaGamma().fit(rfm, random_seed=1)
>>> clv.LifetimeValue(purchases, spend, margin=0.3).expected(rfm, horizon=52).columns.tolist()
['mean', 'lower', 'upper']

============  ==========================================================================================================
data          rfm_summary -> RFM; rfm_table -> RFMTable, where the data are; split_holdout, rolling_splits; datasets
models        BetaGeo, ModifiedBetaGeo (both with BetaGeoPriors), ParetoNBD (ParetoNBDPriors), BetaGeoBetaBinomial
              (BetaGeoBetaBinomialPriors), RegularBetaGeo (RegularBetaGeoPriors), SoftDropout (SoftDropoutPriors),
              RegularSoftDropout (RegularSoftDropoutPriors), Drift (DriftPriors); Pool of several of them
              of spend: GammaGamma (GammaGammaPriors), LogNormalSpend (LogNormalSpendPriors); default_models
              of contracts: ShiftedBetaGeo (ShiftedBetaGeoPriors), fitted to Renewals; MultiplicativeCLV
              Prior for priors of your own; load_posterior; criticise
value         LifetimeValue; score writes what is expected of all customers to a file
evaluation    backtest, rolling_backtest, estimate_model_error; ModelForecaster, named_forecasters; Forecast and
              Prediction for forecasters of your own; catalogue of the measures
decisions     the functions of `decisions`: what a customer may cost, whom to make an offer, next year's budget, ...
output        plots, write_report
production    jobs (nightly retraining and scoring), spark
errors        ClvError, and of its kind InvalidTransactions, InvalidRFM, InvalidArgument, FitFailed; FitWarning and
              DataWarning
============  ==========================================================================================================

The public names are loaded on first use, so that importing the package loads neither PyMC nor matplotlib.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clvmodels import datasets as datasets
    from clvmodels import decisions as decisions
    from clvmodels import jobs as jobs
    from clvmodels import plots as plots
    from clvmodels import spark as spark
    from clvmodels.errors import ClvError as ClvError
    from clvmodels.errors import DataWarning as DataWarning
    from clvmodels.errors import FitFailed as FitFailed
    from clvmodels.errors import FitWarning as FitWarning
    from clvmodels.errors import InvalidArgument as InvalidArgument
    from clvmodels.errors import InvalidRFM as InvalidRFM
    from clvmodels.errors import InvalidTransactions as InvalidTransactions
    from clvmodels.evaluation.backtest import backtest as backtest
    from clvmodels.evaluation.criticism import criticise as criticise
    from clvmodels.evaluation.forecasters import Forecast as Forecast
    from clvmodels.evaluation.forecasters import Prediction as Prediction
    from clvmodels.evaluation.measures import catalogue as catalogue
    from clvmodels.evaluation.model_forecaster import ModelForecaster as ModelForecaster
    from clvmodels.evaluation.past_errors import estimate_model_error as estimate_model_error
    from clvmodels.evaluation.registry import named_forecasters as named_forecasters
    from clvmodels.evaluation.rolling import rolling_backtest as rolling_backtest
    from clvmodels.lifetime_value import LifetimeValue as LifetimeValue
    from clvmodels.models.beta_geo import BetaGeo as BetaGeo
    from clvmodels.models.beta_geo import BetaGeoPriors as BetaGeoPriors
    from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomial as BetaGeoBetaBinomial
    from clvmodels.models.beta_geo_beta_binomial import BetaGeoBetaBinomialPriors as BetaGeoBetaBinomialPriors
    from clvmodels.models.drift import Drift as Drift
    from clvmodels.models.drift import DriftPriors as DriftPriors
    from clvmodels.models.gamma_gamma import GammaGamma as GammaGamma
    from clvmodels.models.gamma_gamma import GammaGammaPriors as GammaGammaPriors
    from clvmodels.models.load import load_posterior as load_posterior
    from clvmodels.models.log_normal import LogNormalSpend as LogNormalSpend
    from clvmodels.models.log_normal import LogNormalSpendPriors as LogNormalSpendPriors
    from clvmodels.models.modified_beta_geo import ModifiedBetaGeo as ModifiedBetaGeo
    from clvmodels.models.multiplicative import MultiplicativeCLV as MultiplicativeCLV
    from clvmodels.models.pareto_nbd import ParetoNBD as ParetoNBD
    from clvmodels.models.pareto_nbd import ParetoNBDPriors as ParetoNBDPriors
    from clvmodels.models.pool import Pool as Pool
    from clvmodels.models.priors import Prior as Prior
    from clvmodels.models.registry import default_models as default_models
    from clvmodels.models.renewals import Renewals as Renewals
    from clvmodels.models.shifted_beta_geo import ShiftedBetaGeo as ShiftedBetaGeo
    from clvmodels.models.shifted_beta_geo import ShiftedBetaGeoPriors as ShiftedBetaGeoPriors
    from clvmodels.models.soft_dropout import RegularBetaGeo as RegularBetaGeo
    from clvmodels.models.soft_dropout import RegularBetaGeoPriors as RegularBetaGeoPriors
    from clvmodels.models.soft_dropout import RegularSoftDropout as RegularSoftDropout
    from clvmodels.models.soft_dropout import RegularSoftDropoutPriors as RegularSoftDropoutPriors
    from clvmodels.models.soft_dropout import SoftDropout as SoftDropout
    from clvmodels.models.soft_dropout import SoftDropoutPriors as SoftDropoutPriors
    from clvmodels.reports import write_report as write_report
    from clvmodels.rfm import RFM as RFM
    from clvmodels.rfm import RFMTable as RFMTable
    from clvmodels.rfm import rfm_summary as rfm_summary
    from clvmodels.rfm import rfm_table as rfm_table
    from clvmodels.rfm import rolling_splits as rolling_splits
    from clvmodels.rfm import split_holdout as split_holdout
    from clvmodels.scoring import score as score

_HOMES = {
    "ClvError": "errors",
    "DataWarning": "errors",
    "FitFailed": "errors",
    "FitWarning": "errors",
    "InvalidArgument": "errors",
    "InvalidRFM": "errors",
    "InvalidTransactions": "errors",
    "backtest": "evaluation.backtest",
    "Forecast": "evaluation.forecasters",
    "Prediction": "evaluation.forecasters",
    "catalogue": "evaluation.measures",
    "named_forecasters": "evaluation.registry",
    "criticise": "evaluation.criticism",
    "ModelForecaster": "evaluation.model_forecaster",
    "rolling_backtest": "evaluation.rolling",
    "estimate_model_error": "evaluation.past_errors",
    "LifetimeValue": "lifetime_value",
    "BetaGeo": "models.beta_geo",
    "BetaGeoPriors": "models.beta_geo",
    "BetaGeoBetaBinomial": "models.beta_geo_beta_binomial",
    "BetaGeoBetaBinomialPriors": "models.beta_geo_beta_binomial",
    "Drift": "models.drift",
    "DriftPriors": "models.drift",
    "GammaGamma": "models.gamma_gamma",
    "GammaGammaPriors": "models.gamma_gamma",
    "LogNormalSpend": "models.log_normal",
    "LogNormalSpendPriors": "models.log_normal",
    "load_posterior": "models.load",
    "ModifiedBetaGeo": "models.modified_beta_geo",
    "MultiplicativeCLV": "models.multiplicative",
    "ParetoNBD": "models.pareto_nbd",
    "ParetoNBDPriors": "models.pareto_nbd",
    "Pool": "models.pool",
    "Prior": "models.priors",
    "default_models": "models.registry",
    "RegularBetaGeo": "models.soft_dropout",
    "RegularBetaGeoPriors": "models.soft_dropout",
    "RegularSoftDropout": "models.soft_dropout",
    "RegularSoftDropoutPriors": "models.soft_dropout",
    "Renewals": "models.renewals",
    "ShiftedBetaGeo": "models.shifted_beta_geo",
    "ShiftedBetaGeoPriors": "models.shifted_beta_geo",
    "SoftDropout": "models.soft_dropout",
    "SoftDropoutPriors": "models.soft_dropout",
    "write_report": "reports",
    "RFM": "rfm",
    "RFMTable": "rfm",
    "rfm_summary": "rfm",
    "rfm_table": "rfm",
    "rolling_splits": "rfm",
    "score": "scoring",
    "split_holdout": "rfm",
}
_SUBMODULES = ("datasets", "decisions", "jobs", "plots", "spark")

__all__ = [
    "RFM",
    "BetaGeo",
    "BetaGeoBetaBinomial",
    "BetaGeoBetaBinomialPriors",
    "BetaGeoPriors",
    "ClvError",
    "DataWarning",
    "Drift",
    "DriftPriors",
    "FitFailed",
    "FitWarning",
    "Forecast",
    "GammaGamma",
    "GammaGammaPriors",
    "InvalidArgument",
    "InvalidRFM",
    "InvalidTransactions",
    "LifetimeValue",
    "LogNormalSpend",
    "LogNormalSpendPriors",
    "ModelForecaster",
    "ModifiedBetaGeo",
    "MultiplicativeCLV",
    "ParetoNBD",
    "ParetoNBDPriors",
    "Pool",
    "Prediction",
    "Prior",
    "RFMTable",
    "RegularBetaGeo",
    "RegularBetaGeoPriors",
    "RegularSoftDropout",
    "RegularSoftDropoutPriors",
    "Renewals",
    "ShiftedBetaGeo",
    "ShiftedBetaGeoPriors",
    "SoftDropout",
    "SoftDropoutPriors",
    "backtest",
    "catalogue",
    "criticise",
    "datasets",
    "decisions",
    "default_models",
    "estimate_model_error",
    "jobs",
    "load_posterior",
    "named_forecasters",
    "plots",
    "rfm_summary",
    "rfm_table",
    "rolling_backtest",
    "rolling_splits",
    "score",
    "spark",
    "split_holdout",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("clvmodels")
    if name in _SUBMODULES:
        return importlib.import_module(f"clvmodels.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"clvmodels.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'clvmodels' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
