"""Independent tools find the same edges: grimp on a generated package and on a real clone."""

from __future__ import annotations

import ast
import random
import re
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import grimp
import networkx as nx
import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import graph_at
from diffscope.graph.model import IMPORT_LAYERS, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.structure import load_registries, registry_gaps, report_registries
from diffscope.products.explore.native import Binding, report_operators
from diffscope.source.model import RepoPath
from diffscope.source.profile import Profile, in_force
from diffscope.syntax.model import Import, ImportLayer
from diffscope.syntax.outline.outline import outline_python
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
    built = grimp_graph(folder, package)
    return {
        (module, imported)
        for module in built.modules
        for imported in built.find_modules_directly_imported_by(module)
    }


def grimp_graph(folder: Path, package: str) -> grimp.ImportGraph:
    sys.path.insert(0, str(folder))
    try:
        return grimp.build_graph(package, cache_dir=None)
    finally:
        sys.path.remove(str(folder))


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
def test_grimp_finds_the_same_edges_in_a_generated_package(tmp_path: Path, seed: int) -> None:
    files = generate(seed)
    package = f"generated{seed}"
    write_files(tmp_path, files)
    with in_force(Profile(name=package, title=package, packages=(package,), tests=())):
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


@pytest.fixture(scope="module")
def whole(vllm_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> ModuleGraph:
    """The graph of the same commit, native code included."""
    folder = tmp_path_factory.mktemp("cache")
    with GitRepository(vllm_clone) as repository, open_cache(folder) as cache:
        return graph_at(repository, "HEAD", cache=cache)


@pytest.mark.clone
def test_grimp_finds_the_same_edges_in_vllm(checkout: Path, whole: ModuleGraph) -> None:
    """Every edge that grimp finds is found, and no other, but for two kinds that are meant.

    For a module that a build makes (``vllm._C``, vendored code) grimp takes the nearest package that is there; we take the native
    source that the module is made from, or nothing. And a module that imports itself has no edge.
    """
    built = grimp_graph(checkout, "vllm")
    grimps = {
        (each, used) for each in built.modules for used in built.find_modules_directly_imported_by(each)
    }
    mine = ours(whole, "vllm")
    unexplained = [
        edge
        for edge in sorted(grimps - mine)
        if edge[0] != edge[1] and not set(made(built, edge)) <= absent(whole, edge)
    ]
    assert unexplained == []
    assert {target.split("/")[0] for _, target in mine - grimps} <= {"csrc"}
    assert len(grimps) > 10_000


def made(built: grimp.ImportGraph, edge: tuple[str, str]) -> list[str]:
    """The modules that the statements behind an edge of grimp name."""
    details = built.get_import_details(importer=edge[0], imported=edge[1])
    return [each["line_contents"].removeprefix("import ").split(" ")[0] for each in details]


def absent(found: ModuleGraph, edge: tuple[str, str]) -> set[str]:
    """Those of them that are below the imported package, and not in the tree."""
    return {
        name
        for name in (each.module for each in outline_imports(found, edge[0]))
        if name.startswith(f"{edge[1]}.") and name not in found
    }


def outline_imports(found: ModuleGraph, module: str) -> tuple[Import, ...]:
    outline = found.outline_of(ModuleName(module))
    assert outline is not None
    return outline.imports


@pytest.mark.clone
def test_no_file_of_native_code_is_left_out(vllm_clone: Path, whole: ModuleGraph) -> None:
    """By ``git ls-files``; every source is built into an extension, but for those that no build file lists."""
    listed = git(vllm_clone, "ls-tree", "-r", "-z", "--name-only", "HEAD", "csrc").split("\0")[:-1]
    assert len(listed) > 250
    assert [path for path in listed if whole.module_of(RepoPath(path)) is None] == []


@pytest.mark.clone
def test_operators_of_vllm_have_both_ends(whole: ModuleGraph) -> None:
    """What is bound to a native function has a caller in Python, and few operators of our own namespaces are bound to nothing.

    Those are of packages beside vLLM that add to its namespaces (XPU kernels).
    """
    report = report_operators(whole)
    native = report.counts.bindings[Binding.NATIVE.value]
    assert native > 200
    assert report.counts.native_called >= native - 5
    unbound = [entry for entry in report.entries if entry.binding is Binding.UNBOUND]
    assert len(unbound) <= 8
    assert all(
        "xpu" in " ".join(entry.callers) or "torch_utils" in " ".join(entry.callers) for entry in unbound
    )


@pytest.mark.clone
def test_bindings_of_vllm_are_those_that_a_search_finds(vllm_clone: Path, whole: ModuleGraph) -> None:
    """A pattern over the raw text is the judge: every operator that it finds bound is bound, to a file that holds the function."""
    paths = git(vllm_clone, "ls-tree", "-r", "-z", "--name-only", "HEAD", "csrc").split("\0")[:-1]
    sources = {
        path: git(vllm_clone, "show", f"HEAD:{path}") for path in paths if path.endswith((".cpp", ".cu"))
    }
    entries = report_operators(whole).entries
    providers = {
        entry.operator.rpartition(".")[2]: set(entry.providers)
        for entry in entries
        if entry.binding is Binding.NATIVE
    }
    bound = 0
    for text in sources.values():
        for operator, function in BOUND.findall(re.sub(r"//[^\n]*", "", text)):
            bound += 1
            assert operator in providers, operator
            name = function.rpartition("::")[2]
            assert any(re.search(rf"\b{name}\b", sources.get(path, name)) for path in providers[operator]), (
                operator
            )
    assert bound > 200


BOUND = re.compile(r'\bimpl\(\s*"(\w+)"\s*,\s*(?:[\w:]+\s*,\s*)?(?:TORCH_BOX\(\s*)?&([\w:]+)')


@pytest.mark.clone
def test_registries_of_vllm_lead_to_classes(vllm_clone: Path, whole: ModuleGraph) -> None:
    """All rows but the odd stale one; dictionaries have as many rows as ``ast`` counts keys with a class behind them."""
    text = (Path(__file__).parents[2] / "rules" / "registries.yml").read_text("utf-8")
    reports = {
        each.registry: each for each in report_registries(whole, load_registries(text, at="registries.yml"))
    }
    assert registry_gaps(tuple(reports.values())) == ()
    stale = [entry for report in reports.values() for entry in report.entries if entry.reason]
    assert [entry.key for entry in stale if entry.key != "NO_ATTENTION"] == []
    for registry, path, table in TABLES:
        tree = ast.parse(git(vllm_clone, "show", f"HEAD:{path}"))
        keys = {
            key for name, node in dictionaries(tree) if re.fullmatch(table, name) for key in class_keys(node)
        }
        assert keys <= {entry.key for entry in reports[registry].entries}, registry
        assert len(keys) > 5


TABLES = [
    ("models", "vllm/model_executor/models/registry.py", r"_\w+_MODELS"),
    ("tool parsers", "vllm/tool_parsers/__init__.py", "_TOOL_PARSERS_TO_REGISTER"),
    ("reasoning parsers", "vllm/reasoning/__init__.py", "_REASONING_PARSERS_TO_REGISTER"),
    ("tokenizers", "vllm/tokenizers/registry.py", "_VLLM_TOKENIZERS"),
    ("quantization methods", "vllm/model_executor/layers/quantization/__init__.py", "method_to_config"),
    ("model loaders", "vllm/model_executor/model_loader/__init__.py", "_LOAD_FORMAT_TO_MODEL_LOADER"),
]


def dictionaries(tree: ast.AST) -> Iterator[tuple[str, ast.Dict]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield ast.unparse(target), node.value


def class_keys(node: ast.Dict) -> Iterator[str]:
    """The keys that stand for a class: a name, or a module and a class; not the version in which a model was dropped."""
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(value, ast.Name | ast.Tuple):
            yield str(key.value)


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
