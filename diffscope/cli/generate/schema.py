"""``diffscope schema``: the JSON Schema of every document that diffscope writes."""

from __future__ import annotations

import inspect
from importlib import import_module

import click

from diffscope.cli.console import DONE

DOCUMENTS = {
    "assessment": "diffscope.assessment.document:Assessment",
    "backtest": "diffscope.products.backtest.model:Backtest",
    "coverage": "diffscope.products.coverage:Coverage",
    "digest": "diffscope.products.report.model:Digest",
    "dynamics": "diffscope.products.report.dynamics.dynamics:Dynamics",
    "events": "diffscope.products.report.dynamics.events:Events",
    "triage": "diffscope.products.triage.model:Triage",
    "facts": "diffscope.adapters.changes.files:Record",
}
"""Name -> type, imported when it is asked for."""


@click.command()
@click.argument("document", type=click.Choice(list(DOCUMENTS)), default="assessment")
def schema(*, document: str) -> int:
    """Print the JSON Schema of what diffscope writes.

    assessment: one classified change; backtest: the rules over history; coverage: what no rule covers; digest: a report;
    dynamics: a report of events; events: its input; triage: open changes compared with each other; facts: a recorded change.
    """
    from diffscope.cli.publish import write_stdout

    write_stdout(schema_text(document))
    return DONE


def schema_text(document: str) -> str:
    """Return the schema of a document as JSON text."""
    import msgspec

    from diffscope.render.formats.json import indented

    module, _, name = DOCUMENTS[document].partition(":")
    kind = getattr(import_module(module), name)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"diffscope {document}"}
    settled = _settled(msgspec.json.schema(kind))
    assert isinstance(settled, dict)  # noqa: S101 - a schema is an object
    return indented(head | settled)


def _settled(node: object) -> object:
    """Return a part of a schema as every version of msgspec and Python has it: descriptions dedented, alternatives sorted, null last."""
    if isinstance(node, list):
        return [_settled(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: _settled(part) for name, part in node.items()}
    description, alternatives = found.get("description"), found.get("anyOf")
    if isinstance(description, str):
        found["description"] = inspect.cleandoc(description)
    if isinstance(alternatives, list):
        found["anyOf"] = sorted(alternatives, key=lambda each: (each == {"type": "null"}, str(each)))
    return found
