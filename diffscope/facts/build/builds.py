"""Build settings that changed: CMake commands and Dockerfile instructions, compared as wholes and not as lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import BuildFact, ChangeFacts
from diffscope.patterns import lazy_regex
from diffscope.project.requirements import is_dockerfile, read_dockerfile
from diffscope.source.pairing import pair_equal
from diffscope.source.text import SourceText

_COMMAND = lazy_regex(r"^[ \t]*([A-Za-z_]\w*)[ \t]*\(", re.MULTILINE)
_ARCHITECTURES = lazy_regex(
    r"(?:(?<!CACHE)_ARCHS?\b|ARCH_LIST|SUPPORTED_ARCHS|gencode|compute_\d|\bsm_\d|GPU_TARGETS|HIP_ARCH|\bgfx\d)",
    re.IGNORECASE,
)
_FLAGS = lazy_regex(
    r"(?:FLAGS|add_compile_(?:options|definitions)|target_compile|target_link_options|(?<![\w}-])-(?:D\w|O\d|f\w|W\w|std=))"
)
_WARNING = lazy_regex(r"-W(?![lpa],)\w[\w=+-]*")
_NO_COMPILER = frozenset(
    {"install", "message", "include", "find_package", "find_program", "file", "if", "elseif", "else", "endif"}
)
"""Commands that hand nothing to a compiler, whatever their arguments look like."""
_SOURCES = lazy_regex(r"\.(?:cu|cpp|cc|c|hip|cuh|h|py)\b")
_LISTING = (
    *("set", "list", "set_source_files_properties"),
    *("define_extension_target", "define_gpu_extension_target"),
)
_CACHE_MOUNT = lazy_regex(r"--mount=type=(?:cache|tmpfs)\S*\s+")
"""Leaves nothing in the image, and says nothing of what an instruction does."""
_LONGEST = 200


_KEYWORD = lazy_regex(r"(?:SRCS|SOURCES|APPEND|PREPEND|REMOVE_ITEM) (\S+)(?:.* (?:CUDA|HIP)_ARCHS (\S+))?")
"""Commands whose first word says only what the second is."""


class _Piece(NamedTuple):
    what: str
    key: str
    text: str
    line: int
    architectures: str | None = None
    """Of a command that builds sources for architectures: what it names those by."""


def collect_builds(placed: Iterable[Placed]) -> tuple[BuildFact, ...]:
    """Return the build facts of CMake files and Dockerfiles, by path and line."""
    facts = [fact for one in placed for fact in _builds_of_file(one)]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.what, fact.after or "", fact.before or ""))
    )


def declares_builds(path: str) -> bool:
    """Return whether build settings are read off a file of that path."""
    return _reader_of(path) is not None


def _reader_of(path: str) -> Callable[[SourceText], Iterator[_Piece]] | None:
    name = path.rpartition("/")[2]
    if name == "CMakeLists.txt" or name.endswith(".cmake"):
        return _cmake
    return _dockerfile if is_dockerfile(path) else None


def _builds_of_file(placed: Placed) -> Iterator[BuildFact]:
    read = _reader_of(placed.fact.path)
    if read is None or not placed.material.read:
        return
    sides = (placed.material.before, placed.material.after)
    before, after = (tuple(read(side)) if side is not None else () for side in sides)
    paired = pair_equal(before, after, key=lambda piece: (piece.what, piece.text))
    unpaired = paired.gone
    for piece in paired.come:
        partner = _partner(piece, unpaired)
        if partner is not None:
            unpaired.remove(partner)
        yield BuildFact(
            **placed.spot(placed.new(piece.line)),
            what=_what_changed(piece, partner),
            change="changed" if partner else "added",
            before=partner.text[:_LONGEST] if partner else None,
            after=piece.text[:_LONGEST],
        )
    for piece in unpaired:
        yield BuildFact(
            **placed.spot(placed.old(piece.line)),
            what=_what_changed(piece, None),
            change="removed",
            before=piece.text[:_LONGEST],
        )


def _partner(piece: _Piece, unpaired: list[_Piece]) -> _Piece | None:
    """Return what a piece was before: the one for the same architectures, else the one of the same key."""
    alike = [old for old in unpaired if (old.what, old.key.split()[0]) == (piece.what, piece.key.split()[0])]
    same = (old for old in alike if piece.architectures and old.architectures == piece.architectures)
    return next(same, None) or next((old for old in alike if old.key == piece.key), None)


def _what_changed(piece: _Piece, partner: _Piece | None) -> str:
    """Return what an instruction is about; a long one that goes on asking for the same architectures changed something else."""
    if piece.what == "compile-flag" and _is_of_warnings(piece.text, partner.text if partner else None):
        return "warning-flag"
    if partner is not None and piece.architectures and piece.architectures == partner.architectures:
        return "source-list"
    if partner is None or piece.what != "arch-list" or not piece.key.startswith("RUN "):
        return piece.what
    asked, before = (
        [word for word in text.split() if _ARCHITECTURES.search(word)] for text in (piece.text, partner.text)
    )
    return "image" if asked == before else piece.what


def _is_of_warnings(text: str, other: str | None) -> bool:
    """Return whether a command differs from another, or from none, by nothing but options that ask for warnings."""
    if other is None:
        words = [word for word in re.split(r'[\s";()]+', text) if word.startswith("-")]
        return bool(words) and all(_WARNING.fullmatch(word) for word in words)
    bare, other_bare = (_WARNING.sub("", each).replace('"', " ").split() for each in (text, other))
    return bare == other_bare


def _cmake(content: SourceText) -> Iterator[_Piece]:
    text = re.sub(r"(?m)(?<!\\)#.*$", "", content.text)
    end = 0
    for match in _COMMAND.finditer(text):
        arguments = _balanced(text, match.end()) if match.start() >= end else None
        if arguments is None:
            continue
        # What stands inside the brackets of a command is text, such as the script of `install(CODE ...)`.
        end = match.end() + len(arguments)
        command = match[1].lower()
        folded = " ".join(arguments.split())
        named = _KEYWORD.match(folded)
        yield _Piece(
            _cmake_what(command, folded),
            f"{command} {named[1] if named else folded.partition(' ')[0]}",
            f"{command}({folded})",
            text.count("\n", 0, match.start(1)) + 1,
            named[2] if named else None,
        )


def _balanced(text: str, start: int) -> str | None:
    depth = 1
    for match in re.compile(r"[()]").finditer(text, start):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return text[start : match.start()]
    return None


def _cmake_what(command: str, arguments: str) -> str:
    if command.startswith("fetchcontent") or command in _NO_COMPILER:
        # What is fetched, and which commit of it, is a dependency.
        return "other"
    if _ARCHITECTURES.search(arguments):
        return "arch-list"
    if command in _LISTING and _SOURCES.search(arguments):
        return "source-list"
    if _FLAGS.search(command) or _FLAGS.search(arguments):
        return "compile-flag"
    return "option" if command in ("option", "set", "cmake_dependent_option") else "other"


def _dockerfile(content: SourceText) -> Iterator[_Piece]:
    for each in read_dockerfile(content.text):
        instruction = _CACHE_MOUNT.sub("", each.folded)
        word, _, rest = instruction.partition(" ")
        yield _Piece(
            _docker_what(each.word, rest),
            f"{word.upper()} {re.split(r'[=: ]', rest, maxsplit=1)[0]}",
            instruction,
            each.line,
        )


def _docker_what(word: str, rest: str) -> str:
    if _ARCHITECTURES.search(rest):
        return "arch-list"
    return "image" if word in ("FROM", "ARG", "RUN", "COPY", "ADD", "ENV") else "other"


_LONGEST_SETTING = 60
_INSTRUCTIONS = frozenset({"image", "arch-list"})


def with_settings(facts: ChangeFacts) -> ChangeFacts:
    """Return the facts, each file with what others say of it: versions first, then instructions that carry none."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    lines = set()
    for one in facts.dependency:
        told[one.path][_text(one.name, one.before, one.after)] = None
        lines.add((one.path, one.side, one.line))
    for each in facts.build:
        if each.what in _INSTRUCTIONS and (each.path, each.side, each.line) not in lines:
            sign = "" if each.before and each.after else "-" if each.before else "+"
            told[each.path][f"{sign}{_cut(each.after or each.before or '')}"] = None
    if not told:
        return facts
    files = tuple(
        msgspec.structs.replace(file, settings=tuple(told[file.path])) if file.path in told else file
        for file in facts.file
    )
    return msgspec.structs.replace(facts, file=files)


def _text(name: str, before: str | None, after: str | None) -> str:
    if before and after:
        return f"{name} {_cut(before)} -> {_cut(after)}"
    return f"{'+' if before is None else '-'}{name} {_cut(after or before or '')}".rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SETTING else f"{text[: _LONGEST_SETTING - 1]}…"
