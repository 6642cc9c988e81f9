import json

import pytest
from typer.testing import CliRunner

from clvmodels import reports
from clvmodels.cli.main import app
from clvmodels.errors import ClvError


def test_the_demo_is_cdnow_cut_after_39_weeks(monkeypatch):
    asked = {}

    def publish(transactions, out, **choices):
        asked.update(rows=len(transactions), out=str(out), **choices)
        raise ClvError("far enough")

    monkeypatch.setattr(reports, "publish_evaluation", publish)
    CliRunner().invoke(app, ["demo", "--out", "there"])
    assert asked == {"rows": 6919, "out": "there", "calibration_end": "1997-09-30", "holdout_end": "1998-06-30"}


@pytest.mark.slow
def test_the_demo_writes_its_files_and_says_nothing_on_stderr(tmp_path):
    done = CliRunner().invoke(app, ["demo", "--out", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stderr == ""
    assert json.loads((tmp_path / "evaluation.json").read_text())["customers"] == 2357
    assert (tmp_path / "report.html").stat().st_size < 1_000_000
