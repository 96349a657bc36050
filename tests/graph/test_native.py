"""From a native source to its operators, the Python that calls them, the tests, the devices."""

from __future__ import annotations

import re

import pytest

from diffscope.graph.model import EdgeLayer, NodeKind
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.word_index import TestWords, index_words
from tests.examples import one_in
from tests.graph_builders import derived, edges, graph

OP, INCLUDE = EdgeLayer.OP, EdgeLayer.INCLUDE

TREE = {
    "CMakeLists.txt": """
        include(${CMAKE_CURRENT_LIST_DIR}/cmake/utils.cmake)
        # set(GONE "csrc/gone.cu")
        if(VLLM_GPU_LANG STREQUAL "CUDA" OR VLLM_GPU_LANG STREQUAL "HIP")
          set(VLLM_EXT_SRC
            "csrc/norm.cu"
            "csrc/bindings.cpp")
          if(VLLM_GPU_LANG STREQUAL "CUDA")
            list(APPEND VLLM_EXT_SRC "csrc/sm90.cu")
            file(GLOB GENERATED "csrc/gen/*.cu")
            list(APPEND VLLM_EXT_SRC ${GENERATED} csrc/gen/entry.cu)
          endif()
          define_extension_target(_C DESTINATION vllm SOURCES ${VLLM_EXT_SRC})
        endif()
        define_extension_target(spin DESTINATION vllm SOURCES csrc/spin.cpp)
        """,
    "cmake/utils.cmake": "",
    "cmake/cpu_extension.cmake": "set(CPU_SRC csrc/cpu/norm.cpp csrc/cpu/bindings.cpp)\ndefine_extension_target(_C_AVX2 DESTINATION vllm SOURCES ${CPU_SRC})\n",
    "csrc/bindings.cpp": """
        #include "core/registration.h"
        TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {
          ops.def("rms_norm(Tensor! out, Tensor input) -> ()");
          ops.impl("rms_norm", torch::kCUDA, &rms_norm);
          ops.def("mm(Tensor a) -> Tensor");
          ops.impl("mm", torch::kCUDA, &scaled_mm);
        }
        """,
    "csrc/core/registration.h": "#pragma once\n",
    "csrc/norm.cu": """
        #include "norm.cuh"
        void rms_norm(torch::Tensor& out, torch::Tensor& input) {
          rms_norm_kernel<<<1, 2>>>(out);
        }
        void scaled_mm(torch::Tensor& a) { scaled_mm_sm90(a); }
        """,
    "csrc/norm.cuh": "#pragma once\n__global__ void rms_norm_kernel(float* x) { x[0] = 1; }\n",
    "csrc/sm90.cu": "void scaled_mm_sm90(torch::Tensor& a) { a = a; }\n",
    "csrc/gen/generate.py": 'T = """#include "template.h"\nvoid launch_generated(int a);"""\nout = "selector.h"\n',
    "csrc/gen/template.h": "#pragma once\n",
    "csrc/gen/entry.cu": """
        #include "selector.h"
        STABLE_TORCH_LIBRARY_IMPL(_C, CUDA, m) { m.impl("gen_mm", TORCH_BOX(&gen_mm)); }
        void gen_mm(int a) { launch_generated(a); }
        """,
    "csrc/cpu/norm.cpp": "void rms_norm(torch::Tensor& out, torch::Tensor& input) { out = input; }\n",
    "csrc/cpu/bindings.cpp": """
        TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {
          ops.def("cpu_only(Tensor a) -> ()", &cpu_only);
        }
        void cpu_only(torch::Tensor& a) { a = a; }
        """,
    "csrc/spin.cpp": "int spin_loop(int a) { return a; }\n",
    "csrc/README.md": "# Kernels\n",
    "pyproject.toml": '[project.scripts]\nvllm = "vllm.cli:main"\n[project.entry-points."vllm.general_plugins"]\nx = "vllm._custom_ops:rms_norm"\n',
    "vllm/cli.py": "",
    "vllm/_custom_ops.py": """
        import torch
        def rms_norm(out, input):
            torch.ops._C.rms_norm(out, input)
        def mm(a):
            return torch.ops._C.mm(a)
        """,
    "vllm/layer.py": "from vllm._custom_ops import rms_norm\nfrom vllm.spin import spin_loop\n",
    "tests/test_norm.py": "torch.ops._C.rms_norm(x)\n",
}


@pytest.fixture(scope="module")
def found() -> ModuleGraph:
    return graph(TREE)


def test_every_file_below_csrc_is_a_node(found: ModuleGraph) -> None:
    native = {node.path for node in found.nodes() if node.path and node.path.startswith("csrc/")}
    assert native == {path for path in TREE if path.startswith("csrc/")}
    kinds = {node.name: node.kind for node in found.nodes()}
    assert kinds["csrc/norm.cuh"] is kinds["csrc/README.md"] is NodeKind.NATIVE
    assert (
        kinds["CMakeLists.txt"] is kinds["csrc/gen/generate.py"] is kinds["pyproject.toml"] is NodeKind.BUILD
    )
    assert kinds["torch.ops._C.rms_norm"] is NodeKind.OPERATOR


def test_native_edges(found: ModuleGraph) -> None:
    """Includes, calls, lists; an operator leads to what implements it, by the line of its binding."""
    native = [edge for edge in edges(found) if "csrc/" in edge or "torch.ops" in edge or "cmake/" in edge]
    assert native == [
        "CMakeLists.txt -> cmake/utils.cmake include:1",
        "CMakeLists.txt -> csrc/norm.cu include:5",
        "CMakeLists.txt -> csrc/bindings.cpp include:6",
        "CMakeLists.txt -> csrc/sm90.cu include:8",
        "CMakeLists.txt -> csrc/gen/generate.py include:9",
        "CMakeLists.txt -> csrc/gen/entry.cu include:10",
        "CMakeLists.txt -> csrc/bindings.cpp include:12",
        "CMakeLists.txt -> csrc/spin.cpp include:14",
        "CMakeLists.txt -> csrc/spin.cpp include:14",
        "cmake/cpu_extension.cmake -> csrc/cpu/bindings.cpp include:1",
        "cmake/cpu_extension.cmake -> csrc/cpu/norm.cpp include:1",
        "cmake/cpu_extension.cmake -> csrc/cpu/bindings.cpp include:2",
        "csrc/bindings.cpp -> csrc/core/registration.h include:1",
        "csrc/gen/entry.cu -> csrc/gen/generate.py include:1",
        "csrc/gen/entry.cu -> csrc/gen/generate.py include:3",
        "csrc/gen/generate.py -> csrc/gen/template.h include:1",
        "csrc/norm.cu -> csrc/norm.cuh include:1",
        "csrc/norm.cu -> csrc/sm90.cu include:5",
        "tests.test_norm -> torch.ops._C.rms_norm op:1",
        "torch.ops._C.gen_mm -> csrc/gen/entry.cu op:2",
        "torch.ops._C.mm -> csrc/bindings.cpp op:5 transit",
        "torch.ops._C.mm -> csrc/norm.cu op:6 via csrc/bindings.cpp",
        "torch.ops._C.rms_norm -> csrc/bindings.cpp op:3 transit",
        "torch.ops._C.rms_norm -> csrc/norm.cu op:4 via csrc/bindings.cpp",
        "torch.ops._C_AVX2.cpu_only -> csrc/cpu/bindings.cpp op:2",
        "torch.ops._C_AVX2.cpu_only -> csrc/cpu/bindings.cpp op:2 transit",
        "vllm._custom_ops -> torch.ops._C.rms_norm op:3",
        "vllm._custom_ops -> torch.ops._C.mm op:5",
        "vllm.layer -> csrc/spin.cpp eager:2",
    ]


OPERATORS = [
    pytest.param("csrc/norm.cu", ("mm", "rms_norm"), id="a source: what it defines"),
    pytest.param("csrc/norm.cuh", ("mm", "rms_norm"), id="a header: what its includers define"),
    pytest.param("csrc/sm90.cu", ("mm", "rms_norm"), id="a source called from another one"),
    pytest.param("csrc/bindings.cpp", ("mm", "rms_norm"), id="a file of bindings: what it declares"),
    pytest.param("csrc/gen/template.h", ("gen_mm",), id="a header of generated sources"),
    pytest.param("csrc/spin.cpp", (), id="an extension without operators"),
    pytest.param("csrc/README.md", (), id="a text"),
    pytest.param("vllm._custom_ops", (), id="a Python module is no native source"),
    pytest.param("csrc/gone.cu", (), id="a file that is not there"),
]


@pytest.mark.parametrize(("name", "expected"), OPERATORS)
def test_operators_of(found: ModuleGraph, name: str, expected: tuple[str, ...]) -> None:
    assert found.operators.of(name) == tuple(f"torch.ops._C.{each}" for each in expected)


def test_an_operator_leads_to_its_callers_and_wrappers(found: ModuleGraph) -> None:
    operator = "torch.ops._C.rms_norm"
    assert [(edge.source, edge.line) for edge in found.dependents(operator, {OP})] == [
        ("tests.test_norm", 1),
        ("vllm._custom_ops", 3),
    ]
    assert [(each.module, each.function, each.line) for each in found.operators.wrappers(operator)] == [
        ("vllm._custom_ops", "rms_norm", 2)
    ]


def test_a_kernel_header_is_reached_from_python(found: ModuleGraph) -> None:
    chain = found.path("vllm._custom_ops", "csrc/norm.cuh", {OP, INCLUDE})
    assert chain is not None
    assert chain.modules == ("vllm._custom_ops", "torch.ops._C.mm", "csrc/norm.cu", "csrc/norm.cuh")
    assert found.reach("csrc/norm.cuh", 3, {OP, INCLUDE}) == (
        "CMakeLists.txt",
        "csrc/norm.cu",
        "tests.test_norm",
        "torch.ops._C.mm",
        "torch.ops._C.rms_norm",
        "vllm._custom_ops",
    )


DEVICES = [
    pytest.param("csrc/norm.cu", ("cuda", "rocm"), id="listed for both"),
    pytest.param("csrc/sm90.cu", ("cuda",), id="an inner condition narrows"),
    pytest.param("csrc/cpu/norm.cpp", ("cpu",), id="by folder"),
    pytest.param("csrc/norm.cuh", ("cuda", "rocm"), id="a header as its includers"),
    pytest.param("csrc/gen/template.h", ("cuda",), id="a header of generated sources as their list"),
    pytest.param("csrc/spin.cpp", (), id="nothing tells"),
    pytest.param("vllm.layer", (), id="Python"),
]


@pytest.mark.parametrize(("name", "expected"), DEVICES)
def test_devices_of(found: ModuleGraph, name: str, expected: tuple[str, ...]) -> None:
    assert found.operators.devices(name) == expected


def test_entry_points_of_the_project_are_rows(found: ModuleGraph) -> None:
    assert [(edge.row, edge.target, edge.line) for edge in found.dependencies("pyproject.toml")] == [
        ("project.scripts:vllm", "vllm.cli", 2),
        ("vllm.general_plugins:x", "vllm._custom_ops", 4),
    ]


@pytest.mark.parametrize("path", one_in(2, [path for path in TREE if not path.endswith("README.md")]))
def test_a_graph_derived_over_a_lost_file_equals_one_from_scratch(path: str) -> None:
    """Natives are joined anew as a whole, so that nothing remembers the file that is gone; and back again."""
    less = {name: content for name, content in TREE.items() if name != path}
    assert derived(TREE, less).to_bytes() == graph(less).to_bytes()
    assert derived(less, TREE).to_bytes() == graph(TREE).to_bytes()


def test_tests_of_a_native_source_call_its_operator_or_name_it() -> None:
    """Callers first, then who names the operator, then who names a wrapper; a common word counts for nothing."""
    files = TREE | {
        "tests/test_spin.py": "from vllm.spin import spin_loop\n",
        "tests/test_named.py": "patch('rms_norm')\n",
        "tests/test_wrapped.py": "fused_norm(x)\n",
        "tests/helper.py": "rms_norm(x)\n",
        "tests/test_method.py": "RareNorm().apply(x)\n",
        "tests/test_apply.py": "other.apply(x)\n",
        "vllm/method.py": "class RareNorm:\n    def apply(x):\n        torch.ops._C.rms_norm(x)\n",
        "tests/ir/test_op.py": "direct_register_custom_op('of_tests', f)\ntorch.ops._C.rms_norm(x)\n",
        "vllm/fused.py": "def fused_norm(x):\n    torch.ops._C.rms_norm(x)\ndef forward(x):\n    torch.ops._C.rms_norm(x)\n",
        **{f"tests/test_many{number}.py": "forward(x)\n" for number in range(80)},
    }
    words = TestWords(
        index_words({path: re.findall(r"\w+", text) for path, text in files.items() if "tests/" in path})
    )
    found = graph(files).attach(test_words=lambda: words)
    assert found.tests_of_native("csrc/norm.cuh") == (
        "tests/ir/test_op.py",
        "tests/test_norm.py",
        "tests/test_named.py",
        "tests/test_method.py",
        "tests/test_wrapped.py",
    )
    assert found.operators.of("csrc/norm.cuh") == ("torch.ops._C.mm", "torch.ops._C.rms_norm")
    assert found.tests_of_native("csrc/spin.cpp") == ("tests/test_spin.py",)
    assert graph(files).tests_of_native("csrc/norm.cuh") == ("tests/ir/test_op.py", "tests/test_norm.py")
    assert found.tests_of_native("csrc/gone.cu") == ()


IN_PYTHON = [
    pytest.param('direct_register_custom_op(op_name="a", op_func=f)\n', ["vllm.a -> vllm.m op:1"], id="in the usual namespace"),
    pytest.param('direct_register_custom_op("own::a", f)\n', ["own.a -> vllm.m op:1"], id="in a namespace of its own"),
    pytest.param(
        'register_there(op_name="b")\ndirect_register_aiter_op(op_name="a", op_func=f)\ntorch.ops.vllm_aiter.a(x)\n',
        ["vllm_aiter.a -> vllm.m op:2"],
        id="in the namespace that the file calls it by",
    ),
    pytest.param(
        'direct_register_custom_op(op_name="a", op_func=f)\ndef f(x): return torch.ops._C.a(x)\n',
        ["vllm.a -> vllm.m op:1"],
        id="a wrapper is named like what it wraps",
    ),
    pytest.param(
        '@torch.library.custom_op(\n    "vllm::a", mutates_args=[], device_types="cuda"\n)\ndef f(): ...\n',
        ["vllm.a -> vllm.m op:1"],
        id="by torch's decorator",
    ),
    pytest.param("@register_op\ndef a(): ...\n", ["vllm_ir.a -> vllm.m op:2"], id="an operator of the IR"),
    pytest.param('@ir.register_op(name="b", inplace=True)\ndef a(): ...\n', ["vllm_ir.b -> vllm.m op:1"], id="renamed"),
    pytest.param('@ir.ops.a.register_impl("aiter", supported=X)\ndef b(): ...\n', ["vllm_ir.a -> vllm.m op:1"], id="an implementation of one"),
    pytest.param('@ir.register_op(name="1a")\ndef a(): ...\n', [], id="a name that is none"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), IN_PYTHON)
def test_operators_that_python_provides(source: str, expected: list[str]) -> None:
    found = edges(graph({"vllm/m.py": source}))
    assert [edge.removeprefix("torch.ops.") for edge in found if edge.startswith("torch.ops.")] == expected
