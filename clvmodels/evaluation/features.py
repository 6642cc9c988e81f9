"""What is known of each customer at a day, as numbers for a regressor, and what the customer did after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import InvalidArgument
from clvmodels.evaluation.forecasters import Calibration

# Of a window's length: how far back recent purchases count.
RECENT = (0.25, 0.5, 1.0, 2.0)
MOST_ORIGINS = 8
TARGETS = ("purchases", "value")


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchaseDays:
    """The purchase days of a calibration, to be looked at from any day of it.

    Attributes
    ----------
    table : DataFrame
        By customer and day: customer (its place in the RFM), day (since the first purchase of all), value, and gap
        (days since the customer's last purchase, missing for the first).
    customers : Index
        The ids, in the order of the RFM.
    end : int
        The calibration end, as a day.
    first_date : Timestamp
        Day 0.
    """

    table: pd.DataFrame
    customers: pd.Index
    end: int
    first_date: pd.Timestamp

    @classmethod
    def of(cls, calibration: Calibration) -> PurchaseDays:
        """Collect those of a calibration.

        Raises
        ------
        InvalidArgument
            If its RFM has no observation end, or the history is of other customers.
        """
        rfm, history = calibration.rfm, calibration.history()
        if rfm.observation_end is None:
            raise InvalidArgument("boosting needs the observation end; give the RFM its observation_end")
        ids = pd.Index(history["customer_id"].array, dtype=history["customer_id"].dtype, tupleize_cols=False)
        customer = rfm.frame.index.get_indexer(ids)
        if (customer < 0).any():
            raise InvalidArgument("the history has customers whom the RFM does not know; make both from one log")
        dates: Any = history["date"].astype("datetime64[us]")
        day = (dates - dates.min()).dt.days.to_numpy()
        value = history["value"].to_numpy(float) if rfm.has_value else np.zeros(len(day))
        table: Any = pd.DataFrame({"customer": customer, "day": day, "value": value})
        table = table.sort_values(["customer", "day"], kind="stable", ignore_index=True)
        gap = table["day"].diff().where(~table["customer"].ne(table["customer"].shift()))
        first = dates.min()
        end = (rfm.observation_end - first).days
        return cls(table=table.assign(gap=gap), customers=rfm.frame.index, end=end, first_date=first)

    def window(self, horizon: int) -> int:
        """Return the length of the windows in days: the horizon, or half of the calibration where that is shorter."""
        return min(horizon, self.end // 2)

    def day(self, date: Any) -> int:
        """Return a date's day."""
        return (date - self.first_date).days

    def date(self, day: int) -> Any:
        """Return a day's date."""
        return self.first_date + pd.Timedelta(days=day)

    def origins(self, window: int) -> Iterator[int]:
        """Days at which a window begins, the latest first.

        Examples
        --------
        >>> log = PurchaseDays(table=pd.DataFrame(), customers=pd.Index([]), end=99, first_date=pd.Timestamp(0))
        >>> list(log.origins(20))
        [79, 69, 59, 49, 39, 29, 19]
        """
        if window >= 1:
            step = -max(1, window // 2)
            yield from range(self.end - window, window // 2 - 1, step)[:MOST_ORIGINS]

    def labels(self, origin: int, window: int) -> pd.DataFrame:
        """Return purchases and value of every customer in the window that begins after `origin`: two columns."""
        after: Any = self.table[self.table["day"].between(origin + 1, origin + window)]
        return pd.DataFrame(
            {"purchases": self._sums(after, 1.0), "value": self._sums(after, after["value"])},
            index=pd.RangeIndex(len(self.customers)),
        )

    def features(self, origin: int, window: int) -> pd.DataFrame:
        """Return the features of the customers known at `origin`, indexed by their places in the RFM.

        Times are in windows, as are the lengths back to which recent purchases and spend count. Where a customer has no
        gap between purchases, the time since the last one stands for it, which the gap will be no shorter than.
        """
        known: Any = self.table[self.table["day"] <= origin]
        groups = known.groupby("customer", sort=True)
        days, gaps, values = groups["day"], groups["gap"], groups["value"]
        first, last, number = days.first(), days.last(), days.size()
        silent, age, total = origin - last, origin - first, values.sum()
        spread = gaps.std().fillna(0.0)
        typical = gaps.mean().fillna(silent)
        before = known[known["day"] > origin - 2 * window]
        lately = self._sums(known[known["day"] > origin - window], 1.0)[number.index]
        columns: dict[str, Any] = {
            "frequency": number - 1,
            "age": age / window,
            "silent": silent / window,
            "recency_share": (last - first) / np.maximum(age, 1),
            "rate": (number - 1) * window / np.maximum(age, 1),
            "mean_gap": typical / window,
            "sd_gap": spread / window,
            "last_gap": gaps.last().fillna(silent) / window,
            "longest_gap": np.maximum(gaps.max().fillna(0.0), silent) / window,
            "silent_in_gaps": silent / np.maximum(typical, 1),
            "trend": 2 * lately - self._sums(before, 1.0)[number.index],
            "total_value": total,
            "mean_value": total / number,
            "first_value": values.first(),
            "last_value": values.last(),
        }
        for share in RECENT:
            recent = known[known["day"] > origin - share * window]
            columns[f"purchases_in_{share:g}"] = self._sums(recent, 1.0)[number.index]
            columns[f"value_in_{share:g}"] = self._sums(recent, recent["value"])[number.index]
        return pd.DataFrame(columns, index=number.index, dtype=float)

    def _sums(self, rows: pd.DataFrame, values: Any) -> NDArray[np.float64]:
        """Sum over the rows of each customer, shape (customers,)."""
        weights = np.broadcast_to(np.asarray(values, float), len(rows))
        return np.bincount(rows["customer"].to_numpy(), weights=weights, minlength=len(self.customers)).astype(float)
