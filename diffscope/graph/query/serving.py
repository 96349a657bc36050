"""The serving path: which modules a request passes, outermost first, by patterns that survive moves (``rules/serving.yml``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from diffscope.errors import RuleError
from diffscope.patterns import compile_glob
from diffscope.source.model import RepoPath
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, load_strict


class ServingStep(NamedTuple):
    """One step of the path: its name, and the globs of its modules; of several globs each counts."""

    name: str
    globs: tuple[str, ...]
    on_request: tuple[tuple[str, str], ...] = ()
    """Globs of what the step goes through only where a variable of vllm/envs.py is set, and that variable."""


class ServingPath(NamedTuple):
    """The steps, outermost first."""

    steps: tuple[ServingStep, ...]

    def find(self, paths: Iterable[RepoPath | str]) -> tuple[str, ...]:
        """Return the paths on the serving path, by step, then by name; each once."""
        ordered = sorted(path for path in paths if path.endswith(".py"))
        found: dict[str, None] = {}
        for step in self.steps:
            for text in step.globs:
                found.update(dict.fromkeys(compile_glob(text).filter(ordered)))
        return tuple(found)

    def variable_of(self, path: str) -> str | None:
        """Return the variable that has to be set before a step goes through a path; ``None`` for what takes no asking."""
        rows = (row for step in self.steps for row in step.on_request)
        return next((variable for text, variable in rows if compile_glob(text).matches(path)), None)


def load_serving(text: str, *, at: str) -> ServingPath:
    """Return the serving path of a ``serving.yml``: a list of ``{step: name, modules: [glob, ...]}``, with ``on_request: {glob: variable}`` or without.

    Raises:
        RuleError: the shape is another; every mistake is named.
        YamlError: the file is not strict YAML.
    """
    root = load_strict(text, at=at)
    if not isinstance(root, ListNode):
        raise RuleError("not a list of steps", at=at, hint="write `- {step: name, modules: [glob]}`")
    steps = [_step(node) for node in root.items]
    mistakes = [
        f"line {node.line}: a step needs exactly `step` and `modules`"
        for node, step in zip(root.items, steps, strict=True)
        if step is None
    ]
    if mistakes:
        raise RuleError("; ".join(mistakes), at=at, hint="write `- {step: name, modules: [glob]}`")
    return ServingPath(tuple(step for step in steps if step is not None))


def _step(node: Node) -> ServingStep | None:
    if not isinstance(node, MapNode) or set(node.keys()) - {"on_request"} != {"step", "modules"}:
        return None
    name, modules, asked = node.get("step"), node.get("modules"), node.get("on_request")
    if not isinstance(name, ScalarNode) or not isinstance(modules, ListNode) or not modules.items:
        return None
    globs = [item.text for item in modules.items if isinstance(item, ScalarNode)]
    rows = _rows(asked)
    if len(globs) != len(modules.items) or rows is None:
        return None
    return ServingStep(name.text, tuple(globs), rows)


def _rows(node: Node | None) -> tuple[tuple[str, str], ...] | None:
    if node is None:
        return ()
    if not isinstance(node, MapNode):
        return None
    entries = [(entry.key, entry.value) for entry in node.entries]
    rows = [(key, value.text) for key, value in entries if isinstance(value, ScalarNode)]
    return tuple(rows) if len(rows) == len(entries) else None
