"""A tree's own declarations -> ``Project``: every reader of this stage in turn, each with what it could not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from diffscope.project import labels as merging
from diffscope.project import tree as owners
from diffscope.project.ci.buildkite import FOLDER, read_pipelines
from diffscope.project.ci.workflows import is_workflow, read_workflows
from diffscope.project.labels import parse_mergify
from diffscope.project.model import (
    Codeowners,
    DockerPin,
    Mergify,
    Pipeline,
    Problem,
    Project,
    ProjectFiles,
    Requirement,
)
from diffscope.project.requirements import (
    is_dockerfile,
    is_requirements_file,
    parse_dockerfile,
    parse_requirements,
)
from diffscope.project.tree import TreeIndex, parse_codeowners
from diffscope.source.model import RepoPath, TreeEntry
from diffscope.source.profile import places, profile
from diffscope.source.text import decode

MAX_FILE: Final = 4_000_000
"""Bytes: a larger declaration is reported and not read."""

SCRIPTS: Final = ("tools/", "docker/")
"""Where scripts lie that steps run, besides the folders of tests."""
SCRIPTS_OF_JOBS: Final = (".github/", "scripts/", "ci/")
"""Where jobs of GitHub have theirs, too."""
_SYMLINK: Final = "120000"
_SUBMODULE: Final = "160000"


def declares(path: str) -> bool:
    """Say whether a path is one that ``read_project`` wants the bytes of."""
    if path in owners.PLACES or path in merging.PLACES:
        return True
    if declares_steps(path):
        return True
    folders = (*SCRIPTS, *SCRIPTS_OF_JOBS) if profile().ci == "github" else SCRIPTS
    is_script = path.endswith(".sh") and path.startswith((*places().tests, *folders))
    return is_script or is_requirements_file(path) or is_dockerfile(path)


def declares_steps(path: str) -> bool:
    """Say whether a path declares steps where the profile says that CI is: a job file, a configuration or a script beside them."""
    if profile().ci == "github":
        return is_workflow(path)
    return path.startswith(FOLDER) and path.endswith((".yaml", ".yml", ".sh"))


def read_steps(
    contents: Mapping[RepoPath, bytes], tree: TreeIndex, base: Mapping[RepoPath, bytes] | None = None
) -> tuple[tuple[Pipeline, ...], tuple[Problem, ...]]:
    """Return the pipelines of a tree where the profile says that CI is, and what could not be read; ``base`` as ``read_workflows`` has it."""
    return (
        read_workflows(contents, tree, base) if profile().ci == "github" else read_pipelines(contents, tree)
    )


def wanted_entries(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    """Return the files of a tree whose bytes ``read_project`` needs; links and submodules are not followed."""
    return tuple(
        entry for entry in entries if declares(entry.path) and entry.mode not in {_SYMLINK, _SUBMODULE}
    )


def read_project(files: ProjectFiles) -> Project:
    """Return all that a tree declares. Never raises on bad content: that is in ``problems``, sorted by place."""
    tree = TreeIndex(entry.path for entry in files.entries if entry.mode != _SUBMODULE)
    problems: list[Problem] = list(_unreadable(files))
    contents = {path: data for path, data in files.contents.items() if len(data) <= MAX_FILE}
    pipelines, found = read_steps(contents, tree)
    problems += found
    codeowners = _codeowners(contents, problems)
    mergify = _mergify(contents, problems)
    return Project(
        codeowners=codeowners,
        mergify=mergify,
        pipelines=pipelines,
        scripts={path: decode(data) for path, data in sorted(contents.items()) if path.endswith(".sh")},
        problems=tuple(sorted(problems, key=lambda each: (each.path, each.line, each.message))),
    )


def _unreadable(files: ProjectFiles) -> Iterable[Problem]:
    for entry in files.entries:
        if not declares(entry.path):
            continue
        data = files.contents.get(entry.path)
        if entry.mode == _SYMLINK:
            yield Problem(
                path=entry.path, line=0, message="a symbolic link, which is not followed", kind="symlink"
            )
        elif entry.mode == _SUBMODULE:
            continue
        elif data is None:
            yield Problem(
                path=entry.path, line=0, message="its content is missing from the clone", kind="missing"
            )
        elif len(data) > MAX_FILE:
            message = f"{len(data):,} bytes; at most {MAX_FILE:,} are read"
            yield Problem(path=entry.path, line=0, message=message, kind="too-large")
        elif b"\0" in data:
            yield Problem(
                path=entry.path, line=0, message="it holds NUL bytes: it is not text", kind="broken"
            )


def _codeowners(contents: Mapping[RepoPath, bytes], problems: list[Problem]) -> Codeowners:
    path = next((place for place in owners.PLACES if place in contents), None)
    if path is None:
        return Codeowners()
    if len(contents[path]) > owners.MAX_BYTES:
        message = f"{len(contents[path]):,} bytes; GitHub loads no more than {owners.MAX_BYTES:,}"
        problems.append(Problem(path=path, line=0, message=message, kind="too-large"))
        return Codeowners(path=path)
    return parse_codeowners(decode(contents[path]), path)


def _mergify(contents: Mapping[RepoPath, bytes], problems: list[Problem]) -> Mergify:
    path = next((place for place in merging.PLACES if place in contents), None)
    if path is None:
        return Mergify()
    mergify, found = parse_mergify(contents[path], path)
    problems += found
    return mergify


def read_dependencies(
    contents: Mapping[RepoPath, bytes],
) -> tuple[tuple[Requirement, ...], tuple[DockerPin, ...]]:
    """Return the requirements and Docker pins of a tree, files in the order of their paths."""
    requirements: list[Requirement] = []
    pins: list[DockerPin] = []
    for path, data in sorted(contents.items()):
        if is_requirements_file(path):
            requirements += parse_requirements(decode(data), path)
        elif is_dockerfile(path):
            pins += parse_dockerfile(decode(data), path)
    return tuple(requirements), tuple(pins)
