"""A pull request as the graph sees it: what it adds, changes, removes and calls, by path and name.

``Around`` is what lies around a window: pull requests before and after it, by title and files, and assessments of neighbouring windows.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment, PastWork, SymbolAssessment
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import AuthorsWords
from diffscope.products.report.counts import number_of
from diffscope.products.report.links.lines import Worked
from diffscope.source.model import Value
from diffscope.source.profile import places

_TAGS: Final = lazy_regex(r"^(?:\s*\[[^\[\]]{1,40}\])+\s*:?")
_NUMBER: Final = lazy_regex(r"\(#\d{1,9}\)\s*$")


class Merged(Value, frozen=True, kw_only=True):
    """A pull request outside of the window, as its squash commit shows it."""

    number: int
    title: str
    merged_at: str
    """ISO 8601, UTC, seconds."""
    paths: tuple[str, ...] = ()


class Around(Value, frozen=True, kw_only=True):
    """What was merged before and after a window, oldest first; ``judged`` are assessments of neighbouring windows, as far as they are at hand."""

    before: tuple[Merged, ...] = ()
    after: tuple[Merged, ...] = ()
    judged: tuple[Assessment, ...] = ()
    said: Mapping[int, AuthorsWords] = {}
    """By pull request of the window what its author says."""
    worked: Worked = Worked()
    """Who works on whose lines."""


def plain_title(title: str) -> str:
    """Return a title as two spellings of one compare: without its number and the tags before it, in lower case, white space folded."""
    return " ".join(_TAGS.sub("", _NUMBER.sub("", title)).lower().split())


_CODE: Final = frozenset({"source", "native", "build"})
_CALLS: Final = frozenset({"called", "no-longer-called"})
_PASSED_OVER: Final = frozenset({"dependency", "parameter", "module"})
_PLAIN: Final = frozenset({"logger", "__all__", "__init__", "main", "T", "torch_version"})
"""Names that half of all modules have."""


class Touched(NamedTuple):
    """A symbol that a pull request changes: ``how`` is added, removed, changed or called."""

    path: str
    name: str
    how: str


class Node(NamedTuple):
    """A pull request. ``files`` are paths of product code; ``renamed`` and ``moved`` lead from the new place to the old one."""

    number: int
    title: str
    body: str
    merged_at: str
    kind: str
    area: str
    importance: float
    is_inside: bool
    files: frozenset[str]
    new_files: frozenset[str]
    renamed: dict[str, str]
    touched: tuple[Touched, ...]
    moved: dict[tuple[str, str], tuple[str, str]]
    bases: frozenset[str]
    registered: tuple[tuple[str, str], ...]
    history: tuple[PastWork, ...]

    @property
    def order(self) -> tuple[str, int]:
        """Its place in time."""
        return self.merged_at, self.number


def node_of(assessment: Assessment, *, is_inside: bool) -> Node:
    """Return the node of an assessment."""
    pull = assessment.change.pull
    code = {file.path: file for file in assessment.files if file.category in _CODE}
    symbols = [one for one in assessment.symbols if one.kind not in _PASSED_OVER]
    return Node(
        number=number_of(assessment),
        title=pull.title,
        body=pull.body or "",
        merged_at=pull.merged_at or "",
        kind=assessment.kind,
        area=assessment.areas[0].area if assessment.areas else "other",
        importance=assessment.importance.value,
        is_inside=is_inside,
        files=frozenset(code),
        new_files=frozenset(
            path for path, file in code.items() if file.status == "added" and file.category != "build"
        ),
        renamed={
            path: file.old_path for path, file in code.items() if file.old_path and file.status == "renamed"
        },
        touched=tuple(each for one in symbols for each in _touched(one, code)),
        moved=dict(pair for one in symbols if one.moved_from for pair in _moved(one)),
        bases=frozenset(
            base.partition("[")[0].rpartition(".")[2]
            for one in symbols
            if one.kind == "class" and {"added", "bases"} & {*one.aspects}
            for base in one.role
        ),
        registered=tuple(
            (one.role[0], one.name)
            for one in symbols
            if one.kind == "registry-row" and one.role and "added" in one.aspects
        ),
        history=assessment.history,
    )


def _touched(symbol: SymbolAssessment, code: Container[str]) -> Iterator[Touched]:
    last = symbol.name.rpartition(".")[2]
    if not symbol.name or symbol.name in _PLAIN or (last in _PLAIN and "." not in symbol.name):
        return
    if not _CALLS.isdisjoint(symbol.aspects):
        if "called" in symbol.aspects and not places().is_test(symbol.path):
            yield Touched(symbol.path, symbol.name, "called")
        return
    if symbol.path not in code or not symbol.logic:
        return
    if "removed" in symbol.aspects:
        how = "moved-away" if "moved" in symbol.aspects else "removed"
    elif "added" in symbol.aspects:
        how = "added"
    else:
        how = "changed"
    if how != "moved-away":
        yield Touched(symbol.path, symbol.name, how)


def _moved(symbol: SymbolAssessment) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    path, colon, name = (symbol.moved_from or "").rpartition(":")
    yield (symbol.path, symbol.name), (path if colon else symbol.path, name)
