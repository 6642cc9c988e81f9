"""What the data say against a model that was fitted to them: tables, before anything is held out."""

from clvmodels.evaluation.criticism.frequencies import frequency_check as frequency_check
from clvmodels.evaluation.criticism.loo import LeaveOneOut as LeaveOneOut
from clvmodels.evaluation.criticism.loo import leave_one_out as leave_one_out
from clvmodels.evaluation.criticism.priors import prior_sensitivity as prior_sensitivity
from clvmodels.evaluation.criticism.spend import SpendIndependence as SpendIndependence
from clvmodels.evaluation.criticism.spend import spend_independence as spend_independence
from clvmodels.evaluation.criticism.whole import Criticism as Criticism
from clvmodels.evaluation.criticism.whole import criticise as criticise

__all__ = [
    "Criticism",
    "LeaveOneOut",
    "SpendIndependence",
    "criticise",
    "frequency_check",
    "leave_one_out",
    "prior_sensitivity",
    "spend_independence",
]
