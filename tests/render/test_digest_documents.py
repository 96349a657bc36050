"""Reports of a digest: inert, complete, self-contained, in both languages."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from diffscope.assessment.document import RiskLevel, SymbolAssessment
from diffscope.errors import UsageError
from diffscope.messages.model import Language
from diffscope.products.report.digest import build_digest
from diffscope.products.report.link_model import Link, RelatedPull
from diffscope.products.report.model import Digest, Period, ReportOptions, Revert, TrendPoint
from diffscope.products.report.render import charts as digest_charts
from diffscope.products.report.render.formats import charts, render_digest
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory, symptom_of
from diffscope.render.style import Style
from diffscope.render.templates import page_script
from diffscope.render.words import Words, area_title
from diffscope.rules.model import Severity
from diffscope.workspace import Workspace
from tests.assessments import hostile
from tests.digests import WEEK, WEEK_BEFORE, a_pull, flag
from tests.render.test_documents import PAYLOADS, Page

ENGLISH, CHINESE = Style(), Style(language=Language.CHINESE)
_CORE = flag("CP101", "core-path", Severity.HIGH)


@cache
def a_digest(**options: object) -> Digest:
    """Return the digest of a made-up week, which nothing can change."""
    pulls = tuple(
        a_pull(
            number,
            title=f"[Core] Change number {number}",
            importance=number / 10,
            flags=(_CORE,) if number % 2 else (flag("TC201", "missing-tests"),),
            level=RiskLevel.HIGH if number % 2 else RiskLevel.MEDIUM,
        )
        for number in range(1, 15)
    )
    return build_digest(pulls, repository="vllm-project/vllm", period=WEEK, **options)


def a_trend() -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(
            period=Period(since="", until="", offset="+08:00", label=f"2026-W{week}"),
            source_pulls=3,
            churn=9,
            mean_importance=1.0,
            risks=(),
        )
        for week in (11, 12)
    )


def test_the_weekly_has_the_sections_of_the_published_ones() -> None:
    """Their sections and what users notice, in each language; everything else is folded."""
    chinese = re.findall(r"^## (.*)$", render_digest(a_digest(), CHINESE, form="markdown"), re.MULTILINE)
    assert chinese == [
        "执行摘要",
        "值得细看的 PR",
        "用户会注意到的其他变化",
        "模块与主题趋势",
        "后续建议",
    ]
    english = re.findall(r"^## (.*)$", render_digest(a_digest(), ENGLISH, form="markdown"), re.MULTILINE)
    assert len(english) == len(chinese)


def test_what_only_flags_tell_is_nothing_to_look_at() -> None:
    """The fold has each flag with its place."""
    tests = flag("TC201", "missing-tests", Severity.MEDIUM)
    pulls = tuple(
        a_pull(number, flags=(_CORE, tests), importance=float(number), level=RiskLevel.HIGH)
        for number in range(1, 13)
    )
    text = render_digest(
        build_digest(pulls, repository="vllm-project/vllm", period=WEEK), ENGLISH, form="markdown"
    )
    told, _, folded = text.partition("<details>")
    assert "No pull request stands out." in told
    assert "CP101" not in told
    assert folded.split("**Core-path change (12, 100%)**")[1].count("- **high**") == 12
    assert "(CP101, `vllm/v1/attention/backends/ember_attn.py:41`)" in folded


def test_nothing_before_the_fold_is_counted_without_names() -> None:
    """Of many new models some stand there by name, all of them below."""
    models = (("Ember",), ("Glow",), ("Lantern", "Torch"), ("Wick",), ("Flint",))
    pulls = tuple(
        a_pull(
            number,
            symbols=tuple(
                SymbolAssessment(
                    path=f"{name}.py", line=1, name=name, kind="registry-row", aspects=("added",), logic=True,
                    role=("models", name),
                )
                for name in names
            ),
        )
        for number, names in enumerate((*models, *(() for _ in range(9))), start=1)
    )  # fmt: skip
    text = render_digest(
        build_digest(pulls, repository="vllm-project/vllm", period=WEEK), ENGLISH, form="markdown"
    )
    told, _, folded = text.partition("<details>")
    assert not re.search(r"\d+ more|and \d", told)
    assert {name for names in models for name in names} <= {*re.findall(r"`(\w+)`", folded)}


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        pytest.param({97: "[Bugfix] Fix lamp hang", 98: "Fix silent lamp corruption"}, "fixes of it found: #98 (Fix silent lamp corruption), #97 (Fix lamp hang)", id="wrong results before hangs"),
        pytest.param({97: "Fix lamp", 98: "Fix the stove"}, "fixes of it found: #97 (Fix lamp)", id="of another subject, by lines alone"),
        pytest.param({97: "Fix lamp 1", 98: "Fix lamp 2", 99: "Fix lamp crash"}, "3 fixes of it found, among them #99 (Fix lamp crash), #97 (Fix lamp 1)", id="many"),
    ],
)  # fmt: skip
def test_later_fixes_are_told_by_weight_with_what_they_repaired(titles: dict[int, str], said: str) -> None:
    digest = a_digest()
    pull = msgspec.structs.replace(digest.pulls[0], title="Add the lamp", later_fixes=tuple(titles))
    related = tuple(RelatedPull(number=one, title=titles[one], merged_at=None, url=None) for one in titles)
    fix = Link(source=97, target=1, reason="fixes", names=("a.py",), weight=3.0)
    read = PageView(
        msgspec.structs.replace(digest, pulls=(pull, *digest.pulls[1:]), links=(fix,), related=related),
        Words(Language.ENGLISH),
    )
    story = PullStory(read, Words(Language.ENGLISH), {})
    assert story.became(1) == said
    assert story.became(2) == ""


@pytest.mark.parametrize(
    ("name", "said"), [("a.py", ""), ("Fix what #1 broke", "fixes of it found: #97 (Fix it)")]
)
def test_a_fix_of_the_same_files_is_told_only_where_it_names_what_it_fixes(name: str, said: str) -> None:
    digest = a_digest()
    fix = Link(source=97, target=1, reason="fixes", names=(name,), weight=3.0)
    related = (RelatedPull(number=97, title="Fix it", merged_at=None, url=None),)
    read = PageView(msgspec.structs.replace(digest, links=(fix,), related=related), Words(Language.ENGLISH))
    assert PullStory(read, Words(Language.ENGLISH), {}).became(1) == said


@pytest.mark.parametrize(
    ("title", "symptom"),
    [
        ("[Bugfix] Fix NaN in the lamp", "wrong"),
        ("Fix KV cache scale handling", "wrong"),
        ("Fix instructions leaking through previous_response_id", "wrong"),
        ("Salt the wick for per-user isolation", "data"),
        ("Use the correct stride in the lamp", "wrong"),
        ("Fix stale oil after duplicated block ids", "wrong"),
        ("fix potential memory leak in the lamp", "memory"),
        ("Fix stuck chunked lamps", "hang"),
        ("Fix TypeError when the lamp is None", "crash"),
        ("Fix misleading error messages", ""),
        ("Dim the lamp due to a performance regression", ""),
        ("Fix incorrect assumption on the lamp", ""),
    ],
)
def test_what_a_fix_repairs_by_its_title(title: str, symptom: str) -> None:
    assert symptom_of(title) == symptom


_REVERT_LINK = Link(source=99, target=3, reason="reverts", names=("#3",), weight=1.0)


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        pytest.param({}, (), ("reverted", "Reverted", "revert"), id="nothing was"),
        pytest.param(
            {"links": (_REVERT_LINK,), "related": (RelatedPull(number=99, title="Revert 3", merged_at="2026-04-02T00:00:00Z", url=None),)},
            ("[#99] reverts [#3], 4 days after its merge, on 2026-04-02: Change number 3",),
            ("Nothing was reverted",),
            id="later, on a known day",
        ),
        pytest.param({"links": (_REVERT_LINK,)}, ("99 reverts [#3]: ",), (" on 20", "after its merge"), id="later, and the day is not known"),
        pytest.param(
            {"links": (msgspec.structs.replace(_REVERT_LINK, source=4),), "reverts": (Revert(number=4, title="Revert 3", reverts=3),)},
            ("[#4] reverts [#3], ",),
            (", on 20",),
            id="within the window",
        ),
        pytest.param(
            {"links": (_REVERT_LINK, Link(source=5, target=2, reason="fixes", names=("f",), weight=1.0))},
            ("99 reverts [#3]",),
            ("[#5] reverts",),
            id="a fix beside what was taken back later",
        ),
    ],
)  # fmt: skip
def test_what_was_taken_back(changes: dict[str, Any], said: tuple[str, ...], unsaid: tuple[str, ...]) -> None:
    """Sentences on reverts never contradict each other, and name a day or a target only where it is known."""
    digest = msgspec.structs.replace(a_digest(), **changes)
    text = render_digest(digest, ENGLISH, form="markdown")
    told = text.partition("<details>")[0]
    assert [one for one in said if one not in told] == []
    assert [one for one in unsaid if one in told] == []


def test_a_change_against_the_window_before_is_told_only_where_it_was_read() -> None:
    """With a window to compare, the growth stands; without, none."""
    assert "较 2026-W12" not in render_digest(a_digest(), CHINESE, form="markdown")
    compared = a_digest(before=(a_pull(99, flags=(_CORE,)),), compared_with=WEEK_BEFORE)
    assert "共 14 个 PR（较 2026-W12 +1300%）" in render_digest(compared, CHINESE, form="markdown")


def test_every_number_of_the_weekly_is_traced_to_its_pull_requests() -> None:
    """The index names kinds, tags, areas, families: each with all the numbers that it counts."""
    text = render_digest(a_digest(), ENGLISH, form="markdown")
    index = text.split("The pull requests behind each number")[1]
    assert "- risk Core-path change (7): 1 3 5 7 9 11 13" in index
    assert "- area Attention (14): 1 2 3 4 5 6 7 8 9 10 11 12 13 14" in index


def test_the_release_layout_lists_everything_that_users_notice() -> None:
    """By kind, each with its pull request; what was taken back stands apart."""
    option = SymbolAssessment(
        path="vllm/engine/arg_utils.py",
        line=1,
        name="--ember",
        kind="cli-flag",
        aspects=("added",),
        logic=True,
        role=("added", "", "1"),
    )
    values = msgspec.structs.replace(
        option, name="LampType", kind="variable", aspects=("body",), role=("value", "+oil", "-gas")
    )
    pulls = (
        msgspec.structs.replace(a_pull(11), symbols=(option, values)),
        a_pull(12, kind="revert", title='Revert "[Core] Change something else" (#90)'),
    )
    digest = build_digest(pulls, repository="vllm-project/vllm", period=WEEK)
    text = render_digest(digest, ENGLISH, form="markdown", options=ReportOptions(layout="release"))
    assert "## New command line options" in text
    assert "- `--ember` (default `1`) ([#11])" in text
    assert "- `LampType` also takes `oil` ([#11])" in text
    assert "- `LampType` no longer takes `gas` ([#11])" in text
    assert re.search(r"^## Reverted\n\n- \[#12\].* reverts \[#90\]", text, re.MULTILINE)


@pytest.mark.parametrize("form", ["markdown", "text", "brief", "brief-json", "atom", "html"])
def test_titles_of_any_script_are_told_and_nothing_invisible_passes(form: str) -> None:
    """Terms, series and quotations of them included."""
    titles = (
        "[灯笼][1/2] 修复灯笼",
        "[灯笼][2/2] 修复灯笼",
        "تحسين الأداء",
        "Исправить «фонарь»",
        "🦙 llama",
        "a\u202eb\x07",
    )
    pulls = tuple(
        a_pull(number, title=title, level=RiskLevel.MEDIUM) for number, title in enumerate(titles, start=11)
    )
    text = render_digest(build_digest(pulls, repository="vllm-project/vllm", period=WEEK), CHINESE, form=form)
    assert "灯笼" in text
    assert not {"\u202e", "\x07"} & set(text)


def test_a_terminal_gets_the_sentences_of_the_weekly() -> None:
    """Wrapped, without marks or links."""
    text = render_digest(a_digest(), ENGLISH, form="text")
    assert "14 pull requests." in text
    assert not {"`", "["} & set(text.replace("[Core]", ""))
    assert max(map(len, text.split("\n"))) <= 100


def test_every_reference_of_a_sentence_has_its_address_at_the_end() -> None:
    """And nothing else is linked by reference."""
    text = render_digest(a_digest(), ENGLISH, form="markdown")
    named = set(re.findall(r"\[#(\d+)\](?![(:])", text))
    assert named == set(
        re.findall(r"^\[#(\d+)\]: https://github.com/vllm-project/vllm/pull/\1$", text, re.MULTILINE)
    )
    assert named


@pytest.mark.parametrize("style", [ENGLISH, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize("form", ["markdown", "html", "atom", "text", "brief"])
def test_an_empty_digest_is_a_short_report(style: Style, form: str) -> None:
    """No heading leads to nothing, no figure is made up."""
    empty = build_digest((), repository="vllm-project/vllm", period=WEEK)
    text = render_digest(empty, style, form=form)
    assert "None" not in text.replace("None.", "")
    assert "2026-W13" in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_has_one_script_and_no_tag_of_anybody_else(payload: str) -> None:
    """Titles, names, paths, reasons: shown as they are, never run; the policy allows our script by its hash."""
    evil = build_digest((hostile(payload),), repository="vllm-project/vllm", period=WEEK)
    text = render_digest(evil, ENGLISH, form="html")
    page = Page(text)
    assert page.tags.count("script") == 1
    assert not {"img", "iframe", "object", "link"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page_script("digest_page.js")[0] in text
    assert "7*7" not in payload or "7*7" in page.text


@pytest.mark.parametrize(
    "payload", ["[x](http://evil)", "@vllm-bot ping", "<b>x</b>", "| a | b |", "# head", "`"]
)
def test_markdown_is_inert(payload: str) -> None:
    """No mention, link or markup of anybody else's."""
    evil = build_digest((hostile(payload),), repository="vllm-project/vllm", period=WEEK)
    text = render_digest(evil, CHINESE, form="markdown")
    plain = re.sub(r"`+[^`]*`+", "", text)
    assert "](http://evil" not in plain
    assert "@vllm-bot" not in plain
    assert "<b>" not in plain


def test_a_page_asks_nothing_of_the_network() -> None:
    """Every address is a link for people to follow; nothing is loaded."""
    text = render_digest(a_digest(trend=a_trend()), ENGLISH, form="html")
    page = Page(text)
    loads = [
        (name, value)
        for name, value in page.attributes
        if name in {"src", "srcset", "action", "data", "poster"}
    ]
    assert loads == []
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_page_draws_its_charts_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that draws files is not asked: the same bytes with it and without."""
    whole = render_digest(a_digest(trend=a_trend()), ENGLISH, form="html")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert render_digest(a_digest(trend=a_trend()), ENGLISH, form="html") == whole
    assert {"map wide marks", "map narrow marks"} <= {
        value for name, value in Page(whole).attributes if name == "class"
    }


def test_the_page_begins_with_the_summary_and_ends_with_the_table() -> None:
    """What a reader wants first: sentences, what to look at first, lines of work; the long list last."""
    text = render_digest(a_digest(), ENGLISH, form="html")
    sections = re.findall(r'<h2 id="(?!panel)([^"]+)"', text)
    assert sections == [
        "summary",
        "themes",
        "notices",
        "risks",
        "modules",
        "highlights",
        "follow-up",
        "table",
    ]
    assert text.index('class="map wide marks"') < text.index('id="summary"')
    summary = text.split('<h2 id="summary">')[1].split('<h2 id="themes">')[0]
    assert "nothing was found that asks who upgrades to act" in summary
    assert (
        '<a href="https://github.com/vllm-project/vllm/pull/13">#13</a> <strong>[Core] Change number 13</strong>'
        in summary
    )
    assert "CP101 <em>Attention backend changed</em>" in summary


def test_windows_are_compared_in_shares() -> None:
    """A window of twice the pull requests with twice the flags is no change; the page tells of how many each is."""
    before = tuple(a_pull(number, flags=(_CORE,)) for number in range(50, 54))
    compared = a_digest(before=before, compared_with=WEEK_BEFORE)
    text = render_digest(compared, ENGLISH, form="html")
    assert "14 pull requests (+250% against 2026-W12)" in text
    assert "50%, was 100%</span>" in text
    assert "50%，对比期 100%" in render_digest(compared, CHINESE, form="html")
    alone = render_digest(a_digest(), ENGLISH, form="html")
    assert "was 100%" not in alone


@pytest.mark.parametrize(("windows", "drawn"), [(0, False), (1, False), (2, True)])
def test_a_trend_has_three_points_or_is_not_drawn(windows: int, drawn: bool) -> None:
    """Two points are two numbers, which a sentence tells."""
    text = render_digest(a_digest(trend=a_trend()[:windows]), ENGLISH, form="html")
    assert ("over the last windows" in text) is drawn


def test_rows_come_worst_first() -> None:
    """By risk, then by importance; the header says so."""
    rows = re.findall(r'<tr id="pr-(\d+)"', render_digest(a_digest(), ENGLISH, form="html"))
    assert rows == [str(number) for number in (*range(13, 0, -2), *range(14, 0, -2))]


def test_pages_of_equal_digests_are_equal() -> None:
    """Same input, same bytes."""
    first, second = (render_digest(a_digest(trend=a_trend()), CHINESE, form="html") for _ in range(2))
    assert first == second


def test_charts_without_the_extra_are_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--charts` cannot do without."""
    monkeypatch.setattr(digest_charts, "is_available", lambda: False)
    with pytest.raises(UsageError) as error:
        charts(a_digest(), ENGLISH)
    assert error.value.hint == "pip install 'vllm-diffscope[charts]'"


def test_charts_are_svg_and_the_same_each_time() -> None:
    """Every chart parses; two drawings are the same bytes, though the library counts its ids on."""
    pytest.importorskip("vl_convert", reason="needs vllm-diffscope[charts]")
    digest = a_digest(trend=a_trend())
    drawn = charts(digest, CHINESE)
    assert sorted(drawn) == ["areas", "files", "kinds", "map", "risks", "trend"]
    for svg in drawn.values():
        assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert "<script" not in svg
        assert ET.fromstring(svg).findtext("{*}title")
    assert charts(digest, CHINESE) == drawn
    assert "核心路径变更" in drawn["risks"]


def test_hostile_names_stay_text_in_charts() -> None:
    """A path is drawn as text, whatever it holds."""
    pytest.importorskip("vl_convert", reason="needs vllm-diffscope[charts]")
    evil = hostile("</text><script>alert(1)</script>")
    again = msgspec.structs.replace(evil, change=a_pull(2).change)
    drawn = charts(build_digest((evil, again), repository="vllm-project/vllm", period=WEEK), ENGLISH)
    for svg in drawn.values():
        assert not [element for element in ET.fromstring(svg).iter() if element.tag.endswith("script")]


def test_the_feed_holds_the_flagged_newest_first() -> None:
    """Atom with ids that last."""
    pulls = (
        a_pull(1, flags=(_CORE,), level=RiskLevel.HIGH),
        a_pull(2),
        a_pull(3, flags=(_CORE,), level=RiskLevel.MEDIUM),
    )
    feed = ET.fromstring(
        render_digest(build_digest(pulls, repository="vllm-project/vllm", period=WEEK), ENGLISH, form="atom")
    )
    ids = [entry.findtext("{*}id") for entry in feed.iterfind("{*}entry")]
    assert ids == [f"https://github.com/vllm-project/vllm/pull/{number}#diffscope" for number in (3, 1)]
    assert feed.findtext("{*}updated") == "2026-03-29T05:08:03Z"


def test_every_area_has_a_chinese_name() -> None:
    """A report in Chinese calls each area by a word, not by a key of ours."""
    with Workspace(None, use_cache=False) as workspace:
        areas = [area.name for area in workspace.knowledge.taxonomy.tables.areas.areas]
    assert "kv-cache" in areas
    assert [area for area in areas if "-" in area and area_title(area, Language.CHINESE) == area] == []


@pytest.mark.parametrize(
    ("own", "language", "text"),
    [
        pytest.param({"weekly.md.j2": "{{ w('report.trends') }}"}, Language.CHINESE, "模块与主题趋势", id="for both languages"),
        pytest.param({"weekly.zh.md.j2": "own"}, Language.CHINESE, "own", id="for one language"),
        pytest.param({"weekly.md.j2": "both", "weekly.en.md.j2": "own"}, Language.ENGLISH, "own", id="one language comes first"),
        pytest.param({"weekly.md.j2": "{{ w('report.aside', name='*', note='[b]') }}"}, Language.ENGLISH, "\\* (\\[b\\])", id="arguments are inert"),
        pytest.param({"weekly.en.md.j2": "{{ words.either('a', 'b') }}{{ words.families(['core-path']) }}"}, Language.ENGLISH, "aCore-path change", id="words of its own"),
        pytest.param({"weekly.en.md.j2": "{{ prs([3, 4, 5], 1) }}"}, Language.ENGLISH, "[#3](https://github.com/vllm-project/vllm/pull/3) and 2 more", id="links"),
    ],
)  # fmt: skip
def test_a_template_of_the_users_own_comes_before_ours(
    own: dict[str, str], language: Language, text: str
) -> None:
    options = ReportOptions(templates=own)
    assert render_digest(a_digest(), Style(language=language), form="markdown", options=options) == text


def test_our_template_can_be_included_by_either_name() -> None:
    """As when there was one for each language."""
    whole = render_digest(a_digest(), ENGLISH, form="markdown")
    for name in ("weekly.md.j2", "weekly.zh.md.j2"):
        own = {"weekly.en.md.j2": f"{{% include '{name}' %}}"}
        options = ReportOptions(templates=own)
        assert render_digest(a_digest(), ENGLISH, form="markdown", options=options) == whole


def test_a_page_of_the_users_own_has_say() -> None:
    own = {"digest.html.j2": '{{ say("a", "b") }}'}
    assert render_digest(a_digest(), CHINESE, form="html", options=ReportOptions(templates=own)) == "b"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{{ w('report.idnex') }}", "w('report.idnex') cannot be said: 'report.idnex'", id="no code"),
        pytest.param("{{ w('report.aside', name='a') }}", "w('report.aside') cannot be said: 'note'", id="an argument is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_template_of_the_users_own_is_told(text: str, problem: str) -> None:
    options = ReportOptions(templates={"weekly.md.j2": text})
    with pytest.raises(UsageError, match=re.escape(problem)):
        render_digest(a_digest(), ENGLISH, form="markdown", options=options)


def test_an_unknown_format_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="unknown format 'pdf'"):
        render_digest(a_digest(), ENGLISH, form="pdf", options=ReportOptions())
