"""Names and definitions in plain words, next to which the report sets its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

METRIC_TERMS = (
    ("bias", "how far the predicted total lies above (+) or below (-) the actual total, as a share of the actual one"),
    (
        "MAE of the median",
        "mean absolute error: the mean distance between a customer's predicted and actual figure, taken on the median "
        "of the prediction, which it rewards; less is better. A forecaster without draws has no median, and is not "
        "compared. Taken on the mean, a good model hardly beats predicting nothing, as most customers do nothing",
    ),
    ("RMSE", "root mean squared error, taken on the mean: large misses count for more; less is better"),
    (
        "Poisson deviance",
        "error of the mean, in which a miss counts for more where little was expected; less is better; infinite for a "
        "forecaster that expects nothing of a customer who then buys",
    ),
    ("MAPE", "mean absolute percentage error of the curve of all purchases, cumulative or period by period"),
    ("concordance", "share of the pairs of customers that are ranked rightly, ties counted half; 0.5 is random"),
    ("Gini", "normalised Gini: how much of the best possible ranking was found, customers weighted by what they did"),
    (
        "Spearman",
        "correlation of the ranks. Beware: it rewards ties. A forecaster that predicts the same for all who never came "
        "back, as purchases per time does, gains a tenth without a better order among the rest; the verdict on ranking "
        "rests on concordance and Gini",
    ),
    ("Pearson", "linear correlation of predicted and actual over the customers; 1 is best"),
    ("hit rate", "share of customers rightly said to buy, or not to buy, in the holdout"),
    ("Brier score, log loss", "errors of the probability that a customer buys in the holdout; less is better"),
    ("CRPS", "error of the whole predicted distribution; for a forecaster without one it is the MAE; less is better"),
    ("log score", "minus the log of the probability that was given to what happened; less is better"),
    ("PIT", "where what happened fell in the predicted distribution; a small p-value: the spread is wrong"),
    ("covered", "share of customers whose actual figure lies in their interval; it should reach the level"),
    (
        "attainable",
        "the share that the intervals can hold at best; above the level, as many customers come out alike",
    ),
    ("randomised", "the share held if the intervals' edges are taken in at random; at best it is the level"),
    ("width", "mean width of the customers' intervals; less is better where coverage is the same"),
    ("widened", "the interval of a total, widened by how far off the same model was at earlier origins"),
    (
        "level, error, ranking",
        "in the verdict: the size of the bias; RMSE, deviance and, between two with a median, MAE; concordance, Gini",
    ),
    (
        "better, worse",
        "the interval of the difference, made from a thousand samples of the customers, leaves out zero, and the "
        "difference is 1 % or more",
    ),
)
CUSTOMER_TERMS = (
    ("alive", "probability of still being a customer, as the model of purchases means it"),
    ("expected", "mean of what the model expects of the customer within the holdout's length"),
    ("lower, upper", "predictive interval: with the stated probability what the customer really does lies within it"),
    ("simple formula", "average purchase value x purchase frequency x lifespan, from the customer's own averages"),
    ("actual", "what was counted in the holdout, which no forecaster had seen"),
)
FIT_TERMS = (
    ("lower, upper", "credible interval of the parameter"),
    ("ess", "effective sample size: how many independent draws all those made are worth (not all of them are kept)"),
    (
        "k-hat",
        "for importance sampling: how heavy the tail of its weights is; up to its limit the draws are right",
    ),
    ("r-hat", "for NUTS: agreement of the chains; up to its limit, 1.01 or what chance does, they agree"),
)


def chosen(*names: str) -> tuple[tuple[str, str], ...]:
    """Return the definitions of some terms.

    Examples
    --------
    >>> [term for term, _ in chosen("widened", "bias")]
    ['widened', 'bias']
    """
    known = {**dict(METRIC_TERMS), **dict(CUSTOMER_TERMS), **dict(FIT_TERMS)}
    return tuple((name, known[name]) for name in names)


def long_date(date: pd.Timestamp) -> str:
    """Return a date as it is read aloud.

    Examples
    --------
    >>> import pandas as pd
    >>> long_date(pd.Timestamp("1997-09-30"))
    '30 September 1997'
    """
    return f"{date.day} {date.month_name()} {date.year}"
