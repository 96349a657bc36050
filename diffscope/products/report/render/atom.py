"""An Atom feed of the flagged pull requests of a digest, newest first."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Digest, PullSummary, ReportOptions
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.story import Story
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.words import Words

_NAMESPACE = "http://www.w3.org/2005/Atom"
_FLAGGED = frozenset({"medium", "high", "critical"})
_NEVER = "1970-01-01T00:00:00Z"


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
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
