"""Which tests a report says to run."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import TestsAssessment
from diffscope.facts.model import Nearest
from diffscope.render.tests_to_run import cargo_commands, runnable_tests
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
