"""The first sentences of a change."""

from __future__ import annotations

import pytest

from diffscope.render.sentences import begin


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        pytest.param("adds a rule", "Adds a rule", id="a word"),
        pytest.param("where, then", "Where, then", id="a word before a comma"),
        pytest.param("vllm/a.py:3 f still overrides g", "vllm/a.py:3 f still overrides g", id="a path"),
        pytest.param("core.run returns", "core.run returns", id="a name of the code"),
        pytest.param("`run` returns", "`run` returns", id="code in quotes"),
        pytest.param("新增 x", "新增 x", id="Chinese"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_sentence_begins_with_a_capital_and_code_stays_as_it_is(text: str, begun: str) -> None:
    assert begin(text) == begun
