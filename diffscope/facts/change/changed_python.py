"""The changes in a Python file, each place as a region of the text it belongs to.

Syntax counts lines within the bytes that it is given; here these numbers meet the text they count in, and from here on no line
is told without it. So a symbol that came from another file has its old lines in that file, whoever asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.source.model import RepoPath, Value
from diffscope.source.text import LineCount, Lines, Region, SourceText
from diffscope.syntax.model import (
    Aspect,
    Comparison,
    ConditionChange,
    Definition,
    DefinitionKind,
    Import,
    InnerChange,
    Outline,
    ParameterChange,
    Problem,
    Signal,
    SignalChange,
    StatementEdit,
    SymbolChange,
)


class MovedFrom(Value, frozen=True, kw_only=True):
    """Where a symbol was before the change."""

    name: str
    """Its qualified name there."""
    path: RepoPath | None = None
    """The changed file, by the name that the change gives it; ``None`` for a new name or place in the same scope of the same file."""
    region: Region | None = None
    """All of it there."""

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.path else self.name


class ChangedSignal(Value, frozen=True, kw_only=True):
    """A signal that one side has and the other has not."""

    what: str
    """As in ``SignalChange``."""
    signal: Signal
    region: Region | None
    """Its line: of the old text for one that went."""
    before: Signal | None = None


class ChangedCondition(Value, frozen=True, kw_only=True):
    """A condition that came, went or changed."""

    condition: ConditionChange
    region: Region | None
    """Its first line: of the old text for one that went."""


class ChangedStatement(Value, frozen=True, kw_only=True):
    """A statement that came, went or changed."""

    edit: StatementEdit
    region: Region | None
    """Its first line: of the old text for one that went."""


class ChangedInner(Value, frozen=True, kw_only=True):
    """A definition inside a changed function that came, went or changed."""

    name: str
    kind: DefinitionKind
    aspect: Aspect
    region: Region | None


class ChangedSymbol(Value, frozen=True, kw_only=True):
    """What changed in one symbol. ``before`` and what went lie in ``old_text``, all else in ``new_text``."""

    name: str
    kind: DefinitionKind
    aspects: tuple[Aspect, ...]
    logic: bool
    region: Region | None
    """From the line of its name to its last one, in the old text for a removed one; ``None`` in a text without lines."""
    before: Definition | None = None
    after: Definition | None = None
    old_text: SourceText | None = None
    new_text: SourceText | None = None
    moved_from: MovedFrom | None = None
    parameters: tuple[ParameterChange, ...] = ()
    signals: tuple[ChangedSignal, ...] = ()
    added: Lines | None = None
    """Code lines (no blank, comment, docstring) of this symbol alone that differ, in the new text."""
    removed: Lines | None = None
    conditions: tuple[ChangedCondition, ...] = ()
    edits: tuple[ChangedStatement, ...] = ()
    branches_added: int = 0
    inner: tuple[ChangedInner, ...] = ()
    summary: str = ""

    @property
    def code_added(self) -> LineCount:
        """How many code lines it gained."""
        return self.added.count if self.added is not None else LineCount(0)

    @property
    def code_removed(self) -> LineCount:
        """How many code lines it lost."""
        return self.removed.count if self.removed is not None else LineCount(0)

    @property
    def whole_before(self) -> Region | None:
        """All of it before the change, decorators included; ``None`` where it was not there."""
        return _whole(self.old_text, self.before)

    @property
    def whole_after(self) -> Region | None:
        """All of it after the change, decorators included; ``None`` where it is not there."""
        return _whole(self.new_text, self.after)


class ChangedPython(Value, frozen=True, kw_only=True):
    """Both sides of one Python file compared."""

    symbols: tuple[ChangedSymbol, ...]
    imports_added: tuple[Import, ...] = ()
    imports_removed: tuple[Import, ...] = ()
    before: Outline | None = None
    after: Outline | None = None
    problems: tuple[Problem, ...] = ()
    """As in ``Comparison``."""


def in_texts(comparison: Comparison, before: SourceText | None, after: SourceText | None) -> ChangedPython:
    """Return what syntax found between two texts with its places in them."""
    return ChangedPython(
        symbols=tuple(symbol_in_texts(change, before, after) for change in comparison.symbols),
        imports_added=comparison.imports_added,
        imports_removed=comparison.imports_removed,
        before=comparison.before,
        after=comparison.after,
        problems=comparison.problems,
    )


def symbol_in_texts(
    change: SymbolChange, before: SourceText | None, after: SourceText | None
) -> ChangedSymbol:
    """Return what syntax found of one symbol with its places in the two texts that were compared."""
    is_removed = Aspect.REMOVED in change.aspects
    return ChangedSymbol(
        name=change.name,
        kind=change.kind,
        aspects=change.aspects,
        logic=change.logic,
        region=_part(before if is_removed else after, change.line, change.end),
        before=change.before,
        after=change.after,
        old_text=before,
        new_text=after,
        moved_from=_moved_from(change, before),
        parameters=change.parameters,
        signals=tuple(_signals(change.signals, before, after)),
        added=_lines(after, change.added_lines),
        removed=_lines(before, change.removed_lines),
        conditions=tuple(_conditions(change.conditions, before, after)),
        edits=tuple(_edits(change.edits, before, after)),
        branches_added=change.branches_added,
        inner=tuple(_inner(each, before, after) for each in change.inner),
        summary=change.summary,
    )


def _moved_from(change: SymbolChange, before: SourceText | None) -> MovedFrom | None:
    if change.moved_from is None:
        return None
    return MovedFrom(name=change.moved_from, region=_whole(before, change.before))


def _signals(
    changes: Iterable[SignalChange], before: SourceText | None, after: SourceText | None
) -> Iterable[ChangedSignal]:
    for change in changes:
        text, line = before if change.what == "removed" else after, change.signal.line
        yield ChangedSignal(
            what=change.what, signal=change.signal, region=_part(text, line, line), before=change.before
        )


def _conditions(
    changes: Iterable[ConditionChange], before: SourceText | None, after: SourceText | None
) -> Iterable[ChangedCondition]:
    for change in changes:
        text = before if change.change == "removed" else after
        yield ChangedCondition(condition=change, region=_part(text, change.line, change.line))


def _edits(
    edits: Iterable[StatementEdit], before: SourceText | None, after: SourceText | None
) -> Iterable[ChangedStatement]:
    for edit in edits:
        text = before if edit.change == "removed" else after
        yield ChangedStatement(edit=edit, region=_part(text, edit.line, edit.line))


def _inner(each: InnerChange, before: SourceText | None, after: SourceText | None) -> ChangedInner:
    text = before if each.aspect is Aspect.REMOVED else after
    return ChangedInner(
        name=each.name, kind=each.kind, aspect=each.aspect, region=_part(text, each.line, each.end)
    )


def _lines(text: SourceText | None, numbers: tuple[int, ...]) -> Lines | None:
    return text.lines_at(numbers) if text is not None and numbers else None


def _part(text: SourceText | None, start: int, end: int) -> Region | None:
    return text.part(start, end) if text is not None else None


def _whole(text: SourceText | None, definition: Definition | None) -> Region | None:
    return _part(text, definition.start, definition.end) if definition is not None else None
