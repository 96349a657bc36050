"""Edits of a real clone's history, judged by ``ast``. By hand, in thousands: ``python -m tests.benchmarks.syntax_oracle``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.syntax_oracle import pairs
from tests.syntax.judging import disagreements


@pytest.mark.clone
def test_the_newest_changes_are_judged_as_ast_judges_them(vllm_clone: Path) -> None:
    found = [(name, disagreements(before, after)) for name, before, after in pairs(vllm_clone, 4)]
    assert [(name, lines) for name, lines in found if lines] == []
    assert sum(lines is not None for _, lines in found) > 0
