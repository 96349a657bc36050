"""Which tests a report says to run."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from diffscope.assessment.document import TestsAssessment
from diffscope.facts.model import CiFacts, Nearest, StepRun, StepSet
from diffscope.messages.model import Language
from diffscope.project.answers import Reason
from diffscope.render.tests_to_run import cargo_commands, runnable_tests, ways_to_tests
from diffscope.render.tests_to_run import test_phrases as phrases_of_tests
from diffscope.render.words import Words
from diffscope.source.model import RepoPath
from tests.assessments import an_assessment


@pytest.mark.parametrize(
    ("paths", "crates"),
    [
        pytest.param(["rust/src/server/src/config.rs", "rust/src/server/src/grpc/a.rs"], ["rust/src/server"], id="one crate"),
        pytest.param(["rust/src/server/tests/a.rs"], ["rust/src/server"], id="tests beside the sources"),
        pytest.param(["door/src/lib.rs", "wall/src/lib.rs"], ["door", "wall"], id="two crates"),
        pytest.param(["vllm/src/a.py", "csrc/a.cu"], [], id="no Rust"),
    ],
)  # fmt: skip
def test_changed_crates_are_run(paths: list[str], crates: list[str]) -> None:
    file = an_assessment().files[0]
    change = an_assessment(files=tuple(msgspec.structs.replace(file, path=path) for path in paths))
    assert cargo_commands(change) == [f"cargo test --manifest-path {crate}/Cargo.toml" for crate in crates]


def test_the_order_of_nearness_holds_for_changed_tests_too() -> None:
    near = tuple(Nearest(path=path, score=1.0, reasons=()) for path in ("tests/test_z.py", "tests/test_b.py"))
    tests = TestsAssessment(changed=("tests/test_a.py", "tests/test_z.py"), nearest=near)
    assert runnable_tests(an_assessment(tests=tests)) == [
        "tests/test_z.py",
        "tests/test_a.py",
        "tests/test_b.py",
    ]


def test_a_changed_test_with_its_own_copy_of_the_code_comes_last() -> None:
    copy = Nearest(path="tests/test_a.py", score=1.0, reasons=(), runs=(), may_run="copies")
    other = Nearest(path="tests/test_b.py", score=0.1, reasons=(), runs=("turn",))
    tests = TestsAssessment(changed=("tests/test_a.py",), nearest=(copy, other))
    assert runnable_tests(an_assessment(tests=tests)) == ["tests/test_b.py", "tests/test_a.py"]


def test_a_changed_configuration_is_run_by_the_tests_of_its_folder() -> None:
    tests = TestsAssessment(changed=("tests/evals/math/configs/Small.yaml", "tests/test_a.py"), nearest=())
    assert runnable_tests(an_assessment(tests=tests)) == ["tests/evals/math", "tests/test_a.py"]


def test_of_two_tests_of_one_name_the_folder_is_told() -> None:
    near = tuple(
        Nearest(path=path, score=0.5, reasons=(), runs=("turn",), how="calls", via="turn")
        for path in ("tests/one/test_a.py", "tests/two/test_a.py")
    )
    tests = TestsAssessment(changed=(), nearest=near, unnamed_symbols=())
    assert ways_to_tests(an_assessment(tests=tests), Words(Language.ENGLISH)) == (
        "`one/test_a.py`, `two/test_a.py`: calls `turn`",
    )


@pytest.mark.parametrize(
    ("score", "tests"),
    [
        pytest.param(0.5, ["tests/test_beside.py", "tests/test_engine.py"], id="what is about the same comes first"),
        pytest.param(0.3, ["tests/test_engine.py"], id="what is farther is left out"),
    ],
)  # fmt: skip
def test_where_no_test_runs_the_change_near_ones_stand_before_an_engine(
    score: float, tests: list[str]
) -> None:
    near = (
        Nearest(path="tests/test_engine.py", score=0.1, reasons=(), runs=(), may_run="engine"),
        Nearest(path="tests/test_beside.py", score=score, reasons=(), runs=()),
    )
    told = TestsAssessment(changed=(), nearest=near, unnamed_symbols=(), not_run=("turn",))
    assert runnable_tests(an_assessment(tests=told)) == tests


@pytest.mark.parametrize(
    ("found", "ways"),
    [
        pytest.param({"runs": ("Door.turn",), "how": "calls", "via": "Door.turn"}, ("`test_a.py`: calls `Door.turn`",), id="calls it"),
        pytest.param({"runs": ("Door.turn",), "how": "calls", "via": "enter"}, ("`test_a.py`: calls `enter`, which leads to `Door.turn`",), id="calls what calls it"),
        pytest.param({"runs": ("Door.forward",), "how": "makes", "via": "Door"}, ("`test_a.py`: makes `Door`",), id="makes its class"),
        pytest.param({"runs": ("kernel",), "how": "operator", "via": "add"}, ("`test_a.py`: runs the operator `add`, which leads to `kernel`",), id="operator"),
        pytest.param({"runs": (), "may_run": "named", "how": "name", "via": "org/model-7b"}, ("`test_a.py`: starts `org/model-7b`",), id="model"),
        pytest.param({"runs": (), "may_run": "rows"}, ("`test_a.py`: goes through a table of models that has a row for it",), id="table"),
        pytest.param({"runs": (), "may_run": "engine", "via": "USE_IT"}, ("`test_a.py`: starts an engine or server; it reaches the change only with `USE_IT` set",), id="an engine"),
        pytest.param({"runs": ("TABLE",), "how": "sets", "via": "USE_IT"}, ("`test_a.py`: sets or reads `USE_IT`",), id="a variable"),
        pytest.param({"runs": ()}, (), id="changed here"),
        pytest.param({"runs": (), "score": 0.5}, ("`test_a.py`: no call of it is found; it tests what lies beside it, by names and imports",), id="near"),
    ],
)  # fmt: skip
def test_how_a_test_reaches_the_change(found: dict[str, Any], ways: tuple[str, ...]) -> None:
    tests = TestsAssessment(
        changed=("tests/test_a.py",),
        nearest=(Nearest(**{"path": "tests/test_a.py", "score": 1.0, "reasons": (), **found}),),
        unnamed_symbols=(),
    )
    assert ways_to_tests(an_assessment(tests=tests), Words(Language.ENGLISH)) == ways


@pytest.mark.parametrize(
    ("entry", "phrases"),
    [
        pytest.param("vllm/lamp.py", ("none changed", "no test found that calls light, directly or through two callers", "steps of CI that list the file: lamp-test"), id="the file itself"),
        pytest.param("vllm/", ("none changed", "no test found that calls light, directly or through two callers"), id="all files"),
    ],
)  # fmt: skip
def test_where_no_test_is_found_the_steps_that_list_the_file_are_named(
    entry: str, phrases: tuple[str, ...]
) -> None:
    steps = StepSet(queue="gpu_1", steps=("lamp-test",))
    run = StepRun(
        pipeline="ci",
        reason=Reason.DEPENDENCY,
        entry=entry,
        path=RepoPath("vllm/lamp.py"),
        on=(steps,),
    )
    tests = TestsAssessment(changed=(), nearest=(), unnamed_symbols=(), not_run=("light",))
    assessment = an_assessment(tests=tests, ci=CiFacts(steps=(run,)))
    assert phrases_of_tests(assessment, Words(Language.ENGLISH), ", ".join) == phrases
