# `make demo` puts three venues on sale; `make test` checks everything. `make help` lists the rest.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# The venv first: that is where a Node of our own lands on machines that have none.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix frontend --no-fund --no-audit --no-update-notifier
FRONTEND := $(shell find frontend -name node_modules -prune -o -name dist -prune -o -type f -print)

.PHONY: help setup demo test lint types bench format clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: $(VENV)/.developer frontend/dist/index.html ## make .venv with everything and build the page

demo: $(VENV)/.installed frontend/dist/index.html ## put three venues on sale, with 200 bots; ARGS="--for 20 --port 8123"
	@$(BIN)/seatengine demo $(ARGS)

test: setup ## everything: the page's checks and tests, then pytest; ARGS="tests/core -x"
	@tools/chromium
	@$(NPM) run check
	@$(NPM) test
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.developer ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.developer $(VENV)/.node frontend/node_modules/.package-lock.json ## mypy --strict and tsc
	@$(BIN)/mypy
	@$(NPM) run check

format: $(VENV)/.developer ## let ruff write the format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## one benchmark; ARGS="core --json"
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what setup made; the data folder stays
	rm -rf $(VENV) frontend/node_modules frontend/dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Seat Engine needs Python 3.11 or newer, and none is on the PATH. \
	Install one, or say which: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments \
	because its ensurepip is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Seat Engine's Python packages (about a minute the first time)"
	@$(PIP) install --progress-bar off -e .
	@touch $@

$(VENV)/.developer: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Seat Engine and its development tools (a minute or two the first time)"
	@$(PIP) install --progress-bar off -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.node: tools/node | $(VENV)/bin/python
	@tools/node $(VENV)
	@touch $@

frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json | $(VENV)/.node
	@echo "Installing the page's packages (about half a minute the first time)"
	@$(NPM) ci
	@touch $@

frontend/dist/index.html: $(FRONTEND) frontend/node_modules/.package-lock.json
	@echo "Building the page"
	@$(NPM) run build
	@touch $@
