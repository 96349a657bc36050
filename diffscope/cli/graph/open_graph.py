"""Opens the graph that ``diffscope graph`` queries, with its commit and clone."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from diffscope.cli.console import Console
from diffscope.errors import NotFoundError

if TYPE_CHECKING:
    from diffscope.adapters.cache.cache import Cache
    from diffscope.adapters.config.profiles import Chosen
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.graph.history.history import Companions
    from diffscope.graph.model import EdgeLayer, ModuleName
    from diffscope.graph.query.graph import ModuleGraph
    from diffscope.graph.query.serving import ServingPath
    from diffscope.graph.query.structure import Registry
    from diffscope.source.model import RepoPath
    from diffscope.taxonomy.model import Taxonomy


_MOST_HINTS = 4


class OpenedGraph:
    """A graph and its repository, both open until `close`: class queries read outlines when they are asked."""

    def __init__(
        self, graph: ModuleGraph, repository: GitRepository, cache: Cache, revision: str, profile: Chosen
    ) -> None:
        self.graph = graph
        self.repository = repository
        self.revision = revision
        self._cache = cache
        self._profile = profile

    def close(self) -> None:
        """Let go of the cache and of git."""
        self._cache.close()
        self.repository.close()

    def source(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file of the tree."""
        return self.repository.read(self.revision, path)

    def at(self, revision: str) -> ModuleGraph:
        """Return the graph at another commit."""
        from diffscope.adapters.graphs.graphs import graph_at

        return graph_at(self.repository, revision, cache=self._cache, serving=_serving(self._profile))

    def companions(self, path: RepoPath) -> Companions:
        """Return what changed with a file in the past, as far back as history counts."""
        from diffscope.adapters.graphs.history import history_at

        commit = self.repository.resolve(self.revision)
        return history_at(self.repository, commit, self._cache).companions(path)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The tables that tell areas."""
        from diffscope.adapters.config.knowledge import load_knowledge

        return load_knowledge(self._profile, cache=self._cache).taxonomy

    @cached_property
    def registries(self) -> tuple[Registry, ...]:
        """The registries that are known by name."""
        from diffscope.adapters.config.rule_tables import read_registries

        return read_registries(Path(self._profile.folder))

    def find(self, text: str) -> ModuleName:
        """Return the node of a name or path. Raises ``NotFoundError`` with the nearest name there is."""
        from diffscope.graph.model import ModuleName
        from diffscope.source.model import RepoPath

        name = self.graph.module_of(RepoPath(text.removeprefix("./"))) or ModuleName(text)
        if name in self.graph:
            return name
        raise NotFoundError(f"the graph has no node {text}", hint=self._hint(text))

    def _hint(self, text: str) -> str:
        from difflib import get_close_matches

        last = text.rpartition("/")[2] if "/" in text else text.rpartition(".")[2]
        ends = [name for name in self.graph.modules if name.endswith((f".{last}", f"/{last}"))]
        if last == text and ends:
            shortest = sorted(ends, key=lambda name: (name.count("."), name))[:_MOST_HINTS]
            return f"did you mean {' or '.join(shortest)}?"
        near = get_close_matches(text, ends or self.graph.modules, n=1, cutoff=0.6) or ends[:1]
        return f"did you mean {near[0]}?" if near else "name it as package.module or package/module.py"


def open_graph(repo: Path | None, revision: str, *, use_cache: bool, console: Console) -> OpenedGraph:
    """Return the graph at a revision, read with a progress bar."""
    from diffscope.adapters.cache.cache import open_cache
    from diffscope.adapters.graphs.graphs import graph_at
    from diffscope.cli.console import Progress
    from diffscope.cli.gather import need_clone
    from diffscope.cli.open_workspace import take_profile

    repository = need_clone(repo)
    profile = take_profile(repository)
    cache = open_cache(is_enabled=use_cache)
    with Progress("reading files", console) as progress:
        found = graph_at(repository, revision, cache=cache, serving=_serving(profile), progress=progress)
    for note in cache.notes:
        console.note(note)
    return OpenedGraph(found, repository, cache, revision, profile)


def _serving(profile: Chosen) -> ServingPath:
    from diffscope.adapters.config.profiles import table_file
    from diffscope.adapters.graphs.graphs import read_serving

    return read_serving(table_file(Path(profile.folder), "serving.yml"))


def layers_of(words: Collection[str]) -> frozenset[EdgeLayer]:
    """Return the layers that ``--layer`` names."""
    from diffscope.graph.model import EdgeLayer

    return frozenset(EdgeLayer(word) for word in words)
