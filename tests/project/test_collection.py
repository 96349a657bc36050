from __future__ import annotations

import pytest

from diffscope.project.ci.collection import (
    StepTests,
    collect_tests,
    cover_tests,
    is_test_file,
    step_calls,
    step_tests,
)
from diffscope.project.ci.pytest_call import MarkReader, may_match
from diffscope.project.model import Project
from diffscope.source.model import RepoPath
from tests.builders import text
from tests.project_builders import ci_files, project_of, tree_of

TREE = (
    "tests/test_top.py",
    "tests/conftest.py",
    "tests/v1/test_a.py",
    "tests/v1/b_test.py",
    "tests/v1/helper.py",
    "tests/v1/core/test_c.py",
    "tests/v1/core/test_d.py",
    "tests/compile/test_e.py",
    "tests/compile/full/test_f.py",
    "examples/demo.py",
)

COMMANDS = [
    pytest.param("pytest v1/test_a.py", ["tests/v1/test_a.py"], id="a file"),
    pytest.param("pytest v1", ["tests/v1/b_test.py", "tests/v1/core/test_c.py", "tests/v1/core/test_d.py", "tests/v1/test_a.py"], id="a folder"),
    pytest.param("pytest v1/core/ v1/test_a.py", ["tests/v1/core/test_c.py", "tests/v1/core/test_d.py", "tests/v1/test_a.py"], id="several targets"),
    pytest.param("pytest v1 --ignore=v1/core", ["tests/v1/b_test.py", "tests/v1/test_a.py"], id="an ignored folder"),
    pytest.param("pytest v1 --ignore v1/core/test_c.py --ignore=v1/test_a.py", ["tests/v1/b_test.py", "tests/v1/core/test_d.py"], id="ignored files"),
    pytest.param("pytest v1 --ignore-glob='v1/core/*'", ["tests/v1/b_test.py", "tests/v1/test_a.py"], id="an ignored glob"),
    pytest.param("pytest v1/core/test_*.py", ["tests/v1/core/test_c.py", "tests/v1/core/test_d.py"], id="a glob of the shell"),
    pytest.param("pytest -k 'not x' v1/core --shard-id=$$I --num-shards=$$N", ["tests/v1/core/test_c.py", "tests/v1/core/test_d.py"], id="a filter and shards keep no file out"),
    pytest.param("pytest v1/test_a.py::test_x[a-b]", ["tests/v1/test_a.py"], id="one test of a file"),
    pytest.param("A=1 python3 -m pytest -s v1/test_a.py", ["tests/v1/test_a.py"], id="as a module of Python"),
    pytest.param("coverage run -m pytest v1/test_a.py", ["tests/v1/test_a.py"], id="under coverage"),
    pytest.param("torchrun --nproc-per-node=2 v1/test_a.py", ["tests/v1/test_a.py"], id="as a script of torchrun"),
    pytest.param("python3 v1/test_a.py", ["tests/v1/test_a.py"], id="as a script of Python"),
    pytest.param("cd v1 && pytest core", ["tests/v1/core/test_c.py", "tests/v1/core/test_d.py"], id="after cd"),
    pytest.param("cd .. && pytest tests/compile/full", ["tests/compile/full/test_f.py"], id="from the root"),
    pytest.param("pytest /vllm-workspace/tests/compile/full", ["tests/compile/full/test_f.py"], id="by the workspace's path"),
    pytest.param("cd v1/core && pytest", ["tests/v1/core/test_c.py", "tests/v1/core/test_d.py"], id="without a target"),
    pytest.param("find compile/ -name 'test_*.py' -print0 | xargs -0 -n1 -I{} pytest -s '{}'", ["tests/compile/full/test_f.py", "tests/compile/test_e.py"], id="find and xargs"),
    pytest.param("find compile/ -maxdepth 1 -name 'test_*.py' -exec pytest -s {} \\\\;", ["tests/compile/test_e.py"], id="find with a depth and exec"),
    pytest.param("find compile/ -name 'test_*.py' -not -name 'test_e.py' | xargs pytest", ["tests/compile/full/test_f.py"], id="find with an exception"),
    pytest.param("bash run.sh 'cd tests && pytest v1/test_a.py'", ["tests/v1/test_a.py"], id="in a command string for a script"),
    pytest.param("bash scripts/go.sh", ["tests/compile/full/test_f.py"], id="in a script"),
    pytest.param("pytest --version", [], id="a call that runs nothing"),
    pytest.param("pytest v1 --collect-only", [], id="a call that only lists"),
    pytest.param("echo pytest v1", [], id="a word that is printed"),
    pytest.param("pytest nowhere", [], id="a folder that is not there"),
    pytest.param("pytest $TESTS", [], id="a variable alone is not guessed"),
    pytest.param("pytest v1/$PART", ["tests/v1/b_test.py", "tests/v1/test_a.py"], id="a variable in a path is a star"),
    pytest.param("pytest ${ROOT}/tests/v1/test_a.py", ["tests/v1/test_a.py"], id="a variable in front is the root"),
    pytest.param("# pytest v1", [], id="a comment"),
]  # fmt: skip


def steps_running_tests(project: Project) -> tuple[StepTests, ...]:
    return step_tests(step_calls(project))


@pytest.mark.parametrize(("command", "paths"), COMMANDS)
def test_what_a_command_collects(command: str, paths: list[str]) -> None:
    assert [path for path in _collected(command) if is_test_file(path)] == sorted(paths)


def _collected(command: str, **more: str) -> dict[RepoPath, tuple[object, ...]]:
    quoted = "'" + command.replace("'", "''") + "'"
    steps = f"\n- label: S\n  working_dir: /vllm-workspace/tests\n  source_file_dependencies: [x]\n  commands: [{quoted}]\n"
    files = ci_files(steps) | {"tests/scripts/go.sh": "set -e\ncd compile\npytest full\n", **more}
    return collect_tests(steps_running_tests(project_of(files)), tree_of(*TREE))  # type: ignore[return-value]


def test_the_commands_of_a_step_share_a_shell_and_a_default_folder() -> None:
    """cd stays; in a group that waits the default folder is tests/, elsewhere the root."""
    steps = "\n- label: S\n  commands: [cd v1, pytest core]\n"
    waiting = ci_files(steps, group="depends_on: [image-build]\n")
    assert list(collect_tests(steps_running_tests(project_of(waiting)), tree_of(*TREE))) == [
        "tests/v1/core/test_c.py",
        "tests/v1/core/test_d.py",
    ]
    assert collect_tests(steps_running_tests(project_of(ci_files(steps))), tree_of(*TREE)) == {}


def test_the_generator_changes_no_folder_for_several_nodes_and_image_builds() -> None:
    """Their commands start in the checkout, whatever working_dir says."""
    for line in ("num_nodes: 2\n  num_devices: 2", "key: image-build"):
        label = '":docker: x"' if "image" in line else "S"
        steps = f"\n- label: {label}\n  {line}\n  working_dir: /vllm-workspace/tests\n  commands: [pytest tests/v1/test_a.py]\n"
        assert list(collect_tests(steps_running_tests(project_of(ci_files(steps))), tree_of(*TREE))) == [
            "tests/v1/test_a.py"
        ]


def test_filters_tell_what_is_left_out_of_a_file() -> None:
    """The call that narrows least is told; deselected tests and node ids count."""
    found = _collected(
        "pytest v1/test_a.py -k x -m 'not slow' && pytest v1/test_a.py --deselect v1/test_a.py::test_y"
    )
    assert found[RepoPath("tests/v1/test_a.py")][0].filters == ("--deselect v1/test_a.py::test_y",)  # type: ignore[attr-defined]
    found = _collected("pytest v1/test_a.py::test_x")
    assert found[RepoPath("tests/v1/test_a.py")][0].filters == ("::test_x",)  # type: ignore[attr-defined]


def test_a_file_is_covered_only_by_steps_that_run_by_themselves() -> None:
    """An optional step, or one with an empty list, looks at a file only when somebody asks."""
    steps = """
    - {label: A, working_dir: tests, source_file_dependencies: [x], commands: [pytest v1/test_a.py]}
    - {label: B, working_dir: tests, optional: true, commands: [pytest v1]}
    - {label: C, working_dir: tests, commands: [pytest compile/test_e.py]}
    """
    tree = tree_of(*TREE)
    found = cover_tests(tree.paths, collect_tests(steps_running_tests(project_of(ci_files(steps))), tree))
    assert [(each.path, each.state, [used.step.label for used in each.steps]) for each in found] == [
        ("tests/compile/full/test_f.py", "not-collected", []),
        ("tests/compile/test_e.py", "optional-only", ["C"]),
        ("tests/test_top.py", "not-collected", []),
        ("tests/v1/b_test.py", "optional-only", ["B"]),
        ("tests/v1/core/test_c.py", "optional-only", ["B"]),
        ("tests/v1/core/test_d.py", "optional-only", ["B"]),
        ("tests/v1/test_a.py", "collected", ["A", "B"]),
    ]


def test_mirrors_collect_with_their_own_commands_or_their_steps() -> None:
    """A mirror without commands runs those of its step."""
    steps = """
    - label: S
      working_dir: tests
      source_file_dependencies: [x]
      commands: [pytest v1/test_a.py]
      mirror: {amd: {device: mi300_1, commands: [pytest compile/test_e.py]}}
    - label: T
      working_dir: tests
      source_file_dependencies: [x]
      commands: [pytest test_top.py]
      mirror: {amd: {device: mi300_1}}
    """
    found = collect_tests(steps_running_tests(project_of(ci_files(steps))), tree_of(*TREE))
    assert {
        path: [(each.step.label, each.step.mirror) for each in steps] for path, steps in found.items()
    } == {
        "tests/compile/test_e.py": [("S", "amd")],
        "tests/test_top.py": [("T", None), ("T", "amd")],
        "tests/v1/test_a.py": [("S", None)],
    }


NAMES = [
    pytest.param("tests/a/test_x.py", True, id="a name that starts with test"),
    pytest.param("tests/a/x_test.py", True, id="a name that ends with test"),
    pytest.param("tests/a/x.py", False, id="a helper"),
    pytest.param("tests/a/test_x.txt", False, id="a text"),
    pytest.param("vllm/test_x.py", False, id="a file of the product"),
    pytest.param("tests/a/testing.py", False, id="a word that only begins so"),
]


@pytest.mark.parametrize(("path", "expected"), NAMES)
def test_test_files_by_name(path: str, expected: bool) -> None:
    assert is_test_file(path) is expected


MARKED = text("""
import pytest
pytestmark = [pytest.mark.cpu_test, pytest.mark.slow_test]

@pytest.mark.core_model
def test_a(): ...
""").encode()
EXPRESSIONS = [
    pytest.param("", True, id="no expression"),
    pytest.param("cpu_test", True, id="a mark on all"),
    pytest.param("not cpu_test", False, id="the opposite of a mark on all"),
    pytest.param("core_model", True, id="a mark on some"),
    pytest.param("not core_model", True, id="the opposite of a mark on some"),
    pytest.param("gpu_test", False, id="a mark that is nowhere"),
    pytest.param("not gpu_test", True, id="the opposite of a mark that is nowhere"),
    pytest.param("cpu_test and gpu_test", False, id="and"),
    pytest.param("cpu_test or gpu_test", True, id="or"),
    pytest.param("core_model and not slow_test", False, id="and not"),
    pytest.param("core_model and (not slow_test or cpu_test)", True, id="brackets"),
    pytest.param("distributed(num_gpus=2)", True, id="a mark that a helper may set"),
    pytest.param("a + b", True, id="what is no expression says nothing"),
    pytest.param("gpu_test gpu_test", True, id="nor does a broken one"),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_mark_expressions(expression: str, expected: bool) -> None:
    reader = MarkReader(
        {RepoPath("tests/test_a.py"): MARKED, RepoPath("tests/utils.py"): b"mark = pytest.mark.distributed"},
        helpers=[RepoPath("tests/utils.py")],
    )
    assert may_match(expression, reader.get(RepoPath("tests/test_a.py"))) is expected


def test_a_file_without_text_may_match_anything() -> None:
    """What is not known never keeps a file out."""
    reader = MarkReader({})
    assert may_match("gpu_test", reader.get(RepoPath("tests/test_a.py")))
    assert reader.has_tests(RepoPath("tests/test_a.py"))


def test_a_mark_keeps_a_file_out_of_a_collection() -> None:
    """-m cpu_test on a folder collects the files that can have the mark, and no others."""
    steps = "\n- {label: S, working_dir: tests, source_file_dependencies: [x], commands: [pytest -m cpu_test v1/core]}\n"
    marks = MarkReader(
        {
            RepoPath("tests/v1/core/test_c.py"): MARKED,
            RepoPath("tests/v1/core/test_d.py"): b"def test_d(): ...",
        }
    )
    assert list(collect_tests(steps_running_tests(project_of(ci_files(steps))), tree_of(*TREE), marks)) == [
        "tests/v1/core/test_c.py"
    ]


TESTS = [
    pytest.param(b"def test_a(): ...", True, id="a function"),
    pytest.param(b"class TestA:\n", True, id="a class"),
    pytest.param(b"    async def test_a(self): ...", True, id="an async method"),
    pytest.param(b"from tests.x import test_a", True, id="an import of a test"),
    pytest.param(b"def main(): ...", False, id="a script"),
]


@pytest.mark.parametrize(("source", "expected"), TESTS)
def test_files_with_tests(source: bytes, expected: bool) -> None:
    assert (
        MarkReader({RepoPath("tests/test_a.py"): source}).has_tests(RepoPath("tests/test_a.py")) is expected
    )


def test_scripts_that_call_each_other_end() -> None:
    """Two scripts in a circle are each read once for a folder."""
    files = ci_files("\n- {label: S, source_file_dependencies: [x], commands: [bash tests/a.sh]}\n") | {
        "tests/a.sh": "bash tests/b.sh\npytest tests/v1/test_a.py",
        "tests/b.sh": "bash tests/a.sh",
    }
    assert list(collect_tests(steps_running_tests(project_of(files)), tree_of(*TREE))) == [
        "tests/v1/test_a.py"
    ]
