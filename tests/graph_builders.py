"""Builds graphs from strings: ``graph({"vllm/a.py": "import vllm.b"})``."""

from __future__ import annotations

from diffscope.adapters.graphs.outlines import read_outline
from diffscope.graph.build.assemble import describe_file
from diffscope.graph.build.native import describe_natives
from diffscope.graph.derive import FileOutline, build_graph, derive_graph
from diffscope.graph.model import EdgeLayer
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.outline_queries import bases_in
from diffscope.graph.query.serving import ServingPath, ServingStep
from diffscope.graph.resolve import is_native
from diffscope.graph.tables import FileRecords
from diffscope.source.model import RepoPath
from diffscope.syntax.model import Outline
from tests.builders import Files, as_bytes


def outlines(files: Files) -> dict[RepoPath, FileOutline]:
    """Return the outline of each file."""
    return {RepoPath(path): read_outline(RepoPath(path), data) for path, data in as_bytes(files).items()}


def python_outlines(files: Files) -> dict[RepoPath, Outline]:
    """Return the outline of each Python file."""
    return {path: each for path, each in outlines(files).items() if isinstance(each, Outline)}


def graph(files: Files, *, serving: tuple[str, ...] = ()) -> ModuleGraph:
    """Return the graph of some files, able to answer for classes; ``serving`` are globs, outermost first."""
    read = outlines(files)
    python = python_outlines(files)
    steps = ServingPath(tuple(ServingStep(name=glob, globs=(glob,)) for glob in serving))
    texts = {RepoPath(path): data for path, data in as_bytes(files).items()}
    bases = {path: bases_in(data) for path, data in texts.items()}
    return build_graph(read).attach(
        outline_of=python.get, text_of=texts.get, bases_of=bases.get, serving=steps
    )


def derived(before: Files, after: Files) -> ModuleGraph:
    """Return the graph of ``after``, derived from the bytes of that of ``before`` by the files that differ."""
    old, new = as_bytes(before), as_bytes(after)
    read = outlines(after)
    python = python_outlines(after)
    changed: dict[RepoPath, FileRecords | None] = {
        RepoPath(path): describe_file(RepoPath(path), python.get(RepoPath(path))) if path in new else None
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }
    if any(map(is_native, changed)):
        natives = {path: each for path, each in read.items() if not isinstance(each, Outline)}
        changed.update(describe_natives(natives))
    whole = build_graph(outlines(before))
    known = ModuleGraph.from_cache(whole.to_bytes(), whole.query_cache())
    return derive_graph(known, changed, outline_of=python.get)


def edges(found: ModuleGraph) -> list[str]:
    """Return every edge as ``source -> target layer:line``, with ``transit`` or ``via`` where one is."""
    return [
        f"{edge.source} -> {edge.target} {edge.layer.value}:{edge.line}"
        + (" transit" if edge.is_transit else f" via {edge.through}" if edge.through else "")
        for module in found.modules
        for edge in found.dependencies(module)
    ]


ALL = frozenset(EdgeLayer)
