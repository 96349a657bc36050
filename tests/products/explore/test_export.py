"""The graph as text for other tools."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import networkx as nx
import pytest

from diffscope.graph.model import EdgeLayer
from diffscope.products.explore.export import FORMS, export_graph
from tests.graph_builders import graph

FILES = {
    "vllm/a.py": "from vllm.p import B\ndef f():\n    import vllm.c\n",
    "vllm/p/__init__.py": "from vllm.p.b import B\n",
    "vllm/p/b.py": "class B: ...\n",
    "vllm/c.py": "torch.ops._C.mm()\n",
    "tests/test_a.py": "import vllm.a\n",
    'vllm/we"ird.py': "import vllm.c\n",
}


def test_json_holds_every_node_and_edge_with_its_line() -> None:
    document = json.loads(export_graph(graph(FILES), "json"))
    assert document["schema"] == "diffscope.graph/1"
    assert document["digest"] == graph(FILES).digest
    assert {"name": "vllm.p", "kind": "package", "path": "vllm/p/__init__.py"} in document["nodes"]
    edges = [(edge["source"], edge["target"], edge["layer"], edge["line"]) for edge in document["edges"]]
    assert ("vllm.a", "vllm.p.b", "eager", 1) in edges
    assert ("vllm.a", "vllm.c", "lazy", 3) in edges
    assert len(edges) == 7


def test_graphml_is_read_as_xml() -> None:
    root = ET.fromstring(export_graph(graph(FILES), "graphml"))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(root.findall(f".//{space}node")) == 7
    assert len(root.findall(f".//{space}edge")) == 7


def test_networkx_reads_it_with_layers_and_lines() -> None:
    found = nx.parse_graphml(export_graph(graph(FILES), "graphml"))
    assert found.number_of_nodes() == len(graph(FILES))
    assert found.nodes["vllm.p"] == {"kind": "package", "path": "vllm/p/__init__.py"}
    edges = {
        (source, target, facts["layer"], facts["line"]) for source, target, facts in found.edges(data=True)
    }
    assert ("vllm.a", "vllm.c", "lazy", 3) in edges
    assert ("tests.test_a", "vllm.a", "test", 1) in edges


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_what_only_passes_names_on_is_not_drawn(form: str) -> None:
    """``vllm.p`` re-exports what ``vllm.a`` takes; by itself it is drawn all the same."""
    around = export_graph(
        graph(FILES), form, modules=["vllm.a", "vllm.p", "vllm.p.b"], layers={EdgeLayer.EAGER}
    )
    assert '"vllm.p.b"' in around
    assert '"vllm.p"' in around  # it imports vllm.p.b itself
    without = export_graph(graph(FILES), form, modules=["vllm.a", "vllm.p"], layers={EdgeLayer.EAGER})
    assert '"vllm.p"' not in without
    assert '"vllm.p"' in export_graph(graph(FILES), form, modules=["vllm.p"])


def test_dot_draws_names_quoted_and_layers_apart() -> None:
    lines = export_graph(graph(FILES), "dot").splitlines()
    assert '  "vllm.a" -> "vllm.p.b";' in lines
    assert '  "vllm.a" -> "vllm.c" [style="dashed"];' in lines
    assert '  "vllm.c" -> "torch.ops._C.mm" [label="op"];' in lines
    assert '  "vllm.we\\"ird" -> "vllm.c";' in lines
    assert not any('"vllm.a" -> "vllm.p";' in line for line in lines)


def test_mermaid_keeps_names_in_labels() -> None:
    text = export_graph(graph(FILES), "mermaid", modules=["vllm.a", "vllm.c", 'vllm.we"ird', "tests.test_a"])
    assert text == (
        "flowchart LR\n"
        '  n0(["tests.test_a"])\n'
        '  n1["vllm.a"]\n'
        '  n2["vllm.c"]\n'
        '  n3["vllm.we#34;ird"]\n'
        "  n0 -- test --> n1\n"
        "  n1 -.-> n2\n"
        "  n3 --> n2\n"
    )


def test_layers_and_modules_narrow_what_is_shown() -> None:
    document = json.loads(export_graph(graph(FILES), "json", layers={EdgeLayer.LAZY}))
    assert [edge["layer"] for edge in document["edges"]] == ["lazy"]
    document = json.loads(export_graph(graph(FILES), "json", modules=["vllm.p", "vllm.p.b", "vllm.gone"]))
    assert [node["name"] for node in document["nodes"]] == ["vllm.p", "vllm.p.b"]
    assert len(document["edges"]) == 1


@pytest.mark.parametrize("form", sorted(FORMS))
def test_equal_graphs_give_equal_text(form: str) -> None:
    assert export_graph(graph(FILES), form) == export_graph(graph(dict(reversed(FILES.items()))), form)


ODD_NAME = "vllm/a\x1b[31m\x9b\x85\u2028\u202e\x0b\x00b.py"


@pytest.mark.parametrize("form", FORMS)
def test_names_that_cannot_be_seen_are_escaped(form: str) -> None:
    text = export_graph(graph({**FILES, ODD_NAME: "import vllm.c\n"}), form)
    assert [char for char in text if not char.isprintable() and char not in "\n\t"] == [] or form == "json"
    if form == "json":
        json.loads(text)
    if form == "graphml":
        ET.fromstring(text)
