"""``diffscope graph show``: one node and its neighbours, as a document and as lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from diffscope.cli.console import DONE
from diffscope.cli.graph.open_graph import OpenedGraph
from diffscope.source.profile import places

if TYPE_CHECKING:
    from diffscope.graph.model import Cycle, Edge, ModuleName, ServingDistance
    from diffscope.products.explore.native import Caller, Implementation, NativeReport
    from diffscope.source.model import RepoPath

MOST = 20
"""Rows of a section; the JSON form has them all."""


def chain_lines(edges: Collection[Edge]) -> list[str]:
    """Return a line an edge: where it leads, its layer, its line."""
    return [f"-> {edge.target}  ({_why(edge)})" for edge in edges]


def _why(edge: Edge) -> str:
    if not edge.line:
        return f"the package of {edge.source}, which runs first"
    return f"{edge.layer.value}, line {edge.line} of {_holder(edge)}"


def neighbour_lines(edges: Iterable[Edge], other: Callable[[Edge], str]) -> list[str]:
    """Return a line a neighbour and statement, with every name that the statement takes, its row, its condition."""
    names: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        through = f"  through {edge.through}" if edge.through else "  passed on" if edge.is_transit else ""
        row = f"  row {edge.row}" if edge.row and not edge.row.endswith(":") else ""
        guard = f"  if {edge.guard}" if edge.guard else ""
        place = (f"{other(edge)}  {edge.layer.value}, line {edge.line}", f"{through}{row}{guard}")
        names.setdefault(place, []).extend([edge.detail] if edge.detail else [])
    return [
        f"{place}  {', '.join(dict.fromkeys(found))}{rest}".rstrip() for (place, rest), found in names.items()
    ]


def _holder(edge: Edge) -> str:
    """Return the file that an edge's line is of: of an operator, which has none, the one that binds it."""
    return (edge.through or edge.target) if edge.source.startswith("torch.ops.") else edge.source


def ring_line(cycle: Cycle) -> str:
    """Return how many modules a group has, and one shortest ring among them."""
    names = [edge.source for edge in cycle.ring] + [edge.target for edge in cycle.ring[-1:]]
    return f"{len(cycle.modules)}: {' -> '.join(names)}"


def section(title: str, rows: list[str], *, most: int = MOST) -> list[str]:
    """Return a heading with the number of rows, and the first of them."""
    if not rows:
        return [f"{title} (none)"]
    rest = len(rows) - most
    more = [f"  and {rest} more (--format json has them all)"] if rest > 0 else []
    return [f"{title} ({len(rows)})", *(f"  {row}" for row in rows[:most]), *more]


def print_lines(lines: Iterable[str]) -> int:
    """Print lines for people; what cannot be seen in them is escaped."""
    from diffscope.cli.publish import write_stdout
    from diffscope.render.sanitize import visible

    write_stdout("".join(f"{visible(line)}\n" for line in lines), is_for_people=True)
    return DONE


def print_json(document: object) -> int:
    """Print a value as JSON."""
    from diffscope.cli.publish import write_stdout
    from diffscope.render.formats.json import indented

    write_stdout(indented(document))
    return DONE


_MOST_TESTS = 10
_source: Callable[[Edge], str] = attrgetter("source")
_target: Callable[[Edge], str] = attrgetter("target")
_MOST_GROUPS = 8


class Page(NamedTuple):
    """One answer in both forms."""

    document: dict[str, object]
    lines: list[str]


def show_node(opened: OpenedGraph, name: ModuleName) -> Page:
    """Return what there is to know of a node: a Python module, or native code and operators."""
    from diffscope.graph.model import NodeKind

    node = opened.graph.node(name)
    is_native = node is not None and node.kind in (NodeKind.NATIVE, NodeKind.OPERATOR, NodeKind.BUILD)
    page = _show_native(opened, name) if is_native else _show_module(opened, name)
    return _with_past(page, opened, node.path) if node is not None and node.path else page


def _with_past(page: Page, opened: OpenedGraph, path: RepoPath) -> Page:
    """Return a page with the files that most often changed in the same commits."""
    found = opened.companions(path)
    rows = [f"{each.path}  {each.times} of {found.times}" for each in found.paths]
    times = "1 change" if found.times == 1 else f"{found.times} changes"
    return Page(
        {
            **page.document,
            "changed": {"times": found.times, "with": [each._asdict() for each in found.paths]},
        },
        [*page.lines, *section(f"changed with it, in {times} of the last 18 months", rows)],
    )


def _show_module(opened: OpenedGraph, name: ModuleName) -> Page:
    from diffscope.graph.model import EdgeLayer

    graph = opened.graph
    served, tests = graph.serving_distance(name), graph.tests_reaching(name)
    users = graph.dependents(name, frozenset(EdgeLayer) - {EdgeLayer.TEST})
    uses, fan_in, reach = graph.dependencies(name), graph.fan_in(name), graph.reach(name)
    area = _area_of(opened, name)
    document: dict[str, object] = {
        "node": graph.node(name),
        "area": area,
        "fan_in": {layer.value: count for layer, count in fan_in.items()},
        "reach": len(reach),
        "serving": served,
        "dependents": users,
        "dependencies": uses,
        "tests": tests,
    }
    counts = ", ".join(f"{layer.value} {count}" for layer, count in fan_in.items()) or "nothing"
    rows = [f"{test.test}  {test.steps} step{'s' if test.steps > 1 else ''}" for test in tests]
    return Page(
        document,
        [
            *_head(opened, name, area),
            f"used by      {counts}; {len(reach)} within two eager steps{_areas_among(opened, reach)}",
            *(_serving_lines(opened, name, served) if _kind_of(opened, name) != "test" else []),
            *section("dependents", neighbour_lines(users, _source)),
            *section(
                "dependencies", neighbour_lines((edge for edge in uses if not edge.is_transit), _target)
            ),
            *section("tests that import it within two steps", rows, most=_MOST_TESTS),
        ],
    )


def _show_native(opened: OpenedGraph, name: ModuleName) -> Page:
    from diffscope.products.explore.native import report_native

    report = report_native(opened.graph, name, opened.source)
    area = _area_of(opened, name)
    document: dict[str, object] = {"node": opened.graph.node(name), "area": area, "native": report}
    modules = [caller.module for caller in report.callers]
    document["areas"] = _count_areas(opened, modules)
    head = _head(opened, name, area)
    if _kind_of(opened, name) == "build" and not report.implementations:
        return Page(document, [*head, *_tie_lines(report)])
    areas = _areas_among(opened, modules)
    wrappers = [f"{each.module}.{each.function}, line {each.line}" for each in report.wrappers]
    python = [
        f"built for    {', '.join(report.devices) or 'unknown: nothing in its place or in the build files tells'}",
        *section("operators", _operator_lines(report)),
        *section("wrapped by", wrappers),
        *section(f"called from{areas}", [_caller_line(each) for each in report.callers]),
    ]
    tests = section("tests", list(report.tests), most=_MOST_TESTS)
    return Page(document, [*head, *python, *_tie_lines(report), *tests])


def _head(opened: OpenedGraph, name: ModuleName, area: str | None) -> list[str]:
    path = opened.graph.path_of(name)
    shown = f"{name}  {path}" if path and str(path) != str(name) else str(name)
    return [shown, *([f"area         {area}"] if area else [])]


def _served_otherwise(opened: OpenedGraph, name: ModuleName) -> ServingDistance | None:
    """Return a shortest chain from the serving path that lazy imports, registries and class paths in strings are part of."""
    from diffscope.graph.model import EdgeLayer, ServingDistance

    layers = frozenset({EdgeLayer.EAGER, EdgeLayer.LAZY, EdgeLayer.REGISTRY, EdgeLayer.STRING})
    chains = (opened.graph.path(entry, name, layers) for entry in opened.graph.serving_modules)
    nearest = min((chain for chain in chains if chain), key=lambda chain: len(chain.edges), default=None)
    if nearest is None:
        return None
    return ServingDistance(steps=len(nearest.edges), entry=nearest.source, chain=nearest)


def _serving_lines(opened: OpenedGraph, name: ModuleName, eagerly: ServingDistance | None) -> list[str]:
    served = eagerly or _served_otherwise(opened, name)
    if served is None:
        return ["serving      not reached"]
    if served.steps == 0:
        return ["serving      on the serving path"]
    steps = "1 step" if served.steps == 1 else f"{served.steps} steps"
    how = "" if eagerly else "not eagerly; "
    chain = [f"  {line}" for line in chain_lines(served.chain.edges)]
    return [f"serving      {how}{steps} from {served.entry}", *chain]


def _operator_lines(report: NativeReport) -> list[str]:
    """Return a line an operator: how it is bound to this source first, then what else implements it."""
    by_operator: dict[str, list[Implementation]] = {}
    for each in report.implementations:
        by_operator.setdefault(each.operator, []).append(each)
    lines = []
    for operator, found in by_operator.items():
        ordered = sorted(found, key=lambda each: (each.module != report.module, each.module))
        lines.append(f"{operator}  {'; '.join(_place(each, report.module) for each in ordered)}")
    return lines


def _place(each: Implementation, shown: ModuleName) -> str:
    guard = f" ({each.guard})" if each.guard else ""
    if each.module == each.binder:
        return f"line {each.line} of {each.module}{guard}"
    bound = f"bound on line {each.line} of {each.binder}{guard}"
    return bound if each.module == shown else f"{each.module}, {bound}"


def _tie_lines(report: NativeReport) -> list[str]:
    """Return what native sources and build files have to do with each other: includes, calls, lists."""
    is_list = {edge for edge in report.included_by if not edge.source.startswith(places().native)}
    inward = [edge for edge in report.included_by if edge not in is_list]
    lists = [
        f"{edge.source}  line {edge.line}{f'  {edge.detail}' if edge.detail else ''}{f'  if {edge.guard}' if edge.guard else ''}"
        for edge in report.included_by
        if edge in is_list
    ]
    return [
        *section("includes", _grouped((edge for edge in report.includes if not edge.detail), _target)),
        *section("calls or lists", _grouped((edge for edge in report.includes if edge.detail), _target)),
        *section("included by", _grouped((edge for edge in inward if not edge.detail), _source)),
        *section("called or declared by", _grouped((edge for edge in inward if edge.detail), _source)),
        *section("listed by", lists),
    ]


def _grouped(edges: Iterable[Edge], other: Callable[[Edge], str]) -> list[str]:
    """Return a line a neighbour, with its first line and every name that ties the two."""
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(other(edge), []).append(edge)
    lines = []
    for neighbour, ties in found.items():
        names = ", ".join(dict.fromkeys(edge.detail for edge in ties if edge.detail))
        lines.append(f"{neighbour}  line {min(edge.line for edge in ties)}  {names}".rstrip())
    return lines


def _caller_line(caller: Caller) -> str:
    return (
        f"{caller.module}  line {caller.line}  {', '.join(name.rpartition('.')[2] for name in caller.names)}"
    )


def _kind_of(opened: OpenedGraph, name: ModuleName) -> str:
    node = opened.graph.node(name)
    return node.kind.value if node else ""


def _area_of(opened: OpenedGraph, name: ModuleName) -> str | None:
    path = opened.graph.path_of(name)
    return opened.taxonomy.main_area_of(path) if path else None


def _count_areas(opened: OpenedGraph, modules: Iterable[ModuleName]) -> dict[str, int]:
    taxonomy, counts = opened.taxonomy, dict[str, int]()
    for module in modules:
        path = opened.graph.path_of(module)
        if path:
            area = taxonomy.main_area_of(path)
            counts[area] = counts.get(area, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _areas_among(opened: OpenedGraph, modules: Iterable[ModuleName]) -> str:
    counts = _count_areas(opened, modules)
    shown = [f"{area} {count}" for area, count in list(counts.items())[:_MOST_GROUPS]]
    rest = sum(list(counts.values())[_MOST_GROUPS:])
    return f" ({', '.join([*shown, *([f'other areas {rest}'] if rest else [])])})" if shown else ""
