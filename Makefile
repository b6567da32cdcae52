# Every target sets up what it needs. `make` alone prints the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup system servers demo test lint fast sim bank examples bench prove-red lock clean

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What Debian must bring: shell lines that print the packages that are missing. Simulators embed Python, so its library is shared.
SHARED := import ctypes, os, sysconfig; get = sysconfig.get_config_var; name = get("INSTSONAME"); path = os.path.join(get("LIBDIR"), name); ctypes.CDLL(path if os.path.exists(path) else name)
SYSTEM := for tool in bwrap:bubblewrap g++:g++ perl:perl; do command -v $${tool%:*} >/dev/null || echo $${tool\#*:}; done; \
  $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv; \
  $(PYTHON) -c '$(SHARED)' 2>/dev/null || $(PYTHON) -c 'import sys; print("libpython%d.%d" % sys.version_info[:2])'
SERVERS := ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || echo postgresql; \
  command -v redis-server >/dev/null || echo redis-server
# Root has them installed; no service is started.
APT := apt-get update -qq >/dev/null && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

setup: system $(READY) ## virtual environment, pinned wheels, sandbox

system:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Assay needs Python 3.11 or newer; found $$($(PYTHON) --version)."; exit 2; }
	@need=$$($(SYSTEM)); need=$$(echo $$need); if [ -n "$$need" ]; then \
	  if [ "$$(id -u)" = 0 ]; then echo "Installing $$need"; $(APT) $$need >/dev/null; \
	  else printf 'Missing on this machine: %s\nAs root, run this once, then the same make command again:\n\n  apt-get update && apt-get install --yes %s\n\n' "$$need" "$$need"; exit 2; fi; fi

servers:
	@need=$$($(SERVERS)); need=$$(echo $$need); if [ -n "$$need" ] && [ "$$(id -u)" = 0 ]; then echo "Installing $$need (for tests)"; $(APT) $$need >/dev/null; fi

$(READY): requirements.lock pyproject.toml
	@echo "Setting up .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --disable-pip-version-check --require-hashes --no-deps -r requirements.lock | awk '/^Collecting/{n++; printf "\r  fetching %3d packages", n; fflush()} /^Installing/{printf "\n  installing\n"}'
	@$(BIN)/pip install --disable-pip-version-check --quiet --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m compileall -q pipeline verif
	@touch $(READY)

demo: setup ## a real accelerator and its planted bugs through the whole pipeline
	@$(BIN)/assay demo

test: setup lint fast sim ## everything CI runs: lint, types, architecture, unit, simulation, cluster

lint: $(READY) ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo | tail -n 3

fast: setup ## tests that start no simulator and no server
	@$(BIN)/python -m pytest -q -rs -n 2 -m "not sim and not cluster"

sim: setup servers ## tests that build and run simulations, start PostgreSQL, Redis and workers
	@$(BIN)/python -m pytest -q -rs -n 2 --dist loadgroup -m "(sim or cluster) and not campaign"

bank: setup ## every planted bug against the testplan: the matrix bug x testpoint (about a quarter of an hour)
	@$(BIN)/assay bank

bench: setup ## CPU seconds of what has a limit, median of five each
	@for file in tests/bench/*.py; do $(BIN)/python $$file; done

examples: setup ## every example design over 100 seeds, its planted faults, and the wrong manifests (about an hour)
	@$(BIN)/python tests/long/examples.py

prove-red: setup ## break each checker in a clone; its named test must turn red
	@$(BIN)/python tests/red/prove.py

lock: ## renew requirements.lock from pyproject.toml (needs pip-tools)
	@pip-compile --quiet --extra dev --extra golden --extra postgresql --generate-hashes --allow-unsafe --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml

clean: ## remove everything that was built
	@rm -rf .venv .assay build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info; find pipeline verif -name __pycache__ -prune -exec rm -rf {} +
