"""Mergify rules and a change -> the labels that would come and go, each with the condition that decides.

Conditions are judged in three-valued logic. What a source does not tell of a pull request's state (labels, closed,
draft, conflict, base) is taken as it is when a pull request is opened, and listed in ``assumed``; what has no such
state (checks, reviews) or no pattern in linear time is unknown, and so is a rule that hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, assert_never

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.project.answers import ConditionMatch, LabelEffect, MergifyChange
from diffscope.project.matching.guarded_regex import compile_guarded
from diffscope.project.model import Condition, ConditionGroup, Mergify, Verdict
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath

_FLAGS: Final = ("closed", "draft", "conflict", "merged", "locked", "queue-position")
_TEXTS: Final = ("title", "author", "body", "base")


class Judged(NamedTuple):
    """The verdict on a condition or group, and what it rests on."""

    verdict: Verdict
    because: tuple[ConditionMatch, ...] = ()
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def labels_for(mergify: Mergify, change: MergifyChange) -> tuple[LabelEffect, ...]:
    """Return every label that a rule adds or removes for this change, or might; sorted by label and rule.

    A rule that does not hold has no effect and is left out.
    """
    effects: list[LabelEffect] = []
    for rule in mergify.rules:
        actions = [("add", label) for label in rule.adds] + [("remove", label) for label in rule.removes]
        judged = judge(rule.conditions, change) if actions else Judged(Verdict.NO)
        if judged.verdict is Verdict.NO:
            continue
        effects.extend(
            LabelEffect(
                label=label,
                action=action,
                verdict=judged.verdict,
                rule=rule.name,
                line=rule.line,
                because=judged.because,
                assumed=judged.assumed,
                unknown=judged.unknown if judged.verdict is Verdict.UNKNOWN else (),
            )
            for action, label in actions
        )
    return tuple(sorted(effects, key=lambda each: (each.label, each.action, each.line)))


def judge(item: Condition | ConditionGroup, change: MergifyChange) -> Judged:
    """Return the verdict on a condition or a group of them."""
    if isinstance(item, Condition):
        return _negate(_positive(item, change)) if item.is_negated else _positive(item, change)
    parts = [judge(each, change) for each in item.items]
    match item.kind:
        case "any":
            return _any(parts)
        case "none":
            return _negate(_all(parts))
        case _:
            return _all(parts)


def matching_paths(condition: Condition, paths: Iterable[RepoPath]) -> tuple[RepoPath, ...] | None:
    """Return the paths that a ``files`` condition's pattern covers, its sign ignored; ``None``: it cannot be judged."""
    value = condition.value
    try:
        match condition.operator:
            case "=" | "!=":
                return tuple(path for path in paths if path == value)
            case "~=":
                regex = compile_guarded(value)
                return tuple(path for path in paths if regex.search(path))
            case "*=":
                glob = compile_glob(value)
                return tuple(path for path in paths if glob.matches(path))
    except InputError:
        return None
    return None


def matches_any_path(condition: Condition, tree: TreeIndex) -> bool | None:
    """Say whether a ``files`` condition's pattern covers some file, its sign ignored; ``None``: it cannot be judged."""
    if condition.operator != "~=":
        found = matching_paths(condition, tree.paths)
        return None if found is None else bool(found)
    try:
        regex = compile_guarded(condition.value)
    except InputError:
        return None
    return any(map(regex.search, tree.starting_with(regex.anchor)))


def _positive(condition: Condition, change: MergifyChange) -> Judged:
    unknown = Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    if condition.defect is not None:
        return unknown
    attribute = condition.attribute
    if attribute == "files":
        return _on_files(condition, change)
    if attribute == "label":
        return _on_labels(condition, change)
    if attribute in _FLAGS and not condition.operator:
        known = getattr(change, attribute, None)
        return Judged(_truth(bool(known)), assumed=() if known is not None else (condition.text,))
    if attribute in _TEXTS and not condition.is_count:
        return _on_text(condition, change)
    return unknown


def _on_files(condition: Condition, change: MergifyChange) -> Judged:
    if condition.is_count:
        return _on_count(condition, len(change.paths))
    found = matching_paths(condition, change.paths)
    if found is None:
        return Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    if condition.operator == "!=":
        return Judged(_truth(not found))
    if not found:
        return Judged(Verdict.NO)
    return Judged(Verdict.YES, (_match(condition, found[0], len(found) - 1),))


def _on_labels(condition: Condition, change: MergifyChange) -> Judged:
    assumed = (condition.text,) if change.labels is None else ()
    labels = change.labels or ()
    if condition.is_count:
        return _on_count(condition, len(labels))._replace(assumed=assumed)
    found = [label for label in labels if _holds(condition, label)]
    if any(each is None for each in (_holds(condition, label) for label in (*labels, ""))):
        return Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    is_met = not found if condition.operator == "!=" else bool(found)
    return Judged(_truth(is_met), assumed=assumed)


def _on_text(condition: Condition, change: MergifyChange) -> Judged:
    text: str | None = getattr(change, condition.attribute)
    assumed: tuple[str, ...] = ()
    if text is None and condition.attribute == "base":
        text, assumed = "main", (condition.text,)
    held = None if text is None else _holds(condition, text)
    if text is None or held is None:
        return Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    held = not held if condition.operator == "!=" else held
    because = (_match(condition, text, 0),) if held and condition.attribute == "title" else ()
    return Judged(_truth(held), because, assumed)


def _holds(condition: Condition, text: str) -> bool | None:
    """Whether the operator, sign ignored, holds of one text; ``None`` where it cannot be judged."""
    if condition.operator in {"=", "!="}:
        return text == condition.value
    if condition.operator == "*=" and not text:
        return False
    found = matching_paths(condition, (RepoPath(text),))
    return None if found is None else bool(found)


def _on_count(condition: Condition, count: int) -> Judged:
    if not (condition.value.isascii() and condition.value.isdigit() and len(condition.value) < 10):
        return Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    wanted = int(condition.value)
    answers = {
        "=": count == wanted,
        "!=": count != wanted,
        "<": count < wanted,
        "<=": count <= wanted,
        ">": count > wanted,
        ">=": count >= wanted,
    }
    held = answers.get(condition.operator)
    return Judged(Verdict.UNKNOWN, unknown=(condition.text,)) if held is None else Judged(_truth(held))


def _match(condition: Condition, subject: str, others: int) -> ConditionMatch:
    return ConditionMatch(condition=condition.text, line=condition.line, subject=subject, others=others)


def _truth(held: bool) -> Verdict:  # noqa: FBT001 - the one argument is what it is named for
    return Verdict.YES if held else Verdict.NO


def _negate(judged: Judged) -> Judged:
    match judged.verdict:
        case Verdict.YES:
            return judged._replace(verdict=Verdict.NO, because=())
        case Verdict.NO:
            return judged._replace(verdict=Verdict.YES)
        case Verdict.UNKNOWN:
            return judged
    assert_never(judged.verdict)


def _all(parts: list[Judged]) -> Judged:
    verdicts = {part.verdict for part in parts}
    if Verdict.NO in verdicts:
        return Judged(Verdict.NO)
    return _join(parts, Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.YES)


def _any(parts: list[Judged]) -> Judged:
    held = [part for part in parts if part.verdict is Verdict.YES]
    if held:
        return _join(held, Verdict.YES)
    doubtful = [part for part in parts if part.verdict is Verdict.UNKNOWN]
    return _join(doubtful, Verdict.UNKNOWN) if doubtful else Judged(Verdict.NO)


def _join(parts: list[Judged], verdict: Verdict) -> Judged:
    return Judged(
        verdict,
        tuple(each for part in parts for each in part.because),
        tuple(dict.fromkeys(each for part in parts for each in part.assumed)),
        tuple(dict.fromkeys(each for part in parts for each in part.unknown)),
    )
