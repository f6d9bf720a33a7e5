# make reproduce   every figure and table, from the bundled release; PROFILE=reference for larger sizes
# make figures     a part of it: figures, tables, metrics or report, with what they are made from
# make test        the tests
# make lint        style and types
# Each makes .venv first when it is missing or older than the pins. PYTHON chooses the interpreter.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
AT := $(if $(PROFILE),--profile $(PROFILE))

.PHONY: reproduce figures tables metrics report test lint format clean
.DEFAULT_GOAL := test

reproduce: $(STAMP)
	$(BIN)/diadem data verify
	$(BIN)/diadem reproduce $(AT)

figures tables metrics report: $(STAMP)
	$(BIN)/diadem reproduce $@ $(AT)

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

# The stamp is written last: an installation that was interrupted is made again.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@
