"""Markdown of a dynamics report, front matter included, as a Jekyll site takes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta, timezone

from markupsafe import Markup

from diffscope.render.digest_markdown import link
from diffscope.render.digest_wish import Wish
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words
from diffscope.report.dynamics import AMD_WORDS, Dynamics, moment
from diffscope.report.events import Item

_HEAD = """---
title: {title}
date: {date}
layout: default
---

[<< Back to Home]({{{{ site.baseurl }}}}/)

"""


def render(dynamics: Dynamics, style: Style, wish: Wish, *, offset: str = "+08:00") -> str:
    """Return the report; times stand at ``offset``. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = DynamicsReading(dynamics, offset)
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

    def __init__(self, dynamics: Dynamics, offset: str) -> None:
        self._dynamics = dynamics
        sign = -1 if offset.startswith("-") else 1
        hours, _, minutes = offset.lstrip("+-").partition(":")
        self._zone = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or 0)))
        self.zone = f"UTC{'+' if sign > 0 else '-'}{int(hours)}" if int(hours) or int(minutes or 0) else "UTC"

    @property
    def day(self) -> str:
        """The day of the window's end."""
        return moment(self._dynamics.until).astimezone(self._zone).strftime("%Y-%m-%d")

    def time(self, text: str | None) -> str:
        """Return a time as people there read it."""
        return moment(text).astimezone(self._zone).strftime("%Y-%m-%d %H:%M") if text else ""

    def utc(self, text: str) -> str:
        """Return a time in UTC."""
        return moment(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M")

    def number(self, item: Item) -> Markup:
        """Return the number of an item, linked."""
        is_pull = item in self._dynamics.new_pulls + self._dynamics.merged_pulls + self._dynamics.closed_pulls
        is_pull = is_pull or any(talk.is_pull and talk.item == item for talk in self._dynamics.talks)
        place = "pull" if is_pull else "issues"
        url = f"https://github.com/{self._dynamics.repository}/{place}/{item.number}"
        return Markup(link(item.number, url))  # noqa: S704 - a number and an address without markup

    @property
    def amd_authors(self) -> tuple[str, ...]:
        """The authors whose name says that they are AMD's."""
        found = (one.item.author for one in self._dynamics.amd if one.item.author.lower().endswith("-amd"))
        return tuple(sorted(set(found)))

    def title(self, number: int) -> str:
        """Return the title of an item of the window."""
        lists: Iterable[Item] = (
            *self._dynamics.new_issues,
            *self._dynamics.closed_issues,
            *self._dynamics.new_pulls,
            *self._dynamics.merged_pulls,
            *self._dynamics.closed_pulls,
        )
        return next((item.title for item in lists if item.number == number), "")
