"""What the assessment keeps of CI, and how it is said."""

from __future__ import annotations

import pytest

from diffscope.facts.values import CiFacts, StepBlindSpot, StepSelection
from diffscope.render.reading import Reading
from diffscope.render.style import Language
from diffscope.render.words import Words
from tests.assessment.test_assess import assessed
from tests.assessment.test_scores import CORE, facts_of
from tests.taxonomies import a_file


def a_spot(label: str, reason: str) -> StepBlindSpot:
    return StepBlindSpot(
        label=label,
        file="x.yaml:1",
        reason=reason,
        path=CORE,
        test="tests/test_x.py",
        chain="a -> b",
        tests=1,
    )


def steps(*states: tuple[bool, str | None]) -> tuple[StepSelection, ...]:
    return tuple(
        StepSelection(label=f"S{at}", selected=runs, reason="x", optional=not runs, amd_mirror=state)
        for at, (runs, state) in enumerate(states)
    )


def said(ci: CiFacts, language: Language) -> str:
    return "; ".join(Reading(assessed(facts_of("Fix x", a_file(CORE), ci=ci)), Words(language)).ci)


def test_steps_that_never_run_by_themselves_are_no_blind_spots() -> None:
    """They stand beside nearly every change and tell nothing of this one."""
    ci = CiFacts(blind_spots=(a_spot("Intel GPU Test", "empty-list"), a_spot("Models", "no-match")))
    found = assessed(facts_of("Fix x", a_file(CORE), ci=ci)).ci
    assert isinstance(found, CiFacts)
    assert [spot.label for spot in found.blind_spots] == ["Models"]


MIRRORED = ((True, "elsewhere"), (True, "elsewhere"), (True, "missing"), (True, "soft-fail"), (False, None))


@pytest.mark.parametrize(
    ("ci", "english", "chinese"),
    [
        pytest.param(
            CiFacts(steps=steps((True, None)), minutes=45),
            "1 step runs; time limits add up to 45 min",
            "运行 1 个步骤; 时限合计 45 分钟",
            id="one step",
        ),
        pytest.param(
            CiFacts(steps=steps(*MIRRORED), minutes=600),
            "4 steps run, 1 more matches but is optional; time limits add up to 10 h; "
            "on AMD: 2 in another step, 1 without a mirror, 1 mirrored and may fail",
            "运行 4 个步骤、另有 1 个匹配但为可选; 时限合计 10 小时; "
            "在 AMD 上：2 个由其他步骤运行、1 个没有镜像、1 个的镜像允许失败",
            id="steps, optional ones and mirrors",
        ),
    ],
)
def test_numbers_say_what_they_count(ci: CiFacts, english: str, chinese: str) -> None:
    assert said(ci, Language.ENGLISH) == english
    assert said(ci, Language.CHINESE) == chinese
