"""mergify.yml -> its rules: conditions as a tree, and what each rule does with labels, comments and assignees."""

from __future__ import annotations

import re
from typing import Final

from diffscope.project.model import Condition, ConditionGroup, Mergify, MergifyRule, Problem
from diffscope.project.yaml_shapes import Shapes
from diffscope.source.model import RepoPath
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode

PLACES: Final = (
    RepoPath(".mergify.yml"),
    RepoPath(".mergify/config.yml"),
    RepoPath(".github/mergify.yml"),
)
"""Where mergify looks, in its order."""

_CONDITION = re.compile(
    r"(?P<negated>-?)\s*(?P<count>#?)(?P<attribute>[A-Za-z](?:[A-Za-z0-9_.\-]|\[[^\]]*\])*?)"
    r"\s*(?:(?P<operator>!=|~=|\*=|>=|<=|==|≠|≥|≤|=|:|<|>)\s*(?P<value>.*))?",
    re.DOTALL,
)
_OPERATORS: Final = {"==": "=", ":": "=", "≠": "!=", "≥": ">=", "≤": "<="}
_GROUPS: Final = {"and": "all", "or": "any", "not": "none"}
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
    return Condition(
        text=text,
        line=line,
        attribute=found["attribute"],
        operator=_OPERATORS.get(operator, operator),
        value=_unquote((found["value"] or "").strip()),
        is_negated=bool(found["negated"]),
        is_count=bool(found["count"]),
    )


def conditions_of(group: ConditionGroup) -> tuple[Condition, ...]:
    """Return every condition of a tree, in the order of the file."""
    found: list[Condition] = []
    for item in group.items:
        found.extend(conditions_of(item) if isinstance(item, ConditionGroup) else (item,))
    return tuple(found)


def _unquote(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


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
    assign = actions.get("assign")
    return MergifyRule(
        name=name or "",
        line=node.line,
        conditions=ConditionGroup(kind="all", items=items, line=node.line),
        adds=_texts(shapes, label, "add") + _texts(shapes, label, "toggle"),
        removes=_texts(shapes, label, "remove"),
        comments="comment" in actions.keys(),  # noqa: SIM118 - not a dict
        assigns=_texts(shapes, assign, "users") + _texts(shapes, assign, "add_users"),
        other_actions=tuple(key for key in actions.keys() if key not in {"label", "comment", "assign"}),  # noqa: SIM118
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
