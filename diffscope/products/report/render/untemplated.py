"""The formats of a digest that need no template: a brief for whoever writes prose, at most 16,000 characters; text for a terminal; an Atom feed, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree import ElementTree as ET

from diffscope.products.report.counts import name_of
from diffscope.products.report.link_model import Link
from diffscope.products.report.model import (
    Digest,
    Notice,
    PullSummary,
    Recheck,
    ReportOptions,
    RiskItem,
    Theme,
)
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.story import Story
from diffscope.products.report.render.story.upgrade import tidy
from diffscope.render.console import Piece, Screen, Tone
from diffscope.render.formats.brief import OF_WINDOW, Brief, fitted, foreign
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import RuleCode, Severity

_THEMES: Final = 8
_PULLS: Final = 4
_KINDS_OF_LINKS: Final = frozenset({"reverts", "reapplies", "fixes", "removes", "builds-on"})


def render_brief(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the brief as Markdown."""
    return fitted(_brief(digest, Words(style.language)), OF_WINDOW, is_json=False)


def render_json(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the brief as one line of JSON."""
    return fitted(_brief(digest, Words(style.language)), OF_WINDOW, is_json=True)


def _brief(digest: Digest, words: Words) -> Brief:
    read = PageView(digest, words)
    period = digest.period
    rechecked = {(one.number, one.code): one for one in digest.rechecked}
    titles = {rule.code: words.pick(rule.title) for rule in digest.rules}
    items = [
        item
        for family in digest.risk.families
        for item in family.items
        if item.severity.rank >= Severity.MEDIUM.rank
    ]
    items.sort(key=lambda item: (-item.severity.rank, item.number, item.code))
    return {
        "repository": digest.repository,
        "period": f"{period.label}, {period.since} to {period.until}, UTC{period.offset}",
        "pull_requests": digest.source_pulls,
        "lines": f"+{digest.additions} -{digest.deletions}",
        "kinds": ", ".join(f"{one.name} {one.count}" for one in digest.kinds),
        "areas": ", ".join(f"{one.name} {one.count}" for one in digest.top_areas[:12]),
        "newest_commit": f"{digest.newest.commit[:12]} of {digest.newest.day}" if digest.newest else None,
        "themes": [_theme(theme, read, words) for theme in digest.themes[:_THEMES]],
        "users_notice": [_notice(one, words) for one in digest.notices],
        "follows": [_link(link) for link in digest.links if link.reason in _KINDS_OF_LINKS],
        "risks": [_risk(item, titles, rechecked, words) for item in items],
        "trends": list(Story(read, words).trends),
        "not_read": [words.pick(gap.reason) for gap in digest.gaps],
    }


def _theme(theme: Theme, read: PageView, words: Words) -> Brief:
    title = words.pick(theme.title)
    return {
        "theme": title if theme.seed in ("area", "registry") else foreign(title),
        "why": theme.seed,
        "area": theme.area,
        "count": theme.count,
        "pulls": [_pull(number, read, words) for number in theme.leading[:_PULLS]],
    }


def _pull(number: int, read: PageView, words: Words) -> Brief:
    pull = read.pull(number)
    says = words.semicolon.join(map(words.pick, pull.plain)) if pull else ""
    affects = words.pick(pull.affects) if pull and pull.affects else None
    return {
        "pull": name_of(number),
        "title": foreign(read.title(number)),
        "does": foreign(says) if says else "",
        "affects": affects,
    }


def _notice(notice: Notice, words: Words) -> Brief:
    return {
        "kind": notice.kind,
        "what": words.pick(notice.text),
        "pulls": ", ".join(map(name_of, notice.pulls)),
        "undone_by": None if notice.undone_by is None else name_of(notice.undone_by),
    }


def _link(link: Link) -> Brief:
    names = ", ".join(link.names[:2])
    said = foreign(names) if " " in names else names
    return {"later": name_of(link.source), link.reason: name_of(link.target), "by": said}


def _risk(
    item: RiskItem,
    titles: Mapping[RuleCode, str],
    rechecked: Mapping[tuple[int, RuleCode], Recheck],
    words: Words,
) -> Brief:
    state = rechecked.get((item.number, item.code))
    return {
        "pull": name_of(item.number),
        "severity": item.severity.value,
        "code": item.code,
        "what": titles.get(item.code, ""),
        "message": words.pick(item.message),
        "at": f"{item.path}:{item.line}" if item.path else "",
        "newest": state.state if state else None,
    }


def render_text(digest: Digest, style: Style, options: ReportOptions) -> str:
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
    sections = {
        "report.upgrade": story.upgrade,
        "report.fixes": story.fixes,
        "report.picks": story.picks,
        "report.reverts": story.reverts,
        "report.notices": story.notice_lines,
        "report.trends": story.trends,
        "report.follow-up": story.actions,
    }
    for code, lines in sections.items():
        if lines:
            _list(screen, words(code), lines)
    return screen.text()


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


_NAMESPACE = "http://www.w3.org/2005/Atom"
_FLAGGED = frozenset({"medium", "high", "critical"})
_NEVER = "1970-01-01T00:00:00Z"


def render_atom(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the feed. Its ids stay the same from one report to the next, so that a reader shows nothing twice."""
    words = Words(style.language)
    story = Story(PageView(digest, words), words, options.templates)
    flagged = [pull for pull in digest.pulls if pull.level in _FLAGGED]
    flagged.sort(key=lambda pull: (pull.merged_at or "", pull.number), reverse=True)
    feed = ET.Element("feed", {"xmlns": _NAMESPACE})
    _add(feed, "id", f"https://github.com/{digest.repository}#diffscope")
    _add(feed, "title", f"diffscope · {digest.repository} · {digest.period.label}")
    _add(feed, "updated", flagged[0].merged_at or _NEVER if flagged else _NEVER)
    ET.SubElement(feed, "generator", {"version": digest.version}).text = "diffscope"
    for pull in flagged:
        _entry(feed, pull, digest.repository, story, words)
    ET.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def _entry(feed: ET.Element, pull: PullSummary, repository: str, story: Story, words: Words) -> None:
    entry = ET.SubElement(feed, "entry")
    place = f"pull/{pull.number}" if pull.number >= 0 else f"commit/{name_of(pull.number)}"
    url = pull.url or f"https://github.com/{repository}/{place}"
    _add(entry, "id", f"{url}#diffscope")
    _add(entry, "title", f"{name_of(pull.number)} {pull.title} ({words(pull.level)})")
    _add(entry, "updated", pull.merged_at or _NEVER)
    ET.SubElement(entry, "link", {"href": url})
    author = ET.SubElement(entry, "author")
    _add(author, "name", pull.author or "unknown")
    for area in pull.areas:
        ET.SubElement(entry, "category", {"term": visible(area)})
    told = (story.told(pull.number), story.became(pull.number), *story.flags_of(pull))
    _add(
        entry,
        "summary",
        words.semicolon.join(each.replace("`", "").replace("**", "") for each in told if each),
    )


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = visible(text)
