"""No character that a reader, a terminal, a parser or a runner would act on leaves through any sink, whatever field it came in by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.assessment.document import RiskLevel
from diffscope.errors import UsageError
from diffscope.messages.model import Language
from diffscope.products.report.digest import build_digest
from diffscope.products.report.model import Digest
from diffscope.products.report.render.formats import charts, render_digest
from diffscope.render.formats.documents import Circumstances, render_comment, render_summary
from diffscope.render.formats.table import RENDERERS, render
from diffscope.render.style import Style
from diffscope.rules.model import Severity
from tests.assessments import an_assessment
from tests.digests import WEEK, a_pull, flag
from tests.examples import THOROUGH
from tests.poison import poisoned
from tests.render.test_digest_documents import a_trend

ACTED_ON = (
    *"\0\x01\b\t\n\x0b\x0c\r\x1b\x1c\x1d\x1e\x1f\x7f\x80\x85\x9b\x9d\xad",
    *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff",
    "\ud800",
    "\udcff",
    "\U000e0041",
    "\r\n",
    "\x1b[31m",
    "\x1b]8;;http://x\x07",
    "\x9b2J",
)
PLAIN = (
    "x",
    "'",
    '"',
    "<b>",
    "&amp;",
    "%0A",
    "|",
    "`",
    "](",
    "::error::",
    "]]>",
    "-->",
    "\\",
    "$(id)",
    "é",
    "日",
    " ",
)
TEXTS = st.lists(st.sampled_from(ACTED_ON + PLAIN), min_size=1, max_size=6).map("".join)

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Everything in ``ACTED_ON`` but the line feed, which separates lines, and the word joiner, with which Markdown disarms mentions."""

STYLES = [pytest.param(Style(language=language), id=language.value) for language in Language]


def seen(text: str) -> str:
    """Return ``text``, and fail where something in it cannot be seen. An indent by tabs is not a text of anybody's."""
    found = _UNSEEN.search(text)
    assert found is None, ascii(text[max(0, found.start() - 60) : found.end() + 20])
    text.encode()
    return text


def check(form: str, text: str, lines: int) -> None:
    seen(text)
    if form in {"json", "sarif", "rdjson", "jsonl"}:
        for each in text.splitlines() if form == "jsonl" else [text]:
            json.loads(each)
    if form in {"concise", "github", "jsonl"}:
        assert text.count("\n") == len(text.splitlines()) == lines
    if form == "github":
        assert all(line.startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", RENDERERS)
@given(text=TEXTS)
@settings(max_examples=12 if THOROUGH else 4, deadline=None)
def test_a_format_shows_what_could_not_be_seen(form: str, style: Style, text: str) -> None:
    clean = render([an_assessment()], style, form=form)
    check(form, render([poisoned(an_assessment(), text)], style, form=form), clean.count("\n"))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("draw", [render_comment, render_summary])
@given(text=TEXTS)
@settings(max_examples=12 if THOROUGH else 4, deadline=None)
def test_what_is_posted_shows_what_could_not_be_seen(
    draw: Callable[..., str], style: Style, text: str
) -> None:
    about = poisoned(Circumstances(edited=("diffscope.yml",), notes=("not posted",)), text)
    seen(draw(poisoned(an_assessment(), text), style, about))


def a_poisoned_digest(text: str) -> Digest:
    """Return the digest of a made-up week of poisoned changes: its own texts are words of ours, or come from theirs."""
    pulls = tuple(
        poisoned(
            a_pull(number, flags=(flag("CP101", "core-path", Severity.HIGH),), level=RiskLevel.HIGH), text
        )
        for number in range(1, 4)
    )
    return build_digest(pulls, repository=f"vllm-project/vllm{text}", period=WEEK, trend=a_trend())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", ["markdown", "json", "html", "atom"])
@given(text=TEXTS)
@settings(max_examples=6 if THOROUGH else 2, deadline=None)
def test_a_report_shows_what_could_not_be_seen(form: str, style: Style, text: str) -> None:
    digest = a_poisoned_digest(text)
    found = seen(render_digest(digest, style, form=form))
    if form == "json":
        json.loads(found)
    if form == "atom":
        ET.fromstring(found)


@given(text=TEXTS)
@settings(max_examples=2, deadline=None)
def test_charts_show_what_could_not_be_seen(text: str) -> None:
    try:
        drawn = charts(a_poisoned_digest(text), Style())
    except UsageError:  # the extra is not installed
        return
    for picture in drawn.values():
        ET.fromstring(seen(picture))


def test_the_poison_reaches_what_strangers_write() -> None:
    """A field that is renamed to one of ``OURS`` would be tested no more."""
    found = msgspec.to_builtins(poisoned(an_assessment(), "☠"))
    assert [
        found["change"]["pull"]["title"][-1],
        found["change"]["pull"]["author"][-1],
        found["files"][0]["path"][-1],
        found["flags"][0]["evidence"][0]["note"]["en"][-1],
        found["flags"][0]["message"]["zh"][-1],
        found["labels"][0][-1],
    ] == ["☠"] * 6
