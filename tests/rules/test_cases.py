"""Case files: read strictly, compared exactly; todo cases fail or are refused."""

from __future__ import annotations

import pytest

from diffscope.errors import InputError
from diffscope.facts.model import ChangeFacts
from diffscope.rules.authoring.cases import Case, check_case_set, read_cases
from diffscope.rules.authoring.run_cases import CaseResult, CaseStatus, run_case
from diffscope.rules.model import Severity
from tests.rule_builders import facts, rule_text, rules, told

AT = "rules/XX101-test-rule/cases.yml"


def complaints(text: str) -> list[str]:
    return [told(each).removeprefix(f"{AT}:") for each in read_cases(text, at=AT)[1]]


WRONG = [
    pytest.param("Bad: {facts: {}, findings: []}", "1: 'Bad' is not a case name (two or more lower_case_words: docstring_only)", id="a name of one word"),
    pytest.param("a_case: {findings: []}", "1: a case has no input (give before and after, or facts, or recorded)", id="no input"),
    pytest.param("a_case: {facts: {}, recorded: 3, findings: []}", "1: a case has facts and recorded (give before and after, or facts, or recorded)", id="two inputs"),
    pytest.param("a_case: {facts: {}}", "1: the case 'a_case' marks no finding and lacks 'findings' (mark one: # <- CP101 medium: EngineCore.step; or add findings: [])", id="no findings"),
    pytest.param("a_case: {fcts: {}, findings: []}", "1: unknown key 'fcts' in the case 'a_case' (did you mean 'facts'?)", id="an unknown key"),
    pytest.param("a_case: {facts: {}, findings: [{paht: a}]}", "1: unknown key 'paht' in a finding (did you mean 'path'?)", id="an unknown key of a finding"),
    pytest.param("a_case: {facts: {}, findings: [{}]}", "1: a finding says nothing (write {path: ..., line: ..., symbol: ...})", id="an empty finding"),
    pytest.param("a_case: {facts: {}, findings: [{line: 3}], unknown: true}", "1: a case cannot both find and not know (make findings: [])", id="found and unknown"),
    pytest.param("a_case: {recorded: 3, title: a, findings: []}", "1: a recorded change has its own title, body and labels (remove them)", id="a title for a recorded change"),
    pytest.param("a_case: {facts: {}, tree: {a.py: b}, findings: []}", "1: 'tree' belongs to before and after (remove it)", id="a tree beside facts"),
    pytest.param("a_case: {before: {a.py: 3}, after: {}, findings: []}", "1: the text of 'a.py' must be text, not the number '3' (quote it, or use '|')", id="a file that reads as a number"),
    pytest.param("a_case: {before: [a.py], after: {}, findings: []}", "1: 'before' must be a mapping of paths to texts, not a list (write {path: text})", id="a list of files"),
    pytest.param("a_case: {facts: {symbl: []}, findings: []}", "1: unknown key 'symbl' in 'facts' (did you mean 'symbol'?)", id="an unknown family"),
    pytest.param("a_case: {facts: {symbol: [{path: a, lgic: true}]}, findings: []}", "1: unknown field 'lgic' of fact 'symbol' (did you mean 'logic'?)", id="an unknown field"),
    pytest.param("a_case: {facts: {symbol: [{logic: true}]}, findings: []}", "1: a record of 'symbol' lacks 'path' (add 'path:')", id="a record without a path"),
    pytest.param("a_case: {facts: {symbol: [{path: a, kind: fnction}]}, findings: []}", "1: unknown word of 'kind' 'fnction' (did you mean 'function'?)", id="a word outside a closed set"),
    pytest.param("a_case: {facts: {symbol: [{path: a, line: x}]}, findings: []}", "1: 'line' must be a whole number, not the text 'x' (write digits, without quotes)", id="a wrong type"),
    pytest.param("a_case: {facts: {unknown: [{family: symbl, reason: r}]}, findings: []}", "1: unknown fact 'symbl' (did you mean 'symbol'?)", id="an unknown family that is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_mistake_in_a_case_file(text: str, complaint: str) -> None:
    assert complaint in complaints(text)


RULE = rules(rule_text()).rules[0]
FACTS = "{symbol: [{path: a.py, line: 3, symbol: f, logic: true}, {path: b.py, line: 4, symbol: null, side: old, logic: true}]}"


def run(text: str, collected: ChangeFacts | None = None) -> CaseResult:
    cases, mistakes = read_cases(text, at=AT)
    assert not mistakes
    return run_case(RULE, cases[0], collect=lambda _: collected)


EXACT = [
    pytest.param("findings: [{path: a.py, line: 3, symbol: f}, {path: b.py}]", (), id="all found"),
    pytest.param("findings: [{path: b.py, symbol: null, side: old}, {line: 3, says: f changed, says_zh: f 变更}]", (), id="in any order, by any key"),
    pytest.param("findings: [{path: a.py}]", ("not expected: path 'b.py', line 4, side 'old', symbol None, says 'none changed', says_zh '无 变更'",), id="one more than said"),
    pytest.param("findings: [{path: a.py}, {path: b.py}, {path: c.py}]", ("missing: path 'c.py'", "  evidence: c.py has no symbol"), id="one less than said"),
    pytest.param("findings: [{line: 3}, {line: 5}]", ("missing: line 5", "not expected: path 'b.py', line 4, side 'old', symbol None, says 'none changed', says_zh '无 变更'"), id="another line"),
    pytest.param("findings: [{path: a.py}, {path: b.py}], severity: high", ("severity is medium, not high", "  no line of the list holds: medium"), id="another severity"),
    pytest.param("findings: [{path: a.py}, {path: b.py}], severity: medium", (), id="the severity"),
    pytest.param("findings: [], unknown: true", ("the rule is not unknown", "not expected: path 'a.py', line 3, side 'new', symbol 'f', says 'f changed', says_zh 'f 变更'", "not expected: path 'b.py', line 4, side 'old', symbol None, says 'none changed', says_zh '无 变更'"), id="known, not unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "differences"), EXACT)
def test_findings_are_exact(expected: str, differences: tuple[str, ...]) -> None:
    result = run(f"a_case: {{facts: {FACTS}, {expected}}}")
    assert result.differences == differences
    assert result.status is (CaseStatus.FAILED if differences else CaseStatus.PASSED)


def test_precise_finding_picks_its_place_first() -> None:
    """A vague finding does not take the place that a precise one needs."""
    text = "a_case: {facts: {symbol: [{path: a.py, line: 1, logic: true}, {path: a.py, line: 2, logic: true}]}, findings: [{path: a.py}, {path: a.py, line: 1}]}"
    assert run(text).differences == ()


UNKNOWN = "{unknown: [{family: symbol, reason: no tree}]}"
OUTCOMES = [
    pytest.param(f"a_case: {{facts: {UNKNOWN}, findings: [], unknown: true}}", CaseStatus.PASSED, (), id="unknown is expected"),
    pytest.param(f"a_case: {{facts: {UNKNOWN}, findings: []}}", CaseStatus.FAILED, ("the rule cannot tell: symbol: no tree",), id="unknown is not silence"),
    pytest.param(f'a_case: {{facts: {FACTS}, findings: [], todo: "later"}}', CaseStatus.TODO, ("later",), id="a case to do fails"),
    pytest.param('a_case: {facts: {}, findings: [], todo: "later"}', CaseStatus.FAILED, ("it passes now: remove its 'todo'",), id="a case to do that passes is refused"),
    pytest.param("a_case: {recorded: 7, findings: []}", CaseStatus.SKIPPED, ("recorded change 7 is not here",), id="a recorded change that is not here"),
    pytest.param("a_case: {before: {a: b}, after: {}, findings: []}", CaseStatus.SKIPPED, ("no pipeline here",), id="no pipeline"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "status", "differences"), OUTCOMES)
def test_outcome(text: str, status: CaseStatus, differences: tuple[str, ...]) -> None:
    result = run(text)
    assert (result.status, result.differences[: len(differences)]) == (status, differences)


def test_collected_facts_are_judged() -> None:
    """A case with both sides, or a recorded one, is judged by what is collected for it."""
    found = facts("symbol: [{path: a.py, logic: true}]")
    assert run("a_case: {recorded: 7, findings: [{path: a.py}]}", found).status is CaseStatus.PASSED


def test_facts_that_cannot_be_had_fail_the_case() -> None:
    """An error of the pipeline is a failed case, not a traceback."""

    def collect(_: Case) -> ChangeFacts:
        raise InputError("both sides are the same")

    (case,), _ = read_cases("a_case: {recorded: 7, findings: []}", at=AT)
    result = run_case(RULE, case, collect=collect)
    assert (result.status, result.differences) == (
        CaseStatus.FAILED,
        ("its facts could not be computed: both sides are the same",),
    )


def test_preview_rule_is_judged_alone() -> None:
    """Cases run whatever a rule's status is."""
    rule = rules(rule_text(status='{is: preview, since: "0.1.0"}')).rules[0]
    (case,), _ = read_cases(f"a_case: {{facts: {FACTS}, findings: [{{line: 3}}, {{line: 4}}]}}", at=AT)
    assert run_case(rule, case, collect=lambda _: None).status is CaseStatus.PASSED


SETS = [
    pytest.param("", ["no case shows the rule firing (add a case with findings)", "0 near misses; a rule needs two (add cases with 'findings: []' that all but fire)"], id="no case"),
    pytest.param("a_a: {facts: {}, findings: [{line: 1}]}\nb_b: {facts: {}, findings: []}", ["1 near miss; a rule needs two (add cases with 'findings: []' that all but fire)"], id="one near miss"),
    pytest.param("a_a: {facts: {}, findings: [{line: 1}]}\nb_b: {facts: {}, findings: []}\nc_c: {facts: {}, findings: []}", [], id="enough"),
    pytest.param("a_a: {facts: {}, findings: [{line: 1}], todo: x}\nb_b: {facts: {}, findings: []}\nc_c: {facts: {}, findings: []}", ["no case shows the rule firing (add a case with findings)"], id="what is to do does not count"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lacking"), SETS)
def test_a_rule_needs_a_hit_and_two_near_misses(text: str, lacking: list[str]) -> None:
    cases, _ = read_cases(text, at=AT)
    assert [told(each).removeprefix(f"{AT}:1: ") for each in check_case_set(cases, at=AT)] == lacking


MARKED = """
a_case:
  before: {a.py: "def f():\\n    return 1\\n"}
  after:
    a.py: |
      def f():%s
          return 2
"""
MARKS = [
    pytest.param("  # <- XX101 medium: f", [], id="code, severity and symbol"),
    pytest.param("  # <- XX101", [], id="the code alone"),
    pytest.param("  // <- XX101: A.f", [], id="another comment sign"),
    pytest.param("  # <- XX102: f", ["a mark is of XX102, and the rule is XX101 (mark XX101)"], id="another rule"),
    pytest.param("  # <- XX101 hihg: f", ["'def f():  # <- XX101 hihg: f' is not a mark (write # <- CP101 medium: EngineCore.step)"], id="a severity misspelt"),
    pytest.param("  # <-XX101 medium", ["'def f():  # <-XX101 medium' is not a mark (write # <- CP101 medium: EngineCore.step)"], id="a missing space"),
    pytest.param("  # <- XX101 low: f # <- XX101 high: g", ["the marks of a case name several severities (a flag has one: name the same)"], id="two severities"),
]  # fmt: skip


@pytest.mark.parametrize(("mark", "expected"), MARKS)
def test_mark(mark: str, expected: list[str]) -> None:
    """A finding may be marked on its line; the file that is run does not hold the mark."""
    cases, mistakes = read_cases(MARKED % mark, at=AT)
    found = [told(each).partition(": ")[2] for each in mistakes]
    assert [line for line in found if "marks no finding" not in line] == expected
    assert expected or cases[0].after[0].text == "def f():\n    return 2\n"


def test_marks_are_findings() -> None:
    """Each mark is a finding with path, line and side; the severity is that of the flag."""
    text = """
a_case:
  before:
    a.py: |
      def g(): ...  # <- XX101 low: g
  after:
    b.py: |
      def f(): ...  # <- XX101 low: f # <- XX101 low: h
"""
    (case,), mistakes = read_cases(text, at=AT)
    assert mistakes == ()
    assert [(each.path, each.line, each.side, each.symbol) for each in case.findings] == [
        ("a.py", 1, "old", "g"),
        ("b.py", 1, "new", "f"),
        ("b.py", 1, "new", "h"),
    ]
    assert case.severity is Severity.LOW


def test_marks_and_findings_do_not_stand_together() -> None:
    """One of the two says it; what does not change earns nothing."""
    text = """
a_case:
  tree:
    c.py: |
      def g(): ...  # <- XX101
  before: {}
  after:
    b.py: |
      def f(): ...  # <- XX101 low
  findings: []
  severity: low
"""
    assert complaints(text) == [
        "10: findings are marked and listed (keep one of the two)",
        "4: 'tree' does not change, so that nothing is found in it (mark 'after')",
        "11: the severity is marked and listed (keep one of the two)",
    ]


MISSES = [
    pytest.param("", "{code_added: 4}", ["evidence: f (a.py:1): code_added is 4, wanted code_added at_least 5"], id="a number"),
    pytest.param("", "{code_added: 5, path: b.py}", ["evidence: a.py has no symbol"], id="another file"),
    pytest.param("when: {not: {change: {kind: bugfix}}}", "{code_added: 5}", ["when: there is such change: the change, wanted not (change where kind is bugfix)"], id="something that must not be there"),
    pytest.param("when: {count: evidence, at_least: 2}", "{code_added: 5}", ["when: came to 1, wanted count of evidence at_least 2"], id="a count"),
    pytest.param("when: {change: {code_added: {at_least: 9}}}", "{code_added: 5}", ["when: the change: code_added is 0, wanted code_added at_least 9"], id="a field of the change"),
    pytest.param("when: {any: [{call: {}}, {evidence: {kind: class}}]}", "{code_added: 5, kind: method}", ["when: none of (there is no call) or (f (a.py:1): kind is method, wanted kind is class)"], id="neither of two"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "symbol", "expected"), MISSES)
def test_case_that_misses_says_which_condition_failed(when: str, symbol: str, expected: list[str]) -> None:
    """The condition, the fact that it failed on, what was seen and what was wanted."""
    rule = rules(rule_text(evidence="{symbol: {code_added: {at_least: 5}}}") + when + "\n").rules[0]
    path = "" if "path" in symbol else "path: a.py, "
    record = f"{{{path}line: 1, symbol: f, {symbol[1:]}"
    text = f"a_case: {{facts: {{change: {{kind: bugfix}}, symbol: [{record}]}}, findings: [{{path: a.py}}]}}"
    (case,), _ = read_cases(text, at=AT)
    result = run_case(rule, case, collect=lambda _: None)
    assert [line.strip() for line in result.differences if line.startswith("  ")] == expected
