"""The target's declarations at one tree: steps, owners, labels and requirements, read on demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.project.answers import Collecting, MergifyChange
from diffscope.project.ci.buildkite import read_pipelines
from diffscope.project.ci.collection import StepTests, collect_tests, step_calls, step_tests
from diffscope.project.labels import labels_for
from diffscope.project.model import Dialect, Project, Requirement, Verdict
from diffscope.project.owners import owners_of
from diffscope.project.tree import TreeIndex
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
        return any(pattern.search(text) for text in self._texts) or any(
            pattern.search(one.name) for one in self.requirements if one.name
        )

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
        return tuple(
            sorted({one.label for one in effects if one.action == "add" and one.verdict is Verdict.YES})
        )

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
        pipelines, problems = read_pipelines(contents, tree)
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
