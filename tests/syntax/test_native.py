from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.syntax.model import NativeChange, NativeComparison, NativeOutline
from diffscope.syntax.native import functions as native_functions
from diffscope.syntax.native.functions import NativeText, thin_native
from diffscope.syntax.native.native import compare_native, outline_native


def outline(text: str) -> NativeOutline:
    return outline_native(dedent(text).encode())


def compare(before: str | None, after: str | None) -> NativeComparison:
    return compare_native(
        None if before is None else dedent(before).encode(), None if after is None else dedent(after).encode()
    )


FUNCTIONS = [
    pytest.param("int f(int a, float* b) {\n  return 1;\n}\n", [("f", 1, 1, 3, "", ())], id="a function"),
    pytest.param("namespace a {\nnamespace b::c {\nvoid f() {}\n}\n}", [("a::b::c::f", 3, 3, 3, "", ())], id="in namespaces"),
    pytest.param("namespace {\nvoid f() {}\n}", [("f", 2, 2, 2, "", ())], id="in a namespace without a name"),
    pytest.param("struct A {\n  int f() const { return 1; }\n};", [("A::f", 2, 2, 2, "", ())], id="in a class"),
    pytest.param("void A::f() {}", [("A::f", 1, 1, 1, "", ())], id="of a class, outside of it"),
    pytest.param("A::A(int x) : x_(x) {}", [("A::A", 1, 1, 1, "", ())], id="a constructor"),
    pytest.param("template <typename T>\nT f(T x) { return x; }", [("f", 2, 1, 2, "template", ())], id="a template begins with its head"),
    pytest.param("static inline int f() { return 1; }", [("f", 1, 1, 1, "inline static", ())], id="with qualifiers"),
    pytest.param('extern "C" {\nvoid f() {}\n}', [("f", 2, 2, 2, "", ())], id="with the linkage of C"),
    pytest.param("__global__ void k(float* x) {\n  x[0] = 1;\n}", [("k", 1, 1, 3, "__global__", ())], id="a kernel"),
    pytest.param(
        "template <int N>\n__global__ void __launch_bounds__(N, 1)\n    __cluster_dims__(1, 4, 1) k(float* x) {\n}",
        [("k", 3, 1, 4, "__global__ template", ())], id="a kernel with attributes",
    ),
    pytest.param("__global__\n__launch_bounds__(N) void k() {\n}", [("k", 2, 1, 3, "__global__", ())], id="attributes before the type"),
    pytest.param("__global__ void k() {\n  UNREACHABLE\n}", [("k", 1, 1, 3, "__global__", ())], id="nothing but a macro in the body"),
    pytest.param("__device__ __forceinline__ int f() { return 1; }", [("f", 1, 1, 1, "__device__ __forceinline__", ())], id="on the device"),
    pytest.param(
        "#ifdef USE_ROCM\nvoid f() {}\n#else\nvoid f() {}\n#endif",
        [("f", 2, 2, 2, "", ("defined(USE_ROCM)",)), ("f", 4, 4, 4, "", ("not (defined(USE_ROCM))",))],
        id="one for each branch",
    ),
    pytest.param(
        "#if A && \\\n    B\nvoid f() {}\n#elif C\nvoid g() {}\n#endif\nvoid h() {}",
        [("f", 3, 3, 3, "", ("A && B",)), ("g", 5, 5, 5, "", ("C",)), ("h", 7, 7, 7, "", ())],
        id="conditions over several lines",
    ),
    pytest.param(
        "void f() {\n#ifdef A\n  if (x) {\n#else\n  if (y) {\n#endif\n    g();\n  }\n}",
        [("f", 1, 1, 9, "", ())], id="braces opened in two branches",
    ),
    pytest.param("#ifndef A_H\n#define A_H\nvoid f() {}\n#endif", [("f", 3, 3, 3, "", ())], id="an include guard is no condition"),
    pytest.param("int f(int);\nint x = g(1);\nint y{2};", [], id="declarations and variables are none"),
    pytest.param(
        'void f() {\n  if (false) {\n  }\n  CALL_IF(4, f)\n  CALL_IF(8, f)\n  CALL_IF(4, t)\n  CALL_IF(8, t)\n  else {\n    T(false, "a", n,\n       "b", c);\n  }'
        '\n\n  return out;\n}\n\nTORCH_LIBRARY_IMPL_EXPAND(T, CUDA, m) {\n  m.impl("a", &f);\n}\n',
        [("f", 1, 1, 14, "", ())], id="macros in a body that no grammar knows",
    ),
    pytest.param(
        "namespace n {\nstruct A {\n  static int f() { return 1; };\n  A(int x) : x_{x} {\n    y = x;\n  };\n  int x_;\n};\n}",
        [("n::A::f", 3, 3, 3, "static", ()), ("n::A::A", 4, 4, 6, "", ())], id="with a semicolon behind",
    ),
    pytest.param(
        "auto f = [](int x) { return x; };\nint g(int a) {\n  return h([&](int x) {\n    return 1;\n  });\n}",
        [("g", 2, 2, 6, "", ())], id="functions without a name are none",
    ),
    pytest.param(
        "struct alignas(16) A {\n  int f() { return 1; }\n};\nenum class E : int { a, b };\nauto g() -> int { return 1; }",
        [("A::f", 2, 2, 2, "", ()), ("g", 5, 5, 5, "", ())], id="brackets before the braces of a class",
    ),
    pytest.param("void f() {\n  g();\n", [("f", 1, 1, 2, "", ())], id="a brace that is never closed"),
    pytest.param(
        'void f() { s = R"x(})x"; t = "}"; c = \'}\'; }\nvoid g() { h(); }',
        [("f", 1, 1, 1, "", ()), ("g", 2, 2, 2, "", ())], id="braces in text",
    ),
    pytest.param('// void f() {}\nconst char* s = "void g() {}";', [], id="nor is text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS)
def test_functions(text: str, expected: list[tuple[object, ...]]) -> None:
    found = [
        (each.name, each.line, each.start, each.end, " ".join(each.qualifiers), each.guards)
        for each in outline(text).functions
    ]
    assert found == expected


def test_a_kernel_tells_its_parameters() -> None:
    (kernel,) = outline(
        "template <int N>\n__global__ void __launch_bounds__(N * 2, 1)\nk(const float* __restrict__ x,\n  int n) {}"
    ).functions
    assert kernel.is_kernel
    assert kernel.parameters == ("const float* __restrict__ x", "int n")


def test_what_the_grammar_cannot_read_is_told_and_read_by_its_look() -> None:
    found = outline(
        "INSTANTIATE(a, b)\nINSTANTIATE(c, d)\nvoid f(int x) {\n  return;\n}\n@@@ {{{\nint g(int y) {\n  return 1;\n}\n"
    )
    assert "f" in [each.name for each in found.functions]
    assert found.problems


INCLUDES = [
    pytest.param('#include "a/b.h"', [("a/b.h", 1, False, ())], id="of the tree"),
    pytest.param("#include <torch/all.h>", [("torch/all.h", 1, True, ())], id="of the system"),
    pytest.param(
        "#ifdef A\n  #include <b>\n#endif", [("b", 2, True, ("defined(A)",))], id="under a condition"
    ),
    pytest.param('// #include "a"\n#include MACRO', [], id="neither text nor macros"),
]


@pytest.mark.parametrize(("text", "expected"), INCLUDES)
def test_includes(text: str, expected: list[tuple[object, ...]]) -> None:
    assert [(each.path, each.line, each.system, each.guards) for each in outline(text).includes] == expected


BINDINGS = [
    pytest.param(
        'TORCH_LIBRARY_EXPAND(TORCH_EXTENSION_NAME, ops) {\n  ops.def("f(Tensor! out, Tensor x) -> ()");\n  ops.impl("f", torch::kCUDA, &f_);\n}',
        [("schema", "TORCH_EXTENSION_NAME", "f", 2, "(Tensor! out, Tensor x) -> ()", None, None),
         ("implementation", "TORCH_EXTENSION_NAME", "f", 3, None, "CUDA", "f_")],
        id="a schema and its implementation",
    ),
    pytest.param(
        'TORCH_LIBRARY(_C, m) {\n  m.def(\n      "f("\n      "    Tensor a,"\n      "    int b) -> Tensor");\n}',
        [("schema", "_C", "f", 2, "(Tensor a, int b) -> Tensor", None, None)], id="a schema over several literals",
    ),
    pytest.param(
        'TORCH_LIBRARY_EXPAND(CONCAT(TORCH_EXTENSION_NAME, _cache_ops), cache_ops) {\n  cache_ops.def("f(int a) -> int", &f);\n}',
        [("schema", "TORCH_EXTENSION_NAME_cache_ops", "f", 2, "(int a) -> int", None, None),
         ("implementation", "TORCH_EXTENSION_NAME_cache_ops", "f", 2, None, None, "f")],
        id="a joined namespace, a schema with its function",
    ),
    pytest.param(
        'TORCH_LIBRARY_FRAGMENT(_C, ops) {\n  ops.def("f", &ns::f);\n}',
        [("schema", "_C", "f", 2, None, None, None), ("implementation", "_C", "f", 2, None, None, "ns::f")],
        id="a function without a schema",
    ),
    pytest.param(
        'STABLE_TORCH_LIBRARY_IMPL(_C, CUDA, ops) {\n  ops.impl("f.out", TORCH_BOX(&f_out));\n}',
        [("implementation", "_C", "f.out", 2, None, "CUDA", "f_out")], id="the stable form",
    ),
    pytest.param(
        'TORCH_LIBRARY_IMPL(_C, Meta, m) {\n  m.impl("f", [](int a) { return a; });\n}',
        [("implementation", "_C", "f", 2, None, "Meta", None)], id="a lambda has no name",
    ),
    pytest.param(
        'TORCH_LIBRARY(_C, m) {\n  m.impl("f", c10::DispatchKey::CPU, &f<float>);\n  m.impl("g", torch::dispatch(c10::DispatchKey::CUDA, TORCH_FN(g)));\n}',
        [("implementation", "_C", "f", 2, None, "CPU", "f"), ("implementation", "_C", "g", 3, None, "CUDA", "g")],
        id="other spellings of the key",
    ),
    pytest.param("#define TORCH_LIBRARY_EXPAND(NAME, MODULE) TORCH_LIBRARY(NAME, MODULE)", [], id="the definition of the macro"),
    pytest.param('// TORCH_LIBRARY(_C, m) { m.def("f(int a) -> int"); }', [], id="text"),
    pytest.param('void f() {\n  m.def("f(int a) -> int");\n}', [], id="a call outside of a block"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BINDINGS)
def test_bindings(text: str, expected: list[tuple[object, ...]]) -> None:
    found = [
        (each.what, each.namespace, each.name, each.line, each.schema, each.device, each.function)
        for each in outline(text).bindings
    ]
    assert found == expected


def test_a_binding_carries_the_conditions_around_it() -> None:
    (binding,) = outline(
        'TORCH_LIBRARY(_C, m) {\n#ifndef USE_ROCM\n  m.def("f(int a) -> int");\n#endif\n}'
    ).bindings
    assert binding.guards == ("not (defined(USE_ROCM))",)


def test_a_library_is_no_function_and_leaves_the_code_lines_alone() -> None:
    found = outline(
        'TORCH_LIBRARY(_C, m) {\n  // why\n\n  m.def("f(int a) -> int");\n}\nREGISTER_EXTENSION(_C)\n'
    )
    assert found.functions == ()
    assert found.code_lines == 4


def describe(change: NativeChange) -> str:
    """Return a change on one line: ``f: body; +launch -division``."""
    words = " ".join(aspect.value for aspect in change.aspects)
    moved = f" from {change.moved_from}" if change.moved_from else ""
    signs = {"added": "+", "removed": "-"}
    kinds = [f"{signs[each.what]}{each.signal.kind.value}" for each in change.signals]
    return (
        f"{'' if change.logic else '~'}{change.name}: {words}{moved}{'; ' + ' '.join(kinds) if kinds else ''}"
    )


def body(text: str) -> str:
    return "__global__ void k(float* x, int n) {\n" + text + "\n}\n"


LONG = (
    "  int total = 0;\n  for (int i = 0; i < n; ++i) { total += step(i, n); }\n  return total + finish(n);\n"
)

CHANGES = [
    pytest.param(body("f();"), body("f();  // why"), ["~k: cosmetic"], id="a comment"),
    pytest.param(body("f(a, b);"), body("f(a,\n    b);"), ["~k: cosmetic"], id="white space"),
    pytest.param(body('f("ab");'), body('f("a"\n  "b");'), ["~k: cosmetic"], id="a literal in two"),
    pytest.param("void f() {}", "void f() {}\nvoid g() { h(); }", ["g: added"], id="a function is added"),
    pytest.param("void f() { h(); }", "", ["f: removed"], id="a function is removed"),
    pytest.param("void f(int a) {}", "void f(long a) {}", ["f: signature"], id="a parameter's type"),
    pytest.param("void f() {}", "static void f() {}", ["f: signature"], id="a qualifier"),
    pytest.param("int old_(int n) {\n" + LONG + "}", "int new_(int n) {\n" + LONG + "}", ["~new_: moved from old_"], id="another name"),
    pytest.param("#define A 1", "#define A 2", [": body"], id="a macro stands outside of functions"),
    pytest.param('#include "a.h"', '#include "b.h"', [], id="includes are told apart"),
    pytest.param("#ifdef A\nvoid f() { g(); }\n#endif", "#ifdef B\nvoid f() { g(); }\n#endif", [": body", "f: body"], id="the condition around a function"),
    pytest.param('void f() { TORCH_CHECK(g(a, 1), "b", c); }', 'void f() { TORCH_CHECK(g(a, 1), "d", h(c, 2)); }', ["~f: message"], id="what a check says"),
    pytest.param('void f() { TORCH_CHECK(g(a, 1), "b"); h(1, 2); }', 'void f() { TORCH_CHECK(g(a, 2), "b"); h(1, 2); }', ["f: body"], id="what a check asks"),
    pytest.param('void f() { TORCH_CHECK(a, "b"); h(1, 2); }', 'void f() { TORCH_CHECK(a, "b"); h(1, 3); }', ["f: body"], id="what comes behind a check"),
    pytest.param("void f(int a) { g(); }\nvoid f(float a) { g(); }", "void f(int a) { g(); }\nvoid f(float a) { h(); }", ["f: body"], id="one of two overloads"),
    pytest.param(body("k2<<<a, 128>>>(x);"), body("k2<<<a, 256>>>(x);"), ["k: body; +launch -launch"], id="a launch"),
    pytest.param("__global__ void __launch_bounds__(128) k() {}", "__global__ void __launch_bounds__(256) k() {}", ["k: signature; +launch-bounds -launch-bounds"], id="launch bounds"),
    pytest.param(body(""), body("__shared__ float s[128];"), ["k: body; +shared-memory"], id="shared memory"),
    pytest.param(body(""), body("auto y = reinterpret_cast<int4*>(x);"), ["k: body; +pointer-cast"], id="a cast of pointers"),
    pytest.param(body("int idx = a + b;"), body("int64_t idx = a + b;"), ["k: body; +index-arithmetic -index-arithmetic"], id="the width of an index"),
    pytest.param(body("x[i] = 1;"), body("x[i * stride] = 1;"), ["k: body; +index-arithmetic"], id="a product in a subscript"),
    pytest.param(body("y = a;"), body("y = a / b;"), ["k: body; +division"], id="a division"),
    pytest.param(body("y = a / 2;"), body("y = a / 4;"), ["k: body"], id="by a number is none"),
    pytest.param(body(""), body("atomicAdd(x, 1.0f);"), ["k: body; +atomic"], id="an atomic"),
    pytest.param(body("__syncthreads();"), body(""), ["k: body; -barrier"], id="a barrier goes"),
    pytest.param(body("#if __CUDA_ARCH__ >= 800\nf();\n#endif"), body("#if __CUDA_ARCH__ >= 900\nf();\n#endif"), ["k: body; +architecture -architecture"], id="an architecture"),
    pytest.param(body("f();"), body("#ifdef USE_ROCM\nf();\n#endif"), ["k: body; +platform-guard"], id="a platform guard"),
    pytest.param(None, body("__syncthreads();"), ["k: added; +barrier"], id="a new file"),
    pytest.param(body("f();"), None, ["k: removed"], id="a deleted file"),
    pytest.param(body("f();"), body("f();"), [], id="nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_changes(before: str | None, after: str | None, expected: list[str]) -> None:
    assert [describe(change) for change in compare(before, after).functions] == expected


def test_changed_lines_are_lines_of_code() -> None:
    (change,) = compare(body("  a();\n  b();"), body("  // why\n  a();\n\n  c();\n  b();")).functions
    assert (change.added_lines, change.removed_lines) == ((5,), ())


def library(*lines: str) -> str:
    return "TORCH_LIBRARY(_C, m) {\n" + "\n".join(lines) + "\n}\n"


OPERATORS = [
    pytest.param([], ['m.def("f(int a) -> int");'], [("f", "added", None, "(int a) -> int")], id="an operator is added"),
    pytest.param(['m.def("f(int a) -> int");'], [], [("f", "removed", "(int a) -> int", None)], id="an operator is removed"),
    pytest.param(
        ['m.def("f(int a) -> int");'], ['m.def("f(int a, int b) -> int");'],
        [("f", "schema", "(int a) -> int", "(int a, int b) -> int")], id="a schema changes",
    ),
    pytest.param(['m.def("f(int a) -> int");'], ['m.def("f("\n  "int a) -> int");'], [], id="a schema is written over two lines"),
    pytest.param(
        ['m.impl("f", torch::kCUDA, &f);'], ['m.impl("f", torch::kCUDA, &g);'],
        [("f", "implementation", "CUDA: f", "CUDA: g")], id="another function implements it",
    ),
    pytest.param(
        ['m.impl("f", torch::kCUDA, &f);'], ['m.impl("f", torch::kCUDA, &f);', 'm.impl("f", torch::kCPU, &f_cpu);'],
        [("f", "implementation", "CUDA: f", "CUDA: f; CPU: f_cpu")], id="another device",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), OPERATORS)
def test_operators(before: list[str], after: list[str], expected: list[tuple[object, ...]]) -> None:
    found = compare(library(*before), library(*after))
    assert [(each.name, each.change, each.before, each.after) for each in found.operators] == expected
    assert found.functions == ()


STATEMENTS = st.sampled_from(
    ["x = 1;", "if (a) { b(); }", "for (int i = 0; i < n; ++i) { y[i] = {1, 2}; }", 's = "} {";', "c = '{';", "f([&](int a) { return a; });",
     "switch (a) { case 1: return; }", "int z{3};", "struct L { int g() { return 1; } };", "return;"]
)  # fmt: skip
HEADS = st.sampled_from(
    ["void f()", "int f(int a, float* b) const", "__global__ void __launch_bounds__(128) k(float* x)", "auto f() -> int", "A::A(int x) : x_(x), y_{x}",
     "template <typename T>\nstatic inline T g(T const& a) noexcept", "bool operator==(A const& a)", "~A()"]
)  # fmt: skip
FUNCTION = st.builds(
    lambda head, body: f"{head} {{\n  " + "\n  ".join(body) + "\n}\n", HEADS, st.lists(STATEMENTS, max_size=4)
)
FILE = st.lists(
    st.one_of(
        FUNCTION,
        st.sampled_from(
            ["int x;\n", "namespace a {\n", "struct A : B {\n", "}\n", "};\n", "enum E { a, b };\n"]
        ),
    ),
    max_size=6,
)


@given(FILE)
def test_functions_are_the_same_whether_their_bodies_are_read_or_not(parts: list[str]) -> None:
    """What the grammar reads without an error, it reads alike without the bodies."""
    source = "".join(parts).encode()
    thin = outline_native(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_functions, "thin_native", NativeText)
        whole = outline_native(source)
    if not whole.problems:
        assert thin == whole


@given(FILE)
def test_what_is_left_of_a_text_stands_where_it_stood(parts: list[str]) -> None:
    source = "".join(parts).encode()
    text = thin_native(source)
    for at, byte in enumerate(text.code):
        place = text.place(at)
        assert byte in (source[place], *b";\n ")
