# Everything works from a fresh clone: each target sets up the virtual environment that it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS ?= constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS)
# the environment is made again when what it is made from changes
MADE_FROM := setup.cfg pyproject.toml $(CONSTRAINTS)

.PHONY: help verify verify-full certify paper shell docs test-docs test smoke lowest lint oracle soak soak-today mutants \
	bench clean

help:
	@echo 'make verify       check every statement (a few minutes), write a page, tables and the figure to out/'
	@echo 'make verify-full  the same with more networks (a quarter of an hour)'
	@echo 'make certify      write every proof as a Coq file to out/certificates/ and let Coq check it (needs coq; two minutes)'
	@echo 'make paper        build an example paper, examples/paper/paper.pdf: tables, figures, numbers and checked claims (needs TeX)'
	@echo 'make shell        open a shell in which the command is called vanishing (elsewhere: $(BIN)/vanishing)'
	@echo 'make docs         build the site to build/site, all of its scripts run (one to two minutes); it needs no network to be read'
	@echo 'make test-docs    click through the built site, and follow its links (Chromium: where it is)'
	@echo 'make test         set up and run the tests, on all cores (PyTorch, KaTeX, Dask, Coq, Chromium: where they are)'
	@echo 'make lowest       a few statements and tests with the lowest versions that setup.cfg allows, in $(LOWEST)'
	@echo 'make smoke        the same few with another Python: make smoke PYTHON=python3.13 VENV=.venv-3.13'
	@echo 'make lint         ruff, mypy, import contracts'
	@echo 'make oracle       compare with PyTorch, read every formula with KaTeX, run on a Dask cluster (installs all three)'
	@echo 'make soak         the statistical suite over 100 seeds (hours; SEEDS=10 for fewer)'
	@echo 'make soak-today   a twentieth of it in the full profile, with the day as the seed'
	@echo 'make bench        compare the speed with other packages (installs them; half an hour)'
	@echo 'make mutants      break the code in COUNT=300 places, drawn by SEED=0, and see whether a test notices (hours)'

verify: $(VENV)/.report
	$(BIN)/vanishing verify --profile quick --out out

verify-full: $(VENV)/.report
	$(BIN)/vanishing verify --profile full --out out

# PROOFS='forward.* init.*' takes these alone; QUICK=--quick leaves out Coq's own library when coqchk goes through everything again
certify: $(VENV)/.report
	@command -v coqc >/dev/null || { echo 'Coq is missing. On Debian: apt install coq (version 8.16 or later)'; exit 1; }
	$(BIN)/vanishing certify $(foreach proof,$(PROOFS),'$(proof)') $(QUICK) --out out/certificates

# TeX is needed for this target alone
paper: $(VENV)/.report
	@command -v pdflatex >/dev/null || { echo 'TeX is missing. On Debian: apt install texlive-latex-recommended texlive-science'; exit 1; }
	$(BIN)/vanishing paper examples/paper/paper.toml --out examples/paper/made
	cd examples/paper && for run in 1 2; do pdflatex -interaction=nonstopmode -halt-on-error paper.tex >made/paper.out || { tail -n 30 made/paper.out; exit 1; }; done
	@! grep 'Overfull' examples/paper/paper.log
	@echo 'examples/paper/paper.pdf'
shell: $(VENV)/.report
	@echo 'vanishing --help lists the commands; exit leaves this shell'
	@PATH="$(abspath $(BIN)):$$PATH" $${SHELL:-sh} || true

SITE ?= build/site
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -q -d build/doctrees docs $(SITE)
	@echo 'built: $(SITE)/index.html'

test-docs: $(VENV)/.test # what other tests leave out where there is no site
	SITE=$(SITE) $(BIN)/python -m pytest -q tests/docs -k 'test_site_links or test_browser_site'

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# what goes wrong first where SymPy, python-flint, NumPy, rich or Python itself is another: every module is imported
SMOKE_IDS := init.pytorch-default gradient.fixed-readout hessian.norm-bounds law.quantiles
SMOKE_TESTS := tests/theory/test_symbols.py tests/montecarlo/runs/test_stored_runs.py tests/proofs_check/command/test_report.py
IMPORT_ALL := import importlib, pkgutil, theory, montecarlo, proofs_check; \
	[importlib.import_module(found.name) for package in (theory, montecarlo, proofs_check) \
	for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]

smoke: $(VENV)/.test
	$(BIN)/python -c '$(IMPORT_ALL)'
	$(BIN)/vanishing verify $(SMOKE_IDS)
	$(BIN)/python -m pytest -q $(PYTEST_OPTIONS) $(SMOKE_TESTS)

LOWEST := .venv-lowest
lowest: # old packages use of each other what is deprecated today, and that is not ours to mend
	$(MAKE) smoke VENV=$(LOWEST) CONSTRAINTS=constraints-lowest.txt PYTEST_OPTIONS='-W ignore::DeprecationWarning'

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

soak-today: $(VENV)/.test
	$(BIN)/python -m proofs_check.command.soak --today

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.expectations
	$(BIN)/python -m benchmarks.sampling
	$(BIN)/python -m benchmarks.curvature
	$(BIN)/python -m benchmarks.training

COUNT ?= 300
SEED ?= 0
mutants: $(VENV)/.test
	$(BIN)/python -m benchmarks.mutants --count $(COUNT) --seed $(SEED)

clean:
	rm -rf $(VENV) $(LOWEST) out build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vanishing-curvature needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'Debian has venv in a package of its own: apt install python3-venv'; exit 1; }

$(VENV)/.report: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report]'
	@touch $@

$(VENV)/.docs: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,docs]'
	@touch $@ $(VENV)/.report

$(VENV)/.test: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,test]'
	@touch $@ $(VENV)/.report

$(VENV)/.dev: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,test,dev]'
	@touch $@ $(VENV)/.report $(VENV)/.test

$(VENV)/.oracle: $(VENV)/.test
	$(PIP) --editable '.[report,test,oracle,cluster]'
	@touch $@

$(VENV)/.all: $(MADE_FROM) | $(VENV)/bin/python
	$(PIP) --editable '.[report,test,dev,oracle,cluster,docs]'
	@touch $@ $(VENV)/.report $(VENV)/.test $(VENV)/.dev $(VENV)/.oracle $(VENV)/.docs

$(VENV)/.bench: $(VENV)/.oracle
	$(PIP) --editable '.[report,test,oracle,cluster,bench]'
	@touch $@
