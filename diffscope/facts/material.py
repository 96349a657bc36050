"""What the facts are made from: every changed file with both of its sides and what syntax made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TypedDict

from msgspec import UNSET, UnsetType

from diffscope.diff.values import Diff, FileDiff, FileKind, FileSides, FileStatus, Sides
from diffscope.facts.renaming import without_renamings
from diffscope.facts.values import FileFact
from diffscope.source.values import Value
from diffscope.syntax.compare import compare_python
from diffscope.syntax.values import Aspect, Comparison, NativeComparison, SymbolChange

_NATIVE_SUFFIXES = frozenset({".cu", ".cuh", ".cpp", ".cc", ".cxx", ".c", ".h", ".hpp", ".hip", ".inl"})
_LARGEST = 4_000_000
"""Bytes of one side above which a file is not compared symbol by symbol: generated code and data, not something a reviewer reads."""


class FileMaterial(Value, frozen=True, kw_only=True):
    """One changed file. A side is ``None`` when it does not exist or could not be read; ``read`` tells which."""

    diff: FileDiff
    before: bytes | None = None
    after: bytes | None = None
    read: bool = True
    """Every side that exists was read."""
    python: Comparison | None = None
    native: NativeComparison | None = None


class Spot(TypedDict):
    """The fields that every located fact shares, ready to be unpacked."""

    path: str
    line: int
    side: str
    symbol: str | None
    module: str | None
    area: str
    category: str
    platforms: tuple[str, ...]
    distance: int | UnsetType | None


class Placed(Value, frozen=True, kw_only=True):
    """A changed file together with its own fact: what the extractors of the finer facts work on."""

    fact: FileFact
    material: FileMaterial

    def spot(self, line: int, *, symbol: str | None = None, side: str = "new") -> Spot:
        """Return the shared fields of a fact at that line; without a line, at the first one that changes."""
        fact = self.fact
        return Spot(
            path=fact.path,
            line=line or fact.line,
            side=side if line else fact.side,
            symbol=symbol,
            module=fact.module,
            area=fact.area,
            category=fact.category,
            platforms=fact.platforms,
            distance=fact.distance if fact.module else UNSET,
        )


def compare_files(diff: Diff, sides: Sides) -> tuple[FileMaterial, ...]:
    """Return every file of a diff with its sides compared, sorted by path; a file without its sides is not compared."""
    by_path = {side.path: side for side in sides.files}
    files = (
        _compare(file, by_path.get(file.path) or FileSides(path=file.path, is_read=False))
        for file in diff.files
    )
    return tuple(sorted(files, key=lambda one: one.diff.path))


def is_lost(file: FileMaterial) -> bool:
    """Return whether nothing is known of a changed file but that it changed: a clone without its content gives it out as binary."""
    return file.diff.kind is FileKind.BINARY and not file.read


def changed_source_symbols(placed: Iterable[Placed]) -> Iterator[tuple[Placed, SymbolChange]]:
    """Yield the symbols of the product's Python files whose logic changed, each with its file."""
    for one in placed:
        comparison = source_comparison(one)
        for change in comparison.symbols if comparison else ():
            if change.logic:
                yield one, change


def source_comparison(placed: Placed) -> Comparison | None:
    """Return the comparison of a Python file of the product; ``None`` for tests, tools, other languages and files not compared."""
    return placed.material.python if placed.fact.category == "source" else None


def stands(change: SymbolChange, comparison: Comparison) -> bool:
    """Return whether only one of several definitions of a name is gone: an overload, the other branch of an if, a field said twice."""
    if Aspect.REMOVED not in change.aspects or comparison.after is None:
        return False
    return any(definition.name == change.name for definition in comparison.after.definitions)


def _compare(file: FileDiff, sides: FileSides) -> FileMaterial:
    suffix = PurePosixPath(file.path).suffix.lower()
    small = len(sides.before or b"") <= _LARGEST and len(sides.after or b"") <= _LARGEST
    comparable = sides.is_read and small and file.kind is FileKind.TEXT
    # The old side of what was a link or a submodule is no source of that language.
    before = None if file.status is FileStatus.TYPE_CHANGED else sides.before
    native = None
    if comparable and suffix in _NATIVE_SUFFIXES:
        # Most changes touch no native code, and start-up is hot.
        from diffscope.syntax.native import compare_native  # noqa: PLC0415

        native = compare_native(before, sides.after)
    return FileMaterial(
        diff=file,
        before=sides.before,
        after=sides.after,
        read=sides.is_read,
        python=_compare_python(before, sides.after) if comparable and suffix == ".py" else None,
        native=native,
    )


def _compare_python(before: bytes | None, after: bytes | None) -> Comparison:
    found = compare_python(before, after)
    return found if before is None or after is None else without_renamings(found, before, after)
