"""Gaps in the CI declarations for a change: renamed paths that no step lists, steps whose tests import it but do not run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from diffscope.project.answers import Collecting, ReachingTest, Reason, RenameGap, Selection, StepGap, StepRef
from diffscope.project.labels import conditions_of, matching_paths
from diffscope.project.matching import dependencies_of, first_match, matches_dependency
from diffscope.project.model import Project
from diffscope.project.owners import matched_paths, owners_of
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath


def rename_gaps(
    project: Project, renames: Iterable[tuple[RepoPath, RepoPath]], after: TreeIndex
) -> tuple[RenameGap, ...]:
    """Return what watches the old path of a rename and not the new one; ``after`` is the tree with the change.

    CI sees the new path alone, so that a step in this list does not run for the rename, and, where ``still_matches``
    is false, never again by that entry.
    """
    gaps: list[RenameGap] = []
    for old, new in renames:
        gaps += _step_gaps(project, old, new, after)
        gaps += _owner_gaps(project, old, new, after)
        gaps += _label_gaps(project, old, new, after)
    return tuple(sorted(gaps, key=lambda gap: (gap.old, gap.kind, gap.file, gap.line)))


def unselected_reaching(
    selection: Selection,
    collected: Mapping[RepoPath, tuple[Collecting, ...]],
    changed: Iterable[RepoPath],
    tests_reaching: Callable[[RepoPath], Iterable[ReachingTest]],
) -> tuple[StepGap, ...]:
    """Return the steps whose tests reach a changed path in the graph, and which the change does not select.

    The evidence is the shortest chain. Steps that are optional are left out: they do not run by their own choice.
    """
    passed_over = {
        (each.file, each.line): each.reason
        for each in selection.decisions
        if not each.selected and each.reason in {Reason.NO_MATCH, Reason.EMPTY_LIST}
    }
    shortest: dict[tuple[RepoPath, int], tuple[StepRef, RepoPath, ReachingTest]] = {}
    tests: dict[tuple[RepoPath, int], set[RepoPath]] = {}
    for path in sorted(set(changed)):
        for test in sorted(tests_reaching(path), key=lambda each: (len(each.chain), each.path)):
            for each in collected.get(test.path, ()):
                place = (each.step.file, each.step.line)
                if place not in passed_over:
                    continue
                tests.setdefault(place, set()).add(test.path)
                known = shortest.get(place)
                if known is None or len(test.chain) < len(known[2].chain):
                    shortest[place] = (each.step, path, test)
    return tuple(
        StepGap(
            step=step,
            reason=passed_over[place],
            path=path,
            test=test.path,
            chain=test.chain,
            tests=len(tests[place]),
        )
        for place, (step, path, test) in sorted(shortest.items())
    )


def _step_gaps(project: Project, old: RepoPath, new: RepoPath, after: TreeIndex) -> Iterable[RenameGap]:
    seen: set[tuple[RepoPath, int]] = set()
    for pipeline in project.pipelines:
        for step in pipeline.steps:
            if (step.file, step.line) in seen:
                continue
            seen.add((step.file, step.line))
            listed = dependencies_of(step)
            found = first_match(listed, (old,), step.dialect)
            if found is None or first_match(listed, (new,), step.dialect) is not None:
                continue
            entry = found[0]
            near = after.starting_with(entry.text.rstrip("/"))
            yield RenameGap(
                kind="step",
                old=old,
                new=new,
                name=step.label,
                entry=entry.text,
                file=step.file,
                line=entry.line,
                still_matches=any(matches_dependency(entry.text, path, step.dialect) for path in near),
            )


def _owner_gaps(project: Project, old: RepoPath, new: RepoPath, after: TreeIndex) -> Iterable[RenameGap]:
    before, now = owners_of(project.codeowners, (old, new))
    if not before.owners or set(before.owners) <= set(now.owners) or project.codeowners.path is None:
        return
    rule = next(rule for rule in project.codeowners.rules if rule.line == before.line)
    yield RenameGap(
        kind="owner",
        old=old,
        new=new,
        name=" ".join(owner for owner in before.owners if owner not in now.owners),
        entry=rule.pattern,
        file=project.codeowners.path,
        line=rule.line,
        still_matches=bool(matched_paths(rule, after)),
    )


def _label_gaps(project: Project, old: RepoPath, new: RepoPath, after: TreeIndex) -> Iterable[RenameGap]:
    for rule in project.mergify.rules:
        conditions = [
            each
            for each in conditions_of(rule.conditions)
            if each.attribute == "files" and each.operator != "!=" and not (each.is_negated or each.is_count)
        ]
        hits = [each for each in conditions if matching_paths(each, (old,))]
        if not rule.adds or not hits or any(matching_paths(each, (new,)) for each in conditions):
            continue
        yield RenameGap(
            kind="label",
            old=old,
            new=new,
            name=", ".join(rule.adds),
            entry=hits[0].text,
            file=project.mergify.path or RepoPath(""),
            line=hits[0].line,
            still_matches=bool(matching_paths(hits[0], after.paths)),
        )
