# Everything a person types here. Needs Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VAR    ?= var
PORT   ?= 8000
COUNT  ?= 20000
DATABASE ?= sqlite
MACHINES ?= 1
BIN    := .venv/bin

# What has a database, once more on PostgreSQL; not the site, old schemas, the browser, what forms say.
ON_POSTGRESQL := $(filter-out tests/site tests/upgrades tests/journeys tests/deploy \
  tests/__pycache__ tests/development,$(patsubst %/,%,$(wildcard tests/*/))) $(wildcard tests/test_*.py) \
  tests/journeys/test_whole_road.py \
  $(patsubst %,--ignore=tests/intake/test_%.py,steps roles rules fitting place considering valid)

.PHONY: run test check site bench bench-visitors torture mutants preview texts compare lock clean

run: .venv/run.done
	@PORTAL_BASE_URL="http://127.0.0.1:$(PORT)" $(BIN)/python site/build.py
	@VAR="$(VAR)" PORT="$(PORT)" $(BIN)/python -m portal.development.run

test: .venv/test.done
	@$(BIN)/python tests/machine.py
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --database postgresql $(ON_POSTGRESQL)

check: .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/audit.py
	$(BIN)/python tests/rules.py

site: .venv/run.done
	@$(BIN)/python site/build.py
	@$(BIN)/python deploy/proxy.py build/proxy

# On SQLite and then on PostgreSQL; takes some twenty minutes, and 4 GB of disk in /var/tmp for a while.
bench: .venv/test.done
	@$(BIN)/python -m tests.bench

bench-visitors: .venv/test.done
	@$(BIN)/python -m tests.bench all-visitors

# COUNT= requests while everything that can die does; some minutes, and 1 GB of disk for a while.
# DATABASE=postgresql has a server's connections ended and the server stopped too, MACHINES=2 two.
torture: .venv/test.done
	@$(BIN)/python -m tests.torture $(COUNT) --database $(DATABASE) --machines $(MACHINES)

# Takes defences out one by one, and sees that the tests that hold them fail; ten minutes or so.
mutants: .venv/test.done
	@$(BIN)/python -m tests.mutants

# For editors: see docs/redactie.md.
preview: .venv/run.done
	@PORT="$(PORT)" $(BIN)/python site/preview.py

texts: .venv/test.done
	$(BIN)/python -m pytest tests/site/test_language.py tests/site/test_facts.py

# Whether MkDocs' successor makes the same site of the same files; it lives apart from all else.
compare: site build/zensical.done
	$(BIN)/python site/compare.py build/zensical/bin/zensical

build/zensical.done: requirements/zensical.txt
	$(BIN)/python -m venv build/zensical
	build/zensical/bin/python -m pip install --quiet --require-hashes -r requirements/zensical.txt
	@touch $@

# The locks hold a hash for every file; nothing unlisted can be installed, the build backend included.
.venv/run.done: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "Install python3-venv first (Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --no-index -e .
	@touch $@

.venv/test.done: .venv/run.done requirements/test.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	@touch $@

# Needs uv; run it after a change of the dependencies in pyproject.toml.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock:
	$(LOCK) --extra site --extra development pyproject.toml requirements/backend.in -o requirements/run.txt
	$(LOCK) --all-extras pyproject.toml requirements/backend.in -o requirements/test.txt
	$(LOCK) requirements/zensical.in -o requirements/zensical.txt

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
