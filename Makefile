# pvbench from a clone: `make run` for a report, `make test` for every test, `make check` before a commit.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OTAVA := .venv.otava
# Without Python's cache of what it compiled, each worker of pytest takes three seconds longer to start.
unexport PYTHONDONTWRITEBYTECODE
PACKAGES := python3-venv mmdebstrap fakeroot debian-archive-keyring uidmap e2fsprogs openssh-client openssh-server shellcheck

.PHONY: help run test check soak bench example setup packages packages-of clean
help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

packages: .venv.packages
.venv.packages: Makefile
	@$(MAKE) --no-print-directory packages-of
	@touch $@

packages-of:
	@missing=(); for p in $(PACKAGES); do dpkg -s "$$p" >/dev/null 2>&1 || missing+=("$$p"); done; \
	if (( $${#missing[@]} )); then \
	  as=""; if [ "$$(id -u)" != 0 ]; then \
	    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then as=sudo; else \
	      echo "Please run, as root:  apt-get install $${missing[*]}" >&2; exit 1; fi; fi; \
	  $$as apt-get update -q && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$${missing[@]}"; \
	fi

setup: $(VENV)/.ready node_modules/.package-lock.json ## Set up the virtual environment and the system packages
$(VENV)/.ready: pyproject.toml constraints.txt .venv.packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pvbench needs Python 3.11 or later; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]' -c constraints.txt
	@touch $@

# uPlot, by which charts of a dashboard are zoomed. Nothing else needs npm, and nothing fails without it.
NO_ZOOM := charts of dashboards stand still; to zoom them, install npm (apt-get install npm) and call make setup again
node_modules/.package-lock.json: package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --no-audit --no-fund --silent --fetch-retries=1 --fetch-timeout=30000 || echo "npm failed: $(NO_ZOOM)" >&2; \
	else echo "npm is not installed: $(NO_ZOOM)" >&2; fi

run: setup ## Build the lab, run examples/quickstart.yaml in it, write report.html
	$(BIN)/pvbench lab build $(if $(MIRROR),--mirror '$(MIRROR)')
	$(BIN)/pvbench lab up
	@# A run with trials that were not measured (exit code 3) still has a report, which says so.
	@code=0; $(BIN)/pvbench run examples/quickstart.yaml || code=$$?; \
	if (( code == 0 || code == 3 )); then \
	  $(BIN)/pvbench report last -o report.html && echo "The report is in $(CURDIR)/report.html"; \
	fi; exit $$code

# Three workers, also on two cores: many tests wait, for an sshd or a clock, and each more costs ten seconds to start.
check: setup ## Format, lint, types, layers, unit tests: under a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 3 --dist worksteal -m "not lab and not proof and not thorough and not browser"

test: setup .venv.browser $(OTAVA)/.ready ## Everything, the lab's end-to-end tests included
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 4 --dist worksteal -m "not lab and not browser"
	$(BIN)/pytest -q -m browser
	$(BIN)/pytest -q -m "lab and not soak"

# The browser and the HTML checker's Java are for the tests of pages alone: a quarter of a gigabyte.
.venv.browser: pyproject.toml constraints.txt $(VENV)/.ready
	@$(MAKE) --no-print-directory packages-of PACKAGES="chromium default-jre-headless"
	$(BIN)/pip install -q -e '.[browser]' -c constraints.txt
	@touch $@

# Apache Otava reads our exports in the tests; it wants a numpy of its own.
$(OTAVA)/.ready:
	@$(MAKE) --no-print-directory packages-of PACKAGES=jq
	$(PYTHON) -m venv $(OTAVA)
	$(OTAVA)/bin/pip install -q apache-otava==0.8.0
	@touch $@

soak: setup ## The rest of the lab: faults, flavours, driver builds, modes, stacks, nights, guests of one's own; four hours
	$(BIN)/pytest -q -s -m soak

example: setup ## Make docs/example again: a report, and the dashboard of a year of nights
	rm -rf docs/example/dashboard
	$(BIN)/python -m pvbench.testing.example docs/example

bench: setup ## Time pvbench itself
	$(BIN)/pytest bench -q

clean: ## Forget the virtual environment
	rm -rf $(VENV) $(OTAVA) node_modules .venv.packages .venv.browser
