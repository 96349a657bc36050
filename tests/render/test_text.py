"""The terminal report, compared whole."""

from __future__ import annotations

import re
import textwrap

import msgspec
import pytest
from msgspec import UNSET

from diffscope.assessment.document import Completeness, ReadingPlace, Risk, RiskLevel, TestsAssessment
from diffscope.facts.model import GraphFacts
from diffscope.messages.model import Language, message
from diffscope.render.formats.documents import render_markdown
from diffscope.render.formats.text import render
from diffscope.render.style import Style
from diffscope.rules.engine.missing import missing_family
from diffscope.rules.model import Near, RuleCode, UnknownRule
from diffscope.source.model import PullRequest, SourceKind
from tests.assessments import a_flag, an_assessment, an_empty_assessment, evidence, hostile
from tests.said import said

NARROW = Style(width=80)

FULL = """\
#90210 [ROCm][Bugfix] Send cross attention to a backend that has it
vllm-project/vllm · by Ada Example · merged 2026-03-29 · bugfix · attention,
config · rocm · 4 files +120 -31 · from a local clone

HIGH       Adds `EmberBackend.supports_attn_type`. Attention backend changed:
           EmberBackend.forward changed in an attention backend.
Check      Run the attention tests on every platform.

CP102      high · Attention backend changed
           vllm/v1/attention/backends/ember_attn.py:41

CF501      medium · Default changed  vllm/config/attention.py:17
           AttentionConfig.use_ember
           `AttentionConfig.use_ember` goes from False to True
           also vllm/envs.py:203
Waived     TC205  waived: covered on hardware
Unknown    change.logic_areas not computed; not judged for it: CP109

Tests      1 changed; no test names EmberBackend.supports_attn_type
           pytest tests/v1/attention/test_ember_attn.py \\
                  tests/v1/attention/test_backends.py
Incomplete parse: vllm/odd.py: line 12 does not parse
           no area for NOTICE.odd
-v         40 modules import vllm.config.attention · 2 steps run · reach,
           owners, steps of CI, labels and scores
"""

FIX_RISK = """; 6% to 11% of similar unseen changes were fixed; 120
           source lines added; 9 fixes to these files in 90 days
"""

DETAILS = """\
Level      high: every step or every caller is affected, and no test of the
           change covers it; prove it before merging
Kind       bugfix · rocm, v1 · importance 6.5 · insight 4
Areas      attention 80%, config 20%   Platforms: rocm
Reach      vllm.v1.attention.backends.ember_attn  4 steps from serving, 3 import
           it, 11 within two steps, 2 lazily, 1 by registry
             vllm.v1.engine.core -> vllm.v1.executor ->
             vllm.v1.worker.gpu_worker -> vllm.v1.attention.backends.ember_attn
           vllm.config.attention  not on the eager serving path, 40 import it,
           212 within two steps
           closes an import cycle: vllm.a -> vllm.b -> vllm.a
Owners     @gil (2), @hana (1); no owner for vllm/config/attention.py
CI         2 steps run, 1 optional step lists a changed path; gpu 1, h100 1;
           time limits add up to 70 min; on AMD: 1 mirrored, 1 without a mirror;
           by the rules of ci-infra at 3e4cfe4 (2026-08-21)
Labels     the repository's rules add rocm, v1
"""

EMPTY = """\
Mend a sentence
vllm-project/vllm · docs · docs · 1 file +1 -1 · from a patch

NONE       Changes `docs/a.md`.
Flags      No rule fired on this change.

Tests      none changed; nearest tests unknown
-v         reach, owners, steps of CI, labels and scores
"""


def test_a_full_report_is_one_screen() -> None:
    """What changed in a sentence, what to check, where, which tests, what was not judged: in fewer than 30 lines of 80 columns."""
    text = render(an_assessment(), NARROW)
    assert text == FULL
    assert text.count("\n") < 30


def test_the_rest_comes_with_verbose() -> None:
    """Kind, scores, areas, reach, owners, steps of CI and labels stand below the screen."""
    text = render(an_assessment(), Style(width=80, is_verbose=True))
    flags = FULL.index("\nCP102")
    assert (
        text
        == FULL[:flags]
        + f"Fix risk   9% (usual: 14%){FIX_RISK}"
        + FULL[flags : FULL.index("-v ")]
        + "\n"
        + DETAILS
    )


def test_a_change_without_flags_quotes_the_lines_to_look_at_first() -> None:
    place = ReadingPlace(path="vllm/a.py", line=7, symbol="step", score=1.0, parts=())
    style = Style(width=80, excerpts={"new:vllm/a.py:7": ("7 + limit = 0",)})
    quoted = "vllm/a.py:7 step\n             7 + limit = 0\n"
    silent = an_empty_assessment(look_first=(place,))
    assert quoted in render(silent, style)
    assert quoted not in render(msgspec.structs.replace(silent, flags=(a_flag(),)), style)


def test_a_rule_that_nearly_fired_is_told_in_words_where_none_did() -> None:
    flag = a_flag()
    miss = Near(
        code=RuleCode("XX101"), name="too-large", title=flag.title, status="stable", severity=flag.severity,
        failed="at least 5 added lines of code, here 4", place=evidence(),
    )  # fmt: skip
    silent = an_empty_assessment(near=(miss,))
    place = f"{miss.place.path}:{miss.place.line}"
    told = f"XX101 too-large ({flag.severity.value}) would fire at {place} with at least 5 added lines of code, here 4"
    assert told in " ".join(render(silent, NARROW).split())
    assert "Nearly" not in render(msgspec.structs.replace(silent, flags=(flag,)), NARROW)


def test_places_to_look_at_stand_in_the_order_of_the_document() -> None:
    """One that a flag shows has its rule beside it; one whose weight is below nothing is none."""
    flag = a_flag()
    same = msgspec.structs.replace(
        ReadingPlace(path="vllm/a.py", line=7, score=1.0, parts=()),
        path=flag.evidence[0].path,
        symbol=flag.evidence[0].symbol,
    )
    other = ReadingPlace(path="vllm/b.py", line=9, score=0.5, parts=())
    least = ReadingPlace(path="vllm/c.py", line=9, score=-0.05, parts=())
    text = render(an_assessment(flags=(flag,), look_first=(same, other, least)), Style(width=100))
    shown = text.partition("Look at")[2].partition("\n\n")[0]
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        f"{same.path}:7 (CP102)",
        "vllm/b.py:9",
    ]


def test_the_deciding_lines_are_quoted_where_the_patch_is_at_hand() -> None:
    """Removed and added lines near the first place of a flag, cut to the width that a reader has."""
    style = Style(
        width=80,
        excerpts={"new:vllm/config/attention.py:17": ("17 - use = False", "17 + use = True" + "x" * 300)},
    )
    lines = render(an_assessment(), style).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("CF501"))
    assert lines[at + 2] == " " * 13 + "17 - use = False"
    assert lines[at + 3].startswith(" " * 13 + "17 + use = Truexxx")
    assert len(lines[at + 3]) < 130


def test_nothing_to_say_is_said_shortly() -> None:
    """A change without flags says so in one line, and what is unknown stays named."""
    assert render(an_empty_assessment(), NARROW) == EMPTY


def test_chinese() -> None:
    """Labels, phrases and the rules' own texts are Chinese, in columns that count two for a Chinese character."""
    text = render(an_assessment(), Style(width=80, language=Language.CHINESE))
    assert "高         新增 `EmberBackend.supports_attn_type`。注意力后端变更：" in text
    assert "检查       请在每个平台上运行注意力测试。" in text
    assert "CP102      高 · 注意力后端变更" in text
    assert "另见 vllm/envs.py:203" in text


def test_chinese_breaks_between_characters_and_never_before_a_full_stop() -> None:
    """A sentence without blanks wraps; punctuation does not start a line."""
    flag = a_flag(evidence=(), message=msgspec.structs.replace(a_flag().message, zh="变更" * 60 + "。"))
    text = render(an_assessment(flags=(flag,)), Style(width=80, language=Language.CHINESE))
    lines = [line for line in text.splitlines() if "变更变更" in line]
    assert len(lines) == 5
    assert all(not line.strip().startswith("。") for line in text.splitlines())


def test_no_colour_unless_it_is_wanted() -> None:
    """Without colour there is no escape sequence; with it the words are the same."""
    plain, coloured = render(an_assessment(), NARROW), render(an_assessment(), Style(width=80, color=True))
    assert "\x1b" not in plain
    assert "\x1b[1;31mHIGH" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_character_set_without_dots_and_arrows_gets_ascii() -> None:
    """Our own marks have an ASCII form, so that cp437 and ASCII terminals read them."""
    text = render(an_assessment(), Style(width=80, ascii_only=True))
    assert text.isascii()
    assert "vllm-project/vllm - by Ada Example" in text


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    """No escape sequence, no forged line, no order to a CI log, wherever it is put."""
    text = render(hostile("x\x1b]0;t\x07\n::error::y\u202e 好::set-output name=a::b ##[x]"), Style(width=80))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in text


def test_a_long_path_is_never_broken() -> None:
    """A path can be copied, whatever the width."""
    path = "vllm/" + "long_folder_name/" * 8 + "module.py"
    flag = a_flag(evidence=(msgspec.structs.replace(a_flag().evidence[0], path=path),))
    assert f"{path}:41" in render(an_assessment(flags=(flag,)), NARROW)


def test_the_level_unknown_is_not_low() -> None:
    """What could not be judged says UNKNOWN, with its reason."""
    text = render(
        an_empty_assessment(risk=Risk(level=RiskLevel.UNKNOWN, because=(said("the diff is cut"),))), NARROW
    )
    assert "UNKNOWN    the diff is cut; Changes" in text


def test_a_snapshot_graph_is_named() -> None:
    """A graph that is not the base's own says so beside the reach that was read off it."""
    graph = GraphFacts(commit="9" * 40, digest="d", modules=3, exact=False)
    style = Style(width=80, is_verbose=True)
    assert "graph of the packaged snapshot 999999999" in render(an_assessment(graph=graph), style)


def test_complete_and_silent_has_no_completeness_row() -> None:
    """A change judged whole does not spend a line on saying so."""
    text = render(an_assessment(completeness=Completeness(complete=True, gaps=())), NARROW)
    assert "Incomplete" not in text


@pytest.mark.parametrize(
    ("changed", "command"),
    [
        pytest.param(
            ("tests/test_a b.py",), "pytest 'tests/test_a b.py'", id="a path with a blank is quoted"
        ),
        pytest.param(("tests/conftest.py",), None, id="a conftest is nothing to run"),
        pytest.param((), None, id="no test, no command"),
    ],
)
def test_the_command_can_be_pasted(changed: tuple[str, ...], command: str | None) -> None:
    text = render(an_assessment(tests=TestsAssessment(changed=changed, nearest=UNSET)), NARROW)
    assert (command is not None and command in text) or "pytest" not in textwrap.dedent(text)


def test_a_test_that_the_change_deletes_is_nothing_to_run() -> None:
    whole = an_assessment()
    gone = msgspec.structs.replace(whole.files[0], path="tests/test_gone.py", status="deleted")
    tests = TestsAssessment(changed=("tests/test_gone.py", "tests/test_kept.py"), nearest=UNSET)
    assert "pytest tests/test_kept.py" in render(an_assessment(tests=tests, files=(gone,)), NARROW)


def test_a_note_that_quotes_a_whole_command_is_cut() -> None:
    """One place takes three lines at most; the JSON has all of it."""
    note = msgspec.structs.replace(a_flag().message, en="RUN pip install x && " * 40)
    flag = a_flag(evidence=(msgspec.structs.replace(a_flag().evidence[0], note=note),))
    text = render(an_assessment(flags=(flag,)), NARROW)
    assert text.count("pip install") < 15
    assert "…" in text


@pytest.mark.parametrize(
    ("head", "family", "path", "is_said"),
    [
        pytest.param("core-path", "quantization-numerics", None, True, id="what was done, under where"),
        pytest.param("core-path", "platform-compat", None, False, id="where, under where"),
        pytest.param("config-default", "core-path", None, False, id="where, under what was done"),
        pytest.param("core-path", "quantization-numerics", "vllm/other.py", False, id="another file"),
    ],
)
def test_the_first_sentence_has_what_a_covered_rule_tells_of_the_place(
    head: str, family: str, path: str | None, *, is_said: bool
) -> None:
    place = evidence(*filter(None, (path,)), note="cast removed: .float()")
    covered = a_flag("QN811", family=family, evidence=(place,))
    text = render(an_assessment(flags=(a_flag(family=head, covers=(covered,)),)), NARROW)
    assert ("backend; cast removed: .float()" in " ".join(text.split())) is is_said


BARE = an_empty_assessment(
    change=msgspec.structs.replace(
        an_empty_assessment().change,
        pull=PullRequest(repository="vllm-project/vllm", source=SourceKind.PATCH, title=""),
    ),
    unknown=tuple(
        UnknownRule(code=RuleCode(code), missing=(missing_family("history", message("gap.no-history")),))
        for code in ("HI901", "HI902")
    ),
)


@pytest.mark.parametrize(
    ("language", "row"),
    [
        pytest.param(
            Language.ENGLISH,
            "Unknown    2 rules need the tree of the base, which a bare patch does not have: HI901, HI902; name it with --repo and --base",
            id="English",
        ),
        pytest.param(
            Language.CHINESE,
            "未判定     2 条规则需要基准的目录树，而单独的补丁没有：HI901、HI902；请用 --repo 与 --base 指定",
            id="Chinese",
        ),
    ],
)
def test_a_bare_patch_says_what_it_lacks_and_has_no_empty_title(language: Language, row: str) -> None:
    """It starts with what is known of it; its reason stands once, with what to do."""
    text = render(BARE, Style(language=language, width=400))
    assert text.startswith("vllm-project/vllm")
    assert row in text


def test_a_change_without_a_title_has_a_name_in_documents() -> None:
    """A heading with nothing in it helps nobody."""
    assert render_markdown(BARE, Style()).startswith("## a change without a title")


def test_several_reasons_stand_under_their_count() -> None:
    """One row a reason, however many rules share it."""
    unknown = (
        *BARE.unknown,
        UnknownRule(
            code=RuleCode("CC701"),
            missing=(missing_family("call", message("gap.file-unparsed"), "vllm/a.py"),),
        ),
    )
    rows = render(msgspec.structs.replace(BARE, unknown=unknown), Style(width=400)).splitlines()
    at = next(number for number, row in enumerate(rows) if row.startswith("Unknown"))
    assert rows[at].endswith("3 rules could not be judged")
    assert rows[at + 2].strip() == "vllm/a.py does not parse; not judged for it: CC701"
