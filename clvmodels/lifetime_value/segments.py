"""Which segment each customer is in."""

from __future__ import annotations

import pandas as pd

from clvmodels.errors import InvalidArgument, shown
from clvmodels.rfm import RFM


def segments(rfm: RFM, by: str | None) -> pd.Categorical:
    """The segment of every customer, by a column of `rfm.frame`; without one all are in "total".

    Raises
    ------
    InvalidArgument
        If the column is missing, or has gaps.
    """
    if by is None:
        return pd.Categorical(["total"] * len(rfm))
    if by not in rfm.frame.columns:
        raise InvalidArgument(f"the RFM has no column {shown(by)}; add it with rfm.assign({by}=...), by customer_id")
    segment = pd.Categorical(rfm.frame[by])
    if (segment.codes < 0).any():
        raise InvalidArgument(f"{(segment.codes < 0).sum()} customers have no {by}; fill it in before summing")
    return segment
