"""The notebooks as they are stored: run top to bottom, with their outputs, and without what should not be read."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# Calls that end a cell and return nothing.
SILENT = {"update", "simplefilter", "close", "stop", "setLevel", "unlink", "rmtree", "cleanup", "seed"}
WARNING = re.compile(r"\.py:\d+: \w*Warning")
MACHINE_PATH = re.compile(r"(?<![\w./:])/(tmp|home|root|work|usr|opt|mnt|var|Users)/|[A-Z]:\\Users|site-packages")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def texts(output):
    """What is read of an output; images are not."""
    data = output.get("data", {})
    return [output.get("text", ""), *(str(text) for kind, text in data.items() if kind.startswith("text/"))]


def shows_something(source):
    """Whether a cell ends in a value, or in a loop that prints; of other ends nothing is said."""
    *_, last = ast.parse(source).body
    if isinstance(last, ast.For):
        return "print(" in ast.unparse(last)
    if not isinstance(last, ast.Expr):
        return False
    called = last.value.func if isinstance(last.value, ast.Call) else None
    return not (isinstance(called, ast.Attribute) and called.attr in SILENT)


def test_seven_notebooks_are_numbered_in_order():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02d}_" for number in range(1, 8)]


@each_notebook
def test_a_notebook_was_run_once_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    assert counts


@each_notebook
def test_cells_that_show_something_are_stored_with_it(path):
    assert [cell.id for cell in code_cells(path) if shows_something(cell.source) and not cell.outputs] == []


@each_notebook
def test_no_cell_failed_or_warned(path):
    assert [output for output in outputs(path) if output.output_type == "error"] == []
    assert [output.text for output in outputs(path) if output.get("name") == "stderr"] == []
    assert [text for output in outputs(path) for text in texts(output) if WARNING.search(text)] == []


@each_notebook
def test_no_path_of_a_machine_is_shown(path):
    shown = [text for output in outputs(path) for text in texts(output)]
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert [text for text in shown + sources if MACHINE_PATH.search(text)] == []


@each_notebook
def test_a_notebook_is_small_and_without_the_runs_times(path):
    assert path.stat().st_size < 300_000
    assert not any("execution" in cell.metadata for cell in code_cells(path))


@each_notebook
def test_any_python_can_run_a_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("x = 1", False),
        ("x = 1\nx", True),
        ("for x in y:\n    print(x)", True),
        ("plots.tracking(x);", True),
        ("try:\n    import y\nexcept ImportError:\n    print(1)", False),
        ("plt.rcParams.update(x)", False),
    ],
)
def test_a_cell_that_shows_something_is_told_from_one_that_does_not(source, shown):
    assert shows_something(source) is shown
