"""Symbols that left one file and arrived in another: a move is no new behaviour."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

import msgspec

from diffscope.facts.material import FileMaterial
from diffscope.source.values import RepoPath
from diffscope.syntax.values import Aspect, DefinitionKind, SignalChange, SignalKind, SymbolChange

MOVED_SIMILARITY = 0.75
"""Share of equal lines from which a symbol of the same name in another file counts as moved and edited; below it, it is new."""
_SHORTEST_RENAMED = 4
"""Lines below which two symbols of different names are never taken for one: short bodies repeat by chance."""


class _Candidate(NamedTuple):
    path: RepoPath
    change: SymbolChange
    lines: tuple[str, ...]


def join_moves(files: Iterable[FileMaterial]) -> tuple[FileMaterial, ...]:
    """Return the files with cross-file moves marked.

    The arrived symbol loses ``ADDED`` and gains ``MOVED`` with ``moved_from="path:name"``; where its text is the same its ``logic``
    turns false and its signals go, since nothing new can happen. The departed symbol keeps ``REMOVED`` and gains ``MOVED``.
    """
    listed = tuple(files)
    departed = _candidates(listed, Aspect.REMOVED)
    if not departed:
        return listed
    moves = _match(departed, _candidates(listed, Aspect.ADDED))
    return tuple(_rewrite(file, moves) for file in listed) if moves else listed


def _candidates(files: tuple[FileMaterial, ...], aspect: Aspect) -> list[_Candidate]:
    found = []
    for file in files:
        text = file.after if aspect is Aspect.ADDED else file.before
        if file.python is None or text is None:
            continue
        lines = text.decode("utf-8", "replace").splitlines()
        for change in file.python.symbols:
            definition = change.after if aspect is Aspect.ADDED else change.before
            if (
                aspect in change.aspects
                and definition is not None
                and change.kind is not DefinitionKind.MODULE
            ):
                body = (line.strip() for line in lines[definition.start - 1 : definition.end])
                kept = tuple(line for line in body if line and not line.startswith("#"))
                found.append(_Candidate(file.diff.path, change, kept))
    return found


def _match(
    departed: list[_Candidate], arrived: list[_Candidate]
) -> dict[tuple[RepoPath, str, Aspect], tuple[_Candidate, bool]]:
    by_name: dict[tuple[str, DefinitionKind], list[_Candidate]] = defaultdict(list)
    by_text: dict[tuple[str, ...], list[_Candidate]] = defaultdict(list)
    for one in departed:
        by_name[one.change.name, one.change.kind].append(one)
        by_text[one.lines[1:]].append(one)
    moves: dict[tuple[RepoPath, str, Aspect], tuple[_Candidate, bool]] = {}
    for new in arrived:
        old, same = _best(new, by_name[new.change.name, new.change.kind], by_text.get(new.lines[1:], []))
        if (
            old is not None
            and old.path != new.path
            and (old.path, old.change.name, Aspect.REMOVED) not in moves
        ):
            moves[new.path, new.change.name, Aspect.ADDED] = (old, same)
            moves[old.path, old.change.name, Aspect.REMOVED] = (new, same)
    return moves


def _best(
    new: _Candidate, same_name: list[_Candidate], same_text: list[_Candidate]
) -> tuple[_Candidate | None, bool]:
    for old in same_name:
        if old.lines == new.lines:
            return old, True
    scored = [
        (SequenceMatcher(None, old.lines, new.lines, autojunk=False).ratio(), old.path, old)
        for old in same_name
    ]
    if scored:
        ratio, _, old = max(scored, key=lambda item: item[:2])
        return (old, False) if ratio >= MOVED_SIMILARITY else (None, False)
    if (
        len(new.lines) > _SHORTEST_RENAMED
        and len(same_text) == 1
        and same_text[0].change.kind is new.change.kind
    ):
        return same_text[0], True
    return None, False


def _rewrite(
    file: FileMaterial, moves: dict[tuple[RepoPath, str, Aspect], tuple[_Candidate, bool]]
) -> FileMaterial:
    if file.python is None:
        return file
    symbols = tuple(_mark(file.diff.path, change, moves) for change in file.python.symbols)
    return msgspec.structs.replace(file, python=msgspec.structs.replace(file.python, symbols=symbols))


def _mark(
    path: RepoPath, change: SymbolChange, moves: dict[tuple[RepoPath, str, Aspect], tuple[_Candidate, bool]]
) -> SymbolChange:
    arrived = moves.get((path, change.name, Aspect.ADDED))
    departed = moves.get((path, change.name, Aspect.REMOVED))
    if arrived and Aspect.ADDED in change.aspects:
        old, same = arrived
        edited = () if same else (Aspect.BODY,)
        return msgspec.structs.replace(
            change,
            aspects=(Aspect.MOVED, *edited),
            logic=not same,
            moved_from=f"{old.path}:{old.change.name}",
            before=old.change.before,
            signals=() if same else _new_signals(change, old.change),
            added_lines=() if same else _new_lines(change, old),
            branches_added=0,
        )
    if departed and Aspect.REMOVED in change.aspects:
        return msgspec.structs.replace(
            change, aspects=(Aspect.REMOVED, Aspect.MOVED), logic=False, signals=(), removed_lines=()
        )
    return change


def _new_signals(new: SymbolChange, old: SymbolChange) -> tuple[SignalChange, ...]:
    """Return what differs between the signals of both sides: what the old place had too has only moved."""
    kept = Counter(_text(item) for item in new.signals) & Counter(_text(item) for item in old.signals)
    differing: list[SignalChange] = []
    for signals in (new.signals, old.signals):
        left = Counter(kept)
        for item in signals:
            if left[_text(item)] > 0:
                left[_text(item)] -= 1
            else:
                differing.append(item)
    return tuple(differing)


def _text(item: SignalChange) -> tuple[SignalKind, str, str]:
    return item.signal.kind, item.signal.text, item.signal.detail


def _new_lines(change: SymbolChange, old: _Candidate) -> tuple[int, ...]:
    # The share of the edit is known from the departed side's length; which of the new lines are new needs no more precision than a count.
    surplus = max(1, len(change.added_lines) - len(old.change.removed_lines))
    return change.added_lines[:surplus]
