"""From values to decisions: acquisition, churn, retention offers, replacement, budget. Posterior draws all the way.

Every answer is a frozen object with tables (mean, lower, upper), the `drivers` of its main figure, and a `sentence`.
Money is in the data's own unit, times are in the models' time unit; margin and discount rate are those of the
`LifetimeValue` that is handed in.
"""

from clvmodels.decisions.acquisition import Acquisition, acquisition
from clvmodels.decisions.budget import Budget, budget
from clvmodels.decisions.churn import Churn, churn
from clvmodels.decisions.cohorts import Cohorts, follow_cohorts
from clvmodels.decisions.needed import Needed, customers_needed
from clvmodels.decisions.offer import Offer
from clvmodels.decisions.renewal import RenewalDiscount, renewal_discount
from clvmodels.decisions.replacement import Replacement, retain_or_replace
from clvmodels.decisions.retention import Retention, retention_offer
from clvmodels.decisions.risk import ValueAtRisk, value_at_risk
from clvmodels.decisions.segments import fit_by_segment
from clvmodels.models.acquisition_rate import AcquisitionRate

__all__ = [
    "Acquisition",
    "AcquisitionRate",
    "Budget",
    "Churn",
    "Cohorts",
    "Needed",
    "Offer",
    "RenewalDiscount",
    "Replacement",
    "Retention",
    "ValueAtRisk",
    "acquisition",
    "budget",
    "churn",
    "customers_needed",
    "fit_by_segment",
    "follow_cohorts",
    "renewal_discount",
    "retain_or_replace",
    "retention_offer",
    "value_at_risk",
]
