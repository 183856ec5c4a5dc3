# The front door. `make` alone prints help. The graph itself is in src/compendium/run/graph.py.
COHORT ?= demo
DATA ?=
RESULTS ?= results
PERSON ?=
PYTHON ?= .venv/bin/python

.DEFAULT_GOAL := help
.SUFFIXES:
# What the user gives goes to the program in the environment, letter for letter: neither Make nor a shell expands it.
override COHORT := $(value COHORT)
override DATA := $(value DATA)
override RESULTS := $(value RESULTS)
override PERSON := $(value PERSON)
export COHORT DATA RESULTS PERSON
export PYTHONHASHSEED := 0
# An active environment need not have the project installed.
export PYTHONPATH := $(CURDIR)/src$(if $(PYTHONPATH),:$(PYTHONPATH))
# Two steps run side by side; each numeric library using every core would make both slower.
export OMP_NUM_THREADS ?= 1

COMPENDIUM = "$(PYTHON)" -m compendium
# Made for this project, or given by the user (PYTHON=python: an active environment).
ENVIRONMENT := $(if $(filter .venv/bin/python,$(PYTHON)),.venv/.complete)

