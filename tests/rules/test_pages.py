"""Pages, schema, scaffold, lint, statistics."""

from __future__ import annotations

from pathlib import PurePosixPath

import jsonschema
import pytest
from referencing import Registry, Resource

from diffscope.adapters.config.rule_files import bundled_rules, read_statistics
from diffscope.errors import InputError, UsageError
from diffscope.rules.authoring.cases import read_cases
from diffscope.rules.authoring.lint import check_examples, lint_catalogue
from diffscope.rules.authoring.pages import rule_index, rule_page, rule_record, vocabulary_page
from diffscope.rules.authoring.scaffold import scaffold_rule
from diffscope.rules.authoring.schema import (
    cases_schema,
    chinese_schema,
    predicates_schema,
    rule_schema,
    schemas,
)
from diffscope.rules.language.load import check_catalogue, read_names
from diffscope.rules.language.names import Names
from diffscope.rules.model import parse_statistics
from diffscope.yaml.strict import plain
from tests.rule_builders import CHINESE, RULE, rule_text, rules, told
from tests.rules.test_load import WRONG
from tests.strict_yaml import load_strict

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
        when="{evidence: {code_added: {at_least: 4}}, not: {change: {kind: docs}}}",
        severity="[{low: {not: {call: {}}}}, medium]",
        limits="Sees no C.",
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

Example
  changed in code

  a.py
      1 x = 2
  XX101 a.py:1

Fire rate
  120 / 1000 (12.0%), >= medium 40 (4.0%), lift 1.25, 1,000 changes to 2026-04-20

Fires when
  all of:
    evidence where code_added at_least 4
    not (change where kind is docs)

Evidence
  symbol where logic is true

Severity, by the first line that holds
  low: not (call)
  medium

Facts used
  change, symbol
"""
    )


def test_page_in_chinese() -> None:
    """The page speaks Chinese; a rule that was not measured says so."""
    page = rule_page(rules(RULE).rules[0], language="zh")
    assert page.startswith(
        "XX101 test-rule: 标题\n核心路径变更 · 级别 medium · stable 自 0.1.0\n\n原因\n  原因。\n"
    )
    assert "\n触发率\n  未测量\n" in page


def test_page_outlines_what_one_line_would_hide() -> None:
    """A long condition on records stands one test a line; a predicate says what it is about."""
    values = ", ".join(f"value_{number}" for number in range(9))
    predicate = (
        "small: {about: Few lines., fact: symbol, where: {code_added: {at_most: 9}}, holds: [], fails: []}"
    )
    text = rule_text(evidence=f"{{symbol: [$small, {{logic: true, symbol: [{values}]}}]}}")
    page = rule_page(rules(text, predicates=predicate).rules[0])
    assert (
        f"Evidence\n  symbol, where all of:\n    $small\n    logic is true\n    symbol in [{values}]\n"
        in page
    )
    assert "Predicates\n  $small: Few lines.\n    code_added at_most 9\n" in page


def test_record_of_a_rule() -> None:
    """The same for programs, in both languages."""
    text = rule_text(severity="[{low: {not: {call: {}}}}, medium]")
    found = rule_record(rules(text).rules[0], statistics=parse_statistics(STATISTICS))
    assert found["severity"] == [
        {"severity": "low", "when": ("not (call)",)},
        {"severity": "medium", "when": ["always"]},
    ]
    assert (found["evidence"], found["when"]) == (("symbol where logic is true",), [])


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
        rules(RULE, YY101=rule_text(status='{is: preview, since: "0.1.0"}', family="concurrency"))
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
    "a severity misspelt",
    "a status misspelt",
    "a missing key",
    "an unknown key",
    "a title in two languages",
    "an unknown fact",
    "an unknown field",
    "an unknown operator",
    "text where a number is meant",
    "a word where true or false is meant",
    "a number where text is meant",
    "a word outside a closed set",
    "null where there is never null",
    "a join without a fact",
    "evidence of two facts",
    "a severity list that ends with a condition twice over",
}
"""Mistakes of test_load.py that a schema can tell."""
TEXTS = {case.id: case.values[0] for case in WRONG if case.id in TELLABLE}


def test_schema_is_one() -> None:
    """Each schema is valid by its own standard, and takes what comes with diffscope."""
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)


FILES = {"rule.yml": rule_schema(), "zh.yml": chinese_schema(), "cases.yml": cases_schema()}


@pytest.mark.parametrize("name", FILES)
def test_schema_takes_every_bundled_file(name: str) -> None:
    validator = jsonschema.Draft202012Validator(FILES[name])
    for path in sorted(bundled_rules().glob(f"*/{name}")):
        validator.validate(plain(load_strict(path.read_text("utf-8"), at=str(path))))


def test_schema_takes_the_bundled_predicates() -> None:
    """Predicates have a schema too."""
    text = (bundled_rules() / "predicates.yml").read_text("utf-8")
    beside = Registry().with_resource("rule.schema.json", Resource.from_contents(rule_schema()))
    jsonschema.Draft202012Validator(predicates_schema(), registry=beside).validate(
        plain(load_strict(text, at="predicates.yml"))
    )


def test_schema_takes_what_loads() -> None:
    """A rule with every form of condition passes."""
    text = rule_text(
        evidence="{symbol: {logic: true, same_symbol: {call: {role: lock}}}}",
        worst_by="code_added",
        when=(
            "[{any: [{not: {call: {not: {role: [lock, $code]}}}}, {not: {count: symbol, distinct: area, at_least: 2}}]}, "
            "{sum: [code_added, code_removed], of: evidence, at_least: 3}, {not: {symbol: {distance: null, path: {like: [a, b]}, "
            "any: [{users: {at_least: 1}}, {moved_from: {not: null}}], code_added: {not: {field: code_removed}}}}}]"
        ),
        severity="[{high: {change: {kind: $kinds}}}, low]",
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
    files = scaffold_rule("QN899", "new-thing", catalogue=rules(RULE), version="0.1.0", package="vllm")
    path = "rules/QN899-new-thing/rule.yml"
    chinese = "rules/QN899-new-thing/zh.yml"
    catalogue, mistakes = check_catalogue({path: files["rule.yml"], chinese: files["zh.yml"]})
    assert mistakes == ()
    assert catalogue.rules[0].family == "quantization-numerics"
    cases, wrong = read_cases(files["cases.yml"], at="cases.yml")
    assert wrong == ()
    assert all(case.todo for case in cases)
    lines = [told(each) for each in lint_catalogue(catalogue, Names(), {path: files["cases.yml"]})]
    folder = PurePosixPath(path).parent
    assert lines == [
        f"{path}:1: 'title': it is still to be written",
        f"{path}:1: 'why': it is still to be written",
        f"{path}:1: 'remedy': it is still to be written",
        f"{folder}/cases.yml:1: no case shows the rule firing (add a case with findings)",
        f"{folder}/cases.yml:1: 0 near misses; a rule needs two (add cases with 'findings: []' that all but fire)",
    ]


REFUSED = [
    ("QN8", "new-thing", "'QN8' is not a rule code", "two capital letters and three digits: CP199"),
    (
        "QN801",
        "newthing",
        "'newthing' is not a rule name",
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
        scaffold_rule(code, slug, catalogue=rules(RULE, RULE), version="0.1.0", package="vllm")
    assert (caught.value.message, caught.value.hint) == (message, hint)


LINTED = [
    pytest.param({}, rule_text(CHINESE, title="Another title"), "'title': the Chinese text holds no Chinese", id="Chinese that is English"),
    pytest.param({}, rule_text(CHINESE, says='"{path} 变更"'), "'says' has other placeholders in English than in Chinese (say the same in both)", id="other placeholders"),
    pytest.param({"why": "Because a title."}, CHINESE, "'why' repeats the title (say what goes wrong when nobody looks)", id="why repeats the title"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "chinese", "complaint"), LINTED)
def test_lint_of_texts(changed: dict[str, str], chinese: str, complaint: str) -> None:
    catalogue = rules(rule_text(**changed), chinese=chinese)
    linted = lint_catalogue(catalogue, Names(), {})
    assert complaint in [told(each).partition(":1: ")[2] for each in linted]


def test_message_of_placeholders_needs_no_chinese() -> None:
    """What has no words reads the same in both languages."""
    chinese = rule_text(CHINESE, says='"{symbol}：{path}"')
    catalogue = rules(rule_text(says='"{symbol}: {path}"'), chinese=chinese)
    assert [told(each).partition(":1: ")[2] for each in lint_catalogue(catalogue, Names(), {})] == [
        "the rule has no cases (add cases.yml)"
    ]


def test_a_rule_covers_rules_that_there_are() -> None:
    """A code of no rule, or its own, is a slip."""
    catalogue = rules(rule_text(covers="[XX102, XX9*, XX101]"), rule_text())
    assert [
        told(each).partition(":1: ")[2]
        for each in lint_catalogue(catalogue, Names(), {})
        if "covers" in each.message
    ] == ["'covers': 'XX9*' names no other rule", "'covers': 'XX101' names no other rule"]


def test_unused_names_are_reported() -> None:
    """A list or predicate that no rule names is dead weight."""
    predicate = "small: {about: x, fact: symbol, where: {code_added: 1}, holds: [], fails: []}"
    names, _ = read_names({"rules/lists.yml": "one: [a]\ntwo: [b]", "rules/predicates.yml": predicate})
    text = rule_text(evidence="{symbol: {symbol: $one}}")
    linted = lint_catalogue(rules(text, lists="one: [a]"), names, {})
    assert [told(each) for each in linted][-2:] == [
        "rules/lists.yml:2: no rule uses $two (remove it)",
        "rules/predicates.yml:1: no rule uses $small (remove it)",
    ]


EXAMPLES = [
    pytest.param("where: {code_added: {at_least: 5}}", "{code_added: 5}", "{code_added: 4}", [], id="examples that are right"),
    pytest.param("where: {code_added: {at_least: 5}}", "{code_added: 4}", "{code_added: 5}", ["should hold, and fails", "should fail, and holds"], id="examples the wrong way round"),
    pytest.param("where: {fan_in: {at_least: 5}}", "{code_added: 4}", "{fan_in: 4}", ["should hold, and is unknown"], id="a field that is not known"),
    pytest.param("when: {count: evidence, at_least: 2}", "[{line: 1}, {line: 2}]", "[{line: 1}]", [], id="records of evidence"),
    pytest.param("when: {count: evidence, at_least: 2}", "[{line: 1}]", "[{lin: 1}]", ["should hold, and fails", "unknown field 'lin'"], id="an example with a mistake"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "holds", "fails", "expected"), EXAMPLES)
def test_examples_of_a_predicate_are_tried(
    condition: str, holds: str, fails: str, expected: list[str]
) -> None:
    text = f"small:\n  about: x\n  fact: symbol\n  {condition}\n  holds: [{holds}]\n  fails: [{fails}]\n"
    names, mistakes = read_names({"rules/predicates.yml": text})
    assert mistakes == ()
    found = [told(each) for each in check_examples(names.predicates["small"], names)]
    assert len(found) == len(expected)
    assert all(each in line for each, line in zip(expected, found, strict=True))


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
    assert (found.changes >= 300, found.followed >= 200) == (True, True)
    assert 0 < found.fixed < found.followed < found.changes
    assert found.made_by.startswith("diffscope backtest --repo PATH ")
    assert all(rule.at_medium <= rule.fired <= found.changes for rule in found.rules)
    assert [rule.code for rule in found.rules] == sorted({rule.code for rule in found.rules})
