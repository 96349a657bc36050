"""What a report tells in sentences: what changed for whom, what users notice, risks, highlights, trends, what to follow up.

Every sentence names its pull requests as ``#N``; code stands in backticks. The same sentences go into every format, which links the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Final

import msgspec

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, NoticeKind, PullSummary, Theme
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.risks import RiskStory, Section
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.render.words import Words

_TOLD: Final = 5
"""Pull requests that are told of what is new."""
_OF_A_THEME: Final = 2
_FIXES: Final = 4
_HIGHLIGHTS: Final = 1
_LEADS: Final = 2
_SHOWN: Final[Mapping[NoticeKind, int]] = {
    **dict.fromkeys(("default", "removed"), 3),
    **dict.fromkeys(("option", "request", "variable", "model", "endpoint"), 3),
    "refused": 2,
    "dependency": 2,
    "value": 2,
}
"""Of each kind before the fold; what asks nobody to act, and few name, is counted there."""
_ACT: Final[Mapping[NoticeKind, int]] = {"dependency": 1, "default": 3, "removed": 2, "refused": 1}
"""What asks who upgrades to act, and how much of it the summary names."""
_SAID: Final[Mapping[NoticeKind, str]] = {"removed": "story.act-removed", "refused": "story.act-refused"}
_LISTED: Final[frozenset[NoticeKind]] = frozenset({"default", "removed", "dependency"})
"""Of what asks to act that which is listed whole."""
_OF_ONE: Final = 4
"""Of one pull request and kind."""
_SHORT: Final = 2
_FOLLOW_UPS: Final = 3
_NAMED: Final = 3
_GRAVE: Final = 2.0
"""What high risk counts for in what a window was about, in points of importance."""
_MUCH: Final = 500
"""Lines, from which on that they went is a word on a window."""


class Story:
    """The sentences of one digest in one language. ``own`` has templates of the user's own by name."""

    def __init__(self, read: PageView, words: Words, own: Mapping[str, str] | None = None) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._pulls = PullStory(read, words, own or {})
        self._risks = RiskStory(read, words, self._pulls)
        self.open_breaks = self._risks.open_breaks
        self.trends = TrendStory(read, words).trends()

    @cached_property
    def risks(self) -> tuple[Section, ...]:
        """The risks that no section before tells of; the others by their numbers."""
        return self._risks.besides(self._told)

    # what changed for whom

    @cached_property
    def changes(self) -> tuple[Section, ...]:
        """What changed: what hurt and is mended, what is new, and what was taken back or mended at once."""
        sections = {
            "changes.fixed": map(self.told, self._fixes),
            "changes.new": self._grouped(self._new),
            "changes.pairs": self._pulls.pairs,
        }
        told = {name: tuple(lines) for name, lines in sections.items()}
        return tuple(Section(self._words(name), lines) for name, lines in told.items() if lines)

    @cached_property
    def _new(self) -> list[PullSummary]:
        """What is told of what is new, most to a reader first, not too much of one line of work."""
        found: list[PullSummary] = []
        for pull in self._pulls.ranked:
            if pull.number in self._fixes or pull.audience == AUDIENCES[-1] or pull.kind == "bugfix":
                continue
            of_theme = sum(self._theme_of(pull) == self._theme_of(one) for one in found)
            if of_theme < _OF_A_THEME:
                found.append(pull)
        return found[:_TOLD]

    def _grouped(self, pulls: Sequence[PullSummary]) -> Iterator[str]:
        groups: dict[str, list[PullSummary]] = {}
        for pull in pulls:
            groups.setdefault(self._theme_of(pull), []).append(pull)
        for name, group in groups.items():
            for pull in group:
                yield self._words("story.of-theme", theme=name, line=self.told(pull.number))

    def _theme_of(self, pull: PullSummary) -> str:
        theme = self._themes.get(pull.number)
        if theme is not None:
            return self.heading(theme)
        return self._read.area(pull.areas[0] if pull.areas else "other")

    @cached_property
    def _themes(self) -> dict[int, Theme]:
        return {
            number: theme
            for theme in self._digest.themes
            for number in theme.pulls
            # What a community is called by is the title of one of its pull requests.
            if theme.seed not in ("chain", "together")
        }

    @cached_property
    def themes(self) -> tuple[Section, ...]:
        """The lines of work in their order, each as a heading and the pull requests that begin it."""
        return tuple(
            Section(self.heading(theme), tuple(map(self.told, self._leading(theme))))
            for theme in self._digest.themes
        )

    def heading(self, theme: Theme) -> str:
        """Return what a theme is called, with its area where its name does not say it."""
        title, area = self._words.pick(theme.title), self._read.area(theme.area)
        if theme.seed == "registry":
            return area
        is_said = theme.seed in ("area", "chain", "together") or area.lower() in title.lower()
        return title if is_said else self._words("story.of-area", title=title, area=area)

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
        return self._pulls.told(number)

    def became(self, number: int) -> str:
        """Return what became of a pull request, in the window and after it; nothing where nothing followed."""
        return self._pulls.became(number)

    def flags_of(self, pull: PullSummary) -> tuple[str, ...]:
        """Return the flags of a pull request, a line each, in the order of its summary."""
        return tuple(map(self._risks.line, pull.flags))

    @cached_property
    def highlights(self) -> tuple[str, ...]:
        """The most important pull requests that stand in no section before, a line each."""
        fresh = (
            pull.number
            for pull in self._pulls.ranked
            if pull.number not in self._told and pull.plain and pull.audience != AUDIENCES[-1]
        )
        return tuple(map(self.told, islice(fresh, _HIGHLIGHTS)))

    @cached_property
    def _told(self) -> frozenset[int]:
        """What stands under the main changes."""
        return frozenset((*self._fixes, *(pull.number for pull in self._new)))

    @cached_property
    def _fixes(self) -> dict[int, None]:
        """The most important fixes of what hurts by their titles."""
        fixes = [
            pull
            for pull in self._pulls.ranked
            if pull.kind == "bugfix"
            and pull.audience != AUDIENCES[-1]
            and (self._pulls.hurts(pull) or (pull.plain and not self._pulls.is_harmless(pull)))
        ]
        fixes.sort(key=lambda pull: -self._pulls.hurts(pull))
        return dict.fromkeys(pull.number for pull in fixes[:_FIXES])

    # what users notice

    @cached_property
    def notices(self) -> tuple[Section, ...]:
        """What users notice, by kind."""
        return tuple(
            Section(self._words(f"notices.{kind}"), tuple(map(self._notice, found)))
            for kind, found in self._by_kind.items()
        )

    @cached_property
    def _by_kind(self) -> dict[NoticeKind, list[Notice]]:
        by_kind: dict[NoticeKind, list[Notice]] = {}
        for notice in self._digest.notices:
            by_kind.setdefault(notice.kind, []).append(notice)
        return by_kind

    @cached_property
    def notice_lines(self) -> tuple[str, ...]:
        """What users notice before the fold, a line a kind: what asks them to act, and what they name; the others counted."""
        words, lines, counted = self._words, [], []
        for kind, found in self._by_kind.items():
            most = _SHOWN.get(kind, 0)
            name = words(f"notices.{kind}")
            # What is new or refused stands with its pull request above.
            fresh = [
                one
                for one in found
                if one not in self._to_know and (kind in _LISTED or self._told.isdisjoint(one.pulls))
            ]
            if not fresh and kind in _ACT:
                continue
            if not most or not fresh:
                counted.append(words("story.count-of", name=name, count=len(found)))
                continue
            groups = self._together(fresh)
            listed = words.semicolon.join(groups[:most])
            rest = len(groups) - most
            line = words("list.more", names=listed, more=rest) if rest > 0 else listed
            lines.append(words("story.notices", kind=name, line=line))
        if counted:
            lines.append(words("story.notices-besides", names=counted))
        return tuple(lines)

    def _together(self, notices: Sequence[Notice]) -> list[str]:
        """Return notices of a kind, those of the same pull requests in one."""
        groups: dict[tuple[tuple[int, ...], int | None], list[Notice]] = {}
        for notice in notices:
            groups.setdefault((notice.pulls, notice.undone_by), []).append(notice)
        told = []
        for (pulls, undone_by), group in groups.items():
            names = self._words.listed(list(map(self._said, group)), _OF_ONE)
            told.append(self._with_pulls(names, pulls, undone_by))
        return told

    def _said(self, notice: Notice) -> str:
        is_title = notice.name == name_of(notice.pulls[0])
        said = self._pulls.title(notice.pulls[0]) if is_title else self._words.pick(notice.text)
        is_told = notice.reason and not self._told.isdisjoint(notice.pulls)
        return (
            self._words("story.reason", said=said, reason=notice.reason)
            if notice.reason and not is_told
            else said
        )

    def _with_pulls(self, said: str, pulls: Sequence[int], undone_by: int | None) -> str:
        text = self._words("story.named-in", name=said, pull=self._pulls.numbers(pulls, 2))
        return text if undone_by is None else self._words("story.undone", text=text, pull=name_of(undone_by))

    def _notice(self, notice: Notice) -> str:
        return self._with_pulls(self._said(notice), notice.pulls, notice.undone_by)

    # what to follow up

    @cached_property
    def follow_up(self) -> tuple[str, ...]:
        """What this window's code asks for: tests for what none names, work that was taken back, defaults to test, platforms to run."""
        return tuple(islice(self._risks.follow_ups(), _FOLLOW_UPS))

    # the summary

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """What the window was about: what changed for whom, what to mind before an upgrade, risks, and how much it was."""
        return tuple(self._summary()) if self._digest.source_pulls else ()

    def _summary(self) -> Iterator[str]:
        """Yield what the week was about, what who upgrades must know, what is still open, and how much it was."""
        words, is_week = self._words, self._read.is_week
        thread = list(self._thread())
        if thread:
            yield words("story.lines", names=words.semicolon.join(thread), is_week=is_week)
        to_mind = list(self._to_mind())
        if to_mind:
            yield words("story.to-mind", parts=words.semicolon.join(to_mind))
        still = list(self._still_open())
        if still:
            yield words("story.still-open", parts=words.semicolon.join(still))
        yield self._merged()

    def _thread(self) -> Iterator[str]:
        """Yield what the largest work was: what is new, where most was mended, what went."""
        words = self._words
        grave = {pull.number for pull in self._read.serious}
        largest = sorted(self._new, key=lambda pull: -(pull.importance + _GRAVE * (pull.number in grave)))
        new = [
            words("story.named-in", name=self._pulls.title(pull.number), pull=self._with_fixes(pull.number))
            for pull in largest[:_NAMED]
        ]
        if new:
            yield words("story.thread-new", names=new)
        gone = [
            pull
            for pull in self._pulls.ranked
            if pull.deletions - pull.additions >= _MUCH
            and pull.audience != AUDIENCES[-1]
            and pull.kind != "bugfix"
        ]
        gone.sort(key=lambda pull: pull.additions - pull.deletions)
        for pull in gone[:1]:
            lines = pull.deletions - pull.additions
            title = self._pulls.title(pull.number)
            yield words("story.thread-gone", title=title, pull=name_of(pull.number), lines=lines)
        mended = [
            (one.count, self.heading(theme))
            for theme in self._digest.themes
            for one in theme.kinds
            if one.name == "bugfix" and one.count > 1 and theme.seed not in ("chain", "together")
        ]
        mended.sort(key=lambda each: -each[0])
        if mended:
            names = [words("story.line", name=name, count=count) for count, name in mended[:_NAMED]]
            yield words("story.thread-mended", names=names)

    def _with_fixes(self, number: int) -> str:
        """Return a number with how often the window itself fixed what the pull request brought."""
        fixes = sum(
            link.target == number and link.reason == "fixes" and self._read.pull(link.source) is not None
            for link in self._digest.links
        )
        again = self._words("story.fixed-again", count=fixes) if fixes else ""
        return f"{name_of(number)}{again}"

    def _to_mind(self) -> Iterator[str]:
        """Yield what asks who upgrades to act, each with what it is and its pull request."""
        for one in self._to_know:
            said = self._said(msgspec.structs.replace(one, reason=""))
            named = self._words(_SAID[one.kind], said=said) if one.kind in _SAID else said
            yield self._words("story.named-in", name=named, pull=self._pulls.numbers(one.pulls, 1))

    @cached_property
    def _to_know(self) -> tuple[Notice, ...]:
        """What the summary tells of what asks who upgrades to act, one of a kind and pull request."""
        return tuple(self._choose())

    def _choose(self) -> Iterator[Notice]:
        for kind, most in _ACT.items():
            found = [
                one
                for one in self._digest.notices
                if one.kind == kind and one.undone_by is None and (kind != "dependency" or one.is_weighty)
            ]
            if kind == "refused":
                # What is refused of something new is no news to who upgrades.
                kinds = {pull.number: pull.kind for pull in self._digest.pulls}
                found.sort(key=lambda one: kinds.get(one.pulls[0]) == "feature")
            by_pull = {one.pulls[0]: one for one in reversed(found)}
            found = [one for one in found if by_pull[one.pulls[0]] is one]
            yield from found[:most]

    def _still_open(self) -> Iterator[str]:
        """Yield what was undone or mended at once, and what is of high risk and came without a test."""
        words, pairs = self._words, self._pulls.pairs
        if pairs:
            yield pairs[0]
        untested = [
            pull.number
            for pull in self._read.serious
            if not pull.tests and pull.number not in self._pulls.taken_back
        ]
        if untested:
            yield words("story.untested-risk", pulls=self._pulls.numbers(untested, _NAMED))

    def _merged(self) -> str:
        d, words, is_week = self._digest, self._words, self._read.is_week
        kinds = self._read.kinds(d.kinds, 4)
        if d.source_commits:
            return words(
                "story.merged-commits",
                count=d.source_pulls,
                commits=d.source_commits,
                kinds=kinds,
                is_week=is_week,
            )
        if self._read.before is None:
            return words("story.merged", count=d.source_pulls, kinds=kinds, is_week=is_week)
        return words(
            "story.merged-growth",
            count=d.source_pulls,
            kinds=kinds,
            is_week=is_week,
            growth=self._read.growth,
            period=self._read.before.period.label,
        )
