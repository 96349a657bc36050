"""A report for a terminal: the sentences of the weekly, wrapped."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.products.report.model import Digest, ReportOptions
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.risks import Section, tidy
from diffscope.products.report.render.story.story import Story
from diffscope.render.console import Piece, Screen, Tone
from diffscope.render.style import Style
from diffscope.render.words import Words


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the report, with a line feed at its end."""
    words = Words(style.language)
    read = PageView(digest, words)
    story, screen = Story(read, words, options.templates), Screen(style)
    is_week, period = read.is_week, digest.period
    screen.line(
        Piece(
            words(
                "report.title",
                project=digest.project or digest.repository,
                period=period.label,
                is_week=is_week,
            ),
            Tone.STRONG,
        )
    )
    said = words("report.period", since=period.since, until=period.until, zone=read.zone)
    screen.line(Piece(f"{digest.repository} · {said}", Tone.QUIET))
    screen.blank()
    if not digest.source_pulls:
        screen.line(Piece(words("report.nothing-read" if digest.gaps else "report.nothing", is_week=is_week)))
    for line in story.summary:
        screen.line(Piece(_plain(line)))
    for gap in digest.gaps:
        screen.line(Piece(words.pick(gap.reason), Tone.MEDIUM))
    _list(screen, words("report.upgrade") if story.upgrade else "", story.upgrade)
    _sections(screen, words("report.main-changes", is_week=is_week), story.changes)
    _list(screen, words("report.notices"), story.notice_lines)
    _list(screen, words("risk-section"), story.risks)
    _list(screen, words("report.highlights"), story.highlights)
    _list(screen, words("report.trends"), story.trends)
    _list(screen, words("report.follow-up"), story.follow_up)
    return screen.text()


def _sections(screen: Screen, title: str, sections: Iterable[Section]) -> None:
    for at, section in enumerate(sections):
        if at == 0:
            _list(screen, title, ())
        screen.line(Piece(section.title, Tone.STRONG), indent=2, hang=2)
        for line in section.lines:
            screen.line(Piece(f"- {_plain(line)}"), indent=2, hang=4)


def _list(screen: Screen, title: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed or title:
        screen.blank()
        screen.line(Piece(title, Tone.STRONG))
    for line in listed:
        screen.line(Piece(f"- {_plain(line)}"), indent=2, hang=4)


def _plain(sentence: str) -> str:
    """Return a sentence without its marks of code and weight."""
    return tidy(sentence).replace("`", "").replace("**", "")
