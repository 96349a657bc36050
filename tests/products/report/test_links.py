"""Who follows whom in a window, and which themes that makes: each link and each membership with its reason."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import AreaShare, Assessment, FileAssessment, PastWork, SymbolAssessment
from diffscope.products.report.authors_words import AuthorsWords
from diffscope.products.report.links.build import Linked, link_window
from diffscope.products.report.links.lines import Mended, Worked
from diffscope.products.report.links.nodes import Around, Merged
from diffscope.products.report.links.terms import bursts, part_of, terms_of
from diffscope.products.report.notices import find_notices
from tests.assessments import an_assessment
from tests.digests import a_pull

PATH = "vllm/v1/lantern.py"


def a_file(path: str, *, status: str = "modified", old: str | None = None) -> FileAssessment:
    base = an_assessment().files[0]
    return msgspec.structs.replace(base, path=path, status=status, old_path=old, category="source")


def a_symbol(
    name: str,
    aspect: str,
    *,
    path: str = PATH,
    kind: str = "function",
    moved_from: str | None = None,
    role: tuple[str, ...] = (),
) -> SymbolAssessment:
    return SymbolAssessment(
        path=path,
        line=1,
        name=name,
        kind=kind,
        aspects=(aspect,),
        logic=aspect != "called",
        moved_from=moved_from,
        role=role,
    )


def a_merge(
    number: int,
    *symbols: SymbolAssessment,
    title: str = "Change something",
    kind: str = "feature",
    files: tuple[FileAssessment, ...] | None = None,
    area: str = "attention",
    history: tuple[PastWork, ...] = (),
    body: str | None = None,
) -> Assessment:
    made = a_pull(number, title=title, kind=kind, body=body)
    pull = msgspec.structs.replace(made.change.pull, merged_at=f"2026-03-{number:02}T00:00:00Z")
    listed = files if files is not None else tuple(a_file(path) for path in {one.path for one in symbols})
    return msgspec.structs.replace(
        made,
        change=msgspec.structs.replace(made.change, pull=pull),
        symbols=symbols,
        files=listed,
        areas=(AreaShare(area=area, weight=1.0, files=()),),
        history=history,
        platforms=(),
    )


def linked(*merges: Assessment, **around: tuple[Merged, ...] | tuple[Assessment, ...]) -> Linked:
    return link_window(merges, Around(**around), "vllm-project/vllm")  # type: ignore[arg-type]


ADDS = a_merge(1, a_symbol("Lantern", "added", kind="class"), a_symbol("Lantern.glow", "added"))


UNDOES_THE_LANTERN = PastWork(
    what="restores", subject="Add a lantern to the cellar (#1)", number=1, taken_back=95
)


@pytest.mark.parametrize(
    ("later", "reason", "names"),
    [
        pytest.param(
            a_merge(2, a_symbol("Lantern.glow", "body"), kind="bugfix"), "fixes", ("Lantern.glow",), id="a bug fix changes what the other one added"
        ),
        pytest.param(a_merge(2, a_symbol("Lantern.dim", "added")), "builds-on", ("Lantern.dim",), id="a method is added to the other one's class"),
        pytest.param(
            a_merge(2, a_symbol("Lantern", "removed", kind="class"), a_symbol("Lantern.glow", "removed")),
            "removes",
            ("Lantern",),
            id="most of it goes",
        ),
        pytest.param(a_merge(2, a_symbol("Lantern.glow", "called"), files=()), "uses", ("Lantern.glow",), id="it is called from elsewhere"),
        pytest.param(
            a_merge(2, a_symbol("Torch", "added", path="vllm/torch.py", kind="class", role=("Lantern",))),
            "uses",
            ("Lantern",),
            id="a new class has the other one's class as its base",
        ),
        pytest.param(
            a_merge(
                2,
                a_symbol("glow", "moved", path="vllm/new.py", moved_from=f"{PATH}:Lantern.glow"),
                a_symbol("glow", "body", path="vllm/new.py"),
                kind="bugfix",
            ),
            "fixes",
            ("glow",),
            id="what moved stays whose it was",
        ),
        pytest.param(
            a_merge(
                2,
                a_symbol("Lantern.glow", "body", path="vllm/renamed.py"),
                files=(a_file("vllm/renamed.py", status="renamed", old=PATH),),
                kind="bugfix",
            ),
            "fixes",
            ("Lantern.glow",),
            id="a renamed file stays whose it was",
        ),
        pytest.param(a_merge(2, title='Revert "Change something"', kind="revert"), "reverts", ("change something",), id="a revert quotes the title"),
        pytest.param(
            a_merge(2, title="[Bugfix] Fix what #1 broke", kind="bugfix", files=()), "names", (), id="a number of one digit is no pull request"
        ),
        pytest.param(
            a_merge(2, title="Put out the lantern of the cellar", history=(UNDOES_THE_LANTERN,)),
            "reverts",
            ("Add a lantern to the cellar (#1)",),
            id="the history says that lines are undone, and both titles are about one thing",
        ),
        pytest.param(
            a_merge(2, title="Trim a wick", history=(UNDOES_THE_LANTERN,)),
            "changes-again",
            ("Add a lantern to the cellar (#1)",),
            id="some lines are undone of something else",
        ),
        pytest.param(
            a_merge(2, title='[Core] Revert "[Bugfix] Change something"', kind="revert"),
            "reverts",
            ("change something",),
            id="a quoted title with other tags before it",
        ),
    ],
)  # fmt: skip
def test_who_follows_whom(later: Assessment, reason: str, names: tuple[str, ...]) -> None:
    """One link from the later to the earlier, with what tells it."""
    found = [
        (link.source, link.target, link.reason, link.names)
        for link in linked(ADDS, later).links
        if link.reason != "shares"
    ]
    assert found == ([(2, 1, reason, names)] if names else [])


@pytest.mark.parametrize(
    ("title", "touched", "reason"),
    [
        pytest.param("[Bugfix] Fix it", ((2, 1),), "fixes", id="a fix that takes lines of it away"),
        pytest.param("[Bugfix] Fix it", (), "builds-on", id="a fix that only changes the same function"),
        pytest.param("[BugFix] Support oil", ((2, 1),), "builds-on", id="something more that works now"),
        pytest.param("[Bugfix][ROCm]: Allow oil", ((2, 1),), "builds-on", id="so behind a colon"),
        pytest.param("fix(lamp): support oil", ((2, 1),), "builds-on", id="so behind a tag of another form"),
    ],
)
def test_a_fix_calls_itself_one_and_takes_away_lines(
    title: str, touched: tuple[tuple[int, int], ...], reason: str
) -> None:
    later = a_merge(2, a_symbol("Lantern.glow", "body"), title=title, kind="bugfix")
    around = Around(said={1: AuthorsWords()}, worked=Worked(touched=touched))
    found = link_window((ADDS, later), around, "vllm-project/vllm")
    assert [(link.source, link.reason) for link in found.links if link.reason != "shares"] == [(2, reason)]


def test_a_sweep_is_no_word_on_each_that_it_touches() -> None:
    """One of thirty symbols is the other one's: it is changed again, not fixed."""
    sweep = a_merge(
        2, *(a_symbol(f"f{at}", "body") for at in range(29)), a_symbol("Lantern.glow", "body"), kind="bugfix"
    )
    (link,) = (link for link in linked(ADDS, sweep).links if link.target == 1 and link.reason != "shares")
    assert link.reason == "changes-again"


def test_links_lead_out_of_the_window() -> None:
    """A neighbour that was judged, a later revert by its title, a later fix by the lines that it changes: each is named with its title."""
    inside = a_merge(
        5,
        a_symbol("Lantern.glow", "body"),
        files=(a_file(PATH), a_file("vllm/wick.py", status="added")),
        title="[Core] Glow more",
        kind="bugfix",
    )
    found = linked(
        inside,
        judged=(ADDS,),
        after=(
            Merged(number=60, title='Revert "[Core] Glow more"', merged_at="2026-04-01T00:00:00Z"),
            Merged(number=61, title="[Bugfix] Trim", merged_at="2026-03-30T00:00:00Z"),
            Merged(
                number=62, title="[Bugfix] Else", merged_at="2026-04-02T00:00:00Z", paths=("vllm/else.py",)
            ),
        ),
        worked=Worked(mended=(Mended(61, 5, ("vllm/wick.py",)),)),
    )
    assert [(link.source, link.target, link.reason) for link in found.links] == [
        (5, 1, "fixes"),
        (60, 5, "reverts"),
        (61, 5, "fixes"),
    ]
    assert [(one.number, one.title) for one in found.related] == [
        (1, "Change something"),
        (60, 'Revert "[Core] Glow more"'),
        (61, "[Bugfix] Trim"),
    ]


@pytest.mark.parametrize(
    ("title", "paths", "told"),
    [
        pytest.param("[Bugfix] Fix async wick trimming", ("vllm/a.py", "vllm/b.py"), ["fixes"], id="a fix of all its files, in its words"),
        pytest.param("[Bugfix] Fix the cellar", ("vllm/a.py", "vllm/b.py"), [], id="in other words"),
        pytest.param("[Bugfix] Fix async wick trimming", ("vllm/a.py", "vllm/z.py"), [], id="of other files, too"),
        pytest.param("Async wick trimming for two", ("vllm/a.py", "vllm/b.py"), [], id="no fix"),
    ],
)  # fmt: skip
def test_a_later_fix_is_known_by_files_and_words(title: str, paths: tuple[str, ...], told: list[str]) -> None:
    files = tuple(a_file(f"vllm/{name}.py") for name in "abc")
    late = Merged(number=60, title=title, merged_at="2026-04-02T00:00:00Z", paths=paths)
    found = linked(a_merge(5, title="Async wick trimming", files=files), after=(late,))
    assert [link.reason for link in found.links] == told


def test_what_was_taken_back_is_done_again_by_the_same_files() -> None:
    files = tuple(a_file(f"vllm/{name}.py") for name in "abc")
    paths = tuple(file.path for file in files)
    after = (
        Merged(number=60, title='Revert "Glow more"', merged_at="2026-04-01T00:00:00Z"),
        Merged(number=61, title="Shine", merged_at="2026-04-02T00:00:00Z", paths=paths),
        Merged(number=62, title="Shine elsewhere", merged_at="2026-04-03T00:00:00Z", paths=paths[:2]),
    )
    found = linked(a_merge(5, title="Glow more", files=files), after=after)
    assert [(link.source, link.reason) for link in found.links] == [(60, "reverts"), (61, "reapplies")]


@pytest.mark.parametrize(
    ("title", "told"),
    [
        pytest.param("[CI] Revert PRs 12345 and 23456", ["reverts"], id="a revert names numbers without a mark"),
        pytest.param("Revert block size 12340", [], id="a number that nobody merged"),
        pytest.param("[Parser] Re-land: Glow more (#12345)", ["reapplies"], id="done again"),
        pytest.param("[Redo] Glow more", ["reapplies"], id="done again under its title"),
        pytest.param("Re-add the glow (reverted in #12345)", ["reapplies"], id="the revert is named"),
        pytest.param('Revert "Re-add the glow (#12345)"', ["reverts"], id="a revert of what was done again"),
        pytest.param("[CI] Fix the test broken by #12345", ["fixes"], id="a fix of what it broke"),
        pytest.param("Slower wicks: a regression since #12345", ["fixes"], id="a regression"),
        pytest.param("[Typing] Fix annotations of #12345", ["names"], id="a fix of style"),
        pytest.param("Use what #12345 brings", ["names"], id="no word on it"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_judged", [False, True], ids=["after the window", "of the window"])
def test_what_titles_say_of_numbers(title: str, told: list[str], *, is_judged: bool) -> None:
    own = a_merge(12345, title="Glow more", files=())
    if is_judged:
        found = linked(own, a_merge(50000, title=title, kind="other", files=()))
    else:
        found = linked(own, after=(Merged(number=50000, title=title, merged_at="2026-04-02T00:00:00Z"),))
    assert [link.reason for link in found.links] == told


def test_a_description_that_blames_a_number_is_a_fix_of_it() -> None:
    bodies = {
        13000: "The change of the message in #12345 caused this failure.",
        14000: "It changed in #12345.",
    }
    later = (a_merge(number, title="[CI] Fix a test", kind="test", body=body, files=()) for number, body in bodies.items())  # fmt: skip
    assert [(link.source, link.reason) for link in linked(a_merge(12345, files=()), *later).links] == [
        (13000, "fixes"),
        (14000, "names"),
    ]


def test_a_later_revert_is_no_fix_of_the_lines_that_it_takes_back() -> None:
    late = Merged(number=60, title='[Bugfix] Revert "Glow more"', merged_at="2026-04-02T00:00:00Z")
    found = linked(
        a_merge(5, title="Glow more"), after=(late,), worked=Worked(mended=(Mended(60, 5, (PATH,)),))
    )
    assert [link.reason for link in found.links] == ["reverts"]


def test_what_was_reverted_is_not_mended_afterwards() -> None:
    """Lines that are there again are those of who did it again."""
    after = (
        Merged(number=60, title='Revert "Glow more"', merged_at="2026-04-01T00:00:00Z"),
        Merged(number=61, title="[Bugfix] Fix the glow", merged_at="2026-04-02T00:00:00Z"),
    )
    worked = Worked(mended=(Mended(61, 5, (PATH,)),))
    found = linked(a_merge(5, title="Glow more"), after=after, worked=worked)
    assert [(link.source, link.reason) for link in found.links] == [(60, "reverts")]


@pytest.mark.parametrize(
    ("moved_from", "told"),
    [pytest.param(f"{PATH}:glow", [], id="partly moved there"), pytest.param(None, ["fixes"], id="all new")],
)
def test_a_file_is_the_work_of_who_wrote_all_of_it(moved_from: str | None, told: list[str]) -> None:
    path = "vllm/wick.py"
    glow = a_symbol("glow", "moved" if moved_from else "added", path=path, moved_from=moved_from)
    first = a_merge(1, glow, files=(a_file(path, status="added"),))
    found = linked(first, a_merge(2, kind="bugfix", files=(a_file(path),)))
    assert [link.reason for link in found.links if link.reason != "shares"] == told


BEFORE = tuple(
    Merged(
        number=1000 + at,
        title=f"[Core] Plain work {at % 7} on the scheduler",
        merged_at="2026-01-01T00:00:00Z",
    )
    for at in range(400)
)


def test_themes_say_why_each_is_there() -> None:
    """A term that bursts, a series, what is linked with them, and the area of the rest."""
    merges = (
        a_merge(11, title="Add Glowquant", files=(a_file("vllm/glow.py", status="added"),)),
        a_merge(12, title="[Bugfix] Fix Glowquant on ROCm"),
        a_merge(13, title="Glowquant: less noise"),
        a_merge(14, title="Another thing", files=(a_file("vllm/glow.py"),)),
        *(a_merge(at, title=f"Scheduler {at}", area="scheduler") for at in (15, 16, 17)),
    )
    found = linked(*merges, before=BEFORE).themes
    assert [(theme.key, theme.title.en, theme.pulls) for theme in found] == [
        ("term:glowquant", "Glowquant", (11, 12, 13, 14)),
        ("area:scheduler", "Scheduler", (15, 16, 17)),
    ]
    assert [(member.number, member.reason, member.to) for member in found[0].members] == [
        (11, "term", ()),
        (12, "term", ()),
        (13, "term", ()),
        (14, "linked", (11,)),
    ]


def test_themes_by_importance_and_code_with_upkeep_last() -> None:
    """However a theme was found: work on types comes after three small changes of an area, and these after three large ones."""
    merges = (
        *(a_merge(at, title=f"[Mypy] Fix mypy for part {at}", kind="refactor") for at in (11, 12, 13)),
        *(a_merge(at, title=f"Work {at}", area="lora") for at in (14, 15, 16)),
        *(a_merge(at, title=f"Work {at}", area="moe", files=(a_file(f"{at}.py"),)) for at in (17, 18, 19)),
    )
    found = linked(*merges, before=BEFORE).themes
    assert [theme.pulls for theme in found] == [(17, 18, 19), (14, 15, 16), (11, 12, 13)]


def test_one_giant_change_does_not_glue_all_together() -> None:
    """It touches every file of two lines of work that have nothing else in common."""
    lines = [
        a_merge(at, a_symbol("f", "body", path=f"vllm/{area}.py"), area=area, title=f"Work {at}")
        for area, numbers in (("moe", (11, 12, 13)), ("lora", (14, 15, 16)))
        for at in numbers
    ]
    giant = a_merge(
        20,
        *(a_symbol("f", "body", path=f"vllm/{name}.py") for name in ("moe", "lora", *map(str, range(60)))),
        area="core-utils",
    )
    found = linked(*lines, giant, before=BEFORE).themes
    assert sorted(theme.pulls for theme in found) == [(11, 12, 13), (14, 15, 16)]


@pytest.mark.parametrize("merges", [(), (ADDS,)], ids=["no pull request", "one pull request"])
def test_windows_too_small_have_no_theme(merges: tuple[Assessment, ...]) -> None:
    """And no link."""
    assert linked(*merges) == Linked()


@pytest.mark.parametrize(
    ("title", "part"),
    [
        pytest.param("[kv_offload+HMA][7/N]: Support hybrid", ("kv_offload+hma", 7), id="a topic in brackets"),
        pytest.param("[2/n] Migrate quant to stable ABI", ("migrate quant", 2), id="no topic: its first words"),
        pytest.param("Use 1/8 of memory", ("memory", 1), id="a fraction reads as a part, which alone makes no series"),
        pytest.param("Speed up", None, id="no part"),
    ],
)  # fmt: skip
def test_parts_of_series(title: str, part: tuple[str, int] | None) -> None:
    """`2/N` in a title."""
    assert part_of(title) == part


def test_terms_join_long_and_short_names() -> None:
    """Model Runner V2 is MRV2 where some title calls it so; other scripts are words too."""
    assert "mrv2" in terms_of("[Model Runner V2] Simplify", {"MRV2"})
    assert "mrv2" not in terms_of("[Model Runner V2] Simplify")
    assert "灯笼" in terms_of("修复 灯笼 (#12)")


def test_without_titles_before_nothing_bursts() -> None:
    """It is not known what is usual."""
    assert bursts(dict.fromkeys(range(9), "Glowquant"), ()) == ()


def test_a_model_by_another_spelling_is_renamed_once() -> None:
    """It is neither new nor gone; one whose letters differ is."""
    row = {"kind": "registry-row", "role": ("models",)}
    merge = a_merge(
        11,
        a_symbol("GlowASRModel", "removed", **row),  # type: ignore[arg-type]
        a_symbol("GlowAsrModel", "added", **row),  # type: ignore[arg-type]
        a_symbol("Lantern", "added", **row),  # type: ignore[arg-type]
    )
    assert [(one.kind, one.text.en) for one in find_notices((merge,), ())] == [
        ("removed", "`GlowASRModel` is called `GlowAsrModel` now"),
        ("model", "`Lantern`"),
    ]


def test_values_of_one_setting_stay_with_the_pull_request_that_adds_them() -> None:
    """Only the same values of two pull requests are one notice."""
    values = [
        a_merge(number, a_symbol("LampType", "body", kind="variable", role=("value", f"+{value}")))  # type: ignore[arg-type]
        for number, value in ((11, "oil"), (12, "gas"), (13, "oil"))
    ]
    assert [(one.text.en, one.pulls) for one in find_notices(values, ())] == [
        ("`LampType` also takes `gas`", (12,)),
        ("`LampType` also takes `oil`", (11, 13)),
    ]


def test_a_revert_takes_back_the_last_number_that_it_quotes() -> None:
    """The title of what is taken back names another one that it did again."""
    first, again = a_merge(41), a_merge(42, title="[Redo] #41")
    back = a_merge(43, title='Revert "[Redo] #41 (#42)"', kind="revert")
    found = link_window((first, again, back), Around(), "vllm-project/vllm").links
    assert [(one.source, one.target) for one in found if one.reason == "reverts"] == [(43, 42)]
