"""What CI does with a change, by the target's own declarations."""

from __future__ import annotations

import pytest

from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.knowledge import Surroundings
from diffscope.facts.model import ChangeFacts, CiFacts, StepDifference, StepRun, StepSet, StepsNotRun
from diffscope.graph.derive import build_graph
from diffscope.messages.model import message
from diffscope.pipeline import gather_facts
from diffscope.project.answers import AmdState, Reason
from diffscope.source.model import Change, PullRequest, RepoPath, SourceKind
from diffscope.syntax.outline.outline import outline_python
from tests.fact_builders import knowledge
from tests.project_builders import ci_files, project_of

STEPS = """
  - label: Pools
    source_file_dependencies: [vllm/pools/, tests/pools]
    commands: [pytest -v tests/pools]
  - label: Others
    source_file_dependencies: [vllm/others/]
    commands: [pytest -v tests/others]
  - label: Slow
    optional: true
    source_file_dependencies: [vllm/slow/]
    commands: [pytest -v tests/slow]
"""
TREE = {
    "vllm/pools/base.py": b"def take():\n    return 1\n",
    "vllm/slow/base.py": b"def take():\n    return 1\n",
    "vllm/alone.py": b"def take():\n    return 1\n",
    "tests/pools/test_base.py": b"from vllm.pools.base import take\n",
    "tests/others/test_pools.py": b"from vllm.pools.base import take\n",
}


def judged(
    after: dict[str, bytes],
    before: dict[str, bytes] | None = None,
    steps: str | None = STEPS,
    patch: str | None = None,
    merged_at: str | None = None,
    installing: dict[str, bytes] | None = None,
    *,
    owners: str | None = None,
    scripts: dict[str, str] | None = None,
) -> ChangeFacts:
    """Return the facts of a change of the tree above."""
    old = {path: TREE[path] for path in after if path in TREE} | (before or {})
    patch = patch or make_patch(old, after)
    diff = parse_diff(patch)
    sides = Sides(
        files=tuple(
            FileSides(path=one.path, before=old.get(one.old_path or one.path), after=after.get(one.path))
            for one in diff.files
        )
    )
    declaring = ci_files(steps) if steps else {}
    project = project_of(declaring | ({".github/CODEOWNERS": owners} if owners else {}) | (scripts or {}))
    declarations = Declarations(
        project,
        paths=lambda: map(RepoPath, TREE),
        knows_tests=True,
        job_files=lambda: {RepoPath(path): text.encode() for path, text in declaring.items()},
        installing=lambda: {RepoPath(path): data for path, data in (installing or {}).items()},
    )
    graph = build_graph({RepoPath(path): outline_python(data) for path, data in TREE.items()})
    pull = PullRequest(
        repository="vllm-project/vllm",
        source=SourceKind.PATCH,
        title="[Misc] Change something",
        merged_at=merged_at,
    )
    around = Surroundings(graph=graph, declarations=declarations)
    return gather_facts(Change(pull=pull, patch=patch), diff, sides, knowledge=knowledge(), around=around)


def test_a_step_is_selected_by_its_entry() -> None:
    """The reason names the entry and the path."""
    ci = judged({"vllm/pools/base.py": b"def take():\n    return 2\n"}).ci
    assert ci.steps == (
        StepRun(
            pipeline="vllm_ci",
            reason=Reason.DEPENDENCY,
            entry="vllm/pools/",
            path=RepoPath("vllm/pools/base.py"),
            on=(StepSet(queue="default-gpu", amd=AmdState.MISSING, steps=("Pools",)),),
        ),
    )
    assert ci.not_run == (
        StepsNotRun(reason=Reason.OPTIONAL_NO_MATCH, steps=1),
        StepsNotRun(reason=Reason.NO_MATCH, steps=1),
    )
    assert (ci.tree, ci.minutes, ci.without_timeout, ci.difference) == ("base", 0, 1, ())


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        pytest.param("", [], id="it lists nothing, and may run for every change"),
        pytest.param("    source_file_dependencies: [vllm/others/]\n", ["rocm"], id="it lists other files"),
        pytest.param("    optional: true\n", ["rocm"], id="it waits for somebody"),
    ],
)
def test_a_platform_whose_step_runs_only_for_what_it_lists(lists: str, told: list[str]) -> None:
    steps = f"{STEPS}  - label: AMD\n    device: mi325_1\n{lists}    commands: [bash run-amd.sh]\n"
    found = judged({"vllm/platforms/rocm.py": b"def take():\n    return 1\n"}, steps=steps).step
    assert [one.device for one in found if one.what == "platform-not-run"] == told


def test_a_step_whose_tests_import_the_change_and_which_does_not_run() -> None:
    """The chain is the evidence."""
    spots = judged({"vllm/pools/base.py": b"def take():\n    return 2\n"}).ci.blind_spots
    assert [(one.label, one.test, one.chain) for one in spots] == [
        ("Others", "tests/others/test_pools.py", "tests/others/test_pools.py -> vllm/pools/base.py")
    ]


def test_a_source_that_no_step_lists() -> None:
    """It is said of the file, with what would have run if it were asked to."""
    assert [
        (one.what, one.path) for one in judged({"vllm/alone.py": b"def take():\n    return 2\n"}).step
    ] == [("no-step", "vllm/alone.py")]
    found = judged({"vllm/slow/base.py": b"def take():\n    return 2\n"}).step
    assert [(one.what, one.step) for one in found] == [("optional-only", "Slow")]


def test_a_new_test_that_no_command_collects() -> None:
    """Folders of commands decide, not names of files."""
    found = judged({"tests/lost/test_new.py": b"def test_a():\n    assert 1\n"}).step
    assert [(one.what, one.path) for one in found] == [("not-collected", "tests/lost/test_new.py")]
    assert judged({"tests/pools/test_new.py": b"def test_a():\n    assert 1\n"}).step == ()


def test_a_comment_selects_steps_and_makes_no_fact() -> None:
    """The generator looks at paths alone; we look at logic."""
    found = judged({"vllm/alone.py": b"# One.\ndef take():\n    return 1\n"})
    assert found.step == ()


def test_a_tree_without_steps_says_nothing_of_a_change() -> None:
    """Nobody knows what CI does where it declares nothing, or nothing that runs by itself."""
    slow = STEPS[STEPS.index("  - label: Slow") :]
    for steps in (None, slow):
        found = judged(
            {
                "vllm/alone.py": b"def take():\n    return 2\n",
                "tests/lost/test_new.py": b"def test_a():\n    assert 1\n",
            },
            steps=steps,
        )
        assert found.step == ()
        assert [(one.family, one.reason) for one in found.unknown if one.family == "step"] == [
            ("step", message("gap.no-steps"))
        ]


OLD, NEW = "vllm/pools/base.py", "vllm/basins/base.py"
PIPELINE = ".buildkite/test_areas/a.yaml"


def moved(pipeline: str | None = None, owners: str | None = None) -> list[tuple[str, str | None, str]]:
    """Return what is said of a file that changes folders, where the pipeline reads so after the change, and for CODEOWNERS at the base."""
    declared = ci_files(STEPS)[PIPELINE].encode()
    before, after = {OLD: TREE[OLD]}, {NEW: TREE[OLD]}
    patch = f"diff --git a/{OLD} b/{NEW}\nsimilarity index 100%\nrename from {OLD}\nrename to {NEW}\n"
    if pipeline is not None:
        patch += make_patch({PIPELINE: declared}, {PIPELINE: pipeline.encode()})
        before, after = before | {PIPELINE: declared}, after | {PIPELINE: pipeline.encode()}
    found = judged(after, before, patch=patch, owners=owners).step
    return [(one.what, one.entry, one.detail) for one in found if one.what.startswith("rename")]


OWNER_LINE = ".github/CODEOWNERS:1"


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        pytest.param("/vllm/pools @ada", [("/vllm/pools", "matches nothing any more")], id="a folder that is left empty"),
        pytest.param("*.py @ada", [], id="a line that matches the new name"),
        pytest.param("/vllm/*/base.py @ada\n/vllm/basins @nobody", [], id="a line with other files, and a new name with an owner"),
        pytest.param(
            "/vllm/*o*/base.py @ada",
            [("/vllm/*o*/base.py", "still matches other files; nobody owns the new name")],
            id="a line with other files, and a new name without",
        ),
    ],
)  # fmt: skip
def test_a_rename_leaves_owners_behind(owners: str, expected: list[tuple[str, str]]) -> None:
    found = [(entry, detail) for what, entry, detail in moved(owners=owners) if what == "rename-owner"]
    assert found == [(f"{entry} ({OWNER_LINE})", detail) for entry, detail in expected]


def test_a_rename_leaves_an_entry_behind() -> None:
    assert moved() == [
        ("rename-step", "vllm/pools/ (.buildkite/test_areas/a.yaml:4)", "matches nothing any more")
    ]


def test_a_rename_whose_entry_is_corrected_in_the_same_change_leaves_nothing_behind() -> None:
    declared = ci_files(STEPS)[PIPELINE]
    assert moved(declared.replace("vllm/pools/", "vllm/basins/")) == []
    elsewhere = moved(declared.replace("vllm/others/", "vllm/more/"))
    assert [what for what, *_ in elsewhere] == ["rename-step"]


def edited(after: str | None) -> CiFacts:
    """Return what CI does with a change of a source and of the file that declares the steps (``None``: it goes)."""
    declared = ci_files(STEPS)[PIPELINE].encode()
    source = "vllm/pools/base.py"
    old = {source: TREE[source], PIPELINE: declared}
    new = {source: b"def take():\n    return 2\n"} | ({} if after is None else {PIPELINE: after.encode()})
    ci = judged(new, old, patch=make_patch(old, new)).ci
    assert isinstance(ci, CiFacts)
    return ci


EDITS = [
    pytest.param(
        ci_files(STEPS)[PIPELINE].replace("[vllm/others/]", "[vllm/others/, vllm/pools]"),
        ("Pools", "Others"),
        [("Others", "starts", True)],
        id="a step is made to look at what changes",
    ),
    pytest.param(
        ci_files(STEPS)[PIPELINE].replace("vllm/pools/, tests/pools", "tests/pools"),
        (),
        [("Pools", "stops", False)],
        id="a step no longer looks at what changes",
    ),
    pytest.param(
        ci_files(STEPS)[PIPELINE].replace("label: Pools", "label: Basins\n  key: basins"),
        ("basins",),
        [("Pools", "removed", True), ("basins", "added", True)],
        id="a step gets another name",
    ),
    pytest.param(ci_files(STEPS)[PIPELINE] + "# more\n", ("Pools",), [], id="nothing that matters"),
    pytest.param(None, (), [("Others", "removed", False), ("Pools", "removed", True), ("Slow", "removed", False)], id="the file goes"),
]  # fmt: skip


@pytest.mark.parametrize(("after", "running", "difference"), EDITS)
def test_a_change_of_the_steps_themselves_is_judged_by_its_own(
    after: str | None, running: tuple[str, ...], difference: list[tuple[str, str, bool]]
) -> None:
    """The generator runs in the checkout of the change; what differs from the base is told."""
    ci = edited(after)
    assert (ci.tree, ci.tree_problem) == ("head", None)
    assert tuple(name for run in ci.steps for each in run.on for name in each.steps) == running
    assert ci.difference == tuple(
        StepDifference(pipeline="vllm_ci", step=step, what=what, runs=runs) for step, what, runs in difference
    )


def test_steps_that_do_not_read_after_the_change_are_judged_by_the_base() -> None:
    """It is said, with the place."""
    ci = edited("steps: [")
    assert ci.tree == "base"
    assert ci.tree_problem is not None
    assert ci.tree_problem.startswith(f"{PIPELINE}:")
    assert [name for run in ci.steps for each in run.on for name in each.steps] == ["Pools"]


def test_a_new_job_file_counts() -> None:
    """It lies in a folder that the configuration names, so that its steps are there after the change."""
    added = ".buildkite/test_areas/b.yaml"
    new = {added: b"group: B\nsteps: [{label: New, key: new, source_file_dependencies: [.buildkite]}]\n"}
    ci = judged(new).ci
    assert [(one.step, one.what, one.runs) for one in ci.difference] == [("new", "added", True)]


def test_documentation_alone_runs_nothing() -> None:
    """The row is there, and says why."""
    ci = judged({"docs/a.md": b"# A\n"}).ci
    assert (ci.docs_only, ci.steps, ci.not_run) == (
        True,
        (),
        (StepsNotRun(reason=Reason.DOCS_ONLY, steps=3),),
    )


def test_a_pipeline_that_runs_everything_names_pattern_and_path() -> None:
    ci = judged({"csrc/a.cu": b"int a;\n"}).ci
    (pipeline,) = ci.pipelines
    assert (pipeline.run_all, pipeline.run_all_path, pipeline.runs, pipeline.steps) == (
        "csrc/",
        "csrc/a.cu",
        2,
        3,
    )
    assert [(one.reason, one.entry, one.path) for one in ci.steps] == [(Reason.RUN_ALL, "csrc/", "csrc/a.cu")]


@pytest.mark.parametrize(
    ("merged", "newer"),
    [
        pytest.param(None, False, id="an open change"),
        pytest.param("2026-08-20T23:59:59Z", True, id="merged the day before"),
        pytest.param("2026-08-21T00:00:00Z", False, id="merged that day"),
    ],
)
def test_changes_before_the_rules_that_are_assumed(merged: str | None, newer: bool) -> None:
    ci = judged({"docs/a.md": b"# A\n"}, merged_at=merged).ci
    assert (ci.rules.commit, ci.rules.newer_than_change) == ("3e4cfe4", newer)


MIRRORED = STEPS.replace(
    "[pytest -v tests/pools]", "[pytest -v tests/pools]\n    mirror: {amd: {device: mi325_1}}"
)
TEST = "import pytest\nfrom vllm.pools.base import take\n\n\n{}def test_take():\n    assert take()\n"


@pytest.mark.parametrize(
    ("steps", "condition", "ran"),
    [
        pytest.param(STEPS, "current_platform.is_rocm()", False, id="no step of that platform ran it"),
        pytest.param(MIRRORED, "current_platform.is_rocm()", True, id="a mirror ran it there"),
        pytest.param(STEPS, "not current_platform.is_rocm()", True, id="it is skipped where its step runs"),
        pytest.param(STEPS, "slow()", None, id="no platform is asked for"),
        pytest.param(None, "current_platform.is_rocm()", None, id="no step is declared"),
    ],
)
def test_whether_a_test_ran_where_it_is_skipped(
    steps: str | None, condition: str, *, ran: bool | None
) -> None:
    path, mark = "tests/pools/test_base.py", f"@pytest.mark.skipif({condition}, reason='off')\n"
    before, after = (TEST.format(text).encode() for text in ("", mark))
    found = judged({path: after}, {path: before}, steps).test
    assert [one.ran_there for one in found if one.change == "skipped"] == [ran]
    whole = TEST.format(f"pytestmark = pytest.mark.skipif({condition}, reason='off')\n\n\n").encode()
    found = judged({path: whole}, {path: before}, steps).test
    assert [one.ran_there for one in found if one.change == "skipped"] == [ran]


IMAGE = {"docker/Dockerfile": b"RUN pip install deep-pool\n"}
PART = "def test_a():\n    deep_pool = pytest.importorskip('deep_pool')\n"
WITHOUT = "it is skipped without {}, which no requirement, image or command names"
UNSET = "it is skipped without the variable POOL_DATA, which no step sets"
IDLE = [
    pytest.param("pytest.importorskip('deep_pool')\n", None, {}, WITHOUT.format("deep_pool"), id="a package that nothing installs"),
    pytest.param("pool = pytest.importorskip('deep_pool.core')\n", None, {}, WITHOUT.format("deep_pool"), id="a module of it, kept by a name"),
    pytest.param("HAS = find_spec('deep_pool') is not None\npytestmark = pytest.mark.skipif(\n    not HAS, reason='none, or broken'\n)\n", None, {}, WITHOUT.format("deep_pool"), id="a variable that asks for it"),
    pytest.param("if find_spec('deep_pool') is None:\n    pytest.skip('none', allow_module_level=True)\n", None, {}, WITHOUT.format("deep_pool"), id="a skip of the module"),
    pytest.param("pytest.importorskip('deep_pool')\n", None, IMAGE, None, id="an image has it"),
    pytest.param("pytest.importorskip('deep_pool')\n", STEPS.replace("[pytest -v tests/pools]", "[pip install deep_pool, pytest -v tests/pools]"), {}, None, id="a command installs it"),
    pytest.param("pytest.importorskip('json')\n", None, {}, None, id="the standard library is there"),
    pytest.param(PART, None, {}, None, id="one test of the file asks for it"),
    pytest.param("DATA = os.environ.get('POOL_DATA', '')\npytestmark = pytest.mark.skipif(not os.path.isdir(DATA), reason='none')\n", None, {}, UNSET, id="a variable that no step sets"),
    pytest.param("pytestmark = pytest.mark.skipif(not os.environ.get('POOL_DATA'))\n", STEPS.replace("[pytest -v tests/pools]", "[POOL_DATA=/data pytest -v tests/pools]"), {}, None, id="a command sets it"),
    pytest.param("pytestmark = pytest.mark.skipif(os.environ.get('POOL_OFF') == '1')\n", None, {}, None, id="a variable that turns it off"),
    pytest.param("pytestmark = pytest.mark.skipif(not current_platform.is_rocm(), reason='only there')\n", None, {}, "it is skipped on cuda, where alone it is collected", id="a platform on which no step runs it"),
    pytest.param("pytestmark = pytest.mark.skipif(not current_platform.is_rocm(), reason='only there')\n", MIRRORED, {}, None, id="a mirror on that platform"),
    pytest.param("pytestmark = pytest.mark.skipif(not (current_platform.is_rocm() or is_new()))\n", None, {}, None, id="a platform or something else"),
    pytest.param("pytestmark = pytest.mark.skipif(not is_new(), reason='old')\n", None, {}, None, id="what cannot be told is no reason"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "steps", "installing", "detail"), IDLE)
def test_a_test_file_that_is_skipped_wherever_it_is_collected(
    head: str, steps: str | None, installing: dict[str, bytes], detail: str | None
) -> None:
    text = f"import pytest\n\n{head}\n\ndef test_take():\n    assert take()\n"
    found = judged(
        {"tests/pools/test_new.py": text.encode()}, steps=steps or STEPS, installing=installing
    ).step
    assert [one.detail for one in found if one.what == "cannot-run"] == ([detail] if detail else [])


@pytest.mark.parametrize(
    ("path", "head", "told"),
    [
        pytest.param("tests/pools/test_new.py", "pytestmark = pytest.mark.skipif(not current_platform.is_rocm())", "cannot-run", id="skipped where it is collected"),
        pytest.param("tests/other/test_new.py", "", "not-collected", id="in a folder of no step"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_named", [True, False])
def test_a_test_that_a_script_of_another_machine_runs(
    path: str, head: str, told: str, *, is_named: bool
) -> None:
    text = f"import pytest\n\n{head}\n\ndef test_take():\n    assert take()\n"
    scripts = (
        {".buildkite/scripts/run-on-it.sh": f'docker exec pools bash -c "pytest -v {path}"\n'}
        if is_named
        else {}
    )
    found = judged({path: text.encode()}, scripts=scripts).step
    assert [one.what for one in found if one.path == path] == ([] if is_named else [told])
