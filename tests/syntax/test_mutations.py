"""Edits of every kind, judged by ``ast``: none that it sees is called form, and none that it does not see is called logic.

python -m tests.syntax.test_mutations 50     # fifty rounds by hand: thousands of edits, with counts by kind
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import THOROUGH, examples, one_in
from tests.syntax.judging import judge
from tests.syntax.mutations import KINDS, SNIPPET, corpus


@pytest.mark.parametrize("kind", one_in(5, KINDS))
def test_an_edit_of_any_kind_is_judged_as_ast_judges_it(kind: str) -> None:
    tried = 2 if THOROUGH else 1
    results = [judge(SNIPPET, kind, seed) for seed in range(tried)]
    assert [line for _, lines in results for line in lines] == []
    # Not every edit makes a program: one of the next ones does.
    assert any(judged for judged, _ in results) or any(
        judge(SNIPPET, kind, seed)[0] for seed in range(tried, 20)
    )


@settings(max_examples=examples(50), deadline=None)
@given(st.sampled_from(corpus()[1:]), st.sampled_from(KINDS), st.integers(0, 10_000))
def test_edits_of_other_programs_are_judged_alike(text: str, kind: str, seed: int) -> None:
    assert judge(text, kind, seed)[1] == []
