"""Each operator, on what it fits: known, null and unknown values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.rules.engine.context import Context, Truth
from diffscope.rules.engine.matching import compile_matcher, matches_like
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
    return compile_matcher(where(family, condition))(context.records(family)[0], context)


HOLDS = [
    pytest.param("{kind: method}", True, id="a bare word is equality"),
    pytest.param("{kind: {is: function}}", False, id="is, another word"),
    pytest.param("{kind: {is_not: function}}", True, id="is_not, another word"),
    pytest.param("{logic: true}", True, id="true is true"),
    pytest.param("{logic: {is_not: true}}", False, id="is_not true"),
    pytest.param("{kind: {in: [function, method]}}", True, id="in"),
    pytest.param("{kind: {not_in: [function, method]}}", False, id="not_in"),
    pytest.param("{distance: {in: [1, 2]}}", True, id="in, of numbers"),
    pytest.param("{code_added: {at_least: 7}}", True, id="at_least, equal"),
    pytest.param("{code_added: {more_than: 7}}", False, id="more_than, equal"),
    pytest.param("{code_added: {at_most: 7}}", True, id="at_most, equal"),
    pytest.param("{code_added: {less_than: 7}}", False, id="less_than, equal"),
    pytest.param("{code_added: {at_least: 5, at_most: 6}}", False, id="several operators all hold"),
    pytest.param("{users: {at_least: 2}}", True, id="a list counts by its elements"),
    pytest.param("{users: {more_than: 2}}", False, id="a list with too few elements"),
    pytest.param('{path: {glob: "vllm/v1/**"}}', True, id="glob over a path"),
    pytest.param('{path: {glob: ["csrc/**", "vllm/*"]}}', False, id="a star does not cross a slash"),
    pytest.param('{users: {glob: "tests/**"}}', True, id="glob, some element of a list"),
    pytest.param('{symbol: {like: "*.step"}}', True, id="like with a star"),
    pytest.param('{symbol: {like: ["Engine", "*.stop"]}}', False, id="like matches whole texts"),
    pytest.param('{symbol: {regex: "^Engine.+step$"}}', True, id="regex"),
    pytest.param('{symbol: {regex: "core"}}', False, id="regex that is not found"),
    pytest.param("{aspects: {has: body}}", True, id="has"),
    pytest.param("{aspects: {has_any: [added, body]}}", True, id="has_any"),
    pytest.param("{aspects: {has_any: [added, removed]}}", False, id="has_any of others"),
    pytest.param("{aspects: {has_all: [body, signature]}}", True, id="has_all"),
    pytest.param("{aspects: {has_all: [body, added]}}", False, id="has_all with one missing"),
    pytest.param("{aspects: {has_none: [added, removed]}}", True, id="has_none"),
    pytest.param("{aspects: {has_none: [added, body]}}", False, id="has_none with one there"),
    pytest.param("{moved_from: null}", True, id="null is null"),
    pytest.param("{moved_from: {is_null: true}}", True, id="is_null"),
    pytest.param("{moved_from: {is_null: false}}", False, id="is_null false"),
    pytest.param('{moved_from: {is_not: "a"}}', True, id="null differs from every word"),
    pytest.param('{moved_from: {not_in: ["a"]}}', True, id="null is in no list"),
    pytest.param('{moved_from: {like: "*"}}', False, id="null matches no pattern"),
    pytest.param('{moved_from: {regex: ".*"}}', False, id="null holds no expression"),
    pytest.param("{distance: {is_known: true}}", True, id="is_known of what is known"),
    pytest.param("{fan_in: {is_known: false}}", True, id="is_known false of what is not known"),
    pytest.param("{fan_in: {is_known: true}}", False, id="is_known of what is not known"),
    pytest.param("{fan_in: {at_least: 3}}", None, id="an unknown number"),
    pytest.param("{test_distance: null}", None, id="an unknown field is not null"),
    pytest.param("{overrides: {has: x}}", None, id="an unknown list"),
    pytest.param("{code_added: {equals_field: code_removed}}", True, id="equals_field"),
    pytest.param("{code_added: {differs_from: code_removed}}", False, id="differs_from"),
    pytest.param("{code_added: {equals_field: fan_in}}", None, id="equality with an unknown field"),
    pytest.param("{logic: true, kind: class}", False, id="all lines hold"),
    pytest.param("{kind: class, fan_in: {at_least: 3}}", False, id="false decides over unknown"),
    pytest.param("{kind: method, fan_in: {at_least: 3}}", None, id="true leaves unknown"),
    pytest.param("{any_of: [{kind: class}, {logic: true}]}", True, id="any_of"),
    pytest.param("{any_of: [{fan_in: 3}, {logic: true}]}", True, id="any_of, true decides over unknown"),
    pytest.param("{any_of: [{fan_in: 3}, {logic: false}]}", None, id="any_of, false leaves unknown"),
    pytest.param("{all_of: [{kind: method}, {logic: true}]}", True, id="all_of"),
    pytest.param("{not: {kind: method}}", False, id="not"),
    pytest.param("{not: {fan_in: 3}}", None, id="not of unknown"),
    pytest.param("{}", True, id="nothing asked"),
]


@pytest.mark.parametrize(("condition", "expected"), HOLDS)
def test_condition_on_a_symbol(condition: str, expected: Truth) -> None:
    assert truth("symbol", condition, SYMBOL) is expected


@pytest.mark.parametrize("operator", ["at_least", "at_most", "more_than", "less_than"])
def test_null_is_no_number(operator: str) -> None:
    """A module that the serving path does not reach is neither near nor far."""
    assert (
        truth("module", f"{{distance: {{{operator}: 2}}}}", "module: [{path: a.py, distance: null}]") is False
    )


RENAMED = "file: [{path: new/a.py, old_path: vllm/a.py, status: renamed}]\nsymbol: [{path: new/a.py}]"


@pytest.mark.parametrize("glob", ["vllm/**", "new/**"])
def test_glob_matches_both_names_of_a_rename(glob: str) -> None:
    """A file that leaves a watched folder is still that folder's business, in whatever family."""
    assert truth("file", f'{{path: {{glob: "{glob}"}}}}', RENAMED) is True
    assert truth("symbol", f'{{path: {{glob: "{glob}"}}}}', RENAMED) is True


JOINED = """
    symbol:
      - {path: a.py, symbol: f, module: a}
      - {path: a.py, symbol: g, module: a}
    call:
      - {path: a.py, symbol: g, module: a, role: lock}
    unknown: [{family: write, reason: "too large", path: a.py}, {family: guard, reason: "too large", path: b.py}]
"""
JOINS = [
    pytest.param("{joined: {any: call, same: path}}", True, id="a call in the file"),
    pytest.param("{joined: {any: call, same: symbol}}", False, id="no call in the symbol"),
    pytest.param("{joined: {none: call, same: symbol}}", True, id="none of a symbol"),
    pytest.param(
        "{joined: {any: call, same: module, where: {role: lock}}}",
        True,
        id="a call of that role in the module",
    ),
    pytest.param(
        "{joined: {any: call, same: module, where: {role: thread}}}", False, id="no call of that role"
    ),
    pytest.param("{joined: {any: write, same: path}}", None, id="records that could not be computed"),
    pytest.param("{joined: {none: write, same: symbol}}", None, id="none of what could not be computed"),
    pytest.param("{joined: {any: guard, same: path}}", False, id="what could not be computed elsewhere"),
    pytest.param(
        "{joined: {any: symbol, same: path, where: {symbol: g, joined: {any: call, same: symbol}}}}",
        True,
        id="a join in a join",
    ),
]


@pytest.mark.parametrize(("condition", "expected"), JOINS)
def test_join_with_another_family(condition: str, expected: Truth) -> None:
    assert truth("symbol", condition, JOINED) is expected


def test_places_without_a_module_do_not_meet() -> None:
    """Two files that are no modules are not in the same module."""
    text = "symbol: [{path: a.cu, module: null}]\ncall: [{path: b.cu, module: null}]"
    assert truth("symbol", "{joined: {any: call, same: module}}", text) is False


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
