"""Each operator, on what it fits: known, null and unknown values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.rules.engine.matching import Context, Truth, compile_matcher, matches_like
from tests.rule_builders import facts, where

SYMBOL = """
    symbol:
      - path: vllm/v1/engine/core.py
        line: 12
        symbol: EngineCore.step
        kind: method
        area: engine
        aspects: [body, signature]
        logic: true
        code_added: 7
        code_removed: 7
        distance: 2
        users: ["vllm/a.py:3", "tests/b.py:9"]
        moved_from: null
"""


def truth(family: str, condition: str, text: str) -> Truth:
    given_facts = facts(text)
    context = Context(given_facts)
    return compile_matcher(where(family, condition, code=("function", "method")))(
        context.records(family)[0], context
    )


HOLDS = [
    pytest.param("{kind: method}", True, id="a bare word is equality"),
    pytest.param("{kind: function}", False, id="another word"),
    pytest.param("{kind: {not: function}}", True, id="not, another word"),
    pytest.param("{logic: true}", True, id="true is true"),
    pytest.param("{logic: {not: true}}", False, id="not true"),
    pytest.param("{kind: [function, method]}", True, id="one of a list"),
    pytest.param("{kind: {not: [function, method]}}", False, id="not in a list"),
    pytest.param("{distance: [1, 2]}", True, id="one of a list of numbers"),
    pytest.param("{code_added: {at_least: 7}}", True, id="at_least, equal"),
    pytest.param("{code_added: {at_least: 8}}", False, id="one more than it is"),
    pytest.param("{code_added: {at_most: 7}}", True, id="at_most, equal"),
    pytest.param("{code_added: {at_most: 6}}", False, id="one less than it is"),
    pytest.param("{code_added: {at_least: 5, at_most: 6}}", False, id="several operators all hold"),
    pytest.param("{users: {at_least: 2}}", True, id="a list counts by its elements"),
    pytest.param("{users: {at_least: 3}}", False, id="a list with too few elements"),
    pytest.param('{path: {like: "vllm/v1/**"}}', True, id="like, of a path, is a glob"),
    pytest.param('{path: {like: ["csrc/**", "vllm/*"]}}', False, id="a star does not cross a slash"),
    pytest.param('{symbol: {like: "*.step"}}', True, id="like with a star"),
    pytest.param('{symbol: {like: [Engine, "*.stop"]}}', False, id="like matches whole texts"),
    pytest.param('{symbol: {matches: "^Engine.+step$"}}', True, id="matches"),
    pytest.param("{symbol: {matches: core}}", False, id="matches nothing"),
    pytest.param("{aspects: body}", True, id="a list has a word"),
    pytest.param("{aspects: [added, body]}", True, id="a list has one of several words"),
    pytest.param("{aspects: [added, removed]}", False, id="a list has none of several words"),
    pytest.param("{aspects: {not: [added, removed]}}", True, id="a list without several words"),
    pytest.param(
        "{aspects: {not: [added, body]}}", False, id="a list with one of the words that it must not have"
    ),
    pytest.param("{moved_from: null}", True, id="null is null"),
    pytest.param("{moved_from: {not: null}}", False, id="not null"),
    pytest.param("{moved_from: [a, null]}", True, id="null among words"),
    pytest.param("{kind: {in: [function, method], not: function}}", True, id="in and not together"),
    pytest.param("{kind: $code}", True, id="a named list"),
    pytest.param("{kind: {not: [$code, class]}}", False, id="a named list among words"),
    pytest.param('{symbol: {not: {like: "*.step"}}}', False, id="not of another operator"),
    pytest.param('{users: {like: "tests/*"}}', True, id="like, some element of a list"),
    pytest.param('{users: {not: {like: "docs/*"}}}', True, id="no element of a list"),
    pytest.param("[{kind: method}, {logic: true}]", True, id="a list of conditions is all of them"),
    pytest.param("{moved_from: {not: a}}", True, id="null differs from every word"),
    pytest.param('{moved_from: {like: "*"}}', False, id="null matches no pattern"),
    pytest.param('{moved_from: {matches: ".*"}}', False, id="null holds no expression"),
    pytest.param("{fan_in: {at_least: 3}}", None, id="an unknown number"),
    pytest.param("{test_distance: null}", None, id="an unknown field is not null"),
    pytest.param("{overrides: x}", None, id="an unknown list"),
    pytest.param("{code_added: {field: code_removed}}", True, id="another field is the same"),
    pytest.param("{code_added: {not: {field: code_removed}}}", False, id="another field is not the other"),
    pytest.param("{code_added: {field: fan_in}}", None, id="equality with an unknown field"),
    pytest.param("{logic: true, kind: class}", False, id="all lines hold"),
    pytest.param("{kind: class, fan_in: {at_least: 3}}", False, id="false decides over unknown"),
    pytest.param("{kind: method, fan_in: {at_least: 3}}", None, id="true leaves unknown"),
    pytest.param("{any: [{kind: class}, {logic: true}]}", True, id="any"),
    pytest.param("{any: [{fan_in: 3}, {logic: true}]}", True, id="any, true decides over unknown"),
    pytest.param("{any: [{fan_in: 3}, {logic: false}]}", None, id="any, false leaves unknown"),
    pytest.param("{all: [{kind: method}, {logic: true}]}", True, id="all"),
    pytest.param("{not: {kind: method}}", False, id="not"),
    pytest.param("{not: {fan_in: 3}}", None, id="not of unknown"),
    pytest.param("{}", True, id="nothing asked"),
]


@pytest.mark.parametrize(("condition", "expected"), HOLDS)
def test_condition_on_a_symbol(condition: str, expected: Truth) -> None:
    assert truth("symbol", condition, SYMBOL) is expected


@pytest.mark.parametrize("operator", ["at_least", "at_most"])
def test_null_is_no_number(operator: str) -> None:
    """A module that the serving path does not reach is neither near nor far."""
    assert (
        truth("module", f"{{distance: {{{operator}: 2}}}}", "module: [{path: a.py, distance: null}]") is False
    )


RENAMED = "file: [{path: new/a.py, old_path: vllm/a.py, status: renamed}]\nsymbol: [{path: new/a.py}]"


@pytest.mark.parametrize("glob", ["vllm/**", "new/**"])
def test_glob_matches_both_names_of_a_rename(glob: str) -> None:
    """A file that leaves a watched folder is still that folder's business, in whatever family."""
    assert truth("file", f'{{path: {{like: "{glob}"}}}}', RENAMED) is True
    assert truth("symbol", f'{{path: {{like: "{glob}"}}}}', RENAMED) is True


JOINED = """
    symbol:
      - {path: a.py, symbol: f, module: a}
      - {path: a.py, symbol: g, module: a}
    call:
      - {path: a.py, symbol: g, module: a, role: lock}
    unknown: [{family: write, reason: "too large", path: a.py}, {family: guard, reason: "too large", path: b.py}]
"""
JOINS = [
    pytest.param("{same_path: {call: {}}}", True, id="a call in the file"),
    pytest.param("{same_symbol: {call: {}}}", False, id="no call in the symbol"),
    pytest.param("{not: {same_symbol: {call: {}}}}", True, id="none of a symbol"),
    pytest.param("{same_module: {call: {role: lock}}}", True, id="a call of that role in the module"),
    pytest.param("{same_module: {call: {role: thread}}}", False, id="no call of that role"),
    pytest.param("{same_path: {write: {}}}", None, id="records that could not be computed"),
    pytest.param("{not: {same_symbol: {write: {}}}}", None, id="none of what could not be computed"),
    pytest.param("{same_path: {guard: {}}}", False, id="what could not be computed elsewhere"),
    pytest.param("{same_path: {symbol: {symbol: g, same_symbol: {call: {}}}}}", True, id="a join in a join"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expected"), JOINS)
def test_join_with_another_family(condition: str, expected: Truth) -> None:
    assert truth("symbol", condition, JOINED) is expected


def test_places_without_a_module_do_not_meet() -> None:
    """Two files that are no modules are not in the same module."""
    text = "symbol: [{path: a.cu, module: null}]\ncall: [{path: b.cu, module: null}]"
    assert truth("symbol", "{same_module: {call: {}}}", text) is False


LIKES = [
    ("torch.cuda.synchronize", "*.synchronize", True),
    ("synchronize", "*.synchronize", False),
    ("torch.cuda.synchronize", "torch.*", True),
    ("torch.cuda.synchronize", "torch*nize", True),
    ("torch.cuda.synchronize", "*cuda*", True),
    ("torch", "torch", True),
    ("torch", "tor", False),
    ("aba", "ab*ba", False),
    ("", "*", True),
    ("", "", True),
    ("a", "", False),
]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"), LIKES, ids=[f"{text!r} like {pattern!r}" for text, pattern, _ in LIKES]
)
def test_like(text: str, pattern: str, *, expected: bool) -> None:
    assert matches_like(pattern, text) is expected


@given(st.text("ab", max_size=12), st.text("ab*", max_size=6))
def test_like_agrees_with_a_regular_expression(text: str, pattern: str) -> None:
    """Oracle: the same pattern as a regular expression."""
    oracle = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    assert matches_like(pattern, text) is (oracle.fullmatch(text) is not None)


def test_hostile_pattern_takes_no_time() -> None:
    """Many stars over a long text do not explode."""
    assert matches_like("*a" * 500 + "b", "a" * 20_000) is False
