"""Stage 0, the typed reader of our own YAML: declare a ``msgspec.Struct``, get a value and every mistake of the file at once.

::

    class PlatformRule(Struct, frozen=True, kw_only=True):
        name: str
        words: tuple[Annotated[str, Check(phrase_problem)], ...] = ()
        like: Annotated[str, Known("platform")] | None = None

    class PlatformTable(Struct, frozen=True, kw_only=True):
        platforms: Annotated[tuple[PlatformRule, ...], Rows("name", what="platform")]

    table = read_file(PlatformTable, text, at="platforms.yml", known={"platform": names})

Read are: structs (a mapping; unknown and missing keys are mistakes), ``tuple[X, ...]``, ``tuple`` with ``Rows`` (a mapping whose keys
are a field), ``dict[str, X]``, ``Literal`` and ``Enum``, ``str`` (never empty), ``int``, ``float``, ``bool``, ``X | None``, ``Node`` (handed
on as it stands). ``msgspec.Meta(min_length=1)`` refuses an empty list; ``msgspec.field(name=...)`` and ``rename`` name the key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from diffscope.errors import DiffscopeError, RuleError
from diffscope.yaml.reading import Mistake, Reading, clipped, mistakes_error, nearest, shape
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode


class Check:
    """Marks a text that ``problem`` must find nothing wrong with: it returns what is wrong with a text and a hint, or ``None``."""

    def __init__(self, problem: Callable[[str], tuple[str, str] | None]) -> None:
        self.problem = problem


class Known:
    """Marks a text that must be one of the words which the caller hands over under ``what``; any will do where it has none."""

    def __init__(self, what: str) -> None:
        self.what = what


class Rows:
    """Marks a tuple of structs that is written as a mapping: ``key`` is the field that holds a row's key.

    With ``value`` a row's value is that one field of the struct; without, it is a mapping of the other fields.
    """

    def __init__(self, key: str, *, value: str | None = None, what: str = "row") -> None:
        self.key = key
        self.value = value
        self.what = what


class Line:
    """Marks a number that is not written: the line on which the struct stands."""


class FileName:
    """Marks a text that is not written: the name of the file."""


class Inline:
    """Marks a struct that is written as the value of its field ``field``."""

    def __init__(self, field: str) -> None:
        self.field = field


class _Wrong:
    """The value of what is wrong, and was reported."""


_WRONG: Final = _Wrong()
_WORDS_OF_TYPES: Final[dict[type, str]] = {int: "a whole number", float: "a number", bool: "true or false"}


def read_file(
    type_: Any,
    text: str,
    *,
    at: str,
    known: Mapping[str, Collection[str]] | None = None,
    kind: type[DiffscopeError] = RuleError,
) -> Any:
    """Return the value of a file by a type; ``at`` is its name, ``known`` the words of each ``Known``.

    Raises:
        RuleError: (or ``kind``) the file is wrong; the message lists every mistake.
    """
    value, mistakes = check_file(type_, text, at=at, known=known)
    if mistakes:
        raise mistakes_error(mistakes, kind=kind)
    return value


def check_file(
    type_: Any, text: str, *, at: str, known: Mapping[str, Collection[str]] | None = None
) -> tuple[Any, tuple[Mistake, ...]]:
    """Return the value of a file (``None`` where it is wrong) and every mistake in it."""
    reading = Reading(at)
    return read_value(type_, reading.root(text), reading, known=known), tuple(reading.mistakes)


def read_value(
    type_: Any,
    node: Node,
    reading: Reading,
    *,
    what: str = "the file",
    known: Mapping[str, Collection[str]] | None = None,
) -> Any:
    """Return the value of a node by a type; ``None`` where anything is wrong, which then lies in ``reading``."""
    value = _Typed(reading, known or {}).read(type_, node, what)
    return None if isinstance(value, _Wrong) else value


def keys_of(root: Node, section: str | None = None) -> tuple[str, ...]:
    """Return the keys of a mapping, or of a section of it: the names that a table declares, wrong as its rows may be."""
    node = root.get(section) if section is not None and isinstance(root, MapNode) else root
    return node.keys() if isinstance(node, MapNode) else ()


class _Typed:
    """Reads nodes of one file by type."""

    def __init__(self, reading: Reading, known: Mapping[str, Collection[str]]) -> None:
        self._reading = reading
        self._known = known

    def read(self, type_: Any, node: Node, what: str) -> Any:
        """Return the value that a node has by a type; ``_WRONG``, reported, where it has none."""
        bare, marks = _unmarked(type_)
        if get_origin(bare) in (Union, UnionType):
            inner = tuple(each for each in get_args(bare) if each is not NoneType)
            if inner == get_args(Node):
                return node
            is_null = isinstance(node, ScalarNode) and node.value is None
            return None if is_null else self.read(inner[0], node, what)
        return self._marked(bare, marks, node, what)

    def _marked(self, bare: Any, marks: tuple[Any, ...], node: Node, what: str) -> Any:
        if isinstance(inline := _mark(marks, Inline), Inline):
            return self._inline(bare, inline, node, what)
        if isinstance(rows := _mark(marks, Rows), Rows):
            return self._rows(get_args(bare)[0], rows, node, what)
        if get_origin(bare) is tuple:
            return self._items(get_args(bare)[0], marks, node, what)
        if get_origin(bare) is dict:
            return self._mapping(get_args(bare), node, what)
        is_struct = isinstance(bare, type) and issubclass(bare, msgspec.Struct)
        return self._struct(bare, node, what, {}) if is_struct else self._scalar(bare, marks, node, what)

    def _struct(self, type_: Any, node: Node, what: str, given: dict[str, Any]) -> Any:
        """Return a struct of a mapping; ``given`` are fields that stand elsewhere."""
        fields = _fields(type_)
        written = {
            key: field for key, field in fields.items() if field.name not in given and not _unwritten(field)
        }
        required = [key for key, field in written.items() if field.required]
        before = len(self._reading.mistakes)
        self._reading.mapping(node, what, known=written, required=required)
        values = dict(given)
        for entry in node.entries if isinstance(node, MapNode) else ():
            if (field := written.get(entry.key)) is not None:
                values[field.name] = self.read(field.type, entry.value, f"'{entry.key}'{_of(what)}")
        values |= self._places(fields.values(), node)
        is_whole = all(field.name in values for field in fields.values() if field.required)
        if not is_whole or len(self._reading.mistakes) > before or any(map(_is_wrong, values.values())):
            return _WRONG
        try:
            return type_(**values)
        except ValueError as error:
            # What no field alone can tell: __post_init__ says what the value "needs" or "has".
            self._reading.report(node, f"{what} {error}")
            return _WRONG

    def _inline(self, type_: Any, inline: Inline, node: Node, what: str) -> Any:
        fields = {field.name: field for field in _fields(type_).values()}
        value = self.read(fields[inline.field].type, node, what)
        places = self._places(fields.values(), node)
        return _WRONG if _is_wrong(value) else type_(**{inline.field: value}, **places)

    def _places(self, fields: Iterable[msgspec.structs.FieldInfo], node: Node) -> dict[str, Any]:
        """Return what fields that are not written hold: where the struct stands."""
        values: dict[type, Any] = {Line: node.line, FileName: self._reading.path}
        return {field.name: values[mark] for field in fields if (mark := _unwritten(field)) is not None}

    def _rows(self, row: Any, rows: Rows, node: Node, what: str) -> Any:
        type_ = _unmarked(row)[0]
        fields = {field.name: field for field in _fields(type_).values()}
        found = []
        for entry in self._entries(node, what):
            key = ScalarNode(entry.key, entry.key, is_plain=False, line=entry.line, column=entry.column)
            name = self._row_key(fields[rows.key].type, key, rows.what)
            title = f"the {rows.what} '{clipped(entry.key, 40)}'"
            if rows.value is None:
                value = self._struct(type_, entry.value, title, {rows.key: name})
            else:
                inner = self.read(fields[rows.value].type, entry.value, title)
                is_wrong = _is_wrong(inner) or _is_wrong(name)
                value = _WRONG if is_wrong else type_(**{rows.key: name, rows.value: inner})
            found.append(value)
        return _WRONG if not isinstance(node, MapNode) or any(map(_is_wrong, found)) else tuple(found)

    def _row_key(self, type_: Any, key: ScalarNode, what: str) -> Any:
        bare, marks = _unmarked(type_)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return self._inline(bare, next(each for each in marks if isinstance(each, Inline)), key, what)
        return self._scalar(bare, marks, key, f"the {what}")

    def _items(self, item: Any, marks: tuple[Any, ...], node: Node, what: str) -> Any:
        items = self._reading.items(node, what)
        least = _mark(marks, msgspec.Meta)
        if least is not None and least.min_length and isinstance(node, ListNode) and not items:
            self._reading.report(node, f"{what} is an empty list", "list at least one")
            return _WRONG
        names = (
            f"entry {n}" if what == "the file" else f"an entry of {what}" for n in range(1, len(items) + 1)
        )
        found = [self.read(item, each, name) for each, name in zip(items, names, strict=True)]
        return _WRONG if not isinstance(node, ListNode) or any(map(_is_wrong, found)) else tuple(found)

    def _mapping(self, types: tuple[Any, ...], node: Node, what: str) -> Any:
        entries = self._entries(node, what)
        found = {
            entry.key: self.read(types[1], entry.value, f"'{clipped(entry.key, 40)}'{_of(what)}")
            for entry in entries
        }
        bare, marks = _unmarked(types[0])
        for entry in entries:
            key = ScalarNode(entry.key, entry.key, is_plain=False, line=entry.line, column=entry.column)
            if _is_wrong(self._scalar(bare, marks, key, f"a key of {what}")):
                return _WRONG
        return _WRONG if not isinstance(node, MapNode) or any(map(_is_wrong, found.values())) else found

    def _entries(self, node: Node, what: str) -> tuple[Entry, ...]:
        if isinstance(node, MapNode):
            return node.entries
        self._reading.report(node, f"{what} must be a mapping, not {shape(node)}", "write 'key: value'")
        return ()

    def _scalar(self, type_: Any, marks: tuple[Any, ...], node: Node, what: str) -> Any:
        if get_origin(type_) is Literal:
            return self._word(get_args(type_), "word", node, what)
        if isinstance(type_, type) and issubclass(type_, Enum):
            word = self._word([each.value for each in type_], type_.__name__.lower(), node, what)
            return word if _is_wrong(word) else type_(word)
        if type_ is str:
            return self._text(marks, node, what)
        value: Any = node.value if isinstance(node, ScalarNode) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if (type_ is float and is_number) or (type(value) is type_ and type_ in _WORDS_OF_TYPES):
            return type_(value)
        expected = _WORDS_OF_TYPES[type_]
        self._reading.report(node, f"{what} must be {expected}, not {shape(node)}", f"write {expected}")
        return _WRONG

    def _text(self, marks: tuple[Any, ...], node: Node, what: str) -> Any:
        if isinstance(known := _mark(marks, Known), Known):
            words = self._known.get(known.what)
            if words is not None:
                return self._word(words, known.what, node, what)
        length = _mark(marks, msgspec.Meta)
        may_be_empty = length is not None and length.min_length == 0
        if may_be_empty and isinstance(node, ScalarNode) and node.value == "":
            return ""
        text = self._reading.text(node, what)
        for check in (each for each in marks if isinstance(each, Check)):
            if text and (found := check.problem(text)) is not None:
                self._reading.report(node, *found)
                return _WRONG
        return text or _WRONG

    def _word(self, words: Iterable[Any], noun: str, node: Node, what: str) -> Any:
        known = [str(word) for word in words]
        text = self._reading.text(node, what)
        if not text or text in known:
            return text or _WRONG
        message = f"unknown {noun} '{clipped(text)}' in {what}"
        self._reading.report(node, message, nearest(text, known))
        return _WRONG


@lru_cache(maxsize=128)
def _fields(type_: Any) -> dict[str, msgspec.structs.FieldInfo]:
    """Return the fields of a struct by the key that each is written as."""
    return {field.encode_name: field for field in msgspec.structs.fields(type_)}


def _unmarked(type_: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without ``Annotated``, and the marks."""
    return (type_.__origin__, type_.__metadata__) if get_origin(type_) is Annotated else (type_, ())


def _mark(marks: tuple[Any, ...], kind: type) -> Any:
    found: Iterator[Any] = (mark for mark in marks if isinstance(mark, kind))
    return next(found, None)


def _of(what: str) -> str:
    return "" if what == "the file" else f" of {what}"


def _unwritten(field: msgspec.structs.FieldInfo) -> type | None:
    """Return the mark of a field that is not written, ``Line`` or ``FileName``; ``None`` for one that is."""
    marks = _unmarked(field.type)[1]
    return next(
        (kind for kind in (Line, FileName) for mark in marks if mark is kind or isinstance(mark, kind)), None
    )


def _is_wrong(value: object) -> bool:
    return isinstance(value, _Wrong)
