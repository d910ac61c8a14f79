# Needs Python 3.11 or later, make and a package index; everything else goes to .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
EMULATOR := .emulator/.installed

export DBT_SEND_ANONYMOUS_USAGE_STATS = false

.PHONY: demo test setup services lint types models tests snowflake clean bench soak

demo: $(INSTALLED)  ## Build the demo shop, push it to a Braze on this machine, show what arrived
	@$(BIN)/python examples/demo.py

test:  ## Run every check, side by side where they do not wait for each other
	@$(MAKE) --no-print-directory --jobs 3 setup services
	@$(MAKE) --no-print-directory --jobs 2 lint types
	@$(MAKE) --no-print-directory tests

# Hundreds of processes begin with the runner: it is compiled once, whatever is set.
tests:
	@$(BIN)/python -m compileall -q runner
	$(BIN)/python -m pytest

setup: $(INSTALLED) $(EMULATOR)

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@echo "Installing into .venv (about half a minute the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Snowflake's emulator pins another DuckDB than ours: tests/snowflake/requirements.txt.
$(EMULATOR): tests/snowflake/requirements.txt
	@echo "Installing the emulator of Snowflake into .emulator ..."
	@$(PYTHON) -m venv .emulator
	@.emulator/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# What some tests talk to, and are skipped without: a Redis, a proxy, a browser.
services:
	@missing=$$(for name in redis-server nginx chromium; do command -v $$name >/dev/null || echo $$name; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing" $$missing "for the tests ..."; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "Not installed, so some tests are skipped:" $$missing; fi

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

models: setup  ## Build all that the demo can switch on, and run every test of a model
	$(BIN)/python -m pytest -n 0 tests/test_models.py

snowflake: setup  ## Build the demo on the emulator of Snowflake, push it, compare with DuckDB
	$(BIN)/python -m tests.snowflake.tour
	$(BIN)/python -m pytest -m long tests/snowflake
	$(BIN)/python -m tests.snowflake

bench: $(INSTALLED)  ## Measure; takes a quarter of an hour, see benchmarks/README.md
	$(BIN)/python -m benchmarks

soak: $(INSTALLED)  ## Serve under load for ten minutes while pushes come in
	$(BIN)/python -m benchmarks soak --minutes 10

clean:
	rm -rf .venv .emulator .demo target logs dbt_packages
