"""Explanations: each condition with its truth, the records that decided, near misses, what was missing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.engine.explain import Explanation, Trace, decisive, explain
from tests.examples import examples
from tests.rule_builders import facts, rule_text, rules
from tests.rules.test_evaluate import EXPRESSIONS, SYMBOLS, UNKNOWN

RULE = rule_text(
    evidence="{symbol: {logic: true, kind: method}}",
    when="{evidence: {code_added: {at_least: 5}}, not: {change: {kind: docs}}}",
    severity="[{low: {count: evidence, at_most: 1}}, medium]",
)
FACTS = """
    change: {kind: bugfix}
    symbol:
      - {path: a.py, line: 3, symbol: A.f, logic: true, kind: method, code_added: 9}
      - {path: a.py, line: 9, symbol: A.g, logic: true, kind: method, code_added: 4}
      - {path: a.py, line: 12, symbol: h, logic: false, kind: function, code_added: 50}
"""


def explained(text: str = FACTS, rule: str = RULE) -> Explanation:
    catalogue = rules(rule)
    return explain(catalogue.rules[0], facts(text), catalogue=catalogue)


def places(trace: Trace) -> list[tuple[str | None, int | None]]:
    return [(record.path, record.line) for record in trace.records]


def test_hit_shows_what_decided() -> None:
    """A rule that fires: the tree of conditions, counts, records with the fields asked, the flag, the severity's steps."""
    found = explained()
    assert (found.verdict, found.is_on, found.missing) == ("fires", True, ())
    assert found.flag is not None
    assert (found.when.condition, found.when.truth) == ("all of", "true")
    first, second = found.when.parts
    assert first.condition == "evidence where code_added at_least 5"
    assert (first.looked_at, first.held, places(first)) == (2, 1, [("a.py", 3)])
    assert [(field.name, field.value) for field in first.records[0].fields] == [("code_added", "9")]
    assert (second.condition, second.truth) == ("not change where kind is docs", "true")
    assert (found.evidence.condition, found.evidence.held) == (
        "symbol where logic is true and kind is method",
        2,
    )
    assert [(step.to, step.trace.truth, step.trace.measured) for step in found.severity_steps] == [
        ("low", "false", "2")
    ]


def test_what_decided_stands_alone() -> None:
    """Of any, one that holds; of all, one that fails; of what is unknown, what is unknown."""
    when = "{any: [{evidence: {code_added: {at_least: 50}}}, {evidence: {code_added: 9}}, {change: {kind: bugfix}}]}"
    holds = explained(rule=rule_text(RULE, when=when))
    assert [part.condition for part in decisive(holds.when).parts] == ["evidence where code_added is 9"]
    fails = explained(FACTS.replace("kind: bugfix", "kind: docs"))
    assert [part.condition for part in decisive(fails.when).parts] == ["not change where kind is docs"]
    assert (holds.decided_by, explained(FACTS.replace("kind: method", "kind: function", 1)).decided_by) == (
        None,
        1,
    )


NEAR = """
    symbol:
      - {path: a.py, symbol: near, kind: method, area: engine, code_added: 2}
      - {path: a.py, symbol: far, kind: function, area: engine, code_added: 2}
      - {path: a.py, symbol: unsure, kind: method, area: engine, code_added: 9}
"""


def test_near_miss_names_the_one_test_that_failed() -> None:
    """A record that fails by a single test is shown with that test alone; one that fails by two is not."""
    trace = explained(
        NEAR, rule_text(evidence="{symbol: {kind: method, code_added: {at_least: 5}}}")
    ).evidence
    assert [(record.symbol, record.failed) for record in trace.near] == [("near", ("code_added at_least 5",))]
    assert [(field.name, field.value) for field in trace.near[0].fields] == [("code_added", "2")]


def test_near_miss_may_be_for_want_of_a_fact() -> None:
    """A test that could not be answered is named like one that failed."""
    query = "{symbol: {kind: method, code_added: {at_least: 5}, fan_in: {at_least: 1}}}"
    trace = explained(NEAR, rule_text(evidence=query)).evidence
    assert [(record.symbol, record.failed, record.fields[0].value) for record in trace.near] == [
        ("unsure", ("fan_in at_least 1",), "unknown")
    ]


def test_sum_shows_what_it_came_to() -> None:
    """A measured number is told; where a part is unknown, so is its upper end."""
    when = "{sum: %s, of: symbol, at_least: 50}"
    assert explained(NEAR, rule_text(evidence="{symbol: {}}", when=when % "code_added")).when.measured == "13"
    assert (
        explained(NEAR, rule_text(evidence="{symbol: {}}", when=when % "fan_in")).when.measured == "0 or more"
    )
    when = "{count: symbol, where: {fan_in: {at_least: 1}}, at_least: 1}"
    assert explained(NEAR, rule_text(evidence="{symbol: {}}", when=when)).when.measured == "0 to 3"


def test_silent_rule_shows_why() -> None:
    """A rule that stays silent: which condition was false, and what came near."""
    found = explained(FACTS.replace("kind: bugfix", "kind: docs"))
    assert (found.verdict, found.flag) == ("silent", None)
    assert [part.truth for part in found.when.parts] == ["true", "false"]
    assert [(record.path, record.line) for record in found.when.parts[1].records] == [(None, None)]


def test_unknown_rule_shows_what_is_missing() -> None:
    """A rule that cannot be judged: what was missing, beside the condition that lacks it."""
    found = explained("unknown: [{family: symbol, reason: does not parse, path: a.py}]")
    assert (found.verdict, [each.en for each in found.missing]) == (
        "unknown",
        ["symbol: does not parse (a.py)"],
    )
    assert found.when.parts[0].missing == found.missing


def test_predicate_is_told_by_name() -> None:
    """A predicate stands by its name, with what it asks below where it is asked of the change."""
    predicates = (
        "small: {about: x, fact: symbol, where: {code_added: {at_most: 9}}, holds: [], fails: []}\n"
        "few: {about: x, fact: symbol, when: {count: evidence, at_most: 2}, holds: [], fails: []}\n"
    )
    catalogue = rules(
        rule_text(evidence="{symbol: [$small, {logic: true}]}", when="$few"), predicates=predicates
    )
    found = explain(catalogue.rules[0], facts(FACTS), catalogue=catalogue)
    assert found.evidence.condition == "symbol where $small and logic is true"
    assert (found.when.condition, found.when.parts[0].condition) == ("$few", "count of evidence at_most 2")
    assert [(record.symbol, record.failed) for record in found.evidence.near] == []


def test_rule_that_is_off_is_explained_all_the_same() -> None:
    """A preview rule does not run; what it would say can be asked."""
    found = explained(rule=rule_text(RULE, status='{is: preview, since: "0.1.0"}'))
    assert (found.is_on, found.verdict) == (False, "fires")


def test_long_lists_of_records_are_cut() -> None:
    """Five records are shown, all are counted."""
    records = ", ".join(f"{{path: m{number}.py, logic: true}}" for number in range(20))
    trace = explained(f"symbol: [{records}]", rule_text()).evidence
    assert (trace.held, len(trace.records)) == (20, 5)


@pytest.mark.parametrize("title", ["plain", "[31mred"])
def test_explanation_is_serialisable(title: str) -> None:
    """What is explained can be written as JSON, whatever stands in it."""
    assert msgspec.json.decode(
        msgspec.json.encode(
            explained(f"symbol: [{{path: {title!r}, logic: true}}]".replace("'", '"').replace("\\x1b", ""))
        )
    )


@settings(deadline=None, max_examples=examples(50))
@given(SYMBOLS, UNKNOWN, EXPRESSIONS)
def test_explanation_agrees_with_evaluation(symbols: list[str], unknown: str, when: str) -> None:
    """The verdict explained is the verdict given."""
    catalogue = rules(rule_text(when=when, evidence="{symbol: {}}"))
    given_facts = facts(f"symbol: [{', '.join(symbols)}]\nunknown: [{unknown}]")
    found = evaluate(catalogue, given_facts)
    verdict = "fires" if found.flags else "unknown" if found.unknown else "silent"
    assert explain(catalogue.rules[0], given_facts, catalogue=catalogue).verdict == verdict
