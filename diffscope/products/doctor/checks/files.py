"""Declarations that cannot be read or are missing, and globs of diffscope's own rules that match nothing in the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import Finding, RuleGlob, make_finding
from diffscope.project import labels as mergify
from diffscope.project import owners
from diffscope.project.model import Project
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath


def check_globs(globs: Iterable[RuleGlob], tree: TreeIndex) -> Iterator[Finding]:
    """Yield the globs that match no file; ``path`` of these findings is a file of diffscope, not of the tree."""
    for each in globs:
        try:
            glob = compile_glob(each.text)
        except InputError as error:
            yield make_finding("DR401", each.path, each.line, error.message, suggestion=error.hint)
            continue
        if not any(map(glob.matches, tree.starting_with(glob.prefix))):
            folder = glob.prefix.rpartition("/")[0]
            nearest = (
                tree.nearest(glob.literal or folder) if glob.literal or not tree.is_folder(folder) else None
            )
            message = f"the glob '{each.text}' matches no file of this tree"
            yield make_finding("DR401", each.path, each.line, message, suggestion=nearest)


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
