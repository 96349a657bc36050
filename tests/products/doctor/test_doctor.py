from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.products.doctor.findings import KINDS, RuleGlob, Weight
from diffscope.source.model import RepoPath
from tests.builders import text
from tests.project_builders import CONFIG, ci_files, finding_of, findings_of, report_of

Files = dict[str, str]


def _owners(source: str, *paths: str) -> Files:
    return {".github/CODEOWNERS": text(source)} | dict.fromkeys(paths, "")


def _mergify(*conditions: str, more: str = "") -> Files:
    listed = "".join(f"    - {each}\n" for each in conditions)
    rules = f"pull_request_rules:\n- name: r\n  conditions:\n  - or:\n{listed}  actions: {{label: {{add: [x]}}}}\n{more}"
    return {".github/mergify.yml": rules}


def _step(lines: str, *paths: str, group: str = "", config: str = CONFIG) -> Files:
    body = "".join(f"  {line}\n" for line in text(lines).splitlines())
    return ci_files(f"\n- label: S\n{body}", group=group, config=config) | dict.fromkeys(paths, "")


JOBS = ".buildkite/test_areas/a.yaml"
TREE = (
    "vllm/a.py",
    "vllm/v1/b.py",
    "tests/test_a.py",
    "csrc/x.cu",
    "docker/Dockerfile",
    "docker/Dockerfile.cpu",
    "csrc/cpu/y.cpp",
)
OWNERS = ".github/CODEOWNERS"
MERGIFY = ".github/mergify.yml"

FINDINGS = [
    # CODEOWNERS
    pytest.param("DR101", _owners("/vllm/gone.py @a\n/vllm/a.py @a\n", "vllm/a.py", "vllm/v1/gone.py"), [(OWNERS, 1, "/vllm/v1/gone.py")], id="an owner pattern that matches nothing, with the moved file"),
    pytest.param("DR101", _owners("/vllm/*.cu @a\n/vllm/ops/r*.py @b\n", "vllm/ops/deep/r1.py"), [(OWNERS, 1, None), (OWNERS, 2, "/vllm/ops/deep/r1.py")], id="a dead glob is looked for deeper in its folder"),
    pytest.param("DR102", _owners("/vllm/a @a\n/vllm @b\n", "vllm/a/x.py"), [(OWNERS, 1, "move the line below those that shadow it, or remove it")], id="an owner line that a later one hides"),
    pytest.param("DR102", _owners("/vllm @a\n/vllm/a @b\n", "vllm/a/x.py", "vllm/b.py"), [], id="a later, narrower line hides nothing"),
    pytest.param("DR103", _owners("!/vllm @a\n/x[ab] @a\n", "vllm/a"), [(OWNERS, 1, None), (OWNERS, 2, None)], id="lines that GitHub skips"),
    pytest.param("DR104", _owners("/vllm\n", "vllm/a"), [(OWNERS, 1, None)], id="a line without owners"),
    pytest.param("DR101", _owners("/vllm/gone.py @a\n/vllm/v1 @b\n", "vllm/v1/gone.py"), [(OWNERS, 1, None)], id="a suggestion that a later line decides is none"),
    pytest.param("DR101", _owners("/vllm/v1 @b\n/vllm/gone.py @a\n", "vllm/v1/gone.py"), [(OWNERS, 2, "/vllm/v1/gone.py")], id="an earlier line decides nothing of a suggestion"),
    # mergify
    pytest.param("DR201", _mergify("files=vllm/a.py") | {"vllm/b/a.py": ""}, [(MERGIFY, 5, "vllm/b/a.py")], id="a condition for a file that moved"),
    pytest.param("DR201", _mergify("files~=^vllm/a", "title~=zzz", "label!=y") | {"vllm/a.py": ""}, [], id="conditions that match, and those that are not of files"),
    pytest.param("DR201", _mergify(r"files~=^vllm/x/r.*\.py") | {"vllm/x/d/r1.py": ""}, [(MERGIFY, 5, "vllm/x/d/r1.py")], id="a dead regex of a name"),
    pytest.param("DR202", _mergify("files=^vllm/", r"files=\.github/x.yml") | {"vllm/a": "", ".github/x.yml": ""}, [(MERGIFY, 5, "files~=^vllm/"), (MERGIFY, 6, "files=.github/x.yml")], id="regexes under an equal sign"),
    pytest.param("DR203", _mergify(r"files~=^\\.github/") | {".github/x.yml": ""}, [(MERGIFY, 5, r"files~=^\.github/")], id="a regex that is escaped twice"),
    pytest.param("DR204", _mergify("files~=[", "files~=a(?!b)", "=x", "files~=^(?!a)b"), [(MERGIFY, 5, None), (MERGIFY, 6, None), (MERGIFY, 7, None)], id="conditions that cannot be judged"),
    pytest.param(
        "DR205",
        _mergify("files~=tpu", "files~=pallas", more="- name: off\n  conditions: ['-files~=tpu']\n  actions: {label: {remove: [x]}}\n"),
        [(MERGIFY, 8, None)],
        id="a rule that removes a label knows fewer patterns than the one that adds it",
    ),
    # dependencies
    pytest.param("DR301", _step("source_file_dependencies: [vllm/gone/, vllm/a.py, 'vllm/*.py', vllm/v1]", *TREE), [(JOBS, 4, "vllm/a.py"), (JOBS, 4, None)], id="entries that match nothing, a glob among them"),
    pytest.param("DR301", _step("source_file_dependencies:\n- tests/test_a\n- '!vllm/none'\n- vllm", *TREE), [(JOBS, 5, "tests/test_a.py"), (JOBS, 6, None)], id="a missing .py, and an exclusion of nothing"),
    pytest.param("DR302", _step("source_file_dependencies:\n- vllm/\n- tests\n- vllm", *TREE), [(JOBS, 7, None)], id="an entry twice, with and without its slash"),
    pytest.param("DR303", _step("source_file_dependencies:\n- vllm/v1/b.py\n- vllm/\n- tests", *TREE), [(JOBS, 5, None)], id="an entry that another covers"),
    pytest.param("DR303", _step("source_file_dependencies: ['!vllm/v1', vllm/, vllm/a.py]", *TREE), [], id="with an exclusion in the list nothing is called covered"),
    pytest.param("DR301", _step("source_file_dependencies: [csrc/gone/, csrc/cpu/gone, vllm/gone]", *TREE), [(JOBS, 4, None), (JOBS, 4, None)], id="an entry under a run_all pattern is no matter, one under its exclusion is"),
    pytest.param("DR304", _step("commands: [echo]"), [(JOBS, 3, None)], id="a step without a list"),
    pytest.param("DR304", _step("optional: true"), [], id="an optional step needs no list"),
    pytest.param("DR304", _step("key: image-build-x"), [], id="nor does an image build"),
    pytest.param("DR304", _step("commands: [echo]", group="depends_on: [image-build]\n"), [(JOBS, 4, None)], id="a step that watches its own file alone"),
    pytest.param("DR315", _step("source_file_dependencies: [vllm/v1, '!csrc']", *TREE), [(JOBS, 4, None)], id="an exclusion of what is not included"),
    # tests and commands
    pytest.param("DR305", _step("source_file_dependencies: [vllm]\ncommands: [pytest tests/test_b.py]", *TREE) | {"tests/test_a.py": "def test_a(): ..."}, [("tests/test_a.py", 0, None)], id="a test that no step collects"),
    pytest.param("DR305", _step("source_file_dependencies: [vllm]\ncommands: [pytest tests]", *TREE) | {"tests/test_a.py": "def test_a(): ..."}, [], id="a test that a step collects"),
    pytest.param("DR305", _step("source_file_dependencies: [vllm]", *TREE) | {"tests/test_a.py": "VALUE = 1"}, [], id="a file without tests in it"),
    pytest.param("DR306", _step("optional: true\ncommands: [pytest tests]", *TREE) | {"tests/test_a.py": "def test_a(): ..."}, [("tests/test_a.py", 0, None)], id="a test for optional steps alone"),
    pytest.param("DR307", _step("commands: [pytest tests/test_gone.py, bash x.sh, 'pip install -r requirements/a.txt', python3 tests/test_a.py]", *TREE), [(JOBS, 4, None), (JOBS, 4, None), (JOBS, 4, None)], id="files that commands name and nobody has"),
    pytest.param("DR307", _step("commands: ['pytest $X/a.py --config-list-file=a.txt tests/test_a.py', 'cd /tmp && pytest x/y.py', 'bash -c \"echo a/b.py\"']", *TREE) | {"tests/a.txt": ""}, [], id="variables, other folders and lists beside the test are no claim"),
    pytest.param("DR308", _step("commands: ['pytest tests/test_a.py::test_gone', 'pytest tests/test_a.py::TestX::test_y[a-b]']", *TREE) | {"tests/test_a.py": "class TestX:\n  def test_y(self): ...\n"}, [(JOBS, 4, None)], id="a test that the file does not have"),
    pytest.param("DR309", _step("commands: ['pytest tests --ignore=tests/gone.py --deselect tests/test_a.py::test_no']", *TREE) | {"tests/test_a.py": "def test_a(): ..."}, [(JOBS, 4, None), (JOBS, 4, None)], id="what is left out does not exist"),
    # mirrors, keys, pipelines
    pytest.param("DR310", _step("source_file_dependencies: [vllm, csrc]\nmirror:\n  amd:\n    device: mi300_1\n    parallelism: 2\n    source_file_dependencies: [vllm]", *TREE), [(JOBS, 6, None), (JOBS, 8, None)], id="a mirror's key that is not read, and a list that leaves its step's out"),
    pytest.param("DR310", _step("source_file_dependencies: [vllm]\nmirror:\n  amd:\n    device: mi300_1\n    soft_fail: true\n    source_file_dependencies: [csrc, vllm/]", *TREE), [], id="a mirror with more dependencies"),
    pytest.param("DR310", _step("source_file_dependencies: [vllm/v1, vllm/a.py]\nmirror:\n  amd:\n    device: mi300_1\n    source_file_dependencies: [vllm/]", *TREE), [], id="a mirror with a wider entry"),
    pytest.param("DR309", _step("working_dir: tests\ncommands: ['pytest . --deselect=tests/test_a.py::test_a']", *TREE) | {"tests/test_a.py": "def test_a(): ..."}, [], id="node ids count from the root"),
    pytest.param("DR311", _step("fast_check: true\nnum_gpus: 2"), [(JOBS, 4, None), (JOBS, 5, None)], id="keys that the generator does not read"),
    pytest.param("DR312", _step("key: a", config=CONFIG.replace('"csrc/"]', '"csrc/", "gone/.*x", "["]')) | dict.fromkeys(TREE, ""), [(".buildkite/ci_config.yaml", 3, None), (".buildkite/ci_config.yaml", 3, None)], id="run_all patterns that match nothing, or are broken"),
    pytest.param("DR313", _step("key: a\ndepends_on: [image-build, nobody]\nmirror: {amd: {device: mi300_1, depends_on: [image-build-amd, amd-a, other]}}"), [(JOBS, 5, None), (JOBS, 6, None)], id="steps that wait for nobody"),
    pytest.param("DR314", _step("key: a", config=CONFIG.replace("registries: r", "registries: ''").replace("test_areas", "test_area")), [(".buildkite/ci_config.yaml", 1, None), (".buildkite/ci_config.yaml", 2, ".buildkite/test_areas")], id="a configuration that the generator refuses"),
    pytest.param("DR314", _step("num_devices: 2\nmirror: {amd: {device: mi300_1}}"), [(JOBS, 5, None)], id="a mirror whose device has another number of devices"),
    pytest.param("DR314", _step("num_devices: 2\nmirror: {amd: {device: mi999}}"), [(JOBS, 5, None)], id="a mirror on a device that does not exist"),
    pytest.param("DR314", _step("num_devices: 2\nmirror: {amd: {device: mi300_2}}"), [], id="a mirror on as many devices"),
    pytest.param("DR316", _step("commands: ['pytest tests --shard-id=$$BUILDKITE_PARALLEL_JOB']"), [(JOBS, 4, None)], id="a shard without parallel jobs"),
    pytest.param("DR316", _step("parallelism: 3\ncommands: [pytest tests]"), [(JOBS, 3, None)], id="parallel jobs without a shard"),
    pytest.param("DR316", _step("parallelism: 3\ncommands: ['pytest tests --shard-id=$$BUILDKITE_PARALLEL_JOB', 'pytest tests/x']"), [], id="one sharded command is enough"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "files", "expected"), FINDINGS)
def test_each_class_of_finding(code: str, files: Files, expected: list[tuple[str, int, str | None]]) -> None:
    assert [(path, line, suggestion) for _, path, line, suggestion in findings_of(files, code)] == expected


def test_every_kind_of_finding_is_tried() -> None:
    """A new code needs a case here; the reading of files has its cases in test_read.py."""
    tried = {str(each.values[0]) for each in FINDINGS} | {"DR001", "DR002", "DR003", "DR004", "DR401"}
    assert tried == set(KINDS)


def test_every_kind_of_finding_is_on_its_page() -> None:
    """The table of docs/doctor.md, row by row."""
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| DR")]
    assert rows == [
        f"| {each.code} | {each.name} | {each.weight.value} | {each.title} |" for each in KINDS.values()
    ]


def test_messages_say_what_follows() -> None:
    """Who is not asked, what covers what, how often, what would match."""
    found = finding_of(_owners("/vllm/a @ada @b\n/vllm @b\n", "vllm/a/x.py"), "DR102")
    assert (
        found.message
        == "'/vllm/a' never decides: later lines match all of its 1 file; @ada will not be asked"
    )
    assert found.evidence == ("line 2 '/vllm' takes 1 file",)
    found = finding_of(_step("source_file_dependencies:\n- vllm\n- vllm/a.py", *TREE), "DR303")
    assert found.message == "'vllm/a.py' in 'S' adds nothing to 'vllm' on line 5"
    found = finding_of(_mergify("files=^vllm/") | {"vllm/a": "", "vllm/b": ""}, "DR202")
    assert (
        found.message
        == "'files=^vllm/' in the rule 'r' compares a regex with '=', so that it matches no file; under '~=' it would match 2"
    )
    found = finding_of(_mergify("-files~=pallas"), "DR201")
    assert (found.weight, found.message) == (
        Weight.LOW,
        "'-files~=pallas' in the rule 'r' matches no file, so that it always holds",
    )


def test_a_test_that_is_left_out_on_purpose_says_by_whom() -> None:
    """The ignore is the evidence."""
    files = _step(
        "source_file_dependencies: [vllm]\ncommands: [pytest tests --ignore=tests/test_a.py]", *TREE
    )
    found = finding_of(files | {"tests/test_a.py": "def test_a(): ..."}, "DR305")
    assert (
        found.message
        == "no command of any step collects this file; commands that name its folder leave it out"
    )
    assert found.evidence == (f"{JOBS}:5 --ignore=tests/test_a.py",)


def test_the_amd_template_reads_lists_its_own_way() -> None:
    """An entry without .py is alive there, and a step without a list always runs."""
    amd = text("""
    steps:
    - label: A
      mirror_hardwares: [amdproduction]
      source_file_dependencies: [tests/test_a]
    - label: B
      mirror_hardwares: [amdproduction]
      fast_check: true
    """)
    files = {".buildkite/test-amd.yaml": amd, "tests/test_a.py": ""}
    assert [(code, line) for code, _, line, _ in findings_of(files, "DR301", "DR304", "DR311")] == [
        ("DR304", 5),
        ("DR311", 7),
    ]


def test_globs_of_our_own_rules_are_tried_on_the_tree() -> None:
    """A dead glob names the rule file; a broken one says why."""
    globs = tuple(
        RuleGlob(path=RepoPath("rules/a.yml"), line=line, text=each)
        for line, each in enumerate(["vllm/**", "vlm/core/**", "vllm/**x"], start=1)
    )
    report = report_of({"vllm/core/a.py": ""}, globs=globs)
    assert [
        (each.line, each.message, each.suggestion) for each in report.findings if each.code == "DR401"
    ] == [
        (2, "the glob 'vlm/core/**' matches no file of this tree", "vllm/core"),
        (
            3,
            "the glob 'vllm/**x' is wrong: '**' must be a whole segment",
            "write 'a/**/b' or 'a/**', or a single '*'",
        ),
    ]
    assert report.looked_at["rule-globs"] == 3


EMPTY_LISTS = [
    pytest.param("", CONFIG, Weight.INFO, "it runs only when a run_all pattern of its pipeline matches", id="run_all"),
    pytest.param("", CONFIG.replace('"docker/Dockerfile", "csrc/"', ""), Weight.MEDIUM, "the generator never runs it by itself", id="no run_all"),
    pytest.param("depends_on: [image-build]\n", CONFIG, Weight.INFO, f"it runs only when {JOBS} changes or everything runs", id="its own file and run_all"),
]  # fmt: skip


@pytest.mark.parametrize(("group", "config", "weight", "so"), EMPTY_LISTS)
def test_a_step_that_watches_nothing_runs_with_everything(
    group: str, config: str, weight: Weight, so: str
) -> None:
    """It weighs little where something runs it."""
    found = finding_of(_step("commands: [echo]", group=group, config=config), "DR304")
    assert (found.weight, found.message) == (weight, f"'S' has no dependencies: {so}")


def test_a_healthy_tree_has_no_findings() -> None:
    """Nothing is wrong, and nothing is said."""
    files = _step(
        "key: s\nsource_file_dependencies: [vllm/, csrc/, tests/]\ncommands: [pytest -v tests]", *TREE
    ) | {
        "tests/test_a.py": "def test_a(): ...",
        ".github/CODEOWNERS": "/vllm @a\n",
        **_mergify("files~=^vllm/", "title~=x"),
    }
    assert report_of(files).findings == ()


def test_a_report_counts_what_it_looked_at_and_what_it_found() -> None:
    """The figures beside the findings, so that 'none' can be told from 'not looked'."""
    files = _step(
        "source_file_dependencies: [vllm, gone]\ncommands: [pytest tests]\nmirror: {amd: {device: mi300_1}}",
        *TREE,
    )
    report = report_of(files | _owners("/vllm @a\n") | _mergify("files=a", "title~=x"))
    assert report.looked_at == {
        "files": 11, "owner-lines": 1, "label-rules": 1, "files-conditions": 1, "pipelines": 1, "steps": 1, "mirrors": 1,
        "dependencies": 2, "commands": 1, "test-files": 1, "rule-globs": 0,
    }  # fmt: skip
    assert [(each.code, each.count) for each in report.counts] == [("DR201", 1), ("DR301", 1)]


def test_steps_of_two_configurations_are_looked_at_once() -> None:
    """Two pipelines that name the same folder report its findings once."""
    files = _step("source_file_dependencies: [gone]") | {
        ".buildkite/ci_config_b.yaml": text(CONFIG).replace("vllm_ci", "b")
    }
    assert len(findings_of(files, "DR301")) == 1
