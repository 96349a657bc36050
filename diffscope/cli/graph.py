"""``diffscope graph``: the module graph of a commit, asked from the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from diffscope.cli import options
from diffscope.cli.exits import DONE
from diffscope.cli.talk import Talk
from diffscope.errors import NotFoundError

if TYPE_CHECKING:
    from diffscope.graph.model import ModuleGraph
    from diffscope.graph.values import Cycle, Edge, EdgeLayer, ModuleName

LAYERS = ("eager", "lazy", "typing", "registry", "string", "op", "include", "test")
"""The values of ``EdgeLayer``, which is not imported for ``--help``; a test compares the two."""
EXPORTS = ("json", "graphml", "dot", "mermaid")
"""The keys of ``diffscope.graph.export.FORMS``, likewise."""
_MOST = 20

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def graph() -> None:
    """Ask the module graph of vLLM at any commit.

    Nodes are Python modules, native sources and torch operators; edges tell eager imports from lazy ones, registry rows,
    class paths in strings, operator calls, includes and tests.
    """


def _graph_options(function: _F) -> _F:
    """``--repo``, ``--at``, ``--no-cache``, ``-q``, ``-v``, which make one argument ``found``: the graph."""

    @wraps(function)
    def with_graph(*, repo: Path | None, revision: str, use_cache: bool, talk: Talk, **rest: Any) -> Any:
        return function(found=_read_graph(repo, revision, use_cache=use_cache, talk=talk), **rest)

    at = click.option(
        "--at", "revision", default="HEAD", show_default=True, metavar="REV", help="The commit to look at."
    )
    return cast("_F", options.repository_option(at(options.cache_option(options.talk_options(with_graph)))))


def _format_option(function: _F) -> _F:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the result.",
    )(function)


def _layer_option(function: _F) -> _F:
    return click.option(
        "--layer",
        "layers",
        type=click.Choice(LAYERS),
        multiple=True,
        default=["eager"],
        show_default=True,
        help="Repeatable.",
    )(function)


@graph.command()
@_graph_options
def build(*, found: ModuleGraph) -> int:
    """Build the graph and keep it in the cache, so that the next question is answered at once."""
    from diffscope.cli.publish import write_stdout

    write_stdout(f"{len(found):,} nodes, digest {found.digest}\n")
    return DONE


@graph.command()
@click.argument("module")
@_format_option
@_graph_options
def show(*, module: str, form: str, found: ModuleGraph) -> int:
    """Show a module: where it is, who uses it, how far it is from serving, which tests reach it.

    MODULE is a dotted name, a path, or torch.ops.NAMESPACE.NAME.
    """
    name = _resolve(found, module)
    served = found.serving_distance(name)
    tests = found.tests_reaching(name)
    document = {
        "node": found.node(name),
        "fan_in": {layer.value: count for layer, count in found.fan_in(name).items()},
        "reach": len(found.reach(name)),
        "serving": served,
        "dependents": found.dependents(name),
        "dependencies": found.dependencies(name),
        "tests": tests,
    }
    if form == "json":
        return _print_json(document)
    used = ", ".join(f"{layer.value} {count}" for layer, count in found.fan_in(name).items()) or "nothing"
    lines = [
        f"{name}  {found.path_of(name) or ''}".rstrip(),
        f"used by      {used}; {document['reach']} within two eager steps",
    ]
    lines.append(
        f"serving      {served.steps} steps from {served.entry}"
        if served
        else "serving      not reached eagerly"
    )
    lines += [f"  {line}" for line in _chain_lines(served.chain.edges)] if served else []
    lines += _section("dependents", _neighbours(found.dependents(name), lambda edge: edge.source))
    lines += _section("dependencies", _neighbours(found.dependencies(name), lambda edge: edge.target))
    lines += _section("tests", [f"{test.test}  {test.steps} steps" for test in tests])
    return _print(lines)


@graph.command()
@click.argument("start")
@click.argument("end")
@_layer_option
@_format_option
@_graph_options
def path(*, start: str, end: str, layers: tuple[str, ...], form: str, found: ModuleGraph) -> int:
    """Show a shortest chain of edges from START to END, each with its line."""
    first, last = _resolve(found, start), _resolve(found, end)
    chain = found.path(first, last, _layers(layers))
    if form == "json":
        return _print_json(chain)
    if chain is None:
        return _print([f"no chain of {', '.join(layers)} edges leads from {first} to {last}"])
    return _print([str(first), *_chain_lines(chain.edges)])


@graph.command()
@_format_option
@_graph_options
def stats(*, form: str, found: ModuleGraph) -> int:
    """Count nodes and edges, measure reach, find rings of imports, name the modules that most others import."""
    from diffscope.graph.structure import find_cycles, measure
    from diffscope.graph.values import EdgeLayer

    figures = measure(found)
    fan_in = {name: len(found.reach(name, 1, {EdgeLayer.EAGER})) for name in found.modules}
    widest = sorted(fan_in.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    cycles = find_cycles(found)
    if form == "json":
        named = [{"module": name, "importers": count} for name, count in widest]
        document = {
            "digest": found.digest,
            "statistics": figures,
            "widest": named,
            "cycles": cycles,
            "gaps": found.gaps(),
        }
        return _print_json(document)
    lines = [f"digest {found.digest}"]
    lines += [f"nodes  {kind:<10} {count:>7,}" for kind, count in figures.nodes.items()]
    lines += [f"edges  {each.layer.value:<10} {each.edges:>7,}" for each in figures.layers]
    reach = f"median {figures.reach_median}, nine in ten {figures.reach_ninth}, most {figures.reach_most}"
    lines.append(f"reach  within {figures.depth} eager steps: {reach}; serving reaches {figures.serving:,}")
    lines += _section("imported eagerly by most", [f"{count:>5}  {name}" for name, count in widest])
    lines += _section("rings of eager imports", [_ring(cycle) for cycle in cycles])
    lines += _section("gaps", [f"{gap.path or gap.what}: {gap.reason}" for gap in found.gaps()])
    return _print(lines)


@graph.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(EXPORTS),
    default="json",
    show_default=True,
    help="Form of the result.",
)
@click.option(
    "--around",
    metavar="MODULE",
    help="Only this module, what it uses, and what uses it. Default: everything.",
)
@click.option(
    "--depth", type=click.IntRange(1), default=1, show_default=True, help="How many steps around it."
)
@_layer_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where it goes; default stdout.",
)
@_graph_options
def export(
    *,
    form: str,
    around: str | None,
    depth: int,
    layers: tuple[str, ...],
    output: Path | None,
    found: ModuleGraph,
) -> int:
    """Write the graph, or what lies around a module, for other tools."""
    from diffscope.cli.publish import write_result
    from diffscope.graph.export import export_graph

    chosen = _layers(layers)
    modules = None if around is None else _around(found, _resolve(found, around), depth, chosen)
    write_result(export_graph(found, form, modules=modules, layers=chosen), output)
    return DONE


def _ring(cycle: Cycle) -> str:
    """Return how many modules a group has, and one shortest ring among them."""
    names = [edge.source for edge in cycle.ring] + [edge.target for edge in cycle.ring[-1:]]
    return f"{len(cycle.modules)}: {' -> '.join(names)}"


def _around(
    found: ModuleGraph, module: ModuleName, depth: int, layers: frozenset[EdgeLayer]
) -> set[ModuleName]:
    near = {module, *found.reach(module, depth, layers)}
    used = {module}
    for _ in range(depth):
        used |= {edge.target for each in used for edge in found.dependencies(each, layers)}
    return near | used


def _read_graph(repo: Path | None, revision: str, *, use_cache: bool, talk: Talk) -> ModuleGraph:
    from diffscope.adapters.cache import open_cache
    from diffscope.adapters.graphs import graph_at
    from diffscope.cli.gather import Request, find_clone, no_clone
    from diffscope.cli.progress import Progress

    repository = find_clone(repo, Request())
    if repository is None:
        raise no_clone()
    # The graph reads outlines when it is asked for classes, so repository and cache stay open until the process ends.
    cache = open_cache(is_enabled=use_cache)
    with Progress("reading files", talk) as progress:
        found = graph_at(repository, revision, cache=cache, progress=progress)
    for note in cache.notes:
        talk.note(note)
    return found


def _resolve(found: ModuleGraph, text: str) -> ModuleName:
    from diffscope.graph.values import ModuleName
    from diffscope.source.values import RepoPath

    name = found.module_of(RepoPath(text)) or ModuleName(text)
    if name in found:
        return name
    from difflib import get_close_matches

    near = get_close_matches(text, found.modules, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else "name it as vllm.v1.engine.core or vllm/v1/engine/core.py"
    raise NotFoundError(f"the graph has no node {text}", hint=hint)


def _layers(words: Collection[str]) -> frozenset[EdgeLayer]:
    from diffscope.graph.values import EdgeLayer

    return frozenset(EdgeLayer(word) for word in words)


def _chain_lines(edges: Collection[Edge]) -> list[str]:
    return [f"-> {edge.target}  ({edge.layer.value}, line {edge.line} of {edge.source})" for edge in edges]


def _neighbours(edges: Collection[Edge], other: Callable[[Edge], str]) -> list[str]:
    """Return a line a neighbour and import statement, with every name that the statement imports."""
    names: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        guard = f"  if {edge.guard}" if edge.guard else ""
        place = (f"{other(edge)}  {edge.layer.value}, line {edge.line}", guard)
        names.setdefault(place, []).extend([edge.detail] if edge.detail else [])
    return [f"{place}  {', '.join(found)}{guard}".rstrip() for (place, guard), found in names.items()]


def _section(title: str, rows: list[str]) -> list[str]:
    if not rows:
        return [f"{title} (none)"]
    rest = len(rows) - _MOST
    more = [f"  and {rest} more (--format json has them all)"] if rest > 0 else []
    return [f"{title} ({len(rows)})", *(f"  {row}" for row in rows[:_MOST]), *more]


def _print(lines: list[str]) -> int:
    from diffscope.cli.publish import write_stdout
    from diffscope.render.sanitize import visible

    write_stdout("".join(f"{visible(line)}\n" for line in lines), is_for_people=True)
    return DONE


def _print_json(document: object) -> int:
    from diffscope.cli.publish import write_stdout
    from diffscope.render.json import indented

    write_stdout(indented(document))
    return DONE
