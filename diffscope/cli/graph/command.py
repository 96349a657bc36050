"""``diffscope graph``: the module graph of a commit, asked from the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, Console
from diffscope.cli.graph.open_graph import OpenedGraph
from diffscope.cli.graph.show import MOST, ring_line, section
from diffscope.errors import UsageError
from diffscope.source.profile import places

if TYPE_CHECKING:
    from diffscope.cli.graph.open_graph import OpenedGraph
    from diffscope.graph.model import EdgeLayer, GraphStatistics, ModuleName
    from diffscope.graph.query.graph import ModuleGraph
    from diffscope.graph.query.structure import RegistryReport
    from diffscope.products.explore.areas import AreaFigures, GraphComparison
    from diffscope.products.explore.native import OperatorEntry, OperatorReport


_MOST_LISTED = 100


def count_graph(opened: OpenedGraph) -> dict[str, object]:
    """Return the figures: nodes, edges, reach, rings, registries, operators, native files, areas, gaps."""
    from diffscope.assessment.document import report_gap
    from diffscope.graph.query.structure import find_cycles, measure, report_registries
    from diffscope.products.explore.areas import measure_areas
    from diffscope.products.explore.native import report_operators

    graph = opened.graph
    return {
        "digest": graph.digest,
        "statistics": measure(graph),
        "widest": [{"module": name, "importers": count} for name, count in _widest(graph)],
        "cycles": find_cycles(graph),
        "registries": report_registries(graph, opened.registries),
        "operators": report_operators(graph),
        "native_files_left_out": _left_out(opened),
        "areas": measure_areas(graph, opened.taxonomy.main_area_of),
        "gaps": tuple(map(report_gap, graph.gaps())),
    }


def statistics_lines(opened: OpenedGraph) -> list[str]:
    """Return the same for people, with what does not resolve listed in full."""
    from diffscope.graph.query.structure import find_cycles, measure, registry_gaps, report_registries
    from diffscope.products.explore.areas import measure_areas
    from diffscope.products.explore.native import report_operators

    graph = opened.graph
    registries, operators = report_registries(graph, opened.registries), report_operators(graph)
    gaps = (*graph.gaps(), *registry_gaps(registries))
    left_out = _left_out(opened)
    return [
        f"digest {graph.digest}",
        *_figure_lines(measure(graph)),
        *section("imported eagerly by most", [f"{count:>5}  {name}" for name, count in _widest(graph)]),
        *section("rings of eager imports", [ring_line(cycle) for cycle in find_cycles(graph)]),
        *_registry_lines(registries),
        *_operator_lines(operators),
        *section("files of csrc/ left out", list(left_out)),
        *section("areas", _area_lines(measure_areas(graph, opened.taxonomy.main_area_of)), most=_MOST_LISTED),
        *section("gaps", [f"{gap.path or gap.what}: {gap.reason}" for gap in gaps], most=_MOST_LISTED),
    ]


def comparison_lines(found: GraphComparison, since: str) -> list[str]:
    """Return a comparison for people."""
    nodes = f"{len(found.nodes_gained):,} nodes gained, {len(found.nodes_lost):,} lost"
    imports = f"{len(found.imports_gained):,} eager imports gained, {len(found.imports_lost):,} lost"
    return [
        f"since {since}: {nodes}; {imports}",
        *section("rings of eager imports closed", [ring_line(cycle) for cycle in found.cycles_closed]),
        *section("rings of eager imports opened", [ring_line(cycle) for cycle in found.cycles_opened]),
        *section("nodes gained", list(map(str, found.nodes_gained))),
        *section("nodes lost", list(map(str, found.nodes_lost))),
        *section("eager imports gained", [" -> ".join(pair) for pair in found.imports_gained]),
        *section("eager imports lost", [" -> ".join(pair) for pair in found.imports_lost]),
    ]


def find_groups(opened: OpenedGraph, area: str) -> tuple[tuple[ModuleName, ...], ...]:
    """Return the groups of modules of an area that import one another more than the rest, largest first.

    Raises:
        UsageError: there is no such area.
    """
    from diffscope.products.explore.areas import area_communities

    areas = opened.taxonomy.areas
    if area not in areas:
        raise UsageError(f"there is no area {area}", hint=f"areas: {', '.join(sorted(areas))}")
    return area_communities(opened.graph, area, opened.taxonomy.main_area_of)


def group_lines(groups: tuple[tuple[ModuleName, ...], ...], area: str) -> list[str]:
    """Return the groups for people; modules of their own come last, together."""
    together = [f"{len(group)}: {', '.join(group)}" for group in groups if len(group) > 1]
    alone = [str(group[0]) for group in groups if len(group) == 1]
    return [*section(f"groups of modules of {area}", together), *section("alone", alone)]


def _widest(graph: ModuleGraph) -> list[tuple[ModuleName, int]]:
    from diffscope.graph.model import EdgeLayer

    fan_in = {name: len(graph.reach(name, 1, {EdgeLayer.EAGER})) for name in graph.modules}
    return sorted(fan_in.items(), key=lambda item: (-item[1], item[0]))[:MOST]


def _left_out(opened: OpenedGraph) -> tuple[str, ...]:
    """Return the files of csrc/ that the graph has no node for; links and submodules are no files."""
    entries = opened.repository.entries(opened.revision)
    files = [
        entry.path
        for entry in entries
        if entry.path.startswith(places().native) and entry.mode.startswith("100")
    ]
    return tuple(path for path in files if opened.graph.module_of(path) is None)


def _figure_lines(figures: GraphStatistics) -> list[str]:
    lines = [f"nodes  {kind:<10} {count:>7,}" for kind, count in figures.nodes.items()]
    lines += [f"edges  {each.layer.value:<10} {each.edges:>7,}" for each in figures.layers]
    shares = ", ".join(f"{share} {count:,}" for share, count in figures.reach_quantiles.items())
    lines.append(f"reach  modules within {figures.depth} eager steps of a module: {shares}")
    lines.append(f"serving reaches {figures.serving:,} modules eagerly")
    return lines


def _registry_lines(reports: tuple[RegistryReport, ...]) -> list[str]:
    rows = [f"{each.resolved:>4} of {len(each.entries):<4} {each.registry}" for each in reports]
    unresolved = [
        f"{entry.registry}: {entry.key} ({entry.module}, line {entry.line}): {entry.reason}"
        for report in reports
        for entry in report.entries
        if entry.reason
    ]
    return [
        *section("registries, rows that lead to a class of the tree", rows, most=_MOST_LISTED),
        *section("rows that do not resolve", unresolved, most=_MOST_LISTED),
    ]


def _operator_lines(report: OperatorReport) -> list[str]:
    counts = report.counts
    bindings = ", ".join(f"{name} {count}" for name, count in counts.bindings.items())
    summary = f"operators {counts.total}: {bindings}; {counts.called} called from Python, {counts.native_called} of the native ones"
    foreign = ", ".join(f"{name} {count}" for name, count in report.foreign().items())
    loose = [_operator_line(each) for each in report.loose()]
    return [
        summary,
        f"foreign namespaces: {foreign or 'none'}",
        *section("operators that lack an implementation or a caller", loose, most=_MOST_LISTED),
    ]


def _operator_line(entry: OperatorEntry) -> str:
    users = entry.callers or entry.tests
    user = f", named by {users[0]}" if users else ", named by nothing"
    provider = f", from {entry.providers[0]}" if entry.providers else ""
    return f"{entry.operator}  {entry.binding.value}{provider}{user}"


def _area_lines(areas: tuple[AreaFigures, ...]) -> list[str]:
    lines = []
    for each in areas:
        steps = f"{each.served} served, {each.steps} steps" if each.steps is not None else "not served"
        uses = f"; most to {', '.join(each.uses)}" if each.uses else ""
        lines.append(
            f"{each.area:<18} {each.modules:>4} modules; eager imports: {each.inside} inside, {each.outgoing} out, "
            f"{each.incoming} in; {steps}{uses}"
        )
    return lines


LAYERS = ("eager", "lazy", "typing", "registry", "string", "op", "include", "test")
"""The values of ``EdgeLayer``, which is not imported for ``--help``; a test compares the two."""
EXPORTS = ("json", "graphml", "dot", "mermaid")
"""The keys of ``diffscope.products.explore.export.FORMS``, likewise."""

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def graph() -> None:
    """Query the module graph of a repository at any commit.

    Nodes are Python modules, native sources and torch operators. Edges are eager and lazy imports, registry rows, class
    paths in strings, operator calls, includes and tests.
    """


def _graph_options(function: _F) -> _F:
    """``--repo``, ``--at``, ``--no-cache``, ``-q``, ``-v``, which make one argument ``opened``: the graph."""

    @wraps(function)
    def with_graph(
        *, repo: Path | None, revision: str, use_cache: bool, console: Console, **rest: Any
    ) -> Any:
        from diffscope.cli.graph.open_graph import open_graph

        with contextlib.closing(open_graph(repo, revision, use_cache=use_cache, console=console)) as opened:
            return function(opened=opened, **rest)

    at = click.option(
        "--at", "revision", default="HEAD", show_default=True, metavar="REV", help="The commit to look at."
    )
    return cast(
        "_F", options.repository_option(at(options.cache_option(options.verbosity_options(with_graph))))
    )


def _layer_option(function: _F) -> _F:
    return click.option(
        "--layer",
        "layers",
        type=click.Choice(LAYERS),
        multiple=True,
        default=["eager"],
        show_default=True,
        help="Follow edges of this layer. Repeatable.",
    )(function)


@graph.command()
@_graph_options
def build(*, opened: OpenedGraph) -> int:
    """Build the graph and keep it in the cache, so that the next query is fast."""
    from diffscope.cli.publish import write_stdout

    write_stdout(f"{len(opened.graph):,} nodes, digest {opened.graph.digest}\n")
    return DONE


@graph.command()
@click.argument("module")
@options.form_option
@_graph_options
def show(*, module: str, form: str, opened: OpenedGraph) -> int:
    """Show a node: where it is, who uses it and what it uses, how far it is from serving, which tests reach it.

    For native code: its operators, what binds, wraps and calls them, the devices that it is built for, its tests.
    MODULE is a dotted name, a path, or torch.ops.NAMESPACE.NAME.
    """
    from diffscope.cli.graph.show import print_json, print_lines, show_node

    page = show_node(opened, opened.find(module))
    return print_json(page.document) if form == "json" else print_lines(page.lines)


@graph.command()
@click.argument("start")
@click.argument("end")
@_layer_option
@options.form_option
@_graph_options
def path(*, start: str, end: str, layers: tuple[str, ...], form: str, opened: OpenedGraph) -> int:
    """Show a shortest chain of edges from START to END, each with its line."""
    from diffscope.cli.graph.open_graph import layers_of
    from diffscope.cli.graph.show import chain_lines, print_json, print_lines

    first, last = opened.find(start), opened.find(end)
    chain = opened.graph.path(first, last, layers_of(layers))
    if form == "json":
        return print_json(chain)
    if chain is None:
        return print_lines(_no_chain(opened, first, last, layers))
    return print_lines([str(first), *chain_lines(chain.edges)])


@graph.command()
@options.form_option
@click.option(
    "--area",
    metavar="AREA",
    help="Instead: groups of modules of an area that import each other more than the rest.",
)
@click.option("--since", metavar="REV", help="Instead: the differences from another commit.")
@_graph_options
def stats(*, form: str, area: str | None, since: str | None, opened: OpenedGraph) -> int:
    """Show statistics: nodes and edges, reach, import cycles, registries, operators and areas.

    Unresolved references are listed: registry rows that lead nowhere, operators that nothing implements or calls.
    """
    from diffscope.cli.graph.command import (
        comparison_lines,
        count_graph,
        find_groups,
        group_lines,
        statistics_lines,
    )
    from diffscope.cli.graph.show import print_json, print_lines
    from diffscope.products.explore.areas import compare_graphs

    if area is not None and since is not None:
        raise UsageError("--area and --since exclude each other", hint="use one of them")
    if area is not None:
        groups = find_groups(opened, area)
        return print_json(groups) if form == "json" else print_lines(group_lines(groups, area))
    if since is not None:
        found = compare_graphs(opened.at(since), opened.graph)
        return print_json(found) if form == "json" else print_lines(comparison_lines(found, since))
    return print_json(count_graph(opened)) if form == "json" else print_lines(statistics_lines(opened))


@graph.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(EXPORTS),
    default="json",
    show_default=True,
    help="Format of the result.",
)
@click.option(
    "--around",
    metavar="MODULE",
    help="Only this module, what it uses, and what uses it. Default: everything.",
)
@click.option(
    "--depth", type=click.IntRange(1), default=1, show_default=True, help="How many steps from that module."
)
@_layer_option
@click.option("--output", type=options.FILE, metavar="FILE", help="File for the result. Default: stdout.")
@_graph_options
def export(
    *,
    form: str,
    around: str | None,
    depth: int,
    layers: tuple[str, ...],
    output: Path | None,
    opened: OpenedGraph,
) -> int:
    """Export the graph, or the part around a module, for other tools."""
    from diffscope.cli.graph.open_graph import layers_of
    from diffscope.cli.publish import write_result
    from diffscope.products.explore.export import export_graph
    from diffscope.render.sanitize import json_escapes

    chosen = layers_of(layers)
    modules = None if around is None else _around(opened, opened.find(around), depth, chosen)
    text = export_graph(opened.graph, form, modules=modules, layers=chosen)
    write_result(json_escapes(text) if form == "json" else text, output)
    return DONE


def _around(
    opened: OpenedGraph, module: ModuleName, depth: int, layers: frozenset[EdgeLayer]
) -> set[ModuleName]:
    near = {module, *opened.graph.reach(module, depth, layers)}
    used = {module}
    for _ in range(depth):
        used |= {edge.target for each in used for edge in opened.graph.dependencies(each, layers)}
    return near | used


def _no_chain(opened: OpenedGraph, first: ModuleName, last: ModuleName, layers: tuple[str, ...]) -> list[str]:
    """Return that there is none, and what there is instead: one of other layers, or a chain back."""
    from diffscope.cli.graph.open_graph import layers_of
    from diffscope.cli.graph.show import chain_lines

    chosen = layers_of(layers)
    lines = [f"no chain of {', '.join(layers)} edges leads from {first} to {last}"]
    other = opened.graph.path(first, last, layers_of(set(LAYERS) - {"test", "typing"}))
    if other is not None:
        return [*lines, "over other layers there is one:", str(first), *chain_lines(other.edges)]
    if opened.graph.path(last, first, chosen) is not None:
        lines.append(f"there is one from {last} to {first}")
    return lines
