"""Builds what the tests of the project stage look at: trees of declarations out of strings."""

from __future__ import annotations

from collections.abc import Mapping

from diffscope.products.doctor.doctor import DoctorReport, examine
from diffscope.products.doctor.findings import Finding, RuleGlob
from diffscope.project.model import Project, ProjectFiles
from diffscope.project.read import declares, read_project
from diffscope.project.tree import TreeIndex
from diffscope.source.model import BlobId, RepoPath, TreeEntry
from tests.builders import text

CONFIG = """
name: vllm_ci
job_dirs: [".buildkite/test_areas"]
run_all_patterns: ["docker/Dockerfile", "csrc/"]
run_all_exclude_patterns: ["docker/Dockerfile.", "csrc/cpu/"]
registries: r
repositories: {main: m}
"""


def files_of(files: Mapping[str, str | bytes], *, modes: Mapping[str, str] | None = None) -> ProjectFiles:
    """Return a tree of these files; texts that start with a line feed are dedented."""
    contents = {
        path: each if isinstance(each, bytes) else text(each).encode() for path, each in files.items()
    }
    entries = tuple(
        TreeEntry(path=RepoPath(path), blob=BlobId("0" * 40), mode=(modes or {}).get(path, "100644"))
        for path in sorted(contents)
    )
    wanted = {RepoPath(path): data for path, data in contents.items() if declares(path)}
    return ProjectFiles(entries=entries, contents=wanted)


def project_of(files: Mapping[str, str | bytes]) -> Project:
    """Return what these files declare."""
    return read_project(files_of(files))


def ci_files(steps: str, *, group: str = "", config: str = CONFIG) -> dict[str, str]:
    """Return a configuration with one job file; ``group`` holds more lines of the file's head."""
    head = "group: G\n" + text(group)
    return {
        ".buildkite/ci_config.yaml": config,
        ".buildkite/test_areas/a.yaml": f"{head}steps:\n{text(steps)}",
    }


def tree_of(*paths: str) -> TreeIndex:
    """Return the index of a tree of these paths."""
    return TreeIndex(paths)


def report_of(
    files: Mapping[str, str | bytes],
    *,
    globs: tuple[RuleGlob, ...] = (),
    modes: Mapping[str, str] | None = None,
) -> DoctorReport:
    """Return the doctor's report on these files."""
    tests = {
        RepoPath(path): each if isinstance(each, bytes) else text(each).encode()
        for path, each in files.items()
        if path.startswith("tests/") and path.endswith(".py")
    }
    return examine(files_of(files, modes=modes), tests, globs=globs)


def findings_of(files: Mapping[str, str | bytes], *codes: str) -> list[tuple[str, str, int, str | None]]:
    """Return code, path, line and suggestion of the findings with these codes (all without any)."""
    return [
        (each.code, each.path, each.line, each.suggestion)
        for each in report_of(files).findings
        if not codes or each.code in codes
    ]


def finding_of(files: Mapping[str, str | bytes], code: str) -> Finding:
    """Return the one finding with this code."""
    found = [each for each in report_of(files).findings if each.code == code]
    assert len(found) == 1, found
    return found[0]
