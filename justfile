# The recipes that people and CI run. `just` lists them.

python := if path_exists(".venv/bin/python") == "true" { ".venv/bin/python" } else { "python3" }

# List the recipes.
_default:
    @just --list --unsorted

# Make a virtual environment with everything that the recipes need.
setup:
    python3 -m venv .venv
    .venv/bin/pip install -c requirements.lock -e '.[dev]'

# Write requirements.lock anew, with the newest versions that pyproject.toml admits; then run the tests with them. It needs uv.
lock:
    uv pip compile --quiet --universal --upgrade --python-version 3.11 --all-extras --no-annotate --custom-compile-command "just lock" pyproject.toml --output-file requirements.lock

# Everything that CI runs: format, lint, types, contracts, generated files, tests.
check: lint types contracts generated test

# Format the code.
format:
    {{python}} -m ruff format
    {{python}} -m ruff check --fix

# Format and lint, without changing anything.
lint:
    {{python}} -m ruff format --check
    {{python}} -m ruff check

# mypy --strict on the package.
types:
    {{python}} -m mypy

# The architecture: who may import whom, one door per library, no I/O in the core.
contracts:
    {{python}} -c "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"

# The whole suite, the wheel included, on every core.
test *arguments:
    {{python}} -m pytest {{arguments}}

# The suite without what builds, browses or needs a clone: for the edit loop.
fast:
    {{python}} -m pytest -q -m "not wheel and not browser and not clone"

# Write every generated file: the index of the rules, the vocabulary, the messages, schemas, command reference, examples in the docs, golden runs.
generate:
    {{python}} -m diffscope.cli.generate
    {{python}} -m tests.golden

# Fail if a generated file is stale.
generated:
    {{python}} -m diffscope.cli.generate --check

# Make a release ready: version, change log, generated files, checks, wheel and sdist; then say what is left to do: just release 0.2.0
release version:
    git diff --quiet HEAD
    sed -i 's/^VERSION = .*/VERSION = "{{version}}"/' diffscope/version.py
    sed -i "s/^## \\[Unreleased\\]/## [Unreleased]\\n\\n## [{{version}}] - $(date -u +%F)/" CHANGELOG.md
    just generate check
    rm -rf dist && {{python}} -m hatchling build
    {{python}} -m zipfile --test dist/*.whl && tar -tzf dist/*.tar.gz > /dev/null && sha256sum dist/*
    @echo "left to do: read git diff; git commit -am 'Release {{version}}'; git tag -s v{{version}}; git push --follow-tags;"
    @echo "upload dist/* to the package index; name the commit of the tag in docs/ci and in the release notes"

# Benchmarks; they need a clone: just bench /path/to/vllm
bench repository:
    DIFFSCOPE_REPO={{repository}} {{python}} -m pytest tests/benchmarks -q -s -n0

# Judge every commit of a clone: internal errors (aim 0), gaps by code, time, memory. Ctrl-C and go on: just sweep /path/to/vllm
sweep repository *options:
    {{python}} -m tests.benchmarks.sweep {{repository}} {{options}}

# Measure what a change costs, stage by stage, and write docs/performance.md (minutes): just performance /path/to/vllm
performance repository *options:
    {{python}} -m tests.benchmarks.performance {{repository}} --write {{options}}

# Record facts anew, of these pull requests or of all on record: just record /path/to/vllm [38450 ...]
record repository *numbers:
    for number in {{ if numbers == "" { "$(basename -s .json fixtures/recorded/*.json)" } else { numbers } }}; do \
      {{python}} -m diffscope classify $number --repo {{repository}} --source clone --record fixtures/recorded --output /dev/null -q || exit; \
    done

# Build the wheel.
wheel:
    {{python}} -m hatchling build -t wheel
