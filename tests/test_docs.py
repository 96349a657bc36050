"""What the pages say is true: generated files are fresh, examples run or parse, links lead somewhere, nothing is undocumented."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
import pytest

from diffscope.adapters.config.settings import parse_settings
from diffscope.assessment.document import Assessment
from diffscope.cli.generate import __main__ as generate
from diffscope.cli.main import COMMANDS, cli
from diffscope.render.formats.table import RENDERERS
from diffscope.version import VERSION
from tests.cli.harness import Project, run_script
from tests.strict_yaml import load_strict

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "rules/README.md", "fixtures/README.md")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str


BLOCKS = [
    pytest.param(Block(*found), id=f"{page.relative_to(ROOT)}-{number}-{found[0] or 'plain'}")
    for page in PAGES
    for number, found in enumerate(_FENCE.findall(page.read_text(encoding="utf-8")), start=1)
]


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return generate.documents()


def test_generated_files_are_fresh(made: dict[str, str]) -> None:
    """Schemas, rule pages, the command reference and every example with its output are what the code gives now."""
    assert generate.stale(made) == [], "run `just generate`"


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_parse(block: Block, tmp_path: Path) -> None:
    """Every example is at least well-formed in its language; a language that nobody checks is not used."""
    match block.language:
        case "sh":
            subprocess.run(["bash", "-n"], input=block.text.encode(), check=True)
        case "python":
            ast.parse(block.text)
        case "yaml":
            load_strict(block.text, at="the page")
            if block.text.startswith("# diffscope.yml"):
                parse_settings(block.text)
        case "json":
            json.loads(block.text)
        case "console":
            assert block.text.startswith("$ diffscope "), "a console block shows a command and what it prints"
        case "text" | "mermaid" | "diff" | "sql" | "":  # tests/cli/test_store.py runs the queries
            pass
        case other:
            pytest.fail(f"no check for blocks of {other!r}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_was_printed(page: Path) -> None:
    """A block that shows a command with its output stands behind the mark by which `just generate` fills it."""
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```console", text, re.MULTILINE)) == len(
        re.findall(r"^<!-- run: .* -->\n```console", text, re.MULTILINE)
    )


def test_the_second_command_of_the_readme_is_what_ci_runs() -> None:
    """One line sets everything up and passes the tests; `.ci/run` runs that line last, and before it looks for a browser at most."""
    commands = re.findall(
        r"```sh\n(python3 -m venv .*)\n```", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    script = [
        line
        for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        if line and line[0] != "#"
    ]
    assert len(commands) == 2
    assert script[:2] == ["set -euo pipefail", 'cd "$(dirname "$0")/.."']
    assert [line for line in script if not line.startswith(" ") and "chromium" not in line] == [
        *script[:2],
        "fi",
        commands[1],
    ]
    assert script[-1] == commands[1]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_python_example_runs(tmp_path: Path) -> None:
    """What the README shows of the Python interface works as it stands, from an empty folder."""
    (example,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    project = Project(tmp_path, {"example.py": example})
    done = run_script(project.folder / "example.py", environment=project.environment())
    assert re.match(r"medium [A-Z]{2}\d{3} vllm/\S+:\d+ ", done.out)
    assert done.err == ""


def test_every_command_is_in_the_readme_and_the_reference() -> None:
    """A command that nobody can find does not exist."""
    readme, reference = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/commands.md")
    )
    for name in COMMANDS:
        assert f"`diffscope {name}" in readme
        assert f"## diffscope {name}\n" in reference


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_command_that_there_is_not(page: Path) -> None:
    """A reader who types what a page says gets no `No such command`."""
    named = set(re.findall(r"(?:^|`)diffscope ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - set(COMMANDS) == set()


def test_every_option_of_every_command_has_help() -> None:
    """`--help` explains each option, and each command has a sentence."""
    silent = []
    for path in generate._command_paths():
        command: click.Command | None = cli
        for name in path:
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), name)
        assert command is not None
        assert command.help, path
        silent += [
            (path, option.name)
            for option in command.params
            if isinstance(option, click.Option) and not option.help
        ]
    assert silent == []


def test_every_format_and_every_key_is_documented() -> None:
    """The pages on formats and JSON name each format and each key of the document, and no other."""
    formats, keys = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("formats.md", "json.md"))
    assert re.findall(r"^\| `([\w-]+)` \|", formats, re.MULTILINE) == list(RENDERERS)
    named = [
        key for row in re.findall(r"^\| (`.*?) \|", keys, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    ]
    assert named == [field.name for field in msgspec.structs.fields(Assessment)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository, and every anchor a heading of the page."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    dead = []
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        headings = (
            re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            if there.suffix == ".md"
            else []
        )
        slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        if not there.exists() or (anchor and anchor not in slugs):
            dead.append(target)
    assert dead == []


def test_the_index_names_every_page() -> None:
    """A page that the index does not name is not found."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [
        page.name
        for page in PAGES
        if page.parent == ROOT / "docs" and page.name != "index.md" and f"({page.name})" not in index
    ] == []


def test_no_page_names_a_machine() -> None:
    """Pages, recipes and CI hold no absolute path of whoever wrote them."""
    files = [*PAGES, ROOT / "justfile", ROOT / ".ci" / "run", ROOT / "pyproject.toml"]
    assert [
        file.name
        for file in files
        if re.search(r"/(?:home|root|work|Users)/\w", file.read_text(encoding="utf-8"))
    ] == []


def test_every_recipe_says_what_it_does() -> None:
    """`just` lists the recipes by the comment above each."""
    lines = (ROOT / "justfile").read_text(encoding="utf-8").splitlines()
    recipes = [number for number, line in enumerate(lines) if re.match(r"[a-z_]+[ a-z*+]*:(?!=)", line)]
    assert recipes
    assert [lines[number] for number in recipes if not lines[number - 1].startswith("# ")] == []


def test_the_changelog_names_the_version_or_what_comes() -> None:
    """The newest section is either unreleased or the version that the package states."""
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] in {"Unreleased", VERSION}
