"""What forecasters and targets are called in words: in plots, reports and verdicts."""

from __future__ import annotations

# The column is called value in code; in words value is what customers will bring, and this is what they pay.
NOUNS = {"purchases": "purchases", "value": "spend"}
LABELS = {
    "bg_nbd_gamma_gamma": "BG/NBD x Gamma-Gamma",
    "bg_nbd_gamma_gamma_all_spend": "BG/NBD x Gamma-Gamma, all spend",
    "multiplicative_customer": "simple formula per customer",
    "multiplicative_segment": "simple formula per segment",
    "multiplicative_population": "simple formula, whole base",
    "as_before": "going on as before",
    "as_before_all_spend": "going on as before, all spend",
    "hiatus": "hiatus rule",
    "nothing": "nothing",
    "lifetimes_bg_nbd": "lifetimes BG/NBD",
    "lifetimes_bg_nbd_all_spend": "lifetimes BG/NBD, all spend",
    "lifetimes_pareto_nbd": "lifetimes Pareto/NBD",
    "lifetimes_pareto_nbd_all_spend": "lifetimes Pareto/NBD, all spend",
    "lifetimes_mbg_nbd": "lifetimes MBG/NBD",
}


def label(name: str) -> str:
    """Return a forecaster's name in words; an unknown one loses its underscores.

    Examples
    --------
    >>> label("as_before"), label("my_model")
    ('going on as before', 'my model')
    """
    return LABELS.get(name, name.replace("_", " "))
