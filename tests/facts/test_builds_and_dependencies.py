"""Build settings and versions, compared as declarations."""

from __future__ import annotations

import pytest

from tests.fact_builders import edit

BUILDS = [
    pytest.param(
        "CMakeLists.txt",
        'set(CUDA_SUPPORTED_ARCHS "8.0")\n',
        'set(CUDA_SUPPORTED_ARCHS "8.0;9.0")\n',
        [("arch-list", "changed")],
        id="an architecture more",
    ),
    pytest.param(
        "CMakeLists.txt", "set(A 1)\nset(B 2)\n", "set(B 2)\nset(A 1)\n", [], id="the order of commands"
    ),
    pytest.param("CMakeLists.txt", "set(A 1)\n", "set(A\n    1) # one\n", [], id="layout and comments"),
    pytest.param(
        "cmake/x.cmake", 'list(APPEND FLAGS "-O2")\n', "", [("compile-flag", "removed")], id="a flag goes"
    ),
    pytest.param(
        "CMakeLists.txt",
        'set(SRC "a.cu")\n',
        'set(SRC "a.cu" "b.cu")\n',
        [("source-list", "changed")],
        id="a source more",
    ),
    pytest.param(
        "docker/Dockerfile.rocm",
        "FROM a:1\nRUN make \\\n  all\n",
        "FROM a:1\nRUN make \\\n  some\n",
        [("image", "changed")],
        id="an instruction over two lines",
    ),
    pytest.param("CMakeLists.txt", "set(A (1)\n", "set(A (2)\n", [], id="a command that never closes"),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), BUILDS)
def test_build_settings(path: str, before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.what, one.change) for one in edit(path, before, after).build] == expected


VERSIONS = [
    pytest.param(
        "requirements/cuda.txt",
        "torch==2.9.0\n",
        "torch==2.10.0\n",
        [("torch", "raised", True)],
        id="a pin goes up",
    ),
    pytest.param(
        "requirements/cuda.txt",
        "torch==2.10.0\n",
        "torch==2.9.0\n",
        [("torch", "lowered", True)],
        id="a pin goes down",
    ),
    pytest.param(
        "requirements/common.txt",
        "pool==1.0\n",
        "pool>=1.0\n",
        [("pool", "loosened", False)],
        id="a pin becomes a lower bound",
    ),
    pytest.param(
        "requirements/common.txt",
        "pool>=1.0\n",
        "pool>=1.0,<2\n",
        [("pool", "tightened", True)],
        id="an upper bound",
    ),
    pytest.param("requirements/common.txt", "pool\n", "pool # fine\n", [], id="a comment"),
    pytest.param(
        "requirements/common.txt", "", "pool\n", [("pool", "added", False)], id="a new one without a bound"
    ),
    pytest.param("requirements/common.txt", "pool==1.0\n", "", [("pool", "removed", False)], id="one goes"),
    pytest.param(
        "CMakeLists.txt",
        "FetchContent_Declare(cutlass GIT_TAG v4.0.0)\n",
        "FetchContent_Declare(cutlass GIT_TAG v4.2.0)\n",
        [("cutlass", "raised", True)],
        id="a tag of a fetched source",
    ),
    pytest.param(
        "docker/Dockerfile",
        "ARG CUDA_VERSION=12.8.1\nFROM x\n",
        "ARG CUDA_VERSION=12.9.1\nFROM x\n",
        [("CUDA_VERSION", "raised", True)],
        id="an argument of an image",
    ),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), VERSIONS)
def test_versions(path: str, before: str, after: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(one.name, one.change, one.bounded) for one in edit(path, before, after).dependency] == expected
