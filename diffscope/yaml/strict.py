"""Stage 0, strict YAML: text -> Node tree. The one door to PyYAML. Pure.

Two readings of YAML live here:

``parse_strict`` is for files that diffscope owns (rules, cases, areas, ``diffscope.yml``). It refuses duplicate keys,
anchors, aliases, merge keys, tags, directives, several documents and keys that are not text, and reports all of
them at once. Plain scalars are read by the core schema of YAML 1.2, with three exceptions that all fall back to
text, so that nothing is turned into a number behind an author's back: numbers with a leading zero (``010``,
``00.5``), numbers of more than 18 digits, and ``.inf``/``.nan``. So ``on``, ``yes``, ``no``, ``12:30``,
``1_000``, ``2026-03-23`` and ``0.1.0`` are text; ``0x1F`` and ``0o17`` are integers. Keys are always text.

``parse_tolerant`` is for other people's files. It reads scalars as PyYAML does (YAML 1.1, since the tools of vLLM
that read those files use it; dates and base-60 numbers stay text), reports duplicate keys and keeps the last one, expands
aliases and merge keys up to a cap, takes unknown tags off, and reads all that stands before the first syntax error.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Protocol

import msgspec

from diffscope.yaml.scalars import Places, Scalar, read_core, read_yaml_11


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a YAML file is read: characters of text, levels of nesting, nodes after expanding aliases."""

    max_characters: int = 1_000_000
    max_depth: int = 32
    max_nodes: int = 100_000


STRICT_LIMITS: Final = Limits()
TOLERANT_LIMITS: Final = Limits(max_characters=4_000_000, max_depth=64, max_nodes=400_000)
MOST_PROBLEMS: Final = 50


class ScalarNode(msgspec.Struct, frozen=True):
    """One scalar: its value, the text as written, whether it stood without quotes; line and column from 1."""

    value: Scalar
    text: str
    is_plain: bool
    line: int
    column: int


class ListNode(msgspec.Struct, frozen=True):
    """A sequence; line and column of its start, from 1."""

    items: tuple[Node, ...]
    line: int
    column: int


class Entry(msgspec.Struct, frozen=True):
    """A key of a mapping with its value; line and column are the key's, from 1."""

    key: str
    value: Node
    line: int
    column: int


class MapNode(msgspec.Struct, frozen=True):
    """A mapping in the order of the file; keys are unique, but in a strict file that is refused. Line and column of its start, from 1."""

    entries: tuple[Entry, ...]
    line: int
    column: int

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a key, ``None`` where it is absent."""
        for entry in self.entries:
            if entry.key == key:
                return entry
        return None

    def get(self, key: str) -> Node | None:
        """Return the value of a key, ``None`` where it is absent."""
        entry = self.entry(key)
        return entry.value if entry else None

    def keys(self) -> tuple[str, ...]:
        """Return the keys in the order of the file."""
        return tuple(entry.key for entry in self.entries)


Node = ScalarNode | ListNode | MapNode


class YamlProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong in a YAML file, and what to do; line and column from 1."""

    message: str
    hint: str
    line: int
    column: int
    kind: Literal["syntax", "limit", "duplicate-key", "form"] = "form"
    """Not YAML; over a cap; a key that was there already; YAML that our own files may not hold."""

    @property
    def stops_reading(self) -> bool:
        """What stands behind it was not read."""
        return self.kind in ("syntax", "limit")


def parse_strict(text: str, *, limits: Limits = STRICT_LIMITS) -> tuple[Node, tuple[YamlProblem, ...]]:
    """Return the tree as far as it could be read, and every problem; never raises on bad input."""
    documents, problems = _compose(text, limits=limits, is_strict=True)
    return (documents[0] if documents else _null(1, 1)), problems


def parse_tolerant(
    text: str, *, limits: Limits = TOLERANT_LIMITS
) -> tuple[tuple[Node, ...], tuple[YamlProblem, ...]]:
    """Return the tree of each document of somebody else's file, and its problems; never raises on bad input."""
    return _compose(text, limits=limits, is_strict=False)


def plain(node: Node) -> object:
    """Return a node as plain ``dict``, ``list`` and scalars."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {entry.key: plain(entry.value) for entry in node.entries}


class _Stop(Exception):  # noqa: N818 - control flow inside this module, never seen outside
    """A cap was hit: what is composed so far is all there will be."""


class _Events(Protocol):
    """The part of PyYAML's loaders that is used: a pull parser."""

    def get_event(self) -> Any:
        """Return the next event."""


def _compose(
    text: str, *, limits: Limits, is_strict: bool
) -> tuple[tuple[Node, ...], tuple[YamlProblem, ...]]:
    # yaml takes some 15 ms to import; commands that read no YAML should not pay for it.
    import yaml  # noqa: PLC0415

    if len(text) > limits.max_characters:
        message = f"the file has {len(text):,} characters; at most {limits.max_characters:,} are read"
        return (), (YamlProblem(message, "split the file", 1, 1, "limit"),)
    text = text.removeprefix("\ufeff")
    places = Places(text)
    composer: _Composer | None = None
    stopped: tuple[YamlProblem, ...] = ()
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        composer = (_StrictComposer if is_strict else _TolerantComposer)(loader, limits, places)
        composer.compose_stream()
    except _Stop:
        pass
    except yaml.YAMLError as error:
        stopped = (_syntax_problem(error, text, limits, places),)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = "the text holds a lone surrogate, which is not a character"
        stopped = (YamlProblem(message, "remove it", line, 1, "syntax"),)
    if composer is None:
        return (), stopped
    return tuple(composer.documents), (*composer.problems, *stopped)


def _syntax_problem(error: Any, text: str, limits: Limits, places: Places) -> YamlProblem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None and "nesting depth" in str(error.problem):
        # libyaml reads far ahead of what it tells, and since 0.2.6 it has a limit of its own, above any of ours.
        return _too_deep(limits, *places.of(mark))
    if mark is not None:
        context = f" {error.context}" if error.context else ""
        message = f"not valid YAML: {error.problem}{context}"
        hint = "correct the syntax on this line or the one before"
        return YamlProblem(message, hint, *places.of(mark), "syntax")
    position = getattr(error, "position", None)
    line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
    reason = str(getattr(error, "reason", error)).partition("\n")[0]
    return YamlProblem(f"not valid YAML: {reason}", "remove the character", line, 1, "syntax")


def _too_deep(limits: Limits, line: int, column: int) -> YamlProblem:
    message = f"values are nested more than {limits.max_depth} levels deep"
    return YamlProblem(message, "flatten the structure", line, column, "limit")


class _Composer:
    """Events -> nodes, one document after the other; what is forbidden differs in the two subclasses."""

    _keeps_duplicates = True
    """What stands under the first of two equal keys may be wrong too."""

    def __init__(self, loader: _Events, limits: Limits, places: Places) -> None:
        self.documents: list[Node] = []
        self.problems: list[YamlProblem] = []
        self._next = loader.get_event
        self._limits = limits
        self._place_of = places.of
        self._count = 0

    def compose_stream(self) -> None:
        """Compose every document; the caller takes what is in ``documents`` when an error cuts this short."""
        self._next()
        while type(event := self._next()).__name__ == "DocumentStartEvent":
            self._on_document(event)
            self.documents.append(self._node(self._next(), 1))
            self._next()

    def _node(self, event: Any, depth: int) -> Node:
        self._count += 1
        line, column = self._place_of(event.start_mark)
        if self._count > self._limits.max_nodes:
            message = f"the file has more than {self._limits.max_nodes:,} values"
            self.problems.append(YamlProblem(message, "split the file", line, column, "limit"))
            raise _Stop
        if depth > self._limits.max_depth:
            self.problems.append(_too_deep(self._limits, line, column))
            raise _Stop
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._on_alias(event.anchor, depth, line, column)
        if event.anchor is not None or event.tag is not None:
            self._on_marks(event, line, column)
        before = self._count
        node = self._content(kind, event, depth, line, column)
        if event.anchor is not None:
            self._on_anchored(event.anchor, node, self._count - before + 1)
        return node

    def _content(self, kind: str, event: Any, depth: int, line: int, column: int) -> Node:
        if kind == "ScalarEvent":
            is_plain = event.implicit[0] and not event.style
            text: str = event.value
            return ScalarNode(self._scalar(text) if is_plain else text, text, is_plain, line, column)
        if kind == "SequenceStartEvent":
            items: list[Node] = []
            while type(event := self._next()).__name__ != "SequenceEndEvent":
                items.append(self._node(event, depth + 1))
            return ListNode(tuple(items), line, column)
        return self._mapping(depth, line, column)

    def _mapping(self, depth: int, line: int, column: int) -> Node:
        entries: dict[str, Entry] = {}
        merged: set[str] = set()
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, ScalarNode):
                self._problem("a key is not text", "write the key as a word", key.line, key.column)
            elif key.text == "<<" and key.is_plain:
                self._on_merge(entries, merged, key, value)
            else:
                if key.text in entries:
                    first = entries.pop(key.text)
                    self._on_duplicate(first, merged, key)
                    if self._keeps_duplicates:
                        entries[f"{key.text}\0{first.line}:{first.column}"] = first
                entries[key.text] = Entry(key.text, value, key.line, key.column)
        return MapNode(tuple(entries.values()), line, column)

    def _on_duplicate(self, first: Entry, merged: set[str], key: ScalarNode) -> None:
        if key.text in merged:
            merged.remove(key.text)
            return
        message = f"duplicate key {key.text!r}, first on line {first.line}"
        self._problem(message, "remove or rename one of the two", key.line, key.column, "duplicate-key")

    def _problem(
        self, message: str, hint: str, line: int, column: int, kind: Literal["duplicate-key", "form"] = "form"
    ) -> None:
        self.problems.append(YamlProblem(message, hint, line, column, kind))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _Stop

    def _scalar(self, text: str) -> Scalar:
        raise NotImplementedError

    def _on_document(self, event: Any) -> None:
        raise NotImplementedError

    def _on_alias(self, anchor: str, depth: int, line: int, column: int) -> Node:
        raise NotImplementedError

    def _on_marks(self, event: Any, line: int, column: int) -> None:
        raise NotImplementedError

    def _on_anchored(self, anchor: str, node: Node, size: int) -> None:
        raise NotImplementedError

    def _on_merge(self, entries: dict[str, Entry], merged: set[str], key: ScalarNode, value: Node) -> None:
        raise NotImplementedError


class _StrictComposer(_Composer):
    """The subset for our own files."""

    def _scalar(self, text: str) -> Scalar:
        return read_core(text)

    def _on_document(self, event: Any) -> None:
        line, column = self._place_of(event.start_mark)
        if self.documents:
            message = "the file holds more than one document"
            self._problem(message, "keep one document in a file", line, column)
            raise _Stop
        if event.version or event.tags:
            self._problem("directives (%YAML, %TAG) are not allowed", "remove the line", line, 1)

    def _on_alias(self, anchor: str, depth: int, line: int, column: int) -> Node:
        self._problem(f"the alias *{anchor} is not allowed", "write the value out", line, column)
        return _null(line, column)

    def _on_marks(self, event: Any, line: int, column: int) -> None:
        if event.anchor is not None:
            self._problem(f"the anchor &{event.anchor} is not allowed", "write the value out", line, column)
        if event.tag is not None:
            self._problem(f"the tag {event.tag} is not allowed", "remove the tag; quote text", line, column)

    def _on_anchored(self, anchor: str, node: Node, size: int) -> None:
        """Nothing to keep: no alias may name it."""

    def _on_merge(self, entries: dict[str, Entry], merged: set[str], key: ScalarNode, value: Node) -> None:
        self._problem("merge keys (<<) are not allowed", "write the keys out", key.line, key.column)


class _TolerantComposer(_Composer):
    """What other people's files may hold, as PyYAML's safe loader reads it."""

    _keeps_duplicates = False

    def __init__(self, loader: _Events, limits: Limits, places: Places) -> None:
        super().__init__(loader, limits, places)
        self._anchors: dict[str, tuple[Node, int, int]] = {}

    def _scalar(self, text: str) -> Scalar:
        return read_yaml_11(text)

    def _on_document(self, event: Any) -> None:
        self._anchors = {}

    def _on_alias(self, anchor: str, depth: int, line: int, column: int) -> Node:
        node, size, height = self._anchors.get(anchor, (_null(line, column), 0, 0))
        if not size:
            self._problem(f"the alias *{anchor} names no anchor before it", "define it first", line, column)
        self._count += size
        if depth + height > self._limits.max_depth:
            self._problem(f"the alias *{anchor} nests values too deep", "flatten the structure", line, column)
            raise _Stop
        return node

    def _on_marks(self, event: Any, line: int, column: int) -> None:
        if event.tag is not None and not str(event.tag).startswith("tag:yaml.org,2002:"):
            self._problem(
                f"the tag {event.tag} is unknown; its value is read as if untagged", "", line, column
            )

    def _on_anchored(self, anchor: str, node: Node, size: int) -> None:
        self._anchors[anchor] = (node, size, _height(node))

    def _on_merge(self, entries: dict[str, Entry], merged: set[str], key: ScalarNode, value: Node) -> None:
        for source in value.items if isinstance(value, ListNode) else (value,):
            if not isinstance(source, MapNode):
                self._problem("a merge key (<<) needs a mapping", "", key.line, key.column)
                continue
            for entry in source.entries:
                if entry.key not in entries:
                    entries[entry.key] = entry
                    merged.add(entry.key)


def _height(node: Node) -> int:
    """Levels of nesting below a node; its own depth is capped, so this recursion is."""
    if isinstance(node, ListNode):
        return 1 + max(map(_height, node.items), default=0)
    if isinstance(node, MapNode):
        return 1 + max((_height(entry.value) for entry in node.entries), default=0)
    return 0


def _null(line: int, column: int) -> ScalarNode:
    return ScalarNode(None, "", is_plain=True, line=line, column=column)
