"""Kinds, tags and areas in lines about one change: as written in English, by their names in Chinese."""

from __future__ import annotations

import pytest

from diffscope.assessment.document import AreaShare
from diffscope.messages.model import Language
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words, tag_title
from tests.assessments import an_assessment

GIVEN = an_assessment(
    kind="bugfix",
    tags=("bugfix", "ci/build", "kv-cache", "v1"),
    areas=(AreaShare(area="scheduler", weight=1.0, files=()),),
)


@pytest.mark.parametrize(
    ("language", "kind", "areas"),
    [
        pytest.param(Language.ENGLISH, ("bugfix", "ci/build, kv-cache, v1"), "scheduler 100%", id="as written in English"),
        pytest.param(Language.CHINESE, ("缺陷修复", "CI 与构建、KV 缓存、v1"), "调度器 100%", id="by name in Chinese"),
    ],
)  # fmt: skip
def test_one_line_about_a_change(language: Language, kind: tuple[str, str], areas: str) -> None:
    read = AssessmentView(GIVEN, Words(language))
    assert (read.kind[:2], read.areas) == (kind, areas)


def test_an_unknown_name_stays() -> None:
    """Somebody's own tag has no name in our tables."""
    assert tag_title("my-own-tag", Language.CHINESE) == "my-own-tag"
