"""Stage 11, workspace: adapters and pipeline joined; opened once, used for any number of changes.

The command line, the Python API and the case runner all classify through a ``Workspace``. It holds the clone (or none), the rules, the
tables that come with them and the cache; it reads what a change needs and hands values to the pipeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

import msgspec

from diffscope.adapters.cache.cache import Cache, default_directory, open_cache
from diffscope.adapters.cache.store import FactsCache, judge_hash
from diffscope.adapters.changes.clone import CloneSource
from diffscope.adapters.config.knowledge import load_knowledge
from diffscope.adapters.config.profiles import Chosen, choose_profile, identity
from diffscope.adapters.config.rule_files import load_rules
from diffscope.adapters.git.pull_index import PullIndex
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment, ReportedGap
from diffscope.diff.model import Diff, FileStatus, Sides
from diffscope.errors import DiffscopeError, NotFoundError
from diffscope.facts.knowledge import Knowledge, Surroundings
from diffscope.facts.model import ChangeFacts, GraphFacts
from diffscope.messages.model import message
from diffscope.pipeline import gather_facts, judge
from diffscope.project.ci.workflows import is_workflow
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration
from diffscope.rules.language.catalogue import Catalogue
from diffscope.source.attempts import Attempts, is_internal
from diffscope.source.model import INTERNAL_CODES, Change, CommitId, Gap, SourceKind
from diffscope.source.profile import UNKNOWN_REPOSITORY, Profile, in_force

if TYPE_CHECKING:
    # What collects facts is imported where it is used: facts at hand do without, and start-up is hot.
    from diffscope.adapters.declarations import DeclaredTrees
    from diffscope.facts.ci.declarations import Declarations, JudgedTree

Progress = Callable[[int, int], None]
"""Is told how many of how many files are read, where a graph is built from scratch."""


_REPAIRABLE: Final = frozenset({"base-tree", "blob", "declarations", "diff-truncated", "graph", "history"})
"""Gaps that a better clone of the same commits would not have."""
_PASSING: Final = INTERNAL_CODES | {"gap.change-empty", "gap.change-unavailable"}
"""Codes of gaps that are looked into anew each time."""
_OF_COMMITS: Final = frozenset({SourceKind.CLONE, SourceKind.RANGE})


def is_final(gaps: Iterable[Gap | ReportedGap]) -> bool:
    """Return whether no clone would know better: only then may what is kept answer for every clone, and for this one when it has more."""
    return not any(gap.what in _REPAIRABLE or gap.code in _PASSING for gap in gaps)


class RemoteSource(Protocol):
    """Where a change and what surrounds it come from when not from the clone: GitHub."""

    def sides(self, change: Change, diff: Diff) -> Sides:
        """Return both sides of every file of the change."""

    def declarations(self, change: Change, *, cache: Cache) -> tuple[Declarations | None, tuple[Gap, ...]]:
        """Return what the target declares at the base of the change, and what is missing of it."""


class Workspace:
    """A clone or none, the rules, the cache. For a ``with`` statement: only inside it do the names of its profile count.

    ``repository`` is borrowed when it is handed in and stays open. ``rule_folders`` add to the bundled rules;
    ``configuration`` says which of them run. ``folder`` is where the cache lies; ``None`` without one. What fails inside is a gap of
    the change; with ``is_debug`` it is raised.
    """

    def __init__(  # noqa: PLR0913 - what every adapter needs, each with a default
        self,
        repository: GitRepository | None = None,
        *,
        rule_folders: Sequence[Path] = (),
        configuration: RuleConfiguration = EVERY_STABLE_RULE,
        use_cache: bool = True,
        cache_directory: Path | None = None,
        progress: Progress | None = None,
        is_debug: bool = False,
        profile: Chosen | None = None,
    ) -> None:
        self.repository = repository
        self.profile = profile or choose_profile(None, repository)
        self.configuration = configuration
        self.rule_folders = tuple(rule_folders)
        self.folder = (cache_directory or default_directory()) if use_cache else None
        self._use_cache = use_cache
        self.progress = progress
        self.is_debug = is_debug
        self._forced = ExitStack()

    def __enter__(self) -> Self:
        self._forced.enter_context(in_force(self.names))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._forced.close()

    def close(self) -> None:
        """Let go of the cache and of the index of pull requests."""
        if "cache" in self.__dict__:
            self.cache.close()
        if "_pulls" in self.__dict__:
            self._pulls.close()

    @cached_property
    def cache(self) -> Cache:
        """The cache of outlines and graphs."""
        return open_cache(self.folder, is_enabled=self._use_cache)

    @cached_property
    def names(self) -> Profile:
        """What the repository is called and where its things lie."""
        return self.knowledge.profile

    @cached_property
    def identity(self) -> str:
        """``owner/repo`` of what is judged where a change does not say: of the clone, else of the profile."""
        if self.repository is None:
            return self.names.repository or UNKNOWN_REPOSITORY
        return identity(self.repository, self.names)

    @property
    def profile_gaps(self) -> tuple[Gap, ...]:
        """What is not known of a repository by its profile."""
        if self.repository is None:
            return ()
        generic = Gap(what="repository", message=message("gap.generic-profile"))
        steps = Gap(what="declarations", message=message("gap.steps-not-read"))
        has_steps = self.names.ci != "none"
        return (*((generic,) if self.profile.is_generic else ()), *(() if has_steps else (steps,)))

    @cached_property
    def catalogue(self) -> Catalogue:
        """The rules."""
        return load_rules(self.rule_folders, profiles=self.profile.rule_folders, cache=self.cache)

    @cached_property
    def knowledge(self) -> Knowledge:
        """The tables that facts are judged by."""
        return load_knowledge(self.profile, cache=self.cache)

    @cached_property
    def clone(self) -> CloneSource:
        """The changes of the clone; asking for it without one is a mistake of the caller."""
        return CloneSource(self.cloned(), self._pulls, name=self.identity)

    def cloned(self) -> GitRepository:
        """Return the clone itself. Raises ``DiffscopeError`` where there is none."""
        if self.repository is None:
            raise DiffscopeError("there is no clone here", hint="name one: --repo PATH")
        return self.repository

    @cached_property
    def _pulls(self) -> PullIndex:
        return PullIndex(self.cloned(), self.folder)

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with what is kept between runs, and what was done about it."""
        return (*self.cache.notes, *(self._pulls.notes if "_pulls" in self.__dict__ else ()))

    @cached_property
    def _declared(self) -> DeclaredTrees:
        from diffscope.adapters.declarations import DeclaredTrees  # noqa: PLC0415 - recorded changes do without

        return DeclaredTrees(self.cloned(), self.cache)

    def classify(self, change: Change, source: RemoteSource | None = None) -> Assessment:
        """Return the assessment of a change; ``source`` is where it comes from, if not from the clone."""
        return self.judge(self.facts(change, source))

    def judge(self, facts: ChangeFacts) -> Assessment:
        """Return the assessment of facts, fresh or recorded."""
        return judge(
            facts,
            catalogue=self.catalogue,
            taxonomy=self.knowledge.taxonomy,
            configuration=self.configuration,
            is_debug=self.is_debug,
        )

    def facts(self, change: Change, source: RemoteSource | None = None) -> ChangeFacts:
        """Return the facts of a change; ``source`` is where it comes from, if not from the clone."""
        from diffscope.adapters.changes.sides import base_reader  # noqa: PLC0415
        from diffscope.diff.parse import salvage_diff  # noqa: PLC0415
        from diffscope.facts.change.changed_file import mark_unreadable  # noqa: PLC0415

        attempt = Attempts(is_debug=self.is_debug)
        reader = base_reader(None if source else self.repository, change.pull.base)
        salvage = salvage_diff(change.patch, read_base=reader)
        read = attempt("sides", lambda: self._sides(change, salvage.diff, source), Sides(files=()))
        around, gaps = self._surroundings(change, source, attempt)
        unmarked, taxonomy = read, self.knowledge.taxonomy
        # Where it is not known what is text, nothing counts as read.
        read = attempt("sides", lambda: mark_unreadable(salvage.diff, unmarked, taxonomy), Sides(files=()))
        whole = msgspec.structs.replace(change, gaps=(*change.gaps, *salvage.gaps, *read.gaps, *gaps))
        return gather_facts(
            whole, salvage.diff, read, knowledge=self.knowledge, around=around, attempt=attempt
        )

    @cached_property
    def kept_facts(self) -> FactsCache:
        """The facts that earlier runs of this code collected by these tables."""
        return FactsCache(self.cache, maker=judge_hash("facts", self.knowledge.digest, cache=self.cache))

    def known_facts(self, change: Change) -> ChangeFacts:
        """Return the facts of a change of the clone, kept or collected now. Those of a change between two commits are kept by all that it is."""
        if change.pull.base is None or change.pull.source not in _OF_COMMITS:
            return self.facts(change)
        name = hashlib.blake2b(msgspec.msgpack.encode(change), digest_size=20).hexdigest()
        facts = self.kept_facts.get(name)
        if facts is None:
            facts = self.facts(change)
            if is_final(facts.gaps):
                self.kept_facts.put(name, facts)
        return facts

    def judged_steps(self, change: Change, source: RemoteSource | None = None) -> JudgedTree:
        """Return the declarations that select the steps of a change; no graph is read for it.

        Raises:
            NotFoundError: nothing is known of what the target declares at the base of the change.
        """
        from diffscope.diff.parse import salvage_diff  # noqa: PLC0415
        from diffscope.facts.ci.declarations import EditedFile, judge_tree  # noqa: PLC0415

        salvage = salvage_diff(change.patch)
        base = change.pull.base
        if self.repository is None or base is None or (source and not self.repository.has_commit(base)):
            declared = source.declarations(change, cache=self.cache)[0] if source else None
        else:
            declared = self._declared.at(base)
        if declared is None:
            raise NotFoundError(
                "the steps of CI are not known without the tree of the base",
                hint="name a clone that has it: --repo PATH",
            )
        read = self._sides(change, salvage.diff, source)
        after = {one.path: one.after for one in read.files}
        files = (
            EditedFile(
                path=one.path,
                old_path=one.old_path if one.status is FileStatus.RENAMED else None,
                is_gone=one.status is FileStatus.DELETED,
                after=after.get(one.path),
            )
            for one in sorted(salvage.diff.files, key=lambda one: one.path)
        )
        return judge_tree(files, declared)

    def stand_in(self, commit: CommitId, gap: Gap) -> Assessment:
        """Return what the list of its files tells of a commit that could not be judged, for the reason that ``gap`` gives.

        Raises:
            SourceError: the clone does not have the commit.
        """
        from diffscope.facts.change.changed_file import FileMaterial  # noqa: PLC0415
        from diffscope.facts.collect import collect_facts  # noqa: PLC0415

        change, diff = self.clone.listed(commit)
        failed = is_internal((gap,))
        files = tuple(FileMaterial(diff=file, read=False, failed=failed) for file in diff.files)
        known = msgspec.structs.replace(change, gaps=(gap,))
        around = Surroundings()
        return self.judge(collect_facts(known, files, knowledge=self.knowledge, around=around))

    def _sides(self, change: Change, diff: Diff, source: RemoteSource | None) -> Sides:
        from diffscope.adapters.changes.sides import read_sides  # noqa: PLC0415

        return source.sides(change, diff) if source else read_sides(change, diff, self.repository)

    def _surroundings(
        self, change: Change, source: RemoteSource | None, attempt: Attempts
    ) -> tuple[Surroundings, tuple[Gap, ...]]:
        base = change.pull.base
        if self.repository is None or base is None or (source and not self.repository.has_commit(base)):
            declared, lost = source.declarations(change, cache=self.cache) if source else (None, ())
            packaged = self.packaged_for(change.pull.repository)
            around = msgspec.structs.replace(packaged, declarations=declared)
            commit = around.graph_facts.commit if around.graph_facts else None
            why = (
                message("gap.no-base-tree", commit=commit) if commit else message("gap.no-base-tree-no-graph")
            )
            return around, (Gap(what="graph", message=why), *lost)
        repository, gaps = self.repository, list[Gap]()
        around = Surroundings()
        try:
            around = attempt("graph", lambda: self._graph_around(repository, base), around)
            around = attempt("history", lambda: self._with_history(around, repository, base), around)
        except DiffscopeError as error:
            gaps.append(Gap(what="graph", message=message("gap.graph-failed", error=str(error))))
        try:
            declarations = attempt("declarations", lambda: self._declared.at(base), None)
            around = msgspec.structs.replace(around, declarations=declarations)
        except DiffscopeError as error:
            lost_by = message("gap.declarations-failed", error=str(error))
            gaps.append(Gap(what="declarations", message=lost_by))
        return around, (*self.profile_gaps, *gaps, *_gaps_of(around))

    def packaged_for(self, repository: str) -> Surroundings:
        """Return what ships of the tree of a repository.

        The graph that ships is of one repository: of another it would say that nothing imports what it does not know.
        """
        is_known = self.profile.is_default and repository == self.names.repository
        return packaged_surroundings() if is_known else Surroundings()

    def _graph_around(self, repository: GitRepository, base: CommitId) -> Surroundings:
        from diffscope.adapters.graphs.graphs import graph_at  # noqa: PLC0415 - recorded changes do without

        serving = self.knowledge.serving
        graph = graph_at(repository, base, cache=self.cache, serving=serving, progress=self.progress)
        facts = GraphFacts(commit=base, digest=graph.digest, modules=len(graph), exact=True)
        return Surroundings(graph=graph, graph_facts=facts)

    def _with_history(self, around: Surroundings, repository: GitRepository, base: CommitId) -> Surroundings:
        from diffscope.adapters.graphs.history import days_known, history_at  # noqa: PLC0415 - as above

        history, days = history_at(repository, base, self.cache), days_known(repository, base)
        return msgspec.structs.replace(around, history=history, history_days=days)


_UNREADABLE = frozenset({"broken", "too-large", "symlink"})
"""Kinds of problems that leave nothing of a declaring file; one whose content is missing is counted apart."""
_DECLARING = (".yaml", ".yml", "CODEOWNERS")


def _gaps_of(around: Surroundings) -> Iterator[Gap]:
    absent = len(around.graph.tables.absent) if around.graph else 0
    if absent:
        yield Gap(what="graph", message=message("gap.graph-blobs-missing", count=absent))
    missing = len(around.declarations.missing) if around.declarations else 0
    if missing:
        yield Gap(what="declarations", message=message("gap.declaration-blobs-missing", count=missing))
    for problem in around.declarations.project.problems if around.declarations else ():
        if is_workflow(problem.path) and problem.kind != "missing":
            why = message("gap.workflow-not-read", line=problem.line, problem=problem.message)
            yield Gap(what="declarations", path=problem.path, message=why)
        elif problem.kind in _UNREADABLE and problem.path.endswith(_DECLARING):
            lost = message("gap.declaration-not-read", line=problem.line, problem=problem.message)
            yield Gap(what="declarations", path=problem.path, message=lost)
    if around.history_days is not None:
        yield Gap(what="history", message=message("gap.history-cut-off", days=around.history_days))


def packaged_surroundings() -> Surroundings:
    """Return the graph that ships with diffscope, marked as not the one of any base; nothing where it cannot be read."""
    from diffscope.adapters.graphs.snapshot import bundled_snapshot  # noqa: PLC0415 - only for changes without a clone

    try:
        snapshot = bundled_snapshot()
    except DiffscopeError:
        return Surroundings()
    graph = snapshot.graph
    facts = GraphFacts(commit=snapshot.commit, digest=graph.digest, modules=len(graph), exact=False)
    return Surroundings(graph=graph, graph_facts=facts)
