# make demo       enroll a sound, play a noisy minute, see it wake
# make test       install everything and run all tests but the slow ones
# make test-slow  run the slow ones: real servers, browsers, kills, whole recordings
# make test-all   run all tests
# make lint       ruff, mypy, import-linter
# make format     let ruff put the code into shape
# make wheel      build the distribution and try it in an environment of its own
# make clean      remove what these made
#
# PYTHON=python3.12 chooses the interpreter, ARGS="-k gate" goes to pytest, WORKERS=4 sets
# how many processes run tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -c constraints.txt
ARGS ?=
WORKERS ?= 2
# Parallel by file: what a file prepares is prepared once. One thread of arithmetic a process.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(if $(CI),--durations=25)
PARALLEL := $(PYTEST) -n $(WORKERS) --dist loadfile
# Where ARGS choose tests, a part may be left without any.
MAYBE_NONE := $(if $(ARGS),|| [ $$? -eq 5 ])
# PyAudio has to be compiled; without what that takes, everything else still is installed.
TEST_EXTRAS := dev,bench,clap,mic-sounddevice,mqtt,parquet,plot,ray,server,train,translate,wyoming
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo install install-test test test-slow test-all lint format wheel clean
help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile
demo: install
	$(BIN)/python examples/demo.py
install: $(VENV)/.installed
install-test: $(VENV)/.installed-test
test: install-test
	$(PARALLEL) -m "not slow and not alone" $(ARGS)
# Those that need the machine to themselves come last, one after the other.
test-slow: install-test
	$(PARALLEL) -m "slow and not alone" $(ARGS) $(MAYBE_NONE)
	$(PYTEST) -m alone $(ARGS) $(MAYBE_NONE)
test-all: test test-slow
lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
format: install-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
wheel: install-test
	rm -rf dist
	$(BIN)/python -m build
	scripts/try-wheel dist/*.whl
clean:
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
$(VENV)/.made:
	scripts/make-venv $(VENV)
	@touch $@
$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) -e ".[mic-sounddevice]"
	@touch $@
# Stamped only when complete, so that a later run finds what was installed in the meantime.
$(VENV)/.installed-test: $(VENV)/.made pyproject.toml constraints.txt
	@if scripts/system-packages audio broker browser codecs; then \
		$(PIP) -e ".[$(TEST_EXTRAS),mic]" && touch $@ $(VENV)/.installed; \
	elif [ "$${CI:-}" = true ]; then \
		echo "CI tests everything: stopping." >&2; exit 1; \
	else \
		echo "Going on without PyAudio; tests that need the above are skipped." >&2; \
		$(PIP) -e ".[$(TEST_EXTRAS)]"; \
	fi
