"""The flags of pull requests, a line each, and the tests that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Recheck, RiskItem
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words
from diffscope.rules.model import RuleCode

_LONGEST: Final = 110
_TESTS: Final = ("missing-tests", "insufficient-tests")
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: nothing that is written later mends it."""
_MODULE: Final = "TC202"
"""Flags a new module that no test imports."""
_UNNAMED: Final = frozenset({"TC201", "TC202", "TC206"})
"""Flags that say that no test names what is new."""
_ASKED: Final = 4
"""Symbols that a line on missing tests names."""
_PLACES: Final = frozenset(
    {"core-path", "platform-compat", "kernel-safety", "quantization-numerics", "concurrency", *_TESTS}
)
"""Families of which the rule's title and the symbol tell more than the message, which says how much changed."""
_TAILS: Final = (" (and ", "; ", "；")
"""Where the first part of a message ends: what follows says where else and by which way."""
_FIX: Final = "TC205"
"""Flags a fix that came without a test."""


class FlagStory:
    """The flags of one digest, in one language."""

    def __init__(self, read: PageView, words: Words) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._families = {
            item.code: family.family for family in read.digest.risk.families for item in family.items
        }
        self._rules = {rule.code: rule for rule in read.digest.rules}

    def _title(self, code: RuleCode) -> str:
        rule = self._rules.get(code)
        return self._words.pick(rule.title) if rule else code

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
        words, what = self._words, self._title(item.code)
        if family in _PLACES and (item.symbol or family in _TESTS):
            return words("story.at-symbol", what=what, symbol=self.target(item))
        message = _first_part(words.pick(item.message))
        if item.symbol or not message or "…" in message:
            return words("story.at-symbol", what=what, symbol=self.target(item))
        return words("story.said", what=what, message=message)

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
            # Tests reach what is private through its callers, whose names they say.
            if "_" not in {part[:1] for part in (item.symbol or "").split(".")}
        ]
        importance = {pull.number: pull.importance for pull in self._digest.pulls}
        found.sort(key=lambda item: (-item.severity.rank, -importance[item.number], item.number))
        return tuple(found)

    @property
    def unnamed(self) -> tuple[RiskItem, ...]:
        """Those of them that say, or of which it was looked up since, that no test names the symbol."""
        return tuple(item for item in self.test_items if item.code in _UNNAMED or self.state(item) == "still")

    def tests_to_write(self) -> Iterator[str]:
        """Yield what maintainers may add: tests for what none names, and for fixes that came without."""
        new = [item for item in self.unnamed if item.code != _FIX]
        fixes = [item for item in self.test_items if item.code == _FIX]
        for items, code in ((new, "follow.tests"), (fixes, "follow.regression")):
            if items:
                still = all(self.state(item) == "still" for item in items[:_ASKED])
                state = self._words("state.unnamed", day=self.day) if still else ""
                yield self._words(code, names=self._targets(items)) + state

    def _targets(self, items: Sequence[RiskItem]) -> list[str]:
        return [
            self._words("story.named-in", name=self.target(item), pull=name_of(item.number))
            for item in items[:_ASKED]
        ]

    def target(self, item: RiskItem) -> str:
        """Return what a flag is about: its symbol, else its file."""
        return f"`{item.symbol or (item.path or '').rpartition('/')[2]}`"


def _first_part(text: str, *, most: int = _LONGEST) -> str:
    """Return the first part of a message, which says what is the case and not where else; nothing where it is too long to read."""
    for separator in _TAILS:
        text = text.partition(separator)[0]
    return text if len(text) <= most else ""
