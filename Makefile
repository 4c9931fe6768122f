# Everything a newcomer types. Each command first makes ready what it needs; nothing is done twice.
.PHONY: help run test check bench prepare-run prepare-test prepare-check format
.DEFAULT_GOAL := help

# The first Python on the PATH that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)
NEED_PYTHON = $(if $(PYTHON),,$(error Azora admin needs Python 3.11 or newer and found none on the PATH. \
	Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make run PYTHON=/path/to/python3))
BIN := .venv/bin

help:
	@echo "make run    start the demo (AZORA_PORT, AZORA_HOME choose where)"
	@echo "make test   run every test, those with a browser too"
	@echo "make check  format, lint, types, imports, links: under a minute"
	@echo "make bench  measure against a floor in the same run"

# The demo, unless the environment says otherwise.
run: export AZORA_MODE ?= demo
run: prepare-run
	@exec $(BIN)/azora up --with-parent

# All of them on every processor at once, some of them (TESTS=…) one after the other.
test: prepare-test
	@exec $(BIN)/python -m pytest $(or $(TESTS),--numprocesses=auto --dist=worksteal)

check: prepare-check
	@exec $(BIN)/python -m tools.check

bench: prepare-test
	@exec $(BIN)/python -m bench $(BENCH)

format: prepare-check
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

prepare-run prepare-test prepare-check:
	$(NEED_PYTHON)
	@$(PYTHON) -m tools.prepare $(@:prepare-%=%)
