"""The configuration file that ``clvmodels init`` writes: every key, its default, and what it means."""

from __future__ import annotations

import os
from pathlib import Path

from clvmodels.errors import InvalidArgument, local_path
from clvmodels.files import write_whole
from clvmodels.models.registry import PURCHASE_MODELS, SPEND_MODELS, default_models

TEMPLATE = """\
# What clvmodels retrain, score, monitor, evaluate, report and models work with.
# A key that is commented out has the value that is shown. Paths are seen from this file's folder.

[source]
# A CSV or Parquet file, a pattern such as "orders/*.parquet", or a database: "duckdb://shop.ddb",
# "postgres://${DB_USER}:${DB_PASSWORD}@localhost:5432/shop". ${NAME} is an environment variable;
# a password must be one.
transactions = "orders.csv"
# table = "orders"                 # of a database, perhaps "schema.orders"
# customer_id = "customer_id"      # columns
# date = "date"
# value = "value"                  # amount; false for a log without amounts
# refunds = "error"                # negative amounts: "error", "net" (added to their day) or "drop"
# unknown_dates = "error"          # missing or unreadable ones: "error" or "drop"
# time_zone = "Europe/Berlin"      # only for times with an offset
# date_format = "%d.%m.%Y"         # only for dates that are not ISO

# [segments]
# file = "segments.csv"            # with the customer's column and one other; or:
# table = "customers"              # of the source's database
# customer_id = "customer_id"      # by default as in the source
# segment = "segment"              # its column, of a table

[model]
# purchases = "<purchases>"        # the model of purchases, or a list of them for a pool; there are
#     {purchases}
# spend = "<spend>"                # the model of spend: {spend}
# time_unit = "week"               # "day", "week", "month", "quarter", "year": of every time below
# opportunity = "week"             # or another period, then the time unit: one purchase at most is counted in it
# observation_end = "last complete day"  # yesterday, or the log's last day if that is earlier; or a date: 2025-06-30
# method = "auto"                  # "importance", "nuts", "map"
# draws = 1000                     # of the posterior
# random_seed = 1
# include_first = true             # whether first purchases count in the model of spend
# [model.priors.purchases]         # of the model's own, here r, alpha, phi, kappa, delta: any distribution of PyMC
# r = { distribution = "Gamma", alpha = 2, beta = 4 }
# [model.priors.purchases.KEY]     # of a model of a pool, by its key
# [model.priors.spend]             # here p, q_minus_one, mean_spend
# p = { distribution = "LogNormal", mu = 1.0, sigma = 1.5 }

[scores]
# horizon = 52                     # time units from the observation end on
# margin = 1.0                     # profit per unit of money spent
# annual_discount_rate = 0.0       # effective
# interval = 0.9                   # probability inside each interval
# quantities = ["probability_alive", "expected_purchases", "expected_lifetime", "lifetime_value"]

[backtest]
# holdout = 26                     # time units at the end of the log; by default the horizon, or a third of the log
# metrics = ["rmse", "crps"]       # in which a candidate may not be clearly worse than its rivals

[gates]                            # a candidate that fails one is kept back
# min_rows = 100
# min_customers = 100
# min_repeat_customers = 20
# max_refund_share = 0.2           # of the rows
# max_free_share = 0.2             # of the purchases: those of customers who never paid
# max_unknown_dates = 0.01         # of the rows
# max_unknown_segments = 0.05      # of the customers
# max_changed_history = 0.02       # share of what the published version knew that is missing or new
# max_silent_days = 3              # without a purchase until yesterday, or the log's own longest time if that is longer
# max_activity_change = 3.0        # factor between purchases per day since the published version and before it
# max_k_hat = 0.7                  # of importance sampling
# max_r_hat = 1.01                 # of NUTS, or what chance does to sound chains
# min_effective_draws = 200
# max_coverage_error = 0.05        # of the intervals in the backtest
# max_bias = 0.3                   # of a total, all customers or a segment's, in the backtest
# max_parameter_drift = 0.25       # share by which parameters or totals move beyond what the posteriors allow
# max_score_drift = 0.3            # largest distance between two distributions of scores
# max_golden_difference = 1e-9     # between scores by a model and by the same model loaded from its files

[report]
# currency = "EUR"                 # a code or a sign such as "$", for amounts of money

[output]
# folder = "clvmodels-store"
# scores_copy = "scores.parquet"   # where a copy of the published scores is kept up to date, if wanted

# [mlflow]                         # a server that does not answer stops a run before it begins
# tracking_uri = "http://localhost:5000"
# experiment = "clvmodels"
# registered_model = "clvmodels"
"""


def template() -> str:
    """Return the text of the file, with the keys of the models that there are.

    Examples
    --------
    >>> template()[:20]
    '# What clvmodels ret'
    """
    filled = TEMPLATE
    for name, known, default in zip(
        ("purchases", "spend"), (PURCHASE_MODELS, SPEND_MODELS), default_models(), strict=True
    ):
        line = f'"{default.key}"'.ljust(len(name) + 10)
        filled = filled.replace(f'"<{name}>"'.ljust(len(name) + 10), line).replace(f"{{{name}}}", ", ".join(known))
    return filled


def write_template(path: str | Path) -> Path:
    """Write a configuration file with every key explained.

    Parameters
    ----------
    path
        Where to; a file that is there is not touched.

    Raises
    ------
    InvalidArgument
        If there is such a file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(Path(folder) / "clvmodels.toml").read_text()[:20]
    '# What clvmodels ret'
    """
    path = local_path(path, "the configuration")
    if os.path.lexists(path):
        raise InvalidArgument(f"{path} is there already and stays as it is; give another name")
    return write_whole(path, template().encode())
