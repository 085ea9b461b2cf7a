# `make run` and `make test` are the two commands; `make help` lists the others.
# Each recipe line is a shell of its own: the make that comes with macOS (3.81) must read this file.

SHELL := /bin/bash
PYTHON ?= python3.11
PORT ?= 8501
ADDRESS ?= 127.0.0.1
HOST ?=
MODEL ?=
GPU ?=

PY := .venv/bin/python
SHOP := $(if $(OFFERLAB_SHOP),$(OFFERLAB_SHOP),shops/demo)

.PHONY: help run test test-full bench check lock model screenshots clean \
	python port venv venv-dev system model-if-possible shop

help:
	@echo "make run           start Offerlab on http://127.0.0.1:8501"
	@echo "                   PORT=8502   another port"
	@echo "                   ADDRESS=0.0.0.0 HOST=NAME  for other machines, under this name; takes accounts (see README)"
	@echo "                   MODEL=none  drafts from templates;  MODEL=FILE.gguf  a model of your own"
	@echo "                   GPU=cuda|metal|vulkan|none  builds the language model's engine for it, and remembers it"
	@echo "make test          every test, after setting up what they need"
	@echo "make test-full     the same with the counts the promises name; kept in bench/results/test-full.txt"
	@echo "make bench         measures the promises; tables in bench/results/"
	@echo "make check         format, lint, types"
	@echo "make model         fetches the default language model (1.1 GB) into your cache folder"
	@echo "make lock          resolves requirements*.txt into the lock files; UPGRADE=1 takes newer unpinned versions"
	@echo "make screenshots   takes assets/screenshots/ from the running app"
	@echo "make clean         removes caches; .venv and shops/ stay"

# --- the app ---

run: python port venv
	@set -e; \
	export OFFERLAB_SHOP="$(SHOP)"; \
	if [ -n "$(MODEL)" ] && [ "$(MODEL)" != none ] && [ ! -f "$(MODEL)" ]; then \
		echo "There is no model file at $(MODEL). Give the path of a .gguf file, or MODEL=none." >&2; exit 2; \
	fi; \
	if [ -n "$(MODEL)" ]; then export OFFERLAB_MODEL="$(MODEL)"; \
	elif [ -z "$$OFFERLAB_MODEL$$OFFERLAB_LLM_URL" ]; then $(MAKE) --no-print-directory model-if-possible; fi; \
	$(MAKE) --no-print-directory shop; \
	echo "Offerlab opens at http://$(if $(HOST),$(HOST),127.0.0.1):$(PORT) (Ctrl+C stops it)"; \
	exec $(PY) -m streamlit run dashboard/app.py --server.port "$(PORT)" --server.address "$(ADDRESS)" \
		$(if $(HOST),--server.allowedHosts "$(HOST)" --server.allowedHosts localhost --server.allowedHosts 127.0.0.1)

model: venv
	@$(PY) -m engine model pull

model-if-possible:
	@$(PY) -m engine model pull || \
		echo "Going on without the language model: drafts come from templates until 'make model' succeeds."

# Built beside its place and moved there whole: one interrupted half-way is made again, never opened.
shop:
	@set -e; \
	if [ -f "$(SHOP)/shop.toml" ]; then exit 0; fi; \
	rmdir "$(SHOP)" 2>/dev/null || true; \
	if [ -e "$(SHOP)" ]; then \
		echo "$(SHOP) is there but is no shop folder. Name another one: OFFERLAB_SHOP=FOLDER make run" >&2; exit 2; \
	fi; \
	echo "Building the demo shop in $(SHOP) (once)"; \
	mkdir -p "$$(dirname "$(SHOP)")"; rm -rf "$(SHOP).part"; \
	$(PY) -m engine sample demo --into "$(SHOP).part" >/dev/null; \
	mv "$(SHOP).part" "$(SHOP)"

# --- set-up ---

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 || { \
		echo "Offerlab needs Python 3.11, and '$(PYTHON)' is not that." >&2; \
		echo "Debian, Ubuntu: apt install python3.11 python3.11-venv   macOS: brew install python@3.11" >&2; \
		echo "If it is installed under another name: make run PYTHON=/path/to/python3.11" >&2; exit 2; }

# Before anything slow: who has to choose another port should not wait for the installation first.
BIND := import socket, sys; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1])))
port: python
	@case "$(PORT)" in ''|*[!0-9]*) echo "PORT=$(PORT) is not a port number such as 8502." >&2; exit 2;; esac
	@$(PYTHON) -c '$(BIND)' $(PORT) 2>/dev/null || { \
		echo "Port $(PORT) is taken, perhaps by an Offerlab that is already running: look at http://127.0.0.1:$(PORT)." >&2; \
		echo "To start on another port: make run PORT=$$(( $(PORT) + 1 ))" >&2; exit 2; }

venv: python
	@$(PYTHON) .ci/install.py requirements.lock $(GPU)

venv-dev: python
	@$(PYTHON) .ci/install.py requirements-dev.lock $(GPU)

# Debian's packages for the tests: Chromium, a font that has Chinese letters (without one the pictures of Chinese pages
# show boxes), and a database server, of which the tests start one of their own.
system:
	@missing=""; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| missing="chromium"; \
	fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk"; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing for the tests: $$missing"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null && exit 0; \
	fi; \
	echo "Missing for the tests: $$missing. As root: apt-get install $$missing"

# --- checks ---

# Both take minutes on a new machine, and neither needs the other.
.PHONY: test-setup
test-setup: python
	@$(MAKE) --no-print-directory -j2 venv-dev system
	@$(MAKE) --no-print-directory model-if-possible

test: test-setup
	@$(PY) -m pytest -q -n 3 --dist loadfile

test-full: test-setup
	@mkdir -p bench/results
	@set -o pipefail; OFFERLAB_FULL=1 $(PY) -m pytest -q -ra --timeout 3600 2>&1 | tee bench/results/test-full.txt

bench: venv-dev system
	@mkdir -p bench/results
	@set -e -o pipefail; for script in bench/*.py; do \
		name=$$(basename "$$script" .py); echo "== $$name"; \
		PYTHONPATH=. $(PY) "$$script" | tee "bench/results/$$name.txt"; \
	done

check: venv-dev
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy engine dashboard bench

screenshots: test-setup
	@PYTHONPATH=. $(PY) tests/browser/screenshots.py

# --- upkeep ---

# Hashes of every published file of a version, and no address: the lock works on any platform and with any mirror.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m uv pip compile --quiet --python-version 3.11 \
	--generate-hashes --no-emit-index-url $(if $(UPGRADE),--upgrade)

lock: python
	@[ -x $(PY) ] || $(PYTHON) -m venv .venv
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet uv==0.13.9
	@$(COMPILE) requirements.txt --output-file requirements.lock
	@$(COMPILE) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock
	@echo "requirements.lock and requirements-dev.lock are up to date"

clean:
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
