"""Waivers: a line in the body, with a reason or refused; reported, never dropped; unused ones warned of."""

from __future__ import annotations

import time

import pytest

from diffscope.messages.say import sentence
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.engine.folding import apply_waivers, parse_waivers
from tests.rule_builders import facts, rule_text, rules

READ = [
    pytest.param("diffscope: waive CP101 because covered by the nightly run", [("CP101", "covered by the nightly run")], id="the plain form"),
    pytest.param("Fixes #1.\r\n\r\n- Diffscope: Waive cp101 because nightly\r\n", [("CP101", "nightly")], id="a list item, capitals, carriage returns"),
    pytest.param("> diffscope:waive CP101, TC201 because both moved", [("CP101", "both moved"), ("TC201", "both moved")], id="two codes, quoted"),
    pytest.param("diffscope: waive CP101 因为 已由夜间测试覆盖", [("CP101", "已由夜间测试覆盖")], id="a reason in Chinese"),
    pytest.param("diffscope: waive CP101: because x", [("CP101", "x")], id="a colon before because"),
    pytest.param("diffscope: waive CP101 CP101 because x", [], id="two codes without a comma"),
    pytest.param("please diffscope: waive CP101 because x", [], id="in the middle of a sentence"),
    pytest.param("```\ndiffscope: waive CP101 because x\n```", [], id="in a code fence"),
    pytest.param("~~~\n```\ndiffscope: waive CP101 because x\n~~~\ndiffscope: waive TC201 because y", [("TC201", "y")], id="after a code fence"),
    pytest.param("<!-- diffscope: waive CP101 because x -->", [], id="in a comment"),
    pytest.param("<!--\ndiffscope: waive CP101 because x\n", [], id="in a comment that never ends"),
    pytest.param("", [], id="an empty body"),
    pytest.param(None, [], id="no body"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), READ)
def test_waiver_lines(body: str | None, expected: list[tuple[str, str]]) -> None:
    assert [(each.code, each.reason) for each in parse_waivers(body).accepted] == expected


REFUSED = [
    pytest.param("diffscope: waive CP101", "waiver refused, line 1: CP101 waived without a reason; add 'because ...'", id="no reason"),
    pytest.param("a\n\ndiffscope: waive CP101, TC201 because ...", "waiver refused, line 3: CP101, TC201 waived without a reason; add 'because ...'", id="dots are no reason"),
    pytest.param("diffscope: waive everything", "waiver refused, line 1: 'everything' is no waiver; write: diffscope: waive CP101 because ...", id="no code"),
    pytest.param("<!-- a\nb -->\ndiffscope: waive", "waiver refused, line 3: '' is no waiver; write: diffscope: waive CP101 because ...", id="nothing, below a comment of two lines"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_refused_waiver(body: str, reason: str) -> None:
    found = parse_waivers(body)
    assert (found.accepted, [sentence(each).en for each in found.refused]) == ((), [reason])


def test_waived_flag_is_reported_with_its_reason() -> None:
    """A waived flag leaves the standing ones and keeps all it says; unused and refused waivers are warnings."""
    catalogue = rules(
        rule_text(),
        rule_text(),
        rule_text(evidence="{call: {}}", says="x"),
    )
    flags = evaluate(catalogue, facts("symbol: [{path: a.py, logic: true}]")).flags
    body = "diffscope: waive XX101 because known\ndiffscope: waive XX103 because why\ndiffscope: waive XX109 because why\ndiffscope: waive XX102"
    found = apply_waivers(flags, parse_waivers(body), codes=[rule.code for rule in catalogue.rules])
    assert [flag.code for flag in found.standing] == ["XX102"]
    assert [(each.flag, each.reason) for each in found.waived] == [(flags[0], "known")]
    assert tuple(sentence(each).en for each in found.warnings) == (
        "waiver refused, line 4: XX102 waived without a reason; add 'because ...'",
        "waiver unused, line 2: XX103 does not fire; remove the line",
        "waiver unused, line 3: there is no rule XX109; did you mean 'XX103'?",
    )


def test_hostile_body_is_bounded() -> None:
    """Thousands of waivers, endless reasons and endless marks cost little and say little."""
    body = (
        "diffscope: waive CP101 because "
        + "x" * 5000
        + "\n"
        + "diffscope: waive TC201 because y\n" * 5000
        + ">-*" * 10_000
        + "<!--" * 10_000
    )
    start = time.process_time()
    found = parse_waivers(body)
    assert time.process_time() - start < 1
    assert len(found.accepted) == 50
    assert len(found.accepted[0].reason) == 500
    assert tuple(sentence(each).en for each in found.refused) == (
        "waiver refused, line 51: more than 50 waivers; this one and the rest are not read",
    )
