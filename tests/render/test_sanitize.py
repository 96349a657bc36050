"""Untrusted text is inert in every sink."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.render import sanitize
from tests.examples import any_text

SEEN = [
    pytest.param("plain text, 中文 and ü", "plain text, 中文 and ü", id="visible text stays"),
    pytest.param("a\x1b[31mred", r"a\x1b[31mred", id="an escape sequence is shown, not sent"),
    pytest.param("a\x9b31m", r"a\x9b31m", id="a C1 control opens a sequence too"),
    pytest.param("a\nb\rc\td", r"a\nb\rc\td", id="line feeds, returns and tabs cannot fake a line"),
    pytest.param("user\u202etxt.exe", r"user\u202etxt.exe", id="a right-to-left override is named"),
    pytest.param("a\u2066b\u2069", r"a\u2066b\u2069", id="isolates are named"),
    pytest.param("pay\u200bpal", r"pay\u200bpal", id="an invisible space is named"),
    pytest.param("\U000e0041\U000e0042", r"\U000e0041\U000e0042", id="tag characters are named"),
    pytest.param("half \ud800 pair", r"half \ud800 pair", id="half a character cannot break the encoder"),
    pytest.param("::error::gotcha", r"\x3a:error::gotcha", id="a log line that begins as an order is disarmed"),
    pytest.param("x ::stop-commands::t", r"x \x3a:stop-commands::t", id="also where it might be wrapped to the start"),
    pytest.param("std::vector<int>::size", "std::vector<int>::size", id="names of C++ stay"),
    pytest.param("a ##[group]b", r"a \x23#[group]b", id="the old form of orders is disarmed anywhere"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SEEN)
def test_visible(text: str, expected: str) -> None:
    assert sanitize.visible(text) == expected


MARKDOWN = [
    pytest.param("rocm_attn in vllm.v1, fp8_e4m3", "rocm_attn in vllm.v1, fp8_e4m3", id="names within words stay readable"),
    pytest.param("_emphasis_ *strong* ~gone~", r"\_emphasis\_ \*strong\* \~gone\~", id="emphasis"),
    pytest.param("Scheduler.__init__", r"Scheduler.\_\_init\_\_", id="a name between underscores"),
    pytest.param("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))", id="a link"),
    pytest.param("![p](http://h/p.png)", "!\\[p\\](http:\u2060//h/p.png)", id="an image that would call home"),
    pytest.param("<img src=x onerror=y>&lt;", "&lt;img src=x onerror=y&gt;&amp;lt;", id="HTML and entities"),
    pytest.param("`code`", r"\`code\`", id="code"),
    pytest.param("a|b", r"a\|b", id="the end of a table cell"),
    pytest.param("@vllm-project/all", "@\u2060vllm-project/all", id="a mention"),
    pytest.param("fixes #12, GH-3, a/b#4", "fixes #\u206012, GH\u2060-3, a/b#\u20604", id="references to issues"),
    pytest.param("www.evil.example", "www\u2060.evil.example", id="a bare address"),
    pytest.param("a -> b -> c", "a -> b -> c", id="an arrow between words"),
    pytest.param("<!-- x -->", "&lt;!-- x --&gt;", id="the end of a comment"),
    pytest.param("-> x", "-&gt; x", id="an arrow at the start"),
    pytest.param("$x^2$", "&#36;x^2&#36;", id="a formula"),
    pytest.param("\\*", r"\\\*", id="an escaped escape"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MARKDOWN)
def test_markdown(text: str, expected: str) -> None:
    assert sanitize.markdown(text) == expected


SPANS = [
    pytest.param("a.py:3", "`a.py:3`", id="plain"),
    pytest.param("a`b", "`` a`b ``", id="the fence outgrows the longest run inside"),
    pytest.param("```", "```` ``` ````", id="nothing but backticks"),
    pytest.param(" edge ", "`  edge  `", id="spaces at the edges survive"),
    pytest.param("", "", id="nothing gives nothing"),
    pytest.param("a\nb", r"`a\nb`", id="no line feed ends it"),
]


@pytest.mark.parametrize(("text", "expected"), SPANS)
def test_code_span(text: str, expected: str) -> None:
    assert sanitize.code_span(text) == expected


def test_code_span_in_a_table_cell_escapes_bars() -> None:
    """GFM splits cells before it sees code, so a bar in a cell is escaped, and only there."""
    assert sanitize.code_span("int | None", cell=True) == r"`int \| None`"
    assert sanitize.code_span("int | None") == "`int | None`"


PROSE = [
    pytest.param("`A.b` goes to True", "`A.b` goes to True", id="a pair of backticks is code"),
    pytest.param("`<b>` and <b>", "`<b>` and &lt;b&gt;", id="what stands in it is inert, what stands outside too"),
    pytest.param("one ` alone", r"one \` alone", id="one alone is none"),
    pytest.param("A.run and _step() changed", "`A.run` and `_step()` changed", id="names are code unmarked"),
    pytest.param("不再有 gpu_model_runner，见 a/b_c.py:12", "不再有 `gpu_model_runner`，见 `a/b_c.py:12`", id="among Chinese too"),
    pytest.param(
        "see --max-model-len, e.g. CPU/GPU or 2.10",
        "see `--max-model-len`, e.g. CPU/GPU or 2.10",
        id="an option is, plain words and versions are not",
    ),
    pytest.param("https://evil.example/a_b.py", "https:\u2060//evil.example/a_b.py", id="nothing within an address is"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROSE)
def test_prose(text: str, expected: str) -> None:
    assert sanitize.prose(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Use `torch.compile` <b>", "Use `torch.compile` &lt;b&gt;", id="pairs"),
        pytest.param("Use `a` and `b", r"Use \`a\` and \`b", id="one alone"),
        pytest.param("`a``<b>`", r"\`a\`\`&lt;b&gt;\`", id="side by side"),
    ],
)
def test_quoted(text: str, expected: str) -> None:
    """Code only where every reader of Markdown sees the same pairs."""
    assert sanitize.quoted(text) == expected


def test_workflow_commands_are_escaped_as_the_runner_reads_them() -> None:
    """`%`, CR and LF in data; `:` and `,` too in a property; nothing else that could end either."""
    assert sanitize.command_data("100%\r\n::error::x") == "100%25%0D%0A::error::x"
    assert sanitize.command_property("a:b,c%\n") == "a%3Ab%2Cc%25\\n"


def test_uri_paths_are_relative_and_quoted() -> None:
    """Blanks, non-ASCII, `?`, `#` and `%` are quoted; a double slash cannot start an authority."""
    assert sanitize.uri_path("a b/ü?#%.py") == "a%20b/%C3%BC%3F%23%25.py"
    assert not sanitize.uri_path("//evil/x").startswith("//")


def test_sarif_messages_hold_no_links() -> None:
    """`[text](target)` is the one piece of markup in a plain SARIF message."""
    assert sanitize.message_text("see [x](http://h)") == "see [x] (http://h)"


@given(any_text())
def test_visible_text_is_one_line_of_things_that_can_be_seen(text: str) -> None:
    shown = sanitize.visible(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", shown)
    assert shown.encode() is not None
    assert sanitize.visible(shown) == shown


@given(any_text())
def test_json_keeps_every_value(text: str) -> None:
    document = json.dumps({"a": [text, {"b": text}]}, ensure_ascii=False, indent=1)
    safe = sanitize.json_escapes(document)
    assert json.loads(safe) == json.loads(document)
    assert not re.search(r"[\x7f-\x9f\u202a-\u202e]|##\[", safe)


@given(st.text(alphabet="`| a\\", min_size=1))
def test_a_code_span_ends_where_it_should(text: str) -> None:
    span = sanitize.code_span(text)
    fence = re.match("`+", span)
    assert fence
    inside = span[len(fence[0]) : -len(fence[0])]
    assert len(fence[0]) not in {len(run) for run in re.findall("`+", inside)}


@given(any_text(min_size=1))
def test_workflow_properties_cannot_be_left(text: str) -> None:
    assert not set(sanitize.command_property(text)) & set(":,\r\n")
    assert shlex.quote(text) is not None
