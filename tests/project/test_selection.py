from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.project.answers import Reason, StepDecision
from diffscope.project.ci.selection import Trigger, select_steps
from diffscope.project.matching import matches_dependency, visible_paths
from diffscope.project.model import Dialect
from diffscope.source.model import RepoPath
from tests.builders import text
from tests.project_builders import CONFIG, ci_files, project_of

MATCHES = [
    pytest.param("vllm/a.py", "vllm/a.py", True, id="an equal path"),
    pytest.param("vllm/", "vllm/a.py", True, id="a path below a folder"),
    pytest.param("vllm", "vllm/a.py", True, id="a folder without its slash"),
    pytest.param("vllm///", "vllm/a.py", True, id="slashes at the end do not count"),
    pytest.param("vllm/a", "vllm/a.py", False, id="a name ends at a slash"),
    pytest.param("vllm", "vllm_x/a.py", False, id="a folder ends at a slash"),
    pytest.param("vllm/*", "vllm/a.py", False, id="a star is no glob"),
    pytest.param("/", "vllm/a.py", False, id="the root matches nothing"),
    pytest.param("", "vllm/a.py", False, id="an empty entry matches nothing"),
    pytest.param("/vllm", "vllm/a.py", False, id="a leading slash never matches"),
    pytest.param("a.py", "vllm/a.py", False, id="an entry is anchored at the root"),
]


@pytest.mark.parametrize(("entry", "path", "matches"), MATCHES)
def test_an_entry_matches_a_path_or_what_lies_below(entry: str, path: str, matches: bool) -> None:
    assert matches_dependency(entry, path) is matches


@given(st.text("ab/", max_size=8), st.text("ab/", max_size=10))
def test_matching_agrees_with_a_reading_of_segments(entry: str, path: str) -> None:
    """An oracle in other words: the segments of the entry are the first segments of the path."""
    wanted = entry.rstrip("/").split("/")
    expected = bool(entry.rstrip("/")) and path.split("/")[: len(wanted)] == wanted
    assert matches_dependency(entry, path) is expected


STEP = """
- label: S
  key: s
  source_file_dependencies: [vllm/, "!vllm/skip/", tests/a.py]
  commands: [pytest tests/a.py]
"""
ORDER = [
    pytest.param(STEP, ["vllm/x.py"], {}, True, Reason.DEPENDENCY, id="a dependency that matches selects"),
    pytest.param(STEP, ["README.rst"], {}, False, Reason.NO_MATCH, id="a dependency that does not match does not"),
    pytest.param(STEP, ["vllm/skip/x.py"], {}, False, Reason.NO_MATCH, id="an exclusion takes a path out"),
    pytest.param(STEP, ["vllm/skip/x.py", "vllm/y.py"], {}, True, Reason.DEPENDENCY, id="an excluded path does not keep others out"),
    pytest.param("- {label: S}", ["vllm/x.py"], {}, False, Reason.EMPTY_LIST, id="no list never selects"),
    pytest.param("- {label: S, source_file_dependencies: []}", ["vllm/x.py"], {}, False, Reason.EMPTY_LIST, id="an empty list never selects"),
    pytest.param("- {label: S, optional: true, source_file_dependencies: [vllm/]}", ["vllm/x.py"], {}, False, Reason.OPTIONAL, id="optional keeps a match from running"),
    pytest.param("- {label: S, optional: true}", ["csrc/x.cu"], {}, False, Reason.OPTIONAL_NO_MATCH, id="optional goes before run_all"),
    pytest.param("- {label: S, optional: true}", ["a"], {"nightly": True}, True, Reason.NIGHTLY, id="nightly goes before optional"),
    pytest.param("- {label: S}", ["csrc/x.cu"], {}, True, Reason.RUN_ALL, id="run_all selects a step without a list"),
    pytest.param("- {label: S}", ["csrc/cpu/x.cpp"], {}, False, Reason.EMPTY_LIST, id="an excluded run_all path does not"),
    pytest.param("- {label: S}", ["docker/Dockerfile.cpu"], {}, False, Reason.EMPTY_LIST, id="a run_all pattern matches at the start, its exclusion too"),
    pytest.param("- {label: S}", ["x/csrc/x.cu"], {}, False, Reason.EMPTY_LIST, id="a run_all pattern does not match in the middle"),
    pytest.param("- {label: S}", ["csrc/cpu/x", "csrc/y"], {}, True, Reason.RUN_ALL, id="one path that is not excluded is enough"),
    pytest.param("- {label: S}", ["a"], {"run_all": True}, True, Reason.RUN_ALL, id="run_all asked for"),
    pytest.param("- {label: S, key: image-build-x, optional: true}", ["a"], {}, True, Reason.IMAGE_BUILD, id="image builds run whatever else"),
    pytest.param("- {label: S, key: ensure-ci-base-amd}", ["a"], {}, True, Reason.IMAGE_BUILD, id="the AMD base steps too"),
    pytest.param(STEP, ["docs/a.md", "x.md"], {}, False, Reason.DOCS_ONLY, id="documentation alone runs nothing"),
    pytest.param("- {label: S, key: image-build}", ["docs/conf.py"], {}, False, Reason.DOCS_ONLY, id="not even image builds"),
    pytest.param(STEP, ["docs/a.md", "vllm/x.py"], {}, True, Reason.DEPENDENCY, id="documentation with code is code"),
    pytest.param("- {label: S, source_file_dependencies: [csrc]}", ["csrc/README.md"], {}, True, Reason.RUN_ALL, id="a run_all path is no documentation"),
    pytest.param(STEP, ["docs/a.md"], {"run_all": True}, True, Reason.RUN_ALL, id="run_all goes before documentation"),
    pytest.param(STEP, ["docs/a.md"], {"nightly": True}, False, Reason.DOCS_ONLY, id="nightly does not"),
    pytest.param("- {label: S, device: mi300_1, dind: false, source_file_dependencies: [x]}", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], {}, True, Reason.AMD_RUNTIME, id="a native AMD step runs for its runner"),
    pytest.param("- {label: S, device: mi300_1, source_file_dependencies: [x]}", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], {}, False, Reason.NO_MATCH, id="one in a container does not"),
    pytest.param("- {label: S, device: h100, dind: false, source_file_dependencies: [x]}", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], {}, False, Reason.NO_MATCH, id="nor one on other hardware"),
    pytest.param("- {label: S, optional: true, device: mi300_1, dind: false}", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], {}, False, Reason.OPTIONAL_NO_MATCH, id="optional goes before the AMD runner"),
    pytest.param(STEP, [], {}, False, Reason.NO_MATCH, id="no change at all selects nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "paths", "trigger", "selected", "reason"), ORDER)
def test_the_generators_order_of_decision(
    steps: str, paths: list[str], trigger: dict[str, bool], selected: bool, reason: Reason
) -> None:
    decision = _decide(steps, paths, Trigger(**trigger))[0]
    assert (decision.selected, decision.reason) == (selected, reason)


def _decide(
    steps: str, paths: list[str], trigger: Trigger | None = None, group: str = ""
) -> tuple[StepDecision, ...]:
    project = project_of(ci_files(steps, group=group))
    return select_steps(
        project.pipelines, [RepoPath(path) for path in paths], trigger=trigger or Trigger()
    ).decisions


def test_a_decision_names_the_entry_and_the_path_that_made_it() -> None:
    """Evidence: which entry, on which line, by which changed path; of optional steps too."""
    steps = "\n- label: A\n  source_file_dependencies:\n  - tests/\n  - vllm/v1/\n- label: B\n  optional: true\n  source_file_dependencies: [vllm/]\n"
    found = _decide(steps, ["setup.cfg", "vllm/v1/a.py"])
    assert [(each.label, each.entry, each.entry_line, each.path) for each in found] == [
        ("A", "vllm/v1/", 6, "vllm/v1/a.py"),
        ("B", "vllm/", 9, "vllm/v1/a.py"),
    ]


def test_a_group_that_waits_watches_its_own_file() -> None:
    """The generator adds the job file to the dependencies of every step of a group with depends_on."""
    steps = "\n- {label: S}\n"
    own = ".buildkite/test_areas/a.yaml"
    assert _decide(steps, [own])[0].reason is Reason.EMPTY_LIST
    waiting = _decide(steps, [own], group="depends_on: [image-build]\n")[0]
    assert (waiting.selected, waiting.reason, waiting.entry) == (True, Reason.DEPENDENCY, own)
    assert _decide(steps, ["vllm/x.py"], group="depends_on: [image-build]\n")[0].reason is Reason.NO_MATCH


def test_the_label_that_asks_for_all_tests_runs_optional_steps_too() -> None:
    """ready-run-all-tests sets run_all and nightly, so that documentation runs all as well."""
    project = project_of(ci_files("\n- {label: S, optional: true}\n"))
    found = select_steps(project.pipelines, [RepoPath("docs/a.md")], labels=["ready-run-all-tests"])
    assert [(each.selected, each.reason) for each in found.decisions] == [(True, Reason.NIGHTLY)]
    assert found.run_all[0].entry == "ready-run-all-tests"


MIRROR = """
- label: S
  key: s
  optional: {optional}
  timeout_in_minutes: 30
  parallelism: 2
  source_file_dependencies: [vllm/, "!vllm/skip/"]
  commands: [pytest a]
  mirror:
    amd:
      device: mi300_1
{mirror}
"""
MIRRORS = [
    pytest.param("false", "", ["vllm/x.py"], (True, Reason.DEPENDENCY), id="a mirror has its parent's dependencies"),
    pytest.param("false", "source_file_dependencies: [csrc2/]", ["vllm/x.py"], (True, Reason.DEPENDENCY), id="a list of its own does not replace them"),
    pytest.param("false", "source_file_dependencies: [csrc2/]", ["csrc2/x"], (True, Reason.DEPENDENCY), id="but adds to them"),
    pytest.param("false", "source_file_dependencies: [vllm/skip/]", ["vllm/skip/x"], (False, Reason.NO_MATCH), id="the parent's exclusions hold for the mirror"),
    pytest.param("true", "", ["vllm/x.py"], (False, Reason.OPTIONAL), id="optional is inherited"),
    pytest.param("true", "optional: false", ["vllm/x.py"], (True, Reason.DEPENDENCY), id="a mirror may undo optional"),
    pytest.param("false", "optional: true", ["vllm/x.py"], (False, Reason.OPTIONAL), id="a mirror may be optional alone"),
    pytest.param("true", "", ["docker/Dockerfile.rocm_base"], (True, Reason.ROCM_BASE), id="the ROCm base runs every mirror"),
    pytest.param("false", "dind: false", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], (True, Reason.AMD_RUNTIME), id="a native mirror runs for its runner"),
    pytest.param("false", "", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], (False, Reason.NO_MATCH), id="a mirror in a container does not"),
    pytest.param("false", "", ["a.rst"], (False, Reason.NO_MATCH), id="no match, no run"),
    pytest.param("false", "", ["csrc/x"], (True, Reason.RUN_ALL), id="run_all runs mirrors"),
]  # fmt: skip


@pytest.mark.parametrize(("optional", "mirror", "paths", "expected"), MIRRORS)
def test_amd_mirrors(optional: str, mirror: str, paths: list[str], expected: tuple[bool, Reason]) -> None:
    steps = MIRROR.format(optional=optional, mirror=f"      {mirror}" if mirror else "")
    decision = _decide(steps, paths)[1]
    assert (decision.mirror, decision.platform, decision.device) == ("amd", "rocm", "mi300_1")
    assert (decision.selected, decision.reason) == expected
    assert (decision.timeout, decision.parallelism) == (180, 2)


def test_a_step_on_amd_hardware_has_no_mirror() -> None:
    """The generator turns it into an AMD step and does not look at its mirror."""
    steps = MIRROR.format(optional="false", mirror="").replace("key: s\n", "key: s\n  device: mi325_1\n")
    assert [each.mirror for each in _decide(steps, ["vllm/x.py"])] == [None]


AMD = """
steps:
- label: S
  mirror_hardwares: [amdproduction]
  agent_pool: mi300_1
{lines}
"""
TEMPLATE = [
    pytest.param("source_file_dependencies: [vllm/a]", ["vllm/ab.py"], {}, (True, Reason.DEPENDENCY), id="an entry is a plain beginning of a path"),
    pytest.param("source_file_dependencies: ['!vllm/']", ["vllm/ab.py"], {}, (False, Reason.NO_MATCH), id="there is no exclusion"),
    pytest.param("", ["zzz"], {}, (True, Reason.EMPTY_LIST), id="no list always runs"),
    pytest.param("optional: true", ["zzz"], {}, (False, Reason.OPTIONAL_NO_MATCH), id="optional does not run"),
    pytest.param("optional: true", ["docker/Dockerfile.rocm_base"], {}, (True, Reason.NIGHTLY), id="the ROCm base makes it a nightly run"),
    pytest.param("source_file_dependencies: [x]", ["csrc/a.cu"], {}, (True, Reason.RUN_ALL), id="run_all stands in the wrapper"),
    pytest.param("source_file_dependencies: [x]", ["csrc/cpu/a.cpp"], {}, (False, Reason.NO_MATCH), id="so do its exclusions"),
    pytest.param("source_file_dependencies: [x]\n  dind: false", [".buildkite/scripts/hardware_ci/run-amd-test.sh"], {}, (True, Reason.AMD_RUNTIME), id="native steps run for their runner"),
    pytest.param("source_file_dependencies: [x]", ["a.md"], {"run_all": True}, (False, Reason.DOCS_ONLY), id="documentation goes before run_all"),
    pytest.param("mirror_hardwares: [amdexperimental]", ["zzz"], {}, (False, Reason.NOT_MIRRORED), id="a step that does not mirror production is not there"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "paths", "trigger", "expected"), TEMPLATE)
def test_the_amd_template_decides_otherwise(
    lines: str, paths: list[str], trigger: dict[str, object], expected: tuple[bool, Reason]
) -> None:
    source = text(AMD.format(lines=f"  {lines}" if lines else ""))
    if lines.startswith("mirror_hardwares"):
        source = source.replace("  mirror_hardwares: [amdproduction]\n", "")
    project = project_of({".buildkite/test-amd.yaml": source})
    found = select_steps(project.pipelines, [RepoPath(path) for path in paths], trigger=Trigger(**trigger))  # type: ignore[arg-type]
    decision = found.decisions[0]
    assert (decision.selected, decision.reason) == expected
    assert (decision.platform, decision.device, decision.pipeline) == ("rocm", "mi300_1", "amd")


def test_a_template_entry_ends_anywhere_and_a_generator_entry_at_a_slash() -> None:
    """The same entry in the two dialects."""
    assert matches_dependency("tests/test_a", "tests/test_a.py", Dialect.AMD_TEMPLATE)
    assert not matches_dependency("tests/test_a", "tests/test_a.py", Dialect.GENERATOR)


def test_a_configuration_that_the_generator_refuses_runs_nothing() -> None:
    """Without registries it raises before it reads a step."""
    project = project_of(
        ci_files("\n- {label: S, key: image-build}\n", config=text(CONFIG).replace("registries: r\n", ""))
    )
    assert project.pipelines[0].missing_keys == ("registries",)
    assert select_steps(project.pipelines, [RepoPath("a")]).decisions == ()


def test_agent_minutes_are_timeouts_times_parallel_jobs() -> None:
    """An upper bound; steps without a timeout are counted apart, AMD steps have one whatever they say."""
    steps = """
    - {label: A, timeout_in_minutes: 30, parallelism: 4, source_file_dependencies: [vllm]}
    - {label: B, source_file_dependencies: [vllm]}
    - {label: C, timeout_in_minutes: 500, device: mi300_1, source_file_dependencies: [vllm]}
    - {label: D, timeout_in_minutes: 99, source_file_dependencies: [other]}
    """
    project = project_of(ci_files(steps))
    found = select_steps(project.pipelines, [RepoPath("vllm/a.py")])
    assert (found.minutes, found.without_timeout) == (30 * 4 + 180, 1)
    assert [(each.device, each.platform, each.selected, each.unselected) for each in found.devices] == [
        ("default-gpu", "cuda", 2, 1),
        ("mi300_1", "rocm", 1, 0),
    ]


SEEN = [
    pytest.param("vllm/a b.py", "vllm/a b.py", id="a space stays"),
    pytest.param("docs/中.md", '"docs/\\344\\270\\255.md"', id="a name that is not ASCII arrives quoted"),
    pytest.param('a"b', '"a\\"b"', id="a quote is escaped"),
    pytest.param("a\\b", '"a\\\\b"', id="a backslash is escaped"),
    pytest.param("a\tb", '"a\\tb"', id="a tab is a letter"),
]


@pytest.mark.parametrize(("path", "seen"), SEEN)
def test_paths_as_git_diff_names_them(path: str, seen: str) -> None:
    assert visible_paths([RepoPath(path)]) == (seen,)


def test_a_name_that_is_not_ascii_selects_nothing() -> None:
    """It arrives in quotes, and no dependency starts with one."""
    project = project_of(ci_files(STEP))
    changed = visible_paths([RepoPath("vllm/中.py")])
    assert select_steps(project.pipelines, changed).decisions[0].reason is Reason.NO_MATCH


def test_the_order_of_changed_paths_changes_no_decision() -> None:
    """Which path is named as the reason may differ, what runs may not."""
    project = project_of(ci_files(STEP))
    paths = [RepoPath(path) for path in ("vllm/skip/a", "vllm/b", "tests/a.py", "x")]
    decided = [
        [(each.selected, each.reason) for each in select_steps(project.pipelines, order).decisions]
        for order in (paths, paths[::-1])
    ]
    assert decided[0] == decided[1]
