# DFA Lab. `make` alone lists what there is to do. Written for GNU make 3.81 (macOS) and later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The stamps say which requirements are completely installed; an install that was cut short leaves none.
RUN_READY := $(VENV)/.installed-run
DEV_READY := $(VENV)/.installed-dev
JS_READY := node_modules/.installed
BIOME := node_modules/.bin/biome

# Options that are passed on: make run PORT=8600 ARGS="--no-browser"; make test ARGS="-k oracle"; make bench BENCH=step
PORT =
ADDRESS =
ARGS =
BENCH =
HOURS = 1

.PHONY: help run test lint format attacks bench soak lock notices clean
.DEFAULT_GOAL := help

help:
	@echo "make run     set up and open the lab          (make run PORT=8600 ADDRESS=0.0.0.0 ARGS=\"--no-browser\")"
	@echo "make test    set up and run the tests         (make test ARGS=\"-k oracle\")"
	@echo "make lint    ruff, pyright and, for the JavaScript, biome"
	@echo "make format  format Python and JavaScript as make lint wants them"
	@echo "make attacks all attacks on the lab, one table (make attacks ARGS=\"--only zips --seed 7\")"
	@echo "make bench   all benchmarks, one table          (make bench BENCH=step ARGS=\"--repeats 200\")"
	@echo "make soak    a lab is used and killed for hours, and nothing is lost   (make soak HOURS=1 ARGS=\"--seed 3\")"
	@echo "make lock    find all versions and hashes anew, after a change of requirements*.txt"
	@echo "make notices write THIRD_PARTY_NOTICES.md anew, from what is installed"
	@echo "make clean   remove .venv, node_modules and caches; runs and data sets stay"

run: $(RUN_READY)
	@$(BIN)/python -m dfa_lab ui $(if $(PORT),--port $(PORT)) $(if $(ADDRESS),--address $(ADDRESS)) $(ARGS)

# The tests start many processes; what is compiled once is kept for all of them, whatever the caller's environment says.
test: $(DEV_READY)
	@PYTHONDONTWRITEBYTECODE= OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV_READY) $(JS_READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIOME) check
	$(BIN)/python -m pyright

format: $(DEV_READY) $(JS_READY)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(BIOME) check --write

# Strangers, hostile zips, links and command lines, kills, full disks: tests/attacks/all_attacks.py.
attacks: $(DEV_READY)
	@PYTHONPATH=. $(BIN)/python tests/attacks/all_attacks.py $(ARGS)

# What each of them measures and how long it takes: benchmarks/run.py. ARGS=--record keeps the figures for later comparisons.
bench: $(DEV_READY)
	@PYTHONPATH=. $(BIN)/python benchmarks/run.py $(BENCH) $(ARGS)

# What it does and checks: tools/soak/__main__.py. HOURS=0.04 is a look at whether it works.
soak: $(DEV_READY)
	@$(BIN)/python tools/soak --hours $(HOURS) $(ARGS)

lock: $(DEV_READY)
	$(BIN)/python tools/lock.py

notices: $(DEV_READY)
	$(BIN)/python tools/notices.py

clean:
	rm -rf $(VENV) node_modules .pytest_cache .ruff_cache test-artifacts
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# Make an environment in .venv, after saying in a sentence what is missing, if something is.
define make_venv
@$(PYTHON) -c "" 2>/dev/null || { \
	echo "DFA Lab needs Python 3.11 or newer and '$(PYTHON)' does not run: install it, or name one with make PYTHON=python3.12"; exit 1; }
@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	echo "DFA Lab needs Python 3.11 or newer and '$(PYTHON)' is $$($(PYTHON) -V 2>&1): name a newer one with make PYTHON=python3.12"; exit 1; }
@$(PYTHON) -c "import venv, ensurepip" 2>/dev/null || { \
	echo "'$(PYTHON)' cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)"; exit 1; }
$(PYTHON) -m venv --clear $(VENV)
endef

# pip may be missing: the environment was cut short while it was made, or another tool made it.
define check_venv
@$(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	echo "DFA Lab needs Python 3.11 or newer and $(VENV) has $$($(BIN)/python -V 2>&1): make clean, then again with make PYTHON=python3.12"; exit 1; }
@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null 2>&1 || { \
	echo "$(VENV) is incomplete: make clean, then again"; exit 1; }
endef

# Nothing but the very files that the locks name is installed. A torch for CPUs alone, put in beforehand, stays as it is, and the
# GPU's libraries are left out beside it.
PIP_INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --require-hashes
CUDA_LOCK = $$($(BIN)/python -c "from importlib.metadata import distributions as all; \
	print('' if any('+cpu' in torch.version for torch in all(name='torch')) else '-r requirements-cuda.lock')")

$(BIN)/python:
	$(make_venv)

$(RUN_READY): requirements.lock requirements-cuda.lock $(BIN)/python
	$(check_venv)
	$(PIP_INSTALL) -r requirements.lock $(CUDA_LOCK)
	@touch $@

$(DEV_READY): requirements-dev.lock requirements.lock requirements-cuda.lock $(BIN)/python
	$(check_venv)
	$(PIP_INSTALL) -r requirements.lock $(CUDA_LOCK) -r requirements-dev.lock
	@touch $(RUN_READY) $@

# What checks the JavaScript; nothing of it runs in the lab.
$(JS_READY): package.json package-lock.json
	@command -v npm >/dev/null || { \
		echo "make lint checks the JavaScript too and needs npm, which comes with Node.js: install it (Debian, Ubuntu: apt-get install npm)"; exit 1; }
	npm ci --no-audit --no-fund
	@touch $@
