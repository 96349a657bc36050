"""Commands whose parts fail inside: what was computed is written, what failed is named, and nothing is green in silence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from diffscope.cli.options import FORMATS
from diffscope.cli.report.command import FORMS
from diffscope.facts.model import ChangeFacts
from diffscope.source.model import Change
from diffscope.workspace import Workspace
from tests.builders import Commit, git, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Outcome, Project
from tests.examples import one_in
from tests.faults import TOLD, fault

PATCH = """\
diff --git a/vllm/v1/engine/core.py b/vllm/v1/engine/core.py
new file mode 100644
--- /dev/null
+++ b/vllm/v1/engine/core.py
@@ -0,0 +1,2 @@
+def step(n):
+    return n + 1
"""
REPORTED = "hint: the other formats were written; run it again with --debug, and report what it prints\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_that_fails_costs_the_others_nothing(form: str, project: MakeProject) -> None:
    """The other one is the same bytes as without the fault; the error names the format, and the exit code is 2."""
    other = "json" if form != "json" else "concise"
    place = project({"a.patch": PATCH})
    asked = ("classify", "--diff", "a.patch", "-q", "--format", f"{other}:sound.txt")
    assert place.run(*asked).exit_code == 0
    with fault(f"format {form}"):
        done = place.run(*asked[:-1], f"{form}:lost.txt", "--format", f"{other}:kept.txt")
    assert done == Outcome(2, "", f"error: internal error in format {form} ({TOLD})\n{REPORTED}")
    assert (place.folder / "kept.txt").read_bytes() == (place.folder / "sound.txt").read_bytes()
    assert not (place.folder / "lost.txt").exists()


@pytest.mark.parametrize("level", ["none", "high"])
def test_what_failed_inside_is_no_pass(level: str, project: MakeProject) -> None:
    """The result stands, the note names the part, and where --fail-on asks for a verdict the exit code is 2."""
    place = project({"a.patch": PATCH})
    with fault("facts.call"):
        done = place.run("classify", "--diff", "a.patch", "--format", "json", "--fail-on", level)
    document = json.loads(done.out)
    assert document["risk"]["level"] == "unknown"
    assert "gap.internal-error" in {gap["reason"]["code"] for gap in document["completeness"]["gaps"]}
    assert f"internal error in facts.call ({TOLD})" in done.err
    assert done.exit_code == (0 if level == "none" else 2)
    assert ("error: whether a flag is high or worse was not judged" in done.err) is (level == "high")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        pytest.param(("--debug", "classify"), {}, id="before the command"),
        pytest.param(("classify", "--debug"), {}, id="behind it"),
        pytest.param(("classify",), {"DIFFSCOPE_DEBUG": "1"}, id="in the environment"),
    ],
)
def test_with_debug_a_part_that_fails_ends_it_with_its_traceback(
    arguments: tuple[str, ...], environ: dict[str, str], project: MakeProject
) -> None:
    with fault("facts.call"):
        done = project({"a.patch": PATCH}).run(*arguments, "--diff", "a.patch", environ=environ)
    assert (done.exit_code, done.out) == (2, "")
    assert done.err.startswith("Traceback")
    assert f"error: internal error ({TOLD})" in done.err


WEEKS = [
    Commit("One (#1)", {"vllm/a.py": "A = 1\n"}, author="Ada", at="2026-03-17T00:00:00Z"),
    Commit("Two (#2)", {"vllm/a.py": "A = 2\n"}, author="Bob", at="2026-03-18T00:00:00Z"),
    Commit("Nothing (#3)", {}, author="Eve", at="2026-03-19T00:00:00Z"),
    Commit("Four (#4)", {"vllm/a.py": "A = 4\nB = 1\nC = 1\n"}, author="Cyd", at="2026-03-24T00:00:00Z"),
    Commit("Five (#5)", {"vllm/v1/b.py": "B = 5\n"}, author="Dan", at="2026-03-25T00:00:00Z"),
    Commit("Nothing (#6)", {}, author="Eve", at="2026-03-26T00:00:00Z"),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "A = 0\n"}, WEEKS)


@contextmanager
def failing_on(*numbers: int) -> Iterator[None]:
    """Let whole changes fail inside."""
    facts: Callable[[Workspace, Change], ChangeFacts] = Workspace.facts

    def broken(self: Workspace, change: Change) -> ChangeFacts:
        if change.pull.number in numbers:
            raise KeyError("oops")
        return facts(self, change)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "facts", broken)
        yield


def report(place: Project, clone: Path, week: str, *more: str) -> tuple[Outcome, dict]:  # type: ignore[type-arg]
    done = place.run(
        "report", "--week", week, "--repo", str(clone), "--format", "json", "--workers", "1", *more
    )
    return done, json.loads(done.out)


def test_a_change_that_fails_keeps_its_place_in_a_report(project: MakeProject, clone: Path) -> None:
    """In both weeks one of the changes fails: trend, comparison, authors and ranking know of it all the same."""
    place = project()
    with failing_on(1, 4):
        report(place, clone, "2026-W12")
        done, digest = report(place, clone, "2026-W13")
    assert done.exit_code == 0
    assert digest["compared_pulls"] == 2
    assert [point["source_pulls"] for point in digest["trend"]] == [2]
    assert [(author["name"], author["pulls"]) for author in digest["authors"]] == [("Cyd", [4]), ("Dan", [5])]
    (lost,) = (pull for pull in digest["pulls"] if pull["number"] == 4)
    assert (lost["level"], lost["additions"], lost["deletions"], lost["paths"]) == (
        "unknown",
        3,
        1,
        ["vllm/a.py"],
    )
    assert lost["areas"]
    assert lost["importance"] > 0
    assert {
        gap["reason"]["code"]: gap["reason"]["en"] for gap in digest["gaps"] if gap["what"] == "change"
    } == {
        "gap.change-failed": f"#4 could not be judged: internal error in change ({TOLD}); to report it: "
        f"diffscope --debug classify {lost_commit(clone, 'Four')}",
        "gap.changes-empty": "1 change changes nothing: #6",
    }


def lost_commit(clone: Path, subject: str) -> str:
    return git(clone, "log", "--format=%H", f"--grep={subject}").strip()[:12]


def test_it_is_judged_when_it_can_be(project: MakeProject, clone: Path, tmp_path: Path) -> None:
    """What stood in for it does not stay."""
    place = project()
    with failing_on(4):
        report(place, clone, "2026-W13")
    digest = report(place, clone, "2026-W13")[1]
    assert [gap["reason"]["code"] for gap in digest["gaps"] if gap["what"] == "change"] == [
        "gap.changes-empty"
    ]
    assert digest == report(Project(tmp_path / "fresh", {}), clone, "2026-W13")[1]


def classify(place: Project, clone: Path, *more: str) -> tuple[Outcome, dict[int, str]]:
    done = place.run(
        "classify",
        "--repo",
        str(clone),
        "--range",
        "main~6..main",
        "--format",
        "jsonl",
        "--workers",
        "1",
        *more,
    )
    rows = map(json.loads, done.out.splitlines())
    return done, {row["change"]["pull"]["number"]: row["risk"]["level"] for row in rows}


def test_empty_changes_of_a_range_are_one_line(project: MakeProject, clone: Path) -> None:
    done, levels = classify(project(), clone)
    assert (done.exit_code, sorted(levels)) == (0, [1, 2, 4, 5])
    assert done.err == "note: 2 changes change nothing: #3, #6\n"


def test_a_change_of_a_range_that_fails_stands_by_its_files(project: MakeProject, clone: Path) -> None:
    """All the others are judged; the exit code says that one was not."""
    with failing_on(4):
        done, levels = classify(project(), clone)
    assert (done.exit_code, levels[4], sorted(levels)) == (2, "unknown", [1, 2, 4, 5])
    assert "error: 1 of 6 changes could not be judged\n" in done.err


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose cache the formats share."""
    folder = tmp_path_factory.mktemp("judged")
    git_repository(folder / "clone", {"vllm/__init__.py": "", "vllm/a.py": "A = 0\n"}, WEEKS)
    return Project(folder, {})


@pytest.mark.parametrize("form", one_in(2, [form for form in FORMS if form != "jsonl"]))
def test_a_format_of_a_report_that_fails_costs_the_others_nothing(form: str, judged: Project) -> None:
    other = "json" if form != "json" else "markdown"
    place, clone = judged, judged.folder.parent / "clone"
    for file in place.folder.iterdir():
        file.unlink()
    asked = ("report", "--week", "2026-W13", "--repo", str(clone), "--workers", "1", "-q")
    with fault(f"format {form}"):
        done = place.run(
            *asked, "--format", f"{form}:lost", "--format", f"{other}:kept", "--format", "jsonl:lines"
        )
    assert done == Outcome(2, "", f"error: internal error in format {form} ({TOLD})\n{REPORTED}")
    assert (place.folder / "kept").stat().st_size > 0
    assert len((place.folder / "lines").read_text().splitlines()) == 2
    assert not (place.folder / "lost").exists()
