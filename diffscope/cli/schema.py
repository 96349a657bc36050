"""``diffscope schema``: the JSON Schema of every document that diffscope writes."""

from __future__ import annotations

import inspect
from importlib import import_module

import click

from diffscope.cli.exits import DONE

DOCUMENTS = {
    "assessment": "diffscope.assessment.values:Assessment",
    "backtest": "diffscope.report.backtest.values:Backtest",
    "digest": "diffscope.report.values:Digest",
    "dynamics": "diffscope.report.dynamics:Dynamics",
    "events": "diffscope.report.events:Events",
    "facts": "diffscope.adapters.recorded:Record",
}
"""Name -> type, imported when it is asked for."""


@click.command()
@click.argument("document", type=click.Choice(list(DOCUMENTS)), default="assessment")
def schema(*, document: str) -> int:
    """Print the JSON Schema of what diffscope writes.

    assessment is one classified change, backtest the rules over history, digest a report, dynamics a report of events,
    events what it is made from, facts a recorded change.
    """
    from diffscope.cli.publish import write_stdout

    write_stdout(schema_text(document))
    return DONE


def schema_text(document: str) -> str:
    """Return the schema of a document as JSON text."""
    import msgspec

    from diffscope.render.json import indented

    module, _, name = DOCUMENTS[document].partition(":")
    kind = getattr(import_module(module), name)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"diffscope {document}"}
    described = _described(msgspec.json.schema(kind))
    assert isinstance(described, dict)  # noqa: S101 - a schema is an object
    return indented(head | described)


def _described(node: object) -> object:
    """Return a part of a schema with every description dedented: msgspec and Python do so in some versions and not in others."""
    if isinstance(node, list):
        return [_described(each) for each in node]
    if isinstance(node, dict):
        return {
            name: inspect.cleandoc(part)
            if name == "description" and isinstance(part, str)
            else _described(part)
            for name, part in node.items()
        }
    return node
