from __future__ import annotations

from collections.abc import Iterable

import pytest

from diffscope.facts.ci.steps import rename_gaps, unselected_reaching
from diffscope.project.answers import ReachingTest, RenameGap
from diffscope.project.ci.buildkite import amd_states, plain_label
from diffscope.project.ci.collection import StepTests, collect_tests, step_calls, step_tests
from diffscope.project.ci.selection import select_steps
from diffscope.project.model import Project
from diffscope.source.model import RepoPath
from tests.builders import text
from tests.project_builders import ci_files, project_of, tree_of

STEPS = """
- label: Narrow
  working_dir: tests
  source_file_dependencies:
  - vllm/old.py
  commands: [pytest test_narrow.py]
- label: Wide
  working_dir: tests
  source_file_dependencies: [vllm/]
  commands: [pytest test_wide.py]
- label: Nothing
  working_dir: tests
  commands: [pytest test_nothing.py]
- label: Asked
  working_dir: tests
  optional: true
  source_file_dependencies: [csrc/]
  commands: [pytest test_asked.py]
"""
FILES = ci_files(STEPS) | {
    ".github/CODEOWNERS": "/vllm @all\n/vllm/old.py @ada @all\n",
    ".github/mergify.yml": "pull_request_rules:\n- name: l\n  conditions:\n  - or:\n    - files=vllm/old.py\n    - title~=x\n  actions: {label: {add: [old]}}\n",
}


def steps_running_tests(project: Project) -> tuple[StepTests, ...]:
    return step_tests(step_calls(project))


def _gaps(old: str, new: str, *after: str) -> list[tuple[str, str, str, int, bool]]:
    found: tuple[RenameGap, ...] = rename_gaps(
        project_of(FILES), [(RepoPath(old), RepoPath(new))], tree_of(*after)
    )
    return [(each.kind, each.name, each.entry, each.line, each.still_matches) for each in found]


def test_what_watches_the_old_name_of_a_file_and_not_the_new_one() -> None:
    """The label's condition, the owner who is no longer asked, the step that no longer runs."""
    assert _gaps("vllm/old.py", "vllm/new.py", "vllm/new.py") == [
        ("label", "old", "files=vllm/old.py", 5, False),
        ("owner", "@ada", "/vllm/old.py", 2, False),
        ("step", "Narrow", "vllm/old.py", 6, False),
    ]


def test_a_rename_within_what_is_watched_is_no_gap() -> None:
    """Nobody names the file itself."""
    assert _gaps("vllm/a.py", "vllm/b.py", "vllm/b.py") == []


def test_a_file_that_leaves_a_folder_which_stays() -> None:
    """The step still watches the folder, but not this file: it does not run for the rename."""
    assert _gaps("vllm/a.py", "lib/a.py", "lib/a.py", "vllm/b.py") == [
        ("owner", "@all", "/vllm", 1, True),
        ("step", "Wide", "vllm/", 10, True),
    ]


def test_steps_whose_tests_reach_a_change_that_does_not_select_them() -> None:
    """By no match and by an empty list; the shortest chain is the evidence; optional steps keep to themselves."""

    def reaching(path: RepoPath) -> Iterable[ReachingTest]:
        tests = {
            "vllm/core.py": ["test_narrow", "test_wide", "test_asked"],
            "vllm/x.py": ["test_narrow", "test_nothing"],
        }
        for test in tests.get(path, []):
            length = ("vllm.mid",) if path == "vllm/core.py" else ()
            yield ReachingTest(path=RepoPath(f"tests/{test}.py"), chain=(f"tests.{test}", *length, path))

    project = project_of(FILES)
    tree = tree_of(
        "tests/test_narrow.py", "tests/test_wide.py", "tests/test_nothing.py", "tests/test_asked.py"
    )
    changed = [RepoPath("vllm/core.py"), RepoPath("vllm/x.py")]
    found = unselected_reaching(
        select_steps(project.pipelines, changed),
        collect_tests(steps_running_tests(project), tree),
        changed,
        reaching,
    )
    assert [(each.step.label, each.reason.value, each.path, each.chain, each.tests) for each in found] == [
        ("Narrow", "no-match", "vllm/x.py", ("tests.test_narrow", "vllm/x.py"), 1),
        ("Nothing", "empty-list", "vllm/x.py", ("tests.test_nothing", "vllm/x.py"), 1),
    ]


STATES = """
- {label: A (H100-MI300), device: h100, source_file_dependencies: [a], mirror: {amd: {device: mi300_1, source_file_dependencies: [a, b]}}}
- {label: B, optional: true, mirror: {amd: {device: mi300_1}}}
- {label: C, source_file_dependencies: [a], mirror: {amd: {device: mi300_1, soft_fail: true, commands: [x]}}}
- {label: D %N}
- {label: E}
- {label: F}
- {label: On CPU, device: cpu}
- {label: On CPU mirrored, device: cpu, source_file_dependencies: [a], mirror: {amd: {device: mi300_1}}}
- {label: ":docker: image", key: image-build}
- {label: Asked for, source_file_dependencies: [a], mirror: {amd: {device: mi300_1, optional: true}}}
"""
AMD_FILE = """
steps:
- {label: "D %N # TBD", agent_pool: mi325_1, mirror_hardwares: [amdproduction], source_file_dependencies: [a]}
- {label: "D %N", agent_pool: mi250_1, mirror_hardwares: [amdproduction], optional: true}
- {label: E, agent_pool: mi325_1, mirror_hardwares: [amdexperimental]}
- {label: F, agent_pool: mi325_1, mirror_hardwares: [amdproduction], optional: true}
"""


@pytest.mark.parametrize(
    ("path", "a", "soft", "d"),
    [
        pytest.param("a", "present", "soft-fail", "elsewhere", id="a change that they look at"),
        pytest.param("z", "not-run", "not-run", "elsewhere-not-run", id="a change that they do not look at"),
        pytest.param(
            "b", "present", "not-run", "elsewhere-not-run", id="a change that one mirror alone looks at"
        ),
    ],
)
def test_where_steps_run_on_amd_hardware(path: str, a: str, soft: str, d: str) -> None:
    """By whether the mirror, or a step of the same name, runs for this change; each stands at the step's own line."""
    project = project_of(ci_files(STATES) | {".buildkite/test-amd.yaml": text(AMD_FILE)})
    decisions = select_steps(project.pipelines, [RepoPath(path)]).decisions
    states = amd_states(project.pipelines, decisions)
    labels = {(step.file, step.line): step.label for each in project.pipelines for step in each.steps}
    assert {labels[place]: state.value for place, state in states.items()} == {
        "A (H100-MI300)": a,
        "B": "optional",
        "C": soft,
        "D %N": d,
        "E": "missing",
        "F": "elsewhere-not-run",
        "On CPU mirrored": soft.replace("soft-fail", "present"),
        "Asked for": "optional",
    }


LABELS = [
    pytest.param("V1 attention (H100-MI300)", "v1 attention", id="hardware in brackets"),
    pytest.param("Kernels MoE Test %N", "kernels moe test", id="a shard mark"),
    pytest.param("Metrics, Tracing (2 GPUs)", "metrics, tracing (2 gpus)", id="a count of devices stays"),
    pytest.param("Distributed (4xA100-4xMI300) # TBD", "distributed", id="a comment"),
]


@pytest.mark.parametrize(("label", "expected"), LABELS)
def test_labels_without_hardware(label: str, expected: str) -> None:
    assert plain_label(label) == expected
