"""The risks of a report in sentences: families, what is still as it was, tests that are missing."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import FamilyRisk, Recheck, RiskItem
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words

_FAMILIES: Final = 4
_ITEMS: Final = 3
_LONGEST: Final = 110
_TESTS: Final = ("missing-tests", "insufficient-tests")
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: nothing that is written later mends it."""
_UNNAMED: Final = frozenset({"TC201", "TC202", "TC206"})
"""Flags that say that no test names what is new."""
_BREAKS: Final = ("interface-change", "feature-interaction", "dependency-version")
_PLACES: Final = frozenset(
    {"core-path", "platform-compat", "kernel-safety", "quantization-numerics", "concurrency", *_TESTS}
)
"""Families of which the rule's title and the symbol tell more than the message, which says how much changed."""
_TAILS: Final = (" (and ", "; ", "；")
"""Where the first part of a message ends: what follows says where else and by which way."""


_ENDS: Final = (", ", "，", "、", " (", "（", ": ", "：", " ")
"""Where a message may be cut."""


def tidy(sentence: str) -> str:
    """Return a sentence without the space that a Chinese bracket needs no more."""
    return sentence.replace("） ", "）")


class Section(NamedTuple):
    """A heading and what is told under it."""

    title: str
    lines: tuple[str, ...]


class RiskStory:
    """What one digest tells of risks, in one language."""

    def __init__(self, read: PageView, words: Words) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._families = {
            item.code: family.family for family in read.digest.risk.families for item in family.items
        }
        self._titles = {rule.code: words.pick(rule.title) for rule in read.digest.rules}

    @cached_property
    def risks(self) -> tuple[Section, ...]:
        """The families with the gravest flags first, each with its gravest items."""
        families = [family for family in self._digest.risk.families if family.count]
        families.sort(key=lambda family: (-max(item.severity.rank for item in family.items), -family.count))
        return tuple(map(self._family, families[:_FAMILIES]))

    def _family(self, family: FamilyRisk) -> Section:
        before = self._read.part_before(family)
        code = "report.family-before" if before else "report.family"
        name = self._words.family(family.family)
        title = self._words(
            code, family=name, count=family.count, part=self._read.part(family), before=before
        )
        lines = (self._risk(family.family, item) for item in self._read.counted_items(family))
        return Section(title, tuple(islice((line for line in lines if line not in self.open_breaks), _ITEMS)))

    def line(self, item: RiskItem) -> str:
        """Return what a flag says, of whatever family."""
        return self._risk(self._families.get(item.code, ""), item)

    def _risk(self, family: str, item: RiskItem) -> str:
        words = self._words
        what = self._titles.get(item.code, item.code)
        if family in _PLACES and (item.symbol or family in _TESTS):
            said = words("story.at-symbol", what=what, symbol=self.target(item))
        else:
            said = words("story.said", what=what, message=_cut(words.pick(item.message)))
        line = words(
            "story.risk",
            severity=words(item.severity.value),
            pull=name_of(item.number),
            said=said,
            code=item.code,
        )
        state = self.state(item)
        return line + self._told_state(item) if state else line

    @cached_property
    def _rechecked(self) -> dict[tuple[int, str], Recheck]:
        return {(one.number, one.code): one for one in self._digest.rechecked}

    def state(self, item: RiskItem) -> str:
        """Return what became of a flag until the newest commit; nothing where nobody looked."""
        found = self._rechecked.get((item.number, item.code))
        return found.state if found else ""

    def _told_state(self, item: RiskItem) -> str:
        found = self._rechecked[item.number, item.code]
        by = "" if found.by is None else name_of(found.by)
        if found.state == "changed" and not by:
            return self._words("state.changed-unknown", day=self.day)
        return self._words(f"state.{found.state}", day=self.day, by=by, path=found.path or "")

    @property
    def day(self) -> str:
        """The day of the newest commit."""
        return self._digest.newest.day if self._digest.newest else ""

    @cached_property
    def open_breaks(self) -> tuple[str, ...]:
        """Flags on interfaces, defaults and the like whose line stands at the newest commit as it did, the gravest first."""
        items = [
            (family.family, item)
            for family in self._digest.risk.families
            if family.family in _BREAKS
            for item in self._read.counted_items(family)
            if self.state(item) == "still"
        ]
        items.sort(key=lambda each: -each[1].severity.rank)
        return tuple(self._risk(family, item) for family, item in items[:_ITEMS])

    @cached_property
    def test_items(self) -> tuple[RiskItem, ...]:
        """The flags that say that a test is missing and that nothing has mended yet, the gravest first."""
        found = [
            item
            for family in self._digest.risk.families
            if family.family in _TESTS
            for item in self._read.counted_items(family)
            if item.code != _WEAKENED and self.state(item) != "tested"
        ]
        return tuple(sorted(found, key=lambda item: (-item.severity.rank, item.number)))

    @property
    def unnamed(self) -> tuple[RiskItem, ...]:
        """Those of them that say, or of which it was looked up since, that no test names the symbol."""
        return tuple(item for item in self.test_items if item.code in _UNNAMED or self.state(item) == "still")

    def target(self, item: RiskItem) -> str:
        """Return what a flag is about: its symbol, else its file."""
        return f"`{item.symbol or (item.path or '').rpartition('/')[2]}`"


def _cut(text: str) -> str:
    """Return a message without what follows its first part, and no longer than a line: cut where a part ends, not within a word."""
    for separator in _TAILS:
        text = text.partition(separator)[0]
    if len(text) <= _LONGEST:
        return text
    shortened = text[:_LONGEST]
    at = max(shortened.rfind(end) for end in _ENDS)
    return f"{shortened[: at if at >= _LONGEST // 3 else _LONGEST - 1].rstrip()}…"
