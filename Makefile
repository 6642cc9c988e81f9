# `make` lists the tasks. Another Python: make test PYTHON=python3.12 VENV=.venv312
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
TESTS ?=
BENCH_VENV ?= .venv-bench
MLFLOW_VENV ?= .venv-mlflow
MLFLOW_EXTRAS := dev,mlflow
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# constraints.txt decides the versions, so pip need not look for a newer self.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

define install_extra
$(PIP) install --quiet --constraint constraints.txt --editable '.[$(1)]' > $(VENV)/install.log 2>&1 \
		|| { cat $(VENV)/install.log; exit 1; }
endef

# An environment, what is not constrained in it, and the extras that are installed.
define own_environment
@echo "setting up $(1) (a few minutes the first time)"
@$(PYTHON) -m venv $(1)
@grep -vE '$(2)' constraints.txt > $(1)/constraints.txt
@$(1)/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
	--constraint $(1)/constraints.txt --editable '.[$(3)]' > $(1)/install.log 2>&1 || { cat $(1)/install.log; exit 1; }
@touch $@
endef

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-calibration test-spark test-postgres test-mlflow check bench picture notebooks notebook-peers lock clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make the virtual environment (every other task does it when needed)

$(INSTALLED): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (a few minutes the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(call install_extra,dev)
	@touch $@

demo: $(INSTALLED) ## CDNOW customers' lifetime values, and how they did on held-out weeks
	@$(BIN)/clvmodels demo

test: $(INSTALLED) ## the fast tests and the doctests, a file at a time on each of two cores (WORKERS=2)
	@$(BIN)/python -m pytest -q --numprocesses=$(WORKERS) --dist=loadfile $(TESTS)

test-slow: $(INSTALLED) ## the slow proofs
	@$(BIN)/python -m pytest -q -m "slow and not calibration"

test-calibration: $(INSTALLED) ## models by NUTS and simulation-based calibration, decisions by simulated businesses, jobs killed before every step (two hours)
	@$(BIN)/python -m pytest -q -m calibration

test-spark: $(INSTALLED) ## the tests on a local Spark; Java 17 must be there (apt install default-jre-headless)
	@$(call install_extra,spark)
	@$(BIN)/python -m pytest -q -m spark

test-mlflow: $(MLFLOW_VENV)/.installed ## the tests on a local MLflow server
	@$(MLFLOW_VENV)/bin/python -m pytest -q -m mlflow

# MLflow wants an older Arrow than ours.
$(MLFLOW_VENV)/.installed: pyproject.toml constraints.txt
	$(call own_environment,$(MLFLOW_VENV),^pyarrow==,$(MLFLOW_EXTRAS))

test-postgres: $(INSTALLED) ## the tests on a local PostgreSQL, which must be there (apt install postgresql)
	@$(call install_extra,postgres)
	@$(BIN)/python -m pytest -q -m postgres -rs

check: $(INSTALLED) ## format, lint, types, layers, duplicated code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/python -m pytest -q tests/test_layers.py
	@$(BIN)/pylint --score=n clvmodels benchmarks

bench: $(BENCH_VENV)/.installed ## every claim beside its competitors; writes benchmarks/RESULTS.md, results.json, growth.png
	@$(BENCH_VENV)/bin/python benchmarks/run.py

# pymc-marketing wants a numpy and a pymc that may be older than ours.
$(BENCH_VENV)/.installed: pyproject.toml constraints.txt
	$(call own_environment,$(BENCH_VENV),^(numpy|pymc)==,bench)

picture: $(INSTALLED) ## draw README's picture anew
	@$(BIN)/python benchmarks/picture.py

# Each in a kernel of its own, on a copy in memory: the files stay as they are.
define run_notebooks
failed=; for notebook in $(2); do \
	start=$$(date +%s); \
	if $(1)/jupyter-execute --timeout=600 $$notebook > $(dir $(1))notebook.log 2>&1; then result=; \
	else cat $(dir $(1))notebook.log; result='  FAILED'; failed="$$failed $$notebook"; fi; \
	printf '%4d s  %s%s\n' $$(($$(date +%s) - start)) $$notebook "$$result"; \
done; \
if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi
endef

notebooks: $(INSTALLED) ## run every notebook top to bottom, leaving the files as they are
	@$(call install_extra,spark)
	@$(call run_notebooks,$(BIN),$(sort $(wildcard notebooks/*.ipynb)))

notebook-peers: $(BENCH_VENV)/.installed ## run the notebook that compares with pymc-marketing where that is installed
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
		--constraint $(BENCH_VENV)/constraints.txt ipykernel nbclient > $(BENCH_VENV)/install.log 2>&1 \
		|| { cat $(BENCH_VENV)/install.log; exit 1; }
	@$(call run_notebooks,$(BENCH_VENV)/bin,$(wildcard notebooks/07_*.ipynb))

lock: ## resolve the newest versions into constraints.txt
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv 2> build/lock/install.log \
		|| { cat build/lock/install.log; exit 1; }
	@build/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
		--extra dev --extra spark --extra postgres \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet > build/lock/constraints.txt
	@{ echo '# Versions and markers for Python 3.11 to 3.13. Made by `make lock`; not edited by hand.'; \
		cat build/lock/constraints.txt; } > constraints.txt

clean: ## remove the virtual environments and all that was built
	@rm -rf .venv* build dist clvmodels-demo .hypothesis .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
