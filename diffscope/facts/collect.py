"""Joins both sides of every file, the graph of the base and the target's own declarations into the facts of a change."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.build_arguments import collect_build_arguments
from diffscope.facts.builds import collect_builds, declares_builds
from diffscope.facts.calls import collect_calls
from diffscope.facts.classify import classify_change
from diffscope.facts.conditions import collect_guards
from diffscope.facts.counterparts import collect_counterparts
from diffscope.facts.declarations import Declarations
from diffscope.facts.default_tables import collect_default_tables
from diffscope.facts.dependencies import collect_dependencies, declares_dependencies
from diffscope.facts.extractions import join_extractions
from diffscope.facts.files import collect_files
from diffscope.facts.history import WITHIN_DAYS, collect_history
from diffscope.facts.imports import collect_imports, modules_after
from diffscope.facts.lookup import TreeLookup
from diffscope.facts.material import FileMaterial, Placed, is_lost
from diffscope.facts.mentions import collect_mentions
from diffscope.facts.metrics import collect_metrics
from diffscope.facts.modules import collect_modules, place_files
from diffscope.facts.moves import join_moves
from diffscope.facts.natives import collect_natives, collect_operators
from diffscope.facts.nearest import collect_nearest
from diffscope.facts.numerics import collect_numerics
from diffscope.facts.options import collect_options
from diffscope.facts.overrides import collect_overrides
from diffscope.facts.registries import collect_registries
from diffscope.facts.settings import with_settings
from diffscope.facts.steps import collect_steps
from diffscope.facts.symbols import collect_parameters, collect_symbols
from diffscope.facts.tests import collect_tests
from diffscope.facts.values import (
    ChangeFacts,
    DependencyFact,
    GraphFacts,
    ImportFact,
    OptionFact,
    UnknownFamily,
)
from diffscope.facts.writes import collect_writes
from diffscope.graph.history import ChangeHistory
from diffscope.graph.model import ModuleGraph
from diffscope.graph.serving import ServingPath
from diffscope.source.values import Change, Gap, RepoPath, Value
from diffscope.taxonomy.counterparts import Pairing
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.roles import RoleTable
from diffscope.taxonomy.twins import TwinRule


class Knowledge(Value, frozen=True, kw_only=True):
    """What the facts are judged by: tables that come with the rules."""

    taxonomy: Taxonomy
    roles: RoleTable
    counterparts: tuple[Pairing, ...] = ()
    twins: tuple[TwinRule, ...] = ()
    serving: ServingPath = ServingPath(())
    digest: str = ""
    """Equal ones make equal facts of equal changes."""


class Surroundings(Value, frozen=True, kw_only=True):
    """What is known of the tree around the change. Each part may be missing; what depends on it is then unknown."""

    graph: ModuleGraph | None = None
    graph_facts: GraphFacts | UnsetType = UNSET
    declarations: Declarations | None = None
    history: ChangeHistory | None = None
    """What changed together before the base."""
    history_days: int | None = None
    """How many days before the base that is cut off; ``None`` where it reaches as far back as is asked for."""


def collect_facts(
    change: Change, files: tuple[FileMaterial, ...], *, knowledge: Knowledge, around: Surroundings
) -> ChangeFacts:
    """Return the facts of a change. Never raises on odd input: what could not be read is listed in ``unknown`` and ``gaps``."""
    taxonomy = knowledge.taxonomy
    declared = around.declarations
    placed = _placed(files, taxonomy, declared)
    lookup = _lookup(placed, around.graph)
    modules = collect_modules(placed, lookup)
    placed = place_files(placed, modules)
    facts = tuple(one.fact for one in placed)
    symbols = collect_symbols(placed, modules, taxonomy, lookup)
    imports = collect_imports(placed, lookup)
    guards, builds = collect_guards(placed, taxonomy), collect_builds(placed)
    ci, steps = collect_steps(placed, declared, change.pull, lookup) if declared else (UNSET, ())
    found = ChangeFacts(
        pull=change.pull,
        change=classify_change(change.pull, facts, symbols, taxonomy, guards=guards, builds=builds),
        file=facts,
        module=modules,
        symbol=symbols,
        parameter=collect_parameters(placed, symbols),
        option=_options(placed),
        imports=imports,
        guard=guards,
        call=collect_calls(placed, taxonomy, knowledge.roles),
        numeric=collect_numerics(placed),
        write=collect_writes(placed),
        test=collect_tests(placed),
        build=builds,
        registry=collect_registries(placed, knowledge.twins),
        override=collect_overrides(placed, taxonomy, lookup),
        mention=collect_mentions(placed),
        native=collect_natives(placed, lookup),
        operator=collect_operators(placed, lookup),
        dependency=_dependencies(placed, declared, taxonomy),
        step=steps,
        ci=ci,
        labels=declared.labels(change.pull, placed) if declared else UNSET,
        counterpart=collect_counterparts(placed, symbols, knowledge.counterparts, lookup),
        history=collect_history(placed, change.pull.title, around.history),
        nearest_tests=collect_nearest(placed, change.pull.title, around.graph, around.history),
        graph=_with_rings(around.graph_facts, imports),
        gaps=(*change.gaps, *_gaps(placed)),
        unknown=_unknown(placed, around, has_graph=lookup is not None),
    )
    return with_settings(found)


def _placed(
    files: tuple[FileMaterial, ...], taxonomy: Taxonomy, declared: Declarations | None
) -> tuple[Placed, ...]:
    joined = join_extractions(join_moves(files))
    return tuple(
        Placed(fact=fact, material=material)
        for fact, material in zip(
            collect_files(joined, taxonomy, declared.owners if declared else None),
            sorted(joined, key=lambda one: one.diff.path),
            strict=True,
        )
    )


def _options(placed: tuple[Placed, ...]) -> tuple[OptionFact, ...]:
    return (
        *collect_options(placed),
        *collect_default_tables(placed),
        *collect_build_arguments(placed),
        *collect_metrics(placed),
    )


def _with_rings(graph: GraphFacts | UnsetType, imports: Iterable[ImportFact]) -> GraphFacts | UnsetType:
    if graph is UNSET:
        return UNSET
    rings = {one.cycle for one in imports if isinstance(one.cycle, str)}
    return msgspec.structs.replace(graph, cycles_closed=tuple(sorted(rings)))


def _dependencies(
    placed: tuple[Placed, ...], declared: Declarations | None, taxonomy: Taxonomy
) -> tuple[DependencyFact, ...]:
    known = (lambda: declared.requirements) if declared else tuple
    return collect_dependencies(placed, known, taxonomy.platforms_of)


def _lookup(placed: tuple[Placed, ...], graph: ModuleGraph | None) -> TreeLookup | None:
    if graph is None:
        return None
    touched = [name for one in placed for name in (one.fact.path, one.fact.old_path) if name]
    tests = [one.material.after for one in placed if one.fact.category == "test" and one.material.after]
    return TreeLookup(graph, touched, tests, modules_after(placed))


_FROM_PYTHON = ("symbol", "parameter", "option", "import", "guard", "call", "numeric", "write")
_FROM_BOTH_SIDES = ("counterpart", "operator", "override", "registry")
"""Families that of a source file which was not compared at all are unknown too; one that does not parse in places still tells some."""
_FROM_NATIVE = ("native", "operator")
_UNREAD = "its text before or after the change could not be read"


_FROM_GRAPH = ("override", "counterpart")
"""Families of which nothing is known without the graph of the base: other families only lose fields."""


def _unknown(
    placed: tuple[Placed, ...], around: Surroundings, *, has_graph: bool
) -> tuple[UnknownFamily, ...]:
    found = []
    if not has_graph and any(one.fact.category == "source" and one.fact.logic is not False for one in placed):
        found += [
            UnknownFamily(family=family, reason="no module graph of the base") for family in _FROM_GRAPH
        ]
    declared = around.declarations
    has_steps = declared is not None and declared.has_steps
    if not has_steps and any(one.fact.category in {"source", "native", "test"} for one in placed):
        why = "no CI steps at the base" if declared else "no CI declarations of the base"
        found.append(UnknownFamily(family="step", reason=why))
    products = (one for one in placed if one.fact.category in {"source", "native", "build"})
    past = _why_no_history(around)
    if past and any(one.fact.logic is not False for one in products):
        found.append(UnknownFamily(family="history", reason=past))
    for one in placed:
        reason = _why_unread(one)
        if reason:
            found += [
                UnknownFamily(family=family, reason=reason, path=one.fact.path)
                for family in _families_of(one)
            ]
    return tuple(sorted(found, key=lambda unknown: (unknown.family, unknown.path or "")))


def _why_no_history(around: Surroundings) -> str | None:
    if around.history is None:
        return "no history of the base"
    days = around.history_days
    return None if days is None or days >= WITHIN_DAYS else "the history of the base is cut off"


def _families_of(placed: Placed) -> tuple[str, ...]:
    """Return the families that a file which was not read, or does not parse, would have had records of."""
    path, category = placed.fact.path, placed.fact.category
    if path.endswith(".py"):
        if category == "source":
            return _FROM_PYTHON if placed.material.python else (*_FROM_PYTHON, *_FROM_BOTH_SIDES)
        return ("test",) if category == "test" else ()
    return (
        *(_FROM_NATIVE if category == "native" else ()),
        *(("build",) if declares_builds(path) else ()),
        *(("dependency",) if declares_dependencies(path) else ()),
    )


def _why_unread(placed: Placed) -> str | None:
    material = placed.material
    if is_lost(material):
        return _UNREAD
    if placed.fact.content != "text":
        return None
    if not placed.fact.path.endswith(".py"):
        return None if material.read else _UNREAD
    if material.python is None:
        return _UNREAD
    return "it does not parse" if material.python.problems else None


def _gaps(placed: tuple[Placed, ...]) -> tuple[Gap, ...]:
    found = []
    for one in placed:
        reason = _why_unread(one) if one.fact.path.endswith(".py") else None
        # Of a file whose content the clone does not have, the source has told.
        if reason and not is_lost(one.material):
            parsed = one.material.python is not None
            line = (
                f", first at line {one.material.python.problems[0].line}"
                if one.material.python and parsed
                else ""
            )
            found.append(
                Gap(what="parse" if parsed else "blob", reason=reason + line, path=RepoPath(one.fact.path))
            )
    return tuple(found)
