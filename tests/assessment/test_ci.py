"""What the assessment keeps of CI, and how it is said."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.facts.model import (
    CiFacts,
    CiPipeline,
    SelectionRules,
    StepBlindSpot,
    StepDifference,
    StepRun,
    StepSet,
    StepsNotRun,
)
from diffscope.messages.model import Language
from diffscope.project.answers import AmdState, Reason
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from diffscope.source.model import RepoPath
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


def ran(*states: tuple[AmdState | None, int], queue: str = "gpu") -> tuple[StepRun, ...]:
    """One run of steps for each state on AMD hardware."""
    return tuple(
        StepRun(
            pipeline="vllm_ci",
            reason=Reason.DEPENDENCY,
            entry="vllm/",
            path=RepoPath(CORE),
            on=(StepSet(queue=queue, amd=state, steps=tuple(f"s{at}" for at in range(count))),),
        )
        for state, count in states
    )


def a_pipeline(runs: int, name: str = "vllm_ci", **fields: object) -> CiPipeline:
    made = CiPipeline(name=name, runs=runs, steps=9)
    return msgspec.structs.replace(made, **fields)


def said(ci: CiFacts, language: Language) -> str:
    return "; ".join(AssessmentView(assessed(facts_of("Fix x", a_file(CORE), ci=ci)), Words(language)).ci)


def test_steps_that_never_run_by_themselves_are_no_blind_spots() -> None:
    """They stand beside nearly every change and tell nothing of this one."""
    ci = CiFacts(blind_spots=(a_spot("Intel GPU Test", "empty-list"), a_spot("Models", "no-match")))
    found = assessed(facts_of("Fix x", a_file(CORE), ci=ci)).ci
    assert isinstance(found, CiFacts)
    assert [spot.label for spot in found.blind_spots] == ["Models"]


RULES = "; by the rules of ci-infra at 3e4cfe4 (2026-08-21)"
MIRRORED = tuple((state, at) for at, state in enumerate(AmdState, start=1))
CHANGED = tuple(
    StepDifference(pipeline="vllm_ci", step=step, what=what, runs=True)
    for step, what in (("a", "added"), ("b", "starts"), ("c", "starts"))
)


@pytest.mark.parametrize(
    ("ci", "english", "chinese"),
    [
        pytest.param(
            CiFacts(pipelines=(a_pipeline(1),), steps=ran((None, 1)), minutes=45),
            f"1 step runs; gpu 1; time limits add up to 45 min{RULES}",
            "运行 1 个步骤; gpu 1; 时限合计 45 分钟; 按 ci-infra 3e4cfe4（2026-08-21）的规则",
            id="one step",
        ),
        pytest.param(
            CiFacts(
                pipelines=(a_pipeline(28),),
                steps=ran(*MIRRORED),
                not_run=(StepsNotRun(reason=Reason.OPTIONAL, steps=1), StepsNotRun(reason=Reason.NO_MATCH, steps=7)),
                minutes=600,
                without_timeout=2,
                rules=SelectionRules(newer_than_change=True),
            ),
            "28 steps run, 1 optional step lists a changed path; gpu 28; time limits add up to 10 h, 2 steps have no time limit; "
            "on AMD: 1 mirrored, 2 mirrored and may fail, 3 with an optional mirror, 4 with a mirror that does not run, "
            "5 in a step of the same name, 6 whose step of the same name on AMD does not run, 7 without a mirror"
            f"{RULES}, which have changed since this change",
            "运行 28 个步骤、另有 1 个可选步骤列出了变更路径; gpu 28; 时限合计 10 小时、2 个步骤没有时限; "
            "在 AMD 上：1 个有镜像、2 个的镜像允许失败、3 个的镜像为可选、4 个的镜像不运行、"
            "5 个由同名步骤运行、6 个的同名步骤不运行、7 个没有镜像; "
            "按 ci-infra 3e4cfe4（2026-08-21）的规则，此变更之后规则有过修改",
            id="steps, optional ones and mirrors",
        ),
        pytest.param(
            CiFacts(pipelines=(a_pipeline(0),), docs_only=True, not_run=(StepsNotRun(reason=Reason.DOCS_ONLY, steps=9),)),
            f"nothing runs: CI treats all changed files as documentation (docs/, *.md, mkdocs.yaml){RULES}",
            "不运行任何步骤：对 CI 而言变更全部是文档（docs/、*.md、mkdocs.yaml）; 按 ci-infra 3e4cfe4（2026-08-21）的规则",
            id="documentation alone",
        ),
        pytest.param(
            CiFacts(pipelines=(a_pipeline(0),), not_run=(StepsNotRun(reason=Reason.NO_MATCH, steps=9),)),
            f"no step runs automatically: each of 9 lists no changed path or is optional{RULES}",
            "没有步骤自动运行：9 个步骤均未列出变更路径或需手动触发; 按 ci-infra 3e4cfe4（2026-08-21）的规则",
            id="nothing that matches",
        ),
        pytest.param(
            CiFacts(
                pipelines=(
                    a_pipeline(2, run_all="csrc/", run_all_path="csrc/a.cu"),
                    a_pipeline(0),
                    a_pipeline(1, "amd", run_all="csrc/", run_all_path="csrc/a.cu"),
                ),
                tree="head",
                difference=CHANGED,
            ),
            "3 steps run; everything in vllm_ci, amd that is not optional runs: csrc/a.cu matches the run_all pattern csrc/; "
            f"selected by the change's own declarations; against its base: 1 added (a), 2 newly selected (b, c){RULES}",
            "运行 3 个步骤; vllm_ci、amd 运行除可选外的全部步骤：csrc/a.cu 匹配 run_all 模式 csrc/; "
            "按此变更自身的声明选择；与其基准相比：新增 1 个（a）、多运行 2 个（b、c）; "
            "按 ci-infra 3e4cfe4（2026-08-21）的规则",
            id="pipelines that run everything, by the change's own declarations",
        ),
        pytest.param(CiFacts(), "", "", id="no pipeline is declared"),
    ],
)  # fmt: skip
def test_numbers_say_what_they_count(ci: CiFacts, english: str, chinese: str) -> None:
    assert said(ci, Language.ENGLISH) == english
    assert said(ci, Language.CHINESE) == chinese
