"""A project and its tree -> a report of mistakes in its declarations: runs every check, sorts, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from diffscope.products.doctor.commands import check_commands, check_files, check_globs, check_tests
from diffscope.products.doctor.findings import KINDS, Finding, RuleGlob
from diffscope.products.doctor.owners import check_labels, check_owners
from diffscope.products.doctor.pipelines import check_dependencies, check_mirrors, check_pipelines
from diffscope.project.ci.collection import collect_tests, is_test_file, step_calls, step_tests
from diffscope.project.ci.pytest_call import MarkReader
from diffscope.project.labels import conditions_of
from diffscope.project.model import Project, ProjectFiles
from diffscope.project.read import read_project
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath, TreeEntry, Value
from diffscope.source.profile import places


class KindCount(Value, frozen=True, kw_only=True):
    """How many findings a kind has."""

    code: str
    name: str
    title: str
    count: int


class DoctorReport(Value, frozen=True, kw_only=True):
    """All that the doctor looked at and found."""

    schema: str = "diffscope.doctor/1"
    revision: str | None
    looked_at: dict[str, int]
    """What was there to be judged, by kind: files of the tree, owner lines, conditions, steps, entries, tests."""
    counts: tuple[KindCount, ...]
    findings: tuple[Finding, ...]


def wanted_tests(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    """Return the files whose text ``examine`` reads for marks and names of tests."""
    return tuple(each for each in entries if places().is_test(each.path) and each.path.endswith(".py"))


def examine(
    files: ProjectFiles,
    tests: Mapping[RepoPath, bytes],
    *,
    globs: Iterable[RuleGlob] = (),
    revision: str | None = None,
) -> DoctorReport:
    """Return the report on one tree; ``tests`` are the bytes of ``wanted_tests``, as far as they are available.

    Findings are sorted by path, line, code and message.
    """
    project = read_project(files)
    tree = TreeIndex(entry.path for entry in files.entries)
    globs = tuple(globs)
    findings = sorted(set(_all_findings(project, tree, tests, globs)), key=_order)
    return DoctorReport(
        revision=revision,
        looked_at=_looked_at(project, tree, globs),
        counts=_counts(findings),
        findings=tuple(findings),
    )


def only(report: DoctorReport, codes: tuple[str, ...]) -> DoctorReport:
    """Return the report with those findings alone whose code starts with one of the texts, case ignored."""
    wanted = tuple(code.upper() for code in codes)
    findings = tuple(each for each in report.findings if each.code.startswith(wanted))
    return msgspec.structs.replace(report, counts=_counts(findings), findings=findings)


def _counts(findings: Iterable[Finding]) -> tuple[KindCount, ...]:
    totals = Counter(each.code for each in findings)
    return tuple(
        KindCount(code=code, name=kind.name, title=kind.title, count=totals[code])
        for code, kind in KINDS.items()
        if totals[code]
    )


def _all_findings(
    project: Project, tree: TreeIndex, tests: Mapping[RepoPath, bytes], globs: tuple[RuleGlob, ...]
) -> Iterable[Finding]:
    yield from check_files(project)
    yield from check_owners(project, tree)
    yield from check_labels(project, tree)
    yield from check_dependencies(project, tree)
    yield from check_pipelines(project, tree)
    yield from check_mirrors(project)
    steps = step_calls(project)
    marks = MarkReader(tests, helpers=sorted(path for path in tests if not is_test_file(path)))
    yield from check_commands(steps, tree, tests)
    if steps:
        yield from check_tests(steps, tree, collect_tests(step_tests(steps), tree, marks), marks)
    yield from check_globs(globs, tree)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.path, finding.line, finding.code, finding.message


def _looked_at(project: Project, tree: TreeIndex, globs: tuple[RuleGlob, ...]) -> dict[str, int]:
    steps = {(step.file, step.line): step for pipeline in project.pipelines for step in pipeline.steps}
    conditions = [each for rule in project.mergify.rules for each in conditions_of(rule.conditions)]
    lists = [step.dependencies or () for step in steps.values()]
    lists += [mirror.dependencies or () for step in steps.values() for mirror in step.mirrors]
    return {
        "files": len(tree.paths),
        "owner-lines": len(project.codeowners.rules),
        "label-rules": len(project.mergify.rules),
        "files-conditions": sum(each.attribute == "files" for each in conditions),
        "pipelines": len(project.pipelines),
        "steps": len(steps),
        "mirrors": sum(mirror.name == "amd" for step in steps.values() for mirror in step.mirrors),
        "dependencies": sum(map(len, lists)),
        "commands": sum(len(step.commands) for step in steps.values()),
        "test-files": sum(map(is_test_file, tree.paths)),
        "rule-globs": len(globs),
    }
