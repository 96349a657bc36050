"""Build files: source lists with their conditions, generators, entry points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.syntax.build import outline_build
from diffscope.syntax.model import BuildTarget
from diffscope.syntax.native.bindings import find_calls
from tests.builders import text

CMAKE = """
    # set(NOT "csrc/commented.cu")
    #[[ set(NOT "csrc/also.cu") ]]
    SET(A "csrc/a.cu;csrc/b.cu")  # two in one
    if (X STREQUAL "CUDA")
      list(APPEND A ${CMAKE_CURRENT_SOURCE_DIR}/csrc/c.cu
        csrc/d.cpp)
    elseif(Y)
      set(B csrc/e.cu)
    else()
      set(B csrc/f.cu)
    endif()
    file(GLOB G "csrc/gen/*.cu")
    include(${CMAKE_CURRENT_LIST_DIR}/more.cmake)
    list(APPEND A ${G} "${B}")
    message(STATUS "csrc/not_a_source.cu is (fine)")
    define_extension_target(_C DESTINATION vllm SOURCES ${A} csrc/g.cu)
    set_gencode_flags_for_srcs(SRCS "${A}" csrc/h.cu CUDA_ARCHS "9.0a")
    target_sources(_C PRIVATE ${G})
    """


def test_cmake_lists_with_their_conditions() -> None:
    outline = outline_build("CMakeLists.txt", text(CMAKE).encode())
    assert [(each.path, each.line, each.variable, each.guards) for each in outline.sources] == [
        ("csrc/a.cu", 3, "A", ()),
        ("csrc/b.cu", 3, "A", ()),
        ("csrc/c.cu", 5, "A", ("X STREQUAL CUDA",)),
        ("csrc/d.cpp", 6, "A", ("X STREQUAL CUDA",)),
        ("csrc/e.cu", 8, "B", ("Y",)),
        ("csrc/f.cu", 10, "B", ("not (Y)",)),
        ("csrc/gen/*.cu", 12, "G", ()),
        ("./more.cmake", 13, "", ()),
        ("csrc/g.cu", 16, "_C", ()),
        ("csrc/h.cu", 17, "", ()),
    ]


def test_cmake_commands_that_give_sources() -> None:
    is_cuda, other, otherwise = ("X STREQUAL CUDA",), ("Y",), ("not (Y)",)
    more = ("csrc/c.cu", "csrc/d.cpp")
    assert outline_build("CMakeLists.txt", text(CMAKE).encode()).targets == (
        BuildTarget(name="A", parts=(), line=3, sources=("csrc/a.cu", "csrc/b.cu")),
        BuildTarget(name="A", parts=(), line=5, sources=more, guards=is_cuda, is_appended=True),
        BuildTarget(name="B", parts=(), line=8, sources=("csrc/e.cu",), guards=other),
        BuildTarget(name="B", parts=(), line=10, sources=("csrc/f.cu",), guards=otherwise),
        BuildTarget(name="G", parts=(), line=12, sources=("csrc/gen/*.cu",)),
        BuildTarget(name="A", parts=("G", "B"), line=14, is_appended=True),
        BuildTarget(name="_C", parts=("A",), line=16, destination="vllm", sources=("csrc/g.cu",)),
        BuildTarget(name="_C", parts=("G",), line=18, is_appended=True),
    )


def test_a_generator_tells_what_its_templates_include_and_its_outputs() -> None:
    source = b'T = """\n#include "a.h"\n  #include <b.cuh>\nvoid run_it(int x);\n"""\nopen("/selector.h")\nf"x_{n}.cu"\n'
    outline = outline_build("generate.py", source)
    assert [(each.path, each.line) for each in outline.sources] == [("a.h", 2), ("b.cuh", 3)]
    assert outline.outputs == ("selector.h",)
    assert outline.words == ("run_it",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('[project.scripts]\nv = "a.b:main"\n', [("project.scripts", "v", ("a.b.main",), 2)]),
        ('[project.entry-points."x.y"]\nv = "a.b:c [extra]"\n', [("x.y", "v", ("a.b.c",), 2)]),
        ("[project]\nscripts = 3\n", []),
        ("not toml [", []),
    ],
    ids=["a script", "an entry point", "scripts of another type", "no TOML at all"],
)
def test_entry_points(source: str, expected: list[tuple[str, str, tuple[str, ...], int]]) -> None:
    rows = outline_build("pyproject.toml", source.encode()).rows
    assert [(row.table, row.key, row.values, row.line) for row in rows] == expected


@given(st.sampled_from(["CMakeLists.txt", "generate.py", "pyproject.toml"]), st.binary(max_size=200))
def test_no_bytes_break_it(name: str, source: bytes) -> None:
    outline_build(name, source)


def test_calls_are_functions_that_another_source_may_define() -> None:
    code = b"a::do_it(1); x.member_call(2); p->other_call(3); std::move_it(4);\nlaunchKernel<int, 4>(5); do_it(6); plain(7); cudaMalloc(8);"
    assert [(call.name, call.line) for call in find_calls(code)] == [("do_it", 1), ("launchKernel", 2)]
