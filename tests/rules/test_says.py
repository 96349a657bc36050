"""Messages: placeholders filled, optional parts, defined rendering of every sort of value."""

from __future__ import annotations

from typing import Any

import pytest

from diffscope.adapters.config.rule_files import bundled_rules, load_rules
from diffscope.facts.vocabulary import families
from diffscope.rules.language.template import Wording, clip, fill_template, parse_template, placeholders
from diffscope.yaml.strict import plain
from tests.rule_builders import facts
from tests.strict_yaml import load_strict

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
ENGLISH = Wording(language="en", words={})
CHINESE = Wording(language="zh", words={"added": "新增", "method": "方法", "a": "甲"})

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
    pytest.param("{platforms}", "a, b, c, d and 2 more", "a、b、c、d 及另外 2 个", id="a long list, and open words stay"),
    pytest.param("{decorators}", "x y z", "x y z", id="white space is folded"),
    pytest.param("{change.kind}: {change.code_added}", "bugfix: 3", "bugfix: 3", id="fields of the change"),
    pytest.param("{{{path}}}", "{vllm/a.py}", "{vllm/a.py}", id="braces"),
    pytest.param("x[[ in {symbol}]].", "x.", "x.", id="an optional part with null is left out"),
    pytest.param("x[[ {fan_in}]][[ {users}]][[ {area}]]", "x", "x", id="optional parts without a value are left out"),
    pytest.param("x[[ at {code_added}]]", "x at 4", "x at 4", id="an optional part with a value stays"),
    pytest.param("x[[ {path} {symbol}]]", "x", "x", id="one field without a value drops the part"),
    pytest.param("[{path}]", "[vllm/a.py]", "[vllm/a.py]", id="single brackets are text"),
]  # fmt: skip


READABLE = [
    pytest.param("symbol", "{symbol: '<module>'}", "{symbol}", "code at module level", "模块顶层代码", id="what stands in no function"),
    pytest.param("test", "{symbol: pytestmark}", "{symbol}", "the whole file", "整个文件", id="a mark of a whole file"),
    pytest.param("symbol", "{platforms: [rocm, xpu, moon]}", "{platforms}", "ROCm, XPU, moon", "ROCm、XPU、moon", id="platforms"),
    pytest.param("native", "{signals: [pointer-cast]}", "{signals}", "pointer cast", "pointer-cast", id="a key is a word in English"),
    pytest.param("symbol", "{surfaces: [op-schema, LLM]}", "{surfaces}", "operator wrappers, LLM", "op-schema、LLM", id="surfaces"),
    pytest.param("build", "{change: added, after: X}", "{change}[[: {before}]][[ -> {after}]]", "added: X", "新增：X", id="an arrow from nothing"),
    pytest.param("build", "{change: added, before: Y, after: X}", "{change}[[: {before}]][[ -> {after}]]", "added: Y -> X", "新增: Y -> X", id="an arrow"),
    pytest.param("symbol", "{branches_added: 1, code_added: 1}", "{branches_added} branches, +{code_added} code lines", "1 branch, +1 code lines", "1 branches, +1 code lines", id="one of them"),
    pytest.param("dependency", "{disagrees: ['a.txt:3 any version']}", "{disagrees}", "a.txt:3 any version", "a.txt:3 任意版本", id="no bound"),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "record", "template", "english", "chinese"), READABLE)
def test_keys_are_written_as_words(fact: str, record: str, template: str, english: str, chinese: str) -> None:
    found = facts(f"{fact}: [{{path: a.py, {record[1:]}]")
    for speaker, expected in ((ENGLISH, english), (CHINESE, chinese)):
        said = fill_template(
            template, fact=fact, record=getattr(found, fact)[0], change=found.change, speaker=speaker
        )
        assert said == expected


@pytest.mark.parametrize(("template", "english", "chinese"), SAID)
def test_template(template: str, english: str, chinese: str) -> None:
    record, change = SYMBOL.symbol[0], SYMBOL.change
    assert fill_template(template, fact="symbol", record=record, change=change, speaker=ENGLISH) == english
    assert fill_template(template, fact="symbol", record=record, change=change, speaker=CHINESE) == chinese


def test_long_text_is_cut() -> None:
    """One field cannot fill a page."""
    found = facts(f'symbol: [{{path: "{"x" * 5000}"}}]')
    said = fill_template(
        "{path}", fact="symbol", record=found.symbol[0], change=found.change, speaker=ENGLISH
    )
    assert said == "x" * 159 + "…"


@pytest.mark.parametrize(
    ("text", "clipped"),
    [
        pytest.param("short, text", "short, text", id="what fits stays"),
        pytest.param("vllm/a.py, vllm/bb.py, vllm/cc.py", "vllm/a.py, vllm/bb.py …", id="between two items"),
        pytest.param(
            "动作一、动作二、vllm/a_long_folder/b.py", "动作一、动作二 …", id="between Chinese items"
        ),
        pytest.param("in vllm/a_rather_long_folder/b.py", "in …", id="a path that does not fit is left out"),
        pytest.param("vllm/model_executor/layers/a.py:12", "…/layers/a.py:12", id="a path loses its folders"),
        pytest.param("x" * 40, "x" * 24 + "…", id="one long word is cut"),
        pytest.param("a/" + "x" * 40, "…/" + "x" * 22 + "…", id="one long name is cut"),
    ],
)
def test_texts_are_clipped_between_their_items(text: str, clipped: str) -> None:
    """Half a path names a file that is not there."""
    assert clip(text, 25) == clipped


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
    said = fill_template(
        "{path} {symbol}", fact="symbol", record=found.symbol[0], change=found.change, speaker=ENGLISH
    )
    assert said == "{fan_in}[[ {{"


def test_every_word_of_a_closed_set_that_a_message_writes_has_a_chinese_one() -> None:
    """Chinese messages hold no English words but names and code."""
    catalogue = load_rules()
    known = {word for word, _ in catalogue.words}
    missing = set()
    for rule in catalogue.rules:
        for hole in placeholders(rule.says.zh):
            family = "change" if hole.of_change else rule.evidence.fact
            field = families()[family].field(hole.field)
            missing |= set(field.choices if field else ()) - known
    assert missing == set()


@pytest.mark.parametrize("table", ["areas", "surfaces"])
def test_names_of_areas_and_surfaces_are_those_of_their_tables(table: str) -> None:
    words = dict(load_rules().words)
    read: Any = plain(load_strict((bundled_rules() / f"{table}.yml").read_text("utf-8"), at=table))
    declared = read[table]
    both = {
        "scheduler",
        "worker",
        "model-runner",
        "executor",
        "renderer",
        "platform",
        "plugins",
        "engine",
        "config",
    }
    named = {
        name: entry["title"]["zh"] for name, entry in declared.items() if table == "areas" or name not in both
    }
    named.pop("kv-offload" if table == "surfaces" else "", None)
    assert {name: words.get(name) for name in named} == named


def test_every_role_has_a_chinese_name() -> None:
    roles: Any = plain(load_strict((bundled_rules() / "roles.yml").read_text("utf-8"), at="roles"))
    assert set(roles) <= {word for word, _ in load_rules().words}
