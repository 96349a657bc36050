"""Pages, schema, scaffold, lint, statistics."""

from __future__ import annotations

from pathlib import PurePosixPath

import jsonschema
import pytest

from diffscope.adapters.rule_files import read_statistics
from diffscope.errors import InputError, UsageError
from diffscope.rules.authoring.cases import read_cases
from diffscope.rules.authoring.lint import lint_catalogue
from diffscope.rules.authoring.pages import rule_index, rule_page, vocabulary_page
from diffscope.rules.authoring.scaffold import scaffold_rule
from diffscope.rules.authoring.schema import rule_schema
from diffscope.rules.language.load import check_catalogue
from diffscope.rules.reading import mistake_line
from diffscope.rules.statistics import parse_statistics
from diffscope.strict_yaml import load_strict, plain
from tests.rule_builders import RULE, rule_text, rules
from tests.rules.test_load import WRONG

CASES = """
changed_in_code:
  before: {"a.py": "x = 1\\n", "b.py": ""}
  after: {"a.py": "x = 2\\n", "b.py": "y"}
  findings: [{path: "a.py", line: 1}]
"""
STATISTICS = b'{"window":"1,000 changes to 2026-04-20","changes":1000,"rules_hash":"x","rules":[{"code":"XX101","fired":120,"at_medium":40,"lift":1.25}]}'


def test_page_of_a_rule() -> None:
    """What, why, what to do, when, evidence, facts, example, fire rate."""
    text = rule_text(
        evidence="{fact: symbol, where: {logic: true}}",
        when="{all: [{any: evidence, where: {code_added: {more_than: 3}}}, {none: change, where: {kind: docs}}]}",
        lower='[{to: "low", when: {none: call}}]',
        limits='{en: "Sees no C.", zh: "不识别 C。"}',
    )
    cases, _ = read_cases(CASES, at="cases.yml")
    page = rule_page(rules(text).rules[0], cases=cases, statistics=parse_statistics(STATISTICS))
    assert (
        page
        == """\
XX101 test-rule: A title
Core-path change · severity medium (low) · stable since 0.1.0

Why
  A reason.

What to do
  Look.

Limits
  Sees no C.

Fires when
  all of:
    any evidence where code_added more_than 3
    none change where kind is docs

Evidence
  any symbol where logic is true

Facts asked
  change, symbol

Example
  changed in code

  a.py
      1 x = 2
  XX101 a.py:1

Fire rate
  120 / 1000 (12.0%), >= medium 40 (4.0%), lift 1.25, 1,000 changes to 2026-04-20
"""
    )


def test_page_in_chinese() -> None:
    """The page speaks Chinese; a rule that was not measured says so."""
    page = rule_page(rules(RULE).rules[0], language="zh")
    assert page.startswith(
        "XX101 test-rule: 标题\n核心路径变更 · 级别 medium · stable 自 0.1.0\n\n原因\n  原因。\n"
    )
    assert page.endswith("触发率\n  未测量\n")


@pytest.mark.parametrize(
    ("language", "low", "told"),
    [
        ("en", 0.8, "lift 1.25 (95% 0.80-2.00; not significant), 1,000"),
        ("en", 1.1, "lift 1.25 (95% 1.10-2.00), 1,000"),
        ("zh", 0.8, "lift 1.25 (95% 0.80-2.00; 不显著), 1,000"),
    ],
)
def test_page_doubts_a_lift_whose_interval_spans_1(language: str, low: float, told: str) -> None:
    """A lift comes with its interval."""
    measured = STATISTICS.replace(b'"lift":1.25', f'"lift":1.25,"lift_low":{low},"lift_high":2.0'.encode())
    page = rule_page(rules(RULE).rules[0], statistics=parse_statistics(measured), language=language)
    assert told in page


def test_index_links_every_rule_by_family() -> None:
    """Rules stand under their family, with a link to their folder."""
    index = rule_index(
        rules(
            RULE, rule_text(code='"YY101"', status='{is: "preview", since: "0.1.0"}', family='"concurrency"')
        )
    )
    rows = [line for line in index.splitlines() if line.startswith(("| [", "## "))]
    assert rows == [
        "## Core-path change · 核心路径变更",
        "| [XX101](XX101-test-rule/rule.yml) | A title<br>标题 | medium |  |",
        "## Concurrency and synchronisation · 并发与同步",
        "| [YY101](YY101-test-rule/rule.yml) | A title<br>标题 | medium | preview |",
    ]


def test_vocabulary_page_has_every_row_whole() -> None:
    """No sentence breaks the table that it stands in."""
    for line in vocabulary_page().splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") == 4


SCHEMA = jsonschema.Draft202012Validator(rule_schema())
TELLABLE = {
    "a code without three digits",
    "a name with underscores",
    "a family misspelt",
    "a missing translation",
    "a missing key",
    "an unknown key",
    "an unknown fact",
    "an unknown quantifier",
    "where misspelt",
    "an unknown field",
    "an unknown operator",
    "text where a number is meant",
    "a word where true or false is meant",
    "a number where text is meant",
    "a word outside a closed set",
    "a list compared with a word",
    "a bare list of words",
    "one word where a list is meant",
    "null where there is never null",
    "a join without a place",
}
"""Mistakes of test_load.py that a schema can tell."""
TEXTS = {case.id: case.values[0] for case in WRONG if case.id in TELLABLE}


def test_schema_is_one() -> None:
    """The schema is valid by its own standard."""
    jsonschema.Draft202012Validator.check_schema(rule_schema())


def test_schema_takes_what_loads() -> None:
    """A rule with every form of condition passes."""
    text = rule_text(
        evidence="{fact: symbol, where: {logic: true, joined: {none: call, same: symbol, where: {role: lock}}}, worst_by: code_added}",
        when=(
            "{all: [{any: [{every: call, where: {role: {in: [lock, {$list: code}]}}}, {not: {count: symbol, distinct: area, at_least: 2}}]}, "
            "{sum: evidence, of: [code_added, code_removed], at_least: 3}, {none: symbol, where: {distance: null, path: {glob: [a, b]}, "
            "any_of: [{users: {at_least: 1}}, {not: {moved_from: {is_null: true}}}], code_added: {differs_from: code_removed}}}]}"
        ),
        escalate='[{to: "high", when: {any: change, where: {kind: {in: {$list: kinds}}}}}]',
    )
    rules(text, lists="code: [thread]\nkinds: [bugfix]")
    SCHEMA.validate(plain(load_strict(text, at="rule.yml")))


def test_every_tellable_mistake_is_known() -> None:
    """The names above are names of cases."""
    assert set(TEXTS) == TELLABLE


@pytest.mark.parametrize("name", TEXTS)
def test_schema_refuses_what_an_editor_should_underline(name: str) -> None:
    assert not SCHEMA.is_valid(plain(load_strict(str(TEXTS[name]), at="rule.yml")))


def test_scaffold_loads_and_its_cases_are_to_do() -> None:
    """A new rule loads as it is; lint says what is still to be written."""
    files = scaffold_rule("QN899", "new-thing", catalogue=rules(RULE), version="0.1.0")
    path = "rules/QN899-new-thing/rule.yml"
    catalogue, mistakes = check_catalogue({path: files["rule.yml"]})
    assert mistakes == ()
    assert catalogue.rules[0].family == "quantization-numerics"
    cases, wrong = read_cases(files["cases.yml"], at="cases.yml")
    assert wrong == ()
    assert all(case.todo for case in cases)
    lines = [mistake_line(each) for each in lint_catalogue(catalogue, {path: files["cases.yml"]})]
    folder = PurePosixPath(path).parent
    assert lines == [
        f"{path}:1: 'title': it is still to be written",
        f"{path}:1: 'why': it is still to be written",
        f"{path}:1: 'remedy': it is still to be written",
        f"{folder}/cases.yml:1: no case shows the rule firing (add a case with findings)",
        f"{folder}/cases.yml:1: 0 near misses; a rule needs two (add cases with 'findings: []' that all but fire)",
    ]


REFUSED = [
    ("QN8", "new-thing", "'QN8' is no rule code", "two capital letters and three digits: CP199"),
    (
        "QN801",
        "newthing",
        "'newthing' is no rule name",
        "two or more lower-case words with hyphens: engine-step-path",
    ),
    ("XX101", "new-thing", "XX101 is test-rule already", "the next free one is XX103"),
]


@pytest.mark.parametrize(
    ("code", "slug", "message", "hint"),
    REFUSED,
    ids=["a code without three digits", "a name of one word", "a code that is taken"],
)
def test_scaffold_refuses(code: str, slug: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        scaffold_rule(code, slug, catalogue=rules(RULE, rule_text(code='"XX102"')), version="0.1.0")
    assert (caught.value.message, caught.value.hint) == (message, hint)


LINTED = [
    pytest.param({"title": '{en: "A title", zh: "A title"}'}, "'title': the Chinese text holds no Chinese", id="Chinese that is English"),
    pytest.param({"says": '{en: "{symbol} changed", zh: "{path} 变更"}'}, "'says' has other placeholders in English than in Chinese (say the same in both)", id="other placeholders"),
    pytest.param({"why": '{en: "Because a title.", zh: "原因。"}'}, "'why' repeats the title (say what goes wrong when nobody looks)", id="why repeats the title"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "complaint"), LINTED)
def test_lint_of_texts(changed: dict[str, str], complaint: str) -> None:
    catalogue = rules(rule_text(**changed))
    assert complaint in [mistake_line(each).partition(":1: ")[2] for each in lint_catalogue(catalogue, {})]


def test_message_of_placeholders_needs_no_chinese() -> None:
    """What has no words reads the same in both languages."""
    catalogue = rules(rule_text(says='{en: "{symbol}: {path}", zh: "{symbol}：{path}"}'))
    assert [mistake_line(each).partition(":1: ")[2] for each in lint_catalogue(catalogue, {})] == [
        "the rule has no cases (add cases.yml)"
    ]


def test_unused_list_is_reported() -> None:
    """A list that no rule names is dead weight."""
    catalogue = rules(RULE, lists="one: [a]\ntwo: [b]")
    assert "rules/lists.yml:2: no rule uses the list 'two' (remove it)" in [
        mistake_line(each) for each in lint_catalogue(catalogue, {})
    ]


def test_broken_statistics_are_refused() -> None:
    """A file that holds no statistics is an error with a hint."""
    with pytest.raises(InputError) as caught:
        parse_statistics(b'{"window": 3}')
    assert caught.value.hint == "make it anew: diffscope backtest"


def test_shipped_statistics_can_be_read() -> None:
    """They say what they are of, and nothing fired more often than there are changes."""
    shipped = read_statistics()
    assert shipped is not None
    found = parse_statistics(shipped)
    assert found.changes >= 1000
    assert 0 < found.fixed < found.followed < found.changes
    assert found.made_by.startswith("diffscope backtest --repo PATH ")
    assert all(rule.at_medium <= rule.fired <= found.changes for rule in found.rules)
    assert [rule.code for rule in found.rules] == sorted({rule.code for rule in found.rules})
