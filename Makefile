PYTHON ?= python3
BIN := .venv/bin
# A process a core; a file stays in one of them, since its tests share what they built; the longest first, as they stand.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
PINS := --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

.PHONY: help venv demo test lint bench benchpg cluster cluster-test pins sbom messages pictures bundle

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 20

venv: .venv/.installed  ## install the pinned packages into .venv

.venv/.installed: requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: venv  ## start the portal with a demonstration street
	$(BIN)/python manage.py demo

test: venv  ## run the whole suite on SQLite, then on PostgreSQL what touches a database, without a browser
	@failed=0; \
	env -u DATABASE_URL $(BIN)/python -m pytest $(SIDE_BY_SIDE) || failed=$$?; \
	LOUZU_TESTED_ON_SQLITE=1 $(BIN)/python -m tests.postgres $(SIDE_BY_SIDE) --ignore tests/browser && exit $$failed

lint: venv  ## check style, templates, layers, types, migrations and settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

bench: venv  ## measure the roster, the coverage and a week against stock and floor, on SQLite
	$(BIN)/python -m tests.bench

benchpg: venv  ## the same on the PostgreSQL server that pip brings, where coverage has a target of its own
	$(BIN)/python -m tests.bench --postgres

cluster: venv  ## start three PostgreSQL nodes, two web hosts and two workers on this machine
	$(BIN)/python -m tests.cluster

cluster-test: venv  ## kill a web host, a worker, a replica, etcd's leader and the primary under load, and reckon
	$(BIN)/python -m tests.cluster test

pins:  ## pin the packages anew after a change in pyproject.toml
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && PATH="$$PATH:$$folder/bin" && \
	{ command -v uv >/dev/null || { $(PYTHON) -m venv "$$folder" && "$$folder/bin/pip" install --quiet uv; }; } && \
	uv pip compile $(PINS) --group dev --output-file requirements-dev.txt pyproject.toml >/dev/null && \
	uv pip compile $(PINS) --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml >/dev/null

sbom: venv  ## write the bill of materials of the pinned packages (CycloneDX 1.6) to var/sbom.cdx.json
	@mkdir -p var
	$(BIN)/python -m tests.sbom var/sbom.cdx.json

messages: venv  ## compile the Chinese catalogue of the packages' strings
	$(BIN)/python -m babel.messages.frontend compile -d louzu/locale -D "django djangojs"

pictures: venv  ## take the manual's pictures of the demonstration street anew
	$(BIN)/python -m tests.pictures

bundle: venv  ## make the archive that installs on a machine without a network, in var/bundles
	@$(BIN)/python deploy/bundle.py
