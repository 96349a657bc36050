"""Which steps a change selects: by the declarations of which tree, for which reasons, on which queues."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.ci_model import (
    TREE_BASE,
    TREE_HEAD,
    CiFacts,
    CiPipeline,
    OptionalStep,
    SelectionRules,
    StepDifference,
    StepRun,
    StepSet,
    StepsNotRun,
)
from diffscope.project.answers import AmdState, Reason, Selection, StepDecision
from diffscope.project.ci.buildkite import FOLDER
from diffscope.project.ci.mirrors import amd_states
from diffscope.project.ci.selection import select_steps
from diffscope.project.ci.tracing import name_of
from diffscope.project.matching import visible_paths
from diffscope.project.model import Pipeline
from diffscope.project.read import declares
from diffscope.source.model import PullRequest, RepoPath

_MOST_OPTIONAL: Final = 3
_UNREAD: Final = "its text after the change could not be read"
_States = dict[tuple[RepoPath, int], AmdState]


class EditedFile(NamedTuple):
    """A changed file, as far as it may declare steps."""

    path: RepoPath
    old_path: RepoPath | None
    """Where a rename took it from."""
    is_gone: bool
    after: bytes | None
    """``None`` also where it could not be read."""


class JudgedTree(NamedTuple):
    """The declarations that select the steps of a change, and the changed paths as CI sees them."""

    declarations: Declarations
    tree: str
    """``base`` or ``head``."""
    base: Declarations
    paths: tuple[RepoPath, ...]
    problem: str | None = None
    """Why a change that edits job files is judged by those of the base."""

    def select(self, pull: PullRequest) -> Selection:
        """Return what every pipeline decides for the change."""
        return select_steps(self.declarations.project.pipelines, self.paths, labels=pull.labels or ())


def edited_files(placed: Iterable[Placed]) -> Iterator[EditedFile]:
    """Yield the changed files of a change."""
    for one in placed:
        old = one.fact.old_path if one.fact.status == "renamed" else None
        yield EditedFile(
            path=RepoPath(one.fact.path),
            old_path=RepoPath(old) if old else None,
            is_gone=one.fact.status == "deleted",
            after=one.material.after.data if one.material.after is not None else None,
        )


def judge_tree(files: Iterable[EditedFile], declarations: Declarations) -> JudgedTree:
    """Return by which tree the steps of a change are selected: its own, where it edits what declares them."""
    files = tuple(files)
    judged = JudgedTree(declarations, TREE_BASE, declarations, visible_paths(one.path for one in files))
    edited: dict[RepoPath, bytes | None] = {}
    for one in files:
        if one.old_path is not None and _declares_steps(one.old_path):
            edited[one.old_path] = None
        if _declares_steps(one.path):
            if not one.is_gone and one.after is None:
                return judged._replace(problem=f"{one.path}: {_UNREAD}")
            edited[one.path] = None if one.is_gone else one.after
    if not edited:
        return judged
    after = declarations.after(edited, (one.path for one in files if not one.is_gone))
    if isinstance(after, str):
        return judged._replace(problem=after)
    return judged._replace(declarations=after, tree=TREE_HEAD)


def _declares_steps(path: str) -> bool:
    return path.startswith(FOLDER) and declares(path)


def collect_ci(judged: JudgedTree, selection: Selection, pull: PullRequest) -> CiFacts:
    """Return what CI does with a change: what runs by reason, what does not in numbers."""
    pipelines = judged.declarations.project.pipelines
    states = amd_states(pipelines, selection.decisions)
    difference: tuple[StepDifference, ...] = ()
    if judged.tree == TREE_HEAD:
        before = judged._replace(declarations=judged.base).select(pull)
        difference = tuple(_differences(before, selection))
    counted = Counter(one.reason for one in selection.decisions if not one.selected)
    return CiFacts(
        tree=judged.tree,
        tree_problem=judged.problem,
        rules=_rules(pull),
        docs_only=selection.docs_only,
        pipelines=tuple(_pipeline(one, selection) for one in pipelines),
        steps=tuple(_runs(selection, states)),
        not_run=tuple(
            StepsNotRun(reason=reason, steps=counted[reason]) for reason in Reason if counted[reason]
        ),
        optional=tuple(_optional(selection)),
        minutes=selection.minutes,
        without_timeout=selection.without_timeout,
        difference=difference,
    )


def _rules(pull: PullRequest) -> SelectionRules:
    rules = SelectionRules()
    is_newer = pull.merged_at is not None and pull.merged_at[:10] < rules.date
    return SelectionRules(newer_than_change=is_newer)


def _pipeline(pipeline: Pipeline, selection: Selection) -> CiPipeline:
    decided = [one for one in selection.decisions if one.pipeline == pipeline.name]
    found = next((one for one in selection.run_all if one.pipeline == pipeline.name), None)
    return CiPipeline(
        name=pipeline.name,
        runs=sum(one.selected for one in decided),
        steps=len(decided),
        run_all=found.entry if found else None,
        run_all_path=found.path if found else None,
        refused=pipeline.missing_keys,
    )


def _runs(selection: Selection, states: _States) -> Iterator[StepRun]:
    """Yield what runs, pipelines in their order, reasons in the order of their first step."""
    reasons: dict[tuple[str, Reason, str | None, RepoPath | None], list[StepDecision]] = defaultdict(list)
    for one in selection.decisions:
        if one.selected:
            reasons[one.pipeline, one.reason, one.entry, one.path].append(one)
    for (pipeline, reason, entry, path), decisions in reasons.items():
        sets: dict[tuple[str, str | None, int, AmdState | None], list[str]] = defaultdict(list)
        for one in decisions:
            amd = None if one.mirror else states.get((one.file, one.line))
            sets[one.device, one.mirror, one.parallelism, amd].append(name_of(one))
        yield StepRun(
            pipeline=pipeline,
            reason=reason,
            entry=entry,
            path=path,
            on=tuple(
                StepSet(queue=queue, mirror=mirror, parallelism=jobs, amd=amd, steps=tuple(names))
                for (queue, mirror, jobs, amd), names in sets.items()
            ),
        )


def _optional(selection: Selection) -> Iterator[OptionalStep]:
    """Yield the optional steps whose entry names a changed path most exactly: one as wide as `vllm/` tells little."""

    def exactness(one: StepDecision) -> tuple[bool, int, str, str]:
        entry = one.entry or ""
        return entry.startswith("."), -entry.rstrip("/").count("/"), one.pipeline, name_of(one)

    listed = [one for one in selection.decisions if not one.selected and one.reason is Reason.OPTIONAL]
    for one in sorted(listed, key=exactness)[:_MOST_OPTIONAL]:
        if one.entry is not None and one.path is not None:
            yield OptionalStep(
                pipeline=one.pipeline, step=name_of(one), queue=one.device, entry=one.entry, path=one.path
            )


def _differences(before: Selection, after: Selection) -> Iterator[StepDifference]:
    old, new = _numbered(before), _numbered(after)
    for place in sorted({*old, *new}):
        pipeline, step, mirror, _ = place
        was, now = old.get(place), new.get(place)
        if was is None or now is None:
            what = "added" if now else "removed"
        elif was.selected != now.selected:
            what = "starts" if now.selected else "stops"
        else:
            continue
        shown = now or was
        runs = shown is not None and shown.selected
        yield StepDifference(pipeline=pipeline, step=step, mirror=mirror or None, what=what, runs=runs)


def _numbered(selection: Selection) -> dict[tuple[str, str, str, int], StepDecision]:
    """By pipeline, name and mirror; steps of one name are told apart by their order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for one in selection.decisions:
        place = one.pipeline, name_of(one), one.mirror or ""
        found[*place, seen[place]] = one
        seen[place] += 1
    return found
