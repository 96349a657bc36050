"""Lines of ``diffscope graph`` for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from diffscope.cli.exits import DONE

if TYPE_CHECKING:
    from diffscope.graph.model.model import Cycle, Edge

MOST = 20
"""Rows of a section; the JSON form has them all."""


def chain_lines(edges: Collection[Edge]) -> list[str]:
    """Return a line an edge: where it leads, its layer, the line that it stands on."""
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
