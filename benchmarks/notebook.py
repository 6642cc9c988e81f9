"""How long the code of the notebook on lifetime value and decisions takes, in a process of its own, plots included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measurement import Measurement

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_lifetime_value_and_decisions.ipynb"


def measure() -> list[Measurement]:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "decisions.py"
        script.write_text(code)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, script], env={**os.environ, "MPLBACKEND": "agg"}, stdout=subprocess.DEVNULL, check=False
        )
        seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{NOTEBOOK.name} ended with exit code {done.returncode}; its message stands above")
    return [
        Measurement(
            claim="lifetime value and every decision on CDNOW, from the log to the plots",
            value=seconds,
            limit=20,
            unit="s",
        )
    ]
