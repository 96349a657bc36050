"""Gaps in Chinese: every sentence of the table is one that the code still writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffscope.render.gap_words import REASONS, WHATS, say_missing_in_chinese, say_note, say_reason, say_what
from diffscope.render.style import Language

PACKAGE = Path(__file__).parents[2] / "diffscope"
CODE = "\n".join(
    file.read_text("utf-8") for file in sorted(PACKAGE.rglob("*.py")) if file.name != "gap_words.py"
)


@pytest.mark.parametrize("english", [english for english, _ in REASONS])
def test_sentence_is_written_somewhere(english: str) -> None:
    """A gap that was reworded would fall back to English in silence."""
    longest = max(re.split(r"\{\}", english), key=len).strip()
    for suffix in (", first at line", "of", "missing"):
        longest = longest.removesuffix(suffix).strip()
    assert longest in CODE


@pytest.mark.parametrize(("english", "chinese"), REASONS, ids=[english for english, _ in REASONS])
def test_sentence_has_its_translation(english: str, chinese: str) -> None:
    """With what it quotes in the same places, none lost."""
    quoted = [f"x{n}" for n in range(english.count("{}"))]
    assert english.count("{}") == chinese.count("{}")
    assert say_reason(english.format(*quoted), Language.CHINESE) == chinese.format(*quoted)
    assert say_reason(english.format(*quoted), Language.ENGLISH) == english.format(*quoted)


@pytest.mark.parametrize(
    ("note", "chinese"),
    [
        pytest.param("guard, call: it does not parse (vllm/x.py)", "guard、call：无法解析（vllm/x.py）", id="families, reason, place"),
        pytest.param("history: no history of the base", "history：没有基准的历史", id="no place"),
        pytest.param("line 3: unknown code XX999", "line 3: unknown code XX999", id="a note of another kind"),
    ],
)  # fmt: skip
def test_notes_of_unknown_families(note: str, chinese: str) -> None:
    assert say_note(note, Language.CHINESE) == chinese
    assert say_note(note, Language.ENGLISH) == note


@pytest.mark.parametrize(
    ("missing", "chinese"),
    [
        pytest.param("operator.has_fake: not computed for csrc/x.cpp", "未能对 csrc/x.cpp 得出 operator.has_fake", id="a field"),
        pytest.param("operator.has_fake: not computed for csrc/x.cpp and 2 more", "未能对 csrc/x.cpp 等 3 个文件 得出 operator.has_fake", id="of several files"),
        pytest.param("guard: it does not parse (vllm/x.py)", "guard：无法解析（vllm/x.py）", id="a family"),
    ],
)  # fmt: skip
def test_what_a_rule_lacked(missing: str, chinese: str) -> None:
    assert say_missing_in_chinese(missing) == chinese


def test_what_is_not_known_stays_as_it_is() -> None:
    assert say_reason("fatal: bad object", Language.CHINESE) == "fatal: bad object"
    assert say_what("moon", Language.CHINESE) == "moon"


def test_every_gap_of_the_code_has_a_name() -> None:
    """`what` is a closed list, though no type says so."""
    assert set(re.findall(r'Gap\(\s*what="([a-z-]+)"', CODE)) <= set(WHATS)
