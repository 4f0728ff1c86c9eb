# `make site` builds the demonstration blog; `make test` runs the tests. Both make .venv themselves.
# PIP_ARGS goes to pip, for instance an index with CPU builds of torch.

PYTHON ?= python3
PIP_ARGS ?=
VENV ?= .venv

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)

# Without .pyc files an import takes two to four times as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: site serve test hosts lint messages kernel clean

site: $(VENV)/.installed
	$(BIN)/escriba build
	@echo "The site is in site/. To look at it: make serve, and open http://127.0.0.1:8000/"

serve: $(VENV)/.installed
	$(BIN)/escriba serve

test: $(VENV)/.tested
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# Other generators, each in an environment of its own, for their tests.
hosts: .venv-mkdocs/.installed .venv-properdocs/.installed .venv-pelican/.installed \
  .venv-zensical/.installed .venv-nikola/.installed .venv-sphinx/.installed

.venv-mkdocs/.installed: HOST = mkdocs mkdocs-material
.venv-properdocs/.installed: HOST = properdocs properdocs-theme-mkdocs pymdown-extensions
.venv-pelican/.installed: HOST = 'pelican[markdown]'
.venv-zensical/.installed: HOST = zensical
.venv-nikola/.installed: HOST = nikola
.venv-sphinx/.installed: HOST = sphinx myst-parser

.venv-%/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-compile $(PIP_ARGS) \
	  --editable . $(HOST)
	touch $@

lint: $(VENV)/.linted
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The catalogues of messages follow the code; what is not translated yet is named.
messages: $(VENV)/.tested
	$(BIN)/python tests/tools/make_messages.py

kernel:
	$(MAKE) -C plugin/escriba/sampling/kernel
	$(MAKE) -C plugin/escriba/charlm/exact/kernel

clean:
	rm -rf $(VENV) .venv-* site .escriba

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "escriba needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) --editable '.[test]'
	touch $@

$(VENV)/.linted: $(VENV)/.tested
	$(PIP) --editable '.[lint]'
	touch $@
