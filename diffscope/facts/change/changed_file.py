"""A changed file with both sides and the result of their comparison: the input of every extractor of facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Final, TypedDict

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from diffscope.diff.model import Diff, FileDiff, FileKind, FileSides, FileStatus, Sides
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol, in_texts
from diffscope.facts.model import FileFact
from diffscope.messages.model import Message, message
from diffscope.source.attempts import Attempts
from diffscope.source.model import Gap, RepoPath, Value
from diffscope.source.text import Region, Side, SideWord, SourceText
from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.model import Aspect, NativeComparison
from diffscope.taxonomy.model import OTHER, Taxonomy
from diffscope.taxonomy.tables import Category

_NATIVE_SUFFIXES = frozenset({".cu", ".cuh", ".cpp", ".cc", ".cxx", ".c", ".h", ".hpp", ".hip", ".inl"})
_LARGEST = 4_000_000
"""Bytes of one side above which a file is not compared symbol by symbol: generated code and data, not something a reviewer reads."""


class FileMaterial(Value, frozen=True, kw_only=True):
    """One changed file. A side is ``None`` when it does not exist or could not be read; ``read`` tells which."""

    diff: FileDiff
    before: SourceText | None = None
    after: SourceText | None = None
    read: bool = True
    """Every side that exists was read."""
    python: ChangedPython | None = None
    native: NativeComparison | None = None
    failed: bool = False
    """Its sides could not be compared for an internal error: nothing is known of it but its diff."""

    def with_symbols(self, symbols: tuple[ChangedSymbol, ...]) -> FileMaterial:
        """Return the file with these changes of its symbols; itself where they are those that it has, or it has none."""
        if self.python is None or symbols == self.python.symbols:
            return self
        return replace(self, python=replace(self.python, symbols=symbols))


class LocationFields(TypedDict):
    """The fields that every located fact shares, ready to be unpacked."""

    path: str
    line: int
    side: SideWord
    symbol: str | None
    module: str | None
    area: str
    category: Category
    platforms: tuple[str, ...]
    distance: int | UnsetType | None


class Placed(Value, frozen=True, kw_only=True):
    """A changed file together with its own fact: what the extractors of the finer facts work on."""

    fact: FileFact
    material: FileMaterial
    origins: tuple[Placed, ...] = ()
    """The other files of the change that symbols of this one came from: places before the change may lie in them."""

    def spot(self, place: Region | None = None, *, symbol: str | None = None) -> LocationFields:
        """Return the shared fields of a fact at a place of this file, or of one that a symbol of it came from.

        Without a place, at the first line that changes. Raises ``ValueError`` for a place in any other text.
        """
        fact = self.fact if place is None else self._file_of(place.text).fact
        return LocationFields(
            path=fact.path,
            line=place.start if place is not None else fact.line,
            side=place.side.word if place is not None else fact.side,
            symbol=symbol,
            module=fact.module,
            area=fact.area,
            category=fact.category,
            platforms=fact.platforms,
            distance=fact.distance if fact.module else UNSET,
        )

    @property
    def symbols(self) -> tuple[ChangedSymbol, ...]:
        """The changed symbols of a Python file; none of another, or of one that was not compared."""
        return self.material.python.symbols if self.material.python is not None else ()

    def old(self, line: int) -> Region | None:
        """Return a line of this file before the change, told by who read that very text; ``None`` without the text."""
        return self.material.before.part(line, line) if self.material.before is not None else None

    def new(self, line: int) -> Region | None:
        """Return a line of this file after the change, told by who read that very text; ``None`` without the text."""
        return self.material.after.part(line, line) if self.material.after is not None else None

    def _file_of(self, text: SourceText) -> Placed:
        for one in (self, *self.origins):
            if text is one.material.before or text is one.material.after:
                return one
        raise ValueError(f"{text.path} on its {text.side.value} side is no text of {self.fact.path}")


def compare_files(diff: Diff, sides: Sides, attempt: Attempts | None = None) -> tuple[FileMaterial, ...]:
    """Return every file of a diff with its sides compared, sorted by path; a file without its sides is not compared.

    ``attempt`` keeps a gap for each file whose comparison fails inside.
    """
    by_path = {side.path: side for side in sides.files}
    attempt = attempt or Attempts()
    files = []
    for file in diff.files:
        both = by_path.get(file.path) or FileSides(path=file.path, is_read=False)
        before, after = _texts(file, both)
        failed = FileMaterial(diff=file, before=before, after=after, read=both.is_read, failed=True)
        files.append(attempt("comparison", partial(_compare, file, both), failed, path=file.path))
    return tuple(sorted(files, key=lambda one: one.diff.path))


def has_no_content(file: FileMaterial) -> bool:
    """Return whether nothing is known of a changed file but that it changed: a clone without its content gives it out as binary."""
    return file.diff.kind is FileKind.BINARY and not file.read


def changed_source_symbols(placed: Iterable[Placed]) -> Iterator[tuple[Placed, ChangedSymbol]]:
    """Yield the symbols of the product's Python files whose logic changed, each with its file."""
    for one in placed:
        if one.fact.category == "source":
            yield from ((one, change) for change in one.symbols if change.logic)


def source_comparison(placed: Placed) -> ChangedPython | None:
    """Return the comparison of a Python file of the product; ``None`` for tests, tools, other languages and files not compared."""
    return placed.material.python if placed.fact.category == "source" else None


def is_still_defined(change: ChangedSymbol, comparison: ChangedPython) -> bool:
    """Return whether only one of several definitions of a name is gone: an overload, the other branch of an if, a field said twice."""
    if Aspect.REMOVED not in change.aspects or comparison.after is None:
        return False
    return any(definition.name == change.name for definition in comparison.after.definitions)


def _compare(file: FileDiff, sides: FileSides) -> FileMaterial:
    suffix = PurePosixPath(file.path).suffix.lower()
    small = len(sides.before or b"") <= _LARGEST and len(sides.after or b"") <= _LARGEST
    comparable = sides.is_read and small and file.kind is FileKind.TEXT
    # The old side of what was a link or a submodule is no source of that language.
    old = None if file.status is FileStatus.TYPE_CHANGED else sides.before
    native = None
    if comparable and suffix in _NATIVE_SUFFIXES:
        # Most changes touch no native code, and start-up is hot.
        from diffscope.syntax.native.native import compare_native  # noqa: PLC0415

        native = compare_native(old, sides.after)
    elif comparable and suffix == ".rs":
        from diffscope.syntax.native.rust import compare_rust  # noqa: PLC0415 - as above

        native = compare_rust(old, sides.after)
    before, after = _texts(file, sides)
    python = None
    if comparable and suffix == ".py":
        python = in_texts(compare_python(old, sides.after), before, after)
    return FileMaterial(
        diff=file, before=before, after=after, read=sides.is_read, python=python, native=native
    )


def _texts(file: FileDiff, sides: FileSides) -> tuple[SourceText | None, SourceText | None]:
    before = _text(file.old_path or file.path, Side.BEFORE, sides.before)
    return before, _text(file.path, Side.AFTER, sides.after)


def _text(path: RepoPath, side: Side, data: bytes | None) -> SourceText | None:
    return SourceText(path, side, data) if data is not None else None


_CODE: Final = frozenset({"python", "cuda", "hip", "cpp", "rust", "shell", "cmake", "dockerfile", "protobuf"})
_NO_CODE: Final = frozenset({"image", "markdown", OTHER})
_ACTED_ON: Final = frozenset({"source", "native", "build", "config", "infra"})
"""Categories in which data is acted on as code is: settings, pipelines, requirements."""
_LARGEST_READ: Final = 4_000_000
"""Bytes of one side above which files are not compared (``facts.material``)."""

_BINARY: Final = message("gap.not-text")


def mark_unreadable(diff: Diff, sides: Sides, taxonomy: Taxonomy) -> Sides:
    """Return ``sides`` in which source files that are not text, or too large to compare, count as not read, each with a gap.

    A genuine binary file (an image, weights) is no source file. A file that the source could not get has its gap already.
    """
    by_path = {side.path: side for side in sides.files}
    found = {
        file.path: reason
        for file in diff.files
        if (side := by_path.get(file.path)) is not None
        and _is_source(file, taxonomy)
        and (reason := _why(file, side)) is not None
    }
    files = tuple(
        msgspec.structs.replace(side, is_read=False) if side.path in found else side for side in sides.files
    )
    gaps = tuple(Gap(what="not-text", message=found[path], path=path) for path in sorted(found))
    return Sides(files=files, gaps=(*sides.gaps, *gaps))


def _is_source(file: FileDiff, taxonomy: Taxonomy) -> bool:
    language = taxonomy.language_of(file.path)
    return language in _CODE or (language not in _NO_CODE and taxonomy.category_of(file.path) in _ACTED_ON)


def _why(file: FileDiff, side: FileSides) -> Message | None:
    if file.kind is FileKind.BINARY:
        return _BINARY if side.is_read else None
    if file.kind is not FileKind.TEXT or not file.hunks:
        return None
    contents = [data for data in (side.before, side.after) if data is not None]
    if any(b"\0" in data for data in contents):
        return _BINARY
    largest = max(map(len, contents), default=0)
    return message("gap.too-large", bytes=largest) if largest > _LARGEST_READ else None
