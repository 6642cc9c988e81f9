"""Who was forecast, when and how far ahead, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clvmodels.wording import plural

if TYPE_CHECKING:
    from clvmodels.rfm import HoldoutSplit


def one_origin(split: HoldoutSplit, *, new_are_forecast: bool) -> str:
    """Say it of one split, with the customers who were left out."""
    known = plural(len(split.calibration), "customer")
    length = plural(round(split.horizon, 1), split.calibration.time_unit)
    text = f"{known} known on {split.calibration_end:%Y-%m-%d}, forecast to {split.holdout_end:%Y-%m-%d}: {length}."
    new = f" Not forecast: {plural(split.new_customers, 'customer')} first seen after that."
    return text + (new if split.new_customers and not new_are_forecast else "")


def several_origins(splits: Sequence[HoldoutSplit]) -> str:
    """Say it of several splits of one length."""
    first = splits[0]
    dates = f"{first.calibration_end:%Y-%m-%d} to {splits[-1].calibration_end:%Y-%m-%d}"
    length = plural(round(first.horizon, 1), first.calibration.time_unit)
    customers = sorted(len(split.calibration) for split in splits)
    known = f"{customers[0]:,}" if customers[0] == customers[-1] else f"{customers[0]:,} to {customers[-1]:,}"
    return (
        f"{plural(len(splits), 'origin')} from {dates}, each forecast {length} ahead for the {known} customers known "
        "at it. Figures are means over the origins that all have."
    )
