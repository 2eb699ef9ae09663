# Needs Python 3.11 or newer with venv, git and make; everything else comes from the lock files.
.PHONY: run test check demo bench faults lock clean runtime dev
BIN := .venv/bin

run: runtime ## PostgreSQL, Valkey, web, worker and clock, until Ctrl-C
	@exec $(BIN)/balai up

demo: runtime ## the main job, against what `make run` runs
	@exec $(BIN)/balai demo

test: dev ## every test, on a PostgreSQL and Valkey of its own
	@exec $(BIN)/pytest -n 2 --dist loadfile

check: dev ## formatting, lint, types, import contracts, lock files, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh deploy/lock.sh --check
	$(BIN)/balai docs --check

bench: dev ## how fast it is, beside the same work by hand
	@exec $(BIN)/python tests/bench/run.py $(if $(WRITE),--write) $(if $(KEEP),--keep "$(KEEP)")

faults: dev ## whether it holds when it is killed piece by piece
	@exec $(BIN)/python tests/faults/run.py

lock: dev ## the lock files, from pyproject.toml
	sh deploy/lock.sh

clean: ## what tools and builds left; the data in var/ stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

runtime dev:
	@sh deploy/environment.sh $@
