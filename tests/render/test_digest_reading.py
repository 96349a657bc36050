"""What reports say of counts: singular and plural, and lists that add up."""

from __future__ import annotations

import pytest

from diffscope.messages.model import Language
from diffscope.products.report.digest import build_digest
from diffscope.products.report.model import Counted
from diffscope.products.report.render.view_model import DigestView
from diffscope.render.words import Words
from tests.digests import WEEK, a_pull


def counted(**counts: int) -> tuple[Counted, ...]:
    return tuple(Counted(name=name, count=number, pulls=()) for name, number in counts.items())


@pytest.mark.parametrize(
    ("kinds", "english", "chinese"),
    [
        pytest.param(counted(feature=1), "1 feature", "新功能 1 个", id="one of a kind"),
        pytest.param(
            counted(bugfix=26, refactor=1, ci=1),
            "26 bug fixes, 1 refactoring, 1 CI",
            "缺陷修复 26 个、重构 1 个、CI 1 个",
            id="all kinds are named",
        ),
        pytest.param(
            counted(bugfix=26, feature=9, test=2, docs=2, model=1),
            "26 bug fixes, 9 features, 2 tests, 3 others",
            "缺陷修复 26 个、新功能 9 个、测试 2 个、其他 3 个",
            id="the rest is counted",
        ),
        pytest.param(
            counted(bugfix=26, feature=9, test=2, docs=1),
            "26 bug fixes, 9 features, 2 tests, 1 other",
            "缺陷修复 26 个、新功能 9 个、测试 2 个、其他 1 个",
            id="one is left",
        ),
    ],
)
def test_kinds_add_up(kinds: tuple[Counted, ...], english: str, chinese: str) -> None:
    digest = build_digest([a_pull(1)], repository="vllm-project/vllm", period=WEEK)
    assert DigestView(digest, Words(Language.ENGLISH)).kinds(kinds, 3) == english
    assert DigestView(digest, Words(Language.CHINESE)).kinds(kinds, 3) == chinese
