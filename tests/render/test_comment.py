"""The comment on a pull request: what stands in it, that it fits, and that nothing of a pull request is markup in it."""

from __future__ import annotations

import re

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from diffscope.assessment.document import Assessment, Completeness, ModuleReach, Risk, RiskLevel
from diffscope.facts.model import CiFacts, StepBlindSpot
from diffscope.messages.model import Language
from diffscope.render.formats.documents import (
    CHECK_BYTES,
    COMMENT_BYTES,
    END_MARKER,
    MARKER,
    MOST_NODES,
    Circumstances,
    draw,
    headline,
    is_worth_a_comment,
    render_comment,
    render_summary,
)
from diffscope.render.style import Style
from diffscope.rules.model import Severity
from tests.assessments import a_flag, an_assessment, an_empty_assessment, evidence, hostile
from tests.examples import one_in
from tests.hostile import HOSTILE, HOSTILE_TEXTS
from tests.said import a_reported_gap, said

ENGLISH, CHINESE = Style(), Style(language=Language.CHINESE)
RUN = "https://github.com/vllm-project/vllm/actions/runs/12"
ABOUT = Circumstances(report_url=RUN)
PARSER = MarkdownIt("commonmark").enable("table")
OUR_HTML = re.compile(r"(?:</?(?:details|summary|sub)>|<!-- /?diffscope:comment -->|[^<>])*")


def flat(text: str) -> list[Token]:
    tokens = PARSER.parse(text)
    return [one for token in tokens for one in (token, *(token.children or ()))]


def test_level_and_reasons_stand_in_the_first_line_and_marks_around_it() -> None:
    lines = render_comment(an_assessment(), ENGLISH, ABOUT).splitlines()
    assert (lines[0], lines[-1]) == (MARKER, END_MARKER)
    assert lines[1] == "### diffscope: high risk: Attention backend changed, Default changed"


def test_every_part_is_there_once() -> None:
    text = render_comment(an_assessment(), ENGLISH, msgspec.structs.replace(ABOUT, fail_on="high"))
    for part in (
        "| **high** | `CP102` Attention backend changed | [`vllm/v1/attention/backends/ember_attn.py:41`](https://github.com/",
        "pytest tests/v1/attention/test_ember_attn.py",
        "**Owners**: @\u2060gil (2), @\u2060hana (1); no owner for",
        "2 steps run, 1 optional step lists a changed path",
        "- kernels-nightly (b200): its entry vllm/v1/attention matches vllm/v1/attention/backends/ember_attn.py",
        "```mermaid\nflowchart LR\n",
        "change.logic_areas not computed; not judged for it: CP109",
        "waived: covered on hardware",
        f"[full assessment (JSON, SARIF)]({RUN})",
        "fails at high or worse",
    ):
        assert text.count(part) == 1, part


def test_steps_that_should_look_and_do_not_are_named_once_each() -> None:
    spot = StepBlindSpot(
        label="Intel GPU Test",
        file="a.yaml:1",
        reason="",
        path="vllm/b.py",
        test="tests/a.py",
        chain="tests/a.py -> vllm/b.py",
        tests=2,
    )
    spots = (
        spot,
        msgspec.structs.replace(spot, path="vllm/c.py"),
        msgspec.structs.replace(spot, label="V1 attention"),
    )
    ci = an_assessment().ci
    assert isinstance(ci, CiFacts)
    text = render_comment(an_assessment(ci=msgspec.structs.replace(ci, blind_spots=spots)), ENGLISH, ABOUT)
    assert (
        "CI steps whose tests import this change and that will not run: \n\n"
        "- Intel GPU Test: tests/a.py -> vllm/b.py\n"
        "- V1 attention: tests/a.py -> vllm/b.py\n"
    ) in text


def test_links_lead_to_lines_at_the_head() -> None:
    assessment = an_assessment()
    head = assessment.change.pull.head
    links = [
        token.attrs["href"]
        for token in flat(render_comment(assessment, ENGLISH, ABOUT))
        if token.type == "link_open"
    ]
    assert (
        f"https://github.com/vllm-project/vllm/blob/{head}/vllm/v1/attention/backends/ember_attn.py#L41"
        in links
    )


def test_in_chinese_the_frame_is_chinese() -> None:
    lines = render_comment(an_assessment(), CHINESE, ABOUT).splitlines()
    assert lines[1] == "### diffscope：风险 高：注意力后端变更、默认值变更"
    assert "| 级别 | 规则 | 位置 | 内容与原因 |" in lines


def test_nothing_flagged_is_a_few_lines() -> None:
    text = render_comment(an_empty_assessment(), ENGLISH, ABOUT)
    assert text.splitlines()[1] == "### diffscope: no risk flags"
    assert len(text.splitlines()) < 11
    assert "pytest" not in text


def test_what_was_not_judged_is_said_even_where_nothing_is_flagged() -> None:
    gap = a_reported_gap("diff-truncated", "GitHub lists 3,000 files")
    text = render_comment(
        an_empty_assessment(completeness=Completeness(complete=False, gaps=(gap,))), ENGLISH, ABOUT
    )
    assert "**Incomplete**" in text
    assert "diff-truncated: GitHub lists 3,000 files" in text


def test_an_unknown_level_is_said_with_its_reasons() -> None:
    unknown = an_empty_assessment(risk=Risk(level=RiskLevel.UNKNOWN, because=(said("the diff was cut off"),)))
    assert (
        render_comment(unknown, ENGLISH, ABOUT).splitlines()[1]
        == "### diffscope: risk not known: the diff was cut off"
    )
    assert headline(unknown, ENGLISH) == "diffscope: risk not known: the diff was cut off"


def test_edited_settings_and_notes_of_the_job_are_told() -> None:
    about = Circumstances(
        edited=("diffscope.yml",), notes=("comment: refused by GitHub (403: no permission)",)
    )
    text = render_summary(an_assessment(), ENGLISH, about)
    assert "> comment: refused by GitHub (403: no permission)" in text
    assert (
        "> This change edits diffscope.yml. It was judged by the configuration and rules of its base, not by its own."
        in text
    )


WORTH = [
    pytest.param(RiskLevel.NONE, "medium", False, id="nothing"),
    pytest.param(RiskLevel.LOW, "medium", False, id="below"),
    pytest.param(RiskLevel.MEDIUM, "medium", True, id="at the level"),
    pytest.param(RiskLevel.CRITICAL, "medium", True, id="above"),
    pytest.param(RiskLevel.UNKNOWN, "critical", True, id="not known"),
    pytest.param(RiskLevel.NONE, "none", True, id="always"),
]


@pytest.mark.parametrize(("level", "at_least", "expected"), WORTH)
def test_which_changes_are_worth_a_comment(level: RiskLevel, at_least: str, expected: bool) -> None:
    assert (
        is_worth_a_comment(an_assessment(risk=Risk(level=level, because=())), at_least=at_least) is expected
    )


def crowded(count: int, note: str) -> Assessment:
    places = tuple(evidence(path=f"vllm/{n}.py", note=note) for n in range(20))
    flags = tuple(
        a_flag(f"CP{n:03d}", evidence=places, severity=list(Severity)[n % 5], fingerprint=f"{n:08d}")
        for n in range(count)
    )
    return an_assessment(flags=flags)


@pytest.mark.parametrize(
    "note", [pytest.param("x" * 5000, id="ASCII"), pytest.param("注意力" * 2000, id="three bytes a letter")]
)
def test_a_crowded_comment_fits_and_says_what_is_left_out(note: str) -> None:
    text = render_comment(crowded(200, note), CHINESE, ABOUT)
    assert len(text.encode()) <= COMMENT_BYTES
    assert "完整结果中另有 185 个风险项" in text


@pytest.mark.parametrize("limit", [CHECK_BYTES, 6000, 2000, 1200])
def test_whole_sections_go_first_and_head_and_foot_stay(limit: int) -> None:
    text = render_comment(an_assessment(), ENGLISH, ABOUT, limit=limit)
    assert len(text.encode()) <= limit
    assert text.splitlines()[1].startswith("### diffscope: high risk")
    assert "made" not in text.splitlines()[-1]
    assert text.rstrip().endswith(END_MARKER)
    assert text.count("<details>") == text.count("</details>")
    if limit <= 2000:
        assert "sections are left out here for length" in text


def test_a_limit_below_head_and_foot_is_kept_all_the_same() -> None:
    assert len(render_comment(an_assessment(), ENGLISH, ABOUT, limit=200).encode()) <= 200


@pytest.mark.parametrize("style", [pytest.param(ENGLISH, id="en"), pytest.param(CHINESE, id="zh")])
@pytest.mark.parametrize("text", one_in(2, HOSTILE_TEXTS))
def test_hostile_text_is_inert(text: str, style: Style) -> None:
    about = Circumstances(report_url=RUN, edited=(text,), notes=(text,))
    comment = render_comment(hostile(text), style, about)
    tokens = flat(comment)
    assert comment.isprintable() or all(letter.isprintable() or letter in "\n\u2060" for letter in comment)
    # In a code span a marker is text; as HTML it stands where it should and nowhere else.
    html = [token.content.strip() for token in tokens if token.type in {"html_block", "html_inline"}]
    assert [tag for tag in html if tag in {MARKER, END_MARKER}] == [MARKER, END_MARKER]
    for token in tokens:
        if token.type in {"html_block", "html_inline"}:
            assert OUR_HTML.fullmatch(token.content), token.content
        elif token.type == "link_open":
            assert str(token.attrs["href"]).startswith(("https://github.com/vllm-project/vllm/blob/", RUN))
        elif token.type == "text":
            assert not re.search(r"(?<![\w`])@\w|(?<!&)#\d|GH-\d|\bwww\.|://", token.content), token.content
        else:
            assert token.type != "image"
    assert not re.search(r"(?m)^\s*::|##\[", comment)
    rows = [line for line in comment.splitlines() if line.startswith("| **")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_a_hostile_path_does_not_swell_the_comment() -> None:
    assert len(render_comment(hostile(HOSTILE["four kilobytes"]), ENGLISH, ABOUT).encode()) < 30_000


def many(count: int) -> str:
    return f"{count} import it"


def reach(module: str, chain: str | None, dependents: int = 3) -> ModuleReach:
    return ModuleReach(module=module, path="x.py", distance=1, chain=chain, dependents=dependents)


def test_the_picture_joins_chains_and_frames_what_changed() -> None:
    assert draw(
        [reach("vllm.b", "vllm.a -> vllm.b"), reach("vllm.c", "vllm.a -> vllm.b -> vllm.c", 1)], many
    ) == (
        "flowchart LR\n"
        '  n0["a"]\n'
        '  n1["b<br/>3 import it"]\n'
        '  n2["c<br/>1 import it"]\n'
        "  n0 --> n1\n"
        "  n1 --> n2\n"
        "  classDef changed stroke-width:3px,stroke:#d1242f\n"
        "  class n1,n2 changed"
    )


@pytest.mark.parametrize("modules", [[], [reach("vllm.a", None)], [reach("vllm.a", "vllm.a")]])
def test_without_a_chain_there_is_no_picture(modules: list[ModuleReach]) -> None:
    assert draw(modules, many) == ""


def test_the_picture_is_capped() -> None:
    chain = " -> ".join(f"vllm.m{n}" for n in range(100))
    text = draw([reach("vllm.m99", chain)] * 20, many)
    assert text.count('["') == MOST_NODES


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_the_picture_takes_no_orders(text: str) -> None:
    picture = draw([reach(text, f"vllm.a -> {text} -> {text}"), reach("vllm.b", "vllm.a -> vllm.b")], many)
    for line in picture.splitlines():
        assert re.fullmatch(
            r'flowchart LR|  n\d+\["[\w./]*(?:<br/>\d+ import it)?"\]|  n\d+ --> n\d+|  classDef .*|  class [n\d,]+ changed',
            line,
            re.ASCII,
        ), line
