"""Dockerfiles -> what they pin: arguments, base images, packages that pip installs, git revisions.

Read by instruction, with continued lines joined and comments left out. Variables are not expanded: a pin on an ``ARG``
is the ``ARG``'s line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from diffscope.project.model import DockerPin
from diffscope.project.shell_words import parse_shell
from diffscope.source.model import RepoPath
from diffscope.source.text import split_lines

_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"]*\"|'[^']*'|\S*)")
_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*((?:===?|~=|[<>!]=?)\s*\S+)")
_GIT = re.compile(
    r"(?:([\w.-]+)\s*@\s*)?git\+(?:https?|ssh)://\S*?/([\w.-]+?)(?:\.git)?(?:@([^\s#'\"]+))?(?:#\S*)?$"
)
_VERSIONED = re.compile(r"(?:VERSION|BRANCH|COMMIT|TAG|REF|REV|SHA|IMAGE|REPO|INDEX)S?$|_VER$")
_MAX_LINES: Final = 20_000


def is_dockerfile(path: str) -> bool:
    """Say whether a path is a Dockerfile by its name: ``Dockerfile``, ``Dockerfile.rocm``, ``x.Dockerfile``."""
    name = path.rpartition("/")[2]
    return name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".Dockerfile")


def parse_dockerfile(text: str, path: RepoPath) -> tuple[DockerPin, ...]:
    """Return the pins of a Dockerfile in its order; what has no version is left out."""
    pins: list[DockerPin] = []
    for line, word, rest in _instructions(text):
        if word in {"ARG", "ENV"}:
            pins += _arguments(rest, path, line)
        elif word == "FROM":
            pins += _image(rest, path, line)
        elif word == "RUN":
            pins += _installed(rest, path, line)
    return tuple(pins)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    pending: list[str] = []
    start = 0
    for number, line in enumerate(split_lines(text)[:_MAX_LINES], start=1):
        if line.lstrip().startswith("#") or (pending and not line.strip()):
            # Inside an instruction such a line is left out, but counted.
            pending += [""] if pending else []
            continue
        start = start if pending else number
        pending.append(line.rstrip().removesuffix("\\"))
        if line.rstrip().endswith("\\"):
            continue
        word, _, rest = "\n".join(pending).strip().partition(" ")
        pending = []
        if word:
            yield start, word.upper(), rest.strip()


def _arguments(rest: str, path: RepoPath, line: int) -> Iterator[DockerPin]:
    for offset, (name, quoted) in _with_lines(_ASSIGNED, rest):
        value = quoted.strip("\"'")
        if value and (_VERSIONED.search(name) or re.match(r"v?\d", value)):
            pinned = (
                bool(re.search(r"\d", value)) and "$" not in value and not value.startswith(("http", "git"))
            )
            yield DockerPin(
                path=path, line=line + offset, kind="argument", name=name, version=value, is_pinned=pinned
            )


def _image(rest: str, path: RepoPath, line: int) -> Iterator[DockerPin]:
    words = [word for word in rest.split() if not word.startswith("--")]
    image = words[0] if words else ""
    body, _, digest = image.partition("@")
    name, _, tag = body.rpartition(":") if ":" in body.rpartition("/")[2] else (body, "", "")
    version = f"{tag}@{digest}" if tag and digest else digest or tag
    if version and not image.startswith("$"):
        pinned = "$" not in version and tag != "latest"
        yield DockerPin(path=path, line=line, kind="base-image", name=name, version=version, is_pinned=pinned)


def _installed(rest: str, path: RepoPath, line: int) -> Iterator[DockerPin]:
    body = re.sub(r"^(?:--[a-z]+=\S+\s+)+", lambda found: " " * len(found[0]), rest)
    for call in parse_shell(body.replace("\n", "\\\n"), folders=("",)):
        if call.words[0] not in {"pip", "pip3", "uv", "python3", "python"} or "install" not in call.words:
            continue
        for word in call.words[call.words.index("install") + 1 :]:
            yield from _package(word, path, line + _line_of(word, rest))


def _package(word: str, path: RepoPath, line: int) -> Iterator[DockerPin]:
    git = _GIT.search(word)
    package = _PACKAGE.fullmatch(word)
    if git is not None:
        name, revision = git[1] or git[2], git[3] or ""
        pinned = bool(revision) and "$" not in revision
        yield DockerPin(
            path=path, line=line, kind="git", name=name.lower(), version=revision, is_pinned=pinned
        )
    elif package is not None and not word.startswith("-"):
        version = package[2].replace(" ", "")
        pinned = version.startswith("==") and "$" not in version and not version.endswith("*")
        name = re.sub(r"[-_.]+", "-", package[1]).lower()
        yield DockerPin(path=path, line=line, kind="package", name=name, version=version, is_pinned=pinned)


def _with_lines(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    for found in pattern.finditer(text):
        yield text.count("\n", 0, found.start()), (found[1], found[2])


def _line_of(word: str, text: str) -> int:
    at = text.find(word)
    return text.count("\n", 0, at) if at >= 0 else 0
