"""The serving path: which modules a request passes, outermost first, by patterns that survive moves (``rules/serving.yml``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from diffscope.errors import RuleError
from diffscope.patterns import compile_glob
from diffscope.source.values import RepoPath
from diffscope.strict_yaml import ListNode, MapNode, Node, ScalarNode, load_strict


class ServingStep(NamedTuple):
    """One step of the path: its name, and the globs of its modules; of several globs each counts."""

    name: str
    globs: tuple[str, ...]


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


def load_serving(text: str, *, at: str) -> ServingPath:
    """Return the serving path of a ``serving.yml``: a list of ``{step: name, modules: [glob, ...]}``.

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
    if not isinstance(node, MapNode) or set(node.keys()) != {"step", "modules"}:
        return None
    name, modules = node.get("step"), node.get("modules")
    if not isinstance(name, ScalarNode) or not isinstance(modules, ListNode) or not modules.items:
        return None
    globs = [item.text for item in modules.items if isinstance(item, ScalarNode)]
    return ServingStep(name.text, tuple(globs)) if len(globs) == len(modules.items) else None
