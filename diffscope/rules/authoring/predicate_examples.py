"""The examples of predicates.yml: what each predicate must answer to which records."""

from __future__ import annotations

from diffscope.facts.vocabulary import families
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.engine.context import Context, Truth
from diffscope.rules.engine.matching import compile_matcher
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.language.expressions import parse_predicate
from diffscope.rules.language.names import Names, Predicate, Scope
from diffscope.yaml.reading import Mistake, Reading
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

_PATH = "vllm/example.py"
_WORDS = {True: "hold", False: "fail", None: "be unknown"}
_DID = {True: "holds", False: "fails", None: "is unknown"}


def check_examples(predicate: Predicate, names: Names) -> list[Mistake]:
    """Return the examples of a predicate that come out otherwise, and what is wrong in them."""
    reading = Reading(predicate.origin)
    condition = parse_predicate(predicate, Scope(Reading(predicate.origin), names))
    for expected, node in predicate.examples:
        before = len(reading.mistakes)
        context = Context(read_facts(_facts(predicate, node), reading, title="A change"))
        if len(reading.mistakes) > before:
            continue
        found: Truth
        if predicate.is_of_change:
            found = compile_judge(condition)(context)
        else:
            found = compile_matcher(condition)(context.records(predicate.fact)[0], context)
        if found is not expected:
            message = f"an example of ${predicate.name} should {_WORDS[expected]}, and {_DID[found]}"
            reading.report(node, message, "correct the predicate or the example")
    return reading.mistakes


def _facts(predicate: Predicate, node: Node) -> MapNode:
    """Return the node of a case's facts that hold the records of an example; a record may leave its path out."""
    line, column = node.line, node.column
    items = node.items if isinstance(node, ListNode) and predicate.is_of_change else (node,)
    path = Entry("path", ScalarNode(_PATH, _PATH, is_plain=True, line=line, column=column), line, column)
    records: tuple[Node, ...] = tuple(
        MapNode((path, *item.entries), line, column)
        if isinstance(item, MapNode) and item.get("path") is None and not families()[predicate.fact].single
        else item
        for item in items
    )
    value: Node = records[0] if families()[predicate.fact].single else ListNode(records, line, column)
    return MapNode((Entry(predicate.fact, value, line, column),), line, column)
