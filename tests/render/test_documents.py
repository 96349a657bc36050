"""Markdown and HTML: inert, complete, self-contained."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest

from diffscope.messages.model import Language
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from tests.assessments import a_flag, an_assessment, an_empty_assessment, hostile

ENGLISH, CHINESE = Style(), Style(language=Language.CHINESE)
PAYLOADS = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "</style><script>",
    "{{ 7*7 }}{% include 'x' %}",
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markdown_leads_with_level_and_reason() -> None:
    """Title, level and why stand in the first lines; the risk section goes by family, worst first."""
    lines = render([an_assessment()], ENGLISH, form="markdown").splitlines()
    assert lines[0].startswith("## [#90210](https://github.com/vllm-project/vllm/pull/90210) \\[ROCm\\]")
    assert lines[2] == "**Risk: high** — CP102 attention-backend (high), CF501 default-changed (medium)"
    assert [line for line in lines if line.startswith("#### ")] == [
        "#### Core-path change (1)",
        "#### Configuration default changed (1)",
    ]


def test_markdown_links_evidence_to_lines_at_the_right_commit() -> None:
    """New lines link to the head, old lines to the base."""
    text = render([an_assessment()], ENGLISH, form="markdown")
    assert f"](https://github.com/vllm-project/vllm/blob/{'2' * 40}/vllm/config/attention.py#L17)" in text
    assert f"](https://github.com/vllm-project/vllm/blob/{'1' * 40}/vllm/envs.py#L203) (old side)" in text


def test_markdown_says_when_nothing_fired() -> None:
    """A clean change has a short section and no empty headings."""
    text = render([an_empty_assessment()], ENGLISH, form="markdown")
    assert "No rule fired on this change." in text
    assert "### Reach" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_symbols_of_the_product_stand_before_those_of_tests(form: str) -> None:
    """A table that is cut loses tests first; what is only called stands behind all."""
    named = {
        "test_pools": ("tests/test_a.py", "test", "body"),
        "pool_kernel": ("csrc/pool.cu", "native", "body"),
        "call_of_pools": ("vllm/pools.py", "source", "called"),
        "take_pool": ("vllm/pools.py", "source", "body"),
    }
    given = an_assessment()
    files = tuple(
        msgspec.structs.replace(given.files[0], path=path, category=category)
        for path, category, _ in dict.fromkeys(named.values())
    )
    symbols = tuple(
        msgspec.structs.replace(given.symbols[0], name=name, path=path, aspects=(aspect,))
        for name, (path, _, aspect) in named.items()
    )
    text = render([an_assessment(files=files, symbols=symbols)], ENGLISH, form=form)
    table = text[text.index("What changed") :]
    assert sorted(named, key=table.index) == ["take_pool", "pool_kernel", "test_pools", "call_of_pools"]


@pytest.mark.parametrize("style", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_markdown_blocks_are_set_apart(style: Style) -> None:
    """Headings and tables have a blank line before and after, and no two blank lines follow each other."""
    text = render([an_assessment()], style, form="markdown")
    assert "\n\n\n" not in text
    lines = text.splitlines()
    for number, line in enumerate(lines[1:], start=1):
        if line.startswith("#"):
            assert (lines[number - 1], lines[number + 1]) == ("", ""), line


def test_markdown_is_inert() -> None:
    """No mention, reference, image, link or tag of a pull request's author survives in prose or table."""
    text = render(
        [hostile("@all #12 ![i](http://h) <b>x</b> a|b `c` [l](javascript:1)")], ENGLISH, form="markdown"
    )
    outside_code = re.sub(r"(`+) ?.*? ?\1", "", text)
    assert "@all" not in outside_code
    assert "#12" not in outside_code
    assert "<b>" not in outside_code
    assert not re.search(r"(?<!\\)\]\((?!https://github.com/)", outside_code)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {3, 4, 8}


def test_markdown_code_blocks_cannot_be_left() -> None:
    """A test path of backticks does not end the block of the pytest command."""
    text = render([hostile("tests/test_```.py")], ENGLISH, form="markdown")
    assert "````sh\npytest 'tests/test_```.py'\n````" in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_is_inert(payload: str) -> None:
    """A hostile string in every field adds no tag and no attribute, and still shows as text."""
    calm, page = (
        Page(render([hostile("calm")], ENGLISH, form="html")),
        Page(render([hostile(payload)], ENGLISH, form="html")),
    )
    assert page.tags == calm.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in calm.attributes]
    assert payload in page.text


def test_html_is_one_file_that_calls_nobody() -> None:
    """No script, no external resource; the only addresses are links, and a policy forbids the rest."""
    page = Page(render([an_assessment()], ENGLISH, form="html"))
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    addresses = [value for name, value in page.attributes if name in {"href", "src"}]
    assert addresses
    assert all(value and value.startswith("https://github.com/vllm-project/vllm/") for value in addresses)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://h/pull/1?x", "http://h/a/b/pull/1", "https://h/a/b/pull/1\n"]
)
def test_only_the_address_of_a_pull_request_becomes_a_link(url: str) -> None:
    """An address of another shape is no link in any document."""
    change = an_assessment().change
    odd = an_assessment(
        change=msgspec.structs.replace(change, pull=msgspec.structs.replace(change.pull, url=url))
    )
    assert "href" not in dict(Page(render([odd], ENGLISH, form="html")).attributes)
    assert "](" not in render([odd], ENGLISH, form="markdown")


def test_html_speaks_its_language() -> None:
    """The page says which language it is in, for fonts and screen readers."""
    assert '<html lang="zh">' in render([an_assessment()], CHINESE, form="html")
    assert "注意力后端变更" in render([an_assessment()], CHINESE, form="html")


def test_html_shows_scores_with_their_parts() -> None:
    """A score never stands without the terms that make it and the version of its formula."""
    text = Page(render([an_assessment()], ENGLISH, form="html")).text
    assert all(
        part in text for part in ("importance 6.5", "reach +4", "4 steps from serving", "importance/1")
    )


def test_a_flag_without_a_place_still_says_its_message() -> None:
    """A change-level flag has no evidence line; its message stands in."""
    assessment = an_assessment(flags=(a_flag(evidence=()),))
    for form in ("text", "markdown", "html"):
        shown = re.sub(r"`|</?code>", "", render([assessment], ENGLISH, form=form))
        assert "EmberBackend.forward changed" in " ".join(shown.split())


def test_markdown_tells_the_chance_of_a_later_fix_in_one_row() -> None:
    """With what it was worth and what moves it; nothing where it is not known."""
    row = "| Fix risk | 9% (usual: 14%); 6% to 11% of similar unseen changes were fixed; 120 source lines added; 9 fixes to these files in 90 days |"
    assert row in render([an_assessment()], ENGLISH, form="markdown").splitlines()
    assert "Fix risk" not in render([an_empty_assessment()], ENGLISH, form="markdown")
