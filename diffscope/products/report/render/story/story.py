"""What a report tells in sentences: what the window was about, what an upgrade asks, fixes, what to look at, what users notice, what to do.

Every sentence names its pull requests as ``#N``; code stands in backticks. The same sentences go into every format, which links the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from diffscope.messages.model import Language
from diffscope.messages.say import texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, PullSummary, Theme
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.noticed import FixStory, NoticeStory
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.products.report.render.story.upgrade import FlagStory, Section, UpgradeList
from diffscope.render.sentences import begin
from diffscope.render.words import Words

_MOVES: Final = 3
"""Lines of work that the first sentences tell."""
_OF_A_MOVE: Final = 2
_PICKS: Final = 5
_FEW: Final = 6
"""Pull requests of a window up to which each of them is told."""
_MANY_FIXES: Final = 4
"""Fixes since, each of which makes a pull request worth a look as a point of importance does."""
_OF_A_THEME: Final = 2
_LEADS: Final = 2
_ACTIONS: Final = 3
_OF_ONE: Final = 4
_QUOTES: Final = "“"
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
        self.reverts, self.became, self.heading = self._pulls.reverts, self._pulls.became, self._pulls.heading
        self._fixes = FixStory(read, words, self._pulls, self._upgrade)
        self.fixes = self._fixes.lines
        self._trend = TrendStory(read, words)
        self.trends = self._trend.trends()

    # what the window was about

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """Who may take the window and who should wait, what it was about, and what rose."""
        if not self._digest.source_pulls:
            return ()
        return tuple(line for line in (self._verdict(), *self._moves(), self._trend.risen) if line)

    def _moves(self) -> Iterator[str]:
        """Yield what changed under those who run it, and what is new, by lines of work: of one of them two where both change what is there."""
        words, upgrade = self._words, self._upgrade
        # What concerns all stands first, then what asks anybody to act.
        asking = [
            group[0].pulls[0] for group in sorted(upgrade.groups, key=lambda one: not upgrade.is_for_all(one))
        ]
        order = [*asking, *(pull.number for pull in self._pulls.ranked)]
        decided = [
            pull
            for number in dict.fromkeys(order)
            if number in self._gists and (pull := self._read.pull(number))
        ]
        new = [pull for pull, _ in self._picked if pull.kind != "refactor"]
        groups = (("story.decided", decided, _OF_A_MOVE), ("story.new", new, 1))
        for code, pulls, most in groups:
            found: dict[str, list[PullSummary]] = {}
            for pull in pulls:
                found.setdefault(self._pulls.theme_of(pull), []).append(pull)
            moves = [self._move(name, own[:most]) for name, own in list(found.items())[:_MOVES]]
            if moves:
                yield words(code, said=words.semicolon.join(moves), is_week=self._read.is_week)

    def _move(self, theme: str, pulls: Sequence[PullSummary]) -> str:
        words = self._words
        said = []
        for pull in pulls:
            # What the code does not hold of a title is said beside it.
            untrue = [text for text in pull.costs if text.en.endswith("of the title")]
            title = self._pulls.title(pull.number, is_bare=True) + words.aside(
                words.comma.join(words.picked(untrue))
            )
            name = self._gists.get(pull.number) or (
                title if untrue else self._pulls.title(pull.number, is_bare=True)
            )
            said.append(words("story.named-in", name=name, pull=name_of(pull.number)))
        return words("story.move", theme=theme, said=words.comma.join(said))

    @cached_property
    def _gists(self) -> dict[int, str]:
        """What changes a default, a base or which versions of a dependency are taken, in a few words."""
        return {
            one.pulls[0]: self._words.pick(one.gist)
            for one in reversed(self._digest.notices)
            if one.gist
            and one.undone_by is None
            and (one.kind == "default" or one.is_weighty or one.name.isupper())
        }

    def _verdict(self) -> str:
        """Return who may take the window, who should wait and for what, and what to check first."""
        words, groups = self._words, self._upgrade.groups
        if not groups:
            return words("story.verdict-none")
        of_all = [at for at, group in enumerate(groups) if self._upgrade.is_for_all(group)]
        waits = [said for at, group in enumerate(groups, start=1) if (said := self._wait(at, group))]
        numbers = words.comma.join(str(at + 1) for at in of_all)
        return words(
            "story.verdict",
            take=words("story.take-all", numbers=numbers) if of_all else words("story.take-some"),
            wait=words("story.waits", said=words.semicolon.join(waits)) if waits else "",
            check=self._upgrade.check(groups[next(iter(of_all), 0)]),
            item=next(iter(of_all), 0) + 1,
        )

    def _wait(self, at: int, group: Sequence[Notice]) -> str:
        """Return who should wait because of an item of the upgrade list, and for what; nothing where nobody should."""
        words, late = self._words, self._pulls.late_fixes(group[0].pulls[0], is_grave=True)
        if late:
            fixes = words.comma.join(map(self._pulls.dated, late[:_OF_ONE]))
            return words("story.wait-for", item=at, who=self._upgrade.who(group), fixes=fixes)
        if self._upgrade.is_capped(group):
            return words("story.wait-capped", item=at)
        is_lost = self._upgrade.damage(group) == 0 and not self._upgrade.is_for_all(group)
        return words("story.wait", item=at, who=self._upgrade.who(group)) if is_lost else ""

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
            if pull.kind == "bugfix" or pull.audience == AUDIENCES[-1] or is_told:
                continue
            said = self._pick(pull)
            if said:
                found.append((pull, said))
            if len(found) == (_FEW if self._digest.source_pulls <= _FEW else _PICKS):
                break
        return found

    def _pick(self, pull: PullSummary) -> str:
        """Return what is said of a pull request; nothing where only what holds for its whole area is known."""
        words, does, became = self._words, self._does(pull), self._pulls.became(pull.number)
        is_few = self._digest.source_pulls <= _FEW
        if not (self._pulls.fixes_of(pull.number) or does or is_few):
            return ""
        costs = words.picked(pull.costs)[:1]
        parts = {
            "pick.does": begin(words.semicolon.join(does)),
            "pick.costs": words.semicolon.join(costs),
            "pick.who": self._pulls.who(pull),
            "pick.open": became,
            "pick.untested": "" if pull.tests or pull.kind == "refactor" else words("story.untested"),
        }
        said = words.gap.join(words(code, said=part).strip() for code, part in parts.items() if part)
        return words("story.pick", pull=name_of(pull.number), title=self._pulls.title(pull.number), said=said)

    def _does(self, pull: PullSummary) -> list[str]:
        """Return what is other now: an author's words only behind ours."""
        words = self._words
        own = [text for text in pull.plain if not text.en.startswith(_QUOTES)][:1]
        said = list(words.picked(own))
        said += words.picked(pull.switch)[:_OF_A_MOVE]
        quotes = [text for text in pull.plain if text.en.startswith(_QUOTES)]
        return [*said, *words.picked(quotes[:1] if said and not own else ())]

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
        return self._noticed.lines(self._told)

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
        """Return which later fixes are needed with what the window brought, the grave ones with what they repaired."""
        words, said = self._words, []
        for number in (pull.number for pull, _ in self._picked):
            grave = self._pulls.late_fixes(number, is_grave=True)
            late = (grave or self._pulls.late_fixes(number))[:_ACTIONS]
            if late:
                fixes = words.comma.join(map(self._pulls.repaired, late))
                said.append(words("action.with", pull=name_of(number), fixes=fixes))
        return words("action.have", said=words.semicolon.join(said[:_ACTIONS])) if said else ""

    def _to_test(self) -> str:
        """Return what to test of what to look at: with what switches it on, else, where the version before has it too, in its area."""
        words, known = self._words, texts(Language.ENGLISH)
        new = {
            number
            for one in self._digest.notices
            if one.kind in ("endpoint", "request")
            for number in one.pulls
        }
        tests: dict[str, list[int]] = {}
        for pull, _ in self._picked:
            switch = next((found[0] for text in pull.switch if (found := _SWITCH.search(text.en))), "")
            area = next((area for area in pull.areas if f"probe.{area}" in known), None)
            if pull.number in new or not (switch or (area and pull.kind != "feature")):
                continue
            code = "action.test-numbers" if _LOSSY.search(switch) else "action.test-switch"
            test = words(code, switch=switch) if switch else words(f"probe.{area}")
            tests.setdefault(test, []).append(pull.number)
        told = " ".join(self.upgrade)
        said = [
            words("story.named-in", name=test, pull=self._pulls.numbers(numbers))
            for test, numbers in tests.items()
            if test not in told
        ]
        return words("action.test", said=words.semicolon.join(said[:_ACTIONS])) if said else ""

    @cached_property
    def for_maintainers(self) -> tuple[str, ...]:
        """The tests that this window's code lacks."""
        return tuple(self._flags.tests_to_write())
