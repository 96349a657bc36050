"""Markdown of a dynamics report, front matter included, as a Jekyll site takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta, timezone
from itertools import chain
from typing import Final, NamedTuple

from markupsafe import Markup

from diffscope.messages.model import Language
from diffscope.messages.say import say_message, title
from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.activity import (
    AMD_WORDS,
    Contributor,
    Discussion,
    NearMiss,
    Quote,
    Reason,
    is_amd_author,
)
from diffscope.products.report.dynamics.changes import Reach, Technical, Topic
from diffscope.products.report.dynamics.descriptions import Environment
from diffscope.products.report.dynamics.dynamics import Dynamics, moment
from diffscope.products.report.dynamics.events import EventGap, Item
from diffscope.products.report.dynamics.suspects import Signal, Suspect, gravest, is_bug
from diffscope.products.report.model import ReportOptions
from diffscope.products.report.render.markdown import link
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words, area_title, has_title
from diffscope.source.profile import profile


class DynamicsWords:
    """Sentences about one fact each."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def reason(self, reason: Reason) -> str:
        """Return why an item counts as AMD's."""
        if reason.files is None or reason.files == 1:
            return self._words(f"because.{reason.where}", found=reason.found)
        return self._words("because.file-more", found=reason.found, more=reason.files - 1)

    def near(self, near: NearMiss) -> str:
        """Return why an item that names AMD does not count."""
        text = self._words("because.absent" if near.is_absent else "because.output", words=near.words)
        env = near.environment
        ran = (*env.gpus, *((f"CUDA {env.cuda}",) if env.cuda else ()))
        return text + self._words("because.ran-on", environment=ran) if ran else text

    def signal(self, signal: Signal) -> str:
        """Return one reason to look."""
        return self._words(f"signal.{signal.kind}", found=signal.found, count=signal.count)

    def signals(self, signals: Sequence[Signal]) -> str:
        """Return every reason to look."""
        return self._words.semicolon.join(map(self.signal, signals))

    def environment(self, environment: Environment) -> str:
        """Return what an item was run on."""
        versions = (
            ("CUDA", environment.cuda),
            ("ROCm", environment.rocm),
            ("PyTorch", environment.torch),
            (profile().title, environment.own),
        )
        named = (f"{name} {version}" for name, version in versions if version)
        return self._words.comma.join((*environment.gpus, *named))

    def reach(self, reach: Reach) -> str:
        """Return who depends on what is changed."""
        text = self._words("reach.importers", modules=reach.importers, tests=reach.tests, path=reach.path)
        if not reach.serving:
            return text
        if reach.serving == reach.path:
            return text + self._words("reach.serves-itself")
        return text + self._words("reach.serves", path=reach.serving)

    def impact(self, report: Technical) -> str:
        """Return what goes wrong for whom, by the title of a report and what it ran on; nothing where neither tells."""
        found = gravest(report.title, report.labels)
        parts = [self.signal(found[1])] if found else []
        if found and report.environment and report.environment.gpus:
            parts.append(self._words("dynamics.impact-on", names=report.environment.gpus))
        return self._words.semicolon.join(parts)

    def why_suspect(self, suspect: Suspect) -> str:
        """Return why a merge may be the cause: the files that the report names, the words that both titles share."""
        parts = [self._words("dynamics.suspect-day", day=suspect.merged_at[:10])]
        if suspect.paths:
            parts.append(self._words("dynamics.suspect-paths", paths=[f"`{path}`" for path in suspect.paths]))
        if suspect.words:
            parts.append(self._words("dynamics.suspect-words", terms=suspect.words))
        return self._words.semicolon.join(parts)

    def share(self, part: int, whole: int, one: str, many: str = "") -> str:
        """Return how many of some: ``all 5 items``, ``2 of 5 items``; in Chinese the noun has one form."""
        is_chinese = self._words.language is Language.CHINESE
        noun = _spaced(one) if is_chinese else one if whole == 1 or not many else many
        if part == whole:
            return self._words("dynamics.share-all", whole=whole, noun=noun)
        if not part:
            return self._words("dynamics.share-none", whole=whole, noun=noun)
        return self._words("dynamics.share", part=part, whole=whole, noun=noun)

    def names(self, names: Sequence[str], most: int = 15) -> str:
        """Return names of people, the first of them, and how many there are beyond."""
        return self._words.listed(names, most, beyond="list.more-people")


def _spaced(noun: str) -> str:
    return f" {noun} " if noun.isascii() else noun


_HEAD = """---
title: {title}
date: {date}
layout: default
---

[<< Back to Home]({{{{ site.baseurl }}}}/)

"""

_GAPS: Final = lazy_regex(r"\n{3,}")


def render(dynamics: Dynamics, style: Style, options: ReportOptions, *, offset: str = "+08:00") -> str:
    """Return the report; times stand at ``offset``. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = DynamicsView(dynamics, offset, words)
    name = f"dynamics.{style.language.value}.md.j2"
    say = DynamicsWords(words)
    text = fill(name, words, own=options.templates, d=dynamics, read=read, say=say, amd_words=AMD_WORDS)
    heading = words("dynamics.title", project=read.project, day=read.day)
    text = _GAPS.sub("\n\n", text)
    # What people write must not run as Liquid on the site that takes the report.
    inert = text.replace("{{", "{\u2060{").replace("{%", "{\u2060%")
    return _HEAD.format(title=visible(heading), date=read.day) + inert


class BotDiscussion(NamedTuple):
    """Items about which the same bots wrote as many comments, and no person any."""

    numbers: tuple[int, ...]
    bots: int
    names: tuple[str, ...]
    quotes: tuple[Quote, ...]
    """What is said about each of them in the same words."""


class DynamicsView:
    """What the templates ask for."""

    def __init__(self, dynamics: Dynamics, offset: str, words: Words) -> None:
        self._dynamics = dynamics
        self._words = words
        sign = -1 if offset.startswith("-") else 1
        hours, _, minutes = offset.lstrip("+-").partition(":")
        self._zone = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or 0)))
        self.zone = f"UTC{'+' if sign > 0 else '-'}{int(hours)}" if int(hours) or int(minutes or 0) else "UTC"
        lists = (dynamics.merged_pulls, dynamics.new_pulls, dynamics.closed_pulls)
        talked = (talk.item for talk in dynamics.talks if talk.is_pull)
        self._pulls = {item.number for item in (*chain(*lists), *talked)}
        self._titles = {
            item.number: item.title
            for item in (*chain(*lists), *dynamics.new_issues, *dynamics.closed_issues)
        }

    @property
    def project(self) -> str:
        """What people call what the report is about."""
        return profile().title

    @property
    def day(self) -> str:
        """The day of the window's last moment."""
        last = moment(self._dynamics.until) - timedelta(seconds=1)
        return last.astimezone(self._zone).strftime("%Y-%m-%d")

    def time(self, text: str | None) -> str:
        """Return a time as people there read it."""
        return moment(text).astimezone(self._zone).strftime("%Y-%m-%d %H:%M") if text else ""

    @property
    def cycle(self) -> str:
        """The window in UTC: the day once where it is one day."""
        since, until = (moment(end).astimezone(UTC) for end in (self._dynamics.since, self._dynamics.until))
        first, last = (
            self._words("dynamics.day", year=each.year, month=each.month, day=each.day)
            for each in (since, until)
        )
        end = f"{until:%H:%M}" if first == last else f"{last} {until:%H:%M}"
        return f"{first} {since:%H:%M} - {end} (UTC)"

    def count(self, what: str, items: Sequence[Item]) -> str:
        """Return how many there are; where GitHub gave a part or nothing, the least that it can be."""
        if not any(gap.what == what for gap in self._dynamics.gaps):
            return str(len(items))
        if not items:
            return self._words("unknown")
        return self._words("dynamics.at-least", count=len(items))

    def lacks(self, *whats: str) -> bool:
        """Return whether something of one of these kinds is missing."""
        return any(gap.what in whats for gap in self._dynamics.gaps)

    def what(self, gap: EventGap) -> str:
        """Return what a gap is about, in words."""
        return title("gap-what", gap.what, self._words.language)

    def why(self, gap: EventGap) -> str:
        """Return why it is missing; what a saved events file says in words of its own stays as it is."""
        return say_message(gap.message, self._words.language) if gap.message else gap.reason

    def topic(self, topic: Topic) -> str:
        """Return how the report calls a topic: a label or a bracket as it is written, unless it names an area or a platform."""
        if topic.is_purpose:
            return title("purpose", topic.name, self._words.language)
        return self.area(topic.name) if topic.is_area or has_title(topic.name) else topic.name

    def area(self, name: str) -> str:
        """Return how the report calls an area."""
        return area_title(name, self._words.language)

    def number(self, item: Item) -> Markup:
        """Return the number of an item, linked."""
        return self.link(item.number)

    def link(self, number: int) -> Markup:
        """Return a number, linked: GitHub leads on from an issue's address to a pull request's."""
        place = "pull" if number in self._pulls else "issues"
        url = f"https://github.com/{self._dynamics.repository}/{place}/{number}"
        return Markup(link(number, url))  # noqa: S704 - a number and an address without markup

    def merge(self, number: int) -> Markup:
        """Return the number of a merge before the window, linked."""
        url = f"https://github.com/{self._dynamics.repository}/pull/{number}"
        return Markup(link(number, url))  # noqa: S704 - a number and an address without markup

    def links(self, numbers: Sequence[int], most: int = 10) -> Markup:
        """Return the first of these numbers, linked, and how many there are beyond."""
        listed = Markup(self._words.comma).join(map(self.link, numbers[:most]))  # noqa: S704 - a word of ours
        rest = len(numbers) - most
        if rest <= 0:
            return listed
        return Markup(self._words("list.more", names=listed, more=rest))  # noqa: S704 - links and a number

    def kind(self, number: int) -> str:
        """Return ``PR`` or ``Issue``."""
        return "PR" if number in self._pulls else "Issue"

    @property
    def amd_authors(self) -> tuple[str, ...]:
        """The authors whose name says that they are AMD's."""
        found = (one.item.author for one in self._dynamics.amd if is_amd_author(one.item.author))
        return tuple(sorted(set(found)))

    @property
    def new_bugs(self) -> tuple[Item, ...]:
        """The bug reports that were opened."""
        return tuple(item for item in self._dynamics.new_issues if is_bug(item.title, item.labels))

    @property
    def pulls_seen(self) -> int:
        """How many pull requests were opened, merged or closed."""
        d = self._dynamics
        return len({item.number for item in chain(d.new_pulls, d.merged_pulls, d.closed_pulls)})

    @property
    def main(self) -> tuple[Technical, ...]:
        """The first two changes that are more than documentation and tests."""
        return tuple(one for one in self._dynamics.changes if one.is_pull and one.sources != 0)[:2]

    @property
    def has_reach(self) -> bool:
        """Whether the graph knows one of the changes that are told."""
        return any(one.reach is not None for one in self._dynamics.changes)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the items are for, and words of two or more; where no purpose is known the topics of two items or more, or all where there is none."""
        several = tuple(topic for topic in self._dynamics.topics if len(topic.numbers) > 1)
        purposes = self._dynamics.purposes
        words = tuple(topic for topic in several if not topic.is_area) if purposes else several
        return ((*purposes[:6], *words[:2]) if purposes else several or self._dynamics.topics)[:8]

    @property
    def single_topics(self) -> tuple[Topic, ...]:
        """The areas that no topic is."""
        return tuple(topic for topic in self._dynamics.topics if topic not in self.topics and topic.is_area)

    @property
    def robotic(self) -> tuple[BotDiscussion, ...]:
        """What only bots spoke about, those with the same bots and as many comments together."""
        groups: dict[tuple[int, tuple[str, ...]], list[Discussion]] = {}
        for talk in self._dynamics.talks:
            if not talk.people:
                groups.setdefault((talk.bots, tuple(sorted(talk.bot_names))), []).append(talk)
        return tuple(
            BotDiscussion(tuple(talk.item.number for talk in discussions), bots, names, _shared(discussions))
            for (bots, names), discussions in groups.items()
        )

    @property
    def several(self) -> tuple[int, ...]:
        """The numbers of what two people or more talked about, most talk first."""
        return tuple(talk.item.number for talk in self._dynamics.talks if len(talk.speakers) > 1)

    def kinds(self, topic: Topic) -> str:
        """Return how many issues and pull requests a topic has."""
        pulls = sum(number in self._pulls for number in topic.numbers)
        return self._counted(len(topic.numbers) - pulls, pulls)

    def opened(self, one: Contributor) -> str:
        """Return how many issues and pull requests a person opened."""
        return self._counted(one.issues, one.pulls)

    def _counted(self, issues: int, pulls: int) -> str:
        counts = (("dynamics.pull-count", pulls), ("dynamics.issue-count", issues))
        return self._words.comma.join(self._words(code, count=count) for code, count in counts if count)

    @property
    def areas(self) -> tuple[Topic, ...]:
        """The topics that are areas of the code."""
        return tuple(topic for topic in self._dynamics.topics if topic.is_area)

    def title(self, number: int) -> str:
        """Return the title of an item of the window."""
        return self._titles.get(number, "")


def _shared(discussions: Sequence[Discussion]) -> tuple[Quote, ...]:
    first, *rest = (talk.quotes for talk in discussions)
    return tuple(quote for quote in first if all(quote in quotes for quotes in rest))
