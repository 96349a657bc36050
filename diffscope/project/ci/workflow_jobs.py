"""A workflow of GitHub and changed paths -> which of its jobs run for a pull request, and what decides.

A workflow starts where the base branch passes ``branches`` and the paths pass ``paths``: of the patterns that match a path the last one
decides, and one path that is left suffices. With ``paths-ignore`` one path suffices that no pattern matches. Then each job's ``if`` and
``needs`` decide. Three answers are kept apart: a condition that asks for anything but the event is undecided. The branch is not told by a
change; it is taken to be ``main`` or ``master``, and a filter that admits neither is undecided.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.project.answers import Reason, StepDecision
from diffscope.project.ci.buildkite import platform_of
from diffscope.project.ci.workflows import PULL_REQUEST
from diffscope.project.matching import first_match, workflow_pattern
from diffscope.project.model import Dialect, Listed, Pipeline, Step, WorkflowEvent
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile

_MOST_FILES: Final = 300
"""Changed files that GitHub compares with ``paths``."""
_BRANCHES: Final = ("main", "master")
_RUNNING: Final = frozenset({Reason.ALWAYS, Reason.DEPENDENCY, Reason.NOT_IGNORED})


class _Why(NamedTuple):
    reason: Reason
    entry: Listed | None = None
    path: RepoPath | None = None


def decide_jobs(pipeline: Pipeline, event: WorkflowEvent, paths: tuple[RepoPath, ...]) -> list[StepDecision]:
    """Return whether each job of a workflow runs for the changed paths, in the order of the file."""
    started = _started(event, paths)
    jobs = {(job.key or "").rpartition("/")[2]: job for job in pipeline.steps}
    needs = {name: [one.text for one in job.depends_on if one.text in jobs] for name, job in jobs.items()}
    known: dict[str, _Why] = {}
    try:
        for name in TopologicalSorter(needs).static_order():
            known[name] = _decide(jobs[name], event, started, known)
    except CycleError:
        # GitHub refuses a workflow whose jobs wait for each other.
        known = dict.fromkeys(jobs, _Why(Reason.UNDECIDED))
    return [_decision(pipeline, job, known[name]) for name, job in jobs.items()]


def _started(event: WorkflowEvent, paths: tuple[RepoPath, ...]) -> _Why:
    types = event.types or ()
    if not event.name or (event.types is not None and not any(one.text in _ACTIVITIES for one in types)):
        return _Why(Reason.EVENT, types[0] if types else None)
    for listed, is_ignoring in ((event.branches, False), (event.branches_ignore, True)):
        passes = [_last(listed or (), branch) for branch in _BRANCHES]
        if listed is not None and (any(passes) if is_ignoring else not any(passes)):
            return _Why(Reason.UNDECIDED, listed[0] if listed else None)
    if event.paths is not None:
        return _by_paths(event.paths, paths)
    return _but_ignored(event.paths_ignore, paths) if event.paths_ignore is not None else _Why(Reason.ALWAYS)


_ACTIVITIES: Final = frozenset({"opened", "synchronize", "reopened"})


def _by_paths(listed: tuple[Listed, ...], paths: tuple[RepoPath, ...]) -> _Why:
    found = first_match(listed, sorted(paths)[:_MOST_FILES], Dialect.GITHUB)
    if found is not None:
        return _Why(Reason.DEPENDENCY, *found)
    broken = next((one for one in listed if workflow_pattern(one.text.removeprefix("!")) is None), None)
    is_cut = len(paths) > _MOST_FILES
    return _Why(Reason.UNDECIDED, broken) if broken or is_cut else _Why(Reason.NO_MATCH)


def _but_ignored(listed: tuple[Listed, ...], paths: tuple[RepoPath, ...]) -> _Why:
    # What `!` means here is not documented.
    odd = next(
        (one for one in listed if workflow_pattern(one.text) is None or one.text.startswith("!")), None
    )
    if odd is not None:
        return _Why(Reason.UNDECIDED, odd)
    for path in sorted(paths)[:_MOST_FILES]:
        if _last(listed, path) is None:
            return _Why(Reason.NOT_IGNORED, None, path)
    return _Why(
        Reason.UNDECIDED if len(paths) > _MOST_FILES else Reason.IGNORED, listed[0] if listed else None
    )


def _last(listed: Iterable[Listed], text: str) -> Listed | None:
    found = first_match(tuple(listed), (RepoPath(text),), Dialect.GITHUB)
    return found[0] if found else None


def _decide(job: Step, event: WorkflowEvent, started: _Why, known: Mapping[str, _Why]) -> _Why:
    """Return what decides on a job, where those that it needs are known."""
    if started.reason not in _RUNNING and started.reason is not Reason.UNDECIDED:
        return started
    holds, overrides = (
        (True, False) if job.condition is None else judge_condition(job.condition.text, event.name)
    )
    if holds is False:
        return _Why(Reason.CONDITION, job.condition)
    doubts = [started] if started.reason is Reason.UNDECIDED else []
    doubts += [_Why(Reason.UNDECIDED, job.condition)] if holds is None else []
    for needed in () if overrides else job.depends_on:
        why = known.get(needed.text, _Why(Reason.UNDECIDED))
        if why.reason is Reason.UNDECIDED:
            doubts.append(_Why(Reason.UNDECIDED, needed))
        elif why.reason not in _RUNNING:
            return _Why(Reason.NEEDS, needed)
    return doubts[0] if doubts else started


def _decision(pipeline: Pipeline, job: Step, why: _Why) -> StepDecision:
    device = job.device or ""
    return StepDecision(
        pipeline=pipeline.name,
        label=job.label,
        file=job.file,
        line=job.line,
        selected=why.reason in _RUNNING,
        reason=why.reason,
        dialect=Dialect.GITHUB,
        key=job.key,
        device=device,
        platform=platform_of(device, Dialect.GITHUB),
        entry=why.entry.text if why.entry else None,
        entry_line=why.entry.line if why.entry else None,
        path=why.path,
        optional=job.optional,
        soft_fail=job.soft_fail,
        timeout=job.timeout,
        parallelism=1 if job.parallelism is None else job.parallelism,
    )


_PART = lazy_regex(r"'((?:[^']|'')*)'|(&&)|(\|\|)|(!)(?!=)|(\.\*)|\b(true|false|null)\b", re.IGNORECASE)
_SPELT: Final = ("", " and ", " or ", " not ", ".each", "")
_WORDS: Final = {"true": "True", "false": "False", "null": "None"}
_LONGEST: Final = 4_000
_STATUS: Final = frozenset({"always", "failure", "cancelled"})


class _Unknown:
    """The value of what a change does not tell."""


_UNKNOWN: Final = _Unknown()


def judge_condition(text: str, event: str) -> tuple[bool | None, bool]:
    """Return whether an ``if`` holds for a pull request, ``None`` where that is not told, and whether it stands in for that of ``needs``.

    Known are the event, the repository and that no job has failed or was cancelled.
    """
    inner = text.strip()
    if inner.startswith("${{") and inner.endswith("}}") and inner.count("${{") == 1:
        inner = inner[3:-2].strip()
    if "${{" in inner or len(inner) > _LONGEST:
        return None, False
    try:
        tree = ast.parse(_PART.sub(_python, inner).strip(), mode="eval").body
        value = _value(tree, _known(event))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, False
    calls = {
        node.func.id.lower()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return (None if isinstance(value, _Unknown) else bool(value)), not calls.isdisjoint(_STATUS)


def _python(found: re.Match[str]) -> str:
    if found[1] is not None:
        return repr(found[1].replace("''", "'"))
    return _WORDS[found[6].lower()] if found[6] else _SPELT[(found.lastindex or 2) - 1]


def _known(event: str) -> dict[str, object]:
    facts: dict[str, object] = {"github.event_name": event}
    if event == PULL_REQUEST:
        # No branch or tag is spelt so, and what asks for one of those is answered.
        facts |= {
            "github.ref": "refs/pull/0/merge",
            "github.ref_type": "branch",
            "github.ref_name": "0/merge",
        }
    repository = profile().repository
    if repository is not None:
        facts |= {"github.repository": repository, "github.repository_owner": repository.partition("/")[0]}
    return facts


def _value(node: ast.expr, facts: Mapping[str, object]) -> object:  # noqa: PLR0911 - one for each kind of node
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            return facts.get(ast.unparse(node).lower(), _UNKNOWN)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _value(operand, facts)
            return inner if isinstance(inner, _Unknown) else not inner
        case ast.BoolOp(op=operator, values=values):
            return _joined([_value(one, facts) for one in values], decisive=isinstance(operator, ast.Or))
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as operator], comparators=[right]):
            equal = _equal(_value(left, facts), _value(right, facts))
            return equal if isinstance(equal, _Unknown) else equal is isinstance(operator, ast.Eq)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _called(name.lower(), [_value(one, facts) for one in arguments])
    return _UNKNOWN


def _joined(values: list[object], *, decisive: bool) -> object:
    told = [one for one in values if not isinstance(one, _Unknown)]
    if any(bool(one) is decisive for one in told):
        return decisive
    return not decisive if len(told) == len(values) else _UNKNOWN


def _equal(left: object, right: object) -> bool | _Unknown:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    # Values of other kinds are turned into numbers by rules of their own.
    return left is right if isinstance(left, bool) and isinstance(right, bool) else _UNKNOWN


def _called(name: str, arguments: list[object]) -> object:
    if name in {"always", "success"}:
        return True
    if name == "cancelled":
        return False
    texts = [one.lower() for one in arguments if isinstance(one, str)]
    if len(texts) == len(arguments) == 2:
        whole, part = texts
        answers = {
            "startswith": whole.startswith(part),
            "endswith": whole.endswith(part),
            "contains": part in whole,
        }
        return answers.get(name, _UNKNOWN)
    return _UNKNOWN
