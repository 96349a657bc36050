"""The content of a file while patches are applied to it: which lines come from the base, which a patch wrote.

Only the hunks are known, not whole files: the lines of the base that some hunk shows. That is enough to compose patches exactly,
because a line that no hunk shows is in both ends.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from diffscope.diff.model import Hunk, Line
from diffscope.diff.reconstruct import Op, has_id, shortest
from diffscope.messages.model import Message
from diffscope.patterns import lazy_regex

ReadBase = Callable[[str, str | None], bytes | None]
"""Gives the content of a path of the base whose blob id is known or not; ``None`` where it is not available."""

_CONTEXT = 3
_HUNK = lazy_regex(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)", re.DOTALL)


class PatchMismatchError(Exception):
    """A patch of a series does not fit what the earlier ones leave; ``reason`` says why, where more is known than that."""

    def __init__(self, reason: Message | None = None) -> None:
        super().__init__()
        self.reason = reason


@dataclass(slots=True)
class BaseLines:
    """Lines of the base from ``start``, counted from 0; ``length`` is ``None`` for all up to its end, wherever that is."""

    start: int
    length: int | None


@dataclass(slots=True)
class NewLines:
    """Lines that a patch of the series wrote."""

    lines: list[str]


Piece = BaseLines | NewLines


@dataclass(slots=True, eq=False)
class Base:
    """A file as it was before the series. ``known`` has its lines, by number from 0, as far as the patches show them."""

    path: str
    blob: str | None = None
    mode: str | None = None
    length: int | None = None
    known: dict[int, str] = field(default_factory=dict)
    sections: dict[int, str] = field(default_factory=dict)
    """The heading that git gave to the hunk that starts at a line."""
    is_blind: bool = False
    """The first that the patches tell of it is that it, or what it became, is binary."""
    is_certain: bool = False
    """It is binary itself."""

    def learn(self, at: int, text: str) -> None:
        """Take note of a line; raise ``PatchMismatchError`` where another one is known or the file has ended before."""
        if self.known.setdefault(at, text) != text or (self.length is not None and at >= self.length):
            raise PatchMismatchError

    def whole(self, read: ReadBase) -> list[str] | None:
        """Return all lines, where they are known beyond doubt: the end was seen, the blob id fits, or the base has the file."""
        shown = 0
        while shown in self.known:
            shown += 1
        lines = [self.known[at] for at in range(shown)]
        if self.length == shown or (
            self.blob and has_id("".join(lines).encode("utf-8", "surrogatepass"), self.blob)
        ):
            self.length = shown
            return lines
        content = None if self.is_certain else read(self.path, self.blob)
        if content is None:
            return None
        self.is_blind = self.is_certain = is_binary(content)
        if self.is_certain:
            return None
        lines = cut_lines(content.decode("utf-8", "backslashreplace"))
        if any(lines[at : at + 1] != [text] for at, text in self.known.items()):
            return None
        self.known, self.length = dict(enumerate(lines)), len(lines)
        return lines


def is_binary(content: bytes) -> bool:
    """Return whether git calls a content binary: for a NUL in its first 8000 bytes."""
    return b"\0" in content[:8000]


def cut_lines(text: str) -> list[str]:
    """Return the lines of a text with their line feeds."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


@dataclass(slots=True)
class Text:
    """What a file holds at some point of the series."""

    base: Base | None
    pieces: list[Piece]

    @property
    def is_base(self) -> bool:
        """Whether it is the base's content, unchanged."""
        return self.base is not None and self.pieces == [BaseLines(0, None)]

    def apply(self, hunks: Iterable[Sequence[str]]) -> Text:
        """Return the text after the raw lines of ``hunks``. Raises ``PatchMismatchError`` where a line is another one than the hunk says."""
        cursor = _Cursor(self.pieces)
        made: list[Piece] = []
        for start, section, ops in map(read_hunk, hunks):
            if start < cursor.at:
                raise PatchMismatchError
            made += cursor.take(start - cursor.at)
            for number, (kind, text) in enumerate(ops):
                if kind == "+":
                    made.append(NewLines([text]))
                    continue
                for piece in cursor.take(1):
                    self._compare(piece, text)
                    if isinstance(piece, BaseLines) and not number and self.base is not None:
                        self.base.sections.setdefault(piece.start, section)
                    made += [piece] if kind == " " else []
        return Text(self.base, _merged([*made, *cursor.rest()]))

    def _compare(self, piece: Piece, text: str) -> None:
        if isinstance(piece, NewLines):
            if piece.lines != [text]:
                raise PatchMismatchError
        elif self.base is not None:
            self.base.learn(piece.start, text)

    def empty(self) -> None:
        """Take note that a deletion has shown the whole text, so that what is left of it is nothing."""
        match self.pieces:
            case []:
                pass
            case [BaseLines(start=start, length=None)] if self.base is not None:
                self.base.length = start
            case _:
                raise PatchMismatchError

    def whole(self, read: ReadBase) -> list[str] | None:
        """Return all lines, or ``None`` where some were never shown."""
        if self.base is not None and any(isinstance(piece, BaseLines) for piece in self.pieces):
            lines = self.base.whole(read)
            if lines is None:
                return None
        else:
            lines = []
        found: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, NewLines):
                found += piece.lines
            else:
                end = len(lines) if piece.length is None else piece.start + piece.length
                found += lines[piece.start : end]
        return found

    def ops(self) -> Iterator[tuple[int, int, list[Op]]]:
        """Yield, for each stretch of lines that are known on both sides, where it starts on each (from 0) and its edit script."""
        known = sorted(self.base.known) if self.base else []
        lines = self.base.known if self.base else {}
        old = new = 0
        start, ops = (0, 0), list[Op]()
        for piece in self.pieces:
            if isinstance(piece, NewLines):
                ops += [("+", text) for text in piece.lines]
                new += len(piece.lines)
                continue
            ops += [("-", lines[at]) for at in range(old, piece.start)]
            old = piece.start
            end = None if piece.length is None else piece.start + piece.length
            for at in known[
                bisect_left(known, piece.start) : None if end is None else bisect_left(known, end)
            ]:
                if at != old:
                    yield *start, ops
                    new += at - old
                    start, ops, old = (at, new), [], at
                ops.append((" ", lines[at]))
                old, new = old + 1, new + 1
            if end is not None and old != end:
                yield *start, ops
                new += end - old
                start, ops, old = (end, new), [], end
            if end is None:
                yield *start, ops
                return
        rest = range(old, (self.base.length or 0) if self.base else 0)
        yield *start, [*ops, *(("-", lines[at]) for at in rest)]


class _Cursor:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = list(reversed(pieces))
        self.at = 0

    def take(self, count: int) -> list[Piece]:
        """Return the next lines as pieces; raise ``PatchMismatchError`` where the text has fewer."""
        taken: list[Piece] = []
        self.at += count
        while count:
            if not self._pieces:
                raise PatchMismatchError
            piece = self._pieces.pop()
            length = len(piece.lines) if isinstance(piece, NewLines) else piece.length
            if length is None or length > count:
                first, rest = _split(piece, count)
                self._pieces.append(rest)
                taken.append(first)
                break
            taken.append(piece)
            count -= length
        return taken

    def rest(self) -> list[Piece]:
        return self._pieces[::-1]


def _split(piece: Piece, count: int) -> tuple[Piece, Piece]:
    if isinstance(piece, NewLines):
        return NewLines(piece.lines[:count]), NewLines(piece.lines[count:])
    rest = None if piece.length is None else piece.length - count
    return BaseLines(piece.start, count), BaseLines(piece.start + count, rest)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, NewLines):
            if isinstance(last, NewLines):
                last.lines.extend(piece.lines)
            else:
                merged.append(NewLines(list(piece.lines)))
        elif (
            isinstance(last, BaseLines)
            and last.length is not None
            and last.start + last.length == piece.start
        ):
            last.length = None if piece.length is None else last.length + piece.length
        else:
            merged.append(BaseLines(piece.start, piece.length))
    return merged


def read_hunk(rows: Sequence[str]) -> tuple[int, str, list[Op]]:
    """Return the raw lines of one hunk as the line it starts at (from 0, on the old side), its heading and its edit script."""
    match = _HUNK.match(rows[0])
    assert match is not None  # noqa: S101 - sections.py lets no other line be the first of a hunk
    length = 1 if match[2] is None else int(match[2])
    ops: list[Op] = []
    for row in rows[1:]:
        if row[:1] == "\\":
            kind, text = ops.pop()
            ops.append((kind, text.removesuffix("\n")))
        else:
            ops.append((row[:1].strip() or " ", f"{row[1:] if row[:1] in '+- ' else row}\n"))
    return int(match[1]) - bool(length), match[5].rstrip("\r"), ops


class Script(NamedTuple):
    """Hunks, and for each side whether they show that it ends without a line feed."""

    hunks: tuple[Hunk, ...] = ()
    is_old_open: bool = False
    is_new_open: bool = False


def make_script(
    stretches: Iterable[tuple[int, int, list[Op]]], sections: Mapping[int, str], *, as_is: bool = False
) -> Script:
    """Return the hunks of edit scripts, each with where it starts on both sides (from 0), with three lines of context as far as known.

    ``as_is`` keeps the scripts; otherwise the shortest ones with the same sides are taken.
    """
    hunks: list[Hunk] = []
    open_sides = set[str]()
    for old, new, ops in stretches:
        if all(kind == " " for kind, _ in ops):
            continue
        for hunk, shown in _hunks(old, new, ops if as_is else shortest(ops), sections):
            hunks.append(hunk)
            open_sides |= {kind for kind, text in shown if not text.endswith("\n")}
    return Script(tuple(hunks), bool(open_sides & {"-", " "}), bool(open_sides & {"+", " "}))


def _hunks(old: int, new: int, ops: list[Op], sections: Mapping[int, str]) -> Iterator[tuple[Hunk, list[Op]]]:
    changed = [at for at, (kind, _) in enumerate(ops) if kind != " "]
    groups: list[list[int]] = []
    for at in changed:
        if groups and at - groups[-1][1] <= 2 * _CONTEXT + 1:
            groups[-1][1] = at
        else:
            groups.append([at, at])
    done = 0
    for first, last in groups:
        start, end = max(0, first - _CONTEXT), min(len(ops), last + 1 + _CONTEXT)
        old += sum(kind != "+" for kind, _ in ops[done:start])
        new += sum(kind != "-" for kind, _ in ops[done:start])
        yield _hunk(old, new, ops[start:end], sections), ops[start:end]
        done = start


def _hunk(old: int, new: int, ops: list[Op], sections: Mapping[int, str]) -> Hunk:
    removed: list[Line] = []
    added: list[Line] = []
    old_start, new_start = old, new
    for kind, text in ops:
        old, new = old + (kind != "+"), new + (kind != "-")
        if kind == "-":
            removed.append(Line(number=old, text=text.removesuffix("\n")))
        elif kind == "+":
            added.append(Line(number=new, text=text.removesuffix("\n")))
    return Hunk(
        old_start=old_start + (old > old_start),
        old_length=old - old_start,
        new_start=new_start + (new > new_start),
        new_length=new - new_start,
        section=sections.get(old_start, ""),
        removed=tuple(removed),
        added=tuple(added),
    )
