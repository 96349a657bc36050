"""Where continuous integration fails to look at a change, by the target's own declarations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.ci.declarations import Declarations, collect_ci, edited_files, judge_tree
from diffscope.facts.ci.skipped_tests import idle_tests
from diffscope.facts.model import CiFacts, StepBlindSpot, StepFact
from diffscope.project.answers import (
    Collecting,
    ReachingTest,
    Reason,
    RenameGap,
    Selection,
    StepDecision,
    StepGap,
    StepRef,
)
from diffscope.project.ci.collection import collect_tests, cover_tests, is_test_file
from diffscope.project.ci.selection import select_steps
from diffscope.project.labels import conditions_of, matching_paths
from diffscope.project.matching import dependencies_of, first_match, matches_dependency, visible_paths
from diffscope.project.model import Dialect, Project
from diffscope.project.tree import TreeIndex, matched_paths, owners_of
from diffscope.source.model import PullRequest, RepoPath

_JUDGED = frozenset({"source", "native"})
_MOST_JUDGED = 60
"""Files asked one by one which steps they select; the files of a larger change select nearly everything anyway."""
_TELLING = 20
"""Tests that import a changed file directly, up to which the step of each has something to say; what everything imports tells nothing."""
_HARDWARE = ("rocm", "xpu", "cpu", "tpu", "hpu")


def collect_steps(
    placed: tuple[Placed, ...],
    declarations: Declarations,
    pull: PullRequest,
    lookup: TreeLookup | None = None,
) -> tuple[CiFacts, tuple[StepFact, ...]]:
    """Return which steps a change selects, and where CI fails to look at it.

    A change that edits the declarations of steps is judged by its own, as the generator does, which runs in the checkout of the change.
    """
    judged = judge_tree(edited_files(placed), declarations)
    selection = judged.select(pull)
    facts = list(_collect_renames(placed, declarations))
    if judged.declarations.has_steps:
        facts += _unwatched(placed, judged.declarations, selection)
        facts += _uncollected(placed, judged.declarations)
        facts += idle_tests(placed, judged.declarations, lookup)
    ordered = tuple(sorted(set(facts), key=lambda fact: (fact.path, fact.what, fact.step or "", fact.detail)))
    spots = _blind_spots(placed, judged.declarations, selection, lookup) if lookup else ()
    ci = collect_ci(judged, selection, pull)
    return msgspec.structs.replace(ci, blind_spots=spots), ordered


def _blind_spots(
    placed: tuple[Placed, ...], declarations: Declarations, selection: Selection, lookup: TreeLookup
) -> tuple[StepBlindSpot, ...]:
    changed = [
        RepoPath(one.fact.path) for one in placed if one.fact.category == "source" and one.fact.logic is True
    ]
    reaching = {path: tests for path in changed if 0 < len(tests := lookup.importing_tests(path)) <= _TELLING}
    collected = declarations.collecting({RepoPath(test) for tests in reaching.values() for test in tests})
    if not reaching or collected is None:
        return ()
    gaps = unselected_reaching(
        selection,
        collected,
        reaching,
        lambda path: [ReachingTest(path=RepoPath(test), chain=(test, path)) for test in reaching[path]],
    )
    return tuple(
        StepBlindSpot(
            label=gap.step.label,
            file=f"{gap.step.file}:{gap.step.line}",
            reason=gap.reason.value,
            path=gap.path,
            test=gap.test,
            chain=" -> ".join(gap.chain),
            tests=gap.tests,
        )
        for gap in gaps
    )


def _unwatched(
    placed: tuple[Placed, ...], declarations: Declarations, whole: Selection
) -> Iterator[StepFact]:
    judged = [
        one
        for one in placed
        if one.fact.category in _JUDGED and one.fact.logic and one.fact.status != "deleted"
    ]
    # Readings of a step that lists nothing differ: it may run for every change, so that nothing is said of its platform.
    platforms = {one.platform for one in whole.decisions if one.selected or _may_always_run(one)}
    known = {one.platform for one in whole.decisions}
    for one in judged[:_MOST_JUDGED]:
        missing = [name for name in _HARDWARE if name in known.intersection(one.fact.platforms) - platforms]
        if declarations.is_surely_watched(one.fact.path) and not missing:
            continue
        paths = visible_paths((RepoPath(one.fact.path),))
        decisions = select_steps(declarations.project.pipelines, paths).decisions
        if not any(each.selected or each.reason is Reason.UNDECIDED for each in decisions):
            yield _no_step(one, decisions)
        for platform in missing:
            yield _not_run(one, decisions, platform)


def _may_always_run(decision: StepDecision) -> bool:
    return decision.reason is Reason.UNDECIDED or (
        decision.reason is Reason.EMPTY_LIST and not decision.optional
    )


def _no_step(placed: Placed, decisions: Iterable[StepDecision]) -> StepFact:
    optional = next((each.label for each in decisions if each.optional and each.entry), None)
    is_github = any(each.dialect is Dialect.GITHUB for each in decisions)
    nothing = (
        "no workflow that it starts lists it"
        if is_github
        else "no dependency list or run_all pattern matches it"
    )
    return StepFact(
        **placed.spot(),
        what="no-step" if optional is None else "optional-only",
        step=optional,
        detail=nothing if optional is None else "only optional steps list it",
    )


def _not_run(placed: Placed, decisions: Iterable[StepDecision], platform: str) -> StepFact:
    waiting = [each.label for each in decisions if each.platform == platform and each.optional and each.entry]
    return StepFact(
        **placed.spot(),
        what="platform-not-run",
        device=platform,
        step=waiting[0] if waiting else None,
        detail="only optional steps on it match" if waiting else "no step on it matches any changed file",
    )


def _uncollected(placed: tuple[Placed, ...], declarations: Declarations) -> Iterator[StepFact]:
    new = {
        RepoPath(one.fact.path): one
        for one in placed
        if one.fact.status in ("added", "renamed") and is_test_file(one.fact.path)
    }
    if not new or declarations.runs_more:
        return
    collected = collect_tests(declarations.step_tests, TreeIndex(new))
    for coverage in cover_tests(new, collected):
        if coverage.state != "collected" and not declarations.scripts_name(coverage.path):
            steps = sorted({each.step.label for each in coverage.steps})
            yield StepFact(
                **new[coverage.path].spot(),
                what=coverage.state,
                step=steps[0] if steps else None,
                detail="only optional steps collect it" if steps else "no command of any step collects it",
            )


_MOST_RENAMES = 40
"""Renames asked one by one which steps their new name starts."""


class _Declared(Protocol):
    """What renames ask of the target's declarations."""

    project: Project

    @property
    def has_tree(self) -> bool:
        """Whether the paths of the tree are known."""

    def tree_with(self, added: Iterable[RepoPath], gone: Iterable[RepoPath]) -> TreeIndex:
        """Return the tree with a change applied."""


def _collect_renames(placed: tuple[Placed, ...], declarations: _Declared) -> Iterator[StepFact]:
    """Yield a fact for each entry that watches the old name of a renamed file, and that the change leaves as it is.

    A step that the new name starts anyway, by another entry or because it starts everything, is none; nor is the owner of a folder who has
    other files left there, where the new name has owners of its own.
    """
    renamed = {
        RepoPath(one.fact.old_path): one
        for one in placed
        if one.fact.status == "renamed" and one.fact.old_path
    }
    if not renamed or not declarations.has_tree:
        return
    tree = declarations.tree_with((RepoPath(one.fact.path) for one in renamed.values()), renamed)
    pairs = ((old, RepoPath(one.fact.path)) for old, one in renamed.items())
    corrected, codeowners = _Corrections(placed), declarations.project.codeowners
    started = _Started(declarations)
    grouped: dict[tuple[RepoPath, str, str], list[RenameGap]] = defaultdict(list)
    for gap in rename_gaps(declarations.project, pairs, tree):
        if gap.kind not in ("step", "owner") or corrected.holds(gap):
            continue
        if gap.kind == "step":
            is_watched = started.by(gap)
        else:
            is_watched = gap.still_matches and bool(owners_of(codeowners, (gap.new,))[0].owners)
        if not is_watched:
            grouped[gap.old, gap.kind, gap.entry].append(gap)
    for (old, kind, entry), gaps in sorted(grouped.items()):
        yield _fact(renamed[old], kind, entry, gaps)


def _fact(placed: Placed, kind: str, entry: str, gaps: list[RenameGap]) -> StepFact:
    first = gaps[0]
    state = "matches nothing any more"
    if first.still_matches:
        alone = "; nobody owns the new name" if kind == "owner" else ""
        state = f"still matches other files{alone}"
    return StepFact(
        **placed.spot(),
        what=f"rename-{kind}",
        step=first.name,
        detail=state,
        entry=f"{entry} ({first.file}:{first.line})",
        others=len(gaps) - 1 or None,
    )


class _Corrections:
    """Which lines of the declarations the change itself takes away."""

    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self._files: Mapping[str, Placed] = {one.fact.path: one for one in placed}
        self._kept: dict[str, tuple[list[str], frozenset[str]]] = {}

    def holds(self, gap: RenameGap) -> bool:
        """Return whether the line that a gap names does not stand any more after the change."""
        placed = self._files.get(gap.file)
        if placed is None or placed.material.before is None or placed.material.after is None:
            return False
        before, after = self._lines(gap.file, placed)
        return gap.line > len(before) or before[gap.line - 1] not in after

    def _lines(self, path: str, placed: Placed) -> tuple[list[str], frozenset[str]]:
        if path not in self._kept:
            before, after = (
                [line.strip() for line in side.lines] if side is not None else []
                for side in (placed.material.before, placed.material.after)
            )
            self._kept[path] = before, frozenset(after)
        return self._kept[path]


class _Started:
    """Which steps the new name of a rename starts by itself."""

    def __init__(self, declarations: _Declared) -> None:
        self._pipelines = declarations.project.pipelines
        self._known: dict[RepoPath, frozenset[tuple[str, str]]] = {}

    def by(self, gap: RenameGap) -> bool:
        """Return whether the new name starts some step of the same name in the same file; unknown counts as no."""
        if gap.new not in self._known:
            if len(self._known) >= _MOST_RENAMES:
                return False
            decisions = select_steps(self._pipelines, visible_paths((gap.new,))).decisions
            self._known[gap.new] = frozenset(
                (one.file, one.label) for one in decisions if one.selected or one.reason is Reason.UNDECIDED
            )
        return (gap.file, gap.name) in self._known[gap.new]


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
            is_glob = step.dialect is Dialect.GITHUB
            near = after.paths if is_glob else after.starting_with(entry.text.rstrip("/"))
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
