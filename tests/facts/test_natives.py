"""Native functions and operators of a change: what tests reach them, and operators that Python code registers."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from tests.fact_builders import facts

POOL = "void pool(torch::Tensor& x) {{\n  int a = {0};\n  run(x, a);\n}}\n"
MORE = "\nvoid more(torch::Tensor& x) {\n  int b = 3;\n  run(x, b);\n}\n"
TREE = {
    "csrc/torch_bindings.cpp": (
        "TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {\n"
        '  ops.def("pool(Tensor! x) -> ()");\n'
        '  ops.impl("pool", torch::kCUDA, &pool);\n'
        "}\n"
    ),
    "tests/kernels/test_pool.py": "import torch\n\n\ndef test_pool():\n    torch.ops._C.pool(1)\n",
}
TEST = ("tests/kernels/test_pool.py",)


def test_only_a_function_that_stood_before_is_reached_by_tests_today() -> None:
    found = facts({"csrc/pool.cu": POOL.format(1)}, {"csrc/pool.cu": POOL.format(2) + MORE}, tree=TREE)
    assert {one.symbol: (one.change, one.tests, one.tests_today) for one in found.native} == {
        "pool": ("body", TEST, TEST),
        "more": ("added", TEST, ()),
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("FN(a);", "FN(b);", [("DISPATCH", "macro", "body")], id="its text"),
        pytest.param("FN(a); /* one */", "FN(a); /* two */", [], id="a comment in it"),
    ],
)
def test_a_macro_of_several_lines_is_compared_like_a_function(
    before: str, after: str, expected: list[tuple[str, str, str]]
) -> None:
    text = "#define LEAST 4\n#define DISPATCH(KIND, FN) \\\n  if (KIND == 1) {{ \\\n    {} \\\n  }}\n"
    found = facts({"csrc/kinds.cuh": text.format(before)}, {"csrc/kinds.cuh": text.format(after)})
    assert [(one.symbol, one.item, one.change) for one in found.native] == expected


def test_a_changed_test_that_calls_the_operator_vouches_for_native_code() -> None:
    before = {"csrc/pool.cu": POOL.format(1), TEST[0]: TREE[TEST[0]]}
    after = {"csrc/pool.cu": POOL.format(2), TEST[0]: TREE[TEST[0]].replace("(1)", "(2)")}
    with_test = facts(before, after, tree=TREE).native[0].vouched
    plain = (
        facts({"csrc/pool.cu": POOL.format(1)}, {"csrc/pool.cu": POOL.format(2)}, tree=TREE).native[0].vouched
    )
    assert (plain, with_test) == ("existing", "changed")


def test_operator_that_is_registered_no_more_names_those_who_call_it() -> None:
    register = 'def pool(x):\n    return x\n\n\ndirect_register_custom_op(op_name="pool", op_func=pool)\n'
    found = facts(
        {"vllm/layers/pool.py": register},
        {"vllm/layers/pool.py": "def pool(x):\n    return x\n"},
        tree={"vllm/layers/user.py": "import torch\n\n\ndef run(x):\n    return torch.ops.vllm.pool(x)\n"},
    )
    assert [(one.name, one.change, one.side, one.callers) for one in found.operator] == [
        ("vllm::pool", "removed", "old", ("vllm/layers/user.py:5",))
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["pool_float_rows_impl"], "vllm::pool_float_rows_impl", id="one more word"),
        pytest.param(["pool_by_rows_impl", "pool_rows_impl_two"], None, id="two that may be meant"),
        pytest.param(["mesh_impl"], None, id="another name"),
    ],
)
def test_an_operator_that_takes_another_name_names_it(names: list[str], expected: str | None) -> None:
    def code(*names: str) -> str:
        return "".join(f'direct_register_custom_op(op_name="{name}", op_func=run)\n' for name in names)

    found = facts(
        {"vllm/pool.py": code("pool_rows_impl")}, {"vllm/pool.py": "", "vllm/pools.py": code(*names)}
    )
    assert [one.successor for one in found.operator if one.change == "removed"] == [expected]


@pytest.mark.parametrize(
    ("python", "name", "expected"),
    [
        pytest.param("", "mesh", False, id="no fake in a change that brings the operator"),
        pytest.param(
            '@register_fake("_C::mesh")\ndef _mesh(x):\n    return x\n', "mesh", True, id="a fake in Python"
        ),
        pytest.param("", "pool", UNSET, id="an operator that the base has elsewhere"),
    ],
)
def test_new_operator_and_its_fake(python: str, name: str, expected: object) -> None:
    binding = (
        f'TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {{\n  ops.def("{name}(Tensor x) -> Tensor");\n}}\n'
    )
    found = facts({"vllm/ops.py": ""}, {"csrc/cpu/bindings.cpp": binding, "vllm/ops.py": python}, tree=TREE)
    assert [(one.change, one.has_fake) for one in found.operator] == [("added", expected)]


def test_schema_that_its_extension_names_is_called_as_code_calls_it() -> None:
    binding = (
        "TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {{\n"
        '  ops.def("mesh(Tensor! x{0}) -> ()");\n'
        '  ops.impl("mesh", torch::kCUDA, &mesh);\n'
        "}}\n"
    )
    lists = 'set(MESH_SRC "csrc/mesh/bindings.cpp")\ndefine_extension_target(_mesh_C DESTINATION vllm SOURCES ${MESH_SRC})\n'
    found = facts(
        {"csrc/mesh/bindings.cpp": binding.format("")},
        {"csrc/mesh/bindings.cpp": binding.format(", int k")},
        tree={
            "CMakeLists.txt": lists,
            "vllm/__init__.py": "",
            "vllm/mesh.py": "import torch\n\n\ndef run(x):\n    torch.ops._mesh_C.mesh(x)\n",
        },
    )
    assert [(one.name, one.change, one.callers) for one in found.operator] == [
        ("_mesh_C::mesh", "schema", ("vllm/mesh.py:5",))
    ]


def test_an_operator_that_loses_its_last_implementation_is_told_where_that_stood() -> None:
    """The line is one of the old file, which may be longer than the new one."""
    head = "TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {\n"
    schema = '  ops.def("pool(Tensor! x) -> ()");\n'
    found = facts(
        {"csrc/b.cpp": head + schema + '\n\n  ops.impl("pool", torch::kCUDA, &pool);\n}\n'},
        {"csrc/b.cpp": head + schema + "}\n"},
    )
    assert [(one.change, one.side, one.line) for one in found.operator] == [("implementation", "old", 5)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("Tensor shed, int k", "Tensor sched, int k", ((), ()), id="another name alone"),
        pytest.param("int k=1", "int n=2", (("int k=1",), ("int n=2",)), id="another default too"),
        pytest.param("int k", "int n, int m", (("int k",), ("int n", "int m")), id="one more"),
        pytest.param("Tensor k", "int n", (("Tensor k",), ("int n",)), id="another type"),
    ],
)
def test_an_operator_is_called_by_position(before: str, after: str, expected: object) -> None:
    binding = 'TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {{\n  ops.def("pool({0}) -> ()");\n}}\n'
    found = facts({"csrc/b.cpp": binding.format(before)}, {"csrc/b.cpp": binding.format(after)}).operator
    assert [(one.arguments_removed, one.arguments_added) for one in found] == [expected]
