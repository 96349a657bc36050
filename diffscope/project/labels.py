"""Mergify rules and a change -> the labels to add and remove, each with the deciding condition.

Conditions are judged in three-valued logic. What a source does not tell of a pull request's state (labels, closed,
draft, conflict, base) is taken as it is when a pull request is opened, and listed in ``assumed``; what has no such
state (checks, reviews) or no pattern in linear time is unknown, and so is a rule that hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from operator import eq, ge, gt, le, lt, ne
from typing import Final, NamedTuple

from diffscope.errors import InputError
from diffscope.patterns import compile_glob, lazy_regex
from diffscope.project.answers import ConditionMatch, LabelEffect, MergifyChange
from diffscope.project.matching import compile_guarded
from diffscope.project.model import Condition, ConditionGroup, Mergify, MergifyRule, Problem, Verdict
from diffscope.project.tree import TreeIndex
from diffscope.project.yaml_shapes import Shapes
from diffscope.source.model import RepoPath
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode

PLACES: Final = (RepoPath(".mergify.yml"), RepoPath(".mergify/config.yml"), RepoPath(".github/mergify.yml"))
"""Where mergify looks, in its order."""

_CONDITION = lazy_regex(
    r"(?P<negated>-?)\s*(?P<count>#?)(?P<attribute>[A-Za-z](?:[A-Za-z0-9_.\-]|\[[^\]]*\])*?)"
    r"\s*(?:(?P<operator>!=|~=|\*=|>=|<=|==|≠|≥|≤|=|:|<|>)\s*(?P<value>.*))?",
    re.DOTALL,
)
_OPERATORS: Final = {"==": "=", ":": "=", "≠": "!=", "≥": ">=", "≤": "<="}
_GROUPS: Final = {"and": "all", "or": "any", "not": "none"}
_COMPARISONS: Final = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_MAX_DEPTH: Final = 16
_MAX_TEXT: Final = 4_000


def parse_mergify(data: bytes, path: RepoPath) -> tuple[Mergify, tuple[Problem, ...]]:
    """Return the pull request rules of a mergify configuration, and what could not be read of it."""
    shapes = Shapes(path)
    root = shapes.load(data)
    if root is None:
        return Mergify(path=path), tuple(shapes.problems)
    rules = tuple(_rule(shapes, node) for node in shapes.maps(root, "pull_request_rules"))
    return Mergify(path=path, rules=rules), tuple(shapes.problems)


def parse_condition(text: str, line: int) -> Condition:
    """Return one condition; one that does not parse carries the reason in ``defect``."""
    found = _CONDITION.fullmatch(text.strip()) if len(text) <= _MAX_TEXT else None
    if found is None:
        reason = "it is not of the form attribute, operator, value"
        return Condition(text=text, line=line, attribute="", operator="", value="", defect=reason)
    operator = found["operator"] or ""
    value = (found["value"] or "").strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return Condition(
        text=text,
        line=line,
        attribute=found["attribute"],
        operator=_OPERATORS.get(operator, operator),
        value=value[1:-1] if is_quoted else value,
        is_negated=bool(found["negated"]),
        is_count=bool(found["count"]),
    )


def conditions_of(group: ConditionGroup) -> tuple[Condition, ...]:
    """Return every condition of a tree, in the order of the file."""
    parts = (conditions_of(item) if isinstance(item, ConditionGroup) else (item,) for item in group.items)
    return tuple(chain.from_iterable(parts))


def _rule(shapes: Shapes, node: MapNode) -> MergifyRule:
    name = shapes.text(node, "name")
    if name is None:
        shapes.report(node.line, "a rule has no name")
    conditions = node.get("conditions")
    items = _items(shapes, conditions, 1) if isinstance(conditions, ListNode) else ()
    if not isinstance(conditions, ListNode):
        shapes.report(node.line, f"the rule {name!r} has no list of conditions")
    actions = node.get("actions")
    actions = actions if isinstance(actions, MapNode) else MapNode((), node.line, node.column)
    label = actions.get("label")
    return MergifyRule(
        name=name or "",
        line=node.line,
        conditions=ConditionGroup(kind="all", items=items, line=node.line),
        adds=_texts(shapes, label, "add") + _texts(shapes, label, "toggle"),
        removes=_texts(shapes, label, "remove"),
        comments="comment" in actions.keys(),  # noqa: SIM118 - not a dict
    )


def _texts(shapes: Shapes, node: Node | None, key: str) -> tuple[str, ...]:
    if not isinstance(node, MapNode):
        return ()
    return tuple(each.text for each in shapes.texts(node, key) or ())


def _items(shapes: Shapes, node: ListNode, depth: int) -> tuple[Condition | ConditionGroup, ...]:
    items: list[Condition | ConditionGroup] = []
    if depth > _MAX_DEPTH:
        shapes.report(node.line, f"conditions are nested more than {_MAX_DEPTH} deep")
        return ()
    for item in node.items:
        if isinstance(item, ScalarNode) and item.value is not None:
            items.append(parse_condition(item.text, item.line))
        elif isinstance(item, MapNode):
            items.extend(_group(shapes, entry.key, entry.value, entry.line, depth) for entry in item.entries)
        else:
            shapes.report(item.line, "a condition is neither text nor and/or/not")
    return tuple(items)


def _group(shapes: Shapes, key: str, value: Node, line: int, depth: int) -> Condition | ConditionGroup:
    kind = _GROUPS.get(key)
    if kind is not None and isinstance(value, ListNode):
        return ConditionGroup(kind=kind, items=_items(shapes, value, depth + 1), line=line)
    if kind == "none" and isinstance(value, ScalarNode):
        return ConditionGroup(kind=kind, items=(parse_condition(value.text, value.line),), line=line)
    if kind == "none" and isinstance(value, MapNode):
        inner = tuple(_group(shapes, each.key, each.value, each.line, depth + 1) for each in value.entries)
        return ConditionGroup(kind=kind, items=inner, line=line)
    # `- title: text` is YAML for a mapping, not a condition; mergify refuses it too.
    shapes.report(line, f"'{key}' is not a way to combine conditions (and, or, not)")
    reason = "it is not a condition"
    return Condition(text=key, line=line, attribute="", operator="", value="", defect=reason)


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
    if item.kind == "any":
        return _any(parts)
    return _negate(_all(parts)) if item.kind == "none" else _all(parts)


def matching_paths(condition: Condition, paths: Iterable[RepoPath]) -> tuple[RepoPath, ...] | None:
    """Return the paths that a ``files`` condition's pattern covers, its sign ignored; ``None``: it cannot be judged."""
    value = condition.value
    try:
        match condition.operator:
            case "=" | "!=":
                return tuple(path for path in paths if path == value)
            case "~=":
                return tuple(filter(compile_guarded(value).search, paths))
            case "*=":
                return tuple(filter(compile_glob(value).matches, paths))
    except InputError:
        pass
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
    compare = _COMPARISONS.get(condition.operator)
    if compare is None:
        return Judged(Verdict.UNKNOWN, unknown=(condition.text,))
    return Judged(_truth(compare(count, int(condition.value))))


def _match(condition: Condition, subject: str, others: int) -> ConditionMatch:
    return ConditionMatch(condition=condition.text, line=condition.line, subject=subject, others=others)


def _truth(held: bool) -> Verdict:  # noqa: FBT001 - the one argument is what it is named for
    return Verdict.YES if held else Verdict.NO


def _negate(judged: Judged) -> Judged:
    if judged.verdict is Verdict.YES:
        return judged._replace(verdict=Verdict.NO, because=())
    return judged._replace(verdict=Verdict.YES) if judged.verdict is Verdict.NO else judged


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
