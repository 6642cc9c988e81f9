"""``clvmodels demo``: the CDNOW customers, forecast from 39 weeks, checked on the 39 weeks that followed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clvmodels.cli.output import plainly, show


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the three files; made where it is missing.")] = Path(
        "clvmodels-demo"
    ),
) -> None:
    """Forecast real customers (CDNOW), and check it on held-out weeks."""
    with plainly():
        from clvmodels.datasets import load_cdnow
        from clvmodels.reports import publish_evaluation

        show(publish_evaluation(load_cdnow(), out, calibration_end="1997-09-30", holdout_end="1998-06-30"))
