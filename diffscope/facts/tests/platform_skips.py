"""Skips of tests by platform: whether a step of continuous integration ran the test where it is skipped now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.model import TestFact
from diffscope.project.ci.mirrors import device_of, platform_of
from diffscope.source.model import RepoPath

_QUESTION: Final = re.compile(r"(\bnot\s+)?\b(?:\w+\.)*is_(cuda_alike|cuda|rocm|xpu|cpu|tpu|hpu)\(\)")
_REASON: Final = re.compile(r",\s*reason\s*=.*", re.DOTALL)
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
    """Return the platforms on which a skip's condition can hold; none where it holds for other reasons than the platform too."""
    found: set[str] = set()
    for part in _REASON.sub("", condition).split(" or "):
        asked = _QUESTION.search(part)
        if asked is None:
            return frozenset()
        named = _ALIKE.get(asked[2], frozenset({asked[2]}))
        found |= _EVERY - named if asked[1] else named
    return frozenset(found)


def _ran_on(path: str, platforms: frozenset[str], declarations: Declarations) -> bool | None:
    if not declarations.collected:
        return None
    devices = {
        (pipeline.name, step.label): platform_of(device_of(step))
        for pipeline in declarations.project.pipelines
        for step in pipeline.steps
    }
    steps = (each.step for each in declarations.collected.get(RepoPath(path), ()))
    return any(
        _MIRRORS.get(step.mirror or "", devices.get((step.pipeline, step.label), "cuda")) in platforms
        for step in steps
    )
