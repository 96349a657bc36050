"""``diffscope graph stats``: the figures of a graph, as a document and as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffscope.cli.graph.open_graph import OpenedGraph
from diffscope.cli.graph.show import MOST, ring_line, section
from diffscope.errors import UsageError
from diffscope.source.profile import places

if TYPE_CHECKING:
    from diffscope.graph.model import GraphStatistics, ModuleName
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
