"""The importance of files within a change, and their key symbols."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from diffscope.assessment.document import FileAssessment
from diffscope.assessment.files import assess_files
from diffscope.facts.model import FileFact, ModuleFact, OptionFact
from diffscope.rules.model import Flag, Severity
from tests.assessment.test_scores import facts_of
from tests.assessments import a_flag, evidence
from tests.taxonomies import a_file, bundled

CORE = "vllm/v1/engine/core.py"
RUNNER = "vllm/v1/worker/gpu_model_runner.py"


def ranked(title: str, *files: FileFact, flags: tuple[Flag, ...] = (), **more: object) -> list[str]:
    """Return the paths of a change, the most important first."""
    return [file.path for file in assessed(title, *files, flags=flags, **more)]


def assessed(
    title: str, *files: FileFact, flags: tuple[Flag, ...] = (), **more: object
) -> tuple[FileAssessment, ...]:
    """Return the files of a change as assessed."""
    return assess_files(facts_of(title, *files, **more), flags, bundled())


def test_product_code_comes_before_tests_and_prose() -> None:
    """Even where it is much smaller."""
    files = (
        a_file("docs/design/pausing.md", 80),
        a_file("tests/v1/engine/test_engine_core.py", 60),
        a_file(CORE, 30),
    )
    assert ranked("Support x", *files) == [
        CORE,
        "tests/v1/engine/test_engine_core.py",
        "docs/design/pausing.md",
    ]


def test_files_of_the_kind_count_in_full() -> None:
    """In a change of tests the tests are what matters, in one of the pipeline the pipeline."""
    files = (a_file("tests/v1/engine/test_x.py", 40), a_file(".buildkite/x.yaml", 40))
    by_test = {file.path: file.importance for file in assessed("[Test] Add tests", *files)}
    assert by_test["tests/v1/engine/test_x.py"] > by_test[".buildkite/x.yaml"]
    pipeline = (a_file("docs/x.md", 20), a_file(".buildkite/x.yaml", 20))
    assert ranked("[CI] Split x", *pipeline)[0] == ".buildkite/x.yaml"


MOVED = (
    a_file(RUNNER, 0, 300, status="deleted"),
    a_file("vllm/v1/utils.py", 2, 2, status="renamed", change_type="rename-or-move"),
)


def test_moved_and_deleted_files_come_last() -> None:
    """However many lines went."""
    ordinary = tuple(
        a_file(f"vllm/v1/engine/{name}.py", 5)
        for name in ("core", "utils", "exceptions", "coordinator", "async_llm", "core_client")
    )
    assert set(ranked("x", *ordinary, *MOVED)[-2:]) == {file.path for file in MOVED}


def test_moves_come_first_where_they_are_what_the_change_is_about() -> None:
    """A refactoring that only moves files has nothing else to look at."""
    assert ranked("Move x", a_file("vllm/v1/engine/core.py", 1), *MOVED)[0] == RUNNER


def test_central_near_and_imported_files_come_first() -> None:
    """Of two files with the same lines the one on the serving path with many dependents."""
    near = ModuleFact(path=CORE, module="vllm.v1.engine.core", distance=0, fan_in=30)
    assert ranked("x", a_file("vllm/v1/engine/utils.py", 20), a_file(CORE, 20), module=(near,))[0] == CORE


def test_file_that_the_title_names_comes_first() -> None:
    files = (a_file("vllm/v1/engine/coordinator.py", 20), a_file("vllm/v1/engine/detokenizer.py", 20))
    assert ranked("Fix the detokenizer", *files)[0] == "vllm/v1/engine/detokenizer.py"


def test_flagged_and_configured_files_count_more() -> None:
    flag = a_flag(severity=Severity.HIGH, evidence=(evidence("vllm/v1/engine/utils.py"),))
    files = (a_file("vllm/v1/engine/coordinator.py", 20), a_file("vllm/v1/engine/utils.py", 20))
    assert ranked("x", *files)[0] == "vllm/v1/engine/coordinator.py"
    assert ranked("x", *files, flags=(flag,))[0] == "vllm/v1/engine/utils.py"
    option = OptionFact(
        path="vllm/v1/engine/utils.py", what="environment-variable", name="VLLM_X", change="added"
    )
    assert ranked("x", *files, option=(option,))[0] == "vllm/v1/engine/utils.py"


def test_low_flags_point_at_nothing() -> None:
    flag = a_flag(severity=Severity.LOW, evidence=(evidence("vllm/v1/engine/utils.py"),))
    files = (a_file("vllm/v1/engine/coordinator.py", 20), a_file("vllm/v1/engine/utils.py", 20))
    assert ranked("x", *files, flags=(flag,))[0] == "vllm/v1/engine/coordinator.py"


def test_unknown_owners_are_none() -> None:
    """The source had no CODEOWNERS: that is not the same as nobody."""
    unknown, nobody = assessed("x", a_file(CORE, owners=UNSET), a_file(RUNNER, owners=()))
    assert {unknown.owners, nobody.owners} == {None, ()}


FILES = st.lists(
    st.builds(
        a_file,
        st.sampled_from((CORE, RUNNER, "tests/v1/test_x.py", "docs/x.md", "csrc/moe/x.cu", "a.bin")),
        st.integers(0, 9000),
        st.integers(0, 9000),
        status=st.sampled_from(["added", "modified", "deleted", "renamed"]),
        change_type=st.sampled_from(["core-logic", "cosmetic", "rename-or-move"]),
    ),
    max_size=6,
    unique_by=lambda file: file.path,
)


@given(FILES, st.randoms(use_true_random=False))
def test_order_of_files_changes_nothing(files: list[FileFact], chance: random.Random) -> None:
    """And every importance lies between 0 and 10, worst last."""
    mixed = list(files)
    chance.shuffle(mixed)
    found = assessed("x", *files)
    assert assessed("x", *mixed) == found
    assert all(0 <= file.importance <= 10 for file in found)
    assert [file.importance for file in found] == sorted((file.importance for file in found), reverse=True)
