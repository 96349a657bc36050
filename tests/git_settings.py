"""Sets every variable that ``git help --config`` names and compares what diffscope answers: the bytes must be the same.

All variables are set at once; where an answer differs, halving finds which of them it is. ``python -m tests.git_settings [VALUE [PLACE]]``
prints the counts; the test suite tries some of the values.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

from tests.builders import Commit, git, git_repository, write_files
from tests.cli.harness import Project

VALUES = ("true", "false", "0", "1", "-7", "99999999999999999999", "word", "", "../elsewhere", "always")
PLACES = ("clone", "user", "environment")

WHERE_THE_CLONE_IS = frozenset({"core.bare", "core.worktree"})
"""They say what the repository is and where its worktree lies."""

_NAMED = {"<name>": "origin", "<driver>": "odd", "<url>": "https://example.org", "*": "odd"}
_PLACEHOLDER = re.compile(r"<[^>]+>|\*")
_QUOTED = re.compile(r"'([^']+)'")
_SOURCE = "def step(budget: int = 10) -> int:\n    return budget\n"


class Setting(NamedTuple):
    """One variable with a value."""

    name: str
    value: str


def variables() -> list[str]:
    """Return every variable that the installed git lists, with names in place of its placeholders."""
    listed = subprocess.run(["git", "help", "--config"], capture_output=True, check=True, text=True)
    names = [line.strip() for line in listed.stdout.split("\n") if "." in line and " " not in line.strip()]
    return sorted({_PLACEHOLDER.sub(lambda found: _NAMED.get(found[0], "odd"), name) for name in names})


class Clone(NamedTuple):
    """A clone with uncommitted work, and a project whose commands stand in a folder within it."""

    folder: Path
    project: Project


def lay_clone(folder: Path) -> Clone:
    """Return a clone with merged pull requests, a branch, uncommitted work and attributes that name drivers."""
    clone = folder / "clone"
    files = {
        "vllm/__init__.py": "",
        "vllm/core.py": _SOURCE,
        "vllm/zeta.py": "ZETA = 1\n",
        "tests/test_core.py": "from vllm.core import step\n\n\ndef test_step():\n    assert step()\n",
        "run.sh": "echo 1\n",
        ".gitattributes": "*.py diff=odd filter=odd merge=odd\n*.sh text eol=lf\n",
        ".gitignore": "NEW*\n",
    }
    merged = [
        Commit(f"[Core] Step {number} (#{number})", _edited(number), at=f"2026-03-2{number}T08:00:00Z")
        for number in (3, 4, 5)
    ]
    moved: dict[str, str | bytes | None] = {"vllm/zeta.py": None, "vllm/alpha.py": "ZETA = 1\n"}
    git_repository(clone, files, [*merged, Commit("[Core] Move (#6)", moved, at="2026-03-26T08:00:00Z")])
    git(clone, "branch", "pr", "HEAD~2")
    work = {"vllm/core.py": _SOURCE.replace("10", "20"), "vllm/new one.py": "NEW = 1\n", "run.sh": "echo 2\n"}
    write_files(clone, work)
    project = Project(folder, {})
    project.folder = clone / "vllm"
    return Clone(clone, project)


def _edited(number: int) -> dict[str, str | bytes | None]:
    return {
        "vllm/core.py": _SOURCE.replace("budget\n", f"budget + {number}\n"),
        "tests/test_core.py": f"from vllm.core import step\n\n\ndef test_step():\n    assert step({number})\n",
    }


COMMANDS: tuple[Sequence[str], ...] = (
    ("classify", "5", "--format", "json"),
    ("classify", "--range", "HEAD~4..HEAD", "--format", "jsonl"),
    ("classify", "--worktree", "--format", "json"),
    ("classify", "--base", "pr", "--head", "main", "--format", "json"),
    ("report", "--since", "2026-03-20", "--until", "2026-03-28", "--compare", "none", "--format", "json"),
    ("graph", "stats", "--format", "json"),
)
Answers = list[tuple[int, str, str]]


def answers(
    clone: Clone,
    commands: Sequence[int] = range(len(COMMANDS)),
    *,
    environ: Mapping[str, str] | None = None,
    uses_cache: bool = False,
) -> Answers:
    """Return exit code, output and messages of commands, which are named by their places in ``COMMANDS``."""
    options = ("-q",) if uses_cache else ("-q", "--no-cache")
    return [clone.project.run(*COMMANDS[number], *options, environ=environ) for number in commands]


def answers_with(
    clone: Clone,
    settings: Iterable[Setting],
    place: str,
    commands: Sequence[int] = range(len(COMMANDS)),
    *,
    uses_cache: bool = False,
) -> Answers:
    """Return the answers under settings that stand in the clone, in the user's file, or in the environment."""
    chosen = list(settings)
    if place == "clone":
        with configured(clone, chosen):
            return answers(clone, commands, uses_cache=uses_cache)
    if place == "user":
        user = clone.folder.parent / "user.gitconfig"
        user.write_text(_text(chosen), encoding="utf-8")
        environ = {"GIT_CONFIG_GLOBAL": str(user), "GIT_CONFIG_SYSTEM": str(user)}
    else:
        environ = {"GIT_CONFIG_COUNT": str(len(chosen))}
        for number, (name, value) in enumerate(chosen):
            environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return answers(clone, commands, environ=environ, uses_cache=uses_cache)


@contextmanager
def configured(clone: Clone, settings: Iterable[Setting]) -> Iterator[None]:
    """Let settings stand in the clone's own file."""
    file = clone.folder / ".git" / "config"
    before = file.read_bytes()
    file.write_bytes(before + _text(settings).encode())
    try:
        yield
    finally:
        file.write_bytes(before)


def refused(clone: Clone, settings: Iterable[Setting]) -> set[Setting]:
    """Return the settings under which git itself does nothing in this clone: it stops at a value that the variable cannot have."""
    left, found = list(settings), set[Setting]()
    while left and (message := _complaint(clone, left)):
        named = {word.lower() for word in _QUOTED.findall(message)}
        chosen = [setting for setting in left if setting.name.lower() in named] or left
        while len(chosen) > 1:
            half = chosen[: len(chosen) // 2]
            chosen = half if _complaint(clone, half) else chosen[len(chosen) // 2 :]
        found.update(chosen)
        left = [setting for setting in left if setting not in found]
    return found


def _complaint(clone: Clone, settings: Iterable[Setting]) -> str:
    """Return what git says where it does not work under these settings; empty where it does."""
    asked = (("rev-parse", "--verify", "HEAD"), ("for-each-ref",), ("ls-files", "--others"))
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    with configured(clone, settings):
        for words in asked:
            done = subprocess.run(
                ["git", *words], cwd=clone.folder, env=environ, capture_output=True, check=False
            )
            if done.returncode != 0:
                return done.stderr.decode() or "no message"
    return ""


def differing(
    clone: Clone,
    settings: Sequence[Setting],
    place: str,
    expected: Answers,
    commands: Sequence[int] = range(len(COMMANDS)),
) -> set[Setting]:
    """Return the settings under which an answer differs, found by halving. Two that cancel each other out are not found."""
    left, found = list(settings), set[Setting]()
    while left and answers_with(clone, left, place, commands) != expected:
        chosen = left
        while len(chosen) > 1:
            half = chosen[: len(chosen) // 2]
            chosen = (
                half if answers_with(clone, half, place, commands) != expected else chosen[len(chosen) // 2 :]
            )
        found.update(chosen)
        left = [setting for setting in left if setting not in found]
    return found


def _text(settings: Iterable[Setting]) -> str:
    lines = []
    for name, value in settings:
        section, _, rest = name.partition(".")
        middle, _, key = rest.rpartition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        head = f'[{section} "{middle}"]' if middle else f"[{section}]"
        lines.append(f'{head}\n\t{key} = "{quoted}"\n')
    return "".join(lines)


def _try_all(values: Sequence[str], places: Sequence[str]) -> None:
    names = variables()
    _tell(f"{len(names)} variables x {len(values)} values x {len(places)} places")
    with tempfile.TemporaryDirectory() as folder:
        clone = lay_clone(Path(folder))
        expected = answers(clone)
        assert all(answer[0] == 0 for answer in expected), expected
        for place, value in product(places, values):
            settings = [Setting(name, value) for name in names if name not in WHERE_THE_CLONE_IS]
            stopped = refused(clone, settings) if place == "clone" else set()
            tried = [setting for setting in settings if setting not in stopped]
            found = differing(clone, tried, place, expected)
            told = " ".join(sorted(setting.name for setting in found))
            _tell(
                f"{place} {value!r}: {len(tried)} tried, {len(stopped)} refused by git, {len(found)} differ {told}"
            )
            if stopped:
                _tell(f"   refused: {' '.join(sorted(setting.name for setting in stopped))}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _try_all(sys.argv[1:2] or VALUES, sys.argv[2:] or PLACES)
