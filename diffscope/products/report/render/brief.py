"""A brief of a window, as Markdown or JSON: facts and evidence for whoever writes prose of them, at most 16,000 characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.link_model import Link
from diffscope.products.report.model import Digest, Notice, Recheck, ReportOptions, RiskItem, Theme
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.story import Story
from diffscope.render.formats.brief import OF_WINDOW, Brief, fitted, foreign
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import RuleCode, Severity

_THEMES: Final = 8
_PULLS: Final = 4
_KINDS_OF_LINKS: Final = frozenset({"reverts", "reapplies", "fixes", "removes", "builds-on"})


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
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
