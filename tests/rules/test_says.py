"""Messages: placeholders filled, optional parts, defined rendering of every sort of value."""

from __future__ import annotations

import pytest

from diffscope.rules.says import Speaker, parse_template, spoken
from tests.rule_builders import facts

SYMBOL = facts("""
    change: {kind: bugfix, code_added: 3}
    symbol:
      - path: vllm/a.py
        symbol: null
        kind: method
        aspects: [body, added]
        logic: true
        area: ""
        code_added: 4
        platforms: [a, b, c, d, e, f]
        users: []
        distance: null
        decorators: ["x\\ny\\t  z"]
""")
ENGLISH = Speaker(language="en", words={})
CHINESE = Speaker(language="zh", words={"added": "新增", "method": "方法", "a": "甲"})

SAID = [
    pytest.param("in {path}", "in vllm/a.py", "in vllm/a.py", id="a text"),
    pytest.param("{code_added} lines", "4 lines", "4 lines", id="a number"),
    pytest.param("{logic}", "yes", "是", id="a truth"),
    pytest.param("{symbol}", "none", "无", id="null"),
    pytest.param("{area}", "none", "无", id="an empty text"),
    pytest.param("{users}", "none", "无", id="an empty list"),
    pytest.param("{fan_in}", "unknown", "未知", id="an unknown number"),
    pytest.param("{aspects}", "body, added", "body、新增", id="a list, words of a closed set in Chinese"),
    pytest.param("{kind}", "method", "方法", id="a word of a closed set"),
    pytest.param(
        "{platforms}", "a, b, c, d and 2 more", "a、b、c、d 等 6 项", id="a long list, and open words stay"
    ),
    pytest.param("{decorators}", "x y z", "x y z", id="white space is folded"),
    pytest.param("{change.kind}: {change.code_added}", "bugfix: 3", "bugfix: 3", id="fields of the change"),
    pytest.param("{{{path}}}", "{vllm/a.py}", "{vllm/a.py}", id="braces"),
    pytest.param("x[[ in {symbol}]].", "x.", "x.", id="an optional part with null is left out"),
    pytest.param(
        "x[[ {fan_in}]][[ {users}]][[ {area}]]", "x", "x", id="optional parts without a value are left out"
    ),
    pytest.param("x[[ at {code_added}]]", "x at 4", "x at 4", id="an optional part with a value stays"),
    pytest.param("x[[ {path} {symbol}]]", "x", "x", id="one field without a value drops the part"),
    pytest.param("[{path}]", "[vllm/a.py]", "[vllm/a.py]", id="single brackets are text"),
]


@pytest.mark.parametrize(("template", "english", "chinese"), SAID)
def test_template(template: str, english: str, chinese: str) -> None:
    record, change = SYMBOL.symbol[0], SYMBOL.change
    assert spoken(template, fact="symbol", record=record, change=change, speaker=ENGLISH) == english
    assert spoken(template, fact="symbol", record=record, change=change, speaker=CHINESE) == chinese


def test_long_text_is_cut() -> None:
    """One field cannot fill a page."""
    found = facts(f'symbol: [{{path: "{"x" * 5000}"}}]')
    said = spoken("{path}", fact="symbol", record=found.symbol[0], change=found.change, speaker=ENGLISH)
    assert said == "x" * 159 + "…"


WRONG = [
    ("{path", "a lone '{': write it twice for the character"),
    ("path}", "a lone '}': write it twice for the character"),
    ("{}", "'{}' names no field"),
    ("{Path}", "a lone '{': write it twice for the character"),
    ("[[{path}", "'[[' is never closed"),
    ("{path}]]", "']]' without '[['"),
    ("[[a [[b]]", "'[[' inside '[['"),
]


@pytest.mark.parametrize(("template", "problem"), WRONG, ids=[template for template, _ in WRONG])
def test_wrong_template(template: str, problem: str) -> None:
    assert problem in parse_template(template)[1]


def test_values_are_not_templates() -> None:
    """A title with braces is text, not a placeholder."""
    found = facts('symbol: [{path: "{fan_in}[[", symbol: "{{"}]')
    said = spoken(
        "{path} {symbol}", fact="symbol", record=found.symbol[0], change=found.change, speaker=ENGLISH
    )
    assert said == "{fan_in}[[ {{"
