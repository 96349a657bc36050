"""Independent tools find the same edges: grimp on a generated package and on a real clone."""

from __future__ import annotations

import ast
import random
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import grimp
import networkx as nx
import pytest

from diffscope.graph.model import ModuleGraph
from diffscope.graph.values import IMPORT_LAYERS
from diffscope.syntax.outline import outline_python
from diffscope.syntax.values import ImportLayer
from tests.builders import git, write_files
from tests.graph_builders import graph

Edges = set[tuple[str, str]]


def ours(found: ModuleGraph, package: str) -> Edges:
    """The edges that the import statements themselves name, as grimp counts them: re-exports not followed."""
    return {
        (edge.source, edge.target)
        for module in found.modules
        if module.split(".")[0] == package
        for edge in found.dependencies(module, IMPORT_LAYERS)
        if edge.through is None
    }


def theirs(folder: Path, package: str) -> Edges:
    sys.path.insert(0, str(folder))
    try:
        built = grimp.build_graph(package, cache_dir=None)
    finally:
        sys.path.remove(str(folder))
    return {
        (module, imported)
        for module in built.modules
        for imported in built.find_modules_directly_imported_by(module)
    }


def generate(seed: int) -> dict[str, str]:
    """A package of nested packages whose modules import one another in every way there is."""
    chance = random.Random(seed)
    name = f"generated{seed}"
    packages = [name, f"{name}.p", f"{name}.p.q", f"{name}.r"]
    modules = [f"{package}.m{number}" for package in packages for number in range(4)]
    everything = packages + modules

    def statement(importer: str, *, is_package: bool) -> str:
        target = chance.choice(everything)
        parent, _, child = target.rpartition(".")
        depth = importer.count(".") + (1 if is_package else 0)
        forms = [f"import {target}", f"import {target} as alias", f"from {target} import thing"]
        if parent:
            forms += [f"from {parent} import {child}", f"from {parent} import {child} as alias"]
        if depth:
            forms += [f"from . import m{chance.randrange(4)}", f"from .m{chance.randrange(4)} import thing"]
        if depth > 1:
            forms += ["from .. import m1", "from ..m2 import thing"]
        chosen = chance.choice(forms)
        wrap = chance.randrange(4)
        if wrap == 0:
            return f"def f{chance.randrange(99)}():\n    {chosen}\n"
        if wrap == 1:
            return f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {chosen}\n"
        return f"try:\n    {chosen}\nexcept ImportError:\n    pass\n" if wrap == 2 else f"{chosen}\n"

    files = {}
    for module in everything:
        is_package = module in packages
        lines = [statement(module, is_package=is_package) for _ in range(chance.randrange(6))]
        path = module.replace(".", "/") + ("/__init__.py" if is_package else ".py")
        files[path] = "".join([*lines, "thing = 1\n"])
    return files


@pytest.mark.parametrize("seed", range(8))
def test_grimp_finds_the_same_edges_in_a_generated_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    files = generate(seed)
    package = f"generated{seed}"
    write_files(tmp_path, files)
    for module in ("diffscope.graph.names", "diffscope.graph.describe"):
        monkeypatch.setattr(f"{module}.PYTHON_ROOTS", (package,))
    found = graph(files)
    assert ours(found, package) == {edge for edge in theirs(tmp_path, package) if edge[0] != edge[1]}


@pytest.fixture(scope="module")
def checkout(vllm_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a real commit, unpacked; grimp reads files, not git."""
    folder = tmp_path_factory.mktemp("checkout")
    packed = git(vllm_clone, "archive", "--format=tar", "HEAD", "vllm", "tests")
    with tarfile.open(fileobj=BytesIO(packed.encode("utf-8", "surrogateescape"))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.clone
def test_grimp_finds_the_same_edges_in_vllm(checkout: Path) -> None:
    """Every edge that grimp finds is found, but for two kinds that are meant.

    A module that a build makes (``vllm._C``, vendored code) is not in the tree: grimp takes its nearest package instead, we take the
    native source or nothing. And a module that imports itself has no edge.
    """
    files = python_files(checkout)
    found = graph(files)
    mine, grimps = ours(found, "vllm"), theirs(checkout, "vllm")
    missing = {(importer, imported) for importer, imported in grimps - mine if importer != imported}
    made = {
        each.module
        for path, data in files.items()
        for each in outline_python(data).imports
        if each.module.startswith("vllm.") and each.module not in found
    }
    assert missing <= {edge for edge in missing if any(module.startswith(f"{edge[1]}.") for module in made)}
    assert len(missing) < 20
    assert mine <= grimps
    assert len(grimps) > 10_000


@pytest.mark.clone
def test_ast_finds_the_same_import_lines_in_vllm(checkout: Path) -> None:
    """Names, lines and layers (function or not) of all imports, by Python's own parser."""
    for path in sorted(checkout.glob("**/*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:
            continue
        outline = outline_python(path.read_bytes())
        mine = {
            (each.module, each.name, each.line, each.layer is ImportLayer.LAZY)
            for each in outline.imports
            if each.layer is not ImportLayer.TYPING
        }
        typing = {
            (each.module, each.name, each.line)
            for each in outline.imports
            if each.layer is ImportLayer.TYPING
        }
        assert {each for each in imports_of(tree) if each[:3] not in typing} == mine, path


def imports_of(tree: ast.AST, *, is_lazy: bool = False) -> set[tuple[str, str | None, int, bool]]:
    found: set[tuple[str, str | None, int, bool]] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.name, None, node.lineno, is_lazy) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "", alias.name, node.lineno, is_lazy) for alias in node.names}
        else:
            inside = is_lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            found |= imports_of(node, is_lazy=inside)
    return found


@pytest.mark.clone
def test_layers_and_names_tell_reach_apart_in_vllm(checkout: Path) -> None:
    """Half of all modules are reached by most others when every import counts; by a handful when eager ones do, each to what it names."""
    found = graph(python_files(checkout))
    sample = found.modules[::40]
    naive = nx.DiGraph((target, source) for source, target in ours(found, "vllm"))
    every = sorted(len(nx.descendants(naive, module)) for module in sample if module in naive)
    eager = sorted(len(found.reach(module, None)) for module in sample)
    assert every[len(every) // 2] > 1_000
    assert eager[len(eager) // 2] < 50


def python_files(checkout: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(checkout)): path.read_bytes() for path in sorted(checkout.glob("vllm/**/*.py"))
    }
