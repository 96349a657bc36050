"""The declarations of the target at one tree (steps, owners, labels, requirements), read on demand, and which steps a change selects by them, for which reasons, on which queues."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Final, NamedTuple

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import (
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
from diffscope.project.answers import AmdState, Collecting, MergifyChange, Reason, Selection, StepDecision
from diffscope.project.ci.buildkite import amd_states
from diffscope.project.ci.collection import StepTests, collect_tests, step_calls, step_tests
from diffscope.project.ci.selection import select_steps
from diffscope.project.ci.tracing import name_of
from diffscope.project.labels import labels_for
from diffscope.project.matching import visible_paths
from diffscope.project.model import Dialect, Pipeline, Project, Requirement, Verdict
from diffscope.project.read import declares_steps, read_steps
from diffscope.project.tree import TreeIndex, owners_of
from diffscope.source.model import PullRequest, RepoPath
from diffscope.source.text import decode

_UNREADABLE = frozenset({"broken", "missing", "too-large", "symlink"})
"""Kinds of problems for which a job file has no steps to speak of."""


class Declarations:
    """What the target repository declares at the base; what lies further off is read when it is asked for.

    ``paths`` gives the files of the tree, ``requirements`` what its requirement files ask for, ``knows_tests`` says that
    which commands collect which test is to be told, ``job_files`` the bytes of what declares the steps, by path, and ``installing`` those of what makes images and installs packages.
    """

    def __init__(  # noqa: PLR0913 - what a tree declares, each part with a default
        self,
        project: Project,
        *,
        paths: Callable[[], Iterable[RepoPath]] = tuple,
        requirements: Callable[[], Iterable[Requirement]] = tuple,
        knows_tests: bool = False,
        job_files: Callable[[], Mapping[RepoPath, bytes]] = dict,
        installing: Callable[[], Mapping[RepoPath, bytes]] = dict,
        steps: Callable[[], tuple[StepTests, ...]] | None = None,
    ) -> None:
        self.project = project
        self.missing = tuple(problem.path for problem in project.problems if problem.kind == "missing")
        """The declaring files whose content could not be read."""
        self._read_paths = paths
        self._read_requirements = requirements
        self._knows_tests = knows_tests
        self._read_job_files = job_files
        self._read_installing = installing
        self._read_steps = steps or cache(lambda: step_tests(step_calls(project)))

    def in_tree(self, paths: Callable[[], Iterable[RepoPath]]) -> Declarations:
        """Return the same declarations in a tree that has other files, none of which declares anything."""
        return Declarations(
            self.project,
            paths=paths,
            requirements=self._read_requirements,
            knows_tests=self._knows_tests,
            job_files=self._read_job_files,
            installing=self._read_installing,
            steps=self._read_steps,
        )

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements of the base; empty where they are not known."""
        return tuple(self._read_requirements())

    def mentions(self, name: str) -> bool:
        """Return whether a step, requirement, image or installing script of the tree names a package or variable, in capitals or not.

        ``-``, ``_`` and ``.`` are one. What names it need not install it; what does not name it neither installs nor sets it.
        """
        word = re.escape(name).replace(r"\-", "[-_.]").replace("_", "[-_.]").replace(r"\.", "[-_.]")
        pattern = re.compile(rf"(?<![a-z0-9]){word}(?![a-z0-9])", re.IGNORECASE)
        names = (one.name for one in self.requirements if one.name)
        return any(map(pattern.search, self._texts)) or any(map(pattern.search, names))

    def scripts_name(self, path: RepoPath) -> bool:
        """Return whether a shell script that jobs may run names a file, though no step is known to run the script."""
        return any(path in text for text in self.project.scripts.values())

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        files = {**self._read_job_files(), **self._read_installing()}
        return (*map(decode, files.values()), *self.project.scripts.values())

    @property
    def step_tests(self) -> tuple[StepTests, ...]:
        """What the steps run of tests."""
        return self._read_steps()

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
        sure = (one for one in effects if one.action == "add" and one.verdict is Verdict.YES)
        return tuple(sorted({one.label for one in sure}))

    def collecting(self, tests: Iterable[RepoPath]) -> Mapping[RepoPath, tuple[Collecting, ...]] | None:
        """Return which steps collect each of these tests of the base; ``None`` where that is not known, or no step runs any tests."""
        if not self._knows_tests or not self.step_tests:
            return None
        return collect_tests(self.step_tests, TreeIndex(tests))

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
    def runs_more(self) -> bool:
        """Whether some step runs what is not read, so that which tests no step collects is not known."""
        return any(step.runs_more for pipeline in self.project.pipelines for step in pipeline.steps)

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

    def after(self, edited: Mapping[RepoPath, bytes | None], added: Iterable[RepoPath]) -> Declarations | str:
        """Return what is declared once job files read as ``edited`` (``None``: gone) and these files are added; why not, where that cannot be told."""
        known = self._read_job_files()
        contents = {path: data for path, data in {**known, **edited}.items() if data is not None}
        gone = [path for path, data in edited.items() if data is None]
        tree = self.tree_with({*added, *contents}, gone)
        pipelines, problems = read_steps(contents, tree, known)
        for problem in problems:
            if problem.kind in _UNREADABLE and (problem.kind == "missing" or problem.path in edited):
                return f"{problem.path}:{problem.line}: {problem.message}"
        scripts = {path: decode(data) for path, data in contents.items() if path.endswith(".sh")}
        kept = {path: text for path, text in self.project.scripts.items() if path not in edited}
        project = msgspec.structs.replace(self.project, pipelines=pipelines, scripts={**kept, **scripts})
        return Declarations(
            project,
            paths=lambda: tree.paths,
            requirements=self._read_requirements,
            knows_tests=True,
            job_files=lambda: contents,
            installing=self._read_installing,
        )

    def has_file(self, path: str) -> bool:
        """Return whether the tree has a file."""
        return path in self._files

    @cached_property
    def has_tree(self) -> bool:
        """Whether the paths of the tree are known."""
        return bool(self._paths)

    @cached_property
    def _paths(self) -> tuple[RepoPath, ...]:
        return tuple(self._read_paths())

    @cached_property
    def _files(self) -> frozenset[RepoPath]:
        return frozenset(self._paths)


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
        if one.old_path is not None and declares_steps(one.old_path):
            edited[one.old_path] = None
        if declares_steps(one.path):
            if not one.is_gone and one.after is None:
                return judged._replace(problem=f"{one.path}: {_UNREAD}")
            edited[one.path] = None if one.is_gone else one.after
    if not edited:
        return judged
    after = declarations.after(edited, (one.path for one in files if not one.is_gone))
    if isinstance(after, str):
        return judged._replace(problem=after)
    return judged._replace(declarations=after, tree=TREE_HEAD)


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
        rules=None if any(one.event for one in pipelines) else _rules(pull),
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
    """Yield the optional steps whose entry names a changed path most exactly: one as wide as a whole package tells little."""

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
