"""Hostile rule and case files: reported, never a traceback, never a hang."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffscope.facts.vocabulary import families
from diffscope.rules.authoring.cases import read_cases
from diffscope.rules.language.conditions import Operator
from diffscope.rules.language.load import check_catalogue
from tests.examples import examples
from tests.rule_builders import CHINESE, RULE, rule_text, told

PATH = "rules/XX101-test-rule/rule.yml"


def check(text: str) -> list[str]:
    names = ("lists", "predicates", "words", "areas")
    files = {PATH: text, PATH.replace("rule.yml", "zh.yml"): text} | {
        f"rules/{name}.yml": text for name in names
    }
    found = [told(each) for each in check_catalogue(files)[1]]
    read_cases(text, at="cases.yml")
    return found


NESTED = "{not: " * 5000 + "{symbol: {}}" + "}" * 5000
HUGE = "[" + ", ".join(f'"w{number}"' for number in range(10_000)) + "]"
HOSTILE = [
    pytest.param(rule_text(when=NESTED), id="conditions nested deep"),
    pytest.param(rule_text(when="{symbol: " + "{not: " * 5000 + "{}" + "}" * 5000 + "}"), id="wheres nested deep"),
    pytest.param(rule_text(when="{symbol: {kind: " + HUGE + "}}"), id="a list of ten thousand wrong words"),
    pytest.param("a: " + "[" * 100_000, id="brackets without end"),
    pytest.param("x" * 2_000_000, id="two megabytes"),
    pytest.param("\0\1\2", id="control characters"),
    pytest.param("\ud800", id="a lone surrogate"),
    pytest.param("a: &a [*a]", id="an alias to itself"),
    pytest.param("? [a]\n: b", id="a list as key"),
    pytest.param("--- a\n--- b", id="two documents"),
    pytest.param("!!python/object/apply:os.system ['true']", id="a tag that would run a command"),
    pytest.param(rule_text(when='{symbol: {path: {matches: "(a+)+$"}}}', family="core"), id="a regex that would explode elsewhere"),
    pytest.param(rule_text(when='{symbol: {path: {like: "' + "{a,b}" * 900 + '"}}}'), id="a glob of many alternatives"),
    pytest.param(rule_text(when='{symbol: {path: {like: "' + "{" * 100 + '"}}}'), id="a glob of open braces"),
    pytest.param(rule_text(says='"' + "[[" * 20_000 + "{" * 20_000 + '"'), id="a message of brackets"),
    pytest.param(rule_text(title='{"' + "a-" * 50_000 + '": 1}'), id="a key without end"),
    pytest.param("\n".join(f"key{number}: {{}}" for number in range(2_000)), id="two thousand unknown keys"),
    pytest.param(rule_text(severity='"' + "high" * 5000 + '"'), id="a word without end"),
    pytest.param(rule_text(severity="[" + "{high: {symbol: {}}}, " * 2000 + "{}]"), id="thousands of steps"),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_file_is_refused_in_time(text: str) -> None:
    start = time.process_time()
    found = check(text)
    assert 0 < len(found) <= 505
    assert time.process_time() - start < 5
    assert all(len(line) < 1200 for line in found)


WORDS = st.sampled_from(
    [
        "all", "any", "none", "not", "count", "sum", "where", "of", "distinct", "$name", "$code", "field", "same_path", "same_symbol",
        "evidence", "fact", "worst_by", "high", "is", "since", "when", *(operator.value for operator in Operator), *families(),
        "logic", "path", "kind", "distance", "users", "aspects", "code_added", "symbol", "module",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    WORDS,
    st.integers(-3, 9).map(str),
    st.sampled_from(["true", "null", '""', "1.5", '"vllm/**"', '"("', "[]", "{}"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(WORDS, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [line.partition(":")[0] for line in RULE.splitlines()] + ["when", "worst_by", "limits"]
)


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=3))
def test_any_tree_in_place_of_any_key_is_read_or_refused(changed: dict[str, str]) -> None:
    """Whatever stands where, the rule loads or its mistakes are told; nothing else happens."""
    chinese = PATH.replace("rule.yml", "zh.yml")
    catalogue, mistakes = check_catalogue({PATH: rule_text(**changed), chinese: CHINESE})
    assert bool(catalogue.rules) is not bool(mistakes)


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(
        ["facts", "findings", "before", "tree", "recorded", "severity", "unknown", "todo", "labels", "title"]
    ),
    TREES,
)
def test_any_tree_in_a_case_is_read_or_refused(key: str, tree: str) -> None:
    """The same for cases."""
    read_cases(
        f"a_case: {{{key}: {tree}, findings: []}}"
        if key != "findings"
        else f"a_case: {{facts: {{}}, findings: {tree}}}",
        at="cases.yml",
    )
