"""Test files that no step collects, or only steps that do not run by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffscope.products.doctor.findings import Finding, make_finding
from diffscope.project.answers import Collecting, TestCoverage
from diffscope.project.ci.collection import StepCalls, cover_tests
from diffscope.project.ci.markers import MarkReader
from diffscope.project.ci.pytest_call import expand, pytest_calls
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath


def check_tests(
    steps: tuple[StepCalls, ...],
    tree: TreeIndex,
    collected: Mapping[RepoPath, tuple[Collecting, ...]],
    marks: MarkReader,
) -> Iterator[Finding]:
    """Yield the test files that CI does not run unasked; a file without tests in it is no finding."""
    ignored = _ignored(steps)
    for cover in cover_tests(tree.below("tests"), collected):
        if cover.state == "collected" or not marks.has_tests(cover.path):
            continue
        yield _not_collected(cover, ignored) if cover.state == "not-collected" else _optional_only(cover)


def _not_collected(cover: TestCoverage, ignored: dict[str, tuple[str, ...]]) -> Finding:
    folders = cover.path.split("/")
    above = ["/".join(folders[:at]) for at in range(len(folders), 0, -1)]
    left_out = next((ignored[path] for path in above if path in ignored), ())
    reason = "; commands that name its folder leave it out" if left_out else ""
    return make_finding(
        "DR305", cover.path, 0, f"no command of any step collects this file{reason}", evidence=left_out
    )


def _optional_only(cover: TestCoverage) -> Finding:
    names = sorted({f"{each.step.file}:{each.step.line} {each.step.label}" for each in cover.steps})
    optional = any(each.step.optional for each in cover.steps)
    kind = "optional steps collect" if optional else "steps that run when everything does collect"
    return make_finding("DR306", cover.path, 0, f"only {kind} this file", evidence=tuple(names[:10]))


def _ignored(steps: tuple[StepCalls, ...]) -> dict[str, tuple[str, ...]]:
    """Paths that some command ignores, with the places that do."""
    found: dict[str, set[str]] = {}
    for step in steps:
        for command, calls in step.commands:
            for call in pytest_calls(calls):
                for word in call.ignores:
                    for path in expand(call, word):
                        found.setdefault(path, set()).add(f"{step.step.file}:{command.line} --ignore={word}")
    return {path: tuple(sorted(places)[:5]) for path, places in found.items()}
