"""Every step once, with the pipelines that hold it: two configurations may name the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from diffscope.project.model import Dialect, Pipeline, Project, Step
from diffscope.source.model import RepoPath


class StepPlace(NamedTuple):
    """A step and the pipelines that hold it; one that the generator refuses holds none."""

    pipelines: tuple[Pipeline, ...]
    step: Step

    @property
    def dialect(self) -> Dialect:
        """Return which program reads the step."""
        return self.step.dialect

    @property
    def runs_all(self) -> bool:
        """Return whether some pipeline of the step has patterns that run all of it."""
        return self.dialect is Dialect.GENERATOR and any(each.run_all for each in self.pipelines)


def unique_steps(project: Project) -> Iterator[StepPlace]:
    """Yield each step once, in the order of the pipelines and files."""
    holders: dict[tuple[RepoPath, int], list[Pipeline]] = {}
    steps: dict[tuple[RepoPath, int], Step] = {}
    for pipeline in project.pipelines:
        for step in pipeline.steps:
            steps.setdefault((step.file, step.line), step)
            found = holders.setdefault((step.file, step.line), [])
            if not pipeline.missing_keys:
                found.append(pipeline)
    for place, step in steps.items():
        yield StepPlace(tuple(holders[place]), step)
