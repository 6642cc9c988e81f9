"""What forecasters and targets are called in words: in plots, reports and verdicts."""

from __future__ import annotations

# The column is called value in code; in words value is what customers will bring, and this is what they pay.
NOUNS = {"purchases": "purchases", "value": "spend"}
LABELS = {
    "multiplicative_customer": "simple formula per customer",
    "multiplicative_segment": "simple formula per segment",
    "multiplicative_population": "simple formula, whole base",
    "as_before": "going on as before",
    "as_before_all_spend": "going on as before, all spend",
    "hiatus": "hiatus rule",
    "nothing": "nothing",
    "boosting": "gradient boosting",
    "hybrid": "the model corrected by gradient boosting",
}
SIMPLE = "multiplicative_"
ALL_SPEND = "_all_spend"
ELSEWHERE = "lifetimes_"


def label(name: str) -> str:
    """Return a forecaster's name in words; an unknown one loses its underscores.

    Examples
    --------
    >>> label("as_before"), label("my_model")
    ('going on as before', 'my model')
    """
    from clvmodels.models import registry

    known = LABELS | registry.labels()
    if name in known:
        return known[name]
    if (pair := registry.pair_of(name.removesuffix(ALL_SPEND))) is not None:
        return registry.pair_label(*pair) + (", all spend" if name.endswith(ALL_SPEND) else "")
    if name.startswith(ELSEWHERE):
        model, _, rest = name.removeprefix(ELSEWHERE).partition(ALL_SPEND)
        if model in registry.PURCHASE_MODELS and not rest:
            own = f"lifetimes {registry.PURCHASE_MODELS[model].posterior.label}"
            return f"{own}, all spend" if name.endswith(ALL_SPEND) else own
    return name.replace("_", " ")
