"""Candidates and what was found among them -> the queue of reviewers: what to take first, what needs a decision, what waits on its author."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, title
from diffscope.products.triage.candidates import Candidate
from diffscope.products.triage.model import Bucket, Conflict, Duplicate, Entry, Load, OrderLink

SMALL: Final = 80
"""Lines of code up to which a change is read in one go."""
SHORT: Final = 300
"""Lines of every kind, tests and documents too."""
LARGE: Final = 1000
_SIZES: Final = (5, 20, 80, 250, 1000)
_LEVELS: Final = ("none", "low", "medium", "high", "critical")
_WORTH: Final = (frozenset({"bugfix", "revert"}), frozenset({"feature", "performance"}))
_BUCKETS: Final[tuple[Bucket, ...]] = ("first", "review", "decide", "author")
_DECISIONS: Final = frozenset({"interface-change", "config-default", "dependency-version", "security"})
"""Families whose flags at medium or above ask for somebody who may decide, not only for somebody who reads."""


def build_queue(
    candidates: Sequence[Candidate],
    conflicts: Sequence[Conflict],
    duplicates: Sequence[Duplicate],
    order: Sequence[OrderLink],
) -> tuple[Entry, ...]:
    """Return every change, those to take first at the top."""
    links = _Links(conflicts, duplicates, order)
    entries = [_entry(one, links) for one in candidates]
    return tuple(sorted(entries, key=_rank))


def load_of(entries: Iterable[Entry], field: str) -> tuple[Load, ...]:
    """Return what waits for each name of a field (``owners``, ``areas``), the most first; what waits on its author is left out."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.bucket != "author":
            for name in getattr(entry, field):
                found[name].append(entry)
    loads = (
        Load(
            name=name,
            waiting=len(listed),
            first=sum(entry.bucket == "first" for entry in listed),
            code_lines=sum(entry.code_lines for entry in listed),
        )
        for name, listed in found.items()
    )
    return tuple(sorted(loads, key=lambda load: (-load.waiting, load.name)))


class _Links:
    """What was found, by number."""

    def __init__(
        self, conflicts: Sequence[Conflict], duplicates: Sequence[Duplicate], order: Sequence[OrderLink]
    ) -> None:
        self.collides: defaultdict[int, set[int]] = defaultdict(set)
        self.stale: defaultdict[int, set[int]] = defaultdict(set)
        self.same: defaultdict[int, set[int]] = defaultdict(set)
        self.after: defaultdict[int, set[int]] = defaultdict(set)
        for one in conflicts:
            if one.certainty == "breaks":
                self.collides[one.first].add(one.second)
                self.collides[one.second].add(one.first)
            self.stale[one.first].add(one.second)
            if one.kind in {
                "same-symbol",
                "setting",
                "registry",
                "operator",
                "requirement",
                "constant",
                "same-name",
            }:
                self.stale[one.second].add(one.first)
        for pair in duplicates:
            self.same[pair.first].add(pair.second)
            self.same[pair.second].add(pair.first)
        for link in order:
            if link.kind != "reverts":
                self.after[link.then].add(link.first)


def _entry(one: Candidate, links: _Links) -> Entry:
    collides, same, after = links.collides[one.number], links.same[one.number], links.after[one.number]
    bucket, reasons = _placed(one, collides, same, after)
    return Entry(
        number=one.number,
        title=one.title,
        author=one.author,
        url=one.url,
        head=one.head,
        bucket=bucket,
        reasons=tuple(reasons),
        level=one.level,
        kind=one.kind,
        areas=one.areas,
        owners=one.owners,
        labels=one.labels,
        lines=one.lines,
        code_lines=one.code_lines,
        test_lines=one.test_lines,
        opened_at=one.state.opened_at,
        updated_at=one.state.updated_at,
        does=one.does,
        flags=one.flags,
        hints=one.hints,
        collides=tuple(sorted(collides)),
        same_as=tuple(sorted(same)),
        after=tuple(sorted(after)),
        makes_stale=tuple(sorted(links.stale[one.number])),
    )


def _placed(one: Candidate, collides: set[int], same: set[int], after: set[int]) -> tuple[Bucket, list[Text]]:
    author = list(_waits_on_author(one))
    if author:
        return "author", author
    decide = list(_needs_decision(one, collides, same, after))
    if decide:
        return "decide", decide
    left = list(_not_first(one))
    return ("review", left) if left else ("first", list(_why_first(one)))


def _waits_on_author(one: Candidate) -> Iterator[Text]:
    if one.state.is_draft:
        yield text_of("triage.why-draft")
    if one.state.decision == "changes-requested":
        yield text_of("triage.why-changes-requested")
    if one.state.merges is False:
        yield text_of("triage.why-textual")


def link_reasons(collides: Iterable[int], same: Iterable[int], after: Iterable[int]) -> Iterator[Text]:
    """Yield the reasons that name other changes: those that do the same work, come first, or collide."""
    for code, numbers in (("same", same), ("after", after), ("collides", collides)):
        if others := _names(numbers):
            yield text_of(f"triage.why-{code}", others=others)


def _needs_decision(one: Candidate, collides: set[int], same: set[int], after: set[int]) -> Iterator[Text]:
    yield from link_reasons(collides, same, after)
    families = [family for family in one.families if family in _DECISIONS]
    if families:
        english, chinese = (
            tuple(title("family", name, language) for name in families) for language in Language
        )
        yield text_of("triage.why-decision", families=english, families_zh=chinese)
    if one.level in _LEVELS[3:]:
        yield _risk(one)
    if one.code_lines > LARGE:
        yield text_of("triage.why-large", count=one.code_lines)


def _not_first(one: Candidate) -> Iterator[Text]:
    if one.level not in _LEVELS[:2]:
        yield _risk(one)
    if one.code_lines > SMALL:
        yield text_of("triage.why-large", count=one.code_lines)
    elif one.lines > SHORT:
        yield text_of("triage.why-size", count=one.lines)
    if one.tests_needed:
        yield text_of("triage.why-tests")
    elif not one.is_tested:
        yield text_of("triage.why-untested")
    if not one.is_complete:
        yield text_of("triage.why-incomplete")


def _why_first(one: Candidate) -> Iterator[Text]:
    sizes = {"count": one.lines, "code": one.code_lines, "tests": one.test_lines}
    if not one.code_lines:
        yield text_of("triage.why-first-other", **sizes, **_level(one))
    else:
        yield text_of("triage.why-first", **sizes, **_level(one))


def _risk(one: Candidate) -> Text:
    if not one.gravest:
        return text_of("triage.why-level", **_level(one))
    english, chinese = (
        tuple(title("family", name, language) for name in one.gravest) for language in Language
    )
    return text_of("triage.why-risk", **_level(one), families=english, families_zh=chinese)


def _level(one: Candidate) -> dict[str, str]:
    return {"level": one.level, "level_zh": title("word", one.level, Language.CHINESE)}


def _names(numbers: Iterable[int]) -> tuple[str, ...]:
    listed = sorted(numbers)
    return (*(f"#{number}" for number in listed[:4]), *((f"+{len(listed) - 4}",) if len(listed) > 4 else ()))


def _rank(entry: Entry) -> tuple[int, int, int, int, str, int]:
    """Order by state; then fixes before features before all that users do not meet; then by risk and size; of the same size the one that waits longest."""
    level = _LEVELS.index(entry.level) if entry.level in _LEVELS else len(_LEVELS)
    size = bisect_left(_SIZES, entry.code_lines)
    worth = next((at for at, kinds in enumerate(_WORTH) if entry.kind in kinds), len(_WORTH))
    if not entry.code_lines:
        worth = len(_WORTH)  # a fix of a test, a document or a build
    return _BUCKETS.index(entry.bucket), worth, level, size, entry.opened_at or "", entry.number
