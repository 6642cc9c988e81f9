"""Posteriors at published parameters, for examples and tests."""

from __future__ import annotations

from clvmodels.models.beta_geo import BetaGeo
from clvmodels.models.gamma_gamma import GammaGamma
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.spend import SpendPosterior


def cdnow_posteriors() -> tuple[PurchasePosterior, SpendPosterior]:
    """Return purchases and spend at the maximum-likelihood parameters of the CDNOW sample, in weeks.

    Sources: Fader, Hardie, Lee (2005), doi:10.1287/mksc.1040.0098; Fader, Hardie (2013), note 025.

    Examples
    --------
    >>> purchases, spend = cdnow_posteriors()
    >>> purchases.summary()["mean"].to_dict()
    {'r': 0.243, 'alpha': 4.414, 'a': 0.793, 'b': 2.426}
    """
    purchases = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    return purchases, GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week", random_seed=1)
