"""Tests that are skipped: whether a step of continuous integration ran the test on the platform where it is skipped now, and files skipped as a whole wherever CI collects them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.imports import distribution_of
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.ci.declarations import Declarations
from diffscope.facts.model import StepFact, TestFact
from diffscope.facts.parsed_text import platforms_left, platforms_skipped
from diffscope.patterns import lazy_regex
from diffscope.project.answers import StepRef
from diffscope.project.ci.buildkite import UNKNOWN_PLATFORM, device_of, platform_of
from diffscope.project.ci.collection import collect_tests, is_test_file
from diffscope.project.model import Dialect
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.outline.uses import closed

_IMPORTED: Final = lazy_regex(
    r"""^(?:\w+ *= *)?pytest\.importorskip\(\s*["']([A-Za-z_][\w.]*)""", re.MULTILINE
)
_MARK: Final = lazy_regex(r"^pytestmark *(?::[^=\n]+)?= *\[?\s*pytest\.mark\.skipif(?=\()", re.MULTILINE)
_IF: Final = lazy_regex(
    r"^if ([^\n]+):[^\n]*\n +pytest\.skip\([^)]*allow_module_level *= *True", re.MULTILINE
)
_ASSIGNED: Final = lazy_regex(r"^([A-Za-z_]\w*) *(?::[^=\n]+)?=(?!=) *([^\n]+)", re.MULTILINE)
_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_SPEC: Final = lazy_regex(r"""\bfind_spec\(\s*["']([A-Za-z_][\w.]*)""")
_VARIABLE: Final = lazy_regex(r"""\b(?:environ\.get\(|getenv\(|environ\[)\s*["']([A-Za-z_]\w*)""")
_ABSENT: Final = lazy_regex(r"\bnot\b|\bis None\b|== *(?:\"\"|'')")
_REASON: Final = lazy_regex(r",\s*reason\s*=.*", re.DOTALL)
_ALWAYS: Final = frozenset({"torch", "pytest"})


class _Need(NamedTuple):
    """What a file asks for before it runs: one of the three is told."""

    package: str = ""
    variable: str = ""
    elsewhere: frozenset[str] = frozenset()
    """The platforms on which it is skipped."""


def idle_tests(
    placed: tuple[Placed, ...], declarations: Declarations, lookup: TreeLookup | None = None
) -> Iterator[StepFact]:
    """Yield the test files that gain code, that steps collect, and of which no test runs in any of them.

    They are skipped as a whole without a package that no requirement, image or command names, without a variable that none sets, or on
    the platform of every step that collects them. What the product imports somewhere is taken to be installed, under whatever name.
    """
    gaining = {
        RepoPath(one.fact.path): one
        for one in placed
        if one.fact.status != "deleted" and one.fact.code_added and is_test_file(one.fact.path)
    }
    needs = {path: found for path, one in gaining.items() if (found := tuple(_needs(one)))}
    if not needs:
        return
    collected = collect_tests(declarations.step_tests, TreeIndex(needs))
    for path in sorted(needs.keys() & collected.keys()):
        platforms = _platforms_of_steps((each.step for each in collected[path]), declarations)
        # Images and machines that jobs of GitHub run on may hold any package and variable.
        is_told = all(each.step.dialect is not Dialect.GITHUB for each in collected[path])
        for need in needs[path] if is_told else [one for one in needs[path] if one.elsewhere]:
            reason = _reason(need, platforms, placed, declarations)
            if lookup is not None and need.package and lookup.imports_root(need.package.partition(".")[0]):
                continue
            # Machines of other platforms are driven from outside, by a script in the tree.
            if need.elsewhere and declarations.scripts_name(path):
                continue
            if reason:
                yield StepFact(
                    **gaining[path].spot(),
                    what="cannot-run",
                    step=collected[path][0].step.label,
                    detail=reason,
                )
                break


def _needs(placed: Placed) -> Iterator[_Need]:
    text = placed.material.after.text if placed.material.after is not None else ""
    for found in _IMPORTED.finditer(text):
        yield _Need(package=found[1])
    assigned = dict(_ASSIGNED.findall(text))
    for condition in _conditions(text):
        left = platforms_skipped(condition)
        if left:
            yield _Need(elsewhere=left)
        for part in _REASON.sub("", condition).split(" or "):
            values = (assigned.get(name, "") for name in _NAME.findall(part))
            whole = " ".join((part, *values))
            if " and " in part or not _ABSENT.search(part):
                continue
            yield from (_Need(package=name) for name in _SPEC.findall(whole))
            yield from (_Need(variable=name) for name in _VARIABLE.findall(whole))


def _conditions(text: str) -> Iterator[str]:
    yield from (found[1] for found in _IF.finditer(text))
    data = text.encode()
    for found in _MARK.finditer(text):
        start = len(text[: found.end()].encode())
        end = closed(data, start)
        if end is not None:
            yield data[start + 1 : end - 1].decode()


def _reason(
    need: _Need, platforms: frozenset[str], placed: tuple[Placed, ...], declarations: Declarations
) -> str | None:
    if need.elsewhere:
        where = ", ".join(sorted(platforms))
        is_nowhere = platforms and platforms <= need.elsewhere
        return f"it is skipped on {where}, where alone it is collected" if is_nowhere else None
    if need.variable:
        is_set = declarations.mentions(need.variable) or _mentions(need.variable, placed)
        return None if is_set else f"it is skipped without the variable {need.variable}, which no step sets"
    root = need.package.partition(".")[0]
    if root in places().own or root in _ALWAYS or root in sys.stdlib_module_names:
        return None
    names = (root, distribution_of(root))
    is_known = any(declarations.mentions(name) or _mentions(name, placed) for name in names)
    return None if is_known else f"it is skipped without {root}, which no requirement, image or command names"


def _mentions(name: str, placed: tuple[Placed, ...]) -> bool:
    """Return whether a file of the change that is no Python names something: what it declares holds already."""
    texts = (
        one.material.after.text for one in placed if one.material.after and not one.fact.path.endswith(".py")
    )
    return any(name.lower() in text.lower() for text in texts)


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


def _ran_on(path: str, platforms: frozenset[str], declarations: Declarations) -> bool | None:
    tests = (RepoPath(path),) if declarations.has_file(path) else ()
    collected = declarations.collecting(tests)
    if collected is None:
        return None
    steps = (each.step for each in collected.get(RepoPath(path), ()))
    ran = _platforms_of_steps(steps, declarations)
    return None if UNKNOWN_PLATFORM in ran or declarations.runs_more else not platforms.isdisjoint(ran)


def _platforms_of_steps(steps: Iterable[StepRef], declarations: Declarations) -> frozenset[str]:
    """Return the platforms on whose devices steps and their mirrors run."""
    devices = {
        (pipeline.name, step.label): platform_of(device_of(step), step.dialect)
        for pipeline in declarations.project.pipelines
        for step in pipeline.steps
    }
    return frozenset(
        _MIRRORS.get(step.mirror or "", devices.get((step.pipeline, step.label), "cuda")) for step in steps
    )
