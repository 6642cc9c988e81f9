"""Run every benchmark, print the table, and write it to RESULTS.md and results.json; fails when a limit is passed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import demo
import import_time
from measurement import as_markdown, as_values

FOLDER = Path(__file__).parent


def main() -> int:
    measurements = [*import_time.measure(), *demo.measure()]
    table = as_markdown(measurements)
    print(table)
    (FOLDER / "RESULTS.md").write_text(table)
    (FOLDER / "results.json").write_text(json.dumps(as_values(measurements), indent=2) + "\n")
    return 0 if all(measurement.holds for measurement in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
