"""Operators: what stands behind each, and which lack an end."""

from __future__ import annotations

from diffscope.products.explore.native import Binding, report_operators
from tests.graph_builders import graph

FILES = {
    "CMakeLists.txt": "define_extension_target(_C DESTINATION vllm SOURCES csrc/ops.cpp)\n",
    "csrc/ops.cpp": """
        TORCH_LIBRARY(_C, ops) {
          ops.def("norm(Tensor a) -> ()");
          ops.impl("norm", torch::kCUDA, &norm);
          ops.def("never_called(Tensor a) -> ()", &never_called);
          ops.def("declared(Tensor a) -> ()");
        }
        void norm(torch::Tensor& a) {}
        void never_called(torch::Tensor& a) {}
        """,
    "vllm/ops.py": """
        direct_register_custom_op(op_name="own", op_func=f)
        torch.ops._C.norm(x)
        torch.ops._C.gone(x)
        torch.ops._C.declared(x)
        torch.ops.aten.mm(x)
        """,
    "tests/test_ops.py": 'direct_register_custom_op("mine::of_test", f)\ntorch.ops.aten.add(x)\ntorch.ops._C.norm(x)\n',
}


def test_every_operator_has_one_binding() -> None:
    report = report_operators(graph(FILES))
    assert {each.operator.removeprefix("torch.ops."): each.binding for each in report.entries} == {
        "_C.norm": Binding.NATIVE,
        "_C.never_called": Binding.NATIVE,
        "_C.declared": Binding.DECLARED,
        "_C.gone": Binding.UNBOUND,
        "aten.add": Binding.FOREIGN,
        "aten.mm": Binding.FOREIGN,
        "mine.of_test": Binding.TEST,
        "vllm.own": Binding.PYTHON,
    }
    assert sum(report.counts.bindings.values()) == report.counts.total == 8
    assert (report.counts.called, report.counts.native_called) == (4, 1)


def test_ends_are_named() -> None:
    report = report_operators(graph(FILES))
    norm = next(each for each in report.entries if each.operator == "torch.ops._C.norm")
    assert (norm.providers, norm.callers, norm.tests) == (
        ("csrc/ops.cpp",),
        ("vllm.ops",),
        ("tests.test_ops",),
    )


def test_what_lacks_an_end_is_listed_and_what_is_foreign_counted() -> None:
    report = report_operators(graph(FILES))
    assert [each.operator.removeprefix("torch.ops._C.") for each in report.loose()] == [
        "declared",
        "gone",
        "never_called",
    ]
    assert report.foreign() == {"aten": 2}
