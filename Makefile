# One gate: what CI runs is `make check`. Needs Python >= 3.11, make and git; the rest comes into .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help venv hammer soak soak-mutants failover demo test test-15 test-pooled browser check lint format schema reference mutants bench bench-peers bench-layouts bench-growth bench-excluded bench-projections bench-wait bench-startup api bench-family lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## create .venv with everything pinned in requirements.lock

# uv is quicker where it is installed; pip does the same with the same hashes.
$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ainarres needs Python 3.11 or newer; give one with PYTHON=")'
	@if command -v uv >/dev/null 2>&1; then set -ex; \
	  uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv; \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else set -ex; \
	  $(PYTHON) -m venv .venv; \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

hammer: $(STAMP) ## kill 64 processes at random on one board for a minute; writes bench/results/hammer.json
	$(BIN)/python -m bench.hammer

soak: $(STAMP) ## half an hour of faults under load and a checker (SOAK="--minutes 5 --seed 7" …); writes bench/results/soak.json
	$(BIN)/python -m bench.soak $(SOAK)

soak-mutants: $(STAMP) ## switch guards off one by one: a short soak of each must find something wrong
	$(BIN)/python -m bench.soak.mutants

failover: $(STAMP) ## promote a standby under load, 20 times; writes bench/results/failover.json
	$(BIN)/python -m bench.failover

demo: $(STAMP) ## run the demo: a swarm on a ledger of its own, no account and no key needed
	$(BIN)/ainarres demo

test: $(STAMP) ## run the whole test suite but what needs Chromium
	$(BIN)/pytest -n $(WORKERS) --ignore=tests/browser

browser: $(STAMP) ## try the pages in Chromium (apt-get install chromium); screenshots go to build/browser
	$(BIN)/pytest -q tests/browser

test-15: $(STAMP) ## run ledger, verbs, contract and backups on PostgreSQL 15 (needs it: AINARRES_PG15 names its programs)
	$(BIN)/python -m tests.fifteen -n $(WORKERS)

test-pooled: $(STAMP) ## every verb through PgBouncer in transaction mode (needs it: apt-get install pgbouncer)
	$(BIN)/pytest -q tests/faults/pooled.py

lint: $(STAMP) ## check format, style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test browser mutants ## the gate: lint, tests, Chromium, mutants, and the demo
	$(BIN)/ainarres demo

format: $(STAMP) ## let ruff format the code and fix what it safely can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(STAMP) ## write src/database/schema.sql from the migrations
	$(BIN)/python -m ainarres.database.dump src/database/schema.sql

mutants: $(STAMP) ## switch guards off one by one: the test of each must notice (MUTANTS="fence lease" for some)
	$(BIN)/python -m tests.mutants $(MUTANTS)

reference: $(STAMP) ## write docs/events.md, docs/cli.md and the table of commands
	$(BIN)/python -m ainarres.domain.catalogue docs/events.md
	$(BIN)/python -m ainarres.cli.reference

bench-wait: $(STAMP) ## a thousand agents wait for one task, two hundred readers follow; writes bench/results/wait.json
	$(BIN)/python -m bench.wait

bench-startup: $(STAMP) ## time whole processes of the command line; writes bench/results/startup.json
	$(BIN)/python -m bench.startup

api: $(STAMP) ## make up 20,000 requests from the OpenAPI document: no fault, no answer that it denies
	AINARRES_FUZZ_REQUESTS=20000 $(BIN)/pytest -q -s tests/api/test_openapi.py

bench: $(STAMP) ## race: cycles and appends a second beside peers and the raw floor (ten minutes; quiet machine)
	$(BIN)/python -m bench.race

bench-peers: $(STAMP) ## install the peers that `make bench` races against, into bench/.peers
	$(BIN)/python -m bench.peers

bench-layouts: $(STAMP) ## find the layout each contestant of `make bench` is fastest in
	$(BIN)/python -m bench.layouts

bench-growth: $(STAMP) ## how costs grow with tasks, events and claimers, and under a held snapshot
	$(BIN)/python -m bench.growth

bench-excluded: $(STAMP) ## a claim beside a million tasks the caller may not take
	$(BIN)/python -m bench.excluded

bench-projections: $(STAMP) ## rebuild, check and verify a million events, report on them, look back (quiet machine)
	$(BIN)/python -m bench.projections

bench-family: $(STAMP) ## 16 clients of one family beside 16 families; writes bench/results/family.json
	$(BIN)/python -m bench.family

lock: $(STAMP) ## pin the dependencies of pyproject.toml in requirements.lock, with hashes
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet uv
	.venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' \
	  --output-file requirements.lock pyproject.toml

clean: ## remove .venv, builds and caches
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
