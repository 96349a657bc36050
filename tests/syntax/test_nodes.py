"""Code as it is quoted."""

from __future__ import annotations

import pytest

from diffscope.syntax.nodes import without_trailing_commas


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(
            "kind in (Kind.DECODER,)", "kind in (Kind.DECODER,)", id="a tuple of one element keeps its comma"
        ),
        pytest.param("return(x,)", "return(x,)", id="so does one behind a keyword without a space"),
        pytest.param("(a, b,)", "(a, b)", id="a tuple of two elements does not need it"),
        pytest.param("run(a,)", "run(a)", id="nor does a call"),
        pytest.param("table[0](a,)", "table[0](a)", id="nor does a call of what was looked up"),
        pytest.param("run((a,),)", "run((a,))", id="a tuple within a call"),
        pytest.param("in (run(a, b),)", "in (run(a, b),)", id="commas within an element do not count"),
        pytest.param('run("a,)", b,)', 'run("a,)", b)', id="what stands in quotes is left as it is"),
    ],
)
def test_commas_that_change_nothing_are_left_out(code: str, expected: str) -> None:
    assert without_trailing_commas(code) == expected
