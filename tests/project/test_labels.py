from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.project.answers import MergifyChange
from diffscope.project.labels import conditions_of, judge, labels_for, parse_condition, parse_mergify
from diffscope.project.matching import compile_guarded
from diffscope.project.model import Condition, ConditionGroup, Verdict
from diffscope.source.model import RepoPath
from tests.builders import text

PLACE = RepoPath(".github/mergify.yml")
YES, NO, UNKNOWN = Verdict.YES, Verdict.NO, Verdict.UNKNOWN


def _change(*paths: str, title: str = "[Bugfix] Fix ROCm attention", **known: object) -> MergifyChange:
    return MergifyChange(paths=tuple(map(RepoPath, paths)), title=title, **known)  # type: ignore[arg-type]


CONDITIONS = [
    pytest.param("files~=^docs/", YES, id="a regex is searched in every path"),
    pytest.param("files~=rocm", YES, id="a regex need not start at the start"),
    pytest.param("files~=^rocm", NO, id="unless it says so"),
    pytest.param("files=docs/a.md", YES, id="equality is of the whole path"),
    pytest.param("files=docs", NO, id="a folder is not a file"),
    pytest.param("files=^docs/", NO, id="a regex under = is a name with a caret"),
    pytest.param("-files~=^csrc/", YES, id="a minus turns a condition round"),
    pytest.param("-files~=^docs/", NO, id="a minus with a match fails"),
    pytest.param("files!=docs/a.md", NO, id="unequal means: no path is equal"),
    pytest.param("files!=x", YES, id="unequal to all of them"),
    pytest.param("files*=docs/*.md", YES, id="a glob"),
    pytest.param("#files=2", YES, id="a count"),
    pytest.param("#files > 2", NO, id="a count with spaces"),
    pytest.param("#files >= x", UNKNOWN, id="a count of no number"),
    pytest.param("title~=(?i)ROCM", YES, id="flags in a title regex"),
    pytest.param("title=[Bugfix] Fix ROCm attention", YES, id="a title as a whole"),
    pytest.param("title != x", YES, id="another title"),
    pytest.param('title="x"', NO, id="quotes around a value do not count"),
    pytest.param("label != stale", YES, id="labels that are not known count as none"),
    pytest.param("label=ready", NO, id="so does a label that is wanted"),
    pytest.param("-closed", YES, id="a change is taken to be open"),
    pytest.param("draft", NO, id="and no draft"),
    pytest.param("base=main", YES, id="against main"),
    pytest.param("author=me", UNKNOWN, id="an author that is not known"),
    pytest.param("check-failure=pre-commit", UNKNOWN, id="checks are never known"),
    pytest.param("-check-failure=pre-commit", UNKNOWN, id="nor is their opposite"),
    pytest.param("#approved-reviews-by >= 1", UNKNOWN, id="nor reviews"),
    pytest.param("files~=(?<!x)a", UNKNOWN, id="a regex that needs look-behind"),
    pytest.param("files~=[", UNKNOWN, id="a regex that is broken"),
    pytest.param("=x", UNKNOWN, id="what is no condition"),
    pytest.param("files~=^(?!docs/).*rocm", YES, id="look-ahead at the start is taken apart"),
    pytest.param("files~=^(?!vllm/).*rocm", NO, id="and holds what it says"),
]


@pytest.mark.parametrize(("condition", "verdict"), CONDITIONS)
def test_conditions(condition: str, verdict: Verdict) -> None:
    assert judge(parse_condition(condition, 1), _change("docs/a.md", "vllm/rocm.py")).verdict is verdict


PARSED = [
    pytest.param("files~=^docs/", ("files", "~=", "^docs/", False, False), id="no spaces"),
    pytest.param("label != stale", ("label", "!=", "stale", False, False), id="spaces around the operator"),
    pytest.param("-#files>=3", ("files", ">=", "3", True, True), id="minus and count"),
    pytest.param("check-failure == x", ("check-failure", "=", "x", False, False), id="two equal signs"),
    pytest.param("title:x", ("title", "=", "x", False, False), id="a colon"),
    pytest.param("commits[*].author=x", ("commits[*].author", "=", "x", False, False), id="an index"),
    pytest.param("-conflict", ("conflict", "", "", True, False), id="a bare attribute"),
    pytest.param("title~=a=b", ("title", "~=", "a=b", False, False), id="an equal sign in the value"),
]


@pytest.mark.parametrize(("written", "parts"), PARSED)
def test_condition_texts(written: str, parts: tuple[object, ...]) -> None:
    found = parse_condition(written, 7)
    assert (found.attribute, found.operator, found.value, found.is_negated, found.is_count) == parts
    assert (found.text, found.line, found.defect) == (written, 7, None)


def _group(kind: str, *verdicts: Verdict) -> ConditionGroup:
    texts = {YES: "files~=a", NO: "files~=zzz", UNKNOWN: "check-success=x"}
    items = tuple(parse_condition(texts[verdict], 1) for verdict in verdicts)
    return ConditionGroup(kind=kind, items=items, line=1)


@given(st.lists(st.sampled_from(list(Verdict)), max_size=4), st.sampled_from(["all", "any", "none"]))
def test_groups_follow_kleenes_logic(verdicts: list[Verdict], kind: str) -> None:
    """An oracle with numbers: no 0, unknown 1/2, yes 1; and is the least, or the greatest, not the rest to one."""
    worth = {NO: 0.0, UNKNOWN: 0.5, YES: 1.0}
    values = [worth[verdict] for verdict in verdicts]
    least = min(values, default=1.0)
    expected = {"all": least, "any": max(values, default=0.0), "none": 1.0 - least}[kind]
    assert worth[judge(_group(kind, *verdicts), _change("a")).verdict] == expected


RULES = """
pull_request_rules:
- name: label-rocm
  conditions:
    - label != stale
    - or:
      - files~=^csrc/rocm/
      - and:
        - title~=(?i)rocm
        - not:
          - files~=^docs/
  actions:
    label:
      add: [rocm]
- name: label-needs-rebase
  conditions: [conflict, -closed]
  actions: {label: {add: [needs-rebase]}}
- name: no-rocm
  conditions:
    - and:
      - -files~=rocm
      - -title~=(?i)rocm
  actions: {label: {remove: [rocm]}}
- name: failing
  conditions: [check-failure=pre-commit, "files~=."]
  actions: {label: {add: [broken]}, comment: {message: "x"}, assign: {users: [ada]}, update: {}}
"""


def test_rules_say_which_labels_come_and_go_and_why() -> None:
    """The verdict, the condition that decided with the first path it matched, and what was assumed or unknown."""
    mergify, problems = parse_mergify(text(RULES).encode(), PLACE)
    assert problems == ()
    effects = labels_for(mergify, _change("csrc/rocm/a.cu", "csrc/rocm/b.cu", title="x"))
    assert [(each.label, each.action, each.verdict, each.rule) for each in effects] == [
        ("broken", "add", UNKNOWN, "failing"),
        ("rocm", "add", YES, "label-rocm"),
    ]
    because = effects[1].because[0]
    assert (because.condition, because.line, because.subject, because.others) == (
        "files~=^csrc/rocm/",
        6,
        "csrc/rocm/a.cu",
        1,
    )
    assert effects[1].assumed == ("label != stale",)
    assert effects[0].unknown == ("check-failure=pre-commit",)


def test_known_labels_are_used_and_not_assumed() -> None:
    """A stale pull request gets no label; an open one with labels known assumes nothing."""
    mergify, _ = parse_mergify(text(RULES).encode(), PLACE)
    assert [each.label for each in labels_for(mergify, _change("csrc/rocm/a", labels=("stale",)))] == [
        "broken"
    ]
    assert labels_for(mergify, _change("csrc/rocm/a", labels=()))[1].assumed == ()


def test_a_removal_and_nested_groups() -> None:
    """Nothing of ROCm: the label goes. A title of ROCm with documentation: the inner not keeps it away."""
    mergify, _ = parse_mergify(text(RULES).encode(), PLACE)
    assert [(each.label, each.action) for each in labels_for(mergify, _change("a", title="x"))] == [
        ("broken", "add"),
        ("rocm", "remove"),
    ]
    assert [each.label for each in labels_for(mergify, _change("docs/a"))] == ["broken"]
    assert [each.label for each in labels_for(mergify, _change("a"))] == ["broken", "rocm"]


def test_actions_and_conditions_are_read_with_their_lines() -> None:
    """Labels and comments; conditions in the order of the file."""
    mergify, _ = parse_mergify(text(RULES).encode(), PLACE)
    rule = mergify.rules[3]
    assert (rule.adds, rule.comments, rule.line) == (
        ("broken",),
        True,
        23,
    )
    assert [(each.text, each.line) for each in conditions_of(mergify.rules[0].conditions)] == [
        ("label != stale", 4),
        ("files~=^csrc/rocm/", 6),
        ("title~=(?i)rocm", 8),
        ("files~=^docs/", 10),
    ]


BROKEN = [
    pytest.param("pull_request_rules: 3", "'pull_request_rules' is not a list", id="rules that are a number"),
    pytest.param("pull_request_rules: [3]", "an entry of 'pull_request_rules' is not a mapping", id="a rule that is a number"),
    pytest.param("pull_request_rules: [{name: a}]", "the rule 'a' has no list of conditions", id="no conditions"),
    pytest.param("pull_request_rules: [{name: a, conditions: [[x]]}]", "a condition is neither text nor and/or/not", id="a list as a condition"),
    pytest.param("pull_request_rules: [{name: a, conditions: [{xor: [a]}]}]", "'xor' is not a way to combine conditions (and, or, not)", id="an unknown group"),
    pytest.param("- 1", "the file is not a mapping", id="a list"),
    pytest.param("a: [", "not valid YAML: did not find expected node content while parsing a flow node", id="broken YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message"), BROKEN)
def test_what_is_broken_is_reported_and_the_rest_is_read(source: str, message: str) -> None:
    assert message in [problem.message for problem in parse_mergify(source.encode(), PLACE)[1]]


def test_conditions_nested_beyond_reason_are_cut() -> None:
    """A tower of or's ends at sixteen, with a word."""
    tower = "files~=a"
    for _ in range(25):
        tower = f"{{or: [{tower}]}}"
    _, problems = parse_mergify(f"pull_request_rules: [{{name: a, conditions: [{tower}]}}]".encode(), PLACE)
    assert any("nested more than" in problem.message for problem in problems)


GUARDED = [
    "^(?!.*kv_offload)(?!.*cpu_offload).*\\bcpu.*",
    "(?i)^(?!a)B",
    "^(?=.*x)(?!.*y).*z",
    "^(?!a|b)c*",
    "^(?!\\()\\(a",
    "^(?![()])a",
]


@pytest.mark.parametrize("pattern", GUARDED, ids=lambda each: f"the pattern {each}")
@given(
    subject=st.text("abcxyzABC()_/ kvoflpu", max_size=12)
    | st.sampled_from(["vllm/cpu.py", "a/kv_offload/cpu.py", "cpu_offload/cpu"])
)
def test_guards_at_the_start_mean_what_python_means(pattern: str, subject: str) -> None:
    """The oracle is Python's own engine, on ASCII, where both have the same classes."""
    assert compile_guarded(pattern).search(subject) is (re.search(pattern, subject) is not None)


@pytest.mark.parametrize(
    "pattern",
    ["a(?!b)", "^(?!a)*b", "^(?!a)|b", "^(?!a", "(?m)^(?!a)b(?=c)"],
    ids=lambda each: f"the pattern {each}",
)
def test_look_around_anywhere_else_is_refused(pattern: str) -> None:
    with pytest.raises(InputError):
        compile_guarded(pattern)


LITERALS = [
    pytest.param("^vllm/.*py", "vllm/", id="up to the first sign"),
    pytest.param(r"^\.buildkite/x", ".buildkite/x", id="escapes are taken off"),
    pytest.param("^ab*", "a", id="a repeated character may be absent"),
    pytest.param("^a|b", "", id="an alternative has no beginning"),
    pytest.param("(?i)^vllm/", "", id="nor has a pattern with flags"),
    pytest.param("vllm/", "", id="nor one that may lie anywhere"),
    pytest.param(r"^a\d", "a", id="a class is no character"),
]


@pytest.mark.parametrize(("pattern", "anchor"), LITERALS)
def test_the_beginning_that_every_match_has(pattern: str, anchor: str) -> None:
    assert compile_guarded(pattern).anchor == anchor


def test_a_condition_is_a_value() -> None:
    """It can be kept, compared and written."""
    assert parse_condition("a=b", 1) == Condition(text="a=b", line=1, attribute="a", operator="=", value="b")
