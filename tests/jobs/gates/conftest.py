"""What the tests of the gates share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clvmodels.datasets import simulate_transactions
from clvmodels.errors import FitFailed
from clvmodels.evaluation import backtest as backtest_module
from clvmodels.evaluation.backtest import evaluate
from clvmodels.evaluation.forecasters import Forecast, Prediction
from clvmodels.intervals import DrawBlocks
from clvmodels.jobs.settings import Gates
from clvmodels.rfm import split_holdout


@pytest.fixture(scope="session")
def gates():
    return Gates()


@pytest.fixture(scope="session")
def named():
    """Checks by name, of which no two may be alike."""

    def by_name(checks):
        found = {check.name: check for check in checks}
        assert len(found) == len(checks)
        return found

    return by_name


@dataclass(frozen=True)
class Told:
    """A forecaster that is told its answers: means, and draws around their sum where a spread is given."""

    means: pd.DataFrame
    name: str = "candidate"
    spread: float | None = None
    draws: int = 400
    error: str | None = None

    def fit(self, calibration, *, random_seed):
        if self.error:
            raise FitFailed(self.error)
        return self

    def forecast(self, rfm, *, horizon):
        known = {target: self._prediction(self.means[target]) for target in self.means.columns}
        return Forecast(**known)

    def _prediction(self, mean):
        if self.spread is None:
            return Prediction(mean=mean)
        rng = np.random.default_rng(1)
        drawn = rng.poisson(mean.to_numpy() * rng.gamma(1 / self.spread**2, self.spread**2, (self.draws, 1)))
        return Prediction(mean=mean, draws=DrawBlocks.of(drawn.astype(float)))


@pytest.fixture(scope="session")
def told():
    """The class of a forecaster that is told its answers."""
    return Told


@pytest.fixture(scope="session")
def log():
    """Three hundred customers."""
    return simulate_transactions(customers=300, length=44, random_seed=1)


@pytest.fixture(scope="session")
def split(log):
    """Half a year of them, and the quarter after it."""
    return split_holdout(log, calibration_end="2020-07-31", holdout_end="2020-10-30")


@pytest.fixture(scope="session")
def bare(log):
    """The same without amounts."""
    return split_holdout(log, calibration_end="2020-07-31", holdout_end="2020-10-30", value=None)


@pytest.fixture(scope="session")
def truth(split):
    """What they did in that quarter."""
    return split.holdout


@pytest.fixture(scope="session")
def off_by(truth):
    """The truth, but for noise of some size, in which the total stays what it was."""
    noise = pd.Series(np.random.default_rng(1).uniform(-1, 1, len(truth)), index=truth.index)

    def make(size, name="candidate", **choices):
        return Told(truth.add(size * (noise - noise.mean()), axis=0), name=name, **choices)

    return make


@pytest.fixture(scope="session")
def tried(split):
    """Backtest some forecasters; what earlier origins say of them takes time, and has a test of its own."""

    def run(*forecasters, split=split, past=None, **choices):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(backtest_module, "errors_at_earlier_origins", lambda *_, **__: past or {})
            return evaluate(split, [*forecasters], random_seed=1, **choices)

    return run
