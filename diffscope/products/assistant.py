"""Assessment and graph -> bounded answers: what each tool of ``diffscope mcp`` returns, never more than a number of tokens.

Text that a pull request's author wrote is in fields named ``untrusted_*`` and nowhere else; paths and names of symbols are
identifiers, with invisible characters escaped. What is cut is said by ``truncated``, and ``cursor`` asks for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import UnsetType

from diffscope.assessment.document import Assessment, ReadingPlace
from diffscope.errors import InputError, NotFoundError
from diffscope.facts.model import CiFacts
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.render.places import worst_first
from diffscope.render.sanitize import visible
from diffscope.rules.model import Flag
from diffscope.source.model import RepoPath, Value

DEFAULT_TOKENS: Final = 4_000
FEWEST_TOKENS: Final = 500
MOST_TOKENS: Final = 20_000
_BYTES_PER_TOKEN: Final = 3
"""Of JSON with paths and identifiers; tokenizers give 3 to 4."""
_CURSOR: Final = 20
"""Tokens of a cursor, with its name."""
_LONGEST_TEXT: Final = 300
_USED_BY: Final = frozenset({EdgeLayer.EAGER, EdgeLayer.LAZY, EdgeLayer.TYPING, EdgeLayer.REGISTRY})
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer", bound="Answer")


class ChangeName(Value, frozen=True, kw_only=True):
    """Which change an answer is about."""

    repository: str
    pull: int | None
    base: str | None
    head: str | None
    untrusted_title: str


class Unknown(Value, frozen=True, kw_only=True):
    """Something that was not judged: it is not known to be harmless."""

    code: str
    what: str
    untrusted_detail: str
    """The reason in words; it may quote names of the change."""


class Answer(Value, frozen=True, kw_only=True):
    """What every answer about a change holds."""

    change: ChangeName
    truncated: bool = False
    """There is more: ask again with ``cursor``."""
    cursor: str | None = None
    unknowns: tuple[Unknown, ...] = ()


class FlagAnswer(Value, frozen=True, kw_only=True):
    """One risk flag at its first place. ``what`` and ``advice`` are the rule's own words."""

    rule: str
    severity: str
    what: str
    advice: str
    path: str
    line: int
    symbol: str | None
    places: int
    covers: tuple[str, ...]
    """Rules whose flags are one change with this one, and are not listed apart."""
    untrusted_message: str
    """The rule's message with names and values of the change filled in."""


class PlaceAnswer(Value, frozen=True, kw_only=True):
    """One place to look at first; ``why`` is counted, and quotes nothing of the change."""

    path: str
    line: int
    side: str
    symbol: str | None
    why: tuple[str, ...]


class Classification(Answer, frozen=True, kw_only=True):
    """What a change is, and what to look at."""

    level: str
    """none, low, medium, high, critical; ``unknown`` where too much was not judged to call it safe."""
    kind: str
    areas: tuple[str, ...]
    platforms: tuple[str, ...]
    additions: int
    deletions: int
    files: int
    look_first: tuple[PlaceAnswer, ...] = ()
    """Where later fixes touched such changes, at most three places."""
    flags: tuple[FlagAnswer, ...] = ()


class SymbolAnswer(Value, frozen=True, kw_only=True):
    """One changed symbol."""

    path: str
    line: int
    name: str
    kind: str
    aspects: tuple[str, ...]
    """What of it changed: ``body``, ``signature``, ``added``, ``removed``, ``docstring`` ..."""
    logic: bool
    moved_from: str | None = None


class SymbolChanges(Answer, frozen=True, kw_only=True):
    """The symbols that a change alters, those with changed logic first."""

    total: int
    symbols: tuple[SymbolAnswer, ...] = ()


class ModuleAnswer(Value, frozen=True, kw_only=True):
    """Who uses one module."""

    module: str
    path: str
    direct: tuple[str, ...]
    """Modules of the product that import it or name it in a registry."""
    direct_total: int
    transitive_total: int
    bound: Literal["exact", "lower_bound"]
    """``exact``: every import and registry row of the base was read; what is imported by a computed name is in no static graph."""


class Affected(Answer, frozen=True, kw_only=True):
    """Who uses what a change alters."""

    modules: tuple[ModuleAnswer, ...] = ()


class TestAnswer(Value, frozen=True, kw_only=True):
    """One test near a change."""

    __test__ = False

    path: str
    changed: bool
    """The change edits it."""
    score: float | None
    untrusted_reasons: tuple[str, ...]
    """Why it is near, quoting names of the change and of the test."""


class StepAnswer(Value, frozen=True, kw_only=True):
    """One CI step that runs for a change."""

    pipeline: str
    step: str
    reason: str
    pattern: str | None
    path: str | None


class TestsForChange(Answer, frozen=True, kw_only=True):
    """Which tests to run, nearest first, and which CI steps run by themselves."""

    __test__ = False

    tests: tuple[TestAnswer, ...] = ()
    steps_total: int | None
    """``null`` where the declarations of CI are not known."""
    steps: tuple[StepAnswer, ...] = ()


def classification(found: Assessment, *, tokens: int, cursor: str | None) -> Classification:
    """Return level, kind, areas and flags of a change, worst flags first.

    Raises:
        InputError: the cursor is not one that an answer gave.
    """
    empty = Classification(
        change=change_name(found),
        unknowns=unknowns(found),
        level=found.risk.level.value,
        kind=found.kind,
        areas=tuple(share.area for share in found.areas),
        platforms=found.platforms,
        additions=found.change.additions,
        deletions=found.change.deletions,
        files=found.change.files,
        look_first=tuple(map(_reading_place, found.look_first[:3])),
    )
    flags = list(map(_flag, worst_first(found.flags)))
    return _filled(empty, flags, "flags", tokens=tokens, cursor=cursor)


def symbol_changes(found: Assessment, *, tokens: int, cursor: str | None) -> SymbolChanges:
    """Return the changed symbols, those with changed logic first. Raises as ``classification`` does."""
    symbols = [
        SymbolAnswer(
            path=visible(each.path),
            line=each.line,
            name=visible(each.name),
            kind=each.kind,
            aspects=each.aspects,
            logic=each.logic,
            moved_from=None if each.moved_from is None else visible(each.moved_from),
        )
        for each in sorted(found.symbols, key=lambda each: (not each.logic, each.path, each.line, each.name))
    ]
    empty = SymbolChanges(change=change_name(found), unknowns=unknowns(found), total=len(symbols))
    return _filled(empty, symbols, "symbols", tokens=tokens, cursor=cursor)


def affected(
    found: Assessment, graph: ModuleGraph | None, *, path: str | None, tokens: int, cursor: str | None
) -> Affected:
    """Return who uses the changed modules, or the module of ``path``, at the base of the change.

    Raises:
        NotFoundError: the graph of the base is not known, or has no module of that path: never an empty answer.
        InputError: the cursor is not one that an answer gave.
    """
    if graph is None:
        raise NotFoundError(
            "who uses the changed modules is not known without the graph of the base",
            hint="start the server with --repo PATH, a clone that has the base commit",
        )
    if path is None:
        names = [ModuleName(each.module) for each in found.modules if not each.is_new]
    else:
        name = graph.module_of(RepoPath(path))
        if name is None:
            raise NotFoundError(
                f"the tree of the base has no module at {visible(path)!r}",
                hint="a path relative to the root of the repository",
            )
        names = [name]
    modules = [_module(graph, name) for name in sorted(names)]
    empty = Affected(change=change_name(found), unknowns=unknowns(found))
    return _filled(empty, modules, "modules", tokens=tokens, cursor=cursor)


def tests_for_change(found: Assessment, *, tokens: int, cursor: str | None) -> TestsForChange:
    """Return the tests to run and the CI steps that run. Raises as ``classification`` does."""
    nearest = () if isinstance(found.tests.nearest, UnsetType) else found.tests.nearest
    tests = [
        TestAnswer(path=visible(path), changed=True, score=None, untrusted_reasons=())
        for path in sorted(set(found.tests.changed))
    ]
    tests += [
        TestAnswer(
            path=visible(each.path),
            changed=False,
            score=each.score,
            untrusted_reasons=tuple(map(visible, each.reasons)),
        )
        for each in nearest
        if each.path not in found.tests.changed
    ]
    steps = None if isinstance(found.ci, UnsetType) else list(_steps(found.ci))
    empty = TestsForChange(
        change=change_name(found), unknowns=unknowns(found), steps_total=None if steps is None else len(steps)
    )
    answer = _filled(empty, tests, "tests", tokens=tokens, cursor=cursor)
    few = (steps or [])[: how_many_fit(steps or [], tokens - count_tokens(answer))]
    is_cut = answer.truncated or len(few) < len(steps or ())
    return msgspec.structs.replace(answer, steps=tuple(few), truncated=is_cut)


def change_name(found: Assessment) -> ChangeName:
    """Return which change an assessment is of."""
    pull = found.change.pull
    return ChangeName(
        repository=pull.repository,
        pull=pull.number,
        base=pull.base,
        head=pull.head,
        untrusted_title=_short(pull.title),
    )


def unknowns(found: Assessment) -> tuple[Unknown, ...]:
    """Return what was not judged: gaps of the change, then rules that could not tell."""
    gaps = [
        Unknown(code=gap.code, what=gap.what, untrusted_detail=_short(gap.reason.en))
        for gap in found.completeness.gaps[:10]
    ]
    rules = [
        Unknown(
            code="rule-not-judged",
            what=each.code,
            untrusted_detail=_short("; ".join(one.en for one in each.missing)),
        )
        for each in found.unknown[:10]
    ]
    return (*gaps, *rules)


def how_many_fit(items: Sequence[object], tokens: int) -> int:
    """Return how many of the items, from the first on, stay within a number of tokens."""
    for number, item in enumerate(items):
        tokens -= count_tokens(item)
        if tokens < 0:
            return number
    return len(items)


def count_tokens(value: object) -> int:
    """Return about how many tokens a value takes as JSON."""
    return -(-len(msgspec.json.encode(value)) // _BYTES_PER_TOKEN)


def _filled(
    empty: _Answer, items: Sequence[_Item], field: str, *, tokens: int, cursor: str | None
) -> _Answer:
    start = _start(cursor, len(items))
    end = start + how_many_fit(items[start:], tokens - count_tokens(empty) - _CURSOR)
    # One item a page at least: a reader who asks for the next page gets somewhere.
    end = max(end, min(start + 1, len(items)))
    is_cut = end < len(items)
    return msgspec.structs.replace(
        empty,
        **{
            field: tuple(items[start:end]),
            "truncated": is_cut,
            "cursor": f"{field}:{end}" if is_cut else None,
        },
    )


def _start(cursor: str | None, most: int) -> int:
    if cursor is None:
        return 0
    digits = cursor.rpartition(":")[2]
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits[:9]) < most:
        raise InputError(
            f"{visible(cursor)!r} is not a cursor of this answer", hint="take it from the answer before"
        )
    return int(digits)


def _reading_place(place: ReadingPlace) -> PlaceAnswer:
    why = tuple(part.why.en for part in place.parts if part.value > 0)[:3]
    symbol = visible(place.symbol) if place.symbol else None
    return PlaceAnswer(path=visible(place.path), line=place.line, side=place.side, symbol=symbol, why=why)


def _flag(flag: Flag) -> FlagAnswer:
    place = flag.evidence[0] if flag.evidence else None
    return FlagAnswer(
        rule=f"{flag.code} {flag.name}",
        severity=flag.severity.value,
        what=flag.title.en,
        advice=flag.advice.en,
        path=visible(place.path) if place else "",
        line=place.line if place else 0,
        symbol=visible(place.symbol) if place and place.symbol else None,
        places=flag.places,
        covers=tuple(f"{one.code} {one.name}" for one in flag.covers),
        untrusted_message=_short(flag.message.en),
    )


def _module(graph: ModuleGraph, name: ModuleName) -> ModuleAnswer:
    users = sorted({user for layer, each in graph.users(name).items() if layer in _USED_BY for user in each})
    return ModuleAnswer(
        module=name,
        path=graph.path_of(name) or "",
        direct=tuple(users[:20]),
        direct_total=len(users),
        transitive_total=len(graph.reach(name, None, _USED_BY)),
        bound="lower_bound" if graph.gaps() else "exact",
    )


def _steps(facts: CiFacts) -> Iterator[StepAnswer]:
    for run in sorted(facts.steps, key=lambda run: run.path is None):  # what a path selects says most
        for group in run.on:
            for step in group.steps:
                yield StepAnswer(
                    pipeline=run.pipeline,
                    step=visible(step),
                    reason=run.reason.value,
                    pattern=None if run.entry is None else visible(run.entry),
                    path=None if run.path is None else visible(run.path),
                )


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_TEXT else shown[: _LONGEST_TEXT - 1] + "…"
