"""What a report tells in sentences: what the window was about, what an upgrade asks, fixes, what to look at, what users notice, what to do.

Every sentence names its pull requests as ``#N``; code stands in backticks. The same sentences go into every format, which links the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from diffscope.messages.model import Language
from diffscope.messages.say import texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import PullSummary, Theme
from diffscope.products.report.plain import AUDIENCES, DIAGNOSTIC
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.flags import FlagStory
from diffscope.products.report.render.story.noticed import FixStory, NoticeStory
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.shorten import shorten
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.products.report.render.story.upgrade import Section, UpgradeList
from diffscope.products.report.render.story.week import WeekStory
from diffscope.render.sentences import begin
from diffscope.render.words import Words

_OF_A_MOVE: Final = 2
_PICKS: Final = 5
_FEW: Final = 6
"""Pull requests of a window up to which each of them is told."""
_MANY_FIXES: Final = 4
"""Fixes since, each of which makes a pull request worth a look as a point of importance does."""
_SHORT_SWITCHES: Final = 60
_OF_A_THEME: Final = 2
_LEADS: Final = 2
_ACTIONS: Final = 3
_QUOTES: Final = "“"
_INSIDE: Final = lazy_regex(r"`[\w.]*\b_\w+`")
"""How a statement begins that speaks of a private function."""
_ERROR: Final = lazy_regex(r"Now an error: ")
_CLASS: Final = lazy_regex(r"(?:New: |Introduces the interface )`[A-Z][a-z]?\w+`")
"""How one begins that speaks of a class, which nobody who runs a server names."""
_KEPT: Final = lazy_regex(r"to (?:stay, pin|switch it off,|keep it, set) `([^`]+)`(?: to `'?([^`']*)'?`)?")
"""How the advice begins that brings the old state back."""
_SWITCH: Final = lazy_regex(r"`(?:--)?[A-Za-z]\w*[-_][\w-]+`|`--\w+`")
_LOSSY: Final = lazy_regex(r"(?i)dtype|quant")
"""Switches that change numbers on purpose: outputs differ, and only an accuracy task tells whether too much."""


class Story:
    """The sentences of one digest in one language. ``own`` has templates of the user's own by name."""

    def __init__(self, read: PageView, words: Words, own: Mapping[str, str] | None = None) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._pulls = PullStory(read, words, own or {})
        self._flags = FlagStory(read, words)
        self._upgrade = UpgradeList(read, words, self._pulls)
        self._noticed = NoticeStory(read.digest, words, self._pulls, self._upgrade)
        self.upgrade = self._upgrade.lines()
        self.upgrade_short = tuple(shorten(line, words) for line in self._upgrade.lines(is_short=True))
        self.reverts, self.became, self.heading = self._pulls.reverts, self._pulls.became, self._pulls.heading
        self._fixes = FixStory(read, words, self._pulls, self._upgrade)
        self.fixes = self._fixes.lines
        self.trends = TrendStory(read, words, self._week.areas).trends()

    # what the window was about

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """What the window did, who may take it and who should wait, and what to check first."""
        if not self._digest.source_pulls:
            return ()
        return self._week.lines

    @cached_property
    def _week(self) -> WeekStory:
        picked = [pull for pull, _ in self._picked]
        return WeekStory(self._read, self._words, self._pulls, self._upgrade, picked)

    @cached_property
    def upgrade_whole(self) -> tuple[str, ...]:
        """The items of the upgrade list that are not whole before the fold."""
        pairs = zip(self.upgrade, self.upgrade_short, strict=True)
        return tuple(whole for whole, short in pairs if whole != short)

    # what to look at

    @cached_property
    def picks(self) -> tuple[str, ...]:
        """The pull requests to look at: what each does, what breaks if it is wrong, whom it concerns, what followed."""
        return tuple(said for _, said in self._picked)

    @cached_property
    def _picked(self) -> list[tuple[PullSummary, str]]:
        found: list[tuple[PullSummary, str]] = []
        ranked = sorted(
            self._pulls.ranked,
            key=lambda pull: (
                -self._pulls.weight(pull) - min(len(self._pulls.fixes_of(pull.number)), _MANY_FIXES)
            ),
        )
        for pull in ranked:
            of_theme = sum(self._pulls.theme_of(pull) == self._pulls.theme_of(one) for one, _ in found)
            is_told = pull.number in self._upgrade.asking or of_theme >= _OF_A_THEME
            # A fix that brings a setting is more than one.
            is_fix = pull.kind == "bugfix" and not pull.switch
            if is_fix or pull.audience == AUDIENCES[-1] or is_told:
                continue
            said = self._pick(pull)
            if said:
                found.append((pull, said))
            if len(found) == (_FEW if self._digest.source_pulls <= _FEW else _PICKS):
                break
        return found

    def _pick(self, pull: PullSummary) -> str:
        """Return what is said of a pull request, whom it serves first; nothing where only what holds for its whole area is known."""
        words, does, became = self._words, self._does(pull), self._pulls.became(pull.number, most=1)
        is_few = self._digest.source_pulls <= _FEW
        if not (self._pulls.fixes_of(pull.number) or does or is_few):
            return ""
        who, said = self._pulls.served(pull), words.semicolon.join(does)
        # Of a sentence with a gap nobody knows what it warns of.
        costs = [text for text in pull.costs if "…" not in text.en]
        parts = {
            "pick.for": who if not said else "",
            "pick.does": words("pick.serves", who=who, said=said) if who and said else begin(said),
            "pick.costs": words.semicolon.join(words.picked(costs[:1])),
            "pick.open": became,
            "pick.untested": "" if pull.tests or pull.kind == "refactor" else words("story.untested"),
        }
        told = words.gap.join(words(code, said=part).strip() for code, part in parts.items() if part)
        line = words("story.pick", pull=name_of(pull.number), title=self._pulls.title(pull.number), said=told)
        return shorten(line, words)

    def _does(self, pull: PullSummary) -> list[str]:
        """Return what users get: what the code says of it, how it is switched on; what is other inside only where nothing else is known."""
        # A second switch only beside a short one.
        is_short = sum(len(text.en) for text in pull.switch[:_OF_A_MOVE]) <= _SHORT_SWITCHES
        words, switch = self._words, self._words.picked(pull.switch[: _OF_A_MOVE if is_short else 1])
        quotes = [text for text in pull.plain if text.en.startswith(_QUOTES)][:1]
        own = [
            text
            for text in pull.plain
            if text not in quotes
            and not _INSIDE.match(text.en)
            and not (_ERROR.match(text.en) and pull.costs)
        ]
        classes = [text for text in own if _CLASS.match(text.en)]
        met = [text for text in own if text not in classes][:1]
        if met and _QUOTES in met[0].en:
            # It is quoted there.
            quotes = []
        if met or quotes or switch or pull.number in self._new:
            classes = []
        return [*words.picked((*met, *quotes, *classes[:1])), *switch]

    @cached_property
    def _new(self) -> frozenset[int]:
        """The pull requests with an endpoint or a parameter of requests that the version before lacks."""
        return frozenset(
            number
            for one in self._digest.notices
            if one.kind in ("endpoint", "request")
            for number in one.pulls
        )

    # lines of work

    @cached_property
    def themes(self) -> tuple[Section, ...]:
        """The lines of work in their order, each as a heading and the pull requests that begin it."""
        return tuple(
            Section(self.heading(theme), tuple(map(self.told, self._leading(theme))))
            for theme in self._digest.themes
        )

    def _leading(self, theme: Theme) -> list[int]:
        """Return the pull requests that begin a theme: not those that follow another of it, and not what was taken back first."""
        followers = {
            link.source
            for link in self._digest.links
            if link.reason in ("fixes", "reverts")
            and link.source in theme.pulls
            and link.target in theme.pulls
        }
        leads = [number for number in theme.leading if number not in followers] or list(theme.leading)
        return leads[:_LEADS]

    # pull requests

    def told(self, number: int) -> str:
        """Return a pull request in a few sentences: its title, what is other now, who is affected, what became of it."""
        return self._pulls.told(number, is_listed=number in self._upgrade.asking)

    def flags_of(self, pull: PullSummary) -> tuple[str, ...]:
        """Return the flags of a pull request, a line each, in the order of its summary."""
        return tuple(map(self._flags.line, pull.flags))

    @cached_property
    def _told(self) -> frozenset[int]:
        """What stands among what to look at and the fixes."""
        fixes = {pull.number for pulls in self._fixes.by_symptom.values() for pull in pulls}
        return frozenset(fixes | {pull.number for pull, _ in self._picked})

    @cached_property
    def notices(self) -> tuple[Section, ...]:
        """What users notice, by kind."""
        return self._noticed.sections

    @cached_property
    def notice_lines(self) -> tuple[str, ...]:
        """What users notice before the fold, a line a kind."""
        return self._noticed.lines(self._told, self._week.decided)

    # what to do

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What who runs the project does: what to pin, which fixes to have, what to test."""
        return tuple(line for line in (self._pins(), self._to_have(), self._to_test()) if line)

    def _pins(self) -> str:
        pins = [
            self._words(
                "story.named-in",
                name=f"`{'='.join(filter(None, kept.groups()))}`",
                pull=name_of(one.pulls[0]),
            )
            for group in self._upgrade.groups
            for one in group
            if one.keep and (kept := _KEPT.match(one.keep.en))
        ]
        return self._words("action.pin", said=self._words.comma.join(pins)) if pins else ""

    def _to_have(self) -> str:
        """Return which later fixes are needed with what the window brought; what the gravest repaired stands with the pull request."""
        words, said = self._words, []
        for number in (pull.number for pull, _ in self._picked):
            grave = self._pulls.late_fixes(number, is_grave=True)
            late = (grave or self._pulls.late_fixes(number))[:_ACTIONS]
            if late:
                fixes = words.comma.join(map(self._pulls.dated, late))
                said.append(words("action.with", pull=name_of(number), fixes=fixes))
        return words("action.have", said=words.semicolon.join(said[:_ACTIONS])) if said else ""

    def _to_test(self) -> str:
        """Return what to test of what to look at: with what switches it on, else, where the version before has it too, in its area."""
        words, known = self._words, texts(Language.ENGLISH)
        tests: dict[str, dict[str, list[int]]] = {}
        for pull, _ in self._picked:
            named = (found[0] for text in pull.switch if (found := _SWITCH.search(text.en)))
            switch = next((each for each in named if not DIAGNOSTIC.search(each)), "")
            area = next((area for area in pull.areas if f"probe.{area}" in known), None)
            if pull.number in self._new or not (switch or (area and pull.kind != "feature")):
                continue
            code = "action.test-numbers" if _LOSSY.search(switch) else "action.test-switch"
            of = tests.setdefault(code if switch else f"probe.{area}", {})
            of.setdefault(switch, []).append(pull.number)
        told = " ".join(self.upgrade)
        said = [
            test
            for code, of in tests.items()
            if (test := self._test(code, of)) and (code.startswith("action") or words(code) not in told)
        ]
        return words("action.test", said=words.semicolon.join(said[:_ACTIONS])) if said else ""

    def _test(self, code: str, of: Mapping[str, Sequence[int]]) -> str:
        """Return one test, with all that it is for."""
        words = self._words
        if not code.startswith("action"):
            return words("story.named-in", name=words(code), pull=self._pulls.numbers(of[""]))
        switches = [
            words("story.named-in", name=switch, pull=self._pulls.numbers(numbers))
            for switch, numbers in of.items()
        ]
        return words(code, switch=words.comma.join(switches))

    @cached_property
    def for_maintainers(self) -> tuple[str, ...]:
        """The tests that this window's code lacks."""
        return tuple(self._flags.tests_to_write())
