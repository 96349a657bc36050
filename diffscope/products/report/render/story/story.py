"""What a report tells in sentences: what changed for whom, what users notice, risks, highlights, trends, what to follow up.

Every sentence names its pull requests as ``#N``; code stands in backticks. The same sentences go into every format, which links the numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Notice, NoticeKind, PullSummary, Theme
from diffscope.products.report.plain import AUDIENCES
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.risks import ACT, RiskStory, Section, UpgradeList
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.render.words import Words

_TOLD: Final = 3
"""Pull requests that are told of what is new."""
_OF_A_THEME: Final = 2
_FIXES: Final = 4
_HIGHLIGHTS: Final = 3
_SPANS: Final = 4
"""Marks of code in what is said in short: two pieces of it."""
_LEADS: Final = 2
_SHOWN: Final[Mapping[NoticeKind, int]] = {
    "default": 3,
    **dict.fromkeys(("removed", "model"), 2),
    **dict.fromkeys(("option", "request", "variable", "endpoint"), 2),
    **dict.fromkeys(("refused", "dependency"), 1),
}
"""Of each kind before the fold; what asks nobody to act, and few name, is counted there."""
_LISTED: Final[frozenset[NoticeKind]] = frozenset({"default", "removed", "dependency"})
"""Of what asks to act that which is listed whole."""
_OF_ONE: Final = 4
"""Of one pull request and kind."""
_FOLLOW_UPS: Final = 2
_NAMED: Final = 3
_REACH: Final = 3.0
"""What a changed default counts for in what moved, in points of importance."""
_LINKED: Final = 0.75
_FOLLOWING: Final = ("fixes", "builds-on", "uses", "reverts")
_SHORT_REASON: Final = 90
_SHORT: Final = 100
"""Characters of what is said of a pull request in the summary."""
_MANY: Final = 5
_MANY_CHANGES: Final = 4


class Story:
    """The sentences of one digest in one language. ``own`` has templates of the user's own by name."""

    def __init__(self, read: PageView, words: Words, own: Mapping[str, str] | None = None) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._pulls = PullStory(read, words, own or {})
        self._risks = RiskStory(read, words, self._pulls)
        self._upgrade = UpgradeList(read, words, self._pulls)
        self.upgrade = self._upgrade.lines()
        self.trends = TrendStory(read, words).trends()

    @cached_property
    def risks(self) -> tuple[str, ...]:
        """The risks that no section before tells of."""
        return self._risks.besides(self._told | self._upgrade.asking)

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
        return self._pulls.told(number, is_listed=number in self._upgrade.asking)

    def became(self, number: int) -> str:
        """Return what became of a pull request, in the window and after it; nothing where nothing followed."""
        return self._pulls.became(number)

    def flags_of(self, pull: PullSummary) -> tuple[str, ...]:
        """Return the flags of a pull request, a line each, in the order of its summary."""
        return tuple(map(self._risks.line, pull.flags))

    @cached_property
    def highlights(self) -> tuple[str, ...]:
        """The most important pull requests that stand in no section before, two sentences each."""
        said = self._told | self._upgrade.asking | {pull.number for pull in self._moving} | self._risks.told
        fresh = (
            self._pulls.in_short(pull)
            for pull in self._pulls.ranked
            if pull.number not in said
            and pull.plain
            and pull.audience != AUDIENCES[-1]
            and pull.plain[0].en.count("`") <= _SPANS
        )
        return tuple(islice(fresh, _HIGHLIGHTS))

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
                if not any(one in group for group in self._upgrade.groups)
                and (kind in _LISTED or (self._told | self._upgrade.asking).isdisjoint(one.pulls))
            ]
            if not fresh and kind in ACT:
                continue
            if not most or not fresh:
                counted.append(words("story.count-of", name=name, count=len(found)))
                continue
            groups = self._together(fresh)
            listed = words.semicolon.join(text for text, _ in groups[:most])
            rest = sum(count for _, count in groups[most:])
            line = words("list.more", names=listed, more=rest) if rest > 0 else listed
            lines.append(words("story.notices", kind=name, line=line))
        if counted:
            lines.append(words("story.notices-besides", names=counted))
        return tuple(lines)

    def _together(self, notices: Sequence[Notice]) -> list[tuple[str, int]]:
        """Return notices of a kind, those of the same pull requests in one, each with how many they are."""
        groups: dict[tuple[tuple[int, ...], int | None], list[Notice]] = {}
        for notice in notices:
            groups.setdefault((notice.pulls, notice.undone_by), []).append(notice)
        told = []
        for (pulls, undone_by), group in groups.items():
            names = self._words.listed(list(map(self._said, group)), _OF_ONE)
            told.append((self._with_pulls(names, pulls, undone_by), len(group)))
        return told

    def _said(self, notice: Notice) -> str:
        said = self._pulls.noticed(notice)
        is_told = not self._told.isdisjoint(notice.pulls) or len(notice.reason) > _SHORT_REASON
        if notice.reason and not is_told:
            return self._words("story.reason", said=said, reason=notice.reason)
        return said

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
        """Yield the movements of the window with their states, a verdict on an upgrade, and how much it was."""
        yield from map(self._movement, self._moving)
        yield self._verdict()
        yield self._merged()

    @cached_property
    def _moving(self) -> list[PullSummary]:
        """What moved most, by reach and by what is linked to it, one of a theme."""
        follows = Counter(link.target for link in self._digest.links if link.reason in _FOLLOWING)
        weighty = [one for one in self._digest.notices if one.is_weighty and one.undone_by is None]
        pinned = {one.pulls[0] for one in weighty if one.kind == "dependency"}
        changed = pinned | {one.pulls[0] for one in weighty if one.kind == "default"}
        many = {number: theme.count for number, theme in self._themes.items()}
        scores = {
            pull.number: self._pulls.weight(pull) / 2
            + _REACH * ((pull.number in changed) + (pull.number in pinned))
            + _LINKED * (min(follows[pull.number], _OF_ONE) + math.log2(many.get(pull.number, 1)))
            for pull in self._pulls.ranked
            if pull.kind != "bugfix" and (pull.audience != AUDIENCES[-1] or pull.number in self._deciding)
        }
        found: dict[str, PullSummary] = {}
        # What asks most deployments to act is told first.
        first = self._read.pull(self._upgrade.groups[0][0].pulls[0]) if self._upgrade.groups else None
        if first is not None:
            found[self._theme_of(first)] = first
        for pull in sorted(self._pulls.ranked, key=lambda pull: -scores.get(pull.number, 0.0)):
            if pull.number in scores:
                found.setdefault(self._theme_of(pull), pull)
        return list(found.values())[:_NAMED]

    @cached_property
    def _deciding(self) -> frozenset[int]:
        """What changes a default, or which major versions of a dependency are taken."""
        return frozenset(
            one.pulls[0]
            for one in self._digest.notices
            if (one.kind == "default" or (one.kind == "dependency" and one.is_weighty))
            and one.undone_by is None
        )

    def _movement(self, pull: PullSummary) -> str:
        words, theme = self._words, self._themes.get(pull.number)
        told = next((group[0] for group in self._upgrade.groups if group[0].pulls[0] == pull.number), None)
        plain = next((text for text in pull.plain[:1] if len(text.en) <= _SHORT), None)
        is_title = told is not None and told.name == name_of(pull.number)
        # What the list below tells whole is told in full of the first one alone.
        most = _SHORT if pull is self._moving[0] else 0
        said = self._upgrade.change(told, most=most) if told else words.pick(plain) if plain else ""
        said = "" if is_title else said
        return words(
            "story.movement",
            title=self._pulls.title(pull.number),
            pull=name_of(pull.number),
            said=words("story.movement-said", said=said) if said else "",
            many=words("story.of-many", theme=self.heading(theme), count=theme.count)
            if theme and theme.count >= _MANY
            else "",
            state=self._pulls.state(pull.number, is_on=pull.number in self._deciding),
        )

    def _verdict(self) -> str:
        """Return what the window means to who upgrades: by defaults that changed, and what was taken back."""
        again = {link.target for link in self._digest.links if link.reason == "reapplies"}
        undone = sorted(one for one in self._pulls.taken_back - again if self._read.pull(one))
        is_much = len(self._deciding) + len(undone) >= _MANY_CHANGES
        checked = "story.verdict-list" if self._upgrade.groups else "story.verdict-none"
        first = [group[0].pulls[0] for group in self._upgrade.groups if group[0].pulls[0] in self._deciding]
        first = first or [group[0].pulls[0] for group in self._upgrade.groups]
        back = self._pulls.numbers(undone, _NAMED)
        return self._words(
            "story.verdict-test" if is_much else checked,
            count=len(self._deciding),
            pulls=self._pulls.numbers(sorted(self._deciding), _MANY_CHANGES + 2),
            first=self._words.listed([name_of(one) for one in first[:_NAMED]], _NAMED),
            back=self._words("story.verdict-undone", pulls=back) if undone else "",
        )

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
