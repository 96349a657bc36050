"""The risks of a report in sentences: families, what is still as it was, tests that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from diffscope.messages.say import texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import PullSummary, Recheck, RiskItem
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.render.words import Words
from diffscope.rules.model import RuleCode, Severity

_ITEMS: Final = 3
_ACTED: Final = 2
_NAMED: Final = 3
_FIX: Final = "TC205"
"""Flags a fix that came without a test."""
_LEAST: Final = 4
"""Pull requests that are shown where fewer are of high risk."""
_MOST: Final = 3
"""Of high risk; of more the numbers alone are told."""
_LONGEST: Final = 110
_LONGEST_DETAIL: Final = 280
_COLON: Final = lazy_regex("\uff1a|: ")
_CLOSED: Final = lazy_regex("\uff09\uff1a|\\): ")
_CLAUSE: Final = lazy_regex("\uff0c|, ")
_TESTS: Final = ("missing-tests", "insufficient-tests")
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: nothing that is written later mends it."""
_MODULE: Final = "TC202"
"""Flags a new module that no test imports."""
_UNNAMED: Final = frozenset({"TC201", "TC202", "TC206"})
"""Flags that say that no test names what is new."""
_BREAKS: Final = ("interface-change", "feature-interaction")
_PLACES: Final = frozenset(
    {"core-path", "platform-compat", "kernel-safety", "quantization-numerics", "concurrency", *_TESTS}
)
"""Families of which the rule's title and the symbol tell more than the message, which says how much changed."""
_TAILS: Final = (" (and ", "; ", "；")
"""Where the first part of a message ends: what follows says where else and by which way."""


def tidy(sentence: str) -> str:
    """Return a sentence without the space that a Chinese bracket needs no more."""
    return sentence.replace("） ", "）")


class Section(NamedTuple):
    """A heading and what is told under it."""

    title: str
    lines: tuple[str, ...]
    intro: str = ""
    """What holds for all of the lines."""


class RiskStory:
    """What one digest tells of risks, in one language."""

    def __init__(self, read: PageView, words: Words, pulls: PullStory) -> None:
        self._read = read
        self._words = words
        self._pulls = pulls
        self._digest = read.digest
        self._families = {
            item.code: family.family for family in read.digest.risk.families for item in family.items
        }
        self._rules = {rule.code: rule for rule in read.digest.rules}

    def besides(self, told: frozenset[int]) -> tuple[Section, ...]:
        """Every pull request of high risk, by the rule that weighs most: what may happen, what to do, and one line each; of those ``told`` before the numbers."""
        if not any(family.count for family in self._digest.risk.families):
            return ()
        gravest = self._gravest()
        fresh = [pull for pull in gravest if pull.number not in told]
        groups: dict[RuleCode, list[PullSummary]] = {}
        for pull in fresh[:_MOST]:
            groups.setdefault(self._counting(pull)[0].code, []).append(pull)
        sections = [
            Section(self._title(code), tuple(map(self._entry, pulls)), self._intro(code))
            for code, pulls in groups.items()
        ]
        for code, pulls in (
            ("story.risk-told", [pull for pull in gravest if pull.number in told]),
            ("story.risk-all", fresh[_MOST:]),
        ):
            if pulls:
                listed = self._pulls.numbers([pull.number for pull in pulls], len(pulls))
                sections.append(Section(self._words(code), (), self._words("story.risk-rest", pulls=listed)))
        return tuple(sections)

    def _title(self, code: RuleCode) -> str:
        rule = self._rules.get(code)
        return self._words.pick(rule.title) if rule else code

    def _intro(self, code: RuleCode) -> str:
        """Return what may happen where a rule fired and what to do about it; of a family of somebody's own the remedy of the rule."""
        rule, known = self._rules.get(code), texts(self._words.language)
        means = known.get(f"means.{code}") or known.get(f"means.{self._families.get(code, '')}", "")
        return means or (self._words.pick(rule.advice) if rule and rule.advice else "")

    def _gravest(self) -> list[PullSummary]:
        """Return the pull requests of high risk, the gravest and most important first, filled up with others where they are few."""
        found = [pull for pull in self._digest.pulls if self._counting(pull)]
        serious = {pull.number for pull in self._read.serious}
        found.sort(
            key=lambda pull: (
                pull.number not in serious,
                -self._counting(pull)[0].severity.rank,
                -pull.importance,
                pull.number,
            )
        )
        return found[: max(len(serious), _LEAST)]

    def _counting(self, pull: PullSummary) -> list[RiskItem]:
        items = [item for item in pull.flags if item.severity.rank >= Severity.MEDIUM.rank]
        # What was tested since is no risk any more.
        items = [item for item in items if self.state(item) != "tested"] or items
        # Where something can go wrong comes before that no test would tell.
        return sorted(
            items,
            key=lambda item: (-item.severity.rank, self._families.get(item.code) in _TESTS, item.code),
        )

    def _entry(self, pull: PullSummary) -> str:
        """Return where a pull request is at risk, what else is, and what became of it."""
        words, items = self._words, self._counting(pull)
        first = items[0]
        line = words(
            "story.risk-entry",
            severity=words(pull.level),
            pull=name_of(pull.number),
            title=self._pulls.title(pull.number),
            at=words("story.risk-at", symbol=self.target(first)) if first.symbol or first.path else "",
            fixes=words("story.risk-fix") if pull.kind == "bugfix" else "",
        )
        became = self._pulls.became(pull.number)
        told = f"{words.semicolon}{became}" if became else ""
        untested = any(item.code in _UNNAMED and self.state(item) == "still" for item in items)
        return f"{line}{told}{words('state.untested', day=self.day) if untested else ''}"

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
    def _breaks(self) -> list[tuple[str, RiskItem]]:
        items = [
            (family.family, item)
            for family in self._digest.risk.families
            if family.family in _BREAKS
            for item in self._read.counted_items(family)
            # What few outside use is no news for who upgrades.
            if self.state(item) == "still" and item.severity.rank >= Severity.HIGH.rank
        ]
        return sorted(items, key=lambda each: -each[1].severity.rank)

    @cached_property
    def open_breaks(self) -> tuple[str, ...]:
        """Flags on interfaces, defaults and the like whose line stands at the newest commit as it did, the gravest first."""
        return tuple(self._break(family, item) for family, item in self._breaks[:_ITEMS])

    def _break(self, family: str, item: RiskItem) -> str:
        return self._words(
            "story.break",
            severity=self._words(item.severity.value),
            pull=name_of(item.number),
            title=self._pulls.title(item.number),
            said=self._said(family, item),
            detail=self._detail(item),
        )

    def _detail(self, item: RiskItem) -> str:
        """Return which parameter or field it is, from the message: what stands behind its symbol, and behind what became of it."""
        text = _first_part(self._words.pick(item.message), most=_LONGEST_DETAIL)
        _, *said = _COLON.split(text, maxsplit=1)
        _, *behind = _CLOSED.split(said[0], maxsplit=1) if said else ("",)
        detail = behind[0] if behind else _CLAUSE.split(said[0])[0] if said else ""
        return self._words("story.detail", detail=detail) if detail else ""

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
        importance = {pull.number: pull.importance for pull in self._digest.pulls}
        found.sort(key=lambda item: (-item.severity.rank, -importance[item.number], item.number))
        return tuple(found)

    @property
    def unnamed(self) -> tuple[RiskItem, ...]:
        """Those of them that say, or of which it was looked up since, that no test names the symbol."""
        return tuple(item for item in self.test_items if item.code in _UNNAMED or self.state(item) == "still")

    def follow_ups(self) -> Iterator[str]:
        """Yield what this window's code asks for, what is most urgent first."""
        new = [item for item in self.unnamed if item.code != _FIX]
        fixes = [item for item in self.test_items if item.code == _FIX]
        for items, code in ((new, "follow.tests"), (fixes, "follow.regression")):
            if items:
                still = all(self.state(item) == "still" for item in items[:_ACTED])
                state = self._words("state.unnamed", day=self.day) if still else ""
                yield self._words(code, names=self._targets(items)) + state
        yield from self._reverted()
        defaults = [one for one in self._digest.notices if one.kind == "default" and one.undone_by is None]
        if defaults:
            pulls = self._pulls.numbers([number for one in defaults for number in one.pulls], 5)
            yield self._words("follow.defaults", count=len(defaults), pulls=pulls)
        for family, code in (
            ("platform-compat", "follow.platform"),
            ("quantization-numerics", "follow.numerics"),
        ):
            items = [
                item
                for one in self._digest.risk.families
                if one.family == family
                for item in self._read.counted_items(one)
            ]
            if items:
                yield self._words(code, names=self._targets(items))

    def _targets(self, items: Sequence[RiskItem]) -> list[str]:
        return [
            self._words("story.named-in", name=self.target(item), pull=name_of(item.number))
            for item in items[:_ACTED]
        ]

    def _reverted(self) -> Iterator[str]:
        again = {link.target for link in self._digest.links if link.reason == "reapplies"}
        taken = [
            self._words("follow.one-reverted", pull=name_of(link.target), other=name_of(link.source))
            for link in self._digest.links
            if link.reason == "reverts" and self._read.pull(link.source) and link.target not in again
        ]
        if taken:
            yield self._words("follow.reverted", names=taken[:_NAMED])

    def target(self, item: RiskItem) -> str:
        """Return what a flag is about: its symbol, else its file."""
        return f"`{item.symbol or (item.path or '').rpartition('/')[2]}`"


def _first_part(text: str, *, most: int = _LONGEST) -> str:
    """Return the first part of a message, which says what is the case and not where else; nothing where it is too long to read."""
    for separator in _TAILS:
        text = text.partition(separator)[0]
    return text if len(text) <= most else ""
