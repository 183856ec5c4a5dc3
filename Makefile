# The study as a graph. `make` alone prints help.
COHORT ?= demo
DATA ?=
RESULTS ?= results
PYTHON ?= .venv/bin/python

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash
export PYTHONHASHSEED := 0
# Two steps run side by side; each numeric library using every core would make both slower.
export OMP_NUM_THREADS ?= 1

ifneq ($(words $(COHORT)),1)
$(error COHORT must be one folder name or path without spaces, not '$(COHORT)')
endif

FOLDER := $(if $(wildcard data/cohorts/$(COHORT)/cohort.yaml),data/cohorts/$(COHORT),$(COHORT))
NAME := $(notdir $(abspath $(FOLDER)))
OUT := $(RESULTS)/$(NAME)
DONE := $(OUT)/notebooks
COMPENDIUM = $(PYTHON) -m compendium
PLACE = --cohort "$(COHORT)" --results "$(RESULTS)"
CALL = $(PLACE) --data "$(DATA)"

# Made for this project, or given by the user (PYTHON=python: an active environment).
ENVIRONMENT := $(if $(filter .venv/bin/python,$(PYTHON)),.venv/.complete)
SOURCES := $(shell find src -type f ! -name '*.pyc')
COHORT_FILES := $(wildcard $(FOLDER)/*) $(if $(DATA),$(wildcard $(DATA)/*.csv))
FRAMEWORKS := $(wildcard data/frameworks/*/*.*)
EVIDENCE := $(wildcard data/frameworks/*/evidence/* data/frameworks/*/evidence/*/*)
CONSULTATION := $(wildcard data/frameworks/*/consultation/*)
COMMON := $(SOURCES) $(FRAMEWORKS) study.yaml $(FOLDER)/cohort.yaml | $(ENVIRONMENT)
STEPS := $(basename $(notdir $(wildcard notebooks/[0-9]*.ipynb)))
EXECUTED := $(STEPS:%=$(DONE)/%.ipynb)

.PHONY: help all book test lint check accept demo-data validate bench lab lock clean
help: ## Print this help
	@echo 'Re-run the study for a cohort, from raw responses to a browsable book.'
	@echo
	@echo 'Targets'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22
	@echo
	@echo 'Variables'
	@echo '  COHORT=demo         a folder under data/cohorts, or the path of a cohort folder'
	@echo '  DATA=               folder of the response files, when not beside cohort.yaml'
	@echo '  RESULTS=results     folder below which the results go'
	@echo '  PYTHON=             an interpreter of your own (python: the active environment)'
	@echo
	@echo 'Examples'
	@echo '  make all'
	@echo '  make all COHORT=demo-small'
	@echo '  make all COHORT=~/surveys/north-2027'
	@echo '  make all COHORT=fevs2018 DATA=../shared/cohorts/fevs2018'
	@echo '  make validate COHORT=~/surveys/north-2027'

all: book ## Run the study and render the book
	@echo "The book: $(abspath $(OUT)/book/index.html)"

book: $(OUT)/book/index.html

# The graph: a step is its executed notebook.
$(DONE)/%.ipynb: notebooks/%.ipynb $(COMMON)
	@$(COMPENDIUM) run $< $(CALL)

$(DONE)/01_evidence_review.ipynb: $(EVIDENCE)
$(DONE)/02_consultation.ipynb: $(CONSULTATION)
$(DONE)/03_cohort_quality.ipynb: $(COHORT_FILES)
$(DONE)/04_item_analysis.ipynb: $(DONE)/03_cohort_quality.ipynb $(EVIDENCE) $(CONSULTATION)
$(addprefix $(DONE)/,$(addsuffix .ipynb,05_factor_structure 06_invariance 07_rater_agreement \
    08_outcome_associations 09_feedback)): $(DONE)/04_item_analysis.ipynb

$(OUT)/manifest.json: $(EXECUTED)
	@$(COMPENDIUM) index $(PLACE)

$(OUT)/book/index.html: $(OUT)/manifest.json $(wildcard book/* book/*/*)
	@$(COMPENDIUM) book $(CALL) >/dev/null

# The environment: every pin with its hash, byte-compiled because notebooks pay for every import.
.venv/.complete: requirements.lock pyproject.toml
	@echo 'Creating the environment in .venv (once; about two minutes)'
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed as python3'; exit 2; }
	@test -x .venv/bin/python || python3 -m venv .venv
	@awk '/^uv==/ {take = 1; print; next} take && /^ / {print; next} {take = 0}' requirements.lock > .venv/uv.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements.lock
	@.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

test: | $(ENVIRONMENT) ## Lint, type-check and run the tests
	@$(MAKE) --no-print-directory lint PYTHON=$(PYTHON)
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: | $(ENVIRONMENT) ## Check style and types
	@$(PYTHON) -m ruff check src tests notebooks benchmarks
	@$(PYTHON) -m ruff format --check src tests benchmarks notebooks
	@$(PYTHON) -m mypy

check: $(OUT)/manifest.json ## Compare the built tables and values with the accepted ones
	@$(COMPENDIUM) check $(PLACE)

accept: $(OUT)/manifest.json ## Make the built tables and values the accepted ones
	@$(COMPENDIUM) accept $(PLACE)

validate: | $(ENVIRONMENT) ## Check a cohort folder and report every fault
	@$(COMPENDIUM) validate "$(COHORT)" --data "$(DATA)"

demo-data: | $(ENVIRONMENT) ## Write the synthetic cohorts again, byte for byte the same
	@$(COMPENDIUM) demo-data

bench: | $(ENVIRONMENT) ## Time the estimators here and in R, side by side
	@$(PYTHON) benchmarks/run.py

lab: | $(ENVIRONMENT) ## Open the notebooks in JupyterLab
	@$(PYTHON) -m jupyterlab notebooks

lock: ## Renew requirements.lock from pyproject.toml
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra dev --python-version 3.11 pyproject.toml -o requirements.lock

clean: ## Remove the results of this cohort
	@rm -rf "$(OUT)"
