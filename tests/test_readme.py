"""Every Python block of the README runs as it stands, and its commands exist."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")


def test_the_readmes_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # What needs Spark is run by the tests of Spark.
    blocks = [each for each in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL) if "pyspark" not in each]
    names = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert blocks
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert "customers" in capsys.readouterr().out


def test_the_readmes_make_targets_exist():
    targets = re.findall(r"make (\w[\w-]*)", README)
    assert {"demo", "test"} <= set(targets)
    assert all(re.search(rf"^{target}:", MAKEFILE, flags=re.MULTILINE) for target in targets)


def test_the_readmes_options_exist():
    from typer.main import get_command

    from clvmodels.cli.main import app

    commands = get_command(app).commands
    # A line that ends with a backslash goes on.
    lines = re.findall(r"^clvmodels (.*)", README.replace("\\\n", " "), flags=re.MULTILINE)
    for line in lines:
        first, second, *_ = line.split()
        command = commands[first].commands[second] if first in ("decide", "models") else commands[first]
        known = {name for parameter in command.params for name in parameter.opts}
        assert set(re.findall(r"(?<= )--[a-z-]+", line)) <= known
    assert len(lines) >= 4


def test_the_readmes_table_is_the_one_that_was_measured():
    results = (Path(__file__).parents[1] / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    table = README.partition("<!-- make bench: begin -->\n")[2].partition("\n\n")[0]
    assert table.startswith("| claim |")
    assert table in results
