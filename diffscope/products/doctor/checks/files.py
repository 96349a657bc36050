"""Declarations that cannot be read, or are not there."""

from __future__ import annotations

from collections.abc import Iterator

from diffscope.products.doctor.findings import Finding, make_finding
from diffscope.project import owners
from diffscope.project.labels import mergify
from diffscope.project.model import Project
from diffscope.source.model import RepoPath

_CODES = {"duplicate-key": "DR002", "shape": "DR004"}


def check_files(project: Project) -> Iterator[Finding]:
    """Yield what readers reported, and which declarations a tree does not have."""
    for problem in project.problems:
        code = _CODES.get(problem.kind, "DR001")
        yield make_finding(code, problem.path, problem.line, problem.message)
    if project.codeowners.path is None:
        yield _missing(owners.PLACES, "CODEOWNERS", "no path has an owner")
    if project.mergify.path is None:
        yield _missing(mergify.PLACES, "mergify configuration", "no label is set by rule")
    if not project.pipelines:
        place = RepoPath(".buildkite/ci_config.yaml")
        yield make_finding("DR003", place, 0, "there is no Buildkite configuration, so that no step is known")


def _missing(places: tuple[RepoPath, ...], what: str, so: str) -> Finding:
    message = f"there is no {what} ({', '.join(places)}), so that {so}"
    return make_finding("DR003", places[0], 0, message)
