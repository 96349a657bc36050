"""``diffscope classify --against REF``: what a change depends on, compared with what another commit has of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from diffscope.adapters.git.branches import resolve_branch
from diffscope.adapters.git.objects import files_defining
from diffscope.assessment.document import Against, Assessment, Collision
from diffscope.errors import UsageError
from diffscope.facts.model import ChangeFacts
from diffscope.products.triage.candidates import Candidate, read_candidate
from diffscope.products.triage.conflicts import find_conflicts
from diffscope.products.triage.model import Conflict, Place
from diffscope.source.model import CommitId
from diffscope.workspace import Workspace

_MOST_FILES: Final = 400


def with_against(assessment: Assessment, facts: ChangeFacts, name: str, workspace: Workspace) -> Assessment:
    """Return the assessment with what its base had and the commit ``name`` has no more, or has otherwise.

    Raises:
        UsageError: there is no clone, or the base of the change is not known.
        NotFoundError: the clone does not have the commit.
    """
    repository, base = workspace.repository, facts.pull.base
    if repository is None or base is None:
        raise UsageError(
            "--against needs a clone that has the base of the change", hint="name one: --repo PATH"
        )
    commit = resolve_branch(repository, name)
    # What the commit has already is compared with what came after it.
    last = facts.pull.head
    is_merged = (
        last is not None and repository.has_commit(last) and repository.merge_base(last, commit) == last
    )
    start = CommitId(last if is_merged and last else repository.merge_base(base, commit) or base)
    own = msgspec.structs.replace(read_candidate(facts, assessment, 2), alias=_called(facts))
    paths = sorted(_paths(facts))[:_MOST_FILES]
    conflicts = tuple(_conflicts(own, name, (start, commit), paths, workspace))
    if lost := set(_lost(conflicts)):
        # What the other commit moved went to a file that this change knows nothing of.
        found = sorted(files_defining(repository.objects, start, commit, lost) - {*paths})
        conflicts = tuple(_conflicts(own, name, (start, commit), [*paths, *found[:_MOST_FILES]], workspace))
    collisions = tuple(map(_collision, conflicts))
    return msgspec.structs.replace(
        assessment, against=Against(name=name, commit=commit, collisions=collisions)
    )


def _conflicts(
    own: Candidate, name: str, span: tuple[CommitId, CommitId], paths: Sequence[str], workspace: Workspace
) -> Iterator[Conflict]:
    """Yield how a change collides with what ``paths`` became over a span of commits."""
    since = workspace.clone.part_between(*span, paths) if paths and span[0] != span[1] else None
    if since is None or not since.patch:
        return
    read = workspace.facts(since)
    theirs = msgspec.structs.replace(read_candidate(read, workspace.judge(read), 1), alias=name)
    for one in find_conflicts((theirs, own), lambda one, other: one is not other).conflicts:
        if one.first == 1:
            yield one


def _lost(conflicts: Iterable[Conflict]) -> Iterator[str]:
    """Yield the outermost names of what is gone."""
    for one in conflicts:
        if one.kind in {"removed-used", "removed-edited"}:
            for key in (one.name, *one.others):
                if symbol := key.partition(":")[2]:
                    yield symbol.partition(".")[0]


def _collision(one: Conflict) -> Collision:
    theirs, own = one.places
    return Collision(
        kind=one.kind,
        name=one.name,
        certainty=one.certainty,
        place=_said(own),
        their_place=_said(theirs),
        says=one.says,
    )


def _called(facts: ChangeFacts) -> str:
    return f"#{facts.pull.number}" if facts.pull.number else (facts.pull.head or "the change")[:12]


def _said(place: Place) -> str:
    return f"{place.path}:{place.line}" if place.line else place.path


def _paths(facts: ChangeFacts) -> Iterator[str]:
    """Yield the files that a change touches, and those that may define what it newly uses."""
    for file in facts.file:
        yield file.path
        if file.old_path:
            yield file.old_path
    for use in facts.footprint.uses:
        path = use.module.replace(".", "/")
        yield f"{path}.py"
        yield f"{path}/__init__.py"
