"""What is loaded before it is needed. The seconds themselves are measured by `make bench`, not here."""

import subprocess
import sys

import pytest

HEAVY = {
    "arviz", "arviz_base", "arviz_stats", "duckdb", "h5py", "ibis", "jinja2", "llvmlite", "matplotlib", "numba",
    "nutpie", "pandas", "pyarrow", "pymc", "pytensor", "scipy", "scoringrules", "sqlglot", "xarray",
}  # fmt: skip

IMPORT = "import clvmodels"
HELP = """
import sys
from clvmodels.cli.main import app
sys.argv = ["clvmodels", "--help"]
try:
    app()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
VERSION = HELP.replace("--help", "--version")


def loaded_by(program):
    """The top-level modules that a fresh interpreter has loaded at the end of a program."""
    report = "\nimport sys; print('loaded', *{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program + report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("program", [IMPORT, HELP, VERSION], ids=["import", "--help", "--version"])
def test_heavy_libraries_wait_until_they_are_needed(program):
    loaded = loaded_by(program)
    assert "clvmodels" in loaded
    assert loaded & HEAVY == set()


def test_a_library_that_is_loaded_is_seen():
    assert "scipy" in loaded_by("import scipy.special")
