"""HTML of a digest: one self-contained page, no network; light and dark, narrow screens, keyboard. Its charts are HTML too.

Charts of the page take its colours and are links: a pull request opens in the panel beside the page, a name lists those that it counts
there. Without a script the same links lead to the pull request, or do nothing. Charts as files are another matter (charts.py).
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from markupsafe import Markup, escape

from diffscope.products.report.model import Digest, Theme
from diffscope.products.report.render.area_map import NARROW, WIDE, area_cells
from diffscope.products.report.render.marks import ARROWS
from diffscope.products.report.render.options import ReportOptions
from diffscope.products.report.render.page import LEVELS, PageView
from diffscope.products.report.render.page_script import SCRIPT, SCRIPT_HASH
from diffscope.products.report.render.story.story import Story
from diffscope.products.report.render.summary import summary, theme_line
from diffscope.render.sanitize import split_code, visible
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words

_MARKED: Final = re.compile(r"#(?P<number>\d+)\b|\*\*(?P<strong>[^*]+)\*\*")


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the page. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = PageView(digest, words)

    def about(theme: Theme) -> str:
        return theme_line(read, words, theme)

    return fill(
        "digest.html.j2",
        words,
        own=options.templates,
        d=digest,
        read=read,
        story=Story(read, words),
        linked=partial(_linked, read),
        say=words.either,
        summary=summary(read, words),
        about=about,
        levels=LEVELS,
        arrows=ARROWS,
        maps=(("wide", WIDE, area_cells(read, WIDE)), ("narrow", NARROW, area_cells(read, NARROW))),
        script=Markup(SCRIPT),  # noqa: S704 - a constant
        script_hash=SCRIPT_HASH,
    )


def _linked(read: PageView, sentence: str) -> Markup:
    """Return a sentence with the numbers of pull requests linked and its marks of weight and code; everything else is inert."""
    parts = []
    for part, is_code in split_code(visible(sentence)):
        if is_code:
            parts.append(Markup("<code>{}</code>").format(part))
            continue
        at = 0
        for found in _MARKED.finditer(part):
            parts += [escape(part[at : found.start()]), _marked(read, found)]
            at = found.end()
        parts.append(escape(part[at:]))
    return Markup("").join(parts)


def _marked(read: PageView, found: re.Match[str]) -> Markup:
    if found["strong"]:
        return Markup("<strong>{}</strong>").format(found["strong"])
    number = int(found["number"])
    url = read.url(number) if read.is_known(number) else None
    return (
        Markup('<a href="{}">#{}</a>').format(url, number)
        if url and url.startswith("https://")
        else escape(found[0])
    )
