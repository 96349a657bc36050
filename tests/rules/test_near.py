"""Silence is never mistaken for "nothing there": rules that nearly fired, and rules that would have were they on."""

from __future__ import annotations

import pytest

from diffscope.rules.engine.configuration import RuleConfiguration, Selector, select_rules
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.model import Severity
from tests.rule_builders import facts, rule_text, rules

FACTS = facts("""
    change: {kind: feature, code_added: 12}
    symbol:
      - {path: vllm/a.py, line: 9, symbol: A.run, logic: true, code_added: 4, aspects: [body]}
      - {path: vllm/b.py, line: 3, symbol: B.run, logic: true, code_added: 2, aspects: [body]}
""")
WHERE = "{symbol: {logic: true, code_added: {at_least: 5}}}"


def near(
    *texts: str, configuration: RuleConfiguration | None = None
) -> list[tuple[str, str, str | None, str]]:
    """Return status, severity, the failed condition and the place of each rule that was near."""
    found = evaluate(rules(*texts), FACTS, configuration=configuration or select_rules(select=None))
    return [
        (one.status, one.severity.value, one.failed, f"{one.place.path}:{one.place.line}")
        for one in found.near
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            rule_text(evidence=WHERE),
            [("stable", "medium", "at least 5 added lines of code, here 4", "vllm/a.py:9")],
            id="the largest record is one line short",
        ),
        pytest.param(
            rule_text(when="{change: {kind: feature, code_added: {at_least: 99}}}"),
            [("stable", "medium", "at least 99 added lines of code, here 12", "vllm/a.py:9")],
            id="there is evidence, and the change is too small",
        ),
        pytest.param(
            rule_text(when="{not: {symbol: {path: vllm/b.py}}}"),
            [("stable", "medium", "no symbol with path vllm/b.py", "vllm/a.py:9")],
            id="there is evidence, and something else that speaks against it",
        ),
        pytest.param(
            rule_text(evidence="{symbol: {any: [{code_added: {at_least: 5}}, {code_removed: {at_least: 7}}]}}"),
            [("stable", "medium", "at least 5 added lines of code, here 4 (one of 2 ways)", "vllm/a.py:9")],
            id="each of two ways is one line short",
        ),
        pytest.param(rule_text(when="{change: {kind: bugfix}}"), [], id="a change of another kind is not near"),
        pytest.param(rule_text(evidence="{symbol: {logic: true, aspects: removed}}"), [], id="another thing is not near"),
        pytest.param(
            rule_text(evidence="{symbol: {logic: true, decorators: {at_least: 1}}}"), [], id="one at least asks what a thing is, not how much of it"
        ),
        pytest.param(rule_text(evidence=WHERE, when="{change: {code_added: {at_least: 99}}}"), [], id="two things failed"),
        pytest.param(rule_text(), [], id="a rule that fires is not near"),
        pytest.param(
            rule_text(status='{is: preview, since: "0.1.0"}'), [("preview", "medium", None, "vllm/a.py:9")], id="a rule on trial would fire"
        ),
        pytest.param(rule_text(status='{is: preview, since: "0.1.0"}', evidence=WHERE), [], id="a rule on trial would not"),
    ],
)  # fmt: skip
def test_silent_rule_says_what_it_lacked(text: str, expected: list[tuple[str, str, str | None, str]]) -> None:
    """One condition, or none where it merely does not run."""
    assert near(text) == expected


def test_a_rule_that_was_turned_off_is_told_and_one_that_was_not_chosen_is_not() -> None:
    """``ignore`` hides a flag, not that there would be one; ``--select`` asks for nothing else."""
    off = RuleConfiguration(ignore=(Selector(text="XX101"),))
    assert near(rule_text(), configuration=off) == [("off", "medium", None, "vllm/a.py:9")]
    assert near(rule_text(), rule_text(), configuration=select_rules(select=["XX102"])) == []


def test_the_five_gravest_are_kept() -> None:
    """By the severity that they would have had, then by code."""
    texts = [rule_text(evidence=WHERE, severity=word) for word in ("low", "low", "high", "low", "low", "low")]
    found = evaluate(rules(*texts), FACTS).near
    assert [one.code for one in found] == ["XX103", "XX101", "XX102", "XX104", "XX105"]
    assert found[0].severity is Severity.HIGH
