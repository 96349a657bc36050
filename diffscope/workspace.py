"""Stage 10, workspace: adapters and pipeline joined, what is opened once and then used for one change or for a thousand.

The command line, the Python API and the case runner all classify through a ``Workspace``. It holds the clone (or none), the rules, the
tables that come with them and the cache; it reads what a change needs and hands values to the pipeline.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import msgspec

from diffscope.adapters.cache import Cache, default_directory, open_cache
from diffscope.adapters.git import GitRepository
from diffscope.adapters.git_changes import CloneSource
from diffscope.adapters.git_find import NO_VLLM
from diffscope.adapters.git_index import PullIndex
from diffscope.adapters.knowledge import load_knowledge
from diffscope.adapters.rule_files import bundled_rules, load_rules
from diffscope.adapters.sides import read_sides
from diffscope.assessment.values import Assessment
from diffscope.diff.parse import salvage_diff
from diffscope.diff.values import Diff, Sides
from diffscope.errors import DiffscopeError
from diffscope.facts.collect import Knowledge, Surroundings
from diffscope.facts.steps import Declarations
from diffscope.facts.values import ChangeFacts, GraphFacts
from diffscope.pipeline import gather_facts, judge
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration
from diffscope.rules.language.catalogue import Catalogue
from diffscope.source.values import Change, Gap

if TYPE_CHECKING:
    from diffscope.adapters.declarations import DeclaredTrees
    from diffscope.graph.model import ModuleGraph

Progress = Callable[[int, int], None]
"""Is told how many of how many files are read, where a graph is built from scratch."""


class Elsewhere(Protocol):
    """Where a change and what surrounds it come from when not from the clone: GitHub."""

    def sides(self, change: Change, diff: Diff) -> Sides:
        """Return both sides of every file of the change."""

    def declarations(self, change: Change, *, cache: Cache) -> tuple[Declarations | None, tuple[Gap, ...]]:
        """Return what the target declares at the base of the change, and what is missing of it."""


class Workspace:
    """A clone or none, the rules, the cache. Close it, or use it in a ``with`` statement.

    ``repository`` is borrowed when it is handed in and stays open. ``rule_folders`` add to the bundled rules;
    ``configuration`` says which of them run. ``folder`` is where the cache lies; ``None`` without one.
    """

    def __init__(
        self,
        repository: GitRepository | None = None,
        *,
        rule_folders: Sequence[Path] = (),
        configuration: RuleConfiguration = EVERY_STABLE_RULE,
        use_cache: bool = True,
        cache_directory: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.repository = repository
        self.configuration = configuration
        self.rule_folders = tuple(rule_folders)
        self.folder = (cache_directory or default_directory()) if use_cache else None
        self._use_cache = use_cache
        self.progress = progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the cache."""
        if "cache" in self.__dict__:
            self.cache.close()

    @cached_property
    def cache(self) -> Cache:
        """The cache of outlines and graphs."""
        return open_cache(self.folder, is_enabled=self._use_cache)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The rules."""
        return load_rules(self.rule_folders, cache=self.cache)

    @cached_property
    def knowledge(self) -> Knowledge:
        """The tables that facts are judged by."""
        return load_knowledge(bundled_rules(), cache=self.cache)

    @cached_property
    def clone(self) -> CloneSource:
        """The changes of the clone; asking for it without one is a mistake of the caller."""
        if self.repository is None:
            raise DiffscopeError("there is no clone here", hint="name one: --repo PATH")
        return CloneSource(self.repository, PullIndex(self.repository, self.folder))

    @cached_property
    def _declared(self) -> DeclaredTrees:
        from diffscope.adapters.declarations import DeclaredTrees  # noqa: PLC0415 - recorded changes do without

        if self.repository is None:
            raise DiffscopeError("there is no clone here", hint="name one: --repo PATH")
        return DeclaredTrees(self.repository, self.cache)

    def classify(self, change: Change, source: Elsewhere | None = None) -> Assessment:
        """Return the assessment of a change; ``source`` is where it comes from, if not from the clone."""
        return self.judge(self.facts(change, source))

    def judge(self, facts: ChangeFacts) -> Assessment:
        """Return the assessment of facts, fresh or recorded."""
        return judge(
            facts,
            catalogue=self.catalogue,
            taxonomy=self.knowledge.taxonomy,
            configuration=self.configuration,
        )

    def facts(self, change: Change, source: Elsewhere | None = None) -> ChangeFacts:
        """Return the facts of a change; ``source`` is where it comes from, if not from the clone."""
        salvage = salvage_diff(change.patch)
        read = (
            source.sides(change, salvage.diff)
            if source
            else read_sides(change, salvage.diff, self.repository)
        )
        around, gaps = self._surroundings(change, source)
        whole = msgspec.structs.replace(change, gaps=(*change.gaps, *salvage.gaps, *read.gaps, *gaps))
        return gather_facts(whole, salvage.diff, read, knowledge=self.knowledge, around=around)

    def _surroundings(self, change: Change, source: Elsewhere | None) -> tuple[Surroundings, tuple[Gap, ...]]:
        # Recorded changes need neither graph nor declarations, and start-up is hot.
        from diffscope.adapters.graphs import graph_at  # noqa: PLC0415
        from diffscope.adapters.history import days_known, history_at  # noqa: PLC0415

        base = change.pull.base
        if self.repository is None or base is None or (source and not self.repository.has_commit(base)):
            declared, lost = source.declarations(change, cache=self.cache) if source else (None, ())
            around = msgspec.structs.replace(packaged_surroundings(), declarations=declared)
            what = f"of {around.graph_facts.commit}" if around.graph_facts else "missing"
            gap = Gap(
                what="graph",
                reason=f"no tree of the base: no clone, or no base commit; the packaged graph is {what}",
            )
            return around, (gap, *lost)
        around, gaps = Surroundings(), list[Gap]()
        try:
            graph = graph_at(
                self.repository,
                base,
                cache=self.cache,
                serving=self.knowledge.serving,
                progress=self.progress,
            )
            facts = GraphFacts(commit=base, digest=graph.digest, modules=len(graph), exact=True)
            history = history_at(self.repository, base, self.cache)
            days = days_known(self.repository, base)
            around = Surroundings(graph=graph, graph_facts=facts, history=history, history_days=days)
        except DiffscopeError as error:
            gaps.append(Gap(what="graph", reason=str(error)))
        try:
            declarations = self._declared.at(base)
            around = msgspec.structs.replace(around, declarations=declarations)
        except DiffscopeError as error:
            gaps.append(Gap(what="declarations", reason=str(error)))
        return around, (*gaps, *_gaps_of(around))


def _gaps_of(around: Surroundings) -> Iterator[Gap]:
    if around.graph is not None and not _is_vllm(around.graph):
        yield Gap(what="repository", reason=NO_VLLM)
    absent = len(around.graph.tables.absent) if around.graph else 0
    if absent:
        reason = (
            f"the clone does not have the content of {absent} files that the graph of the base is made from"
        )
        yield Gap(what="graph", reason=reason)
    missing = len(around.declarations.missing) if around.declarations else 0
    if missing:
        reason = f"the clone does not have the content of {missing} files by which the base declares owners, labels and steps"
        yield Gap(what="declarations", reason=reason)
    if around.history_days is not None:
        reason = f"the history is cut off {around.history_days} d before the base: git fetch --unshallow"
        yield Gap(what="history", reason=reason)


def _is_vllm(graph: ModuleGraph) -> bool:
    names = graph.tables.names
    at = bisect_left(names, "vllm")
    return at < len(names) and names[at].partition(".")[0] == "vllm"


def packaged_surroundings() -> Surroundings:
    """Return the graph that ships with diffscope, marked as not the one of any base; nothing where it cannot be read."""
    from diffscope.adapters.snapshot import bundled_snapshot  # noqa: PLC0415 - only for changes without a clone

    try:
        snapshot = bundled_snapshot()
    except DiffscopeError:
        return Surroundings()
    graph = snapshot.graph
    facts = GraphFacts(commit=snapshot.commit, digest=graph.digest, modules=len(graph), exact=False)
    return Surroundings(graph=graph, graph_facts=facts)
