"""Units and bindings of both sides of a native file -> what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Generic, TypeVar

from diffscope.source.pairing import pair_equal
from diffscope.syntax.compare.line_changes import compare_token_lines
from diffscope.syntax.compare.matching import OTHER_NAME, similarity, trigrams_of
from diffscope.syntax.model import (
    Aspect,
    NativeChange,
    NativeFunction,
    NativeSignal,
    NativeSignalChange,
    OperatorBinding,
    OperatorChange,
)

_SMALLEST = 24
"""Tokens below which equal bodies under two names tell nothing."""
_MOST_PAIRS = 10_000


Origin = TypeVar("Origin")


@dataclass(eq=False, kw_only=True)
class Unit(Generic[Origin]):
    """One function or item of a file, or (with none) the rest of it: what is compared."""

    origin: Origin
    """What its signals are read from."""
    function: NativeFunction | None
    """The function; ``None`` for the rest of the file."""
    source: bytes
    """The whole file."""
    code: bytes
    """Its own code, comments blanked."""
    start: int = 0
    """Where the code begins in the file."""
    body: int = 0
    """Where in the file the body begins."""
    line_at: Callable[[int], int]
    """Position in the file -> line."""
    read_tokens: Callable[[bytes], list[tuple[str, int]]]
    """Code -> tokens with their positions."""

    @property
    def name(self) -> str:
        """The qualified name; empty for the rest of the file."""
        return self.function.name if self.function is not None else ""

    @cached_property
    def text(self) -> bytes:
        """The source, comments included; for the rest of the file its code."""
        return (
            self.source[self.start : self.start + len(self.code)] if self.function is not None else self.code
        )

    @cached_property
    def tokens(self) -> list[tuple[str, int]]:
        """Tokens with their lines."""
        return [(token, self.line_at(self.start + at)) for token, at in self.read_tokens(self.code)]

    @cached_property
    def head_and_body(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tokens of the head and those of the body; the rest of the file is all body."""
        at = self.body - self.start if self.function is not None else 0
        head, body = self.read_tokens(self.code[:at]), self.read_tokens(self.code[at:])
        return tuple(token for token, _ in head), tuple(token for token, _ in body)


Some = TypeVar("Some", bound=Unit[Any])
Pair = tuple[Some | None, Some | None]


def compare_functions(
    before: Iterable[Some], after: Iterable[Some], read_signals: Callable[[Some], list[NativeSignal]]
) -> tuple[NativeChange, ...]:
    """Return the changed functions by line; the rest of the file, where it changed, has no name."""
    changes = [_compare(pair, read_signals) for pair in _match(list(before), list(after))]
    return tuple(
        sorted(
            (change for change in changes if change is not None),
            key=lambda change: (change.line, change.name),
        )
    )


def compare_operators(
    before: Iterable[OperatorBinding], after: Iterable[OperatorBinding]
) -> tuple[OperatorChange, ...]:
    """Return the changed operators by line, then by name."""
    old, new = _by_operator(before), _by_operator(after)
    changes = []
    for key in sorted({*old, *new}):
        was, now = old.get(key, []), new.get(key, [])
        texts = [_show(each) for each in was], [_show(each) for each in now]
        if sorted(texts[0]) == sorted(texts[1]):
            continue
        word = "schema" if key[2] == "schema" else "implementation"
        if key[2] == "schema" and not (was and now):
            word = "added" if now else "removed"
        line = (now or was)[0].line
        before_text, after_text = "; ".join(texts[0]) or None, "; ".join(texts[1]) or None
        changes.append(
            OperatorChange(
                namespace=key[0], name=key[1], change=word, line=line, before=before_text, after=after_text
            )
        )
    return tuple(
        sorted(changes, key=lambda change: (change.line, change.namespace, change.name, change.change))
    )


def _by_operator(bindings: Iterable[OperatorBinding]) -> dict[tuple[str, str, str], list[OperatorBinding]]:
    groups: dict[tuple[str, str, str], list[OperatorBinding]] = defaultdict(list)
    for binding in bindings:
        groups[binding.namespace, binding.name, binding.what].append(binding)
    return groups


def _show(binding: OperatorBinding) -> str:
    if binding.what == "schema":
        return binding.schema or "inferred"
    asked = f" if {' and '.join(binding.guards)}" if binding.guards else ""
    return f"{binding.device or 'any'}: {binding.function or '…'}{asked}"


def _match(before: list[Some], after: list[Some]) -> list[Pair[Some]]:
    groups: dict[str, tuple[list[Some], list[Some]]] = defaultdict(lambda: ([], []))
    for unit in before:
        groups[unit.name][0].append(unit)
    for unit in after:
        groups[unit.name][1].append(unit)
    pairs: list[Pair[Some]] = []
    for old, new in groups.values():
        pairs += _match_group(old, new)
    return _match_moved(pairs)


def _match_group(old: list[Some], new: list[Some]) -> list[Pair[Some]]:
    """Pair functions of one name (overloads, platform variants): equal texts, then equal heads, then in order."""
    pairs: list[Pair[Some]] = []
    for same in (_same_text, _same_head, _any):
        for unit in list(old):
            other = next((each for each in new if same(unit, each)), None)
            if other is not None:
                pairs.append((unit, other))
                old.remove(unit)
                new.remove(other)
    return pairs + [(unit, None) for unit in old] + [(None, unit) for unit in new]


def _same_text(one: Unit[Any], other: Unit[Any]) -> bool:
    return one.text == other.text and _guards(one) == _guards(other)


def _same_head(one: Unit[Any], other: Unit[Any]) -> bool:
    return one.head_and_body[0] == other.head_and_body[0] and _guards(one) == _guards(other)


def _any(one: Unit[Any], other: Unit[Any]) -> bool:
    return True


def _guards(unit: Unit[Any]) -> tuple[str, ...]:
    return unit.function.guards if unit.function is not None else ()


def _match_moved(pairs: list[Pair[Some]]) -> list[Pair[Some]]:
    """Join removed and added functions whose bodies are alike, those most alike first."""
    gone = [old for old, new in pairs if new is None and old is not None and _is_telling(old)]
    come = [new for old, new in pairs if old is None and new is not None and _is_telling(new)]
    if not gone or not come or len(gone) * len(come) > _MOST_PAIRS:
        return pairs
    old_bodies, new_bodies = ([trigrams_of(unit.head_and_body[1]) for unit in side] for side in (gone, come))
    scored = sorted(
        (-score, at, place)
        for at, old_body in enumerate(old_bodies)
        for place, new_body in enumerate(new_bodies)
        if (score := similarity(old_body, new_body, least=OTHER_NAME)) >= OTHER_NAME
    )
    origins: dict[int, Some] = {}
    taken: set[int] = set()
    for _, at, place in scored:
        if id(gone[at]) not in taken and id(come[place]) not in origins:
            taken.add(id(gone[at]))
            origins[id(come[place])] = gone[at]
    return [
        (origins.get(id(new)) if old is None else old, new)
        for old, new in pairs
        if new is not None or id(old) not in taken
    ]


def _is_telling(unit: Unit[Any]) -> bool:
    return unit.function is not None and len(unit.head_and_body[1]) >= _SMALLEST


def _compare(pair: Pair[Some], read_signals: Callable[[Some], list[NativeSignal]]) -> NativeChange | None:
    old, new = pair
    unit = new or old
    aspects = _aspects(old, new)
    if unit is None or not aspects:
        return None
    logic = any(aspect not in (Aspect.COSMETIC, Aspect.MESSAGE, Aspect.MOVED) for aspect in aspects)
    added, removed = (
        compare_token_lines(old.tokens if old else [], new.tokens if new else []) if logic else ((), ())
    )
    function = unit.function
    touched = (added if new else removed) or (1,)
    return NativeChange(
        name=unit.name,
        aspects=aspects,
        logic=logic,
        line=function.line if function else touched[0],
        end=function.end if function else touched[-1],
        before=old.function if old else None,
        after=new.function if new else None,
        moved_from=old.name if old and new and old.name != new.name else None,
        signals=_signal_changes(old, new, read_signals) if logic else (),
        added_lines=added,
        removed_lines=removed,
    )


def _aspects(old: Unit[Any] | None, new: Unit[Any] | None) -> tuple[Aspect, ...]:
    if old is None or new is None:
        unit = old or new
        if unit is None or not unit.tokens:
            return ()
        return (Aspect.ADDED,) if old is None else (Aspect.REMOVED,)
    moved = (Aspect.MOVED,) if old.name != new.name else ()
    guarded = _guards(old) != _guards(new)
    if old.text == new.text and not guarded:
        return moved
    signature = (Aspect.SIGNATURE,) if not moved and old.head_and_body[0] != new.head_and_body[0] else ()
    body: tuple[Aspect, ...] = ()
    if guarded or old.head_and_body[1] != new.head_and_body[1]:
        is_logic = guarded or _untold(old.head_and_body[1]) != _untold(new.head_and_body[1])
        body = (Aspect.BODY if is_logic else Aspect.MESSAGE,)
    found = (*moved, *signature, *body)
    # Outside of functions the text is the code alone, and its layout says nothing.
    return found or (() if new.function is None else (Aspect.COSMETIC,))


def _untold(tokens: tuple[str, ...]) -> list[str]:
    """Return tokens without what checks of torch say where they fail: all behind their conditions."""
    kept: list[str] = []
    depth, check, is_said = 0, 0, False
    for before, each in pairwise(("", *tokens)):
        depth += (each == "(") - (each == ")")
        if each == "(" and not check and before.endswith("TORCH_CHECK"):
            check = depth
        elif depth < check:
            check, is_said = 0, False
        is_said = is_said or (0 < check == depth and each == ",")
        if not is_said:
            kept.append(each)
    return kept


def _signal_changes(
    old: Some | None, new: Some | None, read_signals: Callable[[Some], list[NativeSignal]]
) -> tuple[NativeSignalChange, ...]:
    was = read_signals(old) if old else []
    now = read_signals(new) if new else []
    paired = pair_equal(was, now, key=_identity)
    changes = [NativeSignalChange(what="added", signal=signal) for signal in paired.come]
    changes += [NativeSignalChange(what="removed", signal=signal) for signal in paired.gone]
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                change.signal.line,
                change.what,
                change.signal.kind.value,
                change.signal.text,
            ),
        )
    )


def _identity(signal: NativeSignal) -> tuple[str, str, tuple[str, ...]]:
    return signal.kind.value, "".join(signal.text.split()), signal.guards
