"""Workflows of GitHub: which jobs run for a pull request, which do not, and by what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from diffscope.facts.ci.declarations import Declarations, EditedFile, judge_tree
from diffscope.facts.ci.steps import rename_gaps
from diffscope.project.answers import Reason, StepDecision
from diffscope.project.ci.collection import collect_tests, step_calls, step_tests
from diffscope.project.ci.selection import select_steps
from diffscope.project.ci.tracing import PatternKind, trace_steps
from diffscope.project.ci.workflow_jobs import judge_condition
from diffscope.project.matching import workflow_pattern
from diffscope.source.model import PullRequest, RepoPath, SourceKind
from diffscope.source.profile import Profile, in_force
from tests.builders import text
from tests.project_builders import project_of, tree_of

RUNS = Reason.ALWAYS
PULL = PullRequest(repository="o/r", source=SourceKind.CLONE, title="")


@pytest.fixture(autouse=True)
def of_github() -> Iterator[None]:
    names = Profile(name="a", title="A", repository="o/r", packages=("pkg",), ci="github")
    with in_force(names):
        yield


def workflow(on: str, jobs: str = "") -> dict[str, str]:
    """Return one workflow, with a job that runs pytest where none is given."""
    own = text(jobs) or "test:\n  runs-on: ubuntu-latest\n  steps: [{run: pytest}]\n"
    return {".github/workflows/ci.yml": f"name: CI\non: {on}\njobs:\n{_indented(own)}"}


def _indented(lines: str) -> str:
    return "".join(f"  {line}\n" for line in lines.splitlines())


def decide(files: dict[str, str], *paths: str) -> dict[str, StepDecision]:
    pipelines = project_of(files).pipelines
    found = select_steps(pipelines, map(RepoPath, paths)).decisions
    return {one.label: one for one in found}


PATTERNS = [
    pytest.param("*", {"README.md"}, {"docs/a.md"}, id="a star stays at the root"),
    pytest.param("**", {"README.md", "docs/a/b.md", ".hidden/x"}, set(), id="two stars are everything"),
    pytest.param("*.js", {"app.js"}, {"src/app.js"}, id="a star in a name"),
    pytest.param("**.js", {"app.js", "src/js/app.js"}, {"app.ts"}, id="two stars in a name cross folders"),
    pytest.param("*.jsx?", {"a.js", "a.jsx"}, {"a.jsxx"}, id="a question mark makes the character before it optional"),
    pytest.param("v[12].[0-9]+.md", {"v1.10.md", "v2.0.md"}, {"v3.1.md", "v1..md"}, id="ranges and a plus"),
    pytest.param("docs/*", {"docs/a.md"}, {"docs/a/b.md"}, id="a folder, not what is deeper"),
    pytest.param("docs/**", {"docs/a.md", "docs/a/b.md"}, {"docs", "src/docs/a.md"}, id="all below a folder"),
    pytest.param("docs/**/*.md", {"docs/a.md", "docs/x/y/a.md"}, {"docs/a.py"}, id="two stars between may be nothing"),
    pytest.param("**/docs/**", {"docs/a.md", "x/docs/a.md"}, {"xdocs/a.md"}, id="a folder anywhere"),
    pytest.param("**/README.md", {"README.md", "a/README.md"}, {"aREADME.md"}, id="a name anywhere"),
    pytest.param("**/*src/**", {"a/src/x", "my-src/x"}, {"src2/x"}, id="the end of a folder's name"),
    pytest.param(r"a\*b", {"a*b"}, {"axb"}, id="a backslash makes a star plain"),
    pytest.param("a.b+", {"a.b", "a.bb"}, {"axb"}, id="a point is a point"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "matched", "others"), PATTERNS)
def test_patterns_are_those_of_workflows(pattern: str, matched: set[str], others: set[str]) -> None:
    found = workflow_pattern(pattern)
    assert found is not None
    assert {path for path in matched | others if found.fullmatch(path)} == matched


def test_a_pattern_that_is_wrong_matches_nothing() -> None:
    assert workflow_pattern("a[z-a]") is None


TRIGGERS = [
    pytest.param("pull_request", ["a.py"], RUNS, id="a single event"),
    pytest.param("[push, pull_request]", ["a.py"], RUNS, id="a list of events"),
    pytest.param("{pull_request: }", ["a.py"], RUNS, id="an event without filters"),
    pytest.param("{pull_request_target: {branches: [main]}}", ["a.py"], RUNS, id="the event of the target"),
    pytest.param("push", ["a.py"], Reason.EVENT, id="another event"),
    pytest.param("{schedule: [{cron: '0 0 * * *'}], workflow_dispatch: }", ["a.py"], Reason.EVENT, id="a schedule"),
    pytest.param("{pull_request: {types: [labeled]}}", ["a.py"], Reason.EVENT, id="a label starts it"),
    pytest.param("{pull_request: {types: [labeled, synchronize]}}", ["a.py"], RUNS, id="a label or a push starts it"),
    pytest.param("{pull_request: {branches: [main, 'release/**']}}", ["a.py"], RUNS, id="the main branch is listed"),
    pytest.param("{pull_request: {branches: ['release/**']}}", ["a.py"], Reason.UNDECIDED, id="other branches are listed"),
    pytest.param("{pull_request: {branches: ['**', '!main', '!master']}}", ["a.py"], Reason.UNDECIDED, id="the main branch is taken out"),
    pytest.param("{pull_request: {branches-ignore: [docs]}}", ["a.py"], RUNS, id="another branch is ignored"),
    pytest.param("{pull_request: {branches-ignore: ['m*']}}", ["a.py"], Reason.UNDECIDED, id="the main branch is ignored"),
    pytest.param("{pull_request: {paths: ['src/**']}}", ["docs/a.md", "src/a.py"], Reason.DEPENDENCY, id="one path is listed"),
    pytest.param("{pull_request: {paths: ['src/**']}}", ["docs/a.md"], Reason.NO_MATCH, id="no path is listed"),
    pytest.param("{pull_request: {paths: ['src/**', '!src/x/**']}}", ["src/x/a.py"], Reason.NO_MATCH, id="a listed path is taken out"),
    pytest.param("{pull_request: {paths: ['src/**', '!src/x/**', 'src/x/a.py']}}", ["src/x/a.py"], Reason.DEPENDENCY, id="and put in again"),
    pytest.param("{pull_request: {paths: ['!src/x/**', 'src/**']}}", ["src/x/a.py"], Reason.DEPENDENCY, id="the last pattern decides"),
    pytest.param("{pull_request: {paths: ['!docs/**']}}", ["src/a.py"], Reason.NO_MATCH, id="only taken out is never in"),
    pytest.param("{pull_request: {paths: []}}", ["src/a.py"], Reason.NO_MATCH, id="an empty list"),
    pytest.param("{pull_request: {paths: ['src/a[']}}", ["src/a.py"], Reason.NO_MATCH, id="a bracket alone is plain"),
    pytest.param("{pull_request: {paths-ignore: ['docs/**', '*.md']}}", ["README.md", "docs/a.md"], Reason.IGNORED, id="all paths are ignored"),
    pytest.param("{pull_request: {paths-ignore: ['docs/**']}}", ["docs/a.md", "a.py"], Reason.NOT_IGNORED, id="one path is not ignored"),
    pytest.param("{pull_request: {paths-ignore: ['docs/**', '!docs/a.md']}}", ["docs/a.md"], Reason.UNDECIDED, id="what is taken out of the ignored is not documented"),
    pytest.param("{pull_request: {paths: ['src/**']}}", [f"a/{at:03}" for at in range(301)], Reason.UNDECIDED, id="more files than GitHub looks at"),
    pytest.param("{pull_request: {paths: ['a/**']}}", [f"a/{at:03}" for at in range(301)], Reason.DEPENDENCY, id="one of the first files is enough"),
    pytest.param("{pull_request: {paths: ['ü/*']}}", ["ü/a"], Reason.DEPENDENCY, id="names are not quoted"),
]  # fmt: skip


@pytest.mark.parametrize(("on", "paths", "reason"), TRIGGERS)
def test_an_event_starts_a_workflow(on: str, paths: list[str], reason: Reason) -> None:
    found = decide(workflow(on), *paths)["test"]
    runs = reason in {RUNS, Reason.DEPENDENCY, Reason.NOT_IGNORED}
    assert (found.reason, found.selected) == (reason, runs)


CONDITIONS = [
    pytest.param("true", True, id="true"),
    pytest.param("${{ false }}", False, id="false in an expression"),
    pytest.param("github.event_name == 'pull_request'", True, id="the event"),
    pytest.param("github.event_name != 'pull_request' && secrets.x", False, id="one part is enough to say no"),
    pytest.param("github.event_name == 'push' || github.event.pull_request.draft == false", None, id="a draft is not told"),
    pytest.param("github.event_name == 'pull_request' || vars.X == 'y'", True, id="one part is enough to say yes"),
    pytest.param("github.repository == 'O/r'", True, id="the repository in any case"),
    pytest.param("github.repository_owner == 'other'", False, id="the owner"),
    pytest.param("github.ref == 'refs/heads/main'", False, id="a pull request is of no branch"),
    pytest.param("startsWith(github.ref, 'refs/tags/')", False, id="nor of a tag"),
    pytest.param("!startsWith(github.ref, 'refs/tags/') && !cancelled()", True, id="denied"),
    pytest.param("contains(github.event.pull_request.labels.*.name, 'gpu')", None, id="labels are not told"),
    pytest.param("needs.changes.outputs.src == 'true'", None, id="outputs are not told"),
    pytest.param("github.event_name == 'it''s'", False, id="a quoted quote"),
    pytest.param("${{ github.event_name == 'push' }} && false", None, id="text around an expression"),
    pytest.param("failure()", None, id="whether a job fails is not told"),
    pytest.param("import os; os.system('x')", None, id="no expression"),
    pytest.param("(" * 3000, None, id="brackets without end"),
    pytest.param("", None, id="nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_a_condition_holds_or_not_or_is_not_told(condition: str, holds: bool | None) -> None:
    assert judge_condition(condition, "pull_request")[0] is holds


JOBS = """
a: {runs-on: ubuntu-latest, if: "github.event_name == 'push'"}
b: {runs-on: ubuntu-latest, needs: a}
c: {runs-on: ubuntu-latest, needs: [a], if: always()}
d: {runs-on: [self-hosted, a100], if: vars.GPU, timeout-minutes: 30}
e: {runs-on: x, needs: [d, f]}
f: {runs-on: x}
h: {runs-on: x, needs: nobody}
i: {runs-on: x, needs: [f], continue-on-error: true}
"""


def test_jobs_that_are_needed_decide() -> None:
    found = decide(workflow("pull_request", JOBS), "a.py")
    assert {name: one.reason for name, one in found.items()} == {
        "a": Reason.CONDITION,
        "b": Reason.NEEDS,
        "c": Reason.ALWAYS,
        "d": Reason.UNDECIDED,
        "e": Reason.UNDECIDED,
        "f": Reason.ALWAYS,
        "h": Reason.UNDECIDED,
        "i": Reason.ALWAYS,
    }
    assert (found["b"].entry, found["d"].entry, found["e"].entry) == ("a", "vars.GPU", "d")
    assert [(found[name].platform, found[name].timeout) for name in "adf"] == [
        ("cpu", None),
        ("cuda", 30),
        ("unknown", None),
    ]
    assert found["i"].soft_fail


MATRICES = [
    pytest.param("{os: [a, b], py: [1, 2, 3]}", 6, id="a product"),
    pytest.param("{os: [a, b], py: [1, 2], exclude: [{os: a, py: 1}]}", 3, id="less one"),
    pytest.param("{os: [a, b], py: [1, 2], exclude: [{os: a}]}", 2, id="less a row"),
    pytest.param("{os: [a, b], include: [{os: a, gpu: yes}, {gpu: no}]}", 2, id="more values of the same jobs"),
    pytest.param("{os: [a, b], include: [{os: c}]}", 3, id="one more"),
    pytest.param("{include: [{os: a}, {os: b}]}", 2, id="listed one by one"),
    pytest.param("'${{ fromJSON(needs.x.outputs.m) }}'", 0, id="an expression"),
    pytest.param("{os: '${{ fromJSON(x) }}'}", 0, id="an expression for a list"),
    pytest.param("{a: [1,2,3,4,5,6,7,8,9], b: [1,2,3,4,5,6,7,8,9], c: [1,2,3,4]}", 0, id="more than GitHub makes"),
]  # fmt: skip


@pytest.mark.parametrize(("matrix", "jobs"), MATRICES)
def test_a_matrix_makes_jobs(matrix: str, jobs: int) -> None:
    job = f"test: {{runs-on: '${{{{ matrix.os }}}}', strategy: {{matrix: {matrix}}}}}"
    assert decide(workflow("pull_request", job), "a.py")["test"].parallelism == jobs


def test_the_jobs_of_a_matrix_run_on_what_it_lists() -> None:
    job = "test: {runs-on: '${{ matrix.os }}', strategy: {matrix: {os: [ubuntu-latest, windows-2022]}}}"
    assert decide(workflow("pull_request", job), "a.py")["test"].device == "ubuntu-latest | windows-2022"


COLLECTING = """
unit:
  runs-on: ubuntu-latest
  defaults: {run: {working-directory: pkg}}
  steps:
  - run: cd tests && pytest
  - {run: "coverage run -m pytest ../tests/unit -k 'not slow'", name: again}
  - {run: pytest, working-directory: ../other}
call: {uses: ./.github/workflows/called.yml}
"""
CALLED = """
on: workflow_call
jobs:
  inner: {runs-on: x, steps: [{run: "pytest tests/called/test_c.py::test_x ${{ inputs.more }}"}]}
"""


def test_what_jobs_collect_is_known_with_the_workflows_that_they_call() -> None:
    files = {**workflow("pull_request", COLLECTING), ".github/workflows/called.yml": CALLED}
    tests = tree_of("tests/unit/test_a.py", "tests/called/test_c.py", "tests/test_d.py")
    project = project_of(files)
    found = collect_tests(step_tests(step_calls(project)), tests)
    told = {path: sorted({one.step.label for one in each}) for path, each in found.items()}
    assert told == {"tests/called/test_c.py": ["call", "inner"], "tests/unit/test_a.py": ["unit"]}
    assert found[RepoPath("tests/unit/test_a.py")][0].filters == ("-k not slow",)
    assert not Declarations(project).runs_more


MORE = [
    pytest.param("steps: [{run: make test}]", True, id="make"),
    pytest.param("steps: [{run: tox -e py}]", True, id="tox"),
    pytest.param("steps: [{run: python tests/run.py}]", True, id="a script of Python"),
    pytest.param("steps: [{uses: ./.github/actions/test}]", True, id="an action of the repository"),
    pytest.param("uses: other/repo/.github/workflows/x.yml@v1", True, id="a workflow from elsewhere"),
    pytest.param("steps: [{uses: actions/checkout@v5}, {run: pytest tests}]", False, id="pytest alone"),
]


@pytest.mark.parametrize(("job", "runs_more"), MORE)
def test_what_is_not_read_may_collect_anything(job: str, runs_more: bool) -> None:
    files = workflow("pull_request", f"test: {{runs-on: x, {job}}}")
    assert Declarations(project_of(files)).runs_more is runs_more


def test_a_trace_names_each_pattern_with_its_line_and_path() -> None:
    files = workflow("{pull_request: {paths: ['src/**', '!src/x/**']}}")
    paths = [RepoPath("src/x/a.py"), RepoPath("src/b.py")]
    (by_id,) = trace_steps(project_of(files).pipelines, paths, "TEST")
    (by_key,) = trace_steps(project_of(files).pipelines, paths, "ci/test")
    assert by_id == by_key
    assert [(one.kind, one.pattern, one.line, one.path, one.others) for one in by_id.entries] == [
        (PatternKind.ENTRY, "src/**", 2, "src/x/a.py", 1),
        (PatternKind.EXCLUSION, "!src/x/**", 2, "src/x/a.py", 0),
    ]
    ignoring = workflow("{pull_request: {paths-ignore: ['*.md']}}")
    (trace,) = trace_steps(project_of(ignoring).pipelines, [RepoPath("a.md")], "test")
    assert [(one.kind, one.path) for one in trace.run_all] == [(PatternKind.IGNORED, "a.md")]


BROKEN = [
    pytest.param("jobs: {a: {runs-on: x}}", "a workflow has no 'on'", id="no event"),
    pytest.param("on: pull_request", "a workflow has no 'jobs'", id="no jobs"),
    pytest.param("on: pull_request\njobs: {a: 1}", "the job 'a' is not a mapping", id="a job that is none"),
    pytest.param("on: {pull_request: 7}\njobs: {}", "'pull_request' is not a mapping", id="an event that is none"),
    pytest.param(
        "on: {pull_request: {paths: [a], paths-ignore: [b]}}\njobs: {a: {runs-on: x}}",
        "'paths' and 'paths-ignore' of one event: GitHub refuses the workflow",
        id="two filters that exclude each other",
    ),
    pytest.param("[", "", id="no YAML"),
    pytest.param("- a", "the file is not a mapping", id="a list"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "problem"), BROKEN)
def test_a_workflow_that_is_wrong_is_told_and_the_others_are_read(content: str, problem: str) -> None:
    project = project_of({**workflow("pull_request"), ".github/workflows/bad.yml": content})
    assert project.problems
    assert {one.path for one in project.problems} == {".github/workflows/bad.yml"}
    assert problem in project.problems[0].message
    assert [step.label for one in project.pipelines if one.path.endswith("ci.yml") for step in one.steps] == [
        "test"
    ]


def test_only_files_of_the_folder_itself_are_workflows() -> None:
    body = workflow("pull_request")[".github/workflows/ci.yml"]
    places = (
        ".github/workflows/a.yaml",
        ".github/workflows/x/b.yml",
        ".github/workflows/c.json",
        ".github/d.yml",
    )
    found = project_of(dict.fromkeys(places, body)).pipelines
    assert [one.path for one in found] == [".github/workflows/a.yaml"]


def test_workflows_of_one_name_are_told_apart_by_their_files() -> None:
    body = workflow("pull_request")[".github/workflows/ci.yml"]
    files = {".github/workflows/a.yml": body, ".github/workflows/b.yml": body}
    assert [one.name for one in project_of(files).pipelines] == ["CI (a.yml)", "CI (b.yml)"]


def test_a_change_starts_its_own_workflows_but_those_of_the_target_by_the_base() -> None:
    before = workflow("[pull_request, pull_request_target]")[".github/workflows/ci.yml"]
    after = before.replace("test:", "own:")
    path = RepoPath(".github/workflows/ci.yml")
    files = {path: before.encode()}
    declared = Declarations(project_of({path: before}), paths=lambda: (path,), job_files=lambda: files)
    edited = EditedFile(path=path, old_path=None, is_gone=False, after=after.encode())
    judged = judge_tree([edited], declared)
    chosen = judged.select(PULL).decisions
    assert [(one.pipeline, one.label) for one in chosen] == [
        ("CI", "own"),
        ("CI (pull_request_target)", "test"),
    ]
    gone = judge_tree([edited._replace(is_gone=True, after=None)], declared).select(PULL).decisions
    assert [(one.pipeline, one.label) for one in gone] == [("CI (pull_request_target)", "test")]


def test_a_rename_out_of_the_paths_of_a_workflow_is_told() -> None:
    project = project_of(workflow("{pull_request: {paths: ['pkg/**/*.py']}}"))
    (gap,) = rename_gaps(
        project, [(RepoPath("pkg/a/b.py"), RepoPath("lib/b.py"))], tree_of("pkg/c.py", "lib/b.py")
    )
    assert (gap.kind, gap.name, gap.entry, gap.still_matches) == ("step", "test", "pkg/**/*.py", True)
    assert not rename_gaps(project, [(RepoPath("pkg/a/b.py"), RepoPath("pkg/b.py"))], tree_of("pkg/b.py"))


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        pytest.param({0: 1, 1: 0}, Reason.UNDECIDED, id="jobs that wait for each other"),
        pytest.param({at: at + 1 for at in range(3000)}, Reason.ALWAYS, id="a chain of any length"),
    ],
)
def test_jobs_that_wait_are_decided_behind_those_they_wait_for(needs: dict[int, int], reason: Reason) -> None:
    jobs = "".join(f"j{one}: {{runs-on: x, needs: j{other}}}\n" for one, other in needs.items())
    last = max(needs.values())
    jobs += "" if last in needs else f"j{last}: {{runs-on: x}}\n"
    found = decide(workflow("pull_request", jobs), "a.py")
    assert {one.reason for one in found.values()} == {reason}
