"""Markdown of a digest: the weekly layout, a template that a user may replace, for all languages or for one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Counted, Digest, ReportOptions, Theme
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.story import Story
from diffscope.products.report.render.story.upgrade import tidy
from diffscope.products.report.render.view_model import DigestView
from diffscope.render import sanitize
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words

_NUMBER: Final = lazy_regex("\\\\?#\u2060?(\\d+)\\b")
"""A number behind its mark, as it stands in inert Markdown."""
_STRONG: Final = lazy_regex(r"\\\*\\\*(.+?)\\\*\\\*")


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
        story=Story(read, words, options.templates),
        about=about,
        pr=links.one,
        prs=links.many,
        linked=links.linked,
        definitions=links.definitions,
    )


class Links:
    """Pull requests by number, linked: ``pr(38450)``, ``prs((38450, 38083), 12)`` and ``linked(sentence)`` of a template.

    Those of sentences are references, whose addresses ``definitions()`` gives at the end: a sentence stays one to read.
    """

    def __init__(self, read: DigestView, words: Words) -> None:
        self._read = read
        self._words = words
        self._named: dict[int, str] = {}

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

    def linked(self, sentence: str) -> Markup:
        """Return a sentence with its numbers as references and its marks of weight and code; everything else is inert."""
        parts = []
        for part, is_code in sanitize.split_code(sanitize.visible(tidy(sentence))):
            if is_code:
                parts.append(sanitize.code_span(part))
                continue
            parts.append(_NUMBER.sub(self._reference, sanitize.markdown(part)))
        return Markup(_STRONG.sub(r"**\1**", "".join(parts)))  # noqa: S704 - inert by now

    def _reference(self, found: re.Match[str]) -> str:
        number = int(found[1])
        url = self._read.url(number) if self._read.is_known(number) else None
        if url is None or not _is_plain(url):
            return found[0]
        self._named[number] = url
        return f"[#{number}]"

    def definitions(self) -> Markup:
        """Return the addresses of the references so far, a line each."""
        lines = [f"[#{number}]: {self._named[number]}" for number in sorted(self._named)]
        return Markup("\n" + "\n".join(lines) + "\n" if lines else "")  # noqa: S704 - numbers and plain addresses


def link(number: int, url: str | None) -> str:
    """Return a pull request's number, linked where it has an address that Markdown cannot misread."""
    return f"[#{number}]({url})" if url is not None and _is_plain(url) else name_of(number)


def _is_plain(url: str) -> bool:
    return url.startswith("https://") and not set(url) & set("()<> \\\"'`")


def theme_line(read: PageView, words: Words, theme: Theme) -> str:
    """Return what a line of work is made of."""
    kinds = read.kinds(theme.kinds, 3)
    files = [f"`{path}`" for path in theme.hot_files[:2]]
    if files:
        joined = words("summary.two", one=files[0], other=files[1]) if len(files) > 1 else files[0]
        line = words("summary.theme-in", kinds=kinds, lines=theme.churn, files=joined)
    else:
        line = words("summary.theme", kinds=kinds, lines=theme.churn)
    families = [_quoted(words, one) for one in theme.risks[:2]]
    return line + words.gap + words("summary.risks", families=families) if families else line


def _quoted(words: Words, one: Counted) -> str:
    return words("summary.family-of", name=words.family(one.name), count=one.count)
