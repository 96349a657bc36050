"""What is decided about comments, labels and check runs, without anybody to speak to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.adapters.github.posting import (
    CheckAnnotation,
    CommentAction,
    CommentPlan,
    LabelPlan,
    batches,
    plan_comment,
    plan_labels,
    wanted_labels,
)
from diffscope.adapters.github.responses import Comment, User

ME = "github-actions[bot]"
MARKERS = ("<!-- mark -->", "<!-- end of mark -->")
BODY = "<!-- mark -->\nhigh\n<!-- end of mark -->\n"


def comment(number: int, body: str | None, login: str | None = ME) -> Comment:
    return Comment(id=number, body=body, user=User(login=login) if login else None)


OLD = comment(5, "<!-- mark -->\nlow")
COMMENTS = [
    pytest.param([], True, CommentPlan(action=CommentAction.CREATE), id="none stands: create"),
    pytest.param(
        [], False, CommentPlan(action=CommentAction.NONE), id="none stands and nothing to say: none"
    ),
    pytest.param(
        [comment(1, "hello")],
        True,
        CommentPlan(action=CommentAction.CREATE),
        id="an unmarked one of our own is not ours",
    ),
    pytest.param(
        [comment(1, BODY, "mallory")],
        True,
        CommentPlan(action=CommentAction.CREATE),
        id="a marker that somebody else wrote",
    ),
    pytest.param(
        [comment(1, BODY, None)],
        True,
        CommentPlan(action=CommentAction.CREATE),
        id="a marker of a deleted account",
    ),
    pytest.param([OLD], True, CommentPlan(action=CommentAction.UPDATE, target=5), id="an old text: update"),
    pytest.param(
        [OLD],
        False,
        CommentPlan(action=CommentAction.UPDATE, target=5),
        id="nothing to say any more: update all the same",
    ),
    pytest.param(
        [comment(5, BODY)], True, CommentPlan(action=CommentAction.KEEP, target=5), id="the same text: keep"
    ),
    pytest.param(
        [comment(5, BODY.replace("\n", "\r\n").rstrip())],
        True,
        CommentPlan(action=CommentAction.KEEP, target=5),
        id="as a browser saves it: keep",
    ),
    pytest.param(
        [comment(5, "edited\n<!-- end of mark -->")],
        True,
        CommentPlan(action=CommentAction.UPDATE, target=5),
        id="edited, one marker left: update",
    ),
    pytest.param(
        [comment(5, None)], True, CommentPlan(action=CommentAction.CREATE), id="a comment without a body"
    ),
    pytest.param(
        [comment(9, BODY), comment(7, BODY), comment(8, "<!-- mark -->")],
        True,
        CommentPlan(action=CommentAction.KEEP, target=7, surplus=(8, 9)),
        id="several: the oldest stays",
    ),
]


@pytest.mark.parametrize(("comments", "may_create", "expected"), COMMENTS)
def test_comment(comments: list[Comment], may_create: bool, expected: CommentPlan) -> None:
    assert plan_comment(comments, login=ME, markers=MARKERS, body=BODY, may_create=may_create) == expected


LABELS = [
    pytest.param([], ["diffscope:high"], [], LabelPlan(add=("diffscope:high",), remove=()), id="a new one"),
    pytest.param(
        ["diffscope:low", "v1"],
        ["diffscope:high"],
        [],
        LabelPlan(add=("diffscope:high",), remove=("diffscope:low",)),
        id="another level",
    ),
    pytest.param(["v1", "rocm"], [], [], LabelPlan(add=(), remove=()), id="other people's stay"),
    pytest.param(["rocm", "v1"], [], ["rocm"], LabelPlan(add=(), remove=("rocm",)), id="a mapped one goes"),
    pytest.param(["ROCm"], ["rocm"], ["rocm"], LabelPlan(add=(), remove=()), id="case does not matter"),
    pytest.param(
        ["Diffscope:Low"], [], [], LabelPlan(add=(), remove=("Diffscope:Low",)), id="nor for the prefix"
    ),
]


@pytest.mark.parametrize(("present", "wanted", "mapped", "expected"), LABELS)
def test_labels(present: list[str], wanted: list[str], mapped: list[str], expected: LabelPlan) -> None:
    assert plan_labels(present, wanted=wanted, prefix="diffscope:", mapped=mapped) == expected


def test_without_a_prefix_nothing_is_ours_but_what_is_mapped() -> None:
    assert plan_labels(["a", "b"], wanted=[], prefix="", mapped=["b"]) == LabelPlan(add=(), remove=("b",))


NAMES = st.lists(
    st.sampled_from(["v1", "V1", "rocm", "diffscope:high", "diffscope:low", "ready"]), unique=True
)


@given(present=NAMES, wanted=NAMES)
def test_labels_of_others_are_never_touched_and_a_second_plan_is_empty(
    present: list[str], wanted: list[str]
) -> None:
    plan = plan_labels(present, wanted=wanted, prefix="diffscope:", mapped=["rocm"])
    assert all(name.startswith("diffscope:") or name == "rocm" for name in plan.remove)
    after = [name for name in present if name not in plan.remove] + list(plan.add)
    assert plan_labels(after, wanted=wanted, prefix="diffscope:", mapped=["rocm"]) == LabelPlan(
        add=(), remove=()
    )


EARNED = [
    pytest.param({"level": ["high"]}, {}, ("diffscope:high",), id="the level by prefix"),
    pytest.param({"level": ["none"]}, {}, (), id="no level, no label"),
    pytest.param({"level": ["high"]}, {"level:high": "risky"}, ("risky",), id="the level as mapped"),
    pytest.param(
        {"level": ["low"], "platform": ["rocm", "cuda"]},
        {"platform:rocm": "rocm"},
        ("diffscope:low", "rocm"),
        id="a platform as mapped",
    ),
]


@pytest.mark.parametrize(("facts", "mapping", "expected"), EARNED)
def test_earned_labels(
    facts: dict[str, list[str]], mapping: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert wanted_labels(facts, prefix="diffscope:", mapping=mapping) == expected


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])]
)
def test_batches(count: int, sizes: list[int]) -> None:
    one = CheckAnnotation(
        path="a", start_line=1, end_line=1, annotation_level="notice", title="t", message="m"
    )
    assert [len(part) for part in batches([one] * count)] == sizes
