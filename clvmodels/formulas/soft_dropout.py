r"""Soft dropout, and regularity: customers who leave slow down, and some buy more regularly than others.

**Soft dropout** (ours). Purchases come at a rate lambda ~ Gamma(r, rate alpha) of the customer's own. After every
purchase, the first included, the customer lapses with a probability p ~ Beta(a, b) of the customer's own; but one who
has lapsed does not vanish, and buys on at the rate delta lambda, with one delta in [0, 1) for all. "Alive" means: has
not slowed down. At delta = 0 this is MBG/NBD.

**Regularity**: the CNBD-k model (Chatfield and Goodhardt 1973, doi:10.2307/2346882; Platzer and Reutterer 2016,
doi:10.1287/mksc.2015.0963), as a mixture. A customer of class k waits through k phases for a purchase, each passed at
the rate k lambda: the waits are Erlang(k) with the mean 1 / lambda, and the larger k, the more regular. Classes 1, 2,
4 and 8 have the shares :math:`\pi_k`.

**Likelihood.** Let :math:`t_0 = 0 < t_1 < \dots < t_x` be the times of the purchases since the first, T the age,
:math:`\tau = T - t_x` the silence, l the sum of the logarithms of the gaps. The rate of phases
:math:`\mu = k \lambda` is Gamma(r, rate :math:`\alpha_k = \alpha / k`). Given mu, a wait w while alive has the
density :math:`\mu^k w^{k-1} e^{-\mu w} / (k-1)!`, and :math:`\delta \mu` takes the place of mu afterwards. Whoever has
lapsed after purchase m = 0, ..., x has passed x k phases with the weight :math:`\delta^{k (x - m)}`, in a time that
counts as

.. math:: s_m = t_m + \delta (T - t_m),

and j < k phases since the last purchase. Integrating mu out, with R = r + k x,

.. math::
    L_{k, m} &= B(a + 1, b + m)\, \delta^{k (x - m)}
        \sum_{j < k} \frac{(\delta \tau)^j}{j!} \Gamma(R + j) (\alpha_k + s_m)^{-(R + j)} \\
    L_{k, \text{alive}} &= B(a, b + x + 1) \sum_{j < k} \frac{\tau^j}{j!} \Gamma(R + j) (\alpha_k + T)^{-(R + j)} \\
    L &= \sum_k \pi_k \frac{e^{(k - 1) l}}{(k - 1)!^x} \frac{\alpha_k^r}{\Gamma(r) B(a, b)}
        \left(L_{k, \text{alive}} + \sum_{m = 0}^{x} L_{k, m}\right)

Every term is a **state**: a class, alive or lapsed after purchase m, and the phase j. Given the state, mu is
Gamma(R + j, rate D) with D = :math:`\alpha_k + T` or :math:`\alpha_k + s_m`, and p of who is alive is
Beta(a, b + x + 1). All that is expected is a mean over the states.

**What is to come.** The number of phases N that a customer passes within a time t is negative binomial,
:math:`P(N = n) = \binom{R + j + n - 1}{n} \frac{t^n D^{R + j}}{(D + t)^{R + j + n}}`. Who has lapsed passes those of
the time delta t, and buys :math:`\lfloor (j + N) / k \rfloor` times. For who is alive take phases at the rate mu, of
which one who has lapsed passes each with the probability delta: what is expected after n of them follows from what is
expected after n - 1 (`purchases_by_phase`, `survival_by_phase`), and its mean over N is the answer.

The functions here say so in numpy, for one customer; `compiled.soft_dropout` works for many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln, logsumexp
from scipy.stats import nbinom

Array = NDArray[np.float64]
CLASSES = (1, 2, 4, 8)


class SoftDropoutParams(NamedTuple):
    """r, alpha: Gamma shape and rate of purchasing; a, b: Beta of lapsing; delta; the shares of the classes k."""

    r: Any
    alpha: Any
    a: Any
    b: Any
    delta: Any
    share_1: Any = 1.0
    share_2: Any = 0.0
    share_4: Any = 0.0
    share_8: Any = 0.0


class State(NamedTuple):
    """One state that a customer may be in: class k, lapsed after purchase m (None: alive), phase j.

    `log_weight` is the log of its term of the likelihood; the rate of phases is Gamma(shape, rate).
    """

    k: int
    m: int | None
    j: int
    log_weight: float
    shape: float
    rate: float


def states(params: SoftDropoutParams, times: ArrayLike, T: float) -> list[State]:
    """All states of a customer with repeat purchases at `times` (x,), which rise, at age T."""
    r, alpha, a, b, delta, *shares = (float(value) for value in params)
    t = np.append(0.0, np.asarray(times, float))
    x, silence = len(t) - 1, T - t[-1]
    log_gaps, log_delta = np.log(np.diff(t)).sum(), np.log(delta) if delta else -np.inf
    found = []
    for k, share in zip(CLASSES, shares, strict=True):
        if not share:
            continue
        scale, R = alpha / k, r + k * x
        shared = np.log(share) + (k - 1) * log_gaps - x * gammaln(k) + r * np.log(scale) - gammaln(r) - betaln(a, b)
        for m in (None, *range(x + 1)):
            speed = 1.0 if m is None else delta
            if m is not None and not delta and m < x:
                continue
            rate = scale + T if m is None else scale + t[m] + delta * (T - t[m])
            leaving = betaln(a, b + x + 1) if m is None else betaln(a + 1, b + m)
            slowed = 0.0 if m is None or m == x else k * (x - m) * log_delta
            for j in range(k if speed and silence else 1):
                passed = j * np.log(speed * silence) - gammaln(j + 1) if j else 0.0
                term = shared + leaving + slowed + passed + gammaln(R + j) - (R + j) * np.log(rate)
                found.append(State(k, m, j, term, R + j, rate))
    return found


def log_likelihood(params: SoftDropoutParams, times: ArrayLike, T: float) -> float:
    """Log-likelihood of one customer.

    >>> one = SoftDropoutParams(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1)
    >>> round(log_likelihood(one, [2.0, 5.0, 20.0], 30.0), 12)
    -10.740564397364
    """
    total: Any = logsumexp([state.log_weight for state in states(params, times, T)])
    return float(total)


def probability_alive(params: SoftDropoutParams, times: ArrayLike, T: float) -> float:
    """P(has not slowed down by T).

    >>> one = SoftDropoutParams(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1)
    >>> round(probability_alive(one, [2.0, 5.0, 20.0], 30.0), 12)
    0.188543662628
    """
    return survival(params, 0.0, times, T)


def survival(params: SoftDropoutParams, t: float, times: ArrayLike, T: float) -> float:
    """P(has not slowed down by T + t)."""

    def if_alive(state: State, passed: Array) -> Array:
        return survival_by_phase(params, len(np.atleast_1d(times)), state.k, int(passed[-1]))[passed.astype(int)]

    return _mean(params, t, times, T, if_alive, lambda *_: np.zeros(1))


def expected_purchases(params: SoftDropoutParams, t: float, times: ArrayLike, T: float) -> float:
    """Expected purchases in (T, T + t), of customers who are alive and who have slowed down together.

    >>> one = SoftDropoutParams(r=0.6, alpha=4.0, a=1.1, b=1.4, delta=0.1)
    >>> round(expected_purchases(one, 20.0, [2.0, 5.0, 20.0], 30.0), 6)
    0.873821
    """

    def if_alive(state: State, passed: Array) -> Array:
        return purchases_by_phase(params, len(np.atleast_1d(times)), state.k, int(passed[-1]))[passed.astype(int)]

    return _mean(params, t, times, T, if_alive, lambda state, passed: passed // state.k)


def probability_of_purchase(params: SoftDropoutParams, t: float, times: ArrayLike, T: float) -> float:
    """P(at least one purchase in (T, T + t)): silence until T + t against silence until T."""
    return float(-np.expm1(log_likelihood(params, times, T + t) - log_likelihood(params, times, T)))


def purchases_by_phase(params: SoftDropoutParams, x: int, k: int, most: int) -> Array:
    """Expected purchases after 0, 1, ..., `most` phases at the full rate, of who was alive at the last purchase."""
    _, _, a, b, delta, *_ = (float(value) for value in params)
    alive, coins, lapsed, found = 1.0, a + b + x + 1, np.zeros(k), np.zeros(most + 1)
    for n in range(1, most + 1):
        bought = delta * lapsed[-1]
        lapsed = (1 - delta) * lapsed + delta * np.roll(lapsed, 1)
        if n % k == 0:
            bought += alive
            lapsed[0] += alive * a / coins
            alive, coins = alive * (1 - a / coins), coins + 1
        found[n] = found[n - 1] + bought
    return found


def survival_by_phase(params: SoftDropoutParams, x: int, k: int, most: int) -> Array:
    """P(has not lapsed) after 0, 1, ..., `most` phases, of who was alive at the last purchase."""
    n = np.arange(most + 1) // k
    return np.exp(betaln(params.a, params.b + x + 1 + n) - betaln(params.a, params.b + x + 1))


def _mean(params: SoftDropoutParams, t: float, times: ArrayLike, T: float, if_alive: Any, if_lapsed: Any) -> float:
    """Mean over the states, and over the phases passed in a time t, of functions of both phases together."""
    every = states(params, times, T)
    total, largest = 0.0, max(state.log_weight for state in every)
    for state in every:
        length = t if state.m is None else float(params.delta) * t
        passing: Any = nbinom(state.shape, state.rate / (state.rate + length))
        passed = np.arange(passing.isf(1e-15) + 2)
        of_phases = (if_alive if state.m is None else if_lapsed)(state, state.j + passed)
        total += np.exp(state.log_weight - largest) * float(np.sum(passing.pmf(passed) * of_phases))
    return float(total / sum(np.exp(state.log_weight - largest) for state in every))
