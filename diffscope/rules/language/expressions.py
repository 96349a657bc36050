"""YAML nodes -> conditions, every mistake noted with its line. The grammar stands in conditions.py."""

from __future__ import annotations

from typing import Final

from diffscope.facts.vocabulary import Family, families
from diffscope.rules.language.conditions import (
    ALWAYS,
    COMPARISONS,
    AllOf,
    AnyOf,
    Bound,
    Condition,
    Joined,
    Measure,
    Measured,
    Not,
    Operator,
    Place,
    Quantified,
    Quantifier,
    all_together,
)
from diffscope.rules.language.fields import Scope, parse_field
from diffscope.rules.reading import clipped, nearest, shape
from diffscope.strict_yaml import Entry, ListNode, MapNode, Node, ScalarNode

_BOUNDS: Final = tuple(operator.value for operator in (*COMPARISONS, Operator.IS))
_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "all": (),
    "any": ("where",),
    "not": (),
    "none": ("where",),
    "every": ("where",),
    "count": ("where", "distinct", *_BOUNDS),
    "sum": ("where", "of", *_BOUNDS),
}
_GROUPS: Final = ("any_of", "all_of", "not", "joined")


def parse_expression(node: Node, scope: Scope, what: str = "'when'") -> Condition:
    """Return an expression over the whole change; a neutral one where it is wrong."""
    if not isinstance(node, MapNode):
        hint = "put 'all:' or 'any:' before the list" if isinstance(node, ListNode) else "write {any: FACT}"
        scope.reading.report(node, f"{what} must be a mapping, not {shape(node)}", hint)
        return ALWAYS
    keys = node.keys()
    heads = [key for key in keys if key in _HEADS]
    if len(heads) != 1:
        return _no_head(node, heads, scope, what)
    head = heads[0]
    entry = node.entry(head)
    assert entry is not None  # noqa: S101 - it is one of the mapping's own keys
    _refuse_unknown(node, (head, *_HEADS[head]), scope, f"'{head}'")
    if head == "not":
        return Not(part=parse_expression(entry.value, scope, "'not'"))
    if head == "all" or isinstance(entry.value, ListNode):
        return _group(node, entry, scope)
    if head in ("count", "sum"):
        return _measured(node, entry, scope)
    family, inherited = _asked_fact(entry.value, scope)
    where = _where_of(node, family, inherited, scope)
    return Quantified(quantifier=Quantifier(head), fact=family.name if family else "", where=where)


def parse_fact(node: Node, scope: Scope) -> Family | None:
    """Return the family that a node names; ``None``, noted, where there is no such family."""
    word = scope.reading.choice(node, "fact", families())
    return families()[word] if word else None


def parse_where(node: Node, family: Family, scope: Scope) -> Condition:
    """Return a condition on one record of a family."""
    if not isinstance(node, MapNode):
        message = f"'where' must be a mapping of fields, not {shape(node)}"
        scope.reading.report(node, message, "write {field: value}")
        return ALWAYS
    return all_together(*(_where_entry(entry, family, scope) for entry in node.entries))


def _no_head(node: MapNode, heads: list[str], scope: Scope, what: str) -> Condition:
    if heads:
        message = f"{what} has {' and '.join(repr(head) for head in heads)} side by side"
        scope.reading.report(node, message, "wrap them: all: [{...}, {...}]")
        return ALWAYS
    keys = node.keys()
    words = ", ".join(clipped(key, 20) for key in keys[:5]) or "nothing"
    hint = next((found for key in keys if (found := nearest(key, _HEADS)).startswith("did")), "")
    message = f"{what} has no {', '.join(list(_HEADS)[:-1])} or sum: it has {words}"
    scope.reading.report(node, message, hint)
    return ALWAYS


def _refuse_unknown(node: MapNode, known: tuple[str, ...], scope: Scope, what: str) -> None:
    for entry in node.entries:
        if entry.key not in known:
            message = f"unknown key '{clipped(entry.key)}' in {what}"
            scope.reading.report(entry, message, nearest(entry.key, known))


def _group(node: MapNode, entry: Entry, scope: Scope) -> Condition:
    where = node.entry("where")
    if where is not None:
        message = f"'where' cannot stand beside a list of '{entry.key}'"
        scope.reading.report(where, message, "move it into one of the list's items")
    items = scope.reading.items(entry.value, f"'{entry.key}'")
    if isinstance(entry.value, ListNode) and not items:
        scope.reading.report(entry, f"'{entry.key}' is an empty list", "list at least one condition")
    parts = tuple(parse_expression(item, scope, f"an item of '{entry.key}'") for item in items)
    return AllOf(parts=parts) if entry.key == "all" else AnyOf(parts=parts)


def _asked_fact(node: Node, scope: Scope) -> tuple[Family | None, Condition]:
    """Return the family that a quantifier asks, and what ``evidence`` adds to its where."""
    if not (isinstance(node, ScalarNode) and node.value == "evidence"):
        return parse_fact(node, scope), ALWAYS
    if scope.evidence is None:
        message = "'evidence' cannot be asked: it has no 'where' of its own"
        scope.reading.report(node, message, "write evidence: {fact: ..., where: {...}}")
        return None, ALWAYS
    return families().get(scope.evidence.fact), scope.evidence.where


def _where_of(node: MapNode, family: Family | None, inherited: Condition, scope: Scope) -> Condition:
    where = node.get("where")
    # With the family unknown, every field would be reported too: one mistake is enough.
    if where is None or family is None:
        return inherited
    return all_together(inherited, parse_where(where, family, scope))


def _measured(node: MapNode, entry: Entry, scope: Scope) -> Condition:
    family, inherited = _asked_fact(entry.value, scope)
    bounds = tuple(
        Bound(operator=Operator(found.key), number=scope.reading.whole(found.value, f"'{found.key}'"))
        for found in node.entries
        if found.key in _BOUNDS
    )
    if not bounds:
        scope.reading.report(entry, f"'{entry.key}' has no bound", f"add one of {', '.join(_BOUNDS)}")
    return Measured(
        measure=Measure(entry.key),
        fact=family.name if family else "",
        where=_where_of(node, family, inherited, scope),
        fields=_measured_fields(node, entry, family, scope),
        bounds=bounds,
    )


def _measured_fields(node: MapNode, head: Entry, family: Family | None, scope: Scope) -> tuple[str, ...]:
    is_sum = head.key == "sum"
    entry = node.entry("of" if is_sum else "distinct")
    if entry is None and is_sum:
        scope.reading.report(head, "'sum' lacks 'of'", "add 'of: FIELD', a field that is a number")
    if entry is None or family is None:
        return ()
    known = [field.name for field in family.fields if field.type == "number" or not is_sum]
    what = f"{'number' if is_sum else 'field'} of '{family.name}'"
    is_several = is_sum and isinstance(entry.value, ListNode)
    items = scope.reading.items(entry.value, "'of'") if is_several else (entry.value,)
    return tuple(name for item in items if (name := scope.reading.choice(item, what, known)))


def _where_entry(entry: Entry, family: Family, scope: Scope) -> Condition | None:
    field = family.field(entry.key)
    if field is not None:
        return parse_field(entry, field, family, scope)
    match entry.key:
        case "any_of" | "all_of":
            parts = _where_group(entry, family, scope)
            return AnyOf(parts=parts) if entry.key == "any_of" else all_together(*parts)
        case "not":
            return Not(part=parse_where(entry.value, family, scope))
        case "joined":
            return _joined(entry, family, scope)
    words = [*(each.name for each in family.fields), *_GROUPS]
    message = f"unknown field '{clipped(entry.key)}' of fact '{family.name}'"
    scope.reading.report(entry, message, nearest(entry.key, words))
    return None


def _where_group(entry: Entry, family: Family, scope: Scope) -> tuple[Condition, ...]:
    items = scope.reading.items(entry.value, f"'{entry.key}'")
    if isinstance(entry.value, ListNode) and not items:
        scope.reading.report(entry, f"'{entry.key}' is an empty list", "list at least one mapping of fields")
    return tuple(parse_where(item, family, scope) for item in items)


def _joined(entry: Entry, family: Family, scope: Scope) -> Condition | None:
    known = ("any", "none", "same", "where")
    entries = scope.reading.mapping(entry.value, "'joined'", known=known, required=("same",))
    heads = [entries[key] for key in ("any", "none") if key in entries]
    if len(heads) != 1:
        scope.reading.report(
            entry, "'joined' needs one of 'any' and 'none'", "write {any: FACT, same: symbol}"
        )
        return None
    other = parse_fact(heads[0].value, scope)
    if family.single or (other is not None and other.single):
        scope.reading.report(entry, "'change' has no place to join by", "ask it beside, in 'all:'")
        return None
    same = (
        scope.reading.choice(entries["same"].value, "place", [each.value for each in Place])
        if "same" in entries
        else None
    )
    where = parse_where(entries["where"].value, other, scope) if "where" in entries and other else ALWAYS
    if other is None or same is None:
        return None
    return Joined(quantifier=Quantifier(heads[0].key), fact=other.name, same=Place(same), where=where)
