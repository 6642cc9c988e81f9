"""The architecture: who may import whom, which library is loaded where, who names a model, how long a file may be."""

import ast
import re
from pathlib import Path

import pytest

from clvmodels.models.registry import PURCHASE_MODELS, SPEND_MODELS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "clvmodels"

# A layer may import itself and errors besides what stands here.
MAY_IMPORT = {
    "errors": "",
    "names": "models",
    "wording": "",
    "notebook": "",
    "files": "",
    "compiled": "",
    "formulas": "",
    "inference": "compiled",
    "intervals": "notebook compiled",
    "model_error": "",
    "transactions": "",
    "rfm": "notebook files transactions",
    "datasets": "transactions rfm models",
    "models": "notebook files compiled formulas inference rfm intervals",
    "lifetime_value": "notebook compiled rfm models formulas intervals model_error",
    "scoring": "files rfm models lifetime_value formulas intervals",
    "spark": "transactions rfm models scoring",
    "evaluation": "names wording notebook compiled inference rfm models lifetime_value scoring intervals model_error",
    "decisions": "wording notebook compiled formulas rfm models lifetime_value intervals model_error",
    "plots": "names",
    "reports": "names wording files inference intervals rfm models lifetime_value model_error evaluation decisions "
    "plots",
}
MAY_IMPORT |= {"jobs": " ".join(MAY_IMPORT), "cli": "jobs reports datasets"}
ONLY_IN = {
    "numba": {"compiled"},
    "pymc": {"models", "inference"},
    "pytensor": {"models", "inference"},
    "nutpie": {"inference"},
    "matplotlib": {"plots"},
    "pyspark": {"jobs", "spark"},
    "mlflow": {"jobs"},
}
PICKLING = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "to_pickle", "read_pickle"}
VAGUE_NAMES = {"utils.py", "helpers.py", "_base.py"}
LONGEST_FILE = 500
MODEL_LAYERS = {"formulas", "compiled", "models"}
# Public names; and the fits of another package, under its own names.
MAY_NAME = {"clvmodels.__init__", "clvmodels.evaluation.lifetimes_mle"}

SOURCES = sorted(PACKAGE.rglob("*.py"))
PYTHON_FILES = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]


def module_name(path):
    """`clvmodels/models/beta_geo.py` -> `clvmodels.models.beta_geo`; a package's `__init__.py` keeps its last part."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def layer_of(module):
    """`clvmodels.models.beta_geo` -> `models`."""
    return module.split(".")[1]


def imported_modules(source, module):
    """All absolute dotted names that a module imports anywhere in its text, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def offences(source, module):
    """What a module imports that its layer may not."""
    layer = layer_of(module)
    allowed = {layer, "errors", *MAY_IMPORT.get(layer, "").split()}
    for name in imported_modules(source, module):
        library, *rest = name.split(".")
        if library == "clvmodels" and layer != "__init__" and (not rest or rest[0] not in allowed):
            yield f"{module} imports {name}"
        if layer not in ONLY_IN.get(library, {layer}):
            yield f"{module} imports {name}"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("clvmodels.formulas.beta_geo", "from clvmodels.models import BetaGeo"),
        ("clvmodels.formulas.beta_geo", "from ..models.beta_geo import BetaGeo"),
        ("clvmodels.formulas.beta_geo", "from clvmodels import BetaGeo"),
        ("clvmodels.plots.tracking", "import clvmodels"),
        ("clvmodels.rfm", "from . import models"),
        ("clvmodels.rfm", "import clvmodels.models.beta_geo"),
        ("clvmodels.evaluation.backtest", "def late():\n    import pymc as pm"),
        ("clvmodels.evaluation.backtest", "from matplotlib.axes import Axes"),
        ("clvmodels.__init__", "import pymc"),
    ],
)
def test_an_import_across_the_table_is_found(module, line):
    assert len(list(offences(line, module))) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("clvmodels.models.beta_geo", "import pymc as pm"),
        ("clvmodels.models.beta_geo", "from clvmodels.formulas import beta_geo"),
        ("clvmodels.models.beta_geo", "from . import priors"),
        ("clvmodels.models.__init__", "from .beta_geo import BetaGeo"),
        ("clvmodels.rfm", "from clvmodels.errors import InvalidRFM"),
        ("clvmodels.__init__", "from clvmodels.errors import ClvError"),
    ],
)
def test_an_import_inside_the_table_passes(module, line):
    assert list(offences(line, module)) == []


def test_every_module_belongs_to_a_layer():
    unknown = [module_name(path) for path in SOURCES if layer_of(module_name(path)) not in {*MAY_IMPORT, "__init__"}]
    assert unknown == []


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_follow_the_table(path):
    assert list(offences(path.read_text(), module_name(path))) == []


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_nothing_is_pickled(path):
    source = path.read_text()
    libraries = {name.split(".")[0] for name in imported_modules(source, module_name(path))}
    attributes = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert (libraries | attributes) & PICKLING == set()


def test_files_are_short():
    lengths = {module_name(path): len(path.read_text().splitlines()) for path in PYTHON_FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def names_of_models():
    """Classes, files, keys and labels of the registered models."""
    for model in (*PURCHASE_MODELS.values(), *SPEND_MODELS.values()):
        posterior = model.posterior
        file = model.__module__.rpartition(".")[2]
        yield from (model.__name__, posterior.__name__, f"{model.__name__}Priors", file, posterior.key, posterior.label)


def test_no_file_but_those_of_the_models_names_a_model():
    pattern = re.compile("|".join(rf"(?<![\w/]){re.escape(name)}(?![\w/])" for name in sorted(set(names_of_models()))))
    elsewhere = [path for path in SOURCES if layer_of(module_name(path)) not in MODEL_LAYERS]
    found = {
        module_name(path): pattern.findall(path.read_text()) for path in elsewhere if module_name(path) not in MAY_NAME
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_files_are_named_by_what_they_hold():
    assert [module_name(path) for path in PYTHON_FILES if path.name in VAGUE_NAMES] == []
