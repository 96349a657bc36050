"""``diffscope graph`` on the small tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffscope.cli.graph import LAYERS
from diffscope.graph.values import EdgeLayer
from tests.cli.conftest import MakeProject
from tests.cli.harness import Outcome

CORE = "vllm.v1.engine.core"


def test_the_layers_offered_are_the_layers_there_are() -> None:
    assert tuple(layer.value for layer in EdgeLayer) == LAYERS


def test_build_says_what_it_built(minivllm: Path, project: MakeProject) -> None:
    """Nodes and digest; the second time the cache answers the same."""
    here = project()
    first = here.run("graph", "build", "--repo", str(minivllm))
    assert (first.exit_code, first.err) == (0, "")
    assert " nodes, digest " in first.out
    assert here.run("graph", "build", "--repo", str(minivllm)) == first
    assert here.run("graph", "build", "--repo", str(minivllm), "--no-cache") == first


@pytest.mark.parametrize("name", [CORE, "vllm/v1/engine/core.py"], ids=["by name", "by path"])
def test_show(name: str, minivllm: Path, project: MakeProject) -> None:
    """Where it is, who uses it, how far it is from serving."""
    outcome = project().run("graph", "show", name, "--repo", str(minivllm))
    assert (outcome.exit_code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == f"{CORE}  vllm/v1/engine/core.py"
    assert lines[1].startswith("used by      ")
    assert lines[2].startswith("serving      0 steps from vllm.v1.engine.core")


def test_show_as_json(minivllm: Path, project: MakeProject) -> None:
    """The same with every edge and its line."""
    document = json.loads(
        project().run("graph", "show", CORE, "--format", "json", "--repo", str(minivllm)).out
    )
    assert document["node"]["path"] == "vllm/v1/engine/core.py"
    assert all(edge["source"] == CORE and edge["line"] for edge in document["dependencies"])


def test_a_misspelt_node_names_the_nearest(minivllm: Path, project: MakeProject) -> None:
    expected = "error: the graph has no node vllm.v1.engine.cora\nhint: did you mean vllm.v1.engine.core?\n"
    assert project().run("graph", "show", "vllm.v1.engine.cora", "--repo", str(minivllm)) == Outcome(
        2, "", expected
    )


def test_path_shows_each_edge_with_its_line(minivllm: Path, project: MakeProject) -> None:
    """A chain is evidence: it can be followed line by line; no chain is an answer too."""
    here = project()
    outcome = here.run("graph", "path", CORE, "vllm.v1.core.sched.scheduler", "--repo", str(minivllm))
    assert outcome.exit_code == 0
    assert outcome.out.splitlines()[0] == CORE
    assert "(eager, line " in outcome.out
    none = here.run("graph", "path", "vllm.v1.core.sched.scheduler", CORE, "--repo", str(minivllm))
    assert none == Outcome(
        0, f"no chain of eager edges leads from vllm.v1.core.sched.scheduler to {CORE}\n", ""
    )


def test_stats_add_up(minivllm: Path, project: MakeProject) -> None:
    """The nodes by kind are the nodes that build counts."""
    here = project()
    document = json.loads(here.run("graph", "stats", "--format", "json", "--repo", str(minivllm)).out)
    built = here.run("graph", "build", "--repo", str(minivllm)).out
    assert built == f"{sum(document['nodes'].values()):,} nodes, digest {document['digest']}\n"


def test_without_a_clone(project: MakeProject) -> None:
    """The error says how to name one."""
    expected = "error: there is no clone of vLLM here\nhint: name one: --repo PATH, or set DIFFSCOPE_REPO\n"
    assert project().run("graph", "stats") == Outcome(2, "", expected)


def test_a_commit_that_is_not_there(minivllm: Path, project: MakeProject) -> None:
    outcome = project().run("graph", "build", "--repo", str(minivllm), "--at", "nowhere")
    assert outcome.exit_code == 2
    assert outcome.err.startswith(f"error: {minivllm}: ")
    assert "\nhint: " in outcome.err
