# Everything works from a fresh clone: each target sets up the virtual environment that it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# the environment is made again when what it is made from changes
MADE_FROM := setup.cfg pyproject.toml constraints.txt

.PHONY: help verify verify-full certify test lint oracle soak bench clean

help:
	@echo 'make verify       check every statement (about a minute), write tables and the figure to out/'
	@echo 'make verify-full  the same with more networks (about ten minutes)'
	@echo 'make certify      write every proof as a Coq file to out/certificates/ and let Coq check it (needs coq; two minutes)'
	@echo 'make test         set up and run the tests, on all cores (with PyTorch, KaTeX and Dask if make oracle installed them)'
	@echo 'make lint         ruff, mypy, import contracts'
	@echo 'make oracle       compare with PyTorch, read every formula with KaTeX, run on a Dask cluster (installs all three)'
	@echo 'make soak         the statistical suite over 100 seeds (hours; SEEDS=10 for fewer)'
	@echo 'make bench        compare the speed with other packages (installs them; half an hour)'

verify: $(VENV)/.report
	$(BIN)/vanishing verify --profile quick --out out

verify-full: $(VENV)/.report
	$(BIN)/vanishing verify --profile full --out out

# QUICK=--quick leaves out Coq's own library when coqchk goes through everything again
certify: $(VENV)/.report
	@command -v coqc >/dev/null || { echo 'Coq is missing. On Debian: apt install coq (version 8.16 or later)'; exit 1; }
	$(BIN)/vanishing certify $(QUICK) --out out/certificates

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

oracle: $(VENV)/.oracle
	$(BIN)/python -m pytest tests/oracles tests/cluster

SEEDS ?= 100
soak: $(VENV)/.test
	$(BIN)/python -m proofs_check.command.soak --seeds $(SEEDS)

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.expectations
	$(BIN)/python -m benchmarks.sampling
	$(BIN)/python -m benchmarks.curvature
	$(BIN)/python -m benchmarks.training

clean:
	rm -rf $(VENV) out build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vanishing-curvature needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'Debian has venv in a package of its own: apt install python3-venv'; exit 1; }

$(VENV)/.report: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report]'
	@touch $@

$(VENV)/.test: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,test]'
	@touch $@ $(VENV)/.report

$(VENV)/.dev: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,test,dev]'
	@touch $@ $(VENV)/.report $(VENV)/.test

$(VENV)/.oracle: $(VENV)/.test
	$(PIP) --editable '.[report,test,oracle,cluster]'
	@touch $@

$(VENV)/.bench: $(VENV)/.oracle
	$(PIP) --editable '.[report,test,oracle,cluster,bench]'
	@touch $@
