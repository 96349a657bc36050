"""The serving path: which modules a request passes, outermost first, by patterns that survive moves (``rules/serving.yml``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, field

from diffscope.patterns import compile_glob
from diffscope.source.model import RepoPath, Value
from diffscope.taxonomy.tables import PathGlob
from diffscope.yaml.typed import Rows, read_file


class OnRequest(Value, frozen=True, kw_only=True):
    """What a step goes through only where a variable of the environment is set."""

    glob: PathGlob
    variable: str


class ServingStep(Value, frozen=True, kw_only=True):
    """One step of the path: its name, and the globs of its modules; of several globs each counts."""

    name: str = field(name="step")
    globs: Annotated[tuple[PathGlob, ...], Meta(min_length=1)] = field(name="modules")
    on_request: Annotated[tuple[OnRequest, ...], Rows("glob", value="variable", what="glob")] = ()
    """Globs of what the step goes through only where a variable of the environment is set, and that variable."""


SERVING: Final = tuple[ServingStep, ...]


class ServingPath(NamedTuple):
    """The steps, outermost first."""

    steps: tuple[ServingStep, ...]

    def find(self, paths: Iterable[RepoPath | str]) -> tuple[str, ...]:
        """Return the paths on the serving path, by step, then by name; each once."""
        ordered = sorted(path for path in paths if path.endswith(".py"))
        found: dict[str, None] = {}
        for step in self.steps:
            for text in step.globs:
                found.update(dict.fromkeys(compile_glob(text).filter_sorted(ordered)))
        return tuple(found)

    def variable_of(self, path: str) -> str | None:
        """Return the variable that has to be set before a step goes through a path; ``None`` for what takes no asking."""
        rows = (row for step in self.steps for row in step.on_request)
        return next((row.variable for row in rows if compile_glob(row.glob).matches(path)), None)


def load_serving(text: str, *, at: str) -> ServingPath:
    """Return the serving path of a ``serving.yml``: a list of ``{step: name, modules: [glob, ...]}``, with ``on_request: {glob: variable}`` or without.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    return ServingPath(read_file(SERVING, text, at=at))
