"""Writes every file that is made from the code: ``python -m diffscope.cli.generate`` in a checkout, ``--check`` to compare only.

Rule pages, schemas and the command reference are made whole. In the other pages a fenced block behind ``<!-- run: COMMAND -->``
holds what the command prints.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from diffscope.adapters.config.profiles import compiled_profile
from diffscope.adapters.config.rule_files import load_rules
from diffscope.adapters.output import encoded, make_folder, write_file
from diffscope.cli.console import say
from diffscope.cli.generate.messages import message_documents
from diffscope.cli.generate.schema import DOCUMENTS, schema_text
from diffscope.cli.main import COMMANDS, cli, main
from diffscope.patterns import lazy_regex
from diffscope.products.tables import columns_page
from diffscope.render.formats.json import indented
from diffscope.rules.authoring.pages import rule_index, vocabulary_page
from diffscope.rules.authoring.schema import SCHEMA_FOLDER, schemas

ROOT: Final = Path(__file__).resolve().parents[3]
_RUN: Final = lazy_regex(
    r"(<!-- run: (?P<command>.+?) -->\n```console\n).*?(^```\n)", re.DOTALL | re.MULTILINE
)
_COLUMNS: Final = lazy_regex(r"(<!-- columns -->\n).*?(<!-- end -->\n)", re.DOTALL)
_KEPT: Final = ("PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT")


def documents() -> dict[str, str]:
    """Return path -> text of every generated file, paths relative to the checkout."""
    made = rule_documents()
    made |= {f"docs/schemas/{name}.schema.json": schema_text(name) for name in DOCUMENTS}
    parts = [
        "# Commands\n",
        "Made from the commands' own help by `just generate`. Exit codes: 0 done, 1 findings at or above `--fail-on`, 2 could not run.\n",
    ]
    for path in [(), *_command_paths()]:
        line = " ".join(("diffscope", *path))
        parts.append(
            f"{'#' * min(2 + max(len(path) - 1, 0), 4)} {line}\n\n```text\n{printed(f'{line} --help').rstrip()}\n```\n"
        )
    made["docs/commands.md"] = "\n".join(parts)
    made |= message_documents()
    tables = ROOT / "docs" / "tables.md"
    made["docs/tables.md"] = _COLUMNS.sub(
        lambda match: f"{match[1]}\n{columns_page()}\n\n{match[2]}", tables.read_text("utf-8")
    )
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        name = page.relative_to(ROOT).as_posix()
        if name not in made:
            made[name] = _RUN.sub(
                lambda match: f"{match[1]}$ {match['command']}\n{printed(match['command'])}{match[3]}",
                page.read_text(encoding="utf-8"),
            )
    return made


def rule_documents() -> dict[str, str]:
    """Return path -> text of what is made from the rules and the vocabulary, paths relative to the checkout."""
    return {
        "rules/README.md": rule_index(load_rules()),
        "rules/profile.json": compiled_profile(),
        "docs/vocabulary.md": vocabulary_page(),
        **{f"{SCHEMA_FOLDER}/{name}.schema.json": indented(schema) for name, schema in schemas().items()},
    }


def stale(made: Mapping[str, str]) -> list[str]:
    """Return the files of the checkout that differ from what they should be, or are not there."""
    return [
        name
        for name, text in made.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text("utf-8") != text
    ]


def printed(command: str) -> str:
    """Return what a command line of ours prints on stdout, run in an empty folder without a clone, a cache or a network."""
    program, *arguments = shlex.split(command)
    if program != "diffscope":
        raise ValueError(f"only diffscope can be run for a page, not {program}")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    with _nowhere(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        main(arguments)
        out.flush()
        buffer = out.buffer
        assert isinstance(buffer, io.BytesIO)  # noqa: S101 - made above
        return buffer.getvalue().decode()


def _command_paths() -> Iterator[tuple[str, ...]]:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in command.list_commands(context))


@contextlib.contextmanager
def _nowhere() -> Iterator[None]:
    variables, before = dict(os.environ), Path.cwd()
    kept = {name: variables[name] for name in _KEPT if name in variables}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.clear()
        # An address that answers nobody: a page must not depend on a network.
        os.environ.update(
            kept | {"DIFFSCOPE_CACHE_DIR": f"{folder}/cache", "DIFFSCOPE_API_URL": "http://127.0.0.1:9"}
        )
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(variables)


def _write(made: Mapping[str, str]) -> None:
    for name in stale(made):
        path = ROOT / name
        make_folder(path.parent)
        write_file(path, encoded(made[name]), what="a generated file")
        say(f"wrote {name}")


if __name__ == "__main__":
    found = documents()
    if "--check" in sys.argv[1:]:
        wrong = stale(found)
        for each in wrong:
            say(f"{each} is stale: just generate")
        sys.exit(1 if wrong else 0)
    _write(found)
