"""Places of a change with one cause, whose flags are merged: what is removed together with an option, and what replaces what was removed.

An option takes along what only served it. A stretch of removed lines serves it that names it, or a thing that went with it: one whose
definition was removed and that no changed file names any more. A symbol that lost nothing but such stretches serves it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from diffscope.diff.model import FileStatus, Hunk, Line
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import Cause, CausePart, ChangeFacts, Located, OptionFact
from diffscope.facts.vocabulary import records
from diffscope.patterns import lazy_regex
from diffscope.source.text import SideWord

_WORD: Final = lazy_regex(r"[A-Za-z_]\w{5,}")
_DEFINES: Final = lazy_regex(
    r"""(?:^\s*(?:async\s+)?(?:def|class)\s+|(?:^\s*|\bself\.)(?=\w+\s*(?::[^=]*)?=[^=])|\bop_name\s*=\s*["']|^\s*["'](?=\w+["']\s*:))(\w{6,})"""
)
_STARTS: Final = lazy_regex(r"\s*(?:(?:async\s+)?def|class)\s|\s*@")
_PRODUCT: Final = frozenset({"source", "native"})
_ROLES: Final = {
    "option": "what",
    "dependency": "kind",
    "import": "layer",
    "call": "role",
    "registry": "registry",
}
"""Facts that come and go, and the field that says what part they play."""
_ENDS: Final = frozenset({"added", "removed"})


class _Stretch(NamedTuple):
    """Removed lines that follow each other, in one definition; ``is_pure`` where nothing was added in their place."""

    path: str
    first: int
    last: int
    words: frozenset[str]
    defined: frozenset[str]
    is_pure: bool


def with_causes(facts: ChangeFacts, placed: Sequence[Placed]) -> ChangeFacts:
    """Return the facts with the places that are one change."""
    found = (*_going_along(facts.option, placed), *_replacing(facts, placed))
    return msgspec.structs.replace(facts, cause=tuple(found))


def _going_along(options: Sequence[OptionFact], placed: Sequence[Placed]) -> Iterator[Cause]:
    removed = ((_last_word(option.name), option) for option in options if option.change == "removed")
    roots = {word: option for word, option in removed if len(word) >= 6}
    files = [one for one in placed if one.fact.category in _PRODUCT and _is_known(one)]
    if not roots or not files:
        return
    left = {word for one in files if one.material.after for word in _WORD.findall(one.material.after.text)}
    left |= {_last_word(option.name) for option in options if option.change == "added"}
    stretches = [each for one in files for each in _stretches(one)]
    defined = frozenset[str]().union(*(each.defined for each in stretches)) - left
    for word, option in sorted(roots.items()):
        if word in left:
            continue
        serving = _serving(word, stretches, defined)
        parts = [CausePart(path=each.path, first=each.first, last=each.last, side="old") for each in serving]
        parts += (part for one in files for part in _symbols_that_lost_only(one, serving))
        yield _cause("goes-along", option.name, option, parts)


def _serving(word: str, stretches: Sequence[_Stretch], defined: frozenset[str]) -> list[_Stretch]:
    """Return the stretches that serve an option, by the names that went with it."""
    gone = {word}
    serving: set[_Stretch] = set()
    while found := {each for each in stretches if each not in serving and not gone.isdisjoint(each.words)}:
        serving |= found
        for each in found:
            # What was rewritten names what it needs besides: only what went whole takes its own names along.
            gone |= each.words & defined if each.is_pure else frozenset()
    return sorted(serving, key=lambda each: (each.path, each.first))


def _symbols_that_lost_only(one: Placed, serving: Iterable[_Stretch]) -> Iterator[CausePart]:
    """Yield the symbols that stay and of which nothing changed but what these stretches took."""
    own = (each for each in serving if each.path == one.fact.path)
    lines = {number for each in own for number in range(each.first, each.last + 1)}
    for symbol in one.symbols:
        whole, removed = symbol.whole_after, symbol.removed
        if whole is None or removed is None or removed.text is not one.material.before:
            continue
        # A line that lost a word was rewritten: as many lines came as went, and never more.
        if removed.count and lines.issuperset(removed.numbers) and symbol.code_added <= symbol.code_removed:
            yield CausePart(path=one.fact.path, first=whole.start, last=whole.end, side="new")


def _stretches(one: Placed) -> Iterator[_Stretch]:
    for went, came in _changes(one):
        # Of what was rewritten each line speaks for itself: the one beside it may be an edit of its own.
        for piece in _by_definition(went) if not came else ([line] for line in went):
            yield _Stretch(
                path=one.fact.path,
                first=piece[0].number,
                last=piece[-1].number,
                words=frozenset(word for line in piece for word in _WORD.findall(line.text)),
                defined=frozenset(name for line in piece for name in _DEFINES.findall(line.text)),
                is_pure=not came,
            )


def _changes(one: Placed) -> Iterator[tuple[list[Line], list[Line]]]:
    """Yield what went and what came at one place, without a line between them that stays."""
    return chain.from_iterable(map(_changes_of, one.material.diff.hunks))


def _changes_of(hunk: Hunk) -> Iterator[tuple[list[Line], list[Line]]]:
    removed, added = ({line.number: line for line in lines} for lines in (hunk.removed, hunk.added))
    # git names the line before a hunk that has none of a side.
    old, new = hunk.old_start + (not hunk.old_length), hunk.new_start + (not hunk.new_length)
    last_old, last_new = max(removed, default=0), max(added, default=0)
    while old <= last_old or new <= last_new:
        went, came = [], []
        while old in removed:
            went.append(removed[old])
            old += 1
        while new in added:
            came.append(added[new])
            new += 1
        if went or came:
            yield went, came
        old, new = old + 1, new + 1


def _by_definition(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the parts of removed lines, cut where a definition begins that is no deeper than where they begin."""
    depth = min((_depth(line.text) for line in lines if line.text.strip()), default=0)
    part: list[Line] = []
    for line in lines:
        is_start = _STARTS.match(line.text) and _depth(line.text) <= depth
        if part and is_start and not part[-1].text.lstrip().startswith("@"):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def _replacing(facts: ChangeFacts, placed: Sequence[Placed]) -> Iterator[Cause]:
    """Yield what came where the only thing that played its part went, without a line between them that stays."""
    places: dict[tuple[str, str, int], int] = {}
    for one in placed:
        for number, (went, came) in enumerate(_changes(one)):
            places |= {(one.fact.path, "old", line.number): number for line in went}
            places |= {(one.fact.path, "new", line.number): number for line in came}
    for family, role in _ROLES.items():
        found: dict[tuple[object, ...], list[Located]] = defaultdict(list)
        for record in records(facts, family):
            if isinstance(record, Located) and getattr(record, "change", "") in _ENDS:
                line, side = _shown_place(record)
                at = places.get((record.path, side, line))
                if at is not None:
                    key = (record.path, at, getattr(record, role), getattr(record, "change", ""))
                    found[key].append(record)
        for (path, stretch, part, change), new in found.items():
            gone = found.get((path, stretch, part, "removed"), [])
            if change == "added" and len(gone) == len(new) == 1:
                yield from _in_place(gone[0], new[0])


def _in_place(went: Located, came: Located) -> Iterator[Cause]:
    for one, other in ((came, went), (went, came)):
        line, side = _shown_place(other)
        part = CausePart(path=other.path, first=line, last=line, side=side)
        yield _cause("in-place-of", str(getattr(came, "name", None) or came.symbol or ""), one, (part,))


def _cause(what: str, name: str, head: Located, parts: Iterable[CausePart]) -> Cause:
    line, side = _shown_place(head)
    return Cause(what=what, name=name, path=head.path, line=line, side=side, parts=tuple(parts))


def _last_word(name: str) -> str:
    """Return an option's name as code writes it: ``--enable-x`` and ``Config.enable_x`` are both ``enable_x``."""
    return name.rpartition(".")[2].lstrip("-").replace("-", "_")


def _is_known(one: Placed) -> bool:
    return one.material.after is not None or one.material.diff.status is FileStatus.DELETED


def _shown_place(record: Located) -> tuple[int, SideWord]:
    """Return line and side at which a flag shows a record."""
    is_moved = bool(record.changed_line)
    return (record.changed_line, record.changed_side) if is_moved else (record.line, record.side)
