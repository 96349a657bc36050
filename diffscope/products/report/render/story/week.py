"""The first sentences of a report: what the window did, line of work by line of work, who may take it, who should wait, what to check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, PullSummary, Theme
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import GAINS, PullStory
from diffscope.products.report.render.story.shorten import shorten
from diffscope.products.report.render.story.trends import INSIDE, RISE, risen_areas
from diffscope.products.report.render.story.upgrade import UpgradeList
from diffscope.render.words import Words

_LINES: Final = 2
"""Lines of work that the first sentences tell."""
_MOVES: Final = 2
"""What they tell of one line."""
_FIXES: Final = 2
_NEW: Final = 3
_WAITS: Final = 4
_ASKED: Final = 3
_MOST_FOLLOWED: Final = 3
_LEAST: Final = 3
"""Pull requests that make a line of work."""
_OWN: Final = frozenset({"term", "series"})
"""Seeds of lines of work that the titles of their authors name."""
_MIXED: Final = frozenset({"models", "other", "build", *INSIDE})
"""Areas whose pull requests have no more in common than where they lie."""


class _Line(NamedTuple):
    """A line of work, what begins it, and how much it says of the window."""

    theme: Theme
    moves: tuple[PullSummary, ...]
    weight: float


class WeekStory:
    """The first sentences of one digest in one language. ``picked`` are the pull requests to look at."""

    def __init__(
        self,
        read: PageView,
        words: Words,
        pulls: PullStory,
        upgrade: UpgradeList,
        picked: Sequence[PullSummary],
    ) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._pulls = pulls
        self._upgrade = upgrade
        self._picked = picked

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What the window did; who may take it and who should wait; what to check first."""
        words = self._words
        story = words.gap.join(f"{each}{words.full_stop}" for each in self._sentences())
        told = [words("week.story", said=story, is_week=self._read.is_week)] if story else []
        return (*told, *self._verdict())

    @cached_property
    def decided(self) -> frozenset[int]:
        """The pull requests of which the first sentences tell a default, a base image or a dependency."""
        moves = [pull.number for line in self._work[:_LINES] for pull in line.moves[:_MOVES]]
        return frozenset(moves) & self._gists.keys()

    @cached_property
    def areas(self) -> frozenset[str]:
        """The areas that the first sentences tell of."""
        return frozenset(line.theme.area for line in self._work[:_LINES] if line.theme.seed == "area")

    # what the window did

    def _sentences(self) -> Iterator[str]:
        words, told = self._words, set[int]()
        if self._for_all:
            yield words("week.for-all", said=words.semicolon.join(map(self._met, self._for_all)))
        for line in self._work[:_LINES]:
            moves = [pull for pull in line.moves if pull.number not in told][:_MOVES]
            told |= {pull.number for pull in moves}
            yield words(
                "week.line",
                head=self._head(line.theme),
                moves=words.semicolon.join(self._move(pull, line.theme) for pull in moves),
            )
        new = [pull for pull in self._picked if pull.number not in told and pull.kind != "refactor"][:_NEW]
        if new:
            said = words.comma.join(self._named(pull, is_bare=False) for pull in new)
            late = next((late for pull in new if (late := self._late(pull.number))), "")
            yield words("week.new", said=said, late=late)
        yield from self._taken_back()

    @cached_property
    def _work(self) -> list[_Line]:
        """The lines of work of which more is known than their names, those first that say most of the window."""
        found = [line for theme in self._digest.themes if (line := self._line(theme))]
        return sorted(found, key=lambda line: (-line.weight, line.theme.key))

    def _line(self, theme: Theme) -> _Line | None:
        """Return a line of work; ``None`` where nothing but its name joins what it has."""
        # Who sits in a theme for its title alone may lie elsewhere; what is decided for an area may be of another theme.
        decided = [number for number in self._decided if number in theme.pulls]
        # A version that a build takes is no work on the area of its files, and a package's says little of its platform.
        is_platform = theme.area in {one.name for one in self._digest.platforms}
        decided = [number for number in decided if number not in self._versions(is_platform=is_platform)]
        is_own = theme.seed in _OWN
        now, usual = self._risen.get(theme.area, (0.0, 0.0)) if theme.seed == "area" else (0.0, 0.0)
        ranked = sorted(
            (
                pull
                for pull in self._pulls.ranked
                if pull.number in theme.pulls and pull.number not in decided
            ),
            key=lambda pull: (pull.kind == "bugfix", -self._pulls.weight(pull)),
        )
        begun = [pull for pull in ranked if pull.audience != AUDIENCES[-1]]
        # Behind the first only what users notice says more of a line.
        told = [*begun[:1], *(pull for pull in begun[1:] if pull.kind in GAINS or self._is_asking(pull))]
        moves = [*(pull for number in decided if (pull := self._read.pull(number))), *told]
        followed = min(sum(len(self._follow_ups(pull.number)) for pull in moves[:_MOVES]), _MOST_FOLLOWED)
        is_known = decided or is_own or now > usual or followed
        if theme.count < _LEAST or theme.area in _MIXED or not moves or not is_known:
            return None
        weight = (
            2 * (len(decided[:_MOVES]) + is_own)
            + (1 + (now - usual) / RISE) * (now > usual)
            + followed
            + math.log2(theme.count)
        )
        return _Line(theme, tuple(moves), weight)

    def _is_asking(self, pull: PullSummary) -> bool:
        return pull.number in self._upgrade.asking

    @cached_property
    def _decided(self) -> tuple[int, ...]:
        """The pull requests that change a default, a base image or a dependency, those first that ask anybody to act."""
        for_all = {group[0].pulls[0] for group in self._for_all}
        asking = (group[0].pulls[0] for group in self._upgrade.groups)
        order = dict.fromkeys((*asking, *(pull.number for pull in self._pulls.ranked)))
        return tuple(number for number in order if number in self._gists and number not in for_all)

    @cached_property
    def _for_all(self) -> list[tuple[Notice, ...]]:
        """The items of the upgrade list that each deployment meets."""
        # Not all of them run into what is refused.
        kept = [group for group in self._upgrade.groups if self._upgrade.is_for_all(group)]
        return [group for group in kept if group[0].kind in ("default", "dependency")]

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

    def _versions(self, *, is_platform: bool) -> frozenset[int]:
        """Return the pull requests that take other versions: of packages for a platform, of what not all install for other lines of work."""
        return frozenset(
            one.pulls[0]
            for one in self._digest.notices
            if one.kind == "dependency" and not (one.name.isupper() if is_platform else one.is_weighty)
        )

    @cached_property
    def _risen(self) -> dict[str, tuple[float, float]]:
        return risen_areas(self._digest)

    def _head(self, theme: Theme) -> str:
        """Return what a line of work is called, with how many pull requests it has: of an area those that count under it."""
        words, here = self._words, (*self._digest.top_areas, *self._digest.platforms)
        counted = {one.name: one.pulls for one in reversed(here)} if theme.seed == "area" else {}
        numbers = counted.get(theme.area, theme.pulls)
        fixes = sum(pull.kind == "bugfix" for number in numbers if (pull := self._read.pull(number)))
        risen = ""
        if theme.area in self._risen and theme.seed == "area":
            share, mean = self._risen[theme.area]
            risen = words("week.share", share=share, mean=mean)
        return words(
            "week.head",
            name=self._pulls.heading(theme),
            count=len(numbers),
            risen=risen,
            fixes=words("week.fixes", count=fixes) if fixes else "",
        )

    def _move(self, pull: PullSummary, theme: Theme) -> str:
        """Return what a pull request of a line of work did, and which fixes followed in the window."""
        words, fixes = self._words, self._follow_ups(pull.number)
        told = [
            words("story.fix-of", pull=name_of(fix), title=self._pulls.title(fix, is_bare=True), day="")
            for fix in fixes[:_FIXES]
        ]
        more = len(fixes) - len(told)
        # The line of work is named before.
        name = self._named(pull).removeprefix(f"{words.pick(theme.title)}{words.colon}")
        if not told:
            return name
        beyond = words("week.then-more", count=more) if more else ""
        then = words("week.then", fixes=words.comma.join(told), more=beyond, is_week=self._read.is_week)
        return name + then

    def _named(self, pull: PullSummary, *, is_bare: bool = True) -> str:
        """Return what a pull request did, by what it decides, else by its title, by what switches it on where the code does not bear that out."""
        words, title = self._words, self._pulls.title(pull.number, is_bare=is_bare)
        untrue = [text for text in pull.costs if text.en.endswith("of the title")]
        if untrue and pull.switch:
            # A title that the code does not bear out is no word on what is new.
            title = shorten(words.pick(pull.switch[0]), words)
        elif untrue:
            title += words.aside(words.comma.join(words.picked(untrue)))
        return words("story.named-in", name=self._gists.get(pull.number) or title, pull=name_of(pull.number))

    def _follow_ups(self, number: int) -> list[int]:
        """Return the fixes of what a pull request brought that the window has itself."""
        return [fix for fix in self._pulls.fixes_of(number) if self._read.pull(fix)]

    def _late(self, number: int) -> str:
        """Return when the gravest fix of what is new was merged; nothing where none came after the window."""
        late = self._pulls.late_fixes(number, is_grave=True)
        if not late:
            return ""
        return self._words(
            "week.late", pull=name_of(number), fix=self._pulls.dated(late[0]), is_week=self._read.is_week
        )

    def _taken_back(self) -> Iterator[str]:
        """Yield what the window both merged and took back, and who did it again."""
        for link in self._digest.links:
            if link.reason == "reverts" and self._read.pull(link.source) and self._read.pull(link.target):
                yield self._pulls.pair(link)
                return

    # who may take it

    def _verdict(self) -> Iterator[str]:
        """Yield who may take the window, who should wait and for what, and what to check first."""
        words, upgrade = self._words, self._upgrade
        if not upgrade.groups:
            yield words("story.verdict-none")
            return
        of_all = [*self._for_all, *filter(upgrade.is_for_all, upgrade.groups)]
        waits = {group[0].pulls[0]: said for group in upgrade.groups if (said := self._wait(group))}
        asked = [
            words("story.named-in", name=upgrade.who(group), pull=name_of(group[0].pulls[0]))
            for group in upgrade.groups
            if not upgrade.is_for_all(group) and group[0].pulls[0] not in waits
        ]
        yield words(
            "story.verdict",
            take=words("story.take-all" if of_all else "story.take-some"),
            asked=words("story.asked", names=words.listed(asked, _ASKED, beyond="story.asked-more"))
            if asked
            else "",
            wait=words("story.waits", said=words.semicolon.join(waits.values())) if waits else "",
        )
        first = next(iter(of_all), upgrade.groups[0])
        # What each deployment meets has just been told.
        name = name_of(first[0].pulls[0]) if first in self._for_all else self._called(first)
        yield words("story.check", check=upgrade.check(first), name=name)

    def _met(self, group: Sequence[Notice]) -> str:
        """Return what each deployment meets, and what that does to a server."""
        effect = next((one.effect for one in group if one.effect and one.kind == "default"), None)
        told = self._words("week.effect", said=self._words.pick(effect)) if effect else ""
        return self._called(group) + told

    def _called(self, group: Sequence[Notice]) -> str:
        """Return what an item of the upgrade list is about, in a few words."""
        return self._words("story.named-in", name=self._gist_of(group), pull=name_of(group[0].pulls[0]))

    def _gist_of(self, group: Sequence[Notice]) -> str:
        number = group[0].pulls[0]
        return self._gists.get(number) or self._pulls.title(number, is_bare=True)

    def _wait(self, group: Sequence[Notice]) -> str:
        """Return who should wait because of an item of the upgrade list, and for what; nothing where nobody should."""
        words, upgrade, number = self._words, self._upgrade, group[0].pulls[0]
        # Of what goes nobody needs the fixes.
        late = self._pulls.late_fixes(number, is_grave=True) if group[0].kind != "removed" else []
        if upgrade.is_capped(group):
            return words("story.wait-capped", pull=name_of(number), names=upgrade.capped(group))
        if late:
            fixes = words.comma.join(map(self._pulls.dated, late[:_WAITS]))
            return words("story.wait-for", pull=name_of(number), who=upgrade.who(group), fixes=fixes)
        is_lost = upgrade.is_lost(group) and not upgrade.is_for_all(group)
        return words("story.wait", pull=name_of(number), who=upgrade.who(group)) if is_lost else ""
