"""The data files of the installed lifetimes package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

from clvmodels.rfm import RFM


def _path(name: str) -> Path:
    # Importing lifetimes.datasets fails without setuptools' pkg_resources; its folder is found without importing it.
    found = importlib.util.find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            "the data are in the lifetimes package, which is not installed: pip install lifetimes"
        )
    return Path(found.submodule_search_locations[0]) / "datasets" / name


def load_cdnow(*, full: bool = False) -> pd.DataFrame:
    """Load the purchases of customers who first bought CDs at CDNOW in the first quarter of 1997, until June 1998.

    Parameters
    ----------
    full : bool
        All 23,570 customers (69,659 rows), or the published sample of a tenth, 2,357 customers (6,919 rows).

    Returns
    -------
    DataFrame
        customer_id (int, the same in both), date (a day) and value (US dollars; some are zero).

    Notes
    -----
    Source: Fader, Hardie (2001), http://brucehardie.com/datasets/, in the files that come with lifetimes.

    Examples
    --------
    >>> load_cdnow().head(2).values.tolist()
    [[4, Timestamp('1997-01-01 00:00:00'), 29.33], [4, Timestamp('1997-01-18 00:00:00'), 29.73]]
    """
    # The sample has the id within the sample as its second column; the full file has a line of names.
    name, columns, skip = ("CDNOW_master.txt", [0, 1, 3], 1) if full else ("CDNOW_sample.txt", [0, 2, 4], 0)
    log = pd.read_csv(_path(name), sep=r"\s+", header=None, usecols=columns, skiprows=skip)
    log.columns = ["customer_id", "date", "value"]
    return log.assign(date=pd.to_datetime(log["date"].astype(str), format="%Y%m%d"))


def load_cdnow_summary() -> RFM:
    """Load the published summary of the CDNOW sample at 1997-09-30: 2,357 customers, in weeks, to two decimals.

    Returns
    -------
    RFM
        With monetary_value, the mean of the repeat purchases; customers are numbered from 1, as in the publication.

    Notes
    -----
    Source: Fader, Hardie (2013), note 025, http://www.brucehardie.com/notes/025/, in lifetimes' file.

    Examples
    --------
    >>> load_cdnow_summary()
    RFM(2357 customers, time unit week, observed until 1997-09-30)
    """
    table = pd.read_csv(_path("cdnow_customers_summary_with_transactions.csv"))
    table.columns = ["customer_id", "frequency", "recency", "T", "monetary_value"]
    return RFM.from_frame(table, time_unit="week", observation_end="1997-09-30")


def load_donations() -> pd.DataFrame:
    """Load the yearly donations of 11,104 people over six years after their first, as counts of equal histories.

    Returns
    -------
    DataFrame
        frequency (years with a donation), recency (the last such year, 0 without any), T (6 years) and count (donors).

    Notes
    -----
    Source: Fader, Hardie, Shang (2010), https://doi.org/10.1287/mksc.1100.0580, in the file that comes with lifetimes.

    Examples
    --------
    >>> histories = load_donations()
    >>> people = histories.loc[histories.index.repeat(histories["count"])].drop(columns="count")
    >>> people = people.rename(columns={"T": "opportunities"}).rename_axis("customer_id").reset_index(drop=True)
    >>> len(RFM.from_frame(people, time_unit="year"))
    11104
    """
    return pd.read_csv(_path("donations.csv")).rename(columns={"periods": "T", "weights": "count"})
