# Two commands on a fresh machine: `make demo` and `make test`. Only Python 3.11+ and make needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Else each of the commands that tests run would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE
READY := $(VENV)/ready

.PHONY: demo test lint bench clean

demo: $(READY)  ## a made-up company lives a year of the loop, in demo/
	rm -rf demo
	$(BIN)/loopback demo demo

test: $(READY)  ## all tests
	$(BIN)/python -m pytest -q -n auto --dist loadgroup

lint: $(READY)  ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyrefly check

bench: $(READY)  ## the measured figures, side by side
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/rotation.py
	$(BIN)/python benchmarks/route.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "duckdb>=2,<3"
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python -m benchmarks.score
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "scikit-learn>=1.7,<2"
	$(BIN)/python benchmarks/reasons.py
	$(BIN)/python benchmarks/memory.py

clean:
	rm -rf $(VENV) demo

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "loopback needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
