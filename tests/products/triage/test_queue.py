"""The queue: which change stands where, and why; duplicates and order, which decide it too."""

from __future__ import annotations

import json

import msgspec
import pytest

from diffscope.cli.triage.command import FORMS
from diffscope.facts.model import Footprint
from diffscope.messages.model import Language
from diffscope.products.triage.candidates import Candidate, OpenState, Refusal
from diffscope.products.triage.model import Place, Triage
from diffscope.products.triage.needs import mirrored_by
from diffscope.products.triage.queue import build_queue
from diffscope.products.triage.render import FORMATS
from diffscope.products.triage.triage import build_triage, line_about
from diffscope.render.style import Style
from tests.products.triage.builders import BASE, candidate, relations

POOL = BASE["vllm/pool.py"]
LONG = "".join(f"    first_value_of_{n} = make_some_value({n})\n" for n in range(9))
FIX = {"vllm/pool.py": POOL + f"\n\ndef refill(pool):\n{LONG}    return pool\n"}


def triage(*candidates: Candidate) -> Triage:
    return build_triage(candidates, relations(*candidates), repository="vllm-project/vllm", base="main")


SMALL = msgspec.structs.replace(
    candidate(
        1,
        {"vllm/pool.py": POOL.replace("[:count]", "[: count + 1]")},
        title="[Bugfix] Fix wrong blocks of pools",
    ),
    kind="bugfix",
    test_lines=9,
    is_tested=True,
)
SIZES = "1 line of code, 9 of tests; risk none"


@pytest.mark.parametrize(
    ("fields", "bucket", "reason"),
    [
        pytest.param({}, "first", f"mends wrong output, by its title; {SIZES}", id="small and safe"),
        pytest.param({"title": "[Bugfix] Pools crash if empty"}, "first", f"mends a crash or an error, by its title; {SIZES}", id="a crash"),
        pytest.param({"title": "[Bugfix] Empty pools", "reached": "per_step"}, "first", f"a fix of code that every step or request runs, or of a kernel; its title does not say what goes wrong; {SIZES}", id="a fix of what every step runs"),
        pytest.param({"title": "[Bugfix] Raise `PoolError` of pools"}, "review", "neither its title nor its place tells what goes wrong for users", id="an error is what it brings"),
        pytest.param({"title": "[Bugfix] Fix wrong logs of pools", "reached": "per_step"}, "review", "neither its title nor its place tells what goes wrong for users", id="a fix of what nobody is served"),
        pytest.param({"kind": "feature"}, "review", "no fix", id="a feature"),
        pytest.param({"refusals": (Refusal(key="vllm.pool:Pool.take", raised="ValueError", condition="count < 0", place=Place(path="vllm/pool.py", line=1)),)}, "review", "something is refused now", id="it refuses what was taken"),
        pytest.param({"title": "[Bugfix] Reject negative counts", "level": "medium", "families": ("interface-change",), "refusals": (Refusal(key="vllm.pool:Pool.take", raised="ValueError", condition="count < 0", place=Place(path="vllm/pool.py", line=1)),)}, "first", f"refuses input that cannot work; {SIZES.replace('none', 'medium')}", id="a tested refusal of what cannot work"),
        pytest.param({"title": "[Bugfix] Empty pools", "reached": "per_step", "footprint": Footprint(says=("Pools stand.", "A pool must not leak."))}, "first", f"a fix; its tests or comments say: “A pool must not leak.”; {SIZES}", id="its test says what its title does not"),
        pytest.param({"mirrored": ("vllm/twin.py:3",)}, "review", "vllm/twin.py:3 says that it mirrors what is edited here, and stays as it is", id="a second copy stays as it is"),
        pytest.param({"code_lines": 0}, "other", "2 lines, none of them code of the product; risk none", id="nothing but tests"),
        pytest.param({"test_lines": 0}, "review", "no test of its own", id="a test of the base alone"),
        pytest.param({"is_tested": False}, "review", "no test found that runs it", id="nothing vouches for it"),
        pytest.param({"code_lines": 81}, "review", "81 lines of code", id="more code than is read in one go"),
        pytest.param({"lines": 900}, "review", "900 lines", id="long, though little of it is code"),
        pytest.param({"tests_needed": True}, "review", "tests are missing or thin", id="tests are missing"),
        pytest.param({"level": "medium"}, "review", "risk medium", id="some risk"),
        pytest.param({"level": "medium", "gravest": ("config-default",)}, "review", "risk medium: Configuration default changed", id="what the risk is"),
        pytest.param({"code_lines": 1001}, "expert", "1,001 lines of code", id="large"),
        pytest.param({"level": "high"}, "expert", "risk high", id="high risk"),
        pytest.param({"families": ("config-default",)}, "decide", "somebody has to decide: Configuration default changed", id="a default changes"),
        pytest.param({"state": OpenState(is_draft=True)}, "author", "it is a draft", id="a draft"),
        pytest.param({"state": OpenState(decision="changes-requested"), "level": "high"}, "author", "changes were requested", id="the author comes before the decision"),
        pytest.param({"state": OpenState(merges=False)}, "author", "git cannot merge it into the base as that stands", id="a textual conflict with the base"),
        pytest.param({"is_complete": False}, "review", "not completely judged", id="judged in part"),
    ],
)  # fmt: skip
def test_where_a_change_stands(fields: dict[str, object], bucket: str, reason: str) -> None:
    (entry,) = triage(msgspec.structs.replace(SMALL, **fields)).queue
    assert (entry.bucket, "; ".join(each.en for each in entry.reasons)) == (bucket, reason)


def test_one_in_eight_is_to_be_taken_first_and_the_gravest_of_them_lead() -> None:
    """All are ready; what is named wrong output comes before a crash, a hang, and what is named by nothing."""
    titles = {5: "[Bugfix] Pools hang", 6: "[Bugfix] Pools crash", 7: "[Bugfix] Wrong blocks"}
    listed = [
        msgspec.structs.replace(
            SMALL, number=number, title=titles.get(number, "[Bugfix] Empty pools"), reached="per_step"
        )
        for number in range(1, 49)
    ]
    queue = build_queue(listed, (), (), ())
    assert [entry.number for entry in queue if entry.bucket == "first"] == [7, 6, 5, 1, 2, 3]
    assert {entry.bucket for entry in queue[6:]} == {"review"}


def test_a_change_that_another_mends_is_taken_with_it() -> None:
    lines = "    first_of_all = size + 1\n    second_of_all = size + 2\n    return Pool()"
    filled = {"vllm/pool.py": POOL.replace("    return Pool()", lines)}
    one = msgspec.structs.replace(
        SMALL, number=1, footprint=candidate(1, filled).footprint, files=("vllm/pool.py",)
    )
    mend = candidate(2, {"vllm/pool.py": POOL}, base={"vllm/pool.py": filled["vllm/pool.py"]})
    entries = {each.number: each for each in triage(one, msgspec.structs.replace(mend, kind="bugfix")).queue}
    assert (entries[1].bucket, entries[1].mended_by) == ("review", (2,))
    assert [reason.en for reason in entries[1].reasons] == ["merge it together with its fix #2"]
    assert entries[2].bucket == "after"


def test_a_fix_is_told_in_every_state_of_the_queue() -> None:
    lines = "    first_of_all = size + 1\n    second_of_all = size + 2\n    return Pool()"
    filled = {"vllm/pool.py": POOL.replace("    return Pool()", lines)}
    one = msgspec.structs.replace(candidate(1, filled), level="high")
    mend = candidate(2, {"vllm/pool.py": POOL}, base={"vllm/pool.py": filled["vllm/pool.py"]})
    (entry,) = (
        each for each in triage(one, msgspec.structs.replace(mend, kind="bugfix")).queue if each.number == 1
    )
    assert entry.bucket == "expert"
    assert entry.reasons[-1].en == "merge it together with its fix #2"


TEST = "tests/test_pool.py"
TESTED = {
    **BASE,
    TEST: "def check(size):\n    return size\n\n\ndef test_pool():\n    assert check(size=1)\n",
}


def test_a_fix_does_not_wait_for_a_change_of_tests_and_one_file_of_tests_is_one_entry() -> None:
    """Two of tests alone and a fix collide in one file: the fix stands first, and the others follow it."""
    edit = {TEST: TESTED[TEST].replace("size=1", "size=limit")}
    fix = msgspec.structs.replace(
        candidate(3, {"vllm/pool.py": POOL.replace("[:count]", "[: count + 1]"), **edit}, base=TESTED),
        title=SMALL.title,
        kind="bugfix",
        test_lines=9,
        is_tested=True,
    )
    gone = candidate(1, {TEST: TESTED[TEST].replace("test_pool", "test_pools")}, base=TESTED)
    other = candidate(2, {TEST: TESTED[TEST].replace("size=1", "limit=2")}, base=TESTED)
    found = triage(gone, other, fix)
    (conflict,) = found.conflicts
    assert {conflict.first, conflict.second, *conflict.also} == {1, 2, 3}
    assert conflict.says.en.endswith("; in the same file of tests also #3")
    entries = {each.number: each for each in found.queue}
    assert entries[3].bucket == "first"
    assert entries[3].collides == ()


def test_what_tests_and_comments_say_is_kept_docstrings_first() -> None:
    told = 'def test_short_rows():\n    """A short row must not leak. It did."""\n    assert 1\n'
    noted = POOL.replace(
        "    def close", "    # CUDA limits the grid\n    # to 65535. So it is cut.\n    def close"
    )
    found = candidate(1, {"vllm/pool.py": noted, "tests/test_row.py": told}).footprint.says
    assert found == ("A short row must not leak", "CUDA limits the grid to 65535.", "test_short_rows")


def test_a_second_copy_that_is_left_alone_is_told() -> None:
    edited = candidate(1, {"vllm/pool.py": POOL.replace("self.items.clear()", "self.limit = 0")})
    said = [
        ("vllm/twin.py:3", "Mirror of ``Pool.limit``"),
        ("vllm/pool.py:1", "mirrors Pool.limit"),
        ("vllm/twin.py:9", "mirrors Pond.limit"),
    ]
    assert mirrored_by(edited, said).mirrored == ("vllm/twin.py:3",)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(candidate(1, FIX), candidate(2, FIX, author="ben"), ["lines"], id="the same lines"),
        pytest.param(candidate(1, FIX), candidate(2, {"vllm/user.py": BASE["vllm/user.py"] + "\n\ndef stop():\n    return 1\n"}), [], id="other lines in another file"),
        pytest.param(candidate(1, FIX, body="Fixes #90"), candidate(2, {"vllm/pool.py": POOL.replace("[:count]", "[:-1]")}, body="closes https://github.com/vllm-project/vllm/issues/90"), ["issue"], id="one issue in one file"),
        pytest.param(candidate(1, FIX, body="Fixes #90"), candidate(2, {"docs/pool.md": "Pools.\n"}, body="Fixes #90", title="[Docs] Describe pools of blocks"), [], id="one issue in places apart"),
        pytest.param(candidate(1, FIX, body="Part of #90"), candidate(2, {"vllm/pool.py": POOL.replace("[:count]", "[:-1]")}, body="See #90"), [], id="an issue that neither fixes"),
        pytest.param(candidate(1, FIX), candidate(2, FIX, body="Depends on #1"), [], id="one stands on the other"),
        pytest.param(candidate(1, {"vllm/pool.py": POOL.replace("self.items.clear()", "self.items = []")}, title="[Bugfix] Clear pools before closing"), candidate(2, {"vllm/pool.py": POOL.replace("self.items.clear()", "del self.items[:]")}, title="[Bugfix] Clear pools at random"), [], id="titles that say half the same"),
        pytest.param(candidate(1, {"vllm/pool.py": POOL.replace("self.items.clear()", "self.items = []")}, title="[Bugfix] Clear pools before closing (#80)"), candidate(2, {"vllm/pool.py": POOL.replace("self.items.clear()", "del self.items[:]")}, title="[Core] Clearing pools again before close"), ["title"], id="one function, and titles that say the same"),
        pytest.param(candidate(1, {"vllm/pool.py": POOL.replace("self.items.clear()", "self.items = []")}, title="[CPU] Clear pools before closing"), candidate(2, {"vllm/pool.py": POOL.replace("self.items.clear()", "del self.items[:]")}, title="[XPU] Clear pools before closing"), [], id="two platforms"),
        pytest.param(candidate(1, {"vllm/pool.py": POOL.replace("self.items.clear()", "drop(self.items, limit, order)")}), candidate(2, {"vllm/pool.py": POOL.replace("self.items.clear()", "if limit:\n            drop(order, self.items)")}), ["symbols"], id="the same names brought into one function"),
        pytest.param(candidate(1, {"vllm/pool.py": POOL.replace("        self.items.clear()", "        pass")}), candidate(2, FIX, title="Revert the pool"), [], id="a revert is another work"),
        pytest.param(candidate(1, FIX, title="[1/2] Refill pools"), candidate(2, FIX, title="[2/2] Refill pools"), [], id="parts of a series"),
    ],
)  # fmt: skip
def test_the_same_work(one: Candidate, other: Candidate, expected: list[str]) -> None:
    """Precision before recall: what is linked, or shares an issue alone, is not accused."""
    found = relations(one, other).duplicates
    assert [sorted(share.kind for share in each.shares) for each in found] == ([expected] if expected else [])


CLOSED = OpenState(closed_at="2026-08-02T00:00:00Z", merged_at=200)


@pytest.mark.parametrize(
    ("closed", "opened", "expected"),
    [
        pytest.param(CLOSED, OpenState(branched_on=100), ["#2 does the work of #1, which was merged on 2026-08-02: 100% of the lines"], id="merged after the branch began"),
        pytest.param(CLOSED, OpenState(branched_on=300), [], id="merged before: the branch stands on it"),
        pytest.param(OpenState(closed_at="2026-08-02T00:00:00Z"), OpenState(branched_on=300), ["#2 does the work of #1, which was closed on 2026-08-02: 100% of the lines"], id="closed without a merge"),
        pytest.param(CLOSED, OpenState(closed_at="2026-08-03T00:00:00Z"), [], id="both are over"),
    ],
)  # fmt: skip
def test_what_is_closed_is_compared_as_the_same_work_alone(
    closed: OpenState, opened: OpenState, expected: list[str]
) -> None:
    """It stands in no queue, collides with nothing, and is named with its address where it is a duplicate."""
    one, other = candidate(1, FIX, state=closed), candidate(2, FIX, author="ben", state=opened)
    found = triage(one, other)
    assert [pair.says.en[: len(expected[0])] for pair in found.duplicates] == expected
    assert [each.number for each in found.closed] == [1] * len(expected)
    assert {entry.number for entry in found.queue} <= {2}
    assert (found.conflicts, found.order) == ((), ())
    if expected:
        assert (
            line_about(found, 2).en
            == f"Same work as #1, {'merged' if closed.merged_at else 'closed'} on 2026-08-02"
        )
        assert "#1" in FORMATS["html"](found, Style())


def test_what_takes_another_back_is_no_conflict() -> None:
    merged = candidate(1, FIX, state=OpenState(merged_at=1))
    back = candidate(2, {"vllm/pool.py": POOL}, base={**BASE, **FIX}, state=OpenState(merged_at=2))
    found = relations(merged, back)
    assert (found.conflicts, found.duplicates) == ((), ())
    assert [(link.kind, link.first, link.then) for link in found.order] == [("reverts", 1, 2)]


def test_changes_far_apart_are_not_open_at_once() -> None:
    one, other = (candidate(number, FIX, state=OpenState(merged_at=number * 86_400)) for number in (1, 9))
    assert len(relations(one, other, days=9).duplicates) == 1
    assert relations(one, other, days=3).duplicates == ()
    late = msgspec.structs.replace(other, state=OpenState(merged_at=9 * 86_400, opened_on=2 * 86_400))
    assert relations(one, late, days=9).duplicates == ()


def test_chinese_has_no_names_of_ours_in_english() -> None:
    """Levels, families and areas go by their titles; the page names a change that collides once, with a link."""
    one = msgspec.structs.replace(
        candidate(1, FIX), level="high", families=("config-default",), areas=("kv-cache",)
    )
    found = triage(one, candidate(2, FIX, author="ben"))
    text = FORMATS["text"](found, Style(language=Language.CHINESE))
    assert "需要有人决定：配置默认值变更；风险 高" in text.replace("\n    ", "")
    assert "KV 缓存 1（优先 0）" in text
    page = FORMATS["html"](found, Style())
    assert page.count("the same work as") == 2


EVIL = "<script>alert(1)</script> | [x](javascript:0) \x1b[31m\u202e"


@pytest.mark.parametrize("form", FORMS)
def test_every_format_shows_both_and_lets_nothing_through(form: str) -> None:
    """Titles and authors are strangers' text: no markup, no escape of a terminal, no reordering."""
    one = msgspec.structs.replace(candidate(1, FIX), title=EVIL, author=EVIL)
    text = FORMATS[form](triage(one, candidate(2, FIX, author="ben")), Style())
    assert "#1" in text or '"number": 1' in text or "#\u20601" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    if form in {"html", "markdown"}:
        assert "<script>alert" not in text
        assert " [x](" not in text.replace("<script>", "") or form == "html"
    if form == "json":
        assert json.loads(text)["schema"] == "diffscope.triage/1"


def test_the_formats_of_the_command_are_those_of_the_product() -> None:
    assert tuple(FORMATS) == FORMS


def test_one_line_tells_what_a_change_collides_with() -> None:
    """For the comment on a pull request; nothing for one that is not named."""
    found = triage(
        candidate(1, {"vllm/pool.py": POOL.replace("size, name='a'", "size, *, depth")}),
        candidate(
            2, {"vllm/new.py": "from vllm.pool import make_pool\n\n\ndef start():\n    return make_pool(1)\n"}
        ),
    )
    assert line_about(found, 2).en == "Collides with open #1 at make_pool"
    assert (
        line_about(triage(candidate(1, FIX), candidate(2, FIX, author="ben")), 1).en == "Same work as open #2"
    )
    assert line_about(found, 9).en == ""
