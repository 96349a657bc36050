"""A graph, or a part of it, as text: JSON, GraphML, DOT, Mermaid. Equal graphs give equal text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

import msgspec

from diffscope.graph.model import Edge, EdgeLayer, ModuleName, Node
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import Value

SCHEMA: Final = "diffscope.graph/1"
_SHAPES: Final = {"test": '(["{}"])', "operator": '{{{{"{}"}}}}', "native": '[["{}"]]', "build": '[/"{}"/]'}
_ARROWS: Final = {EdgeLayer.EAGER: "-->", EdgeLayer.TYPING: "-.->", EdgeLayer.LAZY: "-.->"}
_STYLES: Final = {EdgeLayer.LAZY: "dashed", EdgeLayer.TYPING: "dotted"}


class Document(Value, frozen=True, kw_only=True):
    """The JSON form."""

    schema: str
    digest: str
    """Of the whole graph, also where only a part is shown."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def export_graph(
    graph: ModuleGraph,
    form: str,
    *,
    modules: Iterable[ModuleName] | None = None,
    layers: Collection[EdgeLayer] = frozenset(EdgeLayer),
) -> str:
    """Return the graph in a form (a key of ``FORMS``): all of it, or these modules and the edges among them."""
    chosen = graph.modules if modules is None else sorted(set(modules))
    members = frozenset(chosen)
    nodes = tuple(node for module in chosen if (node := graph.node(module)))
    edges = tuple(
        edge for module in chosen for edge in graph.dependencies(module, layers) if edge.target in members
    )
    return FORMS[form](Document(schema=SCHEMA, digest=graph.digest, nodes=nodes, edges=edges))


def _to_json(document: Document) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _to_graphml(document: Document) -> str:
    import networkx as nx  # noqa: PLC0415 - it takes a quarter of a second to import

    found = nx.MultiDiGraph()
    for node in document.nodes:
        found.add_node(_shown(node.name), kind=node.kind.value, path=_shown(node.path or ""))
    for edge in document.edges:
        facts = {
            "layer": edge.layer.value,
            "line": edge.line,
            "guard": _shown(edge.guard or ""),
            "detail": _shown(edge.detail or ""),
        }
        found.add_edge(_shown(edge.source), _shown(edge.target), **facts)
    return "\n".join(nx.generate_graphml(found)) + "\n"


def _to_dot(document: Document) -> str:
    lines = ["digraph modules {", "  rankdir=LR;", '  node [shape=box, fontname="Helvetica"];']
    lines += [f"  {_quoted(node.name)};" for node in _drawn_nodes(document)]
    for edge in _drawn(document):
        style = f', style="{_STYLES[edge.layer]}"' if edge.layer in _STYLES else ""
        label = "" if edge.layer in _ARROWS else f', label="{edge.layer.value}"'
        extra = f" [{(style + label).removeprefix(', ')}]" if style or label else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{extra};")
    return "\n".join([*lines, "}", ""])


def _to_mermaid(document: Document) -> str:
    """Names stand in labels only, and there quoted and escaped: a node's id is its number."""
    nodes = _drawn_nodes(document)
    number = {node.name: f"n{at}" for at, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    for node in nodes:
        shape = _SHAPES.get(node.kind.value, '["{}"]')
        lines.append(f"  {number[node.name]}{shape.format(_escaped(node.name))}")
    for edge in _drawn(document):
        arrow = _ARROWS.get(edge.layer, f"-- {edge.layer.value} -->")
        lines.append(f"  {number[edge.source]} {arrow} {number[edge.target]}")
    return "\n".join([*lines, ""])


def _drawn(document: Document) -> Iterable[Edge]:
    """Return one edge for each source, target and layer; what a module only passes on is drawn to where it leads."""
    found: dict[tuple[ModuleName, ModuleName, EdgeLayer], Edge] = {}
    for edge in document.edges:
        if not edge.is_transit:
            found.setdefault((edge.source, edge.target, edge.layer), edge)
    return found.values()


def _drawn_nodes(document: Document) -> list[Node]:
    """Return the nodes but for those that only pass names on here: no edge is drawn to them."""
    drawn = {name for edge in _drawn(document) for name in (edge.source, edge.target)}
    passing = {edge.target for edge in document.edges if edge.is_transit}
    return [node for node in document.nodes if node.name in drawn or node.name not in passing]


def _quoted(name: str) -> str:
    escaped = _shown(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shown(text: str) -> str:
    """Return ``text`` with an escape for what cannot be seen: XML has no form for most of it, a terminal obeys it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _escaped(name: str) -> str:
    return "".join(char if char.isalnum() or char in "_./- " else f"#{ord(char)};" for char in name)


FORMS: Final[dict[str, Callable[[Document], str]]] = {
    "json": _to_json,
    "graphml": _to_graphml,
    "dot": _to_dot,
    "mermaid": _to_mermaid,
}
