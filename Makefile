# The front door. `make` alone prints help. The graph itself is in src/compendium/run/graph.py.
COHORT ?= demo
DATA ?=
RESULTS ?= results
PERSON ?=
COHORTS ?=
WORKERS ?=
CLUSTER ?=
PYTHON ?= .venv/bin/python

.DEFAULT_GOAL := help
.SUFFIXES:
# What the user gives goes to the program in the environment, letter for letter: neither Make nor a shell expands it.
override COHORT := $(value COHORT)
override DATA := $(value DATA)
override RESULTS := $(value RESULTS)
override PERSON := $(value PERSON)
override COHORTS := $(value COHORTS)
override WORKERS := $(value WORKERS)
override CLUSTER := $(value CLUSTER)
export COHORT COHORTS DATA RESULTS PERSON WORKERS CLUSTER
export PYTHONHASHSEED := 0
# An active environment need not have the project installed.
export PYTHONPATH := $(CURDIR)/src$(if $(PYTHONPATH),:$(PYTHONPATH))
# Two steps run side by side; each numeric library using every core would make both slower.
export OMP_NUM_THREADS ?= 1

COMPENDIUM = "$(PYTHON)" -m compendium
# Made for this project, or given by the user (PYTHON=python: an active environment).
ENVIRONMENT := $(if $(filter .venv/bin/python,$(PYTHON)),.venv/.complete)

.PHONY: help all book many compare shelf deliver test lint check accept battery demo-data validate reports bench lab lock clean
.PHONY: shapes edits plan style
help: ## Print this help
	@echo 'Re-run the study for a cohort, from raw responses to a browsable book.'
	@echo
	@echo 'Targets'
	@sed -nE 's/^([a-z -]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22
	@echo
	@echo 'Variables'
	@echo '  COHORT=demo         a folder under data/cohorts, or the path of a cohort folder'
	@echo '  DATA=               folder of the response files, when not beside cohort.yaml'
	@echo '  RESULTS=results     folder below which the results go'
	@echo '  PERSON=             id of one person, for make reports'
	@echo '  COHORTS=            names or paths, apart by spaces, for make many and make compare'
	@echo '  WORKERS=            processes that work at once; one a core unless said'
	@echo '  CLUSTER=            address of a Dask scheduler, for the long parts of the steps'
	@echo '  PYTHON=             an interpreter of your own (python: the active environment)'
	@echo
	@echo 'Examples'
	@echo '  make all'
	@echo '  make all COHORT=demo-small'
	@echo '  make all COHORT=~/surveys/north-2027'
	@echo '  make all COHORT=fevs2018 DATA=../shared/cohorts/fevs2018'
	@echo '  make validate COHORT=~/surveys/north-2027'

all book: | $(ENVIRONMENT) ## Run the study and render the book
	@$(COMPENDIUM) all

many: | $(ENVIRONMENT) ## Run the study for many cohorts, several at once
	@$(COMPENDIUM) many

# The environment: every pin with its hash, byte-compiled because notebooks pay for every import.
.venv/.complete: requirements.lock pyproject.toml
	@echo 'Creating the environment in .venv (once; about two minutes)'
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed as python3'; exit 2; }
	@test -x .venv/bin/python || python3 -m venv .venv
	@python3 -c 'import re; print(re.search(r"(?ms)^uv==.*?(?=^[a-z])", open("requirements.lock").read())[0])' > .venv/uv.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements.lock
	@.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

test: | $(ENVIRONMENT) ## Lint, type-check and run the tests
	@$(MAKE) --no-print-directory style PYTHON="$(PYTHON)"
	@"$(PYTHON)" -m mypy & types=$$!; "$(PYTHON)" -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  --durations=40 --durations-min=3; tests=$$?; \
	  wait $$types && exit $$tests

shapes: | $(ENVIRONMENT) ## Run cohorts of many shapes through the whole study
	@SHAPES=all "$(PYTHON)" -m pytest -q tests/test_shapes.py

edits: | $(ENVIRONMENT) ## Edit one thing of each kind and compare with a build from nothing
	@EDITS=all "$(PYTHON)" -m pytest -q -n0 tests/test_edits.py

battery: | $(ENVIRONMENT) ## Check every malformed cohort of the battery (the tests take a part of it)
	@BATTERY=all "$(PYTHON)" -m pytest -q -n 2 tests/test_battery.py

style: | $(ENVIRONMENT)
	@"$(PYTHON)" -m ruff check src tests notebooks benchmarks
	@"$(PYTHON)" -m ruff format --check src tests benchmarks notebooks

lint: style ## Check style and types
	@"$(PYTHON)" -m mypy

check: | $(ENVIRONMENT) ## Compare the built tables and values with the accepted ones
	@$(COMPENDIUM) all --until index
	@$(COMPENDIUM) check

accept: | $(ENVIRONMENT) ## Make the built tables and values the accepted ones
	@$(COMPENDIUM) all --until index
	@$(COMPENDIUM) accept

deliver: | $(ENVIRONMENT) ## Write manuscript, brief, workbook, data, scripts and deposit
	@$(COMPENDIUM) all --until index
	@$(COMPENDIUM) deliver

validate: | $(ENVIRONMENT) ## Check a cohort folder: every fault, and what the run will and will not give
	@$(COMPENDIUM) validate

shelf: | $(ENVIRONMENT) ## List the cohorts built below RESULTS, each with its book
	@$(COMPENDIUM) shelf

compare: | $(ENVIRONMENT) ## Compare built cohorts of one framework (COHORTS="a b")
	@$(COMPENDIUM) compare

plan: | $(ENVIRONMENT) ## Say how many people, peers and clusters the next cohort needs
	@$(COMPENDIUM) all --until 10_planning
	@$(COMPENDIUM) plan

reports: | $(ENVIRONMENT) ## Write the feedback reports again, or one person's (PERSON=id)
	@$(COMPENDIUM) reports

demo-data: | $(ENVIRONMENT) ## Write the synthetic cohorts again, byte for byte the same
	@$(COMPENDIUM) demo-data

bench: | $(ENVIRONMENT) ## Time the estimators here and in R, side by side
	@"$(PYTHON)" benchmarks/run.py

lab: | $(ENVIRONMENT) ## Open the notebooks in JupyterLab
	@"$(PYTHON)" -m jupyterlab notebooks --LabApp.app_settings_dir=notebooks/.lab --LabApp.default_url=/lab/tree/START_HERE.md

lock: ## Renew requirements.lock from pyproject.toml
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra dev --python-version 3.11 pyproject.toml -o requirements.lock

clean: | $(ENVIRONMENT) ## Remove the results of this cohort
	@$(COMPENDIUM) clean
