"""Hints of review hygiene: said, and of no weight."""

from __future__ import annotations

from diffscope.adapters.config.rule_files import load_rules
from diffscope.pipeline import judge
from diffscope.rules.engine.configuration import select_rules
from diffscope.rules.model import HINTS, Severity
from tests.fact_builders import facts, knowledge

PATH = "vllm/v1/core/pool.py"
CODE = "".join(f"def size_{number}(pool):\n    return pool.size + {number}\n\n\n" for number in range(40))


def test_a_hint_decides_no_level_and_no_score() -> None:
    """The same change with and without them: a flag more, and nothing else."""
    found = facts({PATH: "x = 1\n"}, {PATH: "x = 1\n\n\n" + CODE}, title="[Core] Add sizes of pools")
    catalogue, taxonomy = load_rules(()), knowledge().taxonomy
    hinted, bare = (
        judge(
            found,
            catalogue=catalogue,
            taxonomy=taxonomy,
            configuration=select_rules(select=select, ignore=ignore),
        )
        for select, ignore in ((["RH*"], []), (["RH*"], ["RH*"]))
    )
    assert [flag.code for flag in hinted.flags] == ["RH111"]
    assert bare.flags == ()
    assert (hinted.risk, hinted.importance, hinted.insight) == (bare.risk, bare.importance, bare.insight)


def test_no_hint_is_above_low() -> None:
    """Nor may a step of its severity be."""
    rules = [rule for rule in load_rules(()).rules if rule.family == HINTS]
    assert len(rules) >= 11
    worst = max(
        step.rank for rule in rules for step in (rule.severity, *(each.to for each in rule.severity_steps))
    )
    assert worst <= Severity.LOW.rank
