"""README and GUIDE are true: their Python runs, and commands, links, names and figures are those that there are."""

import ast
import inspect
import re
from operator import attrgetter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot as plt

import clvmodels as clv
from clvmodels.evaluation.registry import default_forecasters, forecasters
from clvmodels.names import label

ROOT = Path(__file__).parents[1]
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "GUIDE.md")}
README, GUIDE = TEXTS.values()
CUT = {"calibration_end": "1997-09-30", "holdout_end": "1998-06-30"}

each_document = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def rows_between(text, begin, end):
    """The rows of the table between two marks, without its head."""
    found = [line for line in text.partition(begin)[2].partition(end)[0].splitlines() if line.startswith("|")]
    return found[2:]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the Python of README, then of GUIDE, leaves behind; with a tenth of CDNOW's customers, to be quick."""
    folder, transactions, names = tmp_path_factory.mktemp("ran"), clv.datasets.load_cdnow(), {}
    tenth = transactions["customer_id"].isin(transactions["customer_id"].unique()[::10])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("clvmodels.datasets.load_cdnow", lambda: transactions[tenth])
        for name, text in TEXTS.items():
            # What needs Spark is run by the tests of Spark.
            for block in (block for block in blocks(text, "python") if "pyspark" not in block):
                exec(compile(block, name, "exec"), names)
    plt.close("all")
    return folder, names


def test_the_python_runs(ran):
    folder, names = ran
    assert (folder / "report.html").stat().st_size > 10_000
    assert (folder / "scores.parquet").is_file()
    assert len(names["rfm"]) == 236
    assert names["result"].verdict().startswith("236 customers")


def test_the_guides_tables_are_drawn_by_the_plots_beside_them(ran):
    _, names = ran
    pairs = re.findall(r"^\| `(.+)` \| `(\w+)` \|$", GUIDE, flags=re.MULTILINE)
    assert len(pairs) > 15
    for table, plot in pairs:
        _, ax = plt.subplots()
        assert getattr(clv.plots, plot)(eval(table, names), ax=ax) is ax
        plt.close("all")


def test_the_accuracy_is_what_cdnow_gives():
    of_label = {label(name): name for name in forecasters()}
    rows = rows_between(README, "<!-- accuracy: begin -->", "<!-- accuracy: end -->")
    chosen = [of_label[row.split("|")[1].strip()] for row in rows]
    result = clv.backtest(clv.datasets.load_cdnow(), **CUT, forecasters=clv.named_forecasters(chosen), random_seed=1)
    for row, name in zip(rows, chosen, strict=True):
        found = [result.table().loc[(target, name)] for target in ("purchases", "value")]
        shown = [f"{100 * of['bias']:+.1f} % | {of['rmse']:.3g} | {of['normalized_gini']:.3f}" for of in found]
        assert row == f"| {label(name)} | {' | '.join(shown)} |"
    assert chosen[:2] == [forecaster.name for forecaster in default_forecasters()[:2]]


def test_readme_is_one_page():
    (code,) = blocks(README, "python")
    lines = [line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    said, *_ = README.removeprefix("# clvmodels\n").partition("<picture>")
    assert len(README.splitlines()) <= 120
    assert len(lines) <= 15
    assert len(re.findall(r"\.(?=\s)", said)) == 2


def test_readme_shows_measured_rows_and_every_missed_bar():
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").partition("\n## ")[0].splitlines()
    rows = rows_between(README, "<!-- make bench: begin -->", "<!-- make bench: end -->")
    assert set(rows) <= set(results)
    assert {row for row in results if "| NO" in row} <= set(rows)
    assert 5 <= len(rows) <= 12


def test_readme_names_every_notebook():
    there = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert set(re.findall(r"\(notebooks/(\w+\.ipynb)\)", README)) == there


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_the_picture_is_small_and_readable(shade):
    picture = ROOT / "benchmarks" / f"cdnow-{shade}.svg"
    texts = [node.text for node in ElementTree.parse(picture).iter() if node.tag.endswith("text")]
    assert picture.stat().st_size < 60_000
    assert {label(clv.ModelForecaster().name), "actual", "customer"} <= set(texts)


@each_document
def test_links_lead_somewhere(text):
    links = re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## ([^?\n]+)", text, flags=re.MULTILINE)}
    paths = {link or source for link, source in links}
    assert {path[1:] for path in paths if path.startswith("#")} <= headings
    assert [path for path in paths if not path.startswith("#") and not (ROOT / path).is_file()] == []
    assert len(paths) > 5


@each_document
def test_the_make_targets_exist(text):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"[`\n]make (\w[\w-]*)", text)
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
    assert text is not README or {"demo", "test", "bench", "picture"} <= set(targets)


@each_document
def test_the_commands_and_their_options_exist(text):
    from typer.main import get_command

    from clvmodels.cli.main import app

    commands = get_command(app).commands
    # A line that ends with a backslash goes on.
    shell = "\n".join(blocks(text, "sh")).replace("\\\n", " ")
    lines = re.findall(r"^clvmodels (.*)", shell, flags=re.MULTILINE)
    for line in lines:
        first, second, *_ = line.split()
        command = commands[first].commands[second] if first in ("decide", "models") else commands[first]
        known = {name for parameter in command.params for name in parameter.opts}
        assert set(re.findall(r"(?<= )--[a-z-]+", line)) <= known
    assert len(lines) >= 3


def exists(name):
    """Whether the package has a name, perhaps one of a part of it."""
    try:
        return attrgetter(name)(clv) is not None
    except AttributeError:
        return False


@each_document
def test_the_names_exist(text):
    named = set(re.findall(r"\bclv\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)", text))
    assert named
    assert [name for name in sorted(named) if not exists(name)] == []


def test_the_ways_to_write_a_report_exist():
    calls = [ast.parse(call).body[0].value for call in re.findall(r"`(clv\.write_report\(.+?\))`", GUIDE)]
    known = inspect.signature(clv.write_report).parameters
    assert {keyword.arg for call in calls for keyword in call.keywords} <= set(known)
    assert len(calls) == 3


def test_the_help_of_plots_names_all_of_them():
    assert set(clv.plots.__all__) <= set(re.findall(r"\w+", clv.plots.__doc__))


@pytest.mark.parametrize("model", [clv.BetaGeo, clv.GammaGamma])
def test_the_help_of_a_model_names_what_its_posterior_predicts(model):
    posterior = getattr(inspect.getmodule(model), f"{model.__name__}Posterior")
    methods = inspect.getmembers(posterior, inspect.isfunction)
    answers = {name for name, method in methods if "interval" in inspect.signature(method).parameters}
    assert {"summary", "heterogeneity"} < {name for name in answers if not name.startswith("_")}
    assert {name for name in answers if not name.startswith("_")} <= set(re.findall(r"\w+", model.__doc__))
