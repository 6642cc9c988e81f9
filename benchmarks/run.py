"""Run the benchmarks, print the table, write RESULTS.md, results.json and growth.png; fail when a bar is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

import demo
import expected_purchases_cdnow
import fit_cdnow
import fit_models
import fit_simulated
import growth
import import_time
import notebook
import report
import results
import retrain
import rfm_from_log
import rfm_speed
import score_simulated
from measurement import Failure, Measurement, Rows
from processes import TaskFailed, all_runs

MILLION, TEN_MILLION = 1_000_000, 10_000_000
# The number is that of the customers or rows that it works on, for --largest.
BENCHMARKS: dict[str, tuple[Callable[[], Iterable[Measurement]], int]] = {
    "import_time": (import_time.measure, 0),
    "demo": (demo.measure, 0),
    "decisions": (notebook.measure, 2357),
    "report": (report.measure, 23_570),
    "retrain": (retrain.measure, 23_570),
    "fit_cdnow_sample": (fit_cdnow.sample, 2357),
    "models_cdnow": (fit_models.cdnow, 2357),
    "fit_cdnow_full": (fit_cdnow.full, 23_570),
    "expected_purchases_cdnow": (expected_purchases_cdnow.measure, 23_570),
    "rfm_million_rows": (rfm_from_log.million_rows, MILLION),
    "rfm_ten_million_rows": (rfm_from_log.ten_million_rows, TEN_MILLION),
    "rfm_speed": (rfm_speed.measure, TEN_MILLION),
    "fit_million": (fit_simulated.million, MILLION),
    "default_million": (fit_models.default, MILLION),
    "models_million": (fit_models.million, MILLION),
    "models_score_million": (fit_models.scoring, MILLION),
    "fit_ten_million": (fit_simulated.ten_million, TEN_MILLION),
    "score_million": (score_simulated.million, MILLION),
    "score_ten_million": (score_simulated.ten_million, TEN_MILLION),
    "predictive_million": (score_simulated.predictive_million, MILLION),
}


def main() -> int:
    asked = _arguments()
    rows, table = measured(asked.only or [*BENCHMARKS, "growth"], asked.largest)
    print(results.as_markdown(rows, all_runs(), table))
    results.write(rows, all_runs(), table)
    missed = [row.claim for row in rows if not row.holds]
    print(f"missed: {'; '.join(missed)}" if missed else "every bar holds", file=sys.stderr)
    return 1 if missed else 0


def measured(names: Sequence[str], largest: int) -> tuple[Rows, growth.Table]:
    rows: list[Measurement | Failure] = []
    for name, (measure, size) in BENCHMARKS.items():
        if name in names and size <= largest:
            rows += _attempted(name, measure)
    table: growth.Table = []
    if "growth" in names:
        rows += _attempted("growth", lambda: table.extend(growth.measure(largest)) or ())
    return rows, table


def _attempted(name: str, measure: Callable[[], Iterable[Measurement]]) -> Rows:
    """One that fails is a missed bar; the others are still measured."""
    print(name, file=sys.stderr, flush=True)
    rows: list[Measurement | Failure] = []
    try:
        rows.extend(measure())
    except TaskFailed as failed:
        rows.append(Failure(claim=f"`{name}`", reason=str(failed)))
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*BENCHMARKS, "growth"], help="leave out the others")
    parser.add_argument("--largest", type=int, default=TEN_MILLION, help="leave out what has more customers or rows")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
