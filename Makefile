# `make help` lists what there is. Every target sets up what it needs in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PACKAGE ?= global-alliance
PORT   ?= 0
EXAMPLES ?= 1000
SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help publish plan preview validate test check fuzz bench bench-check build format clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What runs the publisher: its own dependencies at the pinned versions.
$(VENV)/run: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("publisher needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

# What tests and checks need besides.
$(VENV)/dev: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Other validators, to be measured beside ours.
$(VENV)/bench: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

publish: $(VENV)/run ## Validate the shipped data and publish a release into public/ (or PUBLISHER_TARGET)
	@$(BIN)/publisher publish $(PACKAGE)

plan: $(VENV)/run ## Show what `make publish` would do; nothing is written
	@$(BIN)/publisher plan $(PACKAGE)

validate: $(VENV)/run ## Check the tables and say what is wrong in which cell
	@$(BIN)/publisher validate $(PACKAGE)

preview: $(VENV)/run ## Serve public/ on this machine, as a bucket would
	@$(BIN)/publisher preview --port $(PORT)

test: $(VENV)/dev ## Run the tests
	$(BIN)/python -m pytest -n auto

check: $(VENV)/dev ## Everything that must hold: format, lint, types, floors and circles, tests
	$(BIN)/ruff format --check publisher tests
	$(BIN)/ruff check publisher tests
	$(BIN)/mypy
	$(BIN)/python -m tests.audit
	$(BIN)/python -m pytest -n auto

fuzz: $(VENV)/dev ## Look for inputs that break reading or differ from frictionless: make fuzz SECONDS=1200 EXAMPLES=5000
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	for target in descriptor dialect table; do $(BIN)/python -m tests.fuzz $$target $(SECONDS) build/fuzz || exit; done
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n 0 --timeout 0 tests/fuzz tests/validate/test_property.py

bench: $(VENV)/bench ## Measure against frictionless, pandas, polars, DuckDB and the aws client into docs/performance.md; most of an hour
	$(BIN)/python -m tests.bench --write docs/performance.md

bench-check: $(VENV)/bench ## Measure, and fail where a figure passes its bound
	$(BIN)/python -m tests.bench --check

build: $(VENV)/dev ## A wheel in build/, and what it needs as a bill of materials (CycloneDX)
	rm -rf build && $(PYTHON) -m venv build/venv
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build .
	build/venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt build/*.whl
	build/venv/bin/python -m pip uninstall --quiet --yes pip setuptools
	$(PYTHON) -m venv build/tools
	build/tools/bin/python -m pip install --quiet --disable-pip-version-check 'cyclonedx-bom==7.5.0'
	build/tools/bin/cyclonedx-py environment build/venv/bin/python --pyproject pyproject.toml --output-reproducible -o build/sbom.cdx.json
	rm -rf build/venv build/tools build/lib build/bdist.*

format: $(VENV)/dev ## Put the code in order
	$(BIN)/ruff format publisher tests
	$(BIN)/ruff check --fix publisher tests

clean: ## Remove what the targets above made, published data excepted
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
