"""Rules on facts: flags with their evidence, severities, messages; what could not be judged; order never matters."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.facts.model import ChangeFacts
from diffscope.rules.engine.configuration import RuleConfiguration, Selector, SeverityOverride, select_rules
from diffscope.rules.engine.evaluate import MOST_EVIDENCE, evaluate
from diffscope.rules.engine.matching import Context
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.model import Severity
from tests.examples import examples
from tests.rule_builders import expression, facts, rule_text, rules

FACTS = """
    change: {kind: bugfix}
    symbol:
      - {path: vllm/b.py, line: 3, symbol: B.run, logic: true, code_added: 2, code_removed: 1, distance: 1}
      - {path: vllm/a.py, line: 9, symbol: A.run, module: vllm.a, logic: true, code_added: 40, distance: 2}
      - {path: vllm/c.py, line: 1, symbol: C, logic: false, code_added: 90, distance: null}
"""


def test_flag_says_where_and_why() -> None:
    """A flag has the rule's words, the places worst first, and a message with the worst one and how many more."""
    found = evaluate(rules(rule_text()), facts(FACTS))
    assert found.unknown == ()
    (flag,) = found.flags
    assert (flag.code, flag.name, flag.family, flag.severity) == (
        "XX101",
        "test-rule",
        "core-path",
        Severity.MEDIUM,
    )
    assert [(each.path, each.line, each.symbol, each.module, each.side) for each in flag.evidence] == [
        ("vllm/a.py", 9, "A.run", "vllm.a", "new"),
        ("vllm/b.py", 3, "B.run", None, "new"),
    ]
    assert flag.message.en == "A.run changed (and 1 more place)"
    assert flag.message.zh == "A.run 变更（另有 1 处）"
    assert flag.evidence[1].note.en == "B.run changed"
    assert (flag.title.zh, flag.advice.en, flag.confidence) == ("标题", "Look.", "high")


NEW_LINES = "{path: vllm/n.py, line: 1, symbol: new_lines, logic: true, code_added: 9}"
RENAMED = "{path: vllm/r.py, line: 1, symbol: renamed, logic: true, code_added: 8, code_removed: 8}"
BRANCH = "{path: vllm/s.py, line: 1, symbol: branch, logic: true, code_added: 7, branches_added: 1}"
GONE = "{path: vllm/g.py, line: 1, side: old, symbol: gone, logic: true, code_removed: 50}"


def test_new_branches_and_lines_come_before_lines_rewritten_in_place() -> None:
    """A name changed all over is no worse than what is new, and what is gone comes last."""
    text = "symbol:\n" + "".join(f"  - {each}\n" for each in (GONE, RENAMED, NEW_LINES, BRANCH))
    (flag,) = evaluate(rules(rule_text()), facts(text)).flags
    assert [each.symbol for each in flag.evidence] == ["branch", "new_lines", "renamed", "gone"]


HEADS = [
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: choose, aspects: [body], effect: body, consequence: low, reached: start_up}",
        "{path: vllm/b.py, line: 1, symbol: order, aspects: [added], effect: rewrite, consequence: medium, reached: start_up}",
        ["order", "choose"],
        id="what is decided in a new part, before the edit that calls it",
    ),
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: choose, aspects: [body], effect: body, consequence: low, reached: start_up}",
        "{path: vllm/b.py, line: 1, symbol: order, aspects: [added], effect: addition, consequence: medium, reached: start_up}",
        ["choose", "order"],
        id="what is edited, before what is new beside it",
    ),
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: A.encode, aspects: [body], effect: body, consequence: low, reached: per_request}",
        "{path: vllm/b.py, line: 1, symbol: B.create_answer, aspects: [body], effect: rewrite, consequence: medium, reached: per_request}",
        ["B.create_answer", "A.encode"],
        id="what creates an answer to a request prepares nothing",
    ),
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: A.forward, aspects: [body], effect: condition, consequence: low, reached: per_step, code_removed: 12}",
        "{path: vllm/b.py, line: 1, symbol: A.load, aspects: [body], effect: rewrite, consequence: low, reached: start_up, code_added: 13, code_removed: 6}",
        ["A.load", "A.forward"],
        id="what took the place of lines, before what only lost them",
    ),
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: A.apply, aspects: [body], effect: rewrite, consequence: medium, reached: per_step, code_added: 3, code_removed: 16}",
        "{path: vllm/b.py, line: 1, symbol: choose, aspects: [body], effect: rewrite, consequence: medium, reached: per_step, code_added: 9, code_removed: 2}",
        ["choose", "A.apply"],
        id="what took the place of lines, before what only hands on since",
    ),
    pytest.param(
        "{path: vllm/a.py, line: 1, symbol: A.apply, aspects: [body], effect: condition, consequence: low, reached: per_step, code_added: 1, code_removed: 3}",
        "{path: vllm/b.py, line: 1, symbol: B.apply, aspects: [body], effect: body, consequence: low, reached: per_step, code_added: 9, code_removed: 2}",
        ["A.apply", "B.apply"],
        id="what decides otherwise hands nothing on",
    ),
]


@pytest.mark.parametrize(("one", "other", "order"), HEADS)
def test_the_head_is_where_it_is_decided(one: str, other: str, order: list[str]) -> None:
    (flag,) = evaluate(
        rules(rule_text()),
        facts(f"symbol:\n  - {one[:-1]}, logic: true}}\n  - {other[:-1]}, logic: true}}\n"),
    ).flags
    assert [each.symbol for each in flag.evidence] == order


def test_a_new_kernel_comes_before_the_helper_that_changed_for_it() -> None:
    helper = "{path: a.py, line: 1, symbol: load_word, aspects: [body], effect: numerics, consequence: medium, reached: per_step, code_added: 4, logic: true}"
    kernel = "{path: b.py, line: 1, symbol: concat, aspects: [added], effect: addition, consequence: low, is_kernel: true, code_added: 35, logic: true}"
    text = rule_text(worst_by="code_added")
    (flag,) = evaluate(rules(text), facts(f"symbol:\n  - {helper}\n  - {kernel}\n")).flags
    assert [each.symbol for each in flag.evidence] == ["concat", "load_word"]


def test_worst_by_another_number() -> None:
    """The number that a rule names decides what comes first; what has none comes last."""
    text = rule_text(evidence="{symbol: {}}", worst_by="distance")
    (flag,) = evaluate(rules(text), facts(FACTS)).flags
    assert [each.path for each in flag.evidence] == ["vllm/a.py", "vllm/b.py", "vllm/c.py"]


def test_no_evidence_no_flag() -> None:
    """Where ``when`` holds and nothing can be shown, the rule is silent."""
    text = rule_text(evidence="{call: {role: lock}}", says="a call", when="{symbol: {}}")
    assert evaluate(rules(text), facts(FACTS)).flags == ()


def test_evidence_of_the_change_has_no_path() -> None:
    """A rule about the change as a whole points at no file."""
    text = rule_text(evidence="{change: {kind: bugfix}}", says='"{kind}"')
    (flag,) = evaluate(rules(text), facts(FACTS)).flags
    assert [(each.path, each.line, each.note.en) for each in flag.evidence] == [("", 0, "bugfix")]


def test_places_are_capped_and_counted() -> None:
    """A long list is cut; the message keeps the count; the fingerprint is of all places."""
    records = ", ".join(f"{{path: vllm/m{number:02}.py, symbol: f, logic: true}}" for number in range(30))
    (flag,) = evaluate(rules(rule_text()), facts(f"symbol: [{records}]")).flags
    (fewer,) = evaluate(rules(rule_text()), facts(f"symbol: [{records.rpartition(', {')[0]}]")).flags
    assert len(flag.evidence) == len(fewer.evidence) == MOST_EVIDENCE
    assert flag.message.en == "f changed (and 29 more places)"
    assert (flag.places, flag.more_places) == (30, 20)
    assert flag.evidence == fewer.evidence
    assert flag.fingerprint != fewer.fingerprint


def test_fingerprint_forgets_lines_and_numbers() -> None:
    """A rebase that moves lines does not make a new finding; another symbol does."""
    moved = FACTS.replace("line: 3", "line: 300").replace("code_added: 2", "code_added: 5")
    renamed = FACTS.replace("B.run", "B.walk")
    prints = [
        evaluate(rules(rule_text()), facts(text)).flags[0].fingerprint for text in (FACTS, moved, renamed)
    ]
    assert prints[0] == prints[1] != prints[2]
    assert len(prints[0]) == 16


STEPS = {
    "severity": (
        "[{critical: {call: {}}}, {high: {sum: code_added, of: symbol, at_least: 100}}, {info: {change: {kind: docs}}}, "
        "{low: {not: {call: {}}}}, medium]"
    )
}
SEVERITIES = [
    pytest.param("{code_added: 100}", "", "bugfix", Severity.HIGH, id="the second line"),
    pytest.param(
        "{code_added: 100}",
        "call: [{path: a.py}]",
        "bugfix",
        Severity.CRITICAL,
        id="the first line that holds decides",
    ),
    pytest.param("{code_added: 1}", "", "bugfix", Severity.LOW, id="the last condition"),
    pytest.param("{code_added: 1}", "", "docs", Severity.INFO, id="a line above another that holds too"),
    pytest.param("{code_added: 100}", "", "docs", Severity.HIGH, id="a line further up"),
    pytest.param(
        "{code_added: 1}",
        "unknown: [{family: call, reason: no}]",
        "bugfix",
        Severity.MEDIUM,
        id="a line that cannot be answered is passed over",
    ),
]


@pytest.mark.parametrize(("symbol", "more", "kind", "expected"), SEVERITIES)
def test_severity_steps(symbol: str, more: str, kind: str, expected: Severity) -> None:
    given_facts = facts(
        f"change: {{kind: {kind}}}\nsymbol: [{{path: a.py, logic: true, {symbol[1:-1]}}}]\n{more}"
    )
    (flag,) = evaluate(rules(rule_text(**STEPS)), given_facts).flags
    assert flag.severity is expected


def test_configured_severity_is_final() -> None:
    """A team's severity stands, whatever the rule's steps say; a code wins over a family."""
    overrides = tuple(
        SeverityOverride(selector=Selector(text=text), severity=severity)
        for text, severity in (("XX101", Severity.INFO), ("core-path", Severity.CRITICAL))
    )
    found = evaluate(
        rules(rule_text(**STEPS)), facts(FACTS), configuration=RuleConfiguration(severity=overrides)
    )
    assert found.flags[0].severity is Severity.INFO


SELECTED = [
    pytest.param("stable", None, (), True, id="a stable rule is on"),
    pytest.param("preview", None, (), False, id="a preview rule is off"),
    pytest.param("preview", ["*"], (), False, id="a star does not select a preview rule"),
    pytest.param("preview", ["core-path"], (), False, id="a family does not select a preview rule"),
    pytest.param("preview", ["*", "XX101"], (), True, id="its code selects a preview rule"),
    pytest.param("deprecated", None, (), False, id="a deprecated rule is off"),
    pytest.param("deprecated", ["XX101"], (), True, id="its code selects a deprecated rule"),
    pytest.param("stable", ["XX1*"], (), True, id="a glob of codes selects"),
    pytest.param("stable", ["XX?01"], (), True, id="a question mark is one character"),
    pytest.param("stable", ["YY1*"], (), False, id="another glob does not"),
    pytest.param("stable", ["missing-tests"], (), False, id="another family does not"),
    pytest.param("stable", ["XX101"], ["core-path"], False, id="ignore wins over select"),
    pytest.param("stable", [], (), False, id="an empty selection selects nothing"),
]


@pytest.mark.parametrize(("status", "select", "ignore", "is_on"), SELECTED)
def test_selection(status: str, select: list[str] | None, ignore: list[str], *, is_on: bool) -> None:
    catalogue = rules(rule_text(status=f'{{is: "{status}", since: "0.1.0"}}'))
    found = evaluate(catalogue, facts(FACTS), configuration=select_rules(select=select, ignore=ignore))
    assert bool(found.flags) is is_on


MISSING = [
    pytest.param("symbol: [{path: a.py, logic: true}]", "{symbol: {fan_in: {at_least: 1}}}", ("symbol.fan_in: not computed for a.py",), id="a field"),
    pytest.param("symbol: [{path: b.py, logic: true}, {path: a.py, logic: true}, {path: c.py}]", "{symbol: {logic: true, fan_in: {at_least: 1}}}", ("symbol.fan_in: not computed for a.py and 1 more",), id="a field of several records that could decide"),
    pytest.param("unknown: [{family: symbol, reason: no base tree}]", "{symbol: {}}", ("symbol: no base tree",), id="a family"),
    pytest.param("unknown: [{family: symbol, reason: does not parse, path: a.py}, {family: call, reason: too large}]", "{symbol: {}}", ("symbol: does not parse (a.py)",), id="one file of a family"),
    pytest.param("symbol: [{path: a.py}]\nunknown: [{family: call, reason: too large, path: a.py}]", "{symbol: {same_path: {call: {}}}}", ("call: too large (a.py)",), id="what a join asks"),
    pytest.param("symbol: [{path: a.py}]", "{sum: fan_in, of: symbol, at_least: 1}", ("symbol.fan_in: not computed for a.py",), id="a number that is summed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "when", "missing"), MISSING)
def test_rule_that_cannot_be_judged_says_what_is_missing(
    text: str, when: str, missing: tuple[str, ...]
) -> None:
    found = evaluate(rules(rule_text(evidence="{symbol: {}}", when=when)), facts(text))
    assert found.flags == ()
    assert [(each.code, tuple(one.en for one in each.missing)) for each in found.unknown] == [
        ("XX101", missing)
    ]


CONFIDENCE = [
    pytest.param("stable", "graph: {exact: true}", "{distance: {at_most: 2}}", "high", id="a stable rule on exact facts"),
    pytest.param("stable", "graph: {exact: false}", "{distance: {at_most: 2}}", "medium", id="the graph of another commit"),
    pytest.param("stable", "graph: {exact: false}", "{logic: true}", "high", id="a rule that asks no graph"),
    pytest.param("preview", "graph: {exact: true}", "{logic: true}", "medium", id="a rule on trial"),
    pytest.param("preview", "graph: {exact: false}\n    unknown: [{family: symbol, reason: no, path: z.py}]", "{distance: {at_most: 2}}", "low", id="all of it"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "more", "where", "expected"), CONFIDENCE)
def test_confidence(status: str, more: str, where: str, expected: str) -> None:
    text = rule_text(status=f'{{is: "{status}", since: "0.1.0"}}', evidence=f"{{symbol: {where}}}")
    found = evaluate(rules(text), facts(FACTS + f"    {more}"), configuration=select_rules(select=["XX101"]))
    assert found.flags[0].confidence == expected


def test_worst_flag_first() -> None:
    """Flags come by severity, then by code."""
    texts = [rule_text(severity=word) for word in ("low", "critical", "low", "high")]
    found = evaluate(rules(*texts), facts(FACTS))
    assert [flag.code for flag in found.flags] == ["XX102", "XX104", "XX101", "XX103"]


def test_empty_change_yields_nothing() -> None:
    """No record, no finding, nothing unknown."""
    found = evaluate(rules(rule_text()), facts())
    assert (found.flags, found.unknown) == ((), ())


SYMBOLS = st.lists(
    st.builds(
        lambda path, name, logic, added, fan: (
            f"{{path: {path}.py, symbol: {name}, logic: {str(logic).lower()}, code_added: {added}{fan}}}"
        ),
        st.sampled_from("abc"),
        st.sampled_from(["f", "g"]),
        st.booleans(),
        st.integers(0, 9),
        st.sampled_from(["", ", fan_in: 0", ", fan_in: 5"]),
    ),
    max_size=6,
)
UNKNOWN = st.sampled_from(
    [
        "",
        "{family: symbol, reason: r}",
        "{family: symbol, reason: r, path: a.py}",
        "{family: call, reason: r}",
    ]
)
LEAVES = st.sampled_from(
    [
        "{symbol: {logic: true}}",
        "{not: {symbol: {fan_in: {at_least: 3}}}}",
        "{not: {symbol: {not: {code_added: {at_least: 2}}}}}",
        "{count: symbol, where: {logic: true}, at_least: 2}",
        "{count: symbol, distinct: symbol, at_most: 1}",
        "{sum: [code_added, fan_in], of: symbol, at_least: 6}",
        '{symbol: {path: {like: "a*"}, fan_in: 5}}',
        "{not: {call: {role: lock}}}",
        "{symbol: {same_path: {call: {}}}}",
    ]
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{all: [{', '.join(parts)}]}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{any: [{', '.join(parts)}]}}"),
        inner.map(lambda part: f"{{not: {part}}}"),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=examples(50))
@given(SYMBOLS, UNKNOWN, EXPRESSIONS, st.randoms(use_true_random=False))
def test_order_of_records_never_matters(symbols: list[str], unknown: str, when: str, random: object) -> None:
    """Shuffled facts give the same flags and the same unknown rules, byte for byte."""
    catalogue = rules(rule_text(when=when, evidence="{symbol: {}}"))
    given_facts = facts(f"symbol: [{', '.join(symbols)}]\nunknown: [{unknown}]")
    shuffled = list(given_facts.symbol)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = msgspec.structs.replace(given_facts, symbol=tuple(shuffled))
    assert msgspec.json.encode(evaluate(catalogue, given_facts)) == msgspec.json.encode(
        evaluate(catalogue, other)
    )


@settings(deadline=None, max_examples=examples(50))
@given(SYMBOLS, SYMBOLS, UNKNOWN.filter(bool), EXPRESSIONS)
def test_learning_more_never_overturns_an_answer(
    known: list[str], hidden: list[str], unknown: str, when: str
) -> None:
    """What is decided while a family is partly unknown stays decided when its records come to light."""
    condition = compile_judge(expression(when))

    def judged(symbols: list[str], mark: str) -> bool | None:
        found: ChangeFacts = facts(f"symbol: [{', '.join(symbols)}]\nunknown: [{mark}]")
        return condition(Context(found))

    # Only records that the mark allows for may come to light: a whole family, or one file of it.
    allowed = (
        hidden
        if unknown == "{family: symbol, reason: r}"
        else [each for each in hidden if "path: a.py" in each]
    )
    learned = judged([*known, *(allowed if "symbol" in unknown else [])], "")
    assert judged(known, unknown) in (None, learned)
