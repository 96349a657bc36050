"""``diffscope classify --against REF``: what a change stands on, compared with what another commit has of it today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from diffscope.adapters.git.branches import resolve_branch
from diffscope.assessment.document import Against, Assessment, Collision
from diffscope.errors import UsageError
from diffscope.facts.model import ChangeFacts
from diffscope.products.triage.candidates import read_candidate
from diffscope.products.triage.conflicts import find_conflicts
from diffscope.products.triage.model import Place
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
    start = last if is_merged and last else repository.merge_base(base, commit) or base
    paths = sorted(_paths(facts))[:_MOST_FILES]
    since = (
        workspace.clone.part_between(CommitId(start), commit, paths) if paths and start != commit else None
    )
    collisions = (
        tuple(_collisions(assessment, facts, name, workspace.facts(since), workspace))
        if since and since.patch
        else ()
    )
    found = Against(name=name, commit=commit, collisions=collisions)
    return msgspec.structs.replace(assessment, against=found)


def _collisions(
    assessment: Assessment, facts: ChangeFacts, name: str, since: ChangeFacts, workspace: Workspace
) -> Iterator[Collision]:
    own = msgspec.structs.replace(read_candidate(facts, assessment, 2), alias=_called(facts))
    theirs = msgspec.structs.replace(read_candidate(since, workspace.judge(since), 1), alias=name)
    for one in find_conflicts((theirs, own), lambda one, other: one is not other).conflicts:
        if one.first == 1:
            place, their_place = one.places[1], one.places[0]
            yield Collision(
                kind=one.kind,
                name=one.name,
                certainty=one.certainty,
                place=_said(place),
                their_place=_said(their_place),
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
