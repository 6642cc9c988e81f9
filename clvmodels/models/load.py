"""Back from a file to the posterior that wrote it."""

from __future__ import annotations

import os

from clvmodels.errors import ClvError
from clvmodels.models.beta_geo_posterior import BetaGeoPosterior
from clvmodels.models.gamma_gamma import GammaGammaPosterior
from clvmodels.models.posterior import read_file
from clvmodels.models.shifted_beta_geo_posterior import ShiftedBetaGeoPosterior

POSTERIORS = {kind.__name__: kind for kind in (BetaGeoPosterior, GammaGammaPosterior, ShiftedBetaGeoPosterior)}


def load_posterior(
    path: str | os.PathLike[str],
) -> BetaGeoPosterior | GammaGammaPosterior | ShiftedBetaGeoPosterior:
    """Read a posterior that `save` wrote; it gives the same answers as the one that was saved.

    Parameters
    ----------
    path : str or path
        One NetCDF file. Nothing in it is executed.

    Returns
    -------
    BetaGeoPosterior, GammaGammaPosterior or ShiftedBetaGeoPosterior

    Raises
    ------
    ClvError
        If the file is missing, is no such file, or holds a model that this version does not know.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_posterior(point.save(f"{folder}/purchases.nc"))
    BetaGeoPosterior(r 0.243, alpha 4.414, a 0.793, b 2.426; 1 draws by given, time unit week)
    """
    samples, metadata = read_file(path)
    if metadata["model"] not in POSTERIORS:
        raise ClvError(f"{path} holds a {metadata['model']}, which this version does not know")
    return POSTERIORS[metadata["model"]]._restore(samples, metadata)
