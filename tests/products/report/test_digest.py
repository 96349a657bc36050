"""Digests: every figure from the assessments it names, whatever their order; empty and small windows."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.products.report.counts import trend_point
from diffscope.products.report.digest import build_digest, trim_for_digest
from diffscope.products.report.model import Digest
from diffscope.rules.model import Severity
from tests.digests import WEEK, WEEK_BEFORE, a_pull, flag, looked_at

PULLS = (
    a_pull(11, author="Ada L", importance=6.0, flags=(flag("CP101", "core-path", Severity.HIGH),), level=RiskLevel.HIGH),
    a_pull(12, author="ada", login="ada", importance=8.0, flags=(flag("CP102", "core-path"), flag("TC201", "missing-tests"))),
    a_pull(13, author="Ben", importance=3.0, flags=(flag("CP101", "core-path", Severity.LOW),)),
    a_pull(14, author="Cy", importance=1.0, kind="revert", title='Revert "[Core] Change something (#11)"'),
)  # fmt: skip


def digest(assessments: tuple[Assessment, ...], **options: object) -> Digest:
    return build_digest(assessments, repository="vllm-project/vllm", period=WEEK, **options)


def test_a_family_counts_what_is_medium_or_worse_and_names_the_rest() -> None:
    """Low flags stand as minor; items come worst first, then by importance."""
    (core, missing) = digest(PULLS).risk.families
    assert (core.family, core.count, core.pulls, core.minor) == ("core-path", 2, (11, 12), (13,))
    assert [(item.number, item.severity) for item in core.items] == [
        (11, Severity.HIGH),
        (12, Severity.MEDIUM),
        (13, Severity.LOW),
    ]
    assert (missing.family, missing.pulls) == ("missing-tests", (12,))


def test_names_that_share_a_login_are_one_author() -> None:
    """The login of one name, told from outside, joins it to the other; ties go by name."""
    found = digest(PULLS, logins={"Ada L": "Ada"}).authors
    assert [(author.name, author.login, author.pulls) for author in found] == [
        ("Ada L", "Ada", (11, 12)),
        ("Ben", None, (13,)),
        ("Cy", None, (14,)),
    ]


def test_a_revert_tells_what_the_reverted_one_was_flagged_with() -> None:
    """The title names it; it is in the window, so its codes are there."""
    (revert,) = digest(PULLS).reverts
    assert (revert.number, revert.reverts, revert.flagged) == (14, 11, ("CP101",))


def test_a_revert_of_something_outside_says_so_by_silence() -> None:
    """`flagged` is absent, not empty: nothing is known of it."""
    (revert,) = digest(PULLS[1:]).reverts
    assert revert.reverts == 11
    assert revert.flagged is msgspec.UNSET


def test_an_empty_window_is_zeros_and_empty_lists() -> None:
    """No figure is made up, and no division by nothing."""
    empty = digest(())
    assert (empty.source_pulls, empty.mean_importance, empty.risk.families, empty.highlights) == (
        0,
        0.0,
        (),
        (),
    )
    assert empty.area_map == ()


def test_one_pull_request_is_a_window() -> None:
    """Counts of one; its own highlight; no theme of one."""
    single = digest(PULLS[:1])
    assert (single.source_pulls, single.mean_importance, single.highlights) == (1, 6.0, (11,))
    assert single.themes == ()


def test_counts_are_compared_with_the_window_before() -> None:
    """`before` is the count there; without one it is absent, not 0."""
    assert digest(PULLS).risk.families[0].before is msgspec.UNSET
    compared = digest(
        PULLS, before=(a_pull(1, flags=(flag("CP101", "core-path"),)),), compared_with=WEEK_BEFORE
    )
    assert [(family.family, family.before) for family in compared.risk.families] == [
        ("core-path", 1),
        ("missing-tests", 0),
    ]


def test_the_window_compared_gives_its_size() -> None:
    """Counts of windows of different size do not compare: shares do, for which the whole is told."""
    assert digest(PULLS).compared is msgspec.UNSET
    compared = digest(PULLS, before=PULLS[:2], compared_with=WEEK_BEFORE).compared
    assert compared == trend_point(WEEK_BEFORE, PULLS[:2])
    assert compared.source_pulls == 2


def test_a_pull_request_names_its_files_the_largest_change_first() -> None:
    """At most forty of them; how many there are is told apart."""
    (file, *_) = PULLS[0].files
    sizes = {f"vllm/{number:02}.py": number for number in range(50)}
    files = tuple(
        msgspec.structs.replace(file, path=path, additions=size, deletions=0) for path, size in sizes.items()
    )
    (pull,) = digest((a_pull(1, files=files),)).pulls
    assert (pull.paths[:2], len(pull.paths)) == (("vllm/49.py", "vllm/48.py"), 40)


def test_what_lacked_tests_stays_open_until_something_follows() -> None:
    """A later change of a nearest test closes it; a test of something else does not."""
    lacking = (flag("TC201", "missing-tests"),)
    before = (
        a_pull(1, flags=lacking, tests=looked_at(nearest=("tests/a.py",)), files=()),
        a_pull(2, flags=lacking, tests=looked_at(nearest=("tests/b.py",)), files=()),
        a_pull(3, flags=(flag("CP101", "core-path"),), tests=looked_at(), files=()),
    )
    now = (a_pull(4, tests=looked_at(changed=("tests/a.py",)), files=()),)
    compared = digest(now, before=before, compared_with=WEEK_BEFORE)
    assert [item.number for item in compared.risk.still_open] == [2]
    assert digest(now).risk.still_open is msgspec.UNSET


def test_areas_hold_the_lines_changed_in_their_files() -> None:
    """Churn is by file, not by share of the pull request; risk is the pull request's."""
    areas = {area.area: area for area in digest(PULLS[:2]).area_map}
    assert sum(area.churn for area in areas.values()) == sum(
        file.additions + file.deletions for one in PULLS[:2] for file in one.files
    )
    assert areas["attention"].high == (11,)


def test_a_trend_point_counts_as_the_digest_does() -> None:
    """The same window gives the same figures in both."""
    point, whole = trend_point(WEEK, PULLS), digest(PULLS)
    assert (point.source_pulls, point.mean_importance) == (whole.source_pulls, whole.mean_importance)
    assert [(one.name, one.count) for one in point.risks] == [
        (one.name, one.count) for one in whole.top_risks
    ]
    assert {one.name: one.count for one in point.levels} == {one.name: one.count for one in whole.risk.levels}


@given(st.permutations(PULLS))
def test_order_of_assessments_does_not_matter(shuffled: list[Assessment]) -> None:
    """Same input, same bytes."""
    assert msgspec.json.encode(digest(tuple(shuffled))) == msgspec.json.encode(digest(PULLS))


def test_a_slim_assessment_gives_the_same_digest() -> None:
    """What is dropped to save memory is nothing that a digest looks at."""
    whole = digest(PULLS, before=PULLS, compared_with=WEEK_BEFORE)
    thin = digest(
        tuple(map(trim_for_digest, PULLS)),
        before=tuple(map(trim_for_digest, PULLS)),
        compared_with=WEEK_BEFORE,
    )
    assert msgspec.json.encode(thin) == msgspec.json.encode(whole)
