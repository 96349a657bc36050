"""The risks of a report in sentences: families, what is still as it was, tests that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from diffscope.messages.model import Language
from diffscope.messages.say import texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, NoticeKind, PullSummary, Recheck, RiskItem
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.statements import quoted
from diffscope.render.sentences import begin
from diffscope.render.words import Words
from diffscope.rules.model import RuleCode, Severity

_ACTED: Final = 2
_NAMED: Final = 3
_FIX: Final = "TC205"
"""Flags a fix that came without a test."""
_LEAST: Final = 12
"""Pull requests that are looked at where fewer are of high risk."""
_MOST: Final = 3
_FEW_LINES: Final = 12
"""Up to which a change is small enough to be read at once."""
_LONGEST: Final = 110
_VAGUE: Final = ("models", "config")
"""Areas that a change of another one often touches."""
_TESTS: Final = ("missing-tests", "insufficient-tests")
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: nothing that is written later mends it."""
_MODULE: Final = "TC202"
"""Flags a new module that no test imports."""
_UNNAMED: Final = frozenset({"TC201", "TC202", "TC206"})
"""Flags that say that no test names what is new."""
_PLACES: Final = frozenset(
    {"core-path", "platform-compat", "kernel-safety", "quantization-numerics", "concurrency", *_TESTS}
)
"""Families of which the rule's title and the symbol tell more than the message, which says how much changed."""
_TAILS: Final = (" (and ", "; ", "；")
"""Where the first part of a message ends: what follows says where else and by which way."""


def tidy(sentence: str) -> str:
    """Return a sentence without the space that a Chinese bracket needs no more."""
    return sentence.replace("） ", "）")


ACT: Final[Mapping[NoticeKind, int]] = {"dependency": 1, "default": 4, "removed": 2, "refused": 1}
"""What asks who upgrades to act, and how many pull requests of it the upgrade list names."""
_LINES: Final = 6
_DO: Final[Mapping[NoticeKind, str]] = {
    "refused": "story.do-refused",
    "default": "story.do-default",
    "dependency": "story.do-dependency",
}
_NAMED_SETTING: Final = lazy_regex(r"`(--[a-z-]+|[A-Z]+_[A-Z0-9_]+|[A-Z]\w*(?:Config|Args)\.\w+)`")
_LONG_COST: Final = 120
_LONG_EFFECT: Final = 400
_NAME_ALONE: Final = 2
"""Marks of code in a text that names a setting and no values."""


class Section(NamedTuple):
    """A heading and what is told under it."""

    title: str
    lines: tuple[str, ...]


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
        self.told: frozenset[int] = frozenset()

    def besides(self, told: frozenset[int]) -> tuple[str, ...]:
        """Return the risks that are not ``told`` before, the gravest first, what says only what may break anywhere in its area last, pull requests on the same code in one: what may break, for whom, how one sees it, what to test."""
        groups: dict[str, list[PullSummary]] = {}
        for pull in self._gravest():
            if pull.number not in told and self._area(pull):
                groups.setdefault(self.target(self._counting(pull)[0]), []).append(pull)
        shown = sorted(groups.items(), key=lambda each: not self._pulls.has_own_words(each[1][0]))[:_MOST]
        self.told = frozenset(pulls[0].number for _, pulls in shown)
        return tuple(self._entry(target, pulls) for target, pulls in shown)

    def _area(self, pull: PullSummary) -> str:
        """Return the first area of a pull request of which it is known what may break; nothing where there is none."""
        known = [area for area in pull.areas if f"breaks.{area}" in texts(Language.ENGLISH)]
        return min(known, key=lambda area: area in _VAGUE, default="")

    def _title(self, code: RuleCode) -> str:
        rule = self._rules.get(code)
        return self._words.pick(rule.title) if rule else code

    def _gravest(self) -> list[PullSummary]:
        """Return the pull requests of high risk, the gravest and most important first, filled up with others where they are few."""
        found = [
            pull
            for pull in self._digest.pulls
            if self._counting(pull)
            and pull.additions + pull.deletions > _FEW_LINES
            and pull.number not in self._pulls.taken_back
        ]
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

    def _entry(self, target: str, pulls: Sequence[PullSummary]) -> str:
        """Return what may break by pull requests on one place, for whom, how one sees it, what to test, and what became of them."""
        words, pull, area = self._words, pulls[0], self._area(pulls[0])
        checks = self._pulls.checks(pull)
        others = self._pulls.numbers([one.number for one in pulls[1:]], _NAMED)
        parts = [
            words(f"breaks.{area}"),
            words("story.risk-affects", said=words.pick(pull.affects)) if pull.affects else "",
            words("story.risk-test", said=words(f"probe.{area}")),
            words("story.risk-check", said=words.pick(checks[0]).rstrip(".。")) if checks else "",
            self._pulls.became(pull.number),
        ]
        return words(
            "story.risk-entry",
            pull=name_of(pull.number),
            others=words("story.risk-others", pulls=others) if others else "",
            title=self._pulls.title(pull.number),
            symbol=f"`{target.strip('`').rpartition('.')[2] if target.count('.') == 1 and '.py' not in target else target.strip('`')}`",
            said=words.semicolon.join(part for part in parts if part),
        )

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


class UpgradeList:
    """What asks who upgrades to act, in one language."""

    def __init__(self, read: PageView, words: Words, pulls: PullStory) -> None:
        self._read = read
        self._words = words
        self._pulls = pulls
        self._digest = read.digest

    def lines(self) -> tuple[str, ...]:
        """Return a line a change: who, what was and is, what is seen, how to keep it."""
        return tuple(map(self._line, self.groups))

    def _line(self, group: Sequence[Notice]) -> str:
        """Return who, what was and is and what that does, and what to do about it."""
        words, pull = self._words, self._read.pull(group[0].pulls[0])
        keeps = [words.pick(keep) for keep in dict.fromkeys(one.keep for one in group) if keep]
        kinds = list(dict.fromkeys(one.kind for one in group))
        is_named = _NAMED_SETTING.search(" ".join(one.text.en for one in group)) is not None
        do = {**_DO, "removed": "story.do-removed" if is_named else "story.do-look"}
        keeps = keeps or [words(do[kind]) for kind in kinds[:1] if kind in do]
        # Of a limit that a setting raises what it is.
        asked = " ".join(keep.en for one in group if one.kind == "refused" and (keep := one.keep))
        keeps += [
            words.pick(text) for text in (pull.switch if pull else ()) if text.en.partition(" (")[0] in asked
        ]
        return words(
            "story.upgrade",
            who=begin(self._who(pull, group)),
            line=words.semicolon.join(self._changes(group, pull)),
            keep=words("story.upgrade-do", said=words.semicolon.join(keeps[:2])) if keeps else "",
            pull=name_of(group[0].pulls[0]),
        )

    def _changes(self, group: Sequence[Notice], pull: PullSummary | None) -> Iterator[str]:
        words = self._words
        kinds = dict.fromkeys(one.kind for one in group)
        if "default" in kinds:
            # What is refused with another default is told by what to do.
            kinds.pop("refused", None)
        for kind in kinds:
            own = [one for one in group if one.kind == kind]
            for code in ("story.act-deprecated", "story.act-removed", "story.act-refused"):
                plain = [self._pulls.noticed(one) for one in own if _said_by(one) == code]
                if plain:
                    yield words(code, said=words.listed(plain[:1] if kind == "refused" else plain, _NAMED))
            yield from (self.change(one) for one in own if not _said_by(one))
        if any(one.effect or one.reason for one in group):
            return
        told = {one.text for one in group}
        costs = [text for text in pull.costs if text not in told and "“" in text.en] if pull else []
        if "refused" not in {one.kind for one in group} and costs and len(costs[0].en) <= _LONG_COST:
            yield words.pick(costs[0])

    def change(self, one: Notice, *, most: int = _LONG_EFFECT) -> str:
        """Return what a notice says was and is, and what that does to a server where that is not too long."""
        said = self._pulls.noticed(one)
        if most < _LONG_EFFECT:
            said = said.partition(self._words.semicolon)[0]
        known = one.effect or (quoted(one.reason) if one.reason else None)
        effect = self._words.pick(known) if known and len(known.en) <= most else ""
        return self._words("story.upgrade-effect", said=said, effect=effect) if effect else said

    def _who(self, pull: PullSummary | None, group: Sequence[Notice]) -> str:
        """Return whom a pull request concerns: of what goes who set it, of one of the project's own work those of its platform."""
        named = _NAMED_SETTING.findall(" ".join(one.text.en for one in group))
        if group[0].kind == "removed" and named:
            return self._words("affects.when-set", name=named[0])
        if (
            group[0].kind == "default"
            and named
            and pull
            and pull.affects is None
            and group[0].text.en.count("`") > _NAME_ALONE
        ):
            return self._words("story.unset", name=named[0])
        if pull is None or pull.affects is None or (pull.audience == AUDIENCES[-1] and not pull.platforms):
            return self._words("story.everyone")
        if pull.audience == AUDIENCES[-1]:
            return self._words("affects.platform-only", platform=self._read.area(pull.platforms[0]))
        return self._words.pick(pull.affects)

    @cached_property
    def groups(self) -> tuple[tuple[Notice, ...], ...]:
        """What asks to act, by pull request; what most deployments meet first."""
        kinds = {pull.number: pull.kind for pull in self._digest.pulls}
        found: dict[int, list[Notice]] = {}
        for one in sorted(
            self._digest.notices, key=lambda one: list(ACT).index(one.kind) if one.kind in ACT else 0
        ):
            is_new = one.kind == "refused" and kinds.get(one.pulls[0]) == "feature"
            is_asked = one.kind != "dependency" or one.is_weighty
            if one.kind in ACT and one.undone_by is None and is_asked and not is_new:
                found.setdefault(one.pulls[0], []).append(one)
        kept = []
        for kind, most in ACT.items():
            kept += [tuple(group[:_NAMED]) for group in found.values() if group[0].kind == kind][:most]
        # What only a title says is told last.
        kept.sort(key=lambda group: (not _is_known(group), self._reach(group[0].pulls[0])))
        return tuple(kept[:_LINES])

    @cached_property
    def asking(self) -> frozenset[int]:
        """The pull requests of the list."""
        return frozenset(group[0].pulls[0] for group in self.groups)

    def _reach(self, number: int) -> int:
        pull = self._read.pull(number)
        return 0 if pull is None or pull.affects is None else 1 + (len(pull.platforms) == 1)


def _is_known(group: Sequence[Notice]) -> bool:
    return group[0].name != name_of(group[0].pulls[0])


def _said_by(one: Notice) -> str:
    """Return the message that a notice stands in; nothing where its text is whole."""
    if one.is_weighty or one.kind not in ("removed", "refused"):
        return ""
    if one.kind == "refused":
        return "story.act-refused"
    return "story.act-deprecated" if "deprecat" in one.text.en.lower() else "story.act-removed"


def _first_part(text: str, *, most: int = _LONGEST) -> str:
    """Return the first part of a message, which says what is the case and not where else; nothing where it is too long to read."""
    for separator in _TAILS:
        text = text.partition(separator)[0]
    return text if len(text) <= most else ""
