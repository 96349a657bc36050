"""Paths of a tree -> names of nodes; relative imports -> absolute ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diffscope.graph.values import ModuleName, NodeKind
from diffscope.source.values import RepoPath

PYTHON_ROOTS: Final = ("tests", "vllm")
"""Top folders whose Python files are nodes. Imports of anything else are none of the graph's business."""

NATIVE_SUFFIXES: Final = (".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hip", ".hpp", ".inl")


def node_name(path: RepoPath) -> ModuleName | None:
    """Return the name of a file's node; ``None`` for a file that is none (data, docs, Python outside the roots)."""
    if path.endswith(".py"):
        return _python_name(path)
    if path.endswith(NATIVE_SUFFIXES) or is_build_file(path):
        return ModuleName(path)
    return None


def node_kind(path: RepoPath) -> NodeKind:
    """Return what the node of such a path is."""
    if path.endswith(".py"):
        if path.startswith("tests/"):
            return NodeKind.TEST
        return NodeKind.PACKAGE if path.endswith("/__init__.py") else NodeKind.MODULE
    return NodeKind.BUILD if is_build_file(path) else NodeKind.NATIVE


def is_build_file(path: str) -> bool:
    """Say whether the path is a CMake file."""
    return path.endswith(("/CMakeLists.txt", ".cmake")) or path == "CMakeLists.txt"


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


def _python_name(path: str) -> ModuleName | None:
    root, _, rest = path.partition("/")
    if root not in PYTHON_ROOTS or not rest:
        return None
    stem = path[:-3].removesuffix("/__init__")
    return ModuleName(stem.replace("/", "."))


def is_node(path: RepoPath) -> bool:
    """Say whether the file is a node of the graph."""
    return node_name(path) is not None
