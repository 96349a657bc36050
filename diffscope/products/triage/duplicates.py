"""Candidates -> duplicates: changes that do the same work. What is rare among all changes counts; a wrong accusation costs more than a missed one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.triage.candidates import Candidate, OpenState
from diffscope.products.triage.model import Duplicate, DuplicateKind, OrderLink, Share
from diffscope.products.triage.needs import Meets
from diffscope.source.profile import places

_MOST_HOLDERS: Final = 6
"""Changes that hold one line, name or issue: what more of them hold tells nothing of two."""
_FEWEST_LINES: Final = 3
_ENOUGH: Final = 0.6
"""Part of the smaller change's lines that the other holds too."""
_ALMOST_ALL: Final = 0.75
_SEVERAL_LINES: Final = 6
"""The same, where titles say nothing alike."""
_MOST_OF: Final = 0.7
"""The same of the names that it brings into functions and takes out of them."""
_FEWEST_WORDS: Final = 3
"""Words that two titles share, where nothing but the titles and the function is the same."""
_SETTINGS: Final = frozenset(
    {"config-field", "cli-flag", "environment-variable", "protocol-field", "requirement"}
)
_WORD: Final = lazy_regex(r"[a-z][a-z0-9_.]{2,}")
_PLATFORMS: Final = frozenset({"cpu", "rocm", "xpu"})
_KINDS: Final = frozenset(
    {"add", "bugfix", "build", "ci", "core", "doc", "docs", "feature", "fix", "frontend", "kernel", "misc", "model", "perf", "refactor", "remove", "support", "test", "tests", "update"}
)  # fmt: skip
"""What a title says of the kind of the work."""
_FILLERS: Final = frozenset(
    {"a", "again", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "it", "its", "not", "of", "on", "onto", "or", "re", "reapply", "redo", "reland", "take", "the", "to", "try", "use", "v2", "when", "with"}
)  # fmt: skip


class Found(NamedTuple):
    """Duplicates, and changes that take others back."""

    duplicates: tuple[Duplicate, ...]
    reverts: tuple[OrderLink, ...]


def find_duplicates(
    candidates: Sequence[Candidate], meets: Meets, *, linked: frozenset[frozenset[int]]
) -> Found:
    """Return pairs that do the same work, most certain first; ``linked`` holds those that are known to stand on each other."""
    by_number = {one.number: one for one in candidates}
    lines = {one.number: _Lines.of(one) for one in candidates}
    pairs: defaultdict[tuple[int, int], list[Share]] = defaultdict(list)
    for pair, share in (*_same_lines(lines), *_same_things(candidates)):
        one, other = by_number[pair[0]], by_number[pair[1]]
        if meets(one, other):
            pairs[pair].append(share)
    found = [
        _duplicate(by_number[low], by_number[high], tuple(shares))
        for (low, high), shares in pairs.items()
        if frozenset((low, high)) not in linked and _is_same_work(by_number[low], by_number[high], shares)
    ]
    reverts = [
        OrderLink(
            first=low,
            then=high,
            kind="reverts",
            says=text_of("open-order.reverts", one=by_number[low].name, other=by_number[high].name),
        )
        for low, high in sorted(
            {_in_time(by_number[one], by_number[other]) for one, other in _taken_back(lines)}
        )
        if meets(by_number[low], by_number[high])
    ]
    return Found(
        tuple(sorted(found, key=lambda one: (-one.confidence, one.first, one.second))),
        tuple(sorted(reverts, key=lambda one: (one.first, one.then))),
    )


class _Lines(NamedTuple):
    """Lines that a change brings and takes away, each with its file."""

    added: frozenset[tuple[str, int]]
    removed: frozenset[tuple[str, int]]

    @classmethod
    def of(cls, candidate: Candidate) -> _Lines:
        listed = candidate.footprint.lines
        return cls(
            frozenset((file.path, each) for file in listed for each in file.added),
            frozenset((file.path, each) for file in listed for each in file.removed),
        )

    @property
    def size(self) -> int:
        return len(self.added) + len(self.removed)


def _holders(sets: Mapping[int, Iterable[object]]) -> Iterator[tuple[object, list[int]]]:
    """Yield what at least two and not too many hold, with their numbers."""
    found: defaultdict[object, list[int]] = defaultdict(list)
    for number, held in sets.items():
        for each in held:
            found[each].append(number)
    return ((each, numbers) for each, numbers in found.items() if 1 < len(numbers) <= _MOST_HOLDERS)


def _same_lines(lines: Mapping[int, _Lines]) -> Iterator[tuple[tuple[int, int], Share]]:
    signed = {
        number: [*(("+", *each) for each in one.added), *(("-", *each) for each in one.removed)]
        for number, one in lines.items()
    }
    shared: Counter[tuple[int, int]] = Counter()
    added: Counter[tuple[int, int]] = Counter()
    paths: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for each, numbers in _holders(signed):
        assert isinstance(each, tuple)  # noqa: S101 - made above
        for pair in combinations(sorted(numbers), 2):
            shared[pair] += 1
            added[pair] += each[0] == "+"
            paths[pair].add(each[1])
    for pair, count in shared.items():
        smaller, larger = sorted((lines[pair[0]].size, lines[pair[1]].size))
        part = count / smaller if smaller else 0.0
        is_alike = larger <= 3 * smaller  # a large change that holds a small one besides is another work
        # What both only take out is the same work where neither does much else.
        is_telling = added[pair] or count >= _ENOUGH * larger
        if is_telling and count >= _FEWEST_LINES and part >= _ENOUGH and is_alike:
            yield pair, Share(kind="lines", names=tuple(sorted(paths[pair])[:5]), weight=round(part, 2))


def _taken_back(lines: Mapping[int, _Lines]) -> Iterator[tuple[int, int]]:
    """Yield pairs of which the second takes away what the first brings and brings back what it takes away."""
    added: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, one in lines.items():
        for each in one.added:
            added[each].append(number)
    counts: Counter[tuple[int, int]] = Counter()
    for number, one in lines.items():
        for each in one.removed:
            for first in added.get(each, ()):
                if first != number:
                    counts[first, number] += 1
    for (first, then), count in counts.items():
        one, other = lines[first], lines[then]
        back = len(one.removed & other.added)
        if count >= _FEWEST_LINES and count + back >= 0.8 * one.size and count + back >= 0.6 * other.size:
            yield first, then


def _in_time(one: Candidate, other: Candidate) -> tuple[int, int]:
    """Return two numbers, the earlier change first: what takes another back came after it."""
    left, right = sorted((one, other), key=lambda each: (each.state.merged_at or 0, each.number))
    return left.number, right.number


def _same_things(candidates: Sequence[Candidate]) -> Iterator[tuple[tuple[int, int], Share]]:
    """Yield pairs that add the same registry row, set the same option alike, define the same names, or edit the same functions alike."""
    rows = {
        one.number: [
            each.name for each in one.settings if each.what == "registry" and each.after and not each.before
        ]
        for one in candidates
    }
    yield from _shared("registry", rows, {number: len(held) for number, held in rows.items()})
    options = {
        one.number: [
            (each.name, each.before, each.after)
            for each in one.settings
            if each.what in _SETTINGS and each.after is not None
        ]
        for one in candidates
    }
    yield from _shared("setting", options, {number: len(held) for number, held in options.items()})
    issues = {one.number: one.issues for one in candidates}
    yield from _shared("issue", issues, {number: len(held) for number, held in issues.items()})
    names = {one.number: one.footprint.defines for one in candidates}
    for pair, share in _shared("names", names, {number: len(held) for number, held in names.items()}):
        if share.weight >= _ENOUGH and len(share.names) >= 2:
            yield pair, share
    yield from _same_edits(candidates)


def _same_edits(candidates: Sequence[Candidate]) -> Iterator[tuple[tuple[int, int], Share]]:
    """Yield pairs that bring the same names into the same functions and take the same out of them, or whose titles say one thing of one function."""
    news = {
        one.number: {
            (f"{body.module}:{body.symbol}", sign, name)
            for body in one.footprint.bodies
            for sign, names in (("+", body.added), ("-", body.removed))
            for name in names
        }
        for one in candidates
    }
    for pair, share in _shared("symbols", news, {number: len(held) for number, held in news.items()}):
        smaller, larger = sorted(len(news[number]) for number in pair)
        count = share.weight * smaller
        if count >= _FEWEST_LINES and share.weight >= _MOST_OF and larger <= 3 * smaller:
            yield pair, share
    edited = {
        one.number: {f"{body.module}:{body.symbol}" for body in one.footprint.bodies} for one in candidates
    }
    words = {one.number: _title_words(one.title) for one in candidates}
    for pair, share in _shared("title", edited, {number: len(held) for number, held in edited.items()}):
        left, right = (words[number] for number in pair)
        if (
            share.weight >= 0.5
            and len(left & right) >= _FEWEST_WORDS
            and len(left & right) >= 0.75 * len(left | right)
        ):
            yield pair, share


def _shared(
    kind: DuplicateKind, held: Mapping[int, Collection[object]], sizes: Mapping[int, int]
) -> Iterator[tuple[tuple[int, int], Share]]:
    found: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for each, numbers in _holders({number: set(things) for number, things in held.items()}):
        name = str(each[0] if isinstance(each, tuple) else each)
        for pair in combinations(sorted(numbers), 2):
            found[pair].append(name)
    for pair, names in found.items():
        weight = len(names) / max(1, min(sizes[pair[0]], sizes[pair[1]]))
        yield pair, Share(kind=kind, names=tuple(sorted({*names})[:8]), weight=round(min(1.0, weight), 2))


def _is_same_work(one: Candidate, other: Candidate, shares: Sequence[Share]) -> bool:
    kinds = {share.kind for share in shares}
    touched = _touched(one) & _touched(other)
    if _is_revert(one) != _is_revert(other):
        return False  # what a revert brings back is as old as what stood before
    if kinds & {"names", "symbols", "title"}:
        return True
    alike = title_likeness(one.title, other.title)
    if "lines" in kinds:
        # A block that is copied and the same line in many steps of a pipeline are held by other work too.
        smaller = min(_Lines.of(one).size, _Lines.of(other).size)
        weight = max(share.weight for share in shares if share.kind == "lines")
        return alike >= 0.5 or (weight >= _ALMOST_ALL and smaller >= _SEVERAL_LINES)
    if "issue" in kinds:
        return bool(touched or alike >= 0.5)
    if "registry" in kinds:
        return all(share.weight >= _ENOUGH for share in shares if share.kind == "registry") or alike >= 0.5
    return "setting" in kinds and alike >= 0.4 and any(share.weight >= 0.5 for share in shares)


def _is_revert(one: Candidate) -> bool:
    return one.kind == "revert" or one.title.lower().startswith("revert")


def _touched(one: Candidate) -> set[str]:
    return {
        *(f"{body.path}:{body.symbol}" for body in one.footprint.bodies),
        *(path for path in one.files if not path.startswith("docs/")),
    }


def title_likeness(left: str, right: str) -> float:
    """Return how much of the shorter title's telling words the other has, from 0 to 1."""
    one, other = _telling(left), _telling(right)
    return len(one & other) / min(len(one), len(other)) if min(len(one), len(other)) >= 2 else 0.0


def _telling(title: str) -> set[str]:
    return set(_WORD.findall(title.lower())) - _FILLERS - _KINDS - _PLATFORMS - places().own


_TITLE_WORD: Final = lazy_regex(r"[a-z0-9][a-z0-9_.+-]*")
_BRACKETED: Final = lazy_regex(r"\([^)]*\)")
_ENDING: Final = lazy_regex(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$")


def _title_words(title: str) -> set[str]:
    """Return the words and numbers of a title without endings: all that tells one piece of work from the next of its kind, on another platform, say."""
    words = set(_TITLE_WORD.findall(_BRACKETED.sub(" ", title.lower()))) - _FILLERS - _KINDS
    return {_ENDING.sub("", word.strip(".-")) for word in words}


def _duplicate(one: Candidate, other: Candidate, shares: tuple[Share, ...]) -> Duplicate:
    ordered = tuple(sorted(shares, key=lambda share: (-share.weight, share.kind)))
    likeness = title_likeness(one.title, other.title)
    confidence = min(
        0.99, 0.5 + 0.3 * max(share.weight for share in shares) + 0.1 * (len(shares) - 1) + 0.2 * likeness
    )
    what = tuple(_said(share) for share in ordered)
    english, chinese = tuple(text.en for text in what), tuple(text.zh for text in what)
    closed = next((each for each in (one, other) if each.state.closed_at), None)
    state = closed.state if closed is not None else OpenState()
    code = (
        "triage.same-work-merged"
        if state.is_merged
        else "triage.same-work-closed"
        if closed
        else "triage.same-work"
    )
    names = (other.name, one.name) if closed is one else (one.name, other.name)
    says = text_of(
        code, one=names[0], other=names[1], on=(state.closed_at or "")[:10], what=english, what_zh=chinese
    )
    return Duplicate(
        first=one.number, second=other.number, shares=ordered, confidence=round(confidence, 2), says=says
    )


def _said(share: Share) -> Text:
    return text_of(
        f"share.{share.kind}",
        names=tuple(f"#{name}" if share.kind == "issue" else name for name in share.names[:3]),
        percent=round(100 * share.weight),
    )
