"""Requirement files (PEP 440, 503, 508: the one door to packaging) and Dockerfiles -> requirements and pinned versions."""

from __future__ import annotations

import functools
import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.project.model import DockerPin, Requirement
from diffscope.project.shell_words import parse_shell
from diffscope.source.model import RepoPath
from diffscope.source.text import split_lines

_NAME = lazy_regex(
    r"(?:.*\.)?(?:dockerfile|containerfile)|(?:dockerfile|containerfile)[._-].+", re.IGNORECASE
)
_OTHER_ENDINGS: Final = (
    ".dockerignore", ".md", ".rst", ".txt", ".py", ".sh", ".json", ".yml", ".yaml", ".hcl", ".j2",
)  # fmt: skip
_DIRECTIVE = lazy_regex(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.*)")
_CONTINUED: Final = {
    escape: lazy_regex(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*\Z") for escape in "\\`"
}
_WITH_HEREDOCS: Final = frozenset({"RUN", "COPY", "ADD"})
_SHELL_TOKEN = lazy_regex(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|[ \t]+|[^ \t'\"\\]+|.", re.DOTALL)
_HEREDOC = lazy_regex(r"[0-9]*<<(-?)([^<]+)")
_BLANK: Final = " \t\r\v\f"
_SHELLS: Final = ("sh", "bash", "dash", "zsh")


class HereDocument(NamedTuple):
    """The lines that an instruction is given, as they stand; ``line`` is that of the first, from 1."""

    text: str
    line: int


class Instruction(NamedTuple):
    """One instruction: ``word`` in capitals, ``text`` what stands behind it, its lines joined as BuildKit joins them."""

    word: str
    text: str
    line: int
    heredocs: tuple[HereDocument, ...]
    pieces: tuple[str, ...]
    """Its lines without their ends, the first with the word."""
    starts: tuple[tuple[int, int], ...]
    """Where in ``text`` each line of the file begins: offset, line."""

    def line_at(self, offset: int) -> int:
        """Return the line of the file on which a character of ``text`` stands."""
        return self.starts[bisect_right(self.starts, (offset, 1 << 60)) - 1][1]

    @property
    def folded(self) -> str:
        """The whole instruction on one line, with the lines of its here-documents."""
        lines = [*self.pieces, *(line for each in self.heredocs for line in split_lines(each.text))]
        return " ".join(line.strip(_BLANK) for line in lines if line.strip(_BLANK))


_ASSIGNED = lazy_regex(r"([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"]*\"|'[^']*'|\S*)")
_PACKAGE = lazy_regex(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*((?:===?|~=|[<>!]=?)\s*\S+)")
_GIT = lazy_regex(
    r"(?:([\w.-]+)\s*@\s*)?git\+(?:https?|ssh)://\S*?/([\w.-]+?)(?:\.git)?(?:@([^\s#'\"]+))?(?:#\S*)?$"
)
_VERSIONED = lazy_regex(r"(?:VERSION|BRANCH|COMMIT|TAG|REF|REV|SHA|IMAGE|REPO|INDEX)S?$|_VER$")
_MAX_LINES: Final = 20_000


def is_dockerfile(path: str) -> bool:
    """Say whether a path is a Dockerfile by its name: ``Dockerfile``, ``Dockerfile.rocm``, ``x.Dockerfile``, ``Containerfile``."""
    name = path.rpartition("/")[2]
    return _NAME.fullmatch(name) is not None and not name.lower().endswith(_OTHER_ENDINGS)


def read_dockerfile(text: str) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile in its order; lines beyond 20,000 are not read."""
    return tuple(_instructions(split_lines(text.removeprefix("\ufeff"))[:_MAX_LINES]))


def parse_dockerfile(text: str, path: RepoPath) -> tuple[DockerPin, ...]:
    """Return the pins of a Dockerfile in its order; what has no version is left out."""
    pins: list[DockerPin] = []
    for each in read_dockerfile(text):
        if each.word in {"ARG", "ENV"}:
            pins += _arguments(each, path)
        elif each.word == "FROM":
            pins += _image(each, path)
        elif each.word == "RUN":
            pins += _installed(each, path)
    return tuple(pins)


def assignments(instruction: Instruction) -> Iterator[tuple[str, str, int]]:
    """Yield each name with its value, unquoted, and its line, of an ``ARG`` or an ``ENV``."""
    first, _, rest = instruction.text.partition(" ")
    if instruction.word == "ENV" and "=" not in first and rest.strip(_BLANK):
        # The old form: one name, and all that follows is its value.
        yield first, rest.strip(_BLANK).strip("\"'"), instruction.line
        return
    for found in _ASSIGNED.finditer(instruction.text):
        yield found[1], found[2].strip("\"'"), instruction.line_at(found.start())


def _instructions(lines: tuple[str, ...]) -> Iterator[Instruction]:
    escape, at = _directives(lines)
    continued = _CONTINUED[escape]
    pieces: list[tuple[str, int]] = []
    while at < len(lines):
        line = lines[at].rstrip("\r")
        at += 1
        bare = line.strip(_BLANK)
        if bare.startswith("#") or not bare:
            # Inside an instruction such a line is left out, and ends nothing.
            continue
        end = continued.search(line)
        pieces.append((line if end is None else line[: end.start()], at))
        if end is None:
            found, at = _with_heredocs(_instruction(pieces), lines, at)
            pieces = []
            yield found
    if pieces and any(piece.strip(_BLANK) for piece, _ in pieces):
        yield _instruction(pieces)


def _directives(lines: tuple[str, ...]) -> tuple[str, int]:
    """Return the escape character, and the index of the line behind the parser's directives, which stand above all else."""
    escape, at = "\\", 0
    for at, line in enumerate(lines):  # noqa: B007 - where it ended is asked for
        found = _DIRECTIVE.fullmatch(line.strip(_BLANK))
        if found is None:
            break
        if found[1].lower() == "escape" and found[2] in _CONTINUED:
            escape = found[2]
    return escape, at


def _instruction(pieces: list[tuple[str, int]]) -> Instruction:
    joined = "".join(piece for piece, _ in pieces)
    offsets = accumulate((len(piece) for piece, _ in pieces[:-1]), initial=0)
    word, skipped = _first_word(joined, 0)
    if word.upper() == "ONBUILD":
        word, skipped = _first_word(joined, skipped)
    return Instruction(
        word=word.upper(),
        text=joined[skipped:].rstrip(_BLANK),
        line=pieces[0][1],
        heredocs=(),
        pieces=tuple(piece for piece, _ in pieces),
        starts=tuple(
            (max(offset - skipped, -1), line) for offset, (_, line) in zip(offsets, pieces, strict=True)
        ),
    )


def _first_word(text: str, start: int) -> tuple[str, int]:
    """Return the word that stands at a place, and where the text behind it begins."""
    found = re.compile(rf"[{_BLANK}]*([^{_BLANK}]*)[{_BLANK}]*").match(text, start)
    return (found[1], found.end()) if found else ("", start)


def _with_heredocs(instruction: Instruction, lines: tuple[str, ...], at: int) -> tuple[Instruction, int]:
    """Return an instruction with the here-documents that follow it, and the index of the line behind them."""
    if instruction.word not in _WITH_HEREDOCS or "<<" not in instruction.text:
        return instruction, at
    documents = []
    for strips_tabs, name in _heredoc_names(instruction.text):
        start = at
        while at < len(lines) and _heredoc_line(lines[at], strips_tabs=strips_tabs) != name:
            at += 1
        body = [_heredoc_line(line, strips_tabs=strips_tabs) for line in lines[start:at]]
        documents.append(HereDocument("\n".join(body), start + 1))
        at += 1
    return instruction._replace(heredocs=tuple(documents)), at


def _heredoc_line(line: str, *, strips_tabs: bool) -> str:
    line = line.rstrip("\r")
    return line.lstrip("\t") if strips_tabs else line


def _heredoc_names(text: str) -> Iterator[tuple[bool, str]]:
    """Yield whether tabs are stripped, and the word that ends it, of each here-document; ``"<<x"`` and ``<<<`` are none."""
    for word in _shell_words(text):
        found = _HEREDOC.fullmatch(word)
        name = re.sub(r"['\"\\]", "", found[2]) if found else ""
        if found and name:
            yield found[1] == "-", name


def _shell_words(text: str) -> Iterator[str]:
    word = ""
    for token in _SHELL_TOKEN.finditer(text):
        if token[0][0] in " \t":
            yield word
            word = ""
        else:
            word += token[0]
    yield word


def _arguments(each: Instruction, path: RepoPath) -> Iterator[DockerPin]:
    for name, value, line in assignments(each):
        if value and (_VERSIONED.search(name) or re.match(r"v?\d", value)):
            is_version = "$" not in value and not value.startswith(("http", "git"))
            pinned = is_version and bool(re.search(r"\d", value))
            yield DockerPin(path=path, line=line, kind="argument", name=name, version=value, is_pinned=pinned)


def _image(each: Instruction, path: RepoPath) -> Iterator[DockerPin]:
    words = [word for word in re.split(rf"[{_BLANK}]+", each.text) if not word.startswith("--")]
    image = words[0] if words else ""
    body, _, digest = image.partition("@")
    name, _, tag = body.rpartition(":") if ":" in body.rpartition("/")[2] else (body, "", "")
    version = f"{tag}@{digest}" if tag and digest else digest or tag
    if version and not image.startswith("$"):
        pinned = "$" not in version and tag != "latest"
        line = each.line_at(each.text.find(image))
        yield DockerPin(path=path, line=line, kind="base-image", name=name, version=version, is_pinned=pinned)


def _installed(each: Instruction, path: RepoPath) -> Iterator[DockerPin]:
    body = re.sub(r"^(?:--[a-z]+=\S+\s+)+", lambda found: " " * len(found[0]), each.text)
    for word in _pip_words(body):
        yield from _package(word, path, each.line_at(max(each.text.find(word), 0)))
    first = (body.split() or [""])[0]
    if not first.startswith("<<") and first.rpartition("/")[2] not in _SHELLS:
        # What another program is given is no shell script.
        return
    for document in each.heredocs:
        for word in _pip_words(document.text):
            offset = document.text.count("\n", 0, max(document.text.find(word), 0))
            yield from _package(word, path, document.line + offset)


def _pip_words(script: str) -> Iterator[str]:
    """Yield what a shell script has pip install, word by word."""
    for call in parse_shell(script, folders=("",)):
        if call.words[0] in {"pip", "pip3", "uv", "python3", "python"} and "install" in call.words:
            yield from call.words[call.words.index("install") + 1 :]


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


_INCLUDE = lazy_regex(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_COMMENT = lazy_regex(r"(?:^|\s)#.*$")
_OPTIONS = lazy_regex(r"\s--[a-z-]+(?:[= ]\S+)*")
_REVISION = lazy_regex(r"@[0-9A-Za-z][^/@#]*(?:#|$)|\.whl(?:#|$)|\.(?:tar\.gz|zip)(?:#|$)")


def is_requirements_file(path: str) -> bool:
    """Say whether a path is a file of requirements: ``requirements/**`` or ``requirements*.txt``."""
    name = path.rpartition("/")[2]
    return name.endswith((".txt", ".in")) and (
        path.startswith("requirements/") or name.startswith("requirements")
    )


@functools.lru_cache(maxsize=128)
def parse_requirements(text: str, path: RepoPath) -> tuple[Requirement, ...]:
    """Return the requirements of a file in its order; what does not parse carries the reason."""
    found: list[Requirement] = []
    pending, start = "", 0
    for number, line in enumerate(split_lines(text)[:_MAX_LINES], start=1):
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", pending + line).strip()
        pending = ""
        if whole:
            found.append(_read(whole, path, start))
    return tuple(found)


def _read(text: str, path: RepoPath, line: int) -> Requirement:
    include = _INCLUDE.match(text)
    if include is not None:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
        return Requirement(path=path, line=line, name=None, includes=RepoPath(target))
    if text.startswith("-"):
        return Requirement(path=path, line=line, name=None)
    return _requirement(_OPTIONS.sub("", text).strip(), path, line)


def _requirement(text: str, path: RepoPath, line: int) -> Requirement:
    # packaging takes some 20 ms to import; only those who read requirements pay for it.
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415
    from packaging.requirements import Requirement as Parsed  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    if text.startswith(("git+", "http://", "https://")):
        name = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
        known = canonicalize_name(name[1]) if name else None
        pinned = _REVISION.search(text.partition("://")[2]) is not None
        return Requirement(
            path=path, line=line, name=known, url=text, is_pinned=pinned, has_upper_bound=pinned
        )
    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0] or "not a requirement"
        return Requirement(path=path, line=line, name=None, defect=reason)
    operators = {each.operator for each in parsed.specifier}
    is_pinned = any(
        each.operator == "===" or (each.operator == "==" and not each.version.endswith("*"))
        for each in parsed.specifier
    ) or (parsed.url is not None and _REVISION.search(parsed.url.partition("://")[2]) is not None)
    return Requirement(
        path=path,
        line=line,
        name=canonicalize_name(parsed.name),
        specifier=str(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        marker=str(parsed.marker or ""),
        url=parsed.url,
        is_pinned=is_pinned,
        has_upper_bound=is_pinned or not operators.isdisjoint(("<", "<=", "~=", "==")),
    )
