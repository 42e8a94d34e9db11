# Each target does all it needs on a fresh machine with Python 3.10+ and a C++ compiler.
VENV ?= .venv
BIN := $(VENV)/bin
# Test processes: one more than there are cores, because tests also wait, up to 5. `make test WORKERS=0` uses no others.
WORKERS ?= $(shell $(BIN)/python -c "import os; print(min((os.cpu_count() or 1) + 1, 5))" 2>/dev/null || echo 2)

.PHONY: demo test performance install lint format pictures clean

demo: install ## compare the sample model in four quantizations
	@$(BIN)/weighin demo

# PYTHONDONTWRITEBYTECODE is emptied: the tests start hundreds of processes, and each would compile weighin again.
test: install ## everything that does not depend on how fast this machine is
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

performance: install ## what depends on it: on a quiet machine
	@$(BIN)/python -m pytest -m performance

lint: install ## style, types, import contracts, size limits
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=build/ns $(BIN)/lint-imports
	@$(BIN)/python tests/check_imports.py
	@$(BIN)/python tests/check_sizes.py

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
