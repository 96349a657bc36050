"""Edits of every kind, judged by ``ast``: none that it sees is called form, and none that it does not see is called logic.

python -m tests.syntax.test_mutations 50     # fifty rounds by hand: thousands of edits, with counts by kind
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.syntax.judging import disagreements
from tests.syntax.mutations import KINDS, SNIPPET, corpus, mutants


def judge(text: str, kind: str, seed: int) -> tuple[int, list[str]]:
    """Return how many edits were judged, and where the two disagree."""
    judged, found = 0, []
    for before, after in mutants(text, kind, random.Random(seed)):
        lines = disagreements(before, after)
        judged += lines is not None
        found += [f"{kind} {seed}: {line}" for line in lines or ()]
    return judged, found


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_any_kind_is_judged_as_ast_judges_it(kind: str) -> None:
    results = [judge(SNIPPET, kind, seed) for seed in range(6)]
    assert [line for _, lines in results for line in lines] == []
    assert sum(judged for judged, _ in results) > 0


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(corpus()[1:]), st.sampled_from(KINDS), st.integers(0, 10_000))
def test_edits_of_other_programs_are_judged_alike(text: str, kind: str, seed: int) -> None:
    assert judge(text, kind, seed)[1] == []


def main(rounds: int) -> int:
    """Print the counts of each kind and every disagreement."""
    judged, failed = Counter[str](), Counter[str]()
    for at, text in enumerate(corpus()):
        for kind in KINDS:
            for seed in range(rounds if at == 0 else max(1, rounds // 25)):
                count, lines = judge(text, kind, seed)
                judged[kind] += count
                failed[kind] += bool(lines)
                for line in lines:
                    print(f"program {at}: {line}", flush=True)
    for kind in KINDS:
        print(f"{kind:<32} {judged[kind]:>6} judged {failed[kind]:>5} failed")
    print(f"{'all':<32} {judged.total():>6} judged {failed.total():>5} failed")
    return 1 if failed.total() else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
