"""``diffscope graph`` on the small tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffscope.cli.graph import EXPORTS, LAYERS
from diffscope.graph.export import FORMS
from diffscope.graph.values import EdgeLayer
from tests.builders import git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Outcome

CORE = "vllm.v1.engine.core"


def test_the_layers_offered_are_the_layers_there_are() -> None:
    assert tuple(layer.value for layer in EdgeLayer) == LAYERS
    assert tuple(FORMS) == EXPORTS


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
    """The nodes by kind are the nodes that build counts, in both forms."""
    here = project()
    document = json.loads(here.run("graph", "stats", "--format", "json", "--repo", str(minivllm)).out)
    built = here.run("graph", "build", "--repo", str(minivllm)).out
    assert built == f"{sum(document['statistics']['nodes'].values()):,} nodes, digest {document['digest']}\n"
    text = here.run("graph", "stats", "--repo", str(minivllm)).out
    assert f"digest {document['digest']}\n" in text
    assert "rings of eager imports (" in text


def test_stats_show_each_ring_of_imports(tmp_path: Path, project: MakeProject) -> None:
    """A ring is shown as a chain that ends where it began."""
    files = {
        "vllm/__init__.py": "",
        "vllm/a.py": "import vllm.b\n",
        "vllm/b.py": "import vllm.c\n",
        "vllm/c.py": "import vllm.a\n",
    }
    clone = git_repository(tmp_path / "clone", files)
    text = project().run("graph", "stats", "--repo", str(clone)).out
    assert "rings of eager imports (1)\n  3: vllm.a -> vllm.b -> vllm.c -> vllm.a\n" in text


@pytest.mark.parametrize("form", EXPORTS)
def test_export(form: str, minivllm: Path, project: MakeProject) -> None:
    """Each form holds the module that was asked for, to stdout or to a file alike."""
    here = project()
    run = ("graph", "export", "--format", form, "--around", CORE, "--repo", str(minivllm))
    outcome = here.run(*run)
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert CORE in outcome.out
    assert here.run(*run, "--output", "graph.out") == Outcome(0, "", "")
    assert (here.folder / "graph.out").read_text(encoding="utf-8") == outcome.out


def test_export_of_a_part_is_a_part(minivllm: Path, project: MakeProject) -> None:
    """Around a module are what it uses and what uses it; a step more is more; everything is all of it."""
    here = project()
    sizes = []
    for more in (("--around", CORE), ("--around", CORE, "--depth", "2"), ()):
        document = json.loads(here.run("graph", "export", "--repo", str(minivllm), *more).out)
        sizes.append(len(document["nodes"]))
    assert 1 < sizes[0] < sizes[1] < sizes[2]


def test_without_a_clone(project: MakeProject) -> None:
    """The error says how to name one."""
    expected = "error: there is no clone of vLLM here\nhint: name one: --repo PATH, or set DIFFSCOPE_REPO\n"
    assert project().run("graph", "stats") == Outcome(2, "", expected)


def test_a_commit_that_is_not_there(minivllm: Path, project: MakeProject) -> None:
    outcome = project().run("graph", "build", "--repo", str(minivllm), "--at", "nowhere")
    assert outcome.exit_code == 2
    assert outcome.err.startswith(f"error: {minivllm}: ")
    assert "\nhint: " in outcome.err
