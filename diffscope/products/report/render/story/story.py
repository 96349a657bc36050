"""What a report tells in sentences: themes, what users notice, risks, highlights, trends, what to follow up.

Every sentence names its pull requests as ``#N``; code stands in backticks. The same sentences go into every format, which links the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.link_model import Link, LinkReason
from diffscope.products.report.model import Notice, NoticeKind, PullSummary, RiskItem, Theme
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.risks import RiskStory, Section, bare_title
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.render.words import Words
from diffscope.rules.language.template import clip

THEMES: Final = 5
"""Lines of work that are told; the others are folded."""
_HIGHLIGHTS: Final = 4
_LEADS: Final = 2
_TITLE: Final = 70
_GIST: Final = 130
"""Characters that say what a pull request does, besides its title."""
_NOTICES: Final = 2
"""Of each kind."""
_WHOLE: Final[tuple[NoticeKind, ...]] = ("default", "removed", "refused", "option", "variable")
_FOLLOWED: Final = 2
_SHORT: Final = 4
_COUNTED: Final = 5
_FOLLOW_UPS: Final = 4
_NAMED: Final = 3
_FIX: Final = "TC205"
"""Flags a fix that came without a test."""
_FOLLOWS: Final[tuple[tuple[LinkReason, str], ...]] = (
    ("reverts", "story.reverted"),
    ("fixes", "story.fixed"),
    ("removes", "story.removed"),
    ("builds-on", "story.built-on"),
    ("reapplies", "story.reapplied"),
)


class Story:
    """The sentences of one digest in one language."""

    def __init__(self, read: PageView, words: Words) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest
        self._risks = RiskStory(read, words)
        self.risks = self._risks.risks
        self.open_breaks = self._risks.open_breaks
        self.trends = TrendStory(read, words).trends()

    # themes

    @cached_property
    def themes(self) -> tuple[Section, ...]:
        """The main lines of work, each as a heading and a few sentences."""
        return tuple(self._theme(theme) for theme in self._digest.themes[:THEMES])

    def heading(self, theme: Theme) -> str:
        """Return what a theme is called, with its area where its name does not say it."""
        title, area = self._words.pick(theme.title), self._read.area(theme.area)
        is_said = theme.seed in ("area", "chain", "together") or area.lower() in title.lower()
        return title if is_said else self._words("story.of-area", title=title, area=area)

    def _theme(self, theme: Theme) -> Section:
        kinds, told = self._read.kinds(theme.kinds, 2), self._leading(theme)
        title = self._words(
            "story.theme", title=self.heading(theme), lead=self._lead(told), count=theme.count, kinds=kinds
        )
        lines = [self.told(number, title=bool(at)) for at, number in enumerate(told)]
        lines += self._followed(theme, told)
        lines += self._unproven(theme)
        return Section(title, tuple(lines))

    def _lead(self, leading: Sequence[int]) -> str:
        """Return what happened in a theme: the title of its first pull request, without the tags before it."""
        pull = self._read.pull(leading[0]) if leading else None
        return clip(bare_title(pull.title), _TITLE).rstrip(".") if pull is not None else ""

    def _leading(self, theme: Theme) -> list[int]:
        """Return the pull requests that begin a theme: not those that follow another of it, and not what was taken back first."""
        followers = {link.source for link in self._inside(theme) if link.reason in ("fixes", "reverts")}
        leads = [number for number in theme.leading if number not in followers] or list(theme.leading)
        return leads[:_LEADS]

    def _inside(self, theme: Theme) -> list[Link]:
        return [
            link for link in self._digest.links if link.source in theme.pulls and link.target in theme.pulls
        ]

    def _followed(self, theme: Theme, told: Sequence[int]) -> Iterator[str]:
        """Yield what followed the pull requests of a theme, in the window and after it: first of those that are told."""
        links = [
            link for link in self._digest.links if link.target in theme.pulls and link.reason != "shares"
        ]
        targets = sorted({link.target for link in links}, key=lambda number: (number not in told, number))
        followed = [(target, self._follows(target)) for target in targets]
        for target, parts in [each for each in followed if each[1]][:_FOLLOWED]:
            yield self._words("story.followed", pull=name_of(target), parts=parts)

    def _follows(self, target: int, reasons: int = len(_FOLLOWS), *, evidence: bool = True) -> str:
        """Return what followed a pull request, the gravest first; nothing where nothing did."""
        parts = []
        for reason, code in _FOLLOWS[:reasons]:
            own = [
                link
                for link in self._digest.links
                if link.target == target
                and link.reason == reason
                # That somebody works on with what is there is no news once the window is over.
                and (reason != "builds-on" or self._read.pull(link.source))
            ]
            traced = [link for link in own if not self._is_by_file(link)]
            if traced:
                # In brackets behind several it would be taken for what all of them change.
                aside = self._evidence(traced[0]) if evidence and len(traced) == 1 else ""
                parts.append(self._words(code, pulls=self._sources(traced)) + aside)
            by_file = [link for link in own if self._is_by_file(link)]
            if by_file:
                parts.append(self._words("story.fixed-file", pulls=self._sources(by_file)))
        return self._words.semicolon.join(parts)

    def _sources(self, links: Iterable[Link]) -> str:
        return self._numbers([link.source for link in links], _NAMED)

    def _evidence(self, link: Link) -> str:
        """Return the symbol that tells a link, in brackets; nothing where a title or a number does."""
        is_named = link.reason in ("fixes", "removes", "builds-on") and "#" not in link.names[0]
        return self._words.aside(f"`{link.names[0]}`") if is_named else ""

    def _is_by_file(self, link: Link) -> bool:
        """Return whether a fix is known by a file of the other one alone: nobody judged it."""
        return link.reason == "fixes" and self._read.pull(link.source) is None and "/" in link.names[0]

    def _unproven(self, theme: Theme) -> Iterator[str]:
        """Yield what of a theme no test names, and whether that is still so."""
        items = [item for item in self._risks.unnamed if item.number in theme.pulls][:1]
        if items:
            names = [
                self._words("story.named-in", name=self._risks.target(item), pull=name_of(item.number))
                for item in items
            ]
            state = {self._risks.state(item) for item in items}
            code = "story.untested-still" if state == {"still"} else "story.untested"
            yield self._words(code, names=names, day=self._risks.day)

    # pull requests

    def told(self, number: int, *, most: int = _GIST, title: bool = True) -> str:
        """Return what a pull request does: its number, its title unless that stands above, and a sentence of its effect.

        Where that is longer than ``most`` characters, clauses of names; what was edited, or how much, only where none says more.
        """
        words, pull = self._words, self._read.pull(number)
        if pull is None:
            return name_of(number)
        gist = self._effect(pull, most)
        if not title:
            return words("story.pull-bare", pull=name_of(number), gist=gist)
        return words("story.pull", pull=name_of(number), title=bare_title(pull.title), gist=gist)

    def _effect(self, pull: PullSummary, most: int) -> str:
        words = self._words
        for text in pull.does:
            said = words.pick(text)
            if len(said) <= most:
                return said
        edited = [words.pick(text) for text in pull.gist if len(words.pick(text)) <= most]
        size = words("story.scope", files=pull.files, additions=pull.additions, deletions=pull.deletions)
        return edited[0][:1].upper() + edited[0][1:] if edited else size

    def became(self, number: int) -> str:
        """Return what became of a pull request, in the window and after it; nothing where nothing followed."""
        return self._follows(number, reasons=3)

    def flags_of(self, pull: PullSummary) -> tuple[str, ...]:
        """Return the flags of a pull request, a line each, in the order of its summary."""
        return tuple(map(self._risks.line, pull.flags))

    @cached_property
    def highlights(self) -> tuple[str, ...]:
        """The most important pull requests that no theme told already, a line each; what was taken back is not celebrated."""
        told = {number for theme in self._digest.themes[:THEMES] for number in self._leading(theme)}
        fresh = (pull for pull in self._important() if pull.number not in told)
        return tuple(map(self._highlight, islice(fresh, _HIGHLIGHTS)))

    def _important(self) -> Iterator[PullSummary]:
        """Yield the most important pull requests first, without reverts and what was taken back."""
        back = {link.target for link in self._digest.links if link.reason == "reverts"}
        for one in self._digest.highlights:
            pull = self._read.pull(one.number)
            if pull is not None and pull.kind != "revert" and one.number not in back:
                yield pull

    def _highlight(self, pull: PullSummary) -> str:
        line = self.told(pull.number)
        became = self.became(pull.number)
        if became:
            line = self._words("story.and-then", line=line, became=became)
        return line

    # what users notice

    @cached_property
    def notices(self) -> tuple[Section, ...]:
        """What users notice, by kind."""
        by_kind: dict[NoticeKind, list[Notice]] = {}
        for notice in self._digest.notices:
            by_kind.setdefault(notice.kind, []).append(notice)
        return tuple(
            Section(self._words(f"notices.{kind}"), tuple(map(self._notice, found)))
            for kind, found in by_kind.items()
        )

    def notice_line(self, section: Section, most: int = _NOTICES) -> str:
        """Return the notices of a kind in one line; what users name on a command line or may miss is never cut."""
        if section.title in {self._words(f"notices.{kind}") for kind in _WHOLE}:
            most = len(section.lines)
        rest = len(section.lines) - most
        listed = self._words.semicolon.join(section.lines[:most])
        return self._words("list.more", names=listed, more=rest) if rest > 0 else listed

    def _notice(self, notice: Notice) -> str:
        text = self._words(
            "story.named-in", name=self._words.pick(notice.text), pull=self._numbers(notice.pulls, 2)
        )
        if notice.undone_by is None:
            return text
        return self._words("story.undone", text=text, pull=name_of(notice.undone_by))

    # what to follow up

    @cached_property
    def follow_up(self) -> tuple[str, ...]:
        """What this window's code asks for: tests for what none names, work that was taken back, defaults to test, platforms to run."""
        return tuple(islice(self._follow_ups(), _FOLLOW_UPS))

    def _follow_ups(self) -> Iterator[str]:
        new = [item for item in self._risks.unnamed if item.code != _FIX]
        fixes = [item for item in self._risks.test_items if item.code == _FIX]
        for items, code in ((new, "follow.tests"), (fixes, "follow.regression")):
            if items:
                still = all(self._risks.state(item) == "still" for item in items[:_NAMED])
                state = self._words("state.still", day=self._risks.day) if still else ""
                yield self._words(code, names=self._targets(items)) + state
        yield from self._reverted()
        defaults = [one for one in self._digest.notices if one.kind == "default" and one.undone_by is None]
        if defaults:
            pulls = self._numbers([number for one in defaults for number in one.pulls], 5)
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
            self._words("story.named-in", name=self._risks.target(item), pull=name_of(item.number))
            for item in items[:_NAMED]
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

    # the summary

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """What the window was about, in four sentences."""
        return tuple(self._summary()) if self._digest.source_pulls else ()

    def _summary(self) -> Iterator[str]:
        words, read = self._words, self._read
        mattered = [self._mattered(pull) for pull in islice(self._important(), _SHORT)]
        if mattered:
            yield words("story.mattered", names=words.semicolon.join(mattered), is_week=read.is_week)
        yield from self._undone()
        if read.serious:
            pulls = self._numbers([pull.number for pull in read.serious], 5)
            yield words("story.serious", count=len(read.serious), pulls=pulls)
        counted = [
            words("story.count-of", name=section.title, count=len(section.lines)) for section in self.notices
        ]
        if counted:
            yield words("story.users", names=counted[:_COUNTED])
        yield self._merged()

    def _mattered(self, pull: PullSummary) -> str:
        """Return what an important pull request is about, by its title, where it lies, and what became of it."""
        became = self._follows(pull.number, reasons=3, evidence=False)
        aside = self._words.semicolon.join(part for part in (name_of(pull.number), became) if part)
        area = self._read.area(pull.areas[0]) if pull.areas else ""
        lead = clip(bare_title(pull.title), _TITLE).rstrip(".")
        return self._words("story.mattered-one", title=area, lead=lead, aside=aside) if area else lead

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

    def _undone(self) -> Iterator[str]:
        """Yield how much was taken back, and how much of this window's own code was mended in it."""
        pull = self._read.pull
        inside = [link for link in self._digest.links if pull(link.source)]
        reverts = [one.number for one in self._digest.reverts]
        fixes = len({link.source for link in inside if link.reason == "fixes" and pull(link.target)})
        if reverts:
            yield self._words(
                "story.undone-and-fixed",
                reverts=len(reverts),
                pulls=self._numbers(reverts, len(reverts)),
                fixes=fixes,
                is_week=self._read.is_week,
            )
            lost = [one.number for one in self._digest.reverts if one.reverts is None]
            if lost:
                yield self._words("story.undone-unknown", pulls=self._numbers(lost, len(lost)))
        later = [
            link
            for link in self._digest.links
            if link.reason == "reverts" and pull(link.target) and not pull(link.source)
        ]
        if later:
            names = [self._reverted_later(link) for link in later]
            yield self._words("story.undone-later", names=names, is_week=self._read.is_week)
        if fixes and not reverts:
            # Beside what was taken back later it would be wrong to say that nothing was.
            code = "story.fixed-too" if later else "story.fixed-only"
            yield self._words(code, fixes=fixes, is_week=self._read.is_week)

    def _reverted_later(self, link: Link) -> str:
        """Return a change of the window with what took it back after it, and the day where it is known."""
        merged = next((one.merged_at for one in self._digest.related if one.number == link.source), None)
        code = "story.reverted-on" if merged else "follow.one-reverted"
        return self._words(
            code, pull=name_of(link.target), other=name_of(link.source), day=(merged or "")[:10]
        )

    def _numbers(self, numbers: Iterable[int], most: int) -> str:
        return self._words.listed([name_of(number) for number in dict.fromkeys(numbers)], most)
