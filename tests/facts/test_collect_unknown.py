"""What is unknown without a graph or without declarations is said to be, never silently nothing."""

from __future__ import annotations

from diffscope.adapters.knowledge import load_knowledge
from diffscope.adapters.rule_files import bundled_rules
from diffscope.facts.collect import Surroundings
from diffscope.pipeline import gather_facts
from tests.builders import BuiltChange, change


def unknown_families(built: BuiltChange) -> set[str]:
    knowledge = load_knowledge(bundled_rules())
    facts = gather_facts(built.change, built.diff, built.sides, knowledge=knowledge, around=Surroundings())
    return {one.family for one in facts.unknown}


def test_of_a_change_of_logic_overrides_counterparts_and_steps_are_unknown() -> None:
    built = change(
        {"vllm/v1/engine/core.py": "def step():\n    return 1\n"},
        {"vllm/v1/engine/core.py": "def step():\n    return 2\n"},
    )
    assert {"override", "counterpart", "step"} <= unknown_families(built)


def test_of_a_change_of_comments_no_override_is_missing() -> None:
    built = change({"vllm/v1/engine/core.py": "x = 1\n"}, {"vllm/v1/engine/core.py": "# one\nx = 1\n"})
    assert unknown_families(built) == {"step"}


def test_of_a_change_of_documents_nothing_is_missing() -> None:
    assert unknown_families(change({"docs/a.md": "a\n"}, {"docs/a.md": "b\n"})) == set()
