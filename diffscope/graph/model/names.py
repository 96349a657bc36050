"""Paths of a tree -> names of nodes; relative imports -> absolute ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from diffscope.graph.model.model import ModuleName, NodeKind
from diffscope.source.model import RepoPath

PYTHON_ROOTS: Final = ("tests", "vllm")
"""Top folders whose Python files are nodes. Imports of anything else are none of the graph's business."""

ROOTS: Final = ("CMakeLists.txt", "cmake", "csrc", "pyproject.toml", *PYTHON_ROOTS)
"""What of a tree the graph is made from: equal object ids of these mean equal graphs."""

_BUILD_ROOTS: Final = frozenset({"CMakeLists.txt", "cmake", "pyproject.toml"})


def node_name(path: RepoPath) -> ModuleName | None:
    """Return the name of a file's node; ``None`` for a file that is none (data, docs, Python outside the roots).

    Every file of ``csrc/`` is one, the generators and templates among the sources too: what they make is compiled.
    """
    root = path.partition("/")[0]
    if root in PYTHON_ROOTS:
        stem = path.removesuffix(".py")
        return None if stem == path else ModuleName(stem.removesuffix("/__init__").replace("/", "."))
    return ModuleName(path) if is_native(path) else None


def node_kind(path: RepoPath) -> NodeKind:
    """Return what the node of such a path is."""
    if is_native(path):
        return NodeKind.BUILD if is_build_file(path) else NodeKind.NATIVE
    if path.startswith("tests/"):
        return NodeKind.TEST
    return NodeKind.PACKAGE if path.endswith("/__init__.py") else NodeKind.MODULE


def is_native(path: str) -> bool:
    """Say whether the file is a native source or a build file."""
    return path.startswith("csrc/") or (
        path.split("/", maxsplit=1)[0] in _BUILD_ROOTS and is_build_file(path)
    )


def is_build_file(path: str) -> bool:
    """Say whether the file is a CMake file, a generator of sources, or the project's declaration."""
    name = path.rpartition("/")[2]
    is_generator = path.startswith("csrc/") and name.endswith(".py")
    return name in ("CMakeLists.txt", "pyproject.toml") or name.endswith(".cmake") or is_generator


@lru_cache(maxsize=1 << 14)  # asked of every test of every tree
def is_test_file(path: str) -> bool:
    """Say whether pytest would collect the file by its name."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def name_nodes(paths: Iterable[RepoPath]) -> dict[str, RepoPath]:
    """Return name -> path, sorted by name. Of ``a.py`` and ``a/__init__.py`` Python imports the package, so does this."""
    named: dict[str, RepoPath] = {}
    for path in sorted(paths):
        name = node_name(path)
        if name is not None and not (name in named and named[name].endswith("/__init__.py")):
            named[name] = path
    return dict(sorted(named.items()))


def absolute_module(module: str, level: int, *, importer: str, is_package: bool) -> str | None:
    """Return the absolute name of ``from <level dots><module> import``; ``None`` when it climbs above the root."""
    if level == 0:
        return module
    parts = importer.split(".")
    keep = len(parts) - level + (1 if is_package else 0)
    if keep <= 0:
        return None
    base = ".".join(parts[:keep])
    return f"{base}.{module}" if module else base
