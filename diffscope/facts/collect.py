"""Joins both sides of every file, the graph of the base and the target's own declarations into the facts of a change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.consequence import with_consequence
from diffscope.facts.base.definitions import CallerIndex
from diffscope.facts.base.history import WITHIN_DAYS
from diffscope.facts.base.imports import modules_after, place_files
from diffscope.facts.base.placed_facts import with_changed_places, with_reach
from diffscope.facts.base.tests_named import with_row_tests
from diffscope.facts.base.tests_running import with_tests_running
from diffscope.facts.build.builds import declares_builds, with_settings
from diffscope.facts.build.dependencies import declares_dependencies
from diffscope.facts.change.changed_file import FileMaterial, Placed, has_no_content
from diffscope.facts.change.changed_python import ChangedPython
from diffscope.facts.change.files import bare_file, collect_files
from diffscope.facts.collectors import COLLECTORS, Collector, Material, bare_change
from diffscope.facts.common_causes import with_causes
from diffscope.facts.knowledge import Knowledge, Surroundings
from diffscope.facts.model import ChangeFacts, UnknownFamily
from diffscope.facts.moves.join import join_moves
from diffscope.facts.python.kernels import holds_kernels
from diffscope.graph.query.graph import ModuleGraph
from diffscope.messages.model import Message, message
from diffscope.source.attempts import INTERNAL_ERROR, Attempts
from diffscope.source.model import Change, Gap, RepoPath
from diffscope.source.profile import in_force, profile
from diffscope.syntax.model import NativeComparison


def collect_facts(
    change: Change,
    files: tuple[FileMaterial, ...],
    *,
    knowledge: Knowledge,
    around: Surroundings,
    attempt: Attempts | None = None,
) -> ChangeFacts:
    """Return the facts of a change. Never raises on odd input: what could not be read is listed in ``unknown`` and ``gaps``.

    ``attempt`` keeps a gap for each collector that fails inside; what it would have collected is unknown.
    """
    with in_force(knowledge.profile):
        return _collected(change, files, knowledge, around, attempt or Attempts())


def _collected(
    change: Change,
    files: tuple[FileMaterial, ...],
    knowledge: Knowledge,
    around: Surroundings,
    attempt: Attempts,
) -> ChangeFacts:
    material = Material(change, knowledge, around)
    _place(material, files, attempt)
    for collector in COLLECTORS:
        _collect(collector, material, attempt)
        if collector.name == "module":
            placed, modules = material.placed, material.found["module"]
            material.placed = attempt("facts.places", partial(place_files, placed, modules), placed)
    placed = material.placed
    collected = dict(material.found)
    ci, steps = collected.pop("steps")
    found = ChangeFacts(
        pull=change.pull,
        file=tuple(one.fact for one in placed),
        step=steps,
        ci=ci,
        unknown=_unknown(material),
        **collected,
    )
    found = attempt("facts.settings", lambda: with_settings(found), found)
    found = attempt("facts.places", lambda: with_changed_places(found, placed), found)
    callers = attempt(
        "facts.callers", lambda: CallerIndex(around.graph, placed) if around.graph is not None else None, None
    )
    found = attempt(
        "facts.reach", lambda: with_reach(found, placed, around.graph, knowledge.reach, callers), found
    )
    found = attempt(
        "facts.tests-running", lambda: with_tests_running(found, placed, around.graph, callers), found
    )
    found = attempt("facts.row-tests", lambda: with_row_tests(found, placed, around.graph), found)
    found = attempt("facts.consequence", lambda: with_consequence(found, knowledge.consequence), found)
    found = attempt("facts.causes", lambda: with_causes(found, placed), found)
    return msgspec.structs.replace(found, gaps=(*change.gaps, *_gaps(placed), *attempt.gaps))


def _collect(collector: Collector, material: Material, attempt: Attempts) -> None:
    part, work = f"facts.{collector.name}", partial(collector.collect, material)
    default = bare_change(material) if collector.name == "change" else collector.default
    if collector.by_file:
        found, paths = attempt.by_file(
            part,
            material.placed,
            lambda placed: work(tuple(placed)),
            default,
            path_of=lambda one: one.fact.path,
        )
    else:
        lost = len(attempt.gaps)
        found = attempt(part, lambda: work(material.placed), default)
        paths = (None,) if len(attempt.gaps) > lost else ()
    material.found[collector.name] = found
    material.lose((collector.name,) if collector.families is None else collector.families, paths)


def _place(material: Material, files: tuple[FileMaterial, ...], attempt: Attempts) -> None:
    """Pair what moved, then give each file its own fact."""
    taxonomy, declared = material.knowledge.taxonomy, material.around.declarations
    # Where the repository has no CODEOWNERS nobody says who owns what.
    has_owners = declared is not None and declared.project.codeowners.path is not None

    def owners(path: RepoPath) -> tuple[str, ...] | UnsetType:
        assert declared is not None  # noqa: S101 - asked where there are some
        return attempt("facts.owners", lambda: declared.owners(path), UNSET, path=path)

    moved, lost = attempt.by_file("facts.moves", files, _joined, files, path_of=_path_of)
    kept = {one.diff.path for one in moved}
    joined = sorted((*moved, *(one for one in files if one.diff.path not in kept)), key=_path_of)
    material.lose(_FROM_PYTHON, lost)
    bare = tuple(bare_file(one.diff) for one in joined)
    facts, without = attempt.by_file(
        "facts.file",
        joined,
        lambda some: collect_files(some, taxonomy, owners if has_owners else None),
        bare,
        path_of=_path_of,
    )
    material.lose(("file",), without)
    by_path = {fact.path: fact for fact in (*bare, *facts)}
    material.placed = tuple(Placed(fact=by_path[one.diff.path], material=one) for one in joined)
    placed, graph = material.placed, material.around.graph
    material.lookup = attempt("facts.lookup", lambda: _lookup(placed, graph), None)


def _joined(files: Sequence[FileMaterial]) -> tuple[FileMaterial, ...]:
    return join_moves(files)


def _path_of(file: FileMaterial) -> str:
    return file.diff.path


def _lookup(placed: tuple[Placed, ...], graph: ModuleGraph | None) -> TreeLookup | None:
    if graph is None:
        return None
    touched = [name for one in placed for name in (one.fact.path, one.fact.old_path) if name]
    tests = [one.material.after.text for one in placed if one.fact.category == "test" and one.material.after]
    return TreeLookup(graph, touched, tests, modules_after(placed))


_FROM_PYTHON = (
    "symbol", "parameter", "contract", "option", "import", "guard", "call", "condition", "numeric", "write",
)  # fmt: skip
_FROM_BOTH_SIDES = ("counterpart", "operator", "override", "registry")
"""Families that of a source file which was not compared at all are unknown too; one that does not parse in places still tells some."""
_FROM_NATIVE = ("native", "operator")
_UNREAD: Final = message("gap.file-unread")
_UNPARSED: Final = message("gap.file-unparsed")


_FROM_GRAPH = ("override", "counterpart")
"""Families of which nothing is known without the graph of the base: other families only lose fields."""


def _unknown(material: Material) -> tuple[UnknownFamily, ...]:
    placed, around = material.placed, material.around
    found = list(material.failed)
    if material.lookup is None and any(
        one.fact.category == "source" and one.fact.logic is not False for one in placed
    ):
        found += [UnknownFamily(family=family, reason=message("gap.no-graph")) for family in _FROM_GRAPH]
    declared = around.declarations
    has_steps = declared is not None and declared.has_steps
    # Where the profile declares no steps that are read there is nothing to judge, as the workspace says.
    if (
        not has_steps
        and _asks_for_steps(is_declared=declared is not None)
        and any(one.fact.category in {"source", "native", "test"} for one in placed)
    ):
        why = message("gap.no-steps" if declared else "gap.no-declarations")
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
                for family in (*_families_of(one), *_of_kernels(material, one))
            ]
    return tuple(sorted(found, key=lambda unknown: (unknown.family, unknown.path or "")))


def _asks_for_steps(*, is_declared: bool) -> bool:
    # A repository whose workflows no pull request starts is known to run nothing.
    return profile().ci == "buildkite" or (profile().ci == "github" and not is_declared)


def _why_no_history(around: Surroundings) -> Message | None:
    if around.history is None:
        return message("gap.no-history")
    days = around.history_days
    return None if days is None or days >= WITHIN_DAYS else message("gap.history-short")


def _families_of(placed: Placed) -> tuple[str, ...]:
    """Return the families that a file which was not read, or does not parse, would have had records of."""
    path, category = placed.fact.path, placed.fact.category
    if path.endswith(".py"):
        if category == "source":
            return _FROM_PYTHON if placed.material.python else (*_FROM_PYTHON, *_FROM_BOTH_SIDES)
        return ("test",) if category == "test" else ()
    return (
        *(_FROM_NATIVE if category == "native" else ()),
        *(("native",) if path.endswith(".rs") and category == "source" else ()),
        *(("build",) if declares_builds(path) else ()),
        *(("dependency",) if declares_dependencies(path) else ()),
    )


def _of_kernels(material: Material, placed: Placed) -> tuple[str, ...]:
    """Return the family that a Python file would have had records of where it hosts kernels."""
    is_host = placed.fact.category == "source" and holds_kernels(placed, material.knowledge.kernels)
    return ("native",) if is_host else ()


def _why_unread(placed: Placed) -> Message | None:
    material = placed.material
    if material.failed:
        return INTERNAL_ERROR
    if has_no_content(material):
        return _UNREAD
    if placed.fact.content != "text":
        return None
    if not placed.fact.path.endswith(_PARSED):
        return None if material.read else _UNREAD
    compared = _compared(placed)
    if compared is None:
        return _UNREAD
    return _UNPARSED if compared.problems else None


_PARSED = (".py", ".rs")
"""Files of which a place that does not parse is told. What a grammar does not know of C++ is read by its look."""


def _compared(placed: Placed) -> ChangedPython | NativeComparison | None:
    return placed.material.python if placed.fact.path.endswith(".py") else placed.material.native


def _gaps(placed: tuple[Placed, ...]) -> tuple[Gap, ...]:
    found = []
    for one in placed:
        reason = _why_unread(one) if one.fact.path.endswith(_PARSED) else None
        # Of a file whose content the clone does not have, the source has told.
        if reason and not (has_no_content(one.material) or one.material.failed):
            compared = _compared(one)
            found.append(
                Gap(
                    what="blob" if compared is None else "parse",
                    message=reason
                    if compared is None
                    else message("gap.file-unparsed-at", line=compared.problems[0].line),
                    path=RepoPath(one.fact.path),
                )
            )
    return tuple(found)
