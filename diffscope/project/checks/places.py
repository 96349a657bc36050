"""Every step once, with the pipelines that hold it: two configurations may name the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from diffscope.project.values import Dialect, Pipeline, Project, Step
from diffscope.source.values import RepoPath


class StepPlace(NamedTuple):
    """A step and the first pipeline that holds it."""

    pipeline: Pipeline
    step: Step

    @property
    def dialect(self) -> Dialect:
        """Return which program reads the step."""
        return self.step.dialect


def unique_steps(project: Project) -> Iterator[StepPlace]:
    """Yield each step once, in the order of the pipelines and files."""
    seen: set[tuple[RepoPath, int]] = set()
    for pipeline in project.pipelines:
        for step in pipeline.steps:
            if (step.file, step.line) not in seen:
                seen.add((step.file, step.line))
                yield StepPlace(pipeline, step)
