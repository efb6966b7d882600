# make help lists the targets. Each one sets up what it needs.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup repro test check bench clean lock

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(READY)  ## make the environment from requirements.lock

$(READY): requirements.lock .python-version
	@python=$$(.ci/find-python) && echo "setting up $(VENV) with $$($$python --version)" \
	  && rm -rf $(VENV) && $$python -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib  # on all cores, which pip does on one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

repro: $(READY)  ## run the pipeline: tables, fits, checks, attributions, pages
	@.ci/repro

test: $(READY)  ## run the tests that need neither sampling nor DVC nor a browser
	$(BIN)/python -m pytest -m "not slow" --no-cov --numprocesses 2 --dist loadfile

check: $(READY)  ## all that CI checks: format, lint, imports, types, every test with line coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 40

bench: $(READY)  ## measure the pipeline, samplers, pages and seeds (after make repro, about an hour; not part of CI)
	$(BIN)/python -m benchmarks

clean:  ## remove the environment, every result and every cache
	rm -rf $(VENV) .dvc/cache .dvc/tmp .cache .pytest_cache .mypy_cache .ruff_cache .coverage *.egg-info
	rm -rf data/validated data/posteriors reports/html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock:  ## pin every dependency with hashes (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-annotate --upgrade --quiet \
	  --custom-compile-command "make lock" -o requirements.lock
