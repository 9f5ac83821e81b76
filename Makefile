# make demo: install and run the demo company.  make test: every change's tests.  make help: the rest.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # dbt and Great Expectations start twice as slow from source

.PHONY: help setup demo test proof ui lint bench bench-identity bench-journeys clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

setup: $(VENV)/.ready  ## a virtual environment with the pinned versions

$(VENV)/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

demo: setup  ## simulate the demo company and run the pipeline over it
	$(BIN)/c360 demo

test: setup  ## every change's tests: 7 to 14 minutes on two cores
	$(BIN)/python -m pytest -m "not proof" -n 2 --dist loadgroup

proof: setup  ## every suite at full size, at most 90 minutes; writes .bench/proof.json
	mkdir -p .bench
	$(BIN)/python -m pytest -n 2 --dist loadgroup --proof-report .bench/proof.json

ui: setup  ## the Dagster UI of C360_COMPANY (default: demo) on localhost:3000
	$(BIN)/c360 ui

lint: setup  ## style of Python and SQL, faults of contracts and companies' folders
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests
	$(BIN)/c360 contracts check
	for company in companies/*/; do $(BIN)/c360 lint --company $$company || exit 1; done

bench: setup  ## timed runs (hours: 21 million interactions); .bench/<name>.json and docs/performance.md
	$(BIN)/python -m tests.benchmarks.pipeline
	$(BIN)/python -m tests.benchmarks.start
	$(BIN)/python -m tests.benchmarks.inbox
	$(BIN)/python -m tests.benchmarks.journeys
	$(BIN)/python -m tests.benchmarks.identity
	$(BIN)/python -m tests.benchmarks.write_performance

bench-identity: setup  ## accuracy on labelled data, a million people, beside Splink and scipy; .bench/identity.json
	$(BIN)/python -m tests.benchmarks.identity

bench-journeys: setup  ## journey facts of 1, 10 and 20 million interactions beside one sort of them; .bench/journeys.json
	$(BIN)/python -m tests.benchmarks.journeys

clean:  ## remove the environment and what runs left in this folder
	rm -rf $(VENV) .c360 .bench .pytest_cache .ruff_cache
