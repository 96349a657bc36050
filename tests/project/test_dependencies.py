from __future__ import annotations

import pytest

from diffscope.project.read import read_dependencies
from diffscope.project.requirements import (
    is_dockerfile,
    is_requirements_file,
    parse_dockerfile,
    parse_requirements,
)
from diffscope.source.model import RepoPath
from tests.builders import text

PLACE = RepoPath("requirements/cuda.txt")

LINES = [
    pytest.param("torch==2.9.0", ("torch", "==2.9.0", True, True), id="an exact version"),
    pytest.param("numpy==2.*", ("numpy", "==2.*", False, True), id="a series is no pin but has an end"),
    pytest.param("ray[cgraph]>=2.48.0", ("ray", ">=2.48.0", False, False), id="a lower bound"),
    pytest.param("a>=1,<2", ("a", "<2,>=1", False, True), id="both bounds"),
    pytest.param("a~=1.4", ("a", "~=1.4", False, True), id="a compatible release"),
    pytest.param("a===1.0+cu1", ("a", "===1.0+cu1", True, True), id="an arbitrary version"),
    pytest.param("Flash_Attn.X", ("flash-attn-x", "", False, False), id="a name alone, normalised"),
    pytest.param('x==1 ; python_version < "3.12" # why', ("x", "==1", True, True), id="a marker and a comment"),
    pytest.param("x==1 --hash=sha256:abc --hash=sha256:def", ("x", "==1", True, True), id="hashes"),
    pytest.param("x @ git+https://h/o/x@0123456789abcdef", ("x", "", True, True), id="a direct reference to a commit"),
    pytest.param("x @ git+https://h/o/x", ("x", "", False, False), id="a direct reference to a branch"),
    pytest.param("git+https://h/o/y.git@v1#egg=Y_z", ("y-z", "", True, True), id="a bare URL with its name"),
    pytest.param("https://h/z-1.0-py3-none-any.whl", (None, "", True, True), id="a wheel"),
    pytest.param("--extra-index-url https://h", (None, "", False, False), id="an option"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_requirement_lines(line: str, expected: tuple[str | None, str, bool, bool]) -> None:
    (found,) = parse_requirements(line, PLACE)
    assert (found.name, found.specifier, found.is_pinned, found.has_upper_bound) == expected
    assert found.defect is None


def test_files_include_each_other_and_lines_are_counted() -> None:
    """A continued line counts from its first; -r is resolved against the file; what is broken says so."""
    found = parse_requirements("# c\n-r common.txt\n\na==1 \\\n  --hash=x\nb>=<2\n-c ../x/y.txt\n", PLACE)
    assert [(each.line, each.name, each.includes) for each in found] == [
        (2, None, "requirements/common.txt"),
        (4, "a", None),
        (6, None, None),
        (7, None, "x/y.txt"),
    ]
    assert found[2].defect is not None


DOCKER = text("""
ARG CUDA_VERSION=12.9.1
ARG BASE_IMAGE=nvidia/cuda:${CUDA_VERSION}-devel-ubuntu22.04
# ARG OLD=1
FROM --platform=linux/amd64 rocm/dev:7.0 AS base
FROM ${BASE_IMAGE} AS build
FROM base AS more
FROM host:5000/img@sha256:abc
ENV UV_HTTP_TIMEOUT=500 NAME="x"
RUN --mount=type=cache uv pip install --system \\
    'numba==0.61.2' "ray>=2" \\
    # a comment in between
    triton==$TRITON_VERSION && \\
    pip install git+https://github.com/o/Mamba@v2.3.0
RUN echo pip install x==1
RUN python3 -m pip install "Flash_Attn==2.8"
ARG AITER_BRANCH="abc123"
ARG USE_X=true
""")


def test_pins_of_a_dockerfile() -> None:
    """Arguments, images, packages and revisions, each on its own line; variables are no pin."""
    found = parse_dockerfile(DOCKER, RepoPath("docker/Dockerfile"))
    assert [(each.line, each.kind, each.name, each.version, each.is_pinned) for each in found] == [
        (1, "argument", "CUDA_VERSION", "12.9.1", True),
        (2, "argument", "BASE_IMAGE", "nvidia/cuda:${CUDA_VERSION}-devel-ubuntu22.04", False),
        (4, "base-image", "rocm/dev", "7.0", True),
        (7, "base-image", "host:5000/img", "sha256:abc", True),
        (8, "argument", "UV_HTTP_TIMEOUT", "500", True),
        (10, "package", "numba", "==0.61.2", True),
        (10, "package", "ray", ">=2", False),
        (12, "package", "triton", "==$TRITON_VERSION", False),
        (13, "git", "mamba", "v2.3.0", True),
        (15, "package", "flash-attn", "==2.8", True),
        (16, "argument", "AITER_BRANCH", "abc123", True),
    ]


NAMES = [
    pytest.param("requirements/test/cuda.in", "requirements", id="a file of the folder"),
    pytest.param("requirements.txt", "requirements", id="a file of the root"),
    pytest.param("requirements/README.md", "neither", id="a note"),
    pytest.param("docker/Dockerfile.rocm", "docker", id="a platform's Dockerfile"),
    pytest.param("x.Dockerfile", "docker", id="a Dockerfile with its name in front"),
    pytest.param("docker/Dockerfile", "docker", id="the Dockerfile"),
    pytest.param("docs/dockerfile.md", "neither", id="a page about them"),
]


@pytest.mark.parametrize(("path", "kind"), NAMES)
def test_files_by_name(path: str, kind: str) -> None:
    assert is_requirements_file(path) is (kind == "requirements")
    assert is_dockerfile(path) is (kind == "docker")


def test_a_tree_of_dependencies_is_read_in_the_order_of_its_paths() -> None:
    """Bytes that are no text are read as far as they go."""
    contents = {
        RepoPath("requirements/b.txt"): b"b==1\n",
        RepoPath("requirements/a.txt"): b"a==1\n\xff\xfe==2\n",
        RepoPath("docker/Dockerfile"): b"FROM x:1\n",
    }
    requirements, pins = read_dependencies(contents)
    assert [(each.path, each.name, each.defect is None) for each in requirements] == [
        ("requirements/a.txt", "a", True),
        ("requirements/a.txt", None, False),
        ("requirements/b.txt", "b", True),
    ]
    assert [each.name for each in pins] == ["x"]
