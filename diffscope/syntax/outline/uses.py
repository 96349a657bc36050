"""Import statements as values, and the names that each definition of a Python file uses, for searching callers without a full parse, and those that a test file names only to ask whether its tests can run here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.syntax.literals import normalise_name
from diffscope.syntax.model import Definition, DefinitionKind, Import, ImportLayer, Outline
from diffscope.syntax.nodes import TextCache, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_TOKEN: Final = lazy_regex(
    rb"#[^\n]*"
    rb'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    rb"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|(\.?)[ \t]*([A-Za-z_]\w*)[ \t]*([(\[])?",
    re.DOTALL,
)
_LINE: Final = lazy_regex(rb"[^\n]*\n|[^\n]+")
_STRETCHES_KEPT: Final = 4_000
_FILES_KEPT: Final = 200
_STRETCHES: Final = TextCache[list[tuple[str, int, int]]](most=_FILES_KEPT)
"""Neighbouring changes ask for the same files."""
_OWNERS: Final = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION, DefinitionKind.METHOD})


class Uses:
    """The names that the definitions of a file use. A definition is read only where a name that is asked for stands in its lines."""

    def __init__(self, source: bytes, read_outline: Callable[[], Outline | None]) -> None:
        self._source = source
        self._read_outline = read_outline

    def naming(self, name: str, forms: frozenset[str]) -> Iterator[str]:
        """Yield the qualified names of definitions, empty for the module, that use a name in one of these forms.

        A form is ``name``, or ``.name`` of an attribute, each also with ``(`` behind it where it is called.
        """
        word = name.encode()
        if word not in self._source:
            return
        for owner, first, last in self._stretches:
            if self._source.find(word, first, last) >= 0 and not forms.isdisjoint(self._names(first, last)):
                yield owner

    def by_definition(self) -> dict[str, frozenset[str]]:
        """Return the names that each definition uses; those that use none are left out."""
        found: dict[str, frozenset[str]] = {}
        for owner, first, last in self._stretches:
            found[owner] = found.get(owner, frozenset()) | self._names(first, last)
        return {owner: names for owner, names in found.items() if names}

    def _names(self, first: int, last: int) -> frozenset[str]:
        return _names_in(self._source, first, last)

    @cached_property
    def _stretches(self) -> list[tuple[str, int, int]]:
        known = _STRETCHES.recall(self._source)
        outline = self._read_outline() if known is None else None
        if outline is None:
            return known or []
        lines = list(accumulate(map(len, _LINE.findall(self._source)), initial=0))
        found = [
            (owner, lines[first - 1], lines[last])
            for owner, first, last in _stretches(outline, len(lines) - 1)
        ]
        # Two readers of a file that does not parse may see different definitions in it.
        return found if outline.problems else _STRETCHES.keep(self._source, found)


@lru_cache(maxsize=_STRETCHES_KEPT)
def _names_in(source: bytes, first: int, last: int) -> frozenset[str]:
    """Return the names in a part of a file; neighbouring changes ask for the same ones."""
    found = set[str]()
    for dot, name, call in set(_TOKEN.findall(source, first, last)):
        if name:
            word = (dot + name).decode()
            found.add(word)
            if call:
                found.add(f"{word}(")
    return frozenset(found)


def _stretches(outline: Outline, lines: int) -> Iterator[tuple[str, int, int]]:
    """Yield runs of lines, counted from 1, with the innermost definition that they belong to."""
    owners = [""] * (lines + 1)
    for each in sorted(_definitions(outline), key=lambda one: (one.start, -one.end)):
        last = min(each.end, lines)
        owners[each.start : last + 1] = [each.name] * max(0, last + 1 - each.start)
    cuts = [at for at in range(2, lines + 1) if owners[at] != owners[at - 1]]
    for first, following in pairwise([1, *cuts, lines + 1]):
        if first < following:
            yield owners[first], first, following - 1


def _definitions(outline: Outline) -> Iterator[Definition]:
    return (each for each in outline.definitions if each.kind in _OWNERS)


_NAME: Final = lazy_regex(rb"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = lazy_regex(r"[A-Za-z_]\w*")
_OWN: Final = lazy_regex(r"^(?:async +)?(?:def|class) +([A-Za-z_]\w*)", re.MULTILINE)
_ANY: Final = lazy_regex(rb"skip")
_CALL: Final = lazy_regex(
    rb"(?:\bpytest\s*\.\s*(?:mark\s*\.\s*skipif|importorskip)|\bskip(?:If|Unless|if))\s*(?=\()"
)
_IF: Final = lazy_regex(
    rb"^[ \t]*(?:el)?if\b(?P<condition>[^:\n]+(?:\n[^:\n]+){0,8}):[ \t]*(?:#[^\n]*)?\n"
    rb"[ \t]+(?:return[ \t]+)?(?:pytest[ \t]*\.[ \t]*skip|self[ \t]*\.[ \t]*skipTest)[ \t]*\(",
    re.MULTILINE,
)
_IMPORT: Final = lazy_regex(
    rb"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^)]*\)|[^\n(]*)|import[ \t]+[^\n]*)", re.MULTILINE
)
_ASSIGNED: Final = lazy_regex(rb"^([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=(?!=)[ \t]*[^\n]+", re.MULTILINE)
_LONGEST: Final = 2_000
"""Bytes of one condition; what has no end by then is none."""


def words_of_test(text: str) -> frozenset[str]:
    """Return what a test file names: not what it defines itself, unless it asks some module or object for that name too.

    Nor what only the conditions of its skips name.
    """
    own = {name for name in _OWN.findall(text) if f".{name}" not in text}
    asked = {name.decode() for name in names_of_skips(text.encode())}
    return frozenset(_WORD.findall(text)) - own - asked


def names_of_skips(source: bytes) -> frozenset[bytes]:
    """Return the names that stand in conditions of skips and nowhere else in a test file but where they are imported.

    A variable of the module that only such conditions ask for hands on what it is assigned. Names are ASCII; nothing is parsed.
    """
    if not _ANY.search(source):
        return frozenset()
    rest, asked = _taken_out(source, sorted(_conditions(source)))
    if not asked:
        return frozenset()
    rest, _ = _taken_out(rest, [found.span() for found in _IMPORT.finditer(rest)])
    values = [
        found.span()
        for found in _ASSIGNED.finditer(rest)
        if found[1] in asked and len(re.findall(rb"\b%s\b" % found[1], rest)) == 1
    ]
    rest, more = _taken_out(rest, values)
    return (asked | more).difference(_NAME.findall(rest))


def _conditions(source: bytes) -> Iterator[tuple[int, int]]:
    for found in _IF.finditer(source):
        yield found.span("condition")
    for found in _CALL.finditer(source):
        end = closed(source, found.end())
        if end is not None:
            yield found.end(), end


def closed(source: bytes, start: int) -> int | None:
    """Return where the bracket that opens at ``start`` is closed; brackets in strings count too."""
    depth = 0
    for at in range(start, min(len(source), start + _LONGEST)):
        depth += (source[at] == ord("(")) - (source[at] == ord(")"))
        if not depth:
            return at + 1
    return None


def _taken_out(source: bytes, spans: list[tuple[int, int]]) -> tuple[bytes, frozenset[bytes]]:
    """Return the source without spans, which are sorted and may overlap, and the names in them."""
    kept, names, at = [], set[bytes](), 0
    for start, end in spans:
        kept.append(source[at : max(start, at)])
        names.update(_NAME.findall(source[start:end]))
        at = max(at, end)
    return b" ".join((*kept, source[at:])), frozenset(names)


IMPORT_STATEMENTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


class Circumstances(NamedTuple):
    """What surrounds an import: when it runs and under which condition."""

    layer: ImportLayer = ImportLayer.EAGER
    guard: str | None = None


def read_import(node: Node, around: Circumstances) -> Iterator[Import]:
    """Yield one value for each name that the statement imports, in source order."""
    line = node.start_point[0] + 1
    for module, name, alias, level in read_names(node):
        yield Import(
            module=module,
            name=name,
            line=line,
            layer=around.layer,
            alias=alias,
            level=level,
            guard=around.guard,
        )


class Name(NamedTuple):
    """One imported name, as in ``Import``."""

    module: str
    name: str | None
    alias: str | None
    level: int

    @property
    def bound(self) -> str:
        """The local name that it binds; ``*`` for any."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def origin(self) -> str:
        """What the local name stands for: ``import a.b`` and ``import a.c`` bind one package."""
        return f"{self.level}:{self.bound if self.name is None and not self.alias else self}"


def read_names(node: Node) -> tuple[Name, ...]:
    """Return the names that an import statement imports, in source order."""
    if node.has_error:
        return tuple(_read_names(node))
    text = node.text or b""
    known = _STATEMENTS.recall(text)
    return known if known is not None else _STATEMENTS.keep(text, tuple(_read_names(node)))


_STATEMENTS: Final = TextCache[tuple[Name, ...]]()


def rebindings(names: Iterable[Name]) -> Iterator[str]:
    """Yield a token for each name that imports side by side bind twice to different things: there their order counts."""
    names = list(names)
    origins: dict[str, list[str]] = {}
    for each in names:
        origins.setdefault(each.bound, []).append(each.origin)
    for bound, found in sorted(origins.items()):
        if len(set(found)) > 1:
            yield f"rebind {bound}: {', '.join(found)}"
    if "*" in origins and len(names) > 1:
        # Nobody can tell from here which names a star rebinds.
        parts: list[list[str]] = [[]]
        for each in names:
            if each.bound == "*":
                parts += [[each.origin], []]
            else:
                parts[-1].append(each.origin)
        yield f"rebind *: {'; '.join(', '.join(sorted(part)) for part in parts)}"


def _read_names(node: Node) -> Iterator[Name]:
    if node.type == "import_statement":
        for name, alias in _names(node):
            yield Name(name, None, alias, 0)
        return
    module, level = _origin(node)
    if any(child.type == "wildcard_import" for child in node.children):
        yield Name(module, "*", None, level)
        return
    for name, alias in _names(node):
        yield Name(module, name, alias, level)


def _origin(node: Node) -> tuple[str, int]:
    if node.type == "future_import_statement":
        return "__future__", 0
    origin = node.child_by_field_name("module_name")
    if origin is None:
        return "", 0
    if origin.type != "relative_import":
        return _dotted(origin), 0
    level, module = 0, ""
    for child in origin.children:
        if child.type == "import_prefix":
            level = (child.text or b"").count(b".")
        elif child.type == "dotted_name":
            module = _dotted(child)
    return module, level


def _names(node: Node) -> Iterator[tuple[str, str | None]]:
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None:
                yield _dotted(name), _dotted(alias) if alias is not None else None
        else:
            yield _dotted(child), None


def _dotted(node: Node) -> str:
    # ``import a . b`` is legal; so are line breaks around the dots.
    text = normalise_name(text_of(node))
    return text.replace(" ", "") if " " in text else text
