# Each target does all it needs on a fresh machine with Python 3.10+ and a C++ compiler.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test install lint format pictures clean

demo: install ## compare the sample model in four quantisations
	@$(BIN)/weighin demo

test: install ## the fast suite
	@$(BIN)/python -m pytest

lint: install ## style, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=build/ns $(BIN)/lint-imports
	@$(BIN)/python tests/check_imports.py

pictures: install ## draw the README's pictures again
	@PYTHONPATH=tests $(BIN)/python tests/pictures.py

format: install
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt .ci/install
	@VENV=$(VENV) bash .ci/install

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .import_linter_cache
