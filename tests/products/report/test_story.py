"""The first sentences of a report, trends, the choice of pull requests, and what stands before the fold only in part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from diffscope.messages.model import Language, Text
from diffscope.products.report.digest import build_digest
from diffscope.products.report.link_model import Link, RelatedPull
from diffscope.products.report.model import Counted, Digest, HotFile, Notice, NoticeKind, Theme, TrendPoint
from diffscope.products.report.render.html import _linked
from diffscope.products.report.render.page import PageView
from diffscope.products.report.render.story.pulls import PullStory
from diffscope.products.report.render.story.shorten import shorten
from diffscope.products.report.render.story.story import Story
from diffscope.products.report.render.story.trends import TrendStory
from diffscope.products.report.statements import short
from diffscope.render.words import Words
from tests.digests import WEEK, a_pull

_TITLES = {
    1: ("feature", "[Lamp] Reorder the wicks"),
    2: ("bugfix", "[Lamp] Fix dispatch of the wicks"),
    3: ("feature", "[Lamp] Add an oil gauge"),
    4: ("feature", "Add the stove"),
    5: ("revert", "Revert the stove"),
    6: ("refactor", "Move the door"),
    7: ("feature", "Add the bell"),
}


def said(text: str) -> Text:
    return Text(en=text, zh=text)


def a_digest(**changes: Any) -> Digest:
    """Return a week in which a default of lamps changed and was repaired, and a stove came and went."""
    pulls = tuple(a_pull(number, kind=kind, title=title) for number, (kind, title) in _TITLES.items())
    digest = build_digest(pulls, repository="vllm-project/vllm", period=WEEK)
    lamp = Theme(
        key="series:lamp", seed="series", title=said("Lamp"), strength=3.0, area="attention", count=3, churn=9,
        pulls=(1, 2, 3), members=(), kinds=(), leading=(1, 3), hot_files=(), risks=(),
    )  # fmt: skip
    notice = Notice(
        kind="default", name="LAMP_WICKS", text=said("`LAMP_WICKS` from `a` to `b`"), pulls=(1,), subject=said("`LAMP_WICKS`"),
        was=said("`a`"), now=said("`b`"), gist=said("`LAMP_WICKS` goes from `a` to `b` by default"), is_weighty=True,
    )  # fmt: skip
    links = (
        Link(source=2, target=1, reason="fixes", names=("wicks",), weight=3.0),
        Link(source=5, target=4, reason="reverts", names=("#4",), weight=3.0),
    )
    affected = {
        1: said("deployments on lamps"),
        7: None,
    }
    own = tuple(
        msgspec.structs.replace(
            pull,
            platforms=(),
            affects=affected.get(pull.number),
            later_fixes=(2,) if pull.number == 1 else (),
        )
        for pull in digest.pulls
    )
    base = {"pulls": own, "themes": (lamp,), "notices": (notice,), "links": links}
    return msgspec.structs.replace(digest, **{**base, **changes})


def summary(digest: Digest, language: Language = Language.ENGLISH) -> tuple[str, ...]:
    words = Words(language)
    return Story(PageView(digest, words), words).summary


def test_a_week_is_told_by_its_lines_of_work_and_what_followed() -> None:
    """Mechanism and direction, the fix of the same week, what was taken back; who has to act by name, not by the number of an item."""
    week, verdict, check = summary(a_digest())
    assert week == (
        "**This week**: **Lamp · Attention** (3 pull requests, 1 of them a fix): `LAMP_WICKS` goes from `a` to `b` by default (#1), "
        "with fixes in the same week: #2 (Fix dispatch of the wicks); Add an oil gauge (#3). "
        "#5 reverts #4, 1 hour after its merge: Add the stove."
    )
    assert verdict == (
        "**Who may take it**: all whom the upgrade list does not name. "
        "**Who has something to do first**: those who leave `LAMP_WICKS` unset (#1)."
    )
    assert check.startswith("**Check first**, for `LAMP_WICKS` goes from `a` to `b` by default (#1): ")


def test_what_every_deployment_meets_comes_first() -> None:
    """And is no line of work again."""
    digest = a_digest()
    everywhere = msgspec.structs.replace(digest.notices[0], subject=None, text=said("another order"))
    pulls = tuple(msgspec.structs.replace(pull, affects=None) for pull in digest.pulls)
    week, verdict, _ = summary(msgspec.structs.replace(digest, notices=(everywhere,), pulls=pulls))
    assert week.startswith(
        "**This week**: All deployments meet: `LAMP_WICKS` goes from `a` to `b` by default (#1). "
    )
    assert verdict == (
        "**Who may take it**: all whom the upgrade list does not name; the check below comes first."
    )


def test_an_error_that_anybody_may_meet_is_the_check_and_nothing_that_all_meet() -> None:
    """Not every deployment runs into what is refused."""
    digest = a_digest()
    refused = Notice(kind="refused", name="“too few wicks”", text=said("“too few wicks”"), pulls=(3,))
    pulls = tuple(
        msgspec.structs.replace(pull, affects=None, kind="refactor" if pull.number == 3 else pull.kind)
        for pull in digest.pulls
    )
    week, verdict, check = summary(msgspec.structs.replace(digest, notices=(refused,), pulls=pulls))
    assert "All deployments meet" not in week
    assert verdict == (
        "**Who may take it**: all whom the upgrade list does not name; the check below comes first."
    )
    assert check == (
        "**Check first**, for Add an oil gauge (#3): look for requests and launches that run into it"
    )


@pytest.mark.parametrize(
    ("kind", "text", "who"),
    [
        pytest.param("dependency", "`lamp-oil` from `==1` to `==2`", None, id="another-version-is-no-loss"),
        pytest.param("removed", "“Round lamps are no longer supported by vLLM”", "those who use Round lamps, which no longer load (#1)", id="a-loss"),
    ],
)  # fmt: skip
def test_only_who_loses_something_should_wait(kind: NoticeKind, text: str, who: str | None) -> None:
    notice = Notice(kind=kind, name="lamp-oil", text=said(text), pulls=(1,), is_weighty=True)
    pulls = tuple(
        msgspec.structs.replace(pull, platforms=("xpu",), later_fixes=()) for pull in a_digest().pulls
    )
    verdict = summary(a_digest(notices=(notice,), pulls=pulls))[1]
    assert verdict.partition("**Who should wait**: ")[2] == (f"{who}." if who else "")


def test_who_sets_an_option_that_a_warning_quotes_is_named() -> None:
    text = said("`LampConfig`: “'--wick round' is deprecated and will be removed in v0.15”")
    notice = Notice(kind="removed", name="“'--wick round'”", text=text, pulls=(7,))
    words = Words(Language.ENGLISH)
    (item,) = Story(PageView(a_digest(notices=(notice,)), words), words).upgrade
    assert item.startswith("**Those who set `--wick round`**: ")


def test_a_line_of_work_of_which_only_the_area_is_known_is_not_told() -> None:
    """Nothing joins what it has."""
    lamp = msgspec.structs.replace(a_digest().themes[0], seed="area", key="area:attention")
    pulls = tuple(msgspec.structs.replace(pull, later_fixes=()) for pull in a_digest().pulls)
    quiet = a_digest(themes=(lamp,), notices=(), links=(), pulls=pulls)
    assert not any("Lamp" in line for line in summary(quiet))


def a_trend(shares: Sequence[int]) -> tuple[TrendPoint, ...]:
    """Return windows of a hundred pull requests, so many of which are of quantization."""
    return tuple(
        TrendPoint(
            period=msgspec.structs.replace(WEEK, label=f"2026-W{at}"),
            source_pulls=100,
            churn=0,
            mean_importance=1.0,
            risks=(),
            kinds=(Counted(name="feature", count=57, pulls=()),),
            areas=(Counted(name="quantization", count=share, pulls=()),),
        )
        for at, share in enumerate(shares, start=1)
    )


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        pytest.param((4, 2, 3, 5), ["Larger shares than in any of the 4 weeks before: Quantization 14% (usually 4%, up 3 weeks in a row): 1 pull request, 0 fixes, first #3."], id="above all, and rising"),
        pytest.param((4, 20, 3, 5), [], id="a week before had more"),
        pytest.param((30, 20, 30, 40), ["Smaller shares than in any of the 4 weeks before: Quantization 14% (usually 30%)."], id="below all"),
        pytest.param((12, 13, 12, 13), [], id="near its mean"),
    ],
)  # fmt: skip
def test_a_share_is_told_where_no_window_before_had_it(shares: Sequence[int], told: list[str]) -> None:
    quantization = Counted(name="quantization", count=1, pulls=(3,))
    kinds = (Counted(name="feature", count=4, pulls=()),)
    digest = a_digest(top_areas=(quantization,), kinds=kinds, trend=a_trend(shares), hot_files=())
    words = Words(Language.ENGLISH)
    first, *rest = TrendStory(PageView(digest, words), words).trends()
    assert first == "7 pull requests; the 4 weeks before had 100 on average."
    assert rest == told


def test_the_files_of_the_longest_row_are_told_but_no_tests() -> None:
    def a_file(path: str, count: int, streak: int, area: str = "config") -> HotFile:
        return HotFile(path=path, area=area, count=count, churn=1, pulls=(1,), streak=streak)

    files = (
        a_file("vllm/lamp.py", 2, 5),
        a_file("vllm/stove.py", 4, 5),
        a_file("vllm/door.py", 9, 4),
        a_file("tests/models/registry.py", 9, 5),
        a_file(".buildkite/steps.yaml", 9, 5, "ci"),
    )
    words = Words(Language.ENGLISH)
    digest = a_digest(
        hot_files=files, trend=a_trend((14, 14)), kinds=(Counted(name="feature", count=4, pulls=()),)
    )
    assert TrendStory(PageView(digest, words), words).trends()[-1] == (
        "Changed by several pull requests in each of the last 5 weeks: "
        "`vllm/stove.py` (4 this week), `vllm/lamp.py` (2 this week)."
    )


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        ("runs `a`, `b`, `c`", "runs `a`, `b`, `c`"),
        ("runs (`a`, `b`, `c`, `d`, `e`)", "runs (`a`, `b`, `c` and others, 5 in all)"),
        ("“a: 1; b: 2; c: 3”", "“a: 1; b: 2; c: 3”"),
        ("“a: 1; b: 2; c: 3; d: 4”, `x`", "“a: 1; …; d: 4”, `x`"),
    ],
)
def test_long_lists_and_quotes_are_short_before_the_fold(sentence: str, short: str) -> None:
    assert shorten(sentence, Words(Language.ENGLISH)) == short


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Lamps burn. " + "Wicks are cut. " * 20, "Lamps burn" + ". Wicks are cut" * 7),
        ("Small wicks (e.g. 4) are padded. " + "x" * 200, "Small wicks (e.g. 4) are padded"),
        ("Small wicks, i.e. those of 4, are padded. " + "x" * 200, "Small wicks, i.e. those of 4, are padded"),
    ],
)  # fmt: skip
def test_a_quote_ends_with_a_sentence_and_not_with_an_abbreviation(text: str, kept: str) -> None:
    assert short(text) == kept


def test_an_item_of_the_upgrade_list_stands_whole_below_the_fold() -> None:
    """Its further conditions and the later names of its lists."""
    notice = a_digest().notices[0]
    besides = msgspec.structs.replace(notice, now=said("`b` (where the oil is low, from `c` to `b`)"))
    words = Words(Language.ENGLISH)
    story = Story(PageView(a_digest(notices=(besides,)), words), words)
    assert "before `a`; now `b` (further conditions below the fold)." in story.upgrade_short[0]
    assert "before `a`; now `b` (where the oil is low, from `c` to `b`)." in story.upgrade[0]
    assert story.upgrade_whole == story.upgrade
    assert Story(PageView(a_digest(), words), words).upgrade_whole == ()


@pytest.mark.parametrize(
    "title",
    ["Add a lamp abstraction", "Consolidate the lamps", "Migrate lamps to oil", "[Feature] Clean up lamps"],
)
def test_what_only_moves_code_ranks_behind_what_is_new(title: str) -> None:
    pulls = (a_pull(1, title=title, importance=6.0), a_pull(2, title="Add a lamp", importance=5.0))
    words = Words(Language.ENGLISH)
    read = PageView(build_digest(pulls, repository="vllm-project/vllm", period=WEEK), words)
    assert [pull.number for pull in PullStory(read, words, {}).ranked] == [2, 1]


def test_a_fix_that_brings_a_setting_is_one_to_look_at() -> None:
    """Whom it is for stands first; a plain fix stands among the fixes."""
    digest = a_digest(themes=(), notices=(), links=())
    changes = {
        2: {"switch": (said("`--wicks` (default `1`)"),), "plain": (said("“Number of wicks”"),), "affects": said("clients")},
        3: {"kind": "bugfix"},
    }  # fmt: skip
    pulls = tuple(msgspec.structs.replace(pull, **changes.get(pull.number, {})) for pull in digest.pulls)
    related = (RelatedPull(number=99, title="Fix more", merged_at=None, url=None),)
    words = Words(Language.ENGLISH)
    story = Story(PageView(msgspec.structs.replace(digest, pulls=pulls, related=related), words), words)
    assert [line for line in story.picks if line.startswith("**#2 ")] == [
        "**#2 Lamp: Fix dispatch of the wicks.** **For**: clients. “Number of wicks”; `--wicks` (default `1`)."
    ]
    assert not any(line.startswith("**#3 ") for line in story.picks)


def test_the_version_of_a_package_leads_no_line_of_work_of_a_platform() -> None:
    """An image that all of the platform run does."""
    theme = msgspec.structs.replace(a_digest().themes[0], seed="area", key="area:rocm", area="rocm")
    versions = Notice(
        kind="dependency", name="lamp-oil", text=said("`lamp-oil` from `==1` to `==2`"), pulls=(3,), is_weighty=True,
        gist=said("`lamp-oil` goes from `==1` to `==2`"),
    )  # fmt: skip
    image = msgspec.structs.replace(versions, name="BASE_IMAGE")
    counted = (Counted(name="rocm", count=3, pulls=(1, 2, 3)),)
    pulls = tuple(
        msgspec.structs.replace(pull, platforms=("rocm",), later_fixes=(), affects=said("lamps on ROCm"))
        for pull in a_digest().pulls
    )
    told = [
        summary(a_digest(themes=(theme,), notices=(one,), links=(), pulls=pulls, platforms=counted))[0]
        for one in (versions, image)
    ]
    assert ["`lamp-oil` goes from" in line for line in told] == [False, True]


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        pytest.param("default", "those who leave `LAMP_WICKS` unset, for #9 (2027-01-02) (#1).", id="a-default"),
        pytest.param("removed", "", id="what-goes"),
    ],
)  # fmt: skip
def test_nobody_waits_for_a_fix_of_what_goes(kind: NoticeKind, who: str) -> None:
    notice = msgspec.structs.replace(a_digest().notices[0], kind=kind)
    link = Link(source=9, target=1, reason="fixes", names=("wicks",), weight=3.0)
    fix = RelatedPull(
        number=9, title="[Bugfix] Fix crash of the wicks", merged_at="2027-01-02T00:00:00Z", url=""
    )
    pulls = tuple(
        msgspec.structs.replace(pull, later_fixes=(9,) if pull.number == 1 else ())
        for pull in a_digest().pulls
    )
    verdict = summary(a_digest(notices=(notice,), links=(link,), related=(fix,), pulls=pulls))[1]
    assert verdict.partition("**Who should wait**: ")[2] == who


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        pytest.param("**Those who set `--wick`**: see", "<strong>Those who set <code>--wick</code></strong>: see", id="code-within-weight"),
        pytest.param("`a` **b** `c`", "<code>a</code> <strong>b</strong> <code>c</code>", id="side-by-side"),
        pytest.param("`**/*.py` and <b>", "<code>**/*.py</code> and &lt;b&gt;", id="stars-in-code"),
        pytest.param("#1, #999", '<a href="https://github.com/vllm-project/vllm/pull/1">#1</a>, #999', id="known-numbers-are-linked"),
        pytest.param("**#1 `x`**", '<strong><a href="https://github.com/vllm-project/vllm/pull/1">#1</a> <code>x</code></strong>', id="a-number-within-weight"),
        pytest.param("a ** b", "a ** b", id="stars-alone"),
    ],
)  # fmt: skip
def test_the_marks_of_a_sentence_on_the_page(sentence: str, html: str) -> None:
    assert _linked(PageView(a_digest(), Words(Language.ENGLISH)), sentence) == html
