"""Facts written out by hand -> ChangeFacts: partial records, checked against the vocabulary, the rest neutral.

A field that is left out has its default; one without a default is empty (no text, 0, false, no elements), but for ``path``, which must
be given. ``unknown: [{family: ..., reason: ..., path: ...}]`` says what could not be computed, ``graph: {exact: false}`` that the graph
is of another commit.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from diffscope.facts.model import ChangeFacts, Fact, GraphFacts, UnknownFamily
from diffscope.facts.vocabulary import Family, Field, fact_type, families
from diffscope.messages.model import message
from diffscope.source.model import PullRequest, SourceKind
from diffscope.yaml.reading import Reading, clipped, nearest, shape
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode

_NEUTRAL: Final[dict[str, object]] = {"text": "", "number": 0, "truth": False, "texts": ()}


def read_facts(
    node: Node,
    reading: Reading,
    *,
    title: str,
    body: str | None = None,
    labels: tuple[str, ...] | None = None,
) -> ChangeFacts:
    """Return the facts that a node holds; what is wrong lands in ``reading``."""
    known = (*families(), "unknown", "graph")
    entries = reading.mapping(node, "'facts'", known=known)
    change = families()["change"]
    given: dict[str, Any] = {"title": title, "kind": "feature"}
    if "change" in entries:
        given |= _fields(entries["change"].value, change, reading)
    found: dict[str, Any] = {
        "pull": PullRequest(
            repository="owner/repo", source=SourceKind.RECORDED, title=title, body=body, labels=labels
        ),
        "change": _record(change, given),
        "unknown": _unknown(entries["unknown"].value, reading) if "unknown" in entries else (),
    }
    if "graph" in entries:
        found["graph"] = _graph(entries["graph"].value, reading)
    for name, family in families().items():
        if name in entries and not family.single:
            key = "imports" if name == "import" else name
            found[key] = _records(entries[name].value, family, reading)
    return ChangeFacts(**found)


def _records(node: Node, family: Family, reading: Reading) -> tuple[Fact, ...]:
    found = []
    for item in reading.items(node, f"'{family.name}'"):
        given = _fields(item, family, reading)
        if isinstance(item, MapNode) and "path" not in given:
            reading.report(item, f"a record of '{family.name}' lacks 'path'", "add 'path:'")
        found.append(_record(family, given))
    return tuple(found)


def _record(family: Family, given: dict[str, Any]) -> Fact:
    return fact_type(family.name)(**{**_neutral(family.name), **given})


# msgspec evaluates the annotations of a type anew each time: of hundreds of cases that would take a second.
@cache
def _neutral(family: str) -> dict[str, object]:
    required = {info.name for info in msgspec.structs.fields(fact_type(family)) if info.required}
    return {field.name: _NEUTRAL[field.type] for field in families()[family].fields if field.name in required}


def _fields(node: Node, family: Family, reading: Reading) -> dict[str, Any]:
    if not isinstance(node, MapNode):
        reading.report(
            node, f"a record of '{family.name}' must be a mapping, not {shape(node)}", "write {field: value}"
        )
        return {}
    found: dict[str, Any] = {}
    for entry in node.entries:
        field = family.field(entry.key)
        if field is None:
            words = [each.name for each in family.fields]
            message = f"unknown field '{clipped(entry.key)}' of fact '{family.name}'"
            reading.report(entry, message, nearest(entry.key, words))
        else:
            found[field.name] = _value(entry.value, field, reading)
    return found


def _value(node: Node, field: Field, reading: Reading) -> object:
    if isinstance(node, ScalarNode) and node.value is None and field.may_be_null:
        return None
    match field.type:
        case "number":
            return reading.whole(node, f"'{field.name}'")
        case "truth":
            return reading.truth(node, f"'{field.name}'")
        case "texts":
            return tuple(_word(item, field, reading) for item in reading.items(node, f"'{field.name}'"))
    if isinstance(node, ScalarNode) and node.value == "" and not isinstance(node, ListNode):
        return ""
    return _word(node, field, reading)


def _word(node: Node, field: Field, reading: Reading) -> str:
    if field.choices:
        return reading.choice(node, f"word of '{field.name}'", field.choices) or ""
    return reading.text(node, f"'{field.name}'")


def _unknown(node: Node, reading: Reading) -> tuple[UnknownFamily, ...]:
    found = []
    for item in reading.items(node, "'unknown'"):
        entries = reading.mapping(
            item, "an item of 'unknown'", known=("family", "reason", "path"), required=("family", "reason")
        )
        if len({"family", "reason"} & entries.keys()) < 2:
            continue
        family = reading.choice(entries["family"].value, "fact", families())
        reason = reading.text(entries["reason"].value, "'reason'")
        path = reading.text(entries["path"].value, "'path'") if "path" in entries else None
        found.append(UnknownFamily(family=family or "", reason=message("gap.stated", text=reason), path=path))
    return tuple(found)


def _graph(node: Node, reading: Reading) -> GraphFacts:
    entries = reading.mapping(node, "'graph'", known=("exact",), required=("exact",))
    is_exact = reading.truth(entries["exact"].value, "'exact'") if "exact" in entries else False
    return GraphFacts(commit=None, digest="", modules=0, exact=is_exact)
