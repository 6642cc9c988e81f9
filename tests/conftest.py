"""What every test shares: no display, and property tests that try the same examples each time."""

import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "agg"
# Without a deadline: the first call of a property may import PyMC.
settings.register_profile("clvmodels", deadline=None, derandomize=True)
settings.load_profile("clvmodels")
