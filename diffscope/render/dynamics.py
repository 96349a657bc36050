"""Markdown of a dynamics report, front matter included, as a Jekyll site takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta, timezone
from itertools import chain

from markupsafe import Markup

from diffscope.render.digest_markdown import link
from diffscope.render.digest_wish import Wish
from diffscope.render.digest_words import area_title
from diffscope.render.sanitize import visible
from diffscope.render.style import Language, Style
from diffscope.render.templates import fill
from diffscope.render.words import Words
from diffscope.report.dynamics import AMD_WORDS, Dynamics, is_bug, moment
from diffscope.report.dynamics_changes import Topic
from diffscope.report.events import Item
from diffscope.source.values import Gap

_HEAD = """---
title: {title}
date: {date}
layout: default
---

[<< Back to Home]({{{{ site.baseurl }}}}/)

"""

_WHATS = {
    "new-issues": ("new issues", "新 Issue"),
    "closed-issues": ("closed issues", "已关闭 Issue"),
    "new-pulls": ("new pull requests", "新 PR"),
    "closed-pulls": ("merged and closed pull requests", "合并与关闭的 PR"),
    "files": ("changed paths", "改动文件"),
    "comments": ("comments", "评论"),
}


def render(dynamics: Dynamics, style: Style, wish: Wish, *, offset: str = "+08:00") -> str:
    """Return the report; times stand at ``offset``. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = DynamicsReading(dynamics, offset, words)
    name = f"dynamics.{style.language.value}.md.j2"
    text = fill(name, words, own=wish.templates, d=dynamics, read=read, amd_words=AMD_WORDS)
    title = (
        f"vLLM 开发动态报告 - {read.day}" if style.language.value == "zh" else f"vLLM dynamics - {read.day}"
    )
    # What people write must not run as Liquid on the site that takes the report.
    inert = text.replace("{{", "{\u2060{").replace("{%", "{\u2060%")
    return _HEAD.format(title=visible(title), date=read.day) + inert


class DynamicsReading:
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
        is_chinese = self._words.language is Language.CHINESE
        first, last = (
            f"{each.year}年{each.month}月{each.day}日" if is_chinese else each.strftime("%Y-%m-%d")
            for each in (since, until)
        )
        end = f"{until:%H:%M}" if first == last else f"{last} {until:%H:%M}"
        return f"{first} {since:%H:%M} - {end} (UTC)"

    def count(self, what: str, items: Sequence[Item]) -> str:
        """Return how many there are; where GitHub gave a part or nothing, the least that it can be."""
        if not any(gap.what == what for gap in self._dynamics.gaps):
            return str(len(items))
        is_chinese = self._words.language is Language.CHINESE
        if not items:
            return "未知" if is_chinese else "unknown"
        return f"至少 {len(items)}" if is_chinese else f"at least {len(items)}"

    def lacks(self, *whats: str) -> bool:
        """Return whether something of one of these kinds is missing."""
        return any(gap.what in whats for gap in self._dynamics.gaps)

    def what(self, gap: Gap) -> str:
        """Return what a gap is about, in words."""
        return _WHATS.get(gap.what, (gap.what, gap.what))[self._words.language is Language.CHINESE]

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

    def kind(self, number: int) -> str:
        """Return ``PR`` or ``Issue``."""
        return "PR" if number in self._pulls else "Issue"

    @property
    def amd_authors(self) -> tuple[str, ...]:
        """The authors whose name says that they are AMD's."""
        found = (one.item.author for one in self._dynamics.amd if one.item.author.lower().endswith("-amd"))
        return tuple(sorted(set(found)))

    @property
    def new_bugs(self) -> tuple[Item, ...]:
        """The bug reports that were opened."""
        return tuple(item for item in self._dynamics.new_issues if is_bug(item.title, item.labels))

    @property
    def areas(self) -> tuple[Topic, ...]:
        """The topics that are areas of vLLM."""
        return tuple(topic for topic in self._dynamics.topics if topic.is_area)

    def title(self, number: int) -> str:
        """Return the title of an item of the window."""
        return self._titles.get(number, "")
