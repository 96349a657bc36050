"""Where continuous integration fails to look at a change, by the target's own declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.ci.idle_tests import idle_tests
from diffscope.facts.ci.stale_paths import collect_renames
from diffscope.facts.ci.tree import collect_ci, edited_files, judge_tree
from diffscope.facts.ci_model import CiFacts, StepBlindSpot
from diffscope.facts.model import StepFact
from diffscope.project.answers import ReachingTest, Selection, StepDecision
from diffscope.project.ci.collection import collect_tests, cover_tests, is_test_file
from diffscope.project.ci.gaps import unselected_reaching
from diffscope.project.ci.selection import select_steps
from diffscope.project.matching import visible_paths
from diffscope.project.tree import TreeIndex
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
    facts = [
        *(_unwatched(placed, judged.declarations, selection) if judged.declarations.has_steps else ()),
        *(_uncollected(placed, judged.declarations) if judged.declarations.has_steps else ()),
        *(idle_tests(placed, judged.declarations, lookup) if judged.declarations.has_steps else ()),
        *collect_renames(placed, declarations),
    ]
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
    collected = collect_tests(declarations.step_tests, TreeIndex(new))
    for coverage in cover_tests(new, collected):
        if coverage.state != "collected":
            steps = sorted({each.step.label for each in coverage.steps})
            yield StepFact(
                **new[coverage.path].spot(),
                what=coverage.state,
                step=steps[0] if steps else None,
                detail="only optional steps collect it" if steps else "no command of any step collects it",
            )
