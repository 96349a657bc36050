"""HTML of a digest: one self-contained page, no network; light and dark, narrow screens, keyboard. Its charts are HTML too.

Charts of the page take its colours and are links: a pull request opens in the panel beside the page, a name lists those that it counts
there. Without a script the same links lead to the pull request, or do nothing. Charts as files are another matter (charts.py).
"""

from __future__ import annotations

from markupsafe import Markup

from diffscope.products.report.model import Digest, Theme
from diffscope.products.report.render.area_map import NARROW, WIDE, area_cells
from diffscope.products.report.render.marks import ARROWS
from diffscope.products.report.render.options import ReportOptions
from diffscope.products.report.render.page import LEVELS, PageView
from diffscope.products.report.render.page_script import SCRIPT, SCRIPT_HASH
from diffscope.products.report.render.summary import summary, theme_line
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words


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
        say=words.either,
        summary=summary(read, words),
        about=about,
        levels=LEVELS,
        arrows=ARROWS,
        maps=(("wide", WIDE, area_cells(read, WIDE)), ("narrow", NARROW, area_cells(read, NARROW))),
        script=Markup(SCRIPT),  # noqa: S704 - a constant
        script_hash=SCRIPT_HASH,
    )
