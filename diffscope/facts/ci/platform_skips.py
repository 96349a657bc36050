"""Skips of tests by platform: whether a step of continuous integration ran the test where it is skipped now."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

import msgspec

from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.model import TestFact
from diffscope.patterns import lazy_regex
from diffscope.project.answers import StepRef
from diffscope.project.ci.mirrors import device_of, platform_of
from diffscope.source.model import RepoPath

_QUESTION: Final = lazy_regex(r"is_(cuda_alike|cuda|rocm|xpu|cpu|tpu|hpu)")
_ALIKE: Final = {"cuda_alike": frozenset({"cuda", "rocm"})}
_EVERY: Final = frozenset({"cuda", "rocm", "xpu", "cpu", "tpu", "hpu"})
_MIRRORS: Final = {"amd": "rocm"}


def with_places(facts: Iterable[TestFact], declarations: Declarations | None) -> tuple[TestFact, ...]:
    """Return the facts, each skip by platform alone with whether a step of those platforms collected its file before.

    Without declarations, or where no step collects any test, nothing is known of it.
    """
    found = []
    for fact in facts:
        left = platforms_left(fact.condition) if fact.change == "skipped" else frozenset[str]()
        ran = _ran_on(fact.path, left, declarations) if left and declarations else None
        found.append(fact if ran is None else msgspec.structs.replace(fact, ran_there=ran))
    return tuple(found)


def platforms_left(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition can hold; none where it can hold on all of them.

    ``condition`` is the text of an expression, or of the arguments of a mark; what is no expression tells nothing.
    """
    answers = _answers(condition)
    return frozenset(name for name, answer in answers.items() if answer is not False) - (
        _EVERY if False not in answers.values() else frozenset()
    )


def platforms_skipped(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition holds whatever else it asks for."""
    answers = _answers(condition)
    is_told = len(set(answers.values())) > 1
    return frozenset(name for name, answer in answers.items() if answer is True and is_told)


def _answers(condition: str) -> dict[str, bool | None]:
    """Return for each platform what the condition answers there; ``None`` where that hangs on something else."""
    try:
        tree = ast.parse(f"skipif({condition})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    if not isinstance(tree, ast.Call) or not tree.args:
        return {}
    try:
        return {name: _answer(tree.args[0], name) for name in sorted(_EVERY)}
    except RecursionError:
        return {}


def _answer(node: ast.expr, platform: str) -> bool | None:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            answer = _answer(operand, platform)
            return None if answer is None else not answer
        case ast.BoolOp(op=operator, values=values):
            decisive = isinstance(operator, ast.Or)
            answers = [_answer(value, platform) for value in values]
            return decisive if decisive in answers else None if None in answers else not decisive
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[], keywords=[]):
            asked = _QUESTION.fullmatch(name)
            return platform in _ALIKE.get(asked[1], frozenset({asked[1]})) if asked else None
        case ast.Constant(value=bool(value)):
            return value
    return None


def _ran_on(path: str, platforms: frozenset[str], declarations: Declarations) -> bool | None:
    tests = (RepoPath(path),) if declarations.has_file(path) else ()
    collected = declarations.collecting(tests)
    if collected is None:
        return None
    steps = (each.step for each in collected.get(RepoPath(path), ()))
    return not platforms.isdisjoint(platforms_of_steps(steps, declarations))


def platforms_of_steps(steps: Iterable[StepRef], declarations: Declarations) -> frozenset[str]:
    """Return the platforms on whose devices steps and their mirrors run."""
    devices = {
        (pipeline.name, step.label): platform_of(device_of(step))
        for pipeline in declarations.project.pipelines
        for step in pipeline.steps
    }
    return frozenset(
        _MIRRORS.get(step.mirror or "", devices.get((step.pipeline, step.label), "cuda")) for step in steps
    )
