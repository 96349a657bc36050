"""Markdown of a digest: the weekly layout, a template that a user may replace, for all languages or for one."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Digest, Theme
from diffscope.products.report.render.options import ReportOptions
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.summary import summary, theme_line
from diffscope.products.report.render.view_model import DigestView
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the report. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = PageView(digest, words)
    links = Links(read, words)
    name = f"{options.layout}.{style.language.value}.md.j2"

    def about(theme: Theme) -> str:
        return theme_line(read, words, theme)

    return fill(
        name,
        words,
        own=options.templates,
        d=digest,
        read=read,
        summary=summary(read, words),
        about=about,
        pr=links.one,
        prs=links.many,
    )


class Links:
    """Pull requests by number, linked: ``pr(38450)`` and ``prs((38450, 38083), 12)`` of a template."""

    def __init__(self, read: DigestView, words: Words) -> None:
        self._read = read
        self._words = words

    def one(self, number: int) -> Markup:
        """Return ``[#38450](address)``."""
        return Markup(link(number, self._read.url(number)))  # noqa: S704 - a number and an address without markup

    def many(self, numbers: Sequence[int], most: int = 12) -> Markup:
        """Return the first ``most``, and how many there are beyond."""
        listed = Markup(self._words.comma).join(map(self.one, numbers[:most]))  # noqa: S704 - a word of ours
        rest = len(numbers) - most
        if rest <= 0:
            return listed
        return Markup(self._words("list.more", names=listed, more=rest))  # noqa: S704 - links and a number


def link(number: int, url: str | None) -> str:
    """Return a pull request's number, linked where it has an address that Markdown cannot misread."""
    is_plain = url is not None and url.startswith("https://") and not set(url) & set("()<> \\\"'`")
    return f"[#{number}]({url})" if is_plain else name_of(number)
