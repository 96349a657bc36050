"""Lists of CMake are followed command by command, as CMake runs them."""

from __future__ import annotations

import pytest

from diffscope.graph.build.native import extension_sources
from diffscope.source.model import RepoPath
from diffscope.syntax.build import outline_build
from tests.builders import text

NATIVES = [f"csrc/{name}" for name in ("a.cu", "b.cu", "c.cu", "d.cu", "bindings.cpp", "cpu/bindings.cpp")]


def sources(files: dict[str, str]) -> dict[str, tuple[str, ...]]:
    builds = {
        RepoPath(path): outline_build("CMakeLists.txt", text(content).encode())
        for path, content in files.items()
    }
    binders = [path for path in NATIVES if "bindings" in path]
    found = extension_sources(builds, NATIVES, binders)
    return {name: tuple(path.removeprefix("csrc/") for path in paths) for name, paths in found.items()}


CASES = [
    pytest.param(
        """
        set(S csrc/a.cu csrc/bindings.cpp)
        set(S csrc/b.cu)
        target(_C DESTINATION vllm SOURCES ${S})
        """,
        {"_C": ("b.cu",)},
        id="a variable that is set again holds nothing of before",
    ),
    pytest.param(
        """
        set(S csrc/a.cu)
        list(APPEND ALL ${S})
        set(S csrc/b.cu)
        list(APPEND OTHER "${S}")
        target(_C DESTINATION vllm SOURCES ${ALL})
        target(_moe_C DESTINATION vllm SOURCES ${OTHER})
        """,
        {"_C": ("a.cu",), "_moe_C": ("b.cu",)},
        id="a scratch variable gives what it holds at the time",
    ),
    pytest.param(
        """
        if(X)
          set(S csrc/a.cu)
        else()
          set(S csrc/b.cu)
        endif()
        target(_C DESTINATION vllm SOURCES ${S})
        """,
        {"_C": ("a.cu", "b.cu")},
        id="both branches count",
    ),
    pytest.param(
        """
        set(S csrc/a.cu)
        set(S csrc/b.cu ${S})
        target(_C DESTINATION vllm SOURCES ${S})
        target_sources(_C PRIVATE csrc/c.cu)
        """,
        {"_C": ("a.cu", "b.cu", "c.cu")},
        id="a variable added to itself, and a source added to the target",
    ),
    pytest.param(
        """
        set(S csrc/a.cu)
        set_gencode_flags_for_srcs(SRCS "${S}" CUDA_ARCHS "9.0")
        list(APPEND T ${SRCS})
        target(_C DESTINATION vllm SOURCES ${T} csrc/d.cu)
        """,
        {"_C": ("d.cu",)},
        id="keywords of other commands are no variables",
    ),
    pytest.param(
        "set(S csrc/a.cu)\nadd_library(_C ${S})\n", {}, id="what is put into no package is no extension"
    ),
]


@pytest.mark.parametrize(("content", "expected"), CASES)
def test_sources_of_extensions(content: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert sources({"CMakeLists.txt": content.replace("target(", "define_extension_target(")}) == expected


def test_files_have_variables_of_their_own_and_share_the_rest() -> None:
    """Of one extension the main file's sources come first, binders before others: an import leads to the first."""
    files = {
        "CMakeLists.txt": "set(S csrc/a.cu csrc/bindings.cpp)\ndefine_extension_target(_C DESTINATION vllm SOURCES ${S})\n",
        "cmake/cpu.cmake": "set(S csrc/cpu/bindings.cpp)\ndefine_extension_target(_C DESTINATION vllm SOURCES ${S} ${MORE})\n",
        "cmake/more.cmake": "set(MORE csrc/d.cu)\n",
    }
    assert sources(files) == {"_C": ("bindings.cpp", "a.cu", "cpu/bindings.cpp", "d.cu")}
