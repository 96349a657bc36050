"""Build files -> ``BuildOutline``: sources that CMake lists, headers that a generator includes, entry points of the project.

Pure text reading; never raises.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import structs

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import BuildOutline, BuildSource, BuildTarget, RegistryRow, RowShape
from diffscope.syntax.native.bindings import find_calls

_TOKEN: Final = lazy_regex(
    r"""\#\[(=*)\[.*?\]\1\]|\#[^\n]*|"(?:[^"\\]|\\.)*"|\[(=*)\[.*?\]\2\]|[()]|[^\s()"#]+""", re.DOTALL
)
_SOURCE: Final = lazy_regex(r"[\w./*+-]+\.(?:c|cc|cpp|cu|cuh|h|hip|hpp|inl|py|cmake)")
_VARIABLE: Final = lazy_regex(r"\$\{(\w+)\}")
_HERE: Final = "${CMAKE_CURRENT_LIST_DIR}/"
_ROOT: Final = lazy_regex(r"\$\{(?:CMAKE_CURRENT_SOURCE_DIR|CMAKE_SOURCE_DIR|PROJECT_SOURCE_DIR)\}/")
_INCLUDE: Final = lazy_regex(r"""^[^\n]*?\#include\s+\\?["<]([\w./+-]+)\\?[">]""", re.MULTILINE)
_OUTPUT: Final = lazy_regex(r"""["']/?(\w+\.(?:c|cc|cpp|cu|cuh|h|hpp))["']""")
_TARGETS: Final = frozenset(
    {"define_extension_target", "define_gpu_extension_target", "add_library", "target_sources"}
)
_LISTS: Final = frozenset({"set", "list", "file"})
_MENTIONS: Final = frozenset({"include", "set_gencode_flags_for_srcs"})
"""Commands that name sources and give them to nobody."""


class _Command(NamedTuple):
    name: str
    line: int
    arguments: tuple[tuple[str, int], ...]
    """Each with its line."""


def outline_build(name: str, source: bytes) -> BuildOutline:
    """Return the outline of a build file; ``name`` is its file name, which tells what it is."""
    text = decode(source)
    if name.endswith(".toml"):
        return BuildOutline(rows=tuple(_entry_points(text)))
    if name.endswith(".py"):
        return _outline_generator(source, text)
    sources: list[BuildSource] = []
    targets: list[BuildTarget] = []
    guards: list[str] = []
    for command in _commands(text):
        words = [word for word, _ in command.arguments]
        if command.name == "if":
            guards.append(" ".join(words))
        elif command.name in ("elseif", "else") and guards:
            guards[-1] = " ".join(words) if command.name == "elseif" else f"not ({guards[-1]})"
        elif command.name == "endif" and guards:
            guards.pop()
        elif command.name in _MENTIONS:
            sources.extend(_listed(command, "", tuple(guards)))
        elif command.name in _TARGETS | _LISTS and words:
            target = _target(command, words, tuple(guards))
            listed = tuple(_listed(command, target.name, target.guards))
            sources.extend(listed)
            if listed or target.parts or target.destination:
                targets.append(structs.replace(target, sources=tuple(each.path for each in listed)))
    return BuildOutline(sources=tuple(sources), targets=tuple(targets))


def _target(command: _Command, words: list[str], guards: tuple[str, ...]) -> BuildTarget:
    has_verb = command.name in ("list", "file") and len(words) > 1
    at = words.index("DESTINATION") + 1 if "DESTINATION" in words else len(words)
    return BuildTarget(
        name=words[1] if has_verb else words[0],
        parts=tuple(_parts(words[1:])),
        line=command.line,
        destination=words[at] if command.name in _TARGETS and at < len(words) else "",
        guards=guards,
        is_appended=command.name in ("list", "target_sources"),
    )


def _commands(text: str) -> Iterator[_Command]:
    name, line, depth, at, position = "", 0, 0, 1, 0
    arguments: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(text):
        at += text.count("\n", position, match.start())
        position = match.start()
        token = match[0]
        if token.startswith("#"):
            continue
        if token == "(":  # noqa: S105 - a bracket
            depth += 1
        elif token == ")":  # noqa: S105 - a bracket
            depth -= 1
            if depth <= 0:
                yield _Command(name.lower(), line, tuple(arguments))
                name, arguments, depth = "", [], 0
        elif depth:
            arguments.append((token.strip('"'), at))
        else:
            name, line = token, at


def _listed(command: _Command, variable: str, guards: tuple[str, ...]) -> Iterator[BuildSource]:
    for word, line in command.arguments:
        for part in word.split(";"):
            path = _ROOT.sub("", part.replace(_HERE, "./"))
            if _SOURCE.fullmatch(path) and not path.startswith("/"):
                yield BuildSource(path=path, line=line, variable=variable, guards=guards)


def _parts(words: list[str]) -> Iterator[str]:
    """Yield the variables that a target or a list takes over."""
    for word in words:
        if found := _VARIABLE.fullmatch(word):
            yield found[1]


def _outline_generator(source: bytes, text: str) -> BuildOutline:
    included = tuple(_generated_includes(text))
    outputs = set(_OUTPUT.findall(text)).difference(each.path for each in included)
    return BuildOutline(
        sources=included,
        outputs=tuple(sorted(outputs)),
        words=tuple(call.name for call in find_calls(source)),
    )


def _generated_includes(text: str) -> Iterator[BuildSource]:
    for match in _INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        yield BuildSource(path=match[1], line=line)


def _entry_points(text: str) -> Iterator[RegistryRow]:
    """Read ``[project.entry-points.*]`` and ``[project.scripts]``: a name for ``module:attribute``."""
    try:
        project = tomllib.loads(text).get("project", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    groups = project.get("entry-points", {}) if isinstance(project, dict) else {}
    scripts = project.get("scripts", {}) if isinstance(project, dict) else {}
    tables = {**(groups if isinstance(groups, dict) else {}), "project.scripts": scripts}
    for table, entries in sorted(tables.items()):
        for key, target in sorted(entries.items()) if isinstance(entries, dict) else ():
            if isinstance(target, str):
                path = target.partition("[")[0].strip().replace(":", ".")
                found = re.search(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=", text, re.MULTILINE)
                line = text.count("\n", 0, found.end()) + 1 if found else 1
                yield RegistryRow(shape=RowShape.DICT, table=table, key=key, values=(path,), line=line)
