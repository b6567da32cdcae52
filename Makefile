# Every target sets up what it needs. `make` alone prints the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup sandbox demo test lint fast sim bank prove-red lock clean

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) sandbox ## virtual environment, pinned wheels, sandbox

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Assay needs Python 3.11 or newer; found $$($(PYTHON) --version)."; exit 2; }
	@echo "Setting up .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --disable-pip-version-check --require-hashes --no-deps -r requirements.lock | awk '/^Collecting/{n++; printf "\r  fetching %3d packages", n; fflush()} /^Installing/{printf "\n  installing\n"}'
	@$(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation --no-deps --editable .
	@touch $(READY)

sandbox:
	@if ! command -v bwrap >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then echo "Installing bubblewrap (the sandbox)"; apt-get update -qq >/dev/null && apt-get install -y -qq bubblewrap >/dev/null; \
	  else printf 'Assay runs designs in a sandbox, and bubblewrap is not installed.\nRun this once, then the same make command again:\n\n  sudo apt-get install --yes bubblewrap\n\n'; exit 2; fi; fi

demo: setup ## a real accelerator and its planted bugs through the whole pipeline
	@$(BIN)/assay demo

test: setup lint fast sim ## everything CI runs: lint, types, architecture, unit, simulation, cluster

lint: $(READY) ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo | tail -n 3

fast: setup ## tests that start no simulator and no server
	@$(BIN)/python -m pytest -q -n 2 -m "not sim and not cluster"

sim: setup ## tests that build and run simulations, start Redis and workers
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "(sim or cluster) and not campaign"

bank: setup ## every planted bug against the testplan: the matrix bug x testpoint (about a quarter of an hour)
	@$(BIN)/assay bank

prove-red: setup ## break each checker in a clone; its named test must turn red
	@$(BIN)/python tests/red/prove.py

lock: ## renew requirements.lock from pyproject.toml (needs pip-tools)
	@pip-compile --quiet --extra dev --extra postgresql --generate-hashes --allow-unsafe --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml

clean: ## remove everything that was built
	@rm -rf .venv .assay build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
