"""``diffscope graph`` on the small tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffscope.cli.graph.command import EXPORTS, LAYERS
from diffscope.graph.model import EdgeLayer
from diffscope.products.explore.export import FORMS
from tests.builders import Commit, git_repository, text
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
    assert lines[1] == "area         engine"
    assert lines[2].startswith("used by      ")
    assert lines[3] == "serving      on the serving path"


def test_show_as_json(minivllm: Path, project: MakeProject) -> None:
    """The same with every edge and its line."""
    document = json.loads(
        project().run("graph", "show", CORE, "--format", "json", "--repo", str(minivllm)).out
    )
    assert document["node"]["path"] == "vllm/v1/engine/core.py"
    assert all(edge["source"] == CORE and edge["line"] for edge in document["dependencies"])


def test_show_tells_what_changed_with_a_file(tmp_path: Path, project: MakeProject) -> None:
    """The most often first, and how often of how many."""
    files = {"vllm/__init__.py": "", "vllm/a.py": "0\n", "vllm/b.py": "0\n", "tests/test_a.py": "0\n"}
    steps = [
        Commit("One", {"vllm/a.py": "1\n", "tests/test_a.py": "1\n"}),
        Commit("Two", {"vllm/a.py": "2\n", "tests/test_a.py": "2\n", "vllm/b.py": "2\n"}),
    ]
    clone = git_repository(tmp_path / "vllm", files, steps)
    out = project().run("graph", "show", "vllm/a.py", "--repo", str(clone)).out
    start = out.index("changed with it")
    assert out[start:].splitlines()[:3] == [
        "changed with it, in 3 changes of the last 18 months (2)",
        "  tests/test_a.py  3 of 3",
        "  vllm/b.py  2 of 3",
    ]


def test_a_misspelt_node_names_the_nearest(minivllm: Path, project: MakeProject) -> None:
    expected = "error: the graph has no node vllm.v1.engine.cora\nhint: did you mean vllm.v1.engine.core?\n"
    assert project().run("graph", "show", "vllm.v1.engine.cora", "--repo", str(minivllm)) == Outcome(
        2, "", expected
    )


def test_a_bare_name_names_all_that_end_so(native: Path, project: MakeProject) -> None:
    hint = "hint: did you mean vllm.lora.layers.x?\n"
    assert project().run("graph", "show", "x", "--repo", str(native)).err.endswith(hint)
    wrong = project().run("graph", "show", "csrc/norn.cu", "--repo", str(native))
    assert (wrong.exit_code, wrong.err.endswith("hint: did you mean csrc/norm.cu?\n")) == (2, True)


def test_a_module_that_only_a_registry_names_is_served_through_it(
    tmp_path: Path, project: MakeProject
) -> None:
    """Not eagerly, and the row is the evidence; a re-export is shown as the module that it leads to."""
    files = {
        "vllm/v1/engine/core.py": "import vllm.backends\nfrom vllm.config import Config\n",
        "vllm/backends.py": 'from enum import Enum\nclass Backend(Enum):\n    FLASH = "vllm.flash.impl.Flash"\n',
        "vllm/flash/impl.py": "class Flash: ...\n",
        "vllm/config/__init__.py": "from .cache import Config\n",
        "vllm/config/cache.py": "class Config: ...\n",
        "vllm/alone.py": "",
    }
    clone = str(git_repository(tmp_path / "clone", files))
    here = project()
    shown = here.run("graph", "show", "vllm.flash.impl", "--repo", clone).out
    assert "serving      not eagerly; 2 steps from vllm.v1.engine.core\n" in shown
    assert "  vllm.backends  registry, line 3  Flash  row Backend:FLASH\n" in shown
    core = here.run("graph", "show", "vllm.v1.engine.core", "--repo", clone).out
    assert "dependencies (2)\n  vllm.backends  eager, line 1\n" in core
    assert "  vllm.config.cache  eager, line 2  Config  through vllm.config\n" in core
    assert "serving      not reached\n" in here.run("graph", "show", "vllm.alone", "--repo", clone).out
    chain = here.run("graph", "path", "vllm.v1.engine.core", "vllm.flash.impl", "--repo", clone).out
    assert chain.splitlines()[1:3] == ["over other layers there is one:", "vllm.v1.engine.core"]


def test_the_line_of_an_operator_is_that_of_its_binding(native: Path, project: MakeProject) -> None:
    run = ("graph", "path", "vllm._custom_ops", "csrc/norm.cu", "--layer", "op", "--repo", str(native))
    assert project().run(*run).out.splitlines() == [
        "vllm._custom_ops",
        "-> torch.ops._C.norm  (op, line 3 of vllm._custom_ops)",
        "-> csrc/norm.cu  (op, line 3 of csrc/bindings.cpp)",
    ]


def test_a_build_file_shows_what_it_lists(native: Path, project: MakeProject) -> None:
    lines = project().run("graph", "show", "CMakeLists.txt", "--repo", str(native)).out.splitlines()
    assert lines[:4] == ["CMakeLists.txt", "area         build", "includes (none)", "calls or lists (2)"]


def test_path_shows_each_edge_with_its_line(minivllm: Path, project: MakeProject) -> None:
    """A chain is evidence: it can be followed line by line; no chain is an answer too."""
    here = project()
    outcome = here.run("graph", "path", CORE, "vllm.v1.core.sched.scheduler", "--repo", str(minivllm))
    assert outcome.exit_code == 0
    assert outcome.out.splitlines()[0] == CORE
    assert "(eager, line " in outcome.out
    none = here.run("graph", "path", "vllm.v1.core.sched.scheduler", CORE, "--repo", str(minivllm))
    assert none == Outcome(
        0,
        f"no chain of eager edges leads from vllm.v1.core.sched.scheduler to {CORE}\n"
        f"there is one from {CORE} to vllm.v1.core.sched.scheduler\n",
        "",
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


NATIVE = {
    "CMakeLists.txt": """
        if(VLLM_GPU_LANG STREQUAL "CUDA")
          set(SRC csrc/norm.cu csrc/bindings.cpp)
        endif()
        define_extension_target(_C DESTINATION vllm SOURCES ${SRC})
        """,
    "csrc/bindings.cpp": """
        TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {
          ops.def("norm(Tensor! out) -> ()");
          ops.impl("norm", torch::kCUDA, &norm);
        }
        """,
    "csrc/norm.cu": '#include "norm.cuh"\nvoid norm(torch::Tensor& out) { launch_norm(out); }\n',
    "csrc/norm.cuh": "#pragma once\n",
    "csrc/launch.cu": "void launch_norm(torch::Tensor& out) { out = out; }\n",
    "vllm/__init__.py": "",
    "vllm/_custom_ops.py": "import torch\ndef norm(out):\n    torch.ops._C.norm(out)\n",
    "vllm/model_executor/layers/layernorm.py": "from vllm import _custom_ops as ops\ndef f(x):\n    ops.norm(x)\n",
    "vllm/lora/layers/x.py": "from vllm._custom_ops import norm\n",
    "vllm/lora/y.py": "from vllm import _custom_ops as ops\nops.other(1)\n",
    "tests/kernels/test_norm.py": "import torch\ntorch.ops._C.norm(1)\n",
}
ANSWER = """\
csrc/norm.cu
area         kernels
built for    cuda
operators (1)
  torch.ops._C.norm  bound on line 3 of csrc/bindings.cpp (CUDA)
wrapped by (1)
  vllm._custom_ops.norm, line 2
called from (kernels 2, lora 1) (3)
  vllm._custom_ops  line 3  norm
  vllm.lora.layers.x  line 1  norm
  vllm.model_executor.layers.layernorm  line 3  norm
includes (1)
  csrc/norm.cuh  line 1
calls or lists (1)
  csrc/launch.cu  line 2  launch_norm
included by (none)
called or declared by (none)
listed by (1)
  CMakeLists.txt  line 2  SRC  if VLLM_GPU_LANG STREQUAL CUDA
tests (1)
  tests/kernels/test_norm.py
changed with it, in 1 change of the last 18 months (none)
"""


@pytest.fixture
def native(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "clone", {path: text(content) for path, content in NATIVE.items()})


def test_show_of_native_code(native: Path, project: MakeProject) -> None:
    """From a kernel to its operators, to the Python that calls them, to areas, tests and devices."""
    outcome = project().run("graph", "show", "csrc/norm.cu", "--repo", str(native))
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out.startswith(ANSWER)


def test_show_of_an_operator(native: Path, project: MakeProject) -> None:
    lines = project().run("graph", "show", "torch.ops._C.norm", "--repo", str(native)).out.splitlines()
    assert lines[:4] == [
        "torch.ops._C.norm",
        "built for    cuda",
        "operators (1)",
        "  torch.ops._C.norm  csrc/norm.cu, bound on line 3 of csrc/bindings.cpp (CUDA)",
    ]
    document = json.loads(
        project().run("graph", "show", "torch.ops._C.norm", "--format", "json", "--repo", str(native)).out
    )
    assert document["areas"] == {"kernels": 2, "lora": 1}
    assert next(caller["module"] for caller in document["native"]["callers"]) == "vllm._custom_ops"


def test_stats_of_operators_and_registries(native: Path, project: MakeProject) -> None:
    out = project().run("graph", "stats", "--repo", str(native)).out
    assert (
        "\noperators 1: native 1; 1 called from Python, 1 of the native ones\nforeign namespaces: none\n"
        in out
    )
    assert "\n     0 of 0    models\n" in out
    assert "\nfiles of csrc/ left out (none)\n" in out
    assert "registry: no row of the registry 'models' was found that leads to a module" in out


def test_stats_since_another_commit(tmp_path: Path, project: MakeProject) -> None:
    """What was gained and lost, rings closed and, the other way round, opened."""
    before = {"vllm/__init__.py": "", "vllm/a.py": "import vllm.b\n", "vllm/b.py": "", "vllm/old.py": ""}
    step = Commit("Ring", {"vllm/b.py": "import vllm.a\n", "vllm/old.py": None})
    clone = git_repository(tmp_path / "clone", before, [step])
    here = project()
    closed = here.run("graph", "stats", "--since", "HEAD~1", "--repo", str(clone)).out
    assert closed.startswith("since HEAD~1: 0 nodes gained, 1 lost; 1 eager imports gained, 0 lost\n")
    assert "rings of eager imports closed (1)\n  2: vllm.a -> vllm.b -> vllm.a\n" in closed
    opened = here.run(
        "graph", "stats", "--since", "HEAD", "--at", "HEAD~1", "--format", "json", "--repo", str(clone)
    )
    document = json.loads(opened.out)
    assert (document["nodes_gained"], document["imports_lost"]) == (["vllm.old"], [["vllm.b", "vllm.a"]])
    assert [cycle["modules"] for cycle in document["cycles_opened"]] == [["vllm.a", "vllm.b"]]


def test_stats_of_an_area(minivllm: Path, project: MakeProject) -> None:
    here = project()
    found = here.run("graph", "stats", "--area", "scheduler", "--repo", str(minivllm))
    assert found.exit_code == 0
    assert found.out.startswith("groups of modules of scheduler (")
    wrong = here.run("graph", "stats", "--area", "schedulr", "--repo", str(minivllm))
    assert wrong.exit_code == 2
    assert wrong.err.startswith("error: there is no area schedulr\nhint: areas: ")
    both = here.run("graph", "stats", "--area", "scheduler", "--since", "HEAD", "--repo", str(minivllm))
    assert both.exit_code == 2


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
