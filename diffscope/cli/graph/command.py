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
from diffscope.errors import UsageError

if TYPE_CHECKING:
    from diffscope.cli.graph.open_graph import OpenedGraph
    from diffscope.graph.model import EdgeLayer, ModuleName

LAYERS = ("eager", "lazy", "typing", "registry", "string", "op", "include", "test")
"""The values of ``EdgeLayer``, which is not imported for ``--help``; a test compares the two."""
EXPORTS = ("json", "graphml", "dot", "mermaid")
"""The keys of ``diffscope.products.explore.export.FORMS``, likewise."""

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group(cls=options.CommandGroup)
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
    from diffscope.cli.graph.show import print_json, print_lines
    from diffscope.cli.graph.stats import (
        comparison_lines,
        count_graph,
        find_groups,
        group_lines,
        statistics_lines,
    )
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
@click.option(
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="File for the result. Default: stdout.",
)
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
