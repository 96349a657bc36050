"""The risks of a report in sentences: families, what is still as it was, tests that are missing."""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import FamilyRisk, PullSummary, Recheck, RiskItem
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words
from diffscope.rules.language.template import clip
from diffscope.rules.model import Severity

_FAMILIES: Final = 4
_ITEMS: Final = 3
_ENTRIES: Final = 5
_LONGEST_CHECK: Final = 150
_TITLE: Final = 64
_LONGEST: Final = 110
_TESTS: Final = ("missing-tests", "insufficient-tests")
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: nothing that is written later mends it."""
_MODULE: Final = "TC202"
"""Flags a new module that no test imports."""
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


_TAGS: Final = lazy_regex(r"^(?:\s*\[[^\]]*\])+[\s:]*")


def bare_title(title: str) -> str:
    """Return a title without the bracketed words before it, which say where and not what."""
    return _TAGS.sub("", title) or title


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
        """The pull requests to look at first, one entry each with all its flags, and how many there are by family."""
        entries = [self._entry(pull) for pull in self._gravest()[:_ENTRIES]]
        families = [family for family in self._digest.risk.families if family.count]
        if not families:
            return ()
        names = [self._counted(family) for family in families[:_FAMILIES]]
        counts = self._words("story.risk-counts", names=names)
        return (Section(self._words("story.risk-first"), (*entries, counts)),)

    def _gravest(self) -> list[PullSummary]:
        """Return the pull requests with a flag that counts and that no break below tells, the gravest and most important first."""
        told = {item.number for _, item in self._breaks[:_ITEMS]}
        found = [pull for pull in self._digest.pulls if self._counting(pull) and pull.number not in told]
        found.sort(key=lambda pull: (-self._counting(pull)[0].severity.rank, -pull.importance, pull.number))
        return found

    def _counting(self, pull: PullSummary) -> list[RiskItem]:
        items = [item for item in pull.flags if item.severity.rank >= Severity.MEDIUM.rank]
        return sorted(items, key=lambda item: (-item.severity.rank, item.code))

    def _entry(self, pull: PullSummary) -> str:
        """Return what a pull request leaves open, then the codes of its flags and what became of the gravest."""
        words, items = self._words, self._counting(pull)
        asks = min(map(words.pick, pull.checks), key=len, default="")
        line = words(
            "story.risk-entry",
            severity=words(items[0].severity.value),
            pull=name_of(pull.number),
            title=clip(pull.title, _TITLE),
            asks=clip(asks, _LONGEST_CHECK) or self._said(self._families.get(items[0].code, ""), items[0]),
            codes=words.comma.join(dict.fromkeys(item.code for item in items)),
        )
        first = next((item for item in items if self.state(item)), None)
        return line + self._told_state(first) if first is not None else line

    def _counted(self, family: FamilyRisk) -> str:
        before, part = self._read.part_before(family), self._read.part(family)
        name = self._words.family(family.family)
        if before:
            return self._words(
                "report.family-before", family=name, count=family.count, part=part, before=before
            )
        return self._words("report.family", family=name, count=family.count, part=part)

    def line(self, item: RiskItem) -> str:
        """Return what a flag says, of whatever family."""
        return self._risk(self._families.get(item.code, ""), item)

    def _risk(self, family: str, item: RiskItem) -> str:
        words = self._words
        said = self._said(family, item)
        line = words(
            "story.risk",
            severity=words(item.severity.value),
            pull=name_of(item.number),
            said=said,
            code=item.code,
        )
        state = self.state(item)
        return line + self._told_state(item) if state else line

    def _said(self, family: str, item: RiskItem) -> str:
        words, what = self._words, self._titles.get(item.code, item.code)
        if family in _PLACES and (item.symbol or family in _TESTS):
            return words("story.at-symbol", what=what, symbol=self.target(item))
        return words("story.said", what=what, message=_cut(words.pick(item.message)))

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
    def _breaks(self) -> list[tuple[str, RiskItem]]:
        items = [
            (family.family, item)
            for family in self._digest.risk.families
            if family.family in _BREAKS
            for item in self._read.counted_items(family)
            if self.state(item) == "still"
        ]
        return sorted(items, key=lambda each: -each[1].severity.rank)

    @cached_property
    def open_breaks(self) -> tuple[str, ...]:
        """Flags on interfaces, defaults and the like whose line stands at the newest commit as it did, the gravest first."""
        return tuple(self._risk(family, item) for family, item in self._breaks[:_ITEMS])

    @cached_property
    def test_items(self) -> tuple[RiskItem, ...]:
        """The flags that say that a test is missing and that nothing has mended yet, the gravest first.

        A test asks an endpoint by its path, without a name of the module: where a pull request adds both, none is missing.
        """
        asked = {
            number
            for notice in self._digest.notices
            if notice.kind == "endpoint"
            for number in notice.pulls
            if (pull := self._read.pull(number)) is not None and pull.tests
        }
        found = [
            item
            for family in self._digest.risk.families
            if family.family in _TESTS
            for item in self._read.counted_items(family)
            if item.code != _WEAKENED and self.state(item) != "tested"
            if not (item.code == _MODULE and item.number in asked)
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
