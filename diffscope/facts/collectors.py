"""The collectors: one function for each field of ``ChangeFacts``, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.counterparts import collect_counterparts
from diffscope.facts.base.history import collect_history
from diffscope.facts.base.imports import collect_imports, collect_modules, undeclared_imports
from diffscope.facts.base.left_behind import collect_overrides
from diffscope.facts.base.test_reach import collect_nearest
from diffscope.facts.build.builds import collect_builds
from diffscope.facts.build.dependencies import collect_dependencies
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.edits import collect_edits
from diffscope.facts.change.parameters import collect_parameters
from diffscope.facts.change.points import collect_points
from diffscope.facts.change.tested_cases import mark_tested
from diffscope.facts.ci.skipped_tests import with_places
from diffscope.facts.ci.steps import collect_steps
from diffscope.facts.classify.classify import classify_change
from diffscope.facts.classify.fix_measures import HISTORY_DAYS, EditedFile, measure_fix_risk
from diffscope.facts.footprint import collect_footprint
from diffscope.facts.knowledge import Knowledge, Surroundings
from diffscope.facts.model import (
    ChangeFact,
    CiFacts,
    DependencyFact,
    FixMeasures,
    Footprint,
    GraphFacts,
    ImportFact,
    NativeFact,
    OptionFact,
    StepFact,
    UnknownFamily,
)
from diffscope.facts.native import collect_natives, collect_operators
from diffscope.facts.option_defaults import (
    collect_build_arguments,
    collect_default_tables,
    collect_unset_defaults,
)
from diffscope.facts.option_factories import with_factories
from diffscope.facts.options import collect_options
from diffscope.facts.python.calls import collect_calls
from diffscope.facts.python.conditions import collect_conditions
from diffscope.facts.python.contracts import collect_contracts
from diffscope.facts.python.guards import collect_guards
from diffscope.facts.python.kernels import collect_python_kernels, with_kernels
from diffscope.facts.python.mentions import collect_mentions, collect_registries
from diffscope.facts.python.numerics import collect_numerics
from diffscope.facts.python.shared_state import collect_writes
from diffscope.facts.python.symbols import collect_symbols
from diffscope.facts.tests import collect_tests
from diffscope.facts.wire_messages import collect_metrics, collect_wire_messages
from diffscope.project.model import Requirement
from diffscope.source.attempts import INTERNAL_ERROR
from diffscope.source.model import Change


class Material:
    """What the collectors work on, and what they found so far, by the field of ``ChangeFacts``."""

    def __init__(self, change: Change, knowledge: Knowledge, around: Surroundings) -> None:
        self.change = change
        self.knowledge = knowledge
        self.around = around
        self.placed: tuple[Placed, ...] = ()
        self.lookup: TreeLookup | None = None
        self.found: dict[str, Any] = {}
        self.failed: list[UnknownFamily] = []

    def lose(self, families: Iterable[str], paths: Iterable[str | None]) -> None:
        """Note that families are unknown, each for one file or, for ``None``, as a whole."""
        self.failed += (
            UnknownFamily(family=family, reason=INTERNAL_ERROR, path=path)
            for path in paths
            for family in families
        )


class Collector(NamedTuple):
    """What gives one field of ``ChangeFacts``. Those further up in the table have been asked before."""

    name: str
    """The field."""
    collect: Callable[[Material, tuple[Placed, ...]], Any]
    """What reads it off the files handed in."""
    default: Any = ()
    """The field where nothing can be told."""
    families: tuple[str, ...] | None = None
    """What rules cannot know where it fails; the name, unless told."""
    by_file: bool = True
    """Whether it can do without some of the files; else it fails as a whole."""


def _classified(material: Material, placed: tuple[Placed, ...]) -> ChangeFact:
    found, taxonomy = material.found, material.knowledge.taxonomy
    facts = tuple(one.fact for one in placed)
    return classify_change(
        material.change.pull,
        facts,
        found["symbol"],
        taxonomy,
        guards=found["guard"],
        builds=found["build"],
        natives=found["native"],
        registries=found["registry"],
    )


def bare_change(material: Material) -> ChangeFact:
    """Return what the files alone tell of a change that could not be classified."""
    files = [one.fact for one in material.placed]
    return ChangeFact(
        title=material.change.pull.title,
        kind="feature",
        kind_told=False,
        files=len(files),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        source_files=0,
        code_added=0,
        code_removed=0,
        test_files=0,
        test_code_added=0,
        logic_symbols=0,
    )


def _natives(material: Material, placed: tuple[Placed, ...]) -> tuple[NativeFact, ...]:
    hosted = collect_python_kernels(placed, material.knowledge.kernels, material.lookup)
    return tuple(
        sorted(
            (*collect_natives(placed, material.lookup), *hosted),
            key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.change),
        )
    )


def _steps(
    material: Material, placed: tuple[Placed, ...]
) -> tuple[CiFacts | UnsetType, tuple[StepFact, ...]]:
    declared = material.around.declarations
    return collect_steps(placed, declared, material.change.pull, material.lookup) if declared else (UNSET, ())


def _labels(material: Material, placed: tuple[Placed, ...]) -> tuple[str, ...] | UnsetType:
    declared = material.around.declarations
    return declared.labels(material.change.pull, placed) if declared else UNSET


def _options(placed: tuple[Placed, ...]) -> tuple[OptionFact, ...]:
    resolved = {fact.name: fact for fact in collect_unset_defaults(placed)}
    declared = tuple(with_factories(collect_options(placed), placed))
    return (
        *(_resolved(fact, resolved.get(fact.name)) for fact in declared),
        *(fact for name, fact in resolved.items() if name not in {fact.name for fact in declared}),
        *collect_default_tables(placed),
        *collect_build_arguments(placed),
        *collect_metrics(placed),
        *collect_wire_messages(placed),
    )


def _resolved(declared: OptionFact, resolved: OptionFact | None) -> OptionFact:
    """Return a default that became ``None`` with what code takes in its place."""
    if resolved is None or (declared.change, declared.after) != ("default", "None"):
        return declared
    return msgspec.structs.replace(declared, after=resolved.after)


def _with_rings(graph: GraphFacts | UnsetType, imports: Iterable[ImportFact]) -> GraphFacts | UnsetType:
    if graph is UNSET:
        return UNSET
    rings = {one.cycle for one in imports if isinstance(one.cycle, str)}
    return msgspec.structs.replace(graph, cycles_closed=tuple(sorted(rings)))


def _dependencies(material: Material, placed: tuple[Placed, ...]) -> tuple[DependencyFact, ...]:
    declared = material.around.declarations

    def known() -> tuple[Requirement, ...]:
        return declared.requirements if declared else ()

    found = collect_dependencies(placed, known, material.knowledge.taxonomy.platforms_of)
    return (*found, *undeclared_imports(placed, material.found["imports"], known, material.lookup))


def _fix_measures(material: Material, placed: tuple[Placed, ...]) -> FixMeasures | UnsetType | None:
    around = material.around
    if around.history is None or not around.history.reaches_back(HISTORY_DAYS):
        return UNSET
    files = (
        EditedFile(
            one.fact.path,
            one.fact.old_path,
            [line.text for hunk in one.material.diff.hunks for line in hunk.added],
            [line.text for hunk in one.material.diff.hunks for line in hunk.removed],
            one.fact.status == "added",
        )
        for one in placed
    )
    return measure_fix_risk(files, around.history)


COLLECTORS: Final = (
    Collector("module", lambda m, placed: collect_modules(placed, m.lookup)),
    Collector("native", _natives),
    Collector(
        "symbol",
        lambda m, placed: with_kernels(
            collect_symbols(placed, m.found["module"], m.knowledge.taxonomy, m.lookup), m.found["native"]
        ),
    ),
    Collector("imports", lambda m, placed: collect_imports(placed, m.lookup), families=("import",)),
    Collector("guard", lambda m, placed: collect_guards(placed, m.knowledge.taxonomy)),
    Collector("build", lambda _, placed: collect_builds(placed)),
    Collector("parameter", lambda m, placed: collect_parameters(placed, m.found["symbol"])),
    Collector("contract", lambda m, placed: collect_contracts(placed, m.knowledge.taxonomy, m.lookup)),
    Collector("option", lambda _, placed: _options(placed)),
    Collector("call", lambda m, placed: collect_calls(placed, m.knowledge.taxonomy, m.knowledge.roles)),
    Collector("condition", lambda m, placed: collect_conditions(placed, m.knowledge.roles)),
    Collector("numeric", lambda _, placed: collect_numerics(placed)),
    Collector("write", lambda m, placed: collect_writes(placed, m.found["option"], m.lookup)),
    Collector("test", lambda m, placed: with_places(collect_tests(placed), m.around.declarations)),
    Collector("registry", lambda m, placed: collect_registries(placed, m.knowledge.twins)),
    Collector(
        "override",
        lambda m, placed: collect_overrides(placed, m.knowledge.taxonomy, m.lookup, m.around.graph),
    ),
    Collector("edit", lambda _, placed: mark_tested(collect_edits(placed), placed), families=()),
    Collector(
        "point",
        lambda m, placed: collect_points(placed, m.found["option"], m.around.graph),
        families=(),
        by_file=False,
    ),
    Collector("mention", lambda _, placed: collect_mentions(placed), families=()),
    Collector(
        "footprint",
        lambda m, placed: collect_footprint(placed, m.lookup),
        default=Footprint(),
        families=(),
        by_file=False,
    ),
    Collector("operator", lambda m, placed: collect_operators(placed, m.lookup)),
    Collector("dependency", _dependencies),
    Collector("change", _classified, families=("change",), by_file=False),
    Collector("steps", _steps, default=(UNSET, ()), families=("step",), by_file=False),
    Collector("labels", _labels, default=UNSET, families=(), by_file=False),
    Collector(
        "counterpart",
        lambda m, placed: collect_counterparts(placed, m.found["symbol"], m.knowledge.counterparts, m.lookup),
        by_file=False,
    ),
    Collector(
        "history",
        lambda m, placed: collect_history(
            placed,
            m.change.pull.title,
            m.around.history,
            body=m.change.pull.body,
            number=m.change.pull.number,
        ),
        by_file=False,
    ),
    Collector("fix_measures", _fix_measures, default=UNSET, families=(), by_file=False),
    Collector(
        "nearest_tests",
        lambda m, placed: collect_nearest(placed, m.change.pull.title, m.around.graph, m.around.history),
        default=UNSET,
        families=(),
        by_file=False,
    ),
    Collector(
        "graph",
        lambda m, _: _with_rings(m.around.graph_facts, m.found["imports"]),
        default=UNSET,
        families=(),
        by_file=False,
    ),
)
"""Whoever adds a family adds a line here."""
