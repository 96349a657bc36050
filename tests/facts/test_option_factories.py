"""What a new field is where nobody sets it, and the variable that it takes the place of."""

from __future__ import annotations

import ast

import pytest

from diffscope.facts.option_factories import unset_value
from tests.fact_builders import facts

TABLE = """
environment_variables = {
    "VLLM_POOL_STEP": lambda: int(os.environ["VLLM_POOL_STEP"]) if "VLLM_POOL_STEP" in os.environ else None,
}
"""
CONFIG = """
def _step():
    given = from_deprecated("VLLM_POOL_STEP", "v0.29", "step")
    return 0 if given is None else int(given)


@config
class PoolConfig:
    size: int = 4
    step: int | None = Field(default_factory=_step, ge=0)
"""


def test_a_field_takes_over_what_a_variable_decided() -> None:
    """The field has the default that its factory makes; the variable, unset, now means that; until when it is read is told."""
    found = facts(
        {"vllm/config/pool.py": "@config\nclass PoolConfig:\n    size: int = 4\n", "vllm/envs.py": TABLE},
        {"vllm/config/pool.py": CONFIG, "vllm/envs.py": f"# Pools.\n{TABLE}"},
    ).option
    assert [(one.name, one.change, one.before, one.after) for one in found] == [
        ("PoolConfig.step", "added", None, "0"),
        ("VLLM_POOL_STEP", "default", "None", "0"),
    ]
    assert (found[1].line, found[1].replaced_by, found[1].deprecated_until) == (3, "PoolConfig.step", "v0.29")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("lambda: os.getenv('A', '1')", "'1'", id="the second argument of what reads"),
        pytest.param("int(os.environ.get('A', '7'))", "7", id="converted"),
        pytest.param("os.getenv('A')", "None", id="nothing"),
        pytest.param("x if x is not None else 3", "3", id="the other branch"),
        pytest.param("os.getenv('A') or 'b'", "'b'", id="what comes in its place"),
        pytest.param("compute()", None, id="what cannot be told"),
    ],
)
def test_value_where_nothing_is_set(text: str, value: str | None) -> None:
    assert unset_value(ast.parse(text, mode="eval").body) == value
