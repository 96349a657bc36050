"""HTML of a digest: one self-contained page, no network; light and dark, narrow screens, keyboard. Its charts are HTML too.

Charts of the page take its colours and are links: a pull request opens in the panel beside the page, a name lists those that it counts
there. Without a script the same links lead to the pull request, or do nothing. Charts as files are another matter (charts.py).

The script (``digest_page.js``) is constant, so that the page can name it by its hash. A link that filters lists in the panel what it finds. The
address holds the state: ``#pr-38450``, ``#families=core-path&sort=churn``. A reload, or a friend, sees the same; the way back is the browser's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from markupsafe import Markup, escape

from diffscope.patterns import lazy_regex
from diffscope.products.report.model import Counted, Digest, ReportOptions, Theme, TrendPoint
from diffscope.products.report.render.area_map import NARROW, WIDE, area_cells
from diffscope.products.report.render.markdown import theme_line
from diffscope.products.report.render.marks import ARROWS, spark
from diffscope.products.report.render.page import LEAST_TREND, LEVELS, PageView
from diffscope.products.report.render.story.story import Story
from diffscope.render.sanitize import split_code, visible
from diffscope.render.style import Style
from diffscope.render.templates import fill, page_script
from diffscope.render.words import Words
from diffscope.source.model import Value

_CODE: Final = "\0"
"""Stands in a sentence for what is code: no sentence has it, for control characters are made visible first."""
_MARKED: Final = lazy_regex(r"#(?P<number>\d+)\b|\*\*(?P<strong>[^*]+)\*\*|(?P<code>\0)")

_LARGE: Final = 1000
"""A change of so much is told in hundredths."""


class Figure(Value, frozen=True, kw_only=True):
    """A figure of the window, and the same one in the windows before."""

    value: str
    label: str
    href: str
    was: str
    """The change against the window compared, else against the last one that is known; nothing without either."""
    points: str
    """A line through the windows, as SVG has it; nothing where there are fewer than three."""
    said: str
    """The same in words."""


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the page. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    read = PageView(digest, words)
    script, script_hash = page_script("digest_page.js")

    def about(theme: Theme) -> str:
        return theme_line(read, words, theme)

    return fill(
        "digest.html.j2",
        words,
        own=options.templates,
        d=digest,
        read=read,
        story=Story(read, words, options.templates),
        linked=partial(_linked, read),
        say=words.either,
        about=about,
        figures=_figures(read, words),
        levels=LEVELS,
        arrows=ARROWS,
        maps=(("wide", WIDE, area_cells(read, WIDE)), ("narrow", NARROW, area_cells(read, NARROW))),
        script=script,
        script_hash=script_hash,
    )


def _linked(read: PageView, sentence: str) -> Markup:
    """Return a sentence with the numbers of pull requests linked and its marks of weight and code; everything else is inert."""
    parts = tuple(split_code(visible(sentence)))
    codes = iter([Markup("<code>{}</code>").format(part) for part, is_code in parts if is_code])
    return _marked(read, "".join(_CODE if is_code else part for part, is_code in parts), codes)


def _marked(read: PageView, text: str, codes: Iterator[Markup]) -> Markup:
    """Return a text with its marks; ``codes`` are what stands in it as code, in order."""
    made, at = Markup(), 0
    for found in _MARKED.finditer(text):
        made += escape(text[at : found.start()])
        at = found.end()
        if found["code"]:
            made += next(codes)
        elif found["strong"]:
            made += Markup("<strong>{}</strong>").format(_marked(read, found["strong"], codes))
        else:
            made += _link_to(read, int(found["number"]))
    return made + escape(text[at:])


def _link_to(read: PageView, number: int) -> Markup:
    url = read.url(number) if read.is_known(number) else None
    if url and url.startswith("https://"):
        return Markup('<a href="{}">#{}</a>').format(url, number)
    return escape(f"#{number}")


def _figures(read: PageView, words: Words) -> tuple[Figure, ...]:
    d = read.digest
    here = TrendPoint(
        period=d.period,
        source_pulls=d.source_pulls,
        churn=d.additions + d.deletions,
        mean_importance=d.mean_importance,
        risks=d.top_risks,
        levels=d.risk.levels,
        kinds=d.kinds,
    )
    worst = read.link(level="serious" if _level("critical")(here) else "high")
    # What only judged windows can tell says so.
    told = [
        (words("page.merged", count=d.source_pulls), "#table", lambda one: one.source_pulls, ",d", False),
        (read.kind("bugfix"), read.link(kind="bugfix"), lambda one: _of(one.kinds, "bugfix"), ",d", False),
        (words("page.lines-changed"), read.link(sort="churn"), lambda one: one.churn, ",d", True),
        (words("page.serious"), worst, _level("high", "critical"), ",d", True),
        (words("page.medium"), read.link(level="medium"), _level("medium"), ",d", True),
        (words("page.importance"), read.link(sort="importance"), lambda one: one.mean_importance, ".2f", True),
    ]  # fmt: skip
    return tuple(
        _figure(read, words, (label, href, form), value, [*(one for one in d.trend if one.is_judged or not is_judgement), here])
        for label, href, value, form, is_judgement in told
    )  # fmt: skip


def _figure(
    read: PageView,
    words: Words,
    named: tuple[str, str, str],
    value: Callable[[TrendPoint], float],
    windows: list[TrendPoint],
) -> Figure:
    label, href, form = named
    values = [value(one) for one in windows]
    was = ""
    if read.before or len(values) > 1:
        before = value(read.before) if read.before else values[-2]
        change = values[-1] - before
        was = format(change, f"+{form}") if change else "±0"
        if before and abs(change) >= _LARGE:
            was = f"{round(100 * change / before):+d}%"
    return Figure(
        value=format(values[-1], form) if values[-1] < 10 * _LARGE else f"{values[-1] / 1000:.1f}k",
        label=label,
        href=href,
        was=was,
        points=spark(values) if len(windows) >= LEAST_TREND else "",
        said=words.comma.join(
            f"{one.period.label} {each:{form}}" for one, each in zip(windows, values, strict=True)
        ),
    )


def _level(*names: str) -> Callable[[TrendPoint], float]:
    return lambda point: _of(point.levels, *names)


def _of(counted: Iterable[Counted], *names: str) -> int:
    return sum(one.count for one in counted if one.name in names)
