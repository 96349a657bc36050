"""YAML nodes -> conditions, every mistake noted with its line. The grammar is in conditions.py."""

from __future__ import annotations

from typing import Final

from diffscope.facts.vocabulary import Family, families
from diffscope.rules.language.conditions import (
    ALWAYS,
    COMPARISONS,
    AnyOf,
    Bound,
    Condition,
    EvidenceQuery,
    Exists,
    Joined,
    Measure,
    Measured,
    Named,
    Not,
    Operator,
    Place,
    all_together,
)
from diffscope.rules.language.names import Predicate, Scope, name_of, parse_field
from diffscope.yaml.reading import Reading, clipped, nearest, shape
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

EVIDENCE: Final = "evidence"
_BOUNDS: Final = tuple(operator.value for operator in COMPARISONS)
_GROUPS: Final = ("all", "any", "not")
_MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "count": ("count", "where", "distinct", *_BOUNDS),
    "sum": ("sum", "of", "where", *_BOUNDS),
}
SAME_PLACE: Final = {f"same_{place.value}": place for place in Place}


def parse_expression(node: Node, scope: Scope, what: str = "'when'") -> Condition:
    """Return an expression over the whole change; a neutral one where it is wrong."""
    if name_of(node) is not None:
        found = scope.predicate(node, is_of_change=True)
        return _named_expression(found, node, scope) if found is not None else ALWAYS
    if isinstance(node, ListNode):
        return _all_items(node, node, scope, what)
    if not isinstance(node, MapNode):
        scope.reading.report(
            node,
            f"{what} must be a condition, not {shape(node)}",
            "write evidence: {FIELD: VALUE}, or change: {...}",
        )
        return ALWAYS
    if not node.entries:
        scope.reading.report(
            node, f"{what} asks nothing", "name a fact: {call: {}} holds where there is a call"
        )
    measures = [key for key in _MEASURES if node.get(key) is not None]
    if measures:
        return _measured(node, measures[0], scope)
    return all_together(*(_line(entry, scope, what) for entry in node.entries))


def parse_where(node: Node, family: Family, scope: Scope) -> Condition:
    """Return a condition on one record of a family."""
    if name_of(node) is not None:
        found = scope.predicate(node, is_of_change=False)
        return _named_where(found, node, family, scope) if found is not None else ALWAYS
    if isinstance(node, ListNode):
        return all_together(
            *(parse_where(item, family, scope) for item in _items(node, node, scope, "'where'"))
        )
    if not isinstance(node, MapNode):
        message = f"a condition on '{family.name}' must be a mapping of fields, not {shape(node)}"
        scope.reading.report(node, message, "write {FIELD: VALUE}, or {} for every record")
        return ALWAYS
    return all_together(*(_where_line(entry, family, scope) for entry in node.entries))


def parse_predicate(predicate: Predicate, scope: Scope) -> Condition:
    """Return what a predicate asks, read by itself: for one on the change, ``evidence`` is every record of its family."""
    family = families()[predicate.fact]
    inner = Scope(scope.reading, scope.names, evidence=EvidenceQuery(fact=family.name, where=ALWAYS))
    found = (
        parse_expression(predicate.node, inner)
        if predicate.is_of_change
        else parse_where(predicate.node, family, inner)
    )
    scope.used |= inner.used
    return found


def _named_where(predicate: Predicate, node: Node, family: Family, scope: Scope) -> Condition:
    if family.name != predicate.fact:
        message = f"${predicate.name} is asked of '{predicate.fact}', not of '{family.name}'"
        scope.reading.report(node, message, "write out what it asks")
        return ALWAYS
    # What is wrong in the predicate is reported where it stands, once.
    inner = Scope(Reading(predicate.origin), scope.names)
    part = parse_predicate(predicate, inner)
    scope.used |= inner.used
    return Named(name=predicate.name, part=part, about=predicate.about)


def _named_expression(predicate: Predicate, node: Node, scope: Scope) -> Condition:
    evidence = scope.evidence
    if evidence is None or evidence.fact != predicate.fact:
        has = f"is of '{evidence.fact}'" if evidence is not None else "is missing"
        message = f"${predicate.name} asks for evidence of '{predicate.fact}', and the rule's {has}"
        scope.reading.report(node, message, "write out what it asks")
        return ALWAYS
    inner = Scope(Reading(predicate.origin), scope.names, evidence=evidence)
    part = parse_expression(predicate.node, inner)
    scope.used |= inner.used
    return Named(name=predicate.name, part=part, about=predicate.about)


def _line(entry: Entry, scope: Scope, what: str) -> Condition | None:
    """Return what one line of an expression asks."""
    match entry.key:
        case "all":
            return _all_items(entry.value, entry, scope, "'all'")
        case "any":
            items = _items(entry.value, entry, scope, "'any'")
            return AnyOf(parts=tuple(parse_expression(item, scope, "an item of 'any'") for item in items))
        case "not":
            if isinstance(entry.value, ListNode):
                _refuse_list(entry, scope)
                return None
            return Not(part=parse_expression(entry.value, scope, "'not'"))
        case "evidence":
            return _asked_evidence(entry, scope)
    return _asked_fact(entry, scope, what)


def _asked_fact(entry: Entry, scope: Scope, what: str) -> Condition | None:
    family = families().get(entry.key)
    if family is None:
        words = [EVIDENCE, *families(), *_GROUPS, *_MEASURES]
        message = f"{what} asks '{clipped(entry.key)}', which is neither a fact nor an operator"
        scope.reading.report(entry, message, nearest(entry.key, words))
        return None
    return Exists(fact=family.name, where=parse_where(entry.value, family, scope))


def _refuse_list(entry: Entry, scope: Scope) -> None:
    # Whether a list is meant as all or as any of its items would be a guess.
    scope.reading.report(
        entry, "'not' has a list of conditions", "write not: {any: [...]} or not: {all: [...]}"
    )


def _all_items(node: Node, place: Node | Entry, scope: Scope, what: str) -> Condition:
    items = _items(node, place, scope, what)
    return all_together(*(parse_expression(item, scope, f"an item of {what}") for item in items))


def _items(node: Node, place: Node | Entry, scope: Scope, what: str) -> tuple[Node, ...]:
    items = scope.reading.items(node, what)
    if isinstance(node, ListNode) and not items:
        scope.reading.report(place, f"{what} is an empty list", "list at least one condition")
    return items


def _asked_evidence(entry: Entry, scope: Scope) -> Condition | None:
    query = scope.evidence
    family = families().get(query.fact) if query is not None else None
    # Evidence that could not be read has its own mistakes.
    if query is None or family is None:
        return None
    return Exists(fact=query.fact, where=all_together(query.where, parse_where(entry.value, family, scope)))


def _measured(node: MapNode, head: str, scope: Scope) -> Condition:
    known = _MEASURES[head]
    for entry in node.entries:
        if entry.key not in known:
            message = f"unknown key '{clipped(entry.key)}' beside '{head}'"
            hint = (
                nearest(entry.key, known)
                if entry.key not in (*_MEASURES, *families())
                else "list them: - {...}"
            )
            scope.reading.report(entry, message, hint)
    bounds = tuple(
        Bound(operator=Operator(found.key), number=scope.reading.whole(found.value, f"'{found.key}'"))
        for found in node.entries
        if found.key in _BOUNDS
    )
    if not bounds:
        scope.reading.report(node, f"'{head}' has no bound", f"add {' or '.join(_BOUNDS)}")
    asked = node.entry("count" if head == "count" else "of")
    if asked is None:
        scope.reading.report(node, "'sum' lacks 'of'", "write {sum: FIELD, of: FACT, at_least: N}")
        return ALWAYS
    family, inherited = _measured_fact(asked.value, scope)
    if family is None:
        return ALWAYS
    where = node.get("where")
    own = parse_where(where, family, scope) if where is not None else None
    return Measured(
        measure=Measure(head),
        fact=family.name,
        where=all_together(inherited, own),
        fields=_measured_fields(node, head, family, scope),
        bounds=bounds,
    )


def _measured_fact(node: Node, scope: Scope) -> tuple[Family | None, Condition]:
    """Return the family that is counted, and what ``evidence`` adds to its where."""
    if isinstance(node, ScalarNode) and node.value == EVIDENCE:
        query = scope.evidence
        return (None, ALWAYS) if query is None else (families().get(query.fact), query.where)
    word = scope.reading.choice(node, "fact", (EVIDENCE, *families()))
    return (families()[word] if word else None), ALWAYS


def _measured_fields(node: MapNode, head: str, family: Family, scope: Scope) -> tuple[str, ...]:
    entry = node.entry("sum" if head == "sum" else "distinct")
    if entry is None:
        return ()
    is_sum = head == "sum"
    known = [field.name for field in family.fields if field.type == "number" or not is_sum]
    what = f"{'number' if is_sum else 'field'} of '{family.name}'"
    is_several = is_sum and isinstance(entry.value, ListNode)
    items = scope.reading.items(entry.value, "'sum'") if is_several else (entry.value,)
    return tuple(name for item in items if (name := scope.reading.choice(item, what, known)))


def _where_line(entry: Entry, family: Family, scope: Scope) -> Condition | None:
    field = family.field(entry.key)
    if field is not None:
        return parse_field(entry, field, family, scope)
    match entry.key:
        case "all" | "any":
            items = _items(entry.value, entry, scope, f"'{entry.key}'")
            parts = tuple(parse_where(item, family, scope) for item in items)
            return AnyOf(parts=parts) if entry.key == "any" else all_together(*parts)
        case "not":
            if isinstance(entry.value, ListNode):
                _refuse_list(entry, scope)
                return None
            return Not(part=parse_where(entry.value, family, scope))
    if entry.key in SAME_PLACE:
        return _joined(entry, family, scope)
    words = [*(each.name for each in family.fields), *_GROUPS, *SAME_PLACE]
    message = f"unknown field '{clipped(entry.key)}' of fact '{family.name}'"
    scope.reading.report(entry, message, nearest(entry.key, words))
    return None


def _joined(entry: Entry, family: Family, scope: Scope) -> Condition | None:
    if not isinstance(entry.value, MapNode) or len(entry.value.entries) != 1:
        message = f"'{entry.key}' needs one fact, not {shape(entry.value)}"
        scope.reading.report(entry, message, f"write {entry.key}: {{call: {{FIELD: VALUE}}}}")
        return None
    (asked,) = entry.value.entries
    other = families().get(asked.key)
    if other is None:
        scope.reading.report(asked, f"unknown fact '{clipped(asked.key)}'", nearest(asked.key, families()))
        return None
    if family.single or other.single:
        message = "'change' has no place that another fact could share"
        scope.reading.report(entry, message, "ask it beside, in 'when'")
        return None
    return Joined(fact=other.name, same=SAME_PLACE[entry.key], where=parse_where(asked.value, other, scope))
