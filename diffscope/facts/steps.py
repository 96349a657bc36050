"""What continuous integration does with a change, by the target's own declarations at the base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from diffscope.facts.lookup import TreeLookup
from diffscope.facts.material import Placed
from diffscope.facts.renames import collect_renames
from diffscope.facts.values import CiFacts, StepBlindSpot, StepFact, StepSelection
from diffscope.project.answers import (
    Collecting,
    MergifyChange,
    ReachingTest,
    Selection,
    StepDecision,
)
from diffscope.project.codeowners import owners_of
from diffscope.project.collection import StepCalls, collect_tests, cover_tests, is_test_file, step_calls
from diffscope.project.gaps import unselected_reaching
from diffscope.project.labels import labels_for
from diffscope.project.matching import visible_paths
from diffscope.project.mirrors import mirror_states
from diffscope.project.selection import select_steps
from diffscope.project.tree import TreeIndex
from diffscope.project.values import Dialect, Project, Requirement, Verdict
from diffscope.source.values import PullRequest, RepoPath

_JUDGED = frozenset({"source", "native"})
_MOST_JUDGED = 60
"""Files asked one by one which steps they select; the files of a larger change select nearly everything anyway."""
_TELLING = 20
"""Tests that import a changed file directly, up to which the step of each has something to say; what everything imports tells nothing."""
_HARDWARE = ("rocm", "xpu", "cpu", "tpu", "hpu")


class Declarations:
    """What the target repository declares at the base; what lies further off is read when it is asked for.

    ``paths`` gives the files of the tree, ``requirements`` what its requirement files ask for, ``collected`` which commands collect
    which test.
    """

    def __init__(
        self,
        project: Project,
        *,
        paths: Callable[[], Iterable[RepoPath]] = tuple,
        requirements: Callable[[], Iterable[Requirement]] = tuple,
        collected: Callable[[], Mapping[RepoPath, tuple[Collecting, ...]]] = dict,
    ) -> None:
        self.project = project
        self.missing = tuple(problem.path for problem in project.problems if problem.kind == "missing")
        """The declaring files whose content could not be had."""
        self._read_paths = paths
        self._read_requirements = requirements
        self._read_collected = collected

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements of the base; empty where they are not known."""
        return tuple(self._read_requirements())

    @cached_property
    def step_calls(self) -> tuple[StepCalls, ...]:
        """The calls that the commands of each step make."""
        return step_calls(self.project)

    def owners(self, path: RepoPath) -> tuple[str, ...]:
        """Return the owners of a path by CODEOWNERS; empty for none."""
        return owners_of(self.project.codeowners, (path,))[0].owners

    def labels(self, pull: PullRequest, placed: Iterable[Placed]) -> tuple[str, ...]:
        """Return the labels that the target's own label rules would add, as far as they can be judged."""
        change = MergifyChange(
            paths=tuple(RepoPath(one.fact.path) for one in placed),
            title=pull.title,
            labels=pull.labels,
            author=pull.author_login,
            body=pull.body,
        )
        effects = labels_for(self.project.mergify, change)
        return tuple(
            sorted({one.label for one in effects if one.action == "add" and one.verdict is Verdict.YES})
        )

    @cached_property
    def mirrors(self) -> dict[tuple[str, int], str]:
        """How each step stands on AMD hardware, by file and line."""
        return {(state.file, state.line): state.state for state in mirror_states(self.project.pipelines)}

    @cached_property
    def collected(self) -> Mapping[RepoPath, tuple[Collecting, ...]]:
        """Which steps collect each test of the base; empty where that is not known."""
        return self._read_collected()

    def is_surely_watched(self, path: str) -> bool:
        """Return whether some automatic step lists the path or a folder above it: a quick yes, for most files of the product."""
        parts = path.split("/")
        return any("/".join(parts[:depth]) in self._watched for depth in range(len(parts), 0, -1))

    @cached_property
    def has_steps(self) -> bool:
        """Whether any step is declared that runs by itself: without one nothing is known of what CI does with a change."""
        return any(
            not step.optional
            for pipeline in self.project.pipelines
            if not pipeline.missing_keys
            for step in pipeline.steps
        )

    @cached_property
    def _watched(self) -> frozenset[str]:
        steps = [
            step
            for pipeline in self.project.pipelines
            if pipeline.dialect is Dialect.GENERATOR and not pipeline.missing_keys
            for step in pipeline.steps
            if not step.optional and not any(one.text.startswith("!") for one in step.dependencies or ())
        ]
        return frozenset(one.text.rstrip("/") for step in steps for one in step.dependencies or ())

    def tree_with(self, added: Iterable[RepoPath], gone: Iterable[RepoPath]) -> TreeIndex:
        """Return the tree with a change applied."""
        removed = set(gone)
        return TreeIndex(sorted({*(path for path in self._paths if path not in removed), *added}))

    @cached_property
    def has_tree(self) -> bool:
        """Whether the paths of the tree are known."""
        return bool(self._paths)

    @cached_property
    def _paths(self) -> tuple[RepoPath, ...]:
        return tuple(self._read_paths())


def collect_steps(
    placed: tuple[Placed, ...],
    declarations: Declarations,
    pull: PullRequest,
    lookup: TreeLookup | None = None,
) -> tuple[CiFacts, tuple[StepFact, ...]]:
    """Return which steps a change selects, and where CI fails to look at it."""
    paths = visible_paths(RepoPath(one.fact.path) for one in placed)
    selection = select_steps(declarations.project.pipelines, paths, labels=pull.labels or ())
    facts = [
        *(_unwatched(placed, declarations, selection) if declarations.has_steps else ()),
        *(_uncollected(placed, declarations) if declarations.has_steps else ()),
        *collect_renames(placed, declarations),
    ]
    ordered = tuple(sorted(set(facts), key=lambda fact: (fact.path, fact.what, fact.step or "", fact.detail)))
    ci = _ci(selection, declarations)
    spots = _blind_spots(placed, declarations, selection, lookup) if lookup else ()
    return msgspec.structs.replace(ci, blind_spots=spots), ordered


def _blind_spots(
    placed: tuple[Placed, ...], declarations: Declarations, selection: Selection, lookup: TreeLookup
) -> tuple[StepBlindSpot, ...]:
    changed = [
        RepoPath(one.fact.path) for one in placed if one.fact.category == "source" and one.fact.logic is True
    ]
    reaching = {path: tests for path in changed if 0 < len(tests := lookup.importing_tests(path)) <= _TELLING}
    if not reaching:
        return ()
    gaps = unselected_reaching(
        selection,
        declarations.collected,
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


def _ci(selection: Selection, declarations: Declarations) -> CiFacts:
    shown = (one for one in selection.decisions if one.selected or (one.optional and one.entry))
    return CiFacts(
        steps=tuple(_step(one, declarations) for one in shown),
        run_all="; ".join(sorted({f"{one.pipeline}: {one.entry}" for one in selection.run_all})) or None,
        minutes=selection.minutes,
    )


def _step(decision: StepDecision, declarations: Declarations) -> StepSelection:
    because = (
        f"{decision.reason.value}: {decision.entry} matches {decision.path}"
        if decision.entry
        else decision.reason.value
    )
    return StepSelection(
        label=f"{decision.label} ({decision.mirror})" if decision.mirror else decision.label,
        selected=decision.selected,
        reason=because,
        device=decision.device,
        file=f"{decision.file}:{decision.line}",
        optional=decision.optional,
        amd_mirror=None if decision.mirror else declarations.mirrors.get((decision.file, decision.line)),
        minutes=None if decision.timeout is None else decision.timeout * decision.parallelism,
    )


def _unwatched(
    placed: tuple[Placed, ...], declarations: Declarations, whole: Selection
) -> Iterator[StepFact]:
    judged = [
        one
        for one in placed
        if one.fact.category in _JUDGED and one.fact.logic and one.fact.status != "deleted"
    ]
    platforms = {one.platform for one in whole.decisions if one.selected}
    known = {one.platform for one in whole.decisions}
    for one in judged[:_MOST_JUDGED]:
        missing = [
            name
            for name in _HARDWARE
            if name in one.fact.platforms and name in known and name not in platforms
        ]
        if declarations.is_surely_watched(one.fact.path) and not missing:
            continue
        decisions = select_steps(
            declarations.project.pipelines, visible_paths((RepoPath(one.fact.path),))
        ).decisions
        if not any(each.selected for each in decisions):
            yield _no_step(one, decisions)
        for platform in missing:
            yield _not_run(one, decisions, platform)


def _no_step(placed: Placed, decisions: Iterable[StepDecision]) -> StepFact:
    optional = [each.label for each in decisions if each.optional and each.entry]
    return StepFact(
        **placed.spot(),
        what="optional-only" if optional else "no-step",
        step=optional[0] if optional else None,
        detail="only optional steps list it"
        if optional
        else "no dependency list or run_all pattern matches it",
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
    if not new:
        return
    collected = collect_tests(declarations.step_calls, TreeIndex(new))
    for coverage in cover_tests(new, collected):
        if coverage.state != "collected":
            steps = sorted({each.step.label for each in coverage.steps})
            yield StepFact(
                **new[coverage.path].spot(),
                what=coverage.state,
                step=steps[0] if steps else None,
                detail="only optional steps collect it" if steps else "no command of any step collects it",
            )
