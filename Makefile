# Every verb of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { command -v "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Ready when the stamp is newer than the locks.
STAMP := $(VENV)/.ready

# Behind a network that inspects TLS the machine trusts more authorities than uv brings.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

.PHONY: help
help: ## Show the verbs
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements-dev.txt pyproject.toml
	@scripts/ensure-venv "$(PYTHON)" $(VENV)
	@touch $@

.PHONY: env
env: $(STAMP) ## Make the environment, and put restic at hand
	@scripts/ensure-restic restic restic-rest-server >/dev/null

.PHONY: demo
demo: env ## Run the demonstration: real backups by a real scheduler, reported and restored
	@$(BIN)/python -m respaldo.demo

.PHONY: up
up: env ## Start Airflow and PostgreSQL, and say where the UI is
	@$(BIN)/python -m respaldo.embedded up

.PHONY: down
down: $(STAMP) ## Stop everything that `up` or `demo` started
	@$(BIN)/python -m respaldo.embedded down

.PHONY: check
check: $(STAMP) ## Format, lint, types, import contracts, lock drift
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/lock --check

.PHONY: test
test: env ## Run the tests, installing what they need
	@scripts/run-tests

.PHONY: faults
faults: env ## Break everything that can break, and see that it is told and mended
	@$(BIN)/python -m pytest tests/faults tests/contract/test_heal.py -v --no-header -rN --tb=short

.PHONY: contracts
contracts: env ## Run all contract tests with every restic that is supported, all that is on machines, users of FAB
	@RESPALDO_EVERY_RESTIC=1 scripts/run-tests tests/contract tests/integration/live/machines \
		tests/integration/live/people/test_fab.py -m ""

.PHONY: e2e
e2e: env ## Build the stack of docker-compose.yaml from a clone, and use it, kill it and fill it (needs docker)
	@$(BIN)/python -m pytest tests/e2e --numprocesses=2 -v --no-header -rP --tb=short --durations=15 -p no:cacheprovider

.PHONY: bench
bench: env ## Measure against the raw tool
	$(BIN)/python tests/bench

.PHONY: lock
lock: $(STAMP) ## Resolve the dependencies again
	scripts/lock

.PHONY: format
format: $(STAMP) ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: clean
clean: down ## Stop, and remove all that was made
	rm -rf var $(VENV)
