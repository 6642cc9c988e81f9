"""Which input drives an answer: how far the answer moves while one input goes from its low to its high end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clvmodels.intervals import Array, quantiles
from clvmodels.wording import amount

COLUMNS = ["low", "high", "answer_low", "answer_high", "answer", "ends"]
INTERVAL, TENTH = "interval", "a tenth either way"
STEP = 0.1


@dataclass(frozen=True)
class Certain:
    """An input without uncertainty: what the answer would be a tenth below and a tenth above it."""

    value: float
    answer_low: float
    answer_high: float


def drivers(
    answer: Array,
    *,
    uncertain: Mapping[str, Array],
    certain: Mapping[str, Certain] | None = None,
    interval: float = 0.9,
) -> pd.DataFrame:
    """Rank the inputs by how far they move the answer.

    An uncertain input goes over its own interval while the others stay at their means: the answer at its ends is read
    off the least-squares plane of the answer's draws on those of all inputs. A certain one is moved by a tenth either
    way.

    Parameters
    ----------
    answer : array (draws,)
        Draws that are not finite are left out.
    uncertain : dict of name -> array (draws,)
        Inputs that never vary are left out, and so is a point of one draw.
    certain : dict of name -> Certain, optional
    interval : float
        Of the uncertain inputs.

    Returns
    -------
    DataFrame
        Indexed by input, the widest swing first: low and high (the input's ends), answer_low and answer_high (the
        answer there), answer (its mean), ends ("interval", or "a tenth either way" for a certain input).

    Examples
    --------
    >>> spend = np.linspace(9.0, 11.0, 101)
    >>> drivers(2 * spend, uncertain={"spend": spend}).round(1).loc["spend"].to_dict()["answer_high"]
    21.8
    """
    finite = np.isfinite(answer)
    if not finite.any():
        return pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="input"), dtype=float)
    answer = answer[finite]
    mean = float(answer.mean())
    inputs = {name: draws[finite] for name, draws in uncertain.items() if len(draws) == len(finite)}
    varying = {name: draws for name, draws in inputs.items() if np.ptp(draws) > 0}
    rows = {name: _moved(mean, slope, varying[name], interval) for name, slope in _slopes(answer, varying).items()}
    for name, each in (certain or {}).items():
        if np.isfinite([each.answer_low, each.answer_high]).all():
            rows[name] = [(1 - STEP) * each.value, (1 + STEP) * each.value, each.answer_low, each.answer_high]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS[:-2]).assign(answer=mean)
    table["ends"] = [INTERVAL if name in varying else TENTH for name in table.index]
    table.index.name = "input"
    swing = np.abs(table["answer_high"].to_numpy() - table["answer_low"].to_numpy())
    return table.iloc[np.argsort(-swing, kind="stable")]


def per_unit(total: Array, number: Array) -> Array:
    """What each brought, draw by draw; 0 where there was none.

    Examples
    --------
    >>> per_unit(np.array([6.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [3.0, 0.0]
    """
    return np.divide(total, number, out=np.zeros(len(total)), where=number > 0)


def _slopes(answer: Array, inputs: Mapping[str, Array]) -> dict[str, float]:
    """Of the answer on each of the inputs, the others held still."""
    if not inputs:
        return {}
    centred = np.stack([draws - draws.mean() for draws in inputs.values()], axis=1)
    scale = centred.std(axis=0)
    found = np.linalg.lstsq(centred / scale, answer - answer.mean(), rcond=None)[0] / scale
    return dict(zip(inputs, found.tolist(), strict=True))


def _moved(mean: float, slope: float, draws: Array, interval: float) -> list[float]:
    """The ends of the input, and the answer at them."""
    low, high = (float(end) for end in quantiles(draws, interval, "credible"))
    return [low, high, *(mean + slope * (end - float(draws.mean())) for end in (low, high))]


def driver_sentence(table: pd.DataFrame, answer: str, *, percent: bool = False) -> str:
    """Say which input drives the answer most, and how far; `percent` for an answer that is a share.

    Examples
    --------
    >>> spend = np.linspace(9.0, 11.0, 101)
    >>> driver_sentence(drivers(2 * spend, uncertain={"spend": spend}), "value")
    'What drives it most is spend: over its interval, from 9.10 to 10.9, it takes the value from 18.2 to 21.8.'
    """
    if table.empty or table["answer_low"].iloc[0] == table["answer_high"].iloc[0]:
        return f"Nothing that was looked at moves the {answer}."
    first = table.iloc[0]
    low, high = (f"{amount(100 * end)} %" if percent else amount(end) for end in first[["answer_low", "answer_high"]])
    how = "over its interval" if first["ends"] == INTERVAL else f"moved by {TENTH}"
    ends = f"from {amount(first['low'])} to {amount(first['high'])}"
    return f"What drives it most is {table.index[0]}: {how}, {ends}, it takes the {answer} from {low} to {high}."
