"""Quantifiers over a whole change: what known records decide, and what uncomputed ones leave open."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.rules.engine.matching import Context, Truth, negated
from diffscope.rules.engine.quantify import all_of, any_of, compile_judge
from tests.rule_builders import expression, facts

THREE = (True, False, None)

FACTS = """
    change: {kind: bugfix, code_added: 12}
    file:
      - {path: vllm/a.py, area: engine, category: source, logic: true}
      - {path: tests/t.py, area: tests, category: test}
    symbol:
      - {path: vllm/a.py, symbol: f, area: engine, logic: true, code_added: 5, platforms: [rocm, cuda]}
      - {path: vllm/a.py, symbol: g, area: engine, logic: true, code_added: 3, fan_in: 4, platforms: [rocm]}
      - {path: vllm/b.py, symbol: h, area: worker, logic: false, code_added: 9, fan_in: 1}
"""


def judge(text: str, given_facts: str = FACTS) -> Truth:
    return compile_judge(expression(text))(Context(facts(given_facts)))


KNOWN = [
    pytest.param("{symbol: {logic: true}}", True, id="any"),
    pytest.param("{symbol: {area: moe}}", False, id="any of none"),
    pytest.param("{call: {}}", False, id="any of an empty family"),
    pytest.param("{not: {call: {}}}", True, id="none of an empty family"),
    pytest.param("{not: {symbol: {logic: true}}}", False, id="none where there is one"),
    pytest.param("{not: {symbol: {not: {logic: true}}}}", False, id="every where one does not"),
    pytest.param("{not: {symbol: {not: {code_added: {at_least: 3}}}}}", True, id="every where all do"),
    pytest.param("{not: {call: {not: {role: lock}}}}", True, id="every of an empty family"),
    pytest.param("{change: {kind: bugfix}}", True, id="the change itself"),
    pytest.param("{count: symbol, at_least: 3}", True, id="count"),
    pytest.param("{count: symbol, where: {logic: true}, at_least: 3}", False, id="count of those that hold"),
    pytest.param("{count: symbol, where: {logic: true}, at_least: 2, at_most: 2}", True, id="count exactly"),
    pytest.param("{count: symbol, at_least: 1, at_most: 2}", False, id="count between"),
    pytest.param("{count: symbol, distinct: area, at_least: 2, at_most: 2}", True, id="distinct words"),
    pytest.param("{count: symbol, distinct: platforms, at_least: 2, at_most: 2}", True, id="distinct elements of lists"),
    pytest.param("{count: symbol, distinct: module, at_least: 0, at_most: 0}", True, id="null is no distinct value"),
    pytest.param("{sum: code_added, of: symbol, at_least: 17, at_most: 17}", True, id="sum"),
    pytest.param("{sum: [code_added, code_removed], of: symbol, where: {logic: true}, at_most: 8}", True, id="sum of two numbers"),
    pytest.param("{sum: line, of: call, at_most: 0}", True, id="the sum of nothing is zero"),
    pytest.param("{symbol: {fan_in: {at_least: 4}}}", True, id="one known record decides"),
    pytest.param("{symbol: {fan_in: {at_least: 9}}}", None, id="an unknown field may hold"),
    pytest.param("{not: {symbol: {fan_in: {at_least: 9}}}}", None, id="none with an unknown field"),
    pytest.param("{not: {symbol: {not: {fan_in: {at_least: 2}}}}}", False, id="every, one known record decides"),
    pytest.param("{not: {symbol: {not: {fan_in: {at_least: 1}}}}}", None, id="every with an unknown field"),
    pytest.param("{count: symbol, where: {fan_in: {at_least: 1}}, at_least: 2}", True, id="two known are at least two"),
    pytest.param("{count: symbol, where: {fan_in: {at_least: 1}}, at_least: 3}", None, id="a third may be"),
    pytest.param("{count: symbol, where: {fan_in: {at_least: 1}}, at_least: 4}", False, id="a fourth cannot be"),
    pytest.param("{count: symbol, where: {fan_in: {at_least: 1}}, at_least: 2, at_most: 2}", None, id="exactly two, perhaps"),
    pytest.param("{count: symbol, where: {fan_in: {at_least: 1}}, at_most: 1}", False, id="less than two cannot be"),
    pytest.param("{count: symbol, distinct: fan_in, at_most: 3}", True, id="an unknown number is at most one more value"),
    pytest.param("{count: symbol, distinct: users, at_most: 99}", None, id="an unknown list may hold any number"),
    pytest.param("{sum: fan_in, of: symbol, at_least: 5}", True, id="what is known is enough"),
    pytest.param("{sum: fan_in, of: symbol, at_least: 6}", None, id="the unknown number may add"),
    pytest.param("{sum: fan_in, of: symbol, at_most: 4}", False, id="the unknown number cannot take away"),
    pytest.param("{call: {}, symbol: {fan_in: 9}}", False, id="false decides over unknown"),
    pytest.param("{any: [{symbol: {}}, {symbol: {fan_in: 9}}]}", True, id="true decides over unknown"),
    pytest.param("{not: {symbol: {fan_in: 9}}}", None, id="not of unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_quantifier(text: str, expected: Truth) -> None:
    assert judge(text) is expected


WHOLE = FACTS + "    unknown: [{family: symbol, reason: 'no tree'}]\n"
PART = FACTS + "    unknown: [{family: symbol, reason: 'does not parse', path: tests/t.py}]\n"
OPEN = [
    pytest.param(WHOLE, "{symbol: {logic: true}}", True, id="a record found decides any"),
    pytest.param(WHOLE, "{symbol: {area: moe}}", None, id="any may be among what is missing"),
    pytest.param(WHOLE, "{not: {symbol: {logic: true}}}", False, id="a record found decides none"),
    pytest.param(WHOLE, "{not: {symbol: {area: moe}}}", None, id="none may be wrong"),
    pytest.param(WHOLE, "{not: {symbol: {not: {logic: true}}}}", False, id="a record found decides every"),
    pytest.param(WHOLE, "{not: {symbol: {not: {line: 0}}}}", None, id="every may be wrong"),
    pytest.param(WHOLE, "{count: symbol, at_least: 3}", True, id="enough are counted"),
    pytest.param(WHOLE, "{count: symbol, at_least: 4}", None, id="more may be missing"),
    pytest.param(WHOLE, "{count: symbol, at_most: 2}", False, id="too many are counted already"),
    pytest.param(WHOLE, "{sum: code_added, of: symbol, at_most: 17}", None, id="the sum may grow"),
    pytest.param(WHOLE, "{call: {}}", False, id="another family is not concerned"),
    pytest.param(PART, '{symbol: {path: {like: "csrc/**"}}}', False, id="the missing file lies elsewhere"),
    pytest.param(PART, '{symbol: {path: {like: "tests/**"}}}', None, id="the missing file lies there"),
    pytest.param(PART, "{symbol: {area: moe}}", False, id="the missing file is of another area"),
    pytest.param(PART, "{symbol: {area: tests, aspects: added}}", None, id="the missing file is of that area"),
    pytest.param(PART, "{symbol: {category: source, aspects: added}}", False, id="a test that does not parse leaves source rules alone"),
    pytest.param(PART, "{count: symbol, where: {category: test}, at_most: 5}", None, id="the count may grow"),
    pytest.param(PART, "{count: symbol, where: {category: source}, at_most: 5}", True, id="the count cannot grow"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "condition", "expected"), OPEN)
def test_family_that_could_not_be_computed(text: str, condition: str, expected: Truth) -> None:
    assert judge(condition, text) is expected


@pytest.mark.parametrize(("left", "right"), list(product(THREE, THREE)))
def test_kleene_tables(left: Truth, right: Truth) -> None:
    """Oracle: with false, unknown, true as 0, 1/2, 1, and is the least, or the greatest, not the distance to 1."""
    value = {False: 0.0, None: 0.5, True: 1.0}
    assert value[all_of((left, right))] == min(value[left], value[right])
    assert value[any_of((left, right))] == max(value[left], value[right])
    assert value[negated(left)] == 1 - value[left]


@given(st.lists(st.sampled_from(THREE), max_size=8), st.randoms())
def test_kleene_laws(truths: list[Truth], random: object) -> None:
    """Order never matters; De Morgan holds; learning more never turns true into false."""
    shuffled = list(truths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert all_of(truths) is all_of(shuffled)
    assert any_of(truths) is any_of(shuffled)
    assert negated(all_of(truths)) is any_of(map(negated, truths))
    for learned in (True, False):
        resolved = [learned if truth is None else truth for truth in truths]
        for connect in (all_of, any_of):
            assert connect(truths) in (None, connect(resolved))
