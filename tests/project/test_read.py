from __future__ import annotations

import time

import msgspec
import pytest

from diffscope.project.model import Project, ProjectFiles
from diffscope.project.read import MAX_FILE, declares, read_project, wanted_entries
from diffscope.project.tree import TreeIndex
from diffscope.source.model import BlobId, RepoPath, TreeEntry
from tests.builders import text
from tests.project_builders import CONFIG, ci_files, files_of, project_of, report_of, tree_of

JOBS = ".buildkite/test_areas/a.yaml"

HOSTILE = [
    pytest.param("steps: [", "DR001", "not valid YAML: did not find expected node content while parsing a flow node", id="broken YAML"),
    pytest.param("{% for x in y %}\n- label: {{ x }}\n", "DR001", "not valid YAML: found character that cannot start any token while scanning for the next token (it holds Jinja, which is not rendered)", id="Jinja"),
    pytest.param("- a\n- b\n", "DR004", "the file is not a mapping", id="a list"),
    pytest.param("steps: {a: 1}\n", "DR004", "'steps' is not a list", id="steps that are a mapping"),
    pytest.param("steps: [1, [2], {label: [x]}]\n", "DR004", "an entry of 'steps' is not a mapping", id="steps that are none"),
    pytest.param("steps:\n- label: S\n  label: T\n", "DR002", "duplicate key 'label', first on line 2", id="a key twice"),
    pytest.param("steps:\n- {label: S, optional: maybe}\n", "DR004", "'optional' is neither true nor false", id="a truth value that is none"),
    pytest.param("steps:\n- {label: S, timeout_in_minutes: soon}\n", "DR004", "'timeout_in_minutes' is not a whole number", id="a number that is none"),
    pytest.param("steps:\n- {label: S, commands: [{a: b}]}\n", "DR004", "an entry of 'commands' is not text", id="a command that is a mapping"),
    pytest.param("steps:\n- {label: S, mirror: [amd]}\n", "DR004", "'mirror' is not a mapping", id="a mirror that is a list"),
    pytest.param("steps:\n- {label: S, mirror: {amd: x}}\n", "DR004", "the mirror 'amd' is not a mapping", id="a mirror that is a word"),
    pytest.param("steps:\n- {commands: [a]}\n", "DR004", "a step has no label", id="a step without a name"),
    pytest.param("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + at)}: &{chr(98 + at)} [{','.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(9)), "DR001", "the file has more than 400,000 values", id="an alias bomb"),
    pytest.param("[" * 3000, "DR001", "values are nested more than 64 levels deep", id="a tower of brackets"),
    pytest.param(b"steps:\n- label: S\0\n", "DR001", "it holds NUL bytes: it is not text", id="bytes that are no text"),
    pytest.param(b"\xff\xfe\x00s", "DR001", "it holds NUL bytes: it is not text", id="another encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "message"), HOSTILE)
def test_a_broken_job_file_is_reported_and_the_rest_goes_on(
    data: str | bytes, code: str, message: str
) -> None:
    files: dict[str, str | bytes] = {
        **ci_files("\n- {label: Good, source_file_dependencies: [gone]}\n"),
        ".buildkite/test_areas/b.yaml": data,
    }
    report = report_of(files)
    found = [(each.code, each.path, each.message) for each in report.findings]
    assert (code, ".buildkite/test_areas/b.yaml", message) in found
    assert ("DR301", JOBS, "'gone' in 'Good' matches no file") in found


def test_a_good_step_beside_a_bad_one_is_read() -> None:
    """A step that is no mapping does not take its neighbours along."""
    project = project_of(ci_files("\n- 3\n- {label: S, commands: [x]}\n"))
    assert [step.label for step in project.pipelines[0].steps] == ["S"]


def test_symlinks_are_reported_and_not_followed() -> None:
    """The bytes of a link are a path, not a declaration."""
    files = {".github/CODEOWNERS": "../elsewhere", JOBS: "steps: []", ".buildkite/ci_config.yaml": CONFIG}
    report = report_of(files, modes={".github/CODEOWNERS": "120000"})
    assert ("DR001", ".github/CODEOWNERS", "a symbolic link, which is not followed") in [
        (each.code, each.path, each.message) for each in report.findings
    ]
    entries = files_of(files, modes={JOBS: "120000"}).entries
    assert JOBS not in [entry.path for entry in wanted_entries(entries)]


def test_submodules_hold_no_declarations() -> None:
    """A gitlink has no bytes here, and that is no finding."""
    entry = TreeEntry(path=RepoPath("tools/x.sh"), blob=BlobId("1" * 40), mode="160000")
    assert wanted_entries([entry]) == ()
    assert read_project(ProjectFiles(entries=(entry,), contents={})).problems == ()


def test_a_blob_that_the_clone_lacks_and_one_too_large_are_reported() -> None:
    """Partial clones are usual; a declaration of five megabytes is not."""
    entries = tuple(
        TreeEntry(path=RepoPath(path), blob=BlobId("0" * 40), mode="100644")
        for path in (".github/CODEOWNERS", ".github/mergify.yml")
    )
    project = read_project(
        ProjectFiles(entries=entries, contents={RepoPath(".github/mergify.yml"): b"a" * (MAX_FILE + 1)})
    )
    assert [(each.path, each.kind, each.message) for each in project.problems] == [
        (".github/CODEOWNERS", "missing", "its content is missing from the clone"),
        (".github/mergify.yml", "too-large", "4,000,001 bytes; at most 4,000,000 are read"),
    ]
    huge = project_of({".github/CODEOWNERS": "/a @b\n" * 600_000})
    assert [each.kind for each in huge.problems] == ["too-large"]
    assert huge.codeowners.rules == ()


def test_a_tree_without_declarations_says_so() -> None:
    """Three findings of information, and no error."""
    report = report_of({"README.md": ""})
    assert [(each.code, each.path) for each in report.findings] == [
        ("DR003", ".buildkite/ci_config.yaml"),
        ("DR003", ".github/CODEOWNERS"),
        ("DR003", ".mergify.yml"),
    ]
    assert report_of({}).looked_at["files"] == 0


def test_the_first_place_of_a_declaration_wins() -> None:
    """GitHub looks into .github first, mergify at the root."""
    project = project_of(
        {
            "CODEOWNERS": "/a @root\n", ".github/CODEOWNERS": "/a @github\n", "docs/CODEOWNERS": "/a @docs\n",
            ".mergify.yml": "pull_request_rules: [{name: root, conditions: []}]",
            ".github/mergify.yml": "pull_request_rules: [{name: github, conditions: []}]",
        }
    )  # fmt: skip
    assert project.codeowners.rules[0].owners == ("@github",)
    assert project.mergify.rules[0].name == "root"


def test_job_files_are_those_the_generator_reads() -> None:
    """Every .yaml below a folder that a configuration names, and no .yml; the AMD file has its own reader."""
    files = {
        ".buildkite/ci_config.yaml": CONFIG,
        ".buildkite/test_areas/deep/b.yaml": "steps: [{label: B}]",
        ".buildkite/test_areas/c.yml": "steps: [{label: C}]",
        ".buildkite/other/d.yaml": "steps: [{label: D}]",
        ".buildkite/test-amd.yaml": "steps: [{label: E, agent_pool: mi300_2, num_gpus: 2, command: pytest a}]",
    }
    pipelines = project_of(files).pipelines
    assert [(each.name, [step.label for step in each.steps]) for each in pipelines] == [
        ("vllm_ci", ["B"]),
        ("amd", ["E"]),
    ]
    step = pipelines[1].steps[0]
    assert (step.device, step.num_devices, step.working_dir, step.commands[0].text) == (
        "mi300_2",
        2,
        "/vllm-workspace/tests",
        "pytest a",
    )


def test_a_step_takes_from_its_group_what_it_does_not_say() -> None:
    """The name, what to wait for, the folder to work in."""
    steps = "\n- {label: A}\n- {label: B, depends_on: [x], working_dir: /w}\n"
    project = project_of(ci_files(steps, group="depends_on: [image-build]\n"))
    first, second = project.pipelines[0].steps
    assert (first.group, first.depends_on[0].text, first.working_dir, first.watches_own_file) == (
        "G",
        "image-build",
        "/vllm-workspace/tests",
        True,
    )
    assert (second.depends_on[0].text, second.working_dir) == ("x", "/w")


def test_a_project_survives_the_cache() -> None:
    """It is kept as MessagePack between runs."""
    source = ci_files("\n- {label: A, mirror: {amd: {device: mi300_1}}}\n") | {
        ".github/CODEOWNERS": "/a @b\n",
        ".github/mergify.yml": "pull_request_rules: [{name: a, conditions: [{or: [a, {not: [b]}]}]}]",
        "tests/run.sh": "pytest a",
    }
    project = project_of(source)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(project), type=Project) == project


DECLARING = [
    pytest.param(".github/CODEOWNERS", True, id="owners"),
    pytest.param(".buildkite/a/b.yaml", True, id="a job file"),
    pytest.param(".buildkite/scripts/x.sh", True, id="a script of CI"),
    pytest.param("tests/v1/run.sh", True, id="a script of tests"),
    pytest.param("requirements/cuda.txt", True, id="requirements"),
    pytest.param("docker/Dockerfile.rocm", True, id="a Dockerfile"),
    pytest.param(".buildkite/x.py", False, id="a program of CI"),
    pytest.param("vllm/a.py", False, id="a module"),
    pytest.param("benchmarks/run.sh", False, id="a script that no step runs"),
]


@pytest.mark.parametrize(("path", "expected"), DECLARING)
def test_files_that_declare_something(path: str, expected: bool) -> None:
    assert declares(path) is expected


NEAREST = [
    pytest.param("tests/test_a", "tests/test_a.py", id="the name with .py"),
    pytest.param("vllm/executor/", "vllm/v1/executor", id="a folder that moved down"),
    pytest.param("vllm/worker/base.py", "vllm/v1/worker/base.py", id="a file that moved down"),
    pytest.param(
        "csrc/quantization/w8a8/moe", "csrc/stable/quantization/w8a8/moe", id="the one that shares most"
    ),
    pytest.param("tests/test_chat", "tests/unit/test_chat.py", id="a name without .py that moved"),
    pytest.param("vllm/v1/executer", "vllm/v1/executor", id="a name that is misspelt"),
    pytest.param("vllm/v1/none/of/it.py", None, id="nothing is near"),
    pytest.param("docs/executor", None, id="the same name in another world is not near"),
    pytest.param("vllm/__init__.py", None, id="a name that is everywhere says nothing"),
    pytest.param("", None, id="nothing at all"),
]


@pytest.mark.parametrize(("path", "expected"), NEAREST)
def test_the_nearest_existing_path(path: str, expected: str | None) -> None:
    tree = tree_of(
        "tests/test_a.py", "tests/unit/test_chat.py", "vllm/v1/executor/a.py", "vllm/v1/worker/base.py", "csrc/moe/x.cu", "docs/a.md",
        "csrc/stable/quantization/w8a8/moe/x.cu", "vllm/v1/__init__.py",
    )  # fmt: skip
    assert tree.nearest(path) == expected


def test_a_tree_index_knows_files_folders_and_what_lies_below() -> None:
    """Prefixes are found by bisection; a folder is what a file lies in."""
    tree = TreeIndex(["b/c.py", "b/d/e.py", "b2", "a"])
    assert [
        tree.is_file("a"),
        tree.is_file("b"),
        tree.is_folder("b"),
        tree.is_folder("b/d"),
        tree.is_folder("b2"),
        tree.is_folder(""),
    ] == [True, False, True, True, False, True]
    assert tree.below("b") == ("b/c.py", "b/d/e.py")
    assert tree.below("") == ("a", "b/c.py", "b/d/e.py", "b2")
    assert tree.starting_with("b") == ("b/c.py", "b/d/e.py", "b2")
    assert tree.starting_with("zz") == ()
    assert TreeIndex([]).below("a") == ()


def test_a_tree_of_a_hundred_thousand_files_is_no_trouble() -> None:
    """Dead entries in a huge tree are searched by name, not by comparing all."""
    paths = [f"d{number % 100}/e{number % 1000}/f{number}.py" for number in range(100_000)]
    started = time.process_time()
    tree = TreeIndex(paths)
    for number in range(200):
        tree.nearest(f"d1/gone{number}.py")
        tree.below(f"d{number % 100}")
    assert time.process_time() - started < 5


def test_texts_with_a_byte_order_mark_are_read() -> None:
    """Windows writes them."""
    project = project_of(
        {
            ".github/CODEOWNERS": b"\xef\xbb\xbf/a @b\n",
            ".buildkite/ci_config.yaml": b"\xef\xbb\xbf" + text(CONFIG).encode(),
        }
    )
    assert project.codeowners.rules[0].pattern == "/a"
    assert project.pipelines[0].name == "vllm_ci"
