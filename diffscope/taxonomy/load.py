"""The eight YAML files of a taxonomy -> ``TaxonomyTables``, or every mistake in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from diffscope.errors import RuleError
from diffscope.taxonomy.fix_risk import FixRiskTable
from diffscope.taxonomy.model import OTHER
from diffscope.taxonomy.tables import (
    AreaTable,
    CategoryTable,
    KindTable,
    PlatformTable,
    ScoreTable,
    SurfaceTable,
    TagTable,
    TaxonomyTables,
)
from diffscope.yaml.reading import Mistake, Reading, mistakes_error
from diffscope.yaml.strict import MapNode, Node
from diffscope.yaml.typed import keys_of, read_value

_TABLES: Final[dict[str, type]] = {
    "areas.yml": AreaTable,
    "platforms.yml": PlatformTable,
    "categories.yml": CategoryTable,
    "kinds.yml": KindTable,
    "tags.yml": TagTable,
    "surfaces.yml": SurfaceTable,
    "scores.yml": ScoreTable,
    "fix_risk.yml": FixRiskTable,
}
FILES: Final = tuple(_TABLES)
"""The files that make a taxonomy."""


def read_tables(
    files: Mapping[str, str], *, at: Mapping[str, str] | None = None, borrowed: Collection[str] = ()
) -> TaxonomyTables:
    """Return the checked tables of the eight files, given as name -> text; ``at`` and ``borrowed`` are those of ``check_tables``.

    Raises:
        RuleError: a file is missing or wrong; the message lists every mistake of every file, with its place.
    """
    missing = [name for name in FILES if name not in files]
    if missing:
        raise RuleError(f"missing from the taxonomy: {', '.join(missing)}", hint="all eight files are needed")
    tables, mistakes = check_tables(files, at=at, borrowed=borrowed)
    if tables is None:
        raise mistakes_error(mistakes)
    return tables


def check_tables(
    files: Mapping[str, str], *, at: Mapping[str, str] | None = None, borrowed: Collection[str] = ()
) -> tuple[TaxonomyTables | None, tuple[Mistake, ...]]:
    """Return the tables of the eight files (``None`` where any is wrong) and every mistake.

    ``at`` says how a file is called. ``borrowed`` are files of another profile: they may speak of areas and platforms that are not here.
    """
    readings = {name: Reading((at or {}).get(name, name)) for name in FILES}
    roots = {name: reading.root(files[name]) for name, reading in readings.items()}
    known = _known(roots)
    values: dict[str, Any] = {
        name: read_value(
            _TABLES[name], roots[name], reading, known={"kind": known["kind"]} if name in borrowed else known
        )
        for name, reading in readings.items()
    }
    _check_starts(roots["scores.yml"], readings["scores.yml"], known["kind"])
    mistakes = tuple(mistake for reading in readings.values() for mistake in reading.mistakes)
    if mistakes:
        return None, mistakes
    tables = TaxonomyTables(
        areas=values["areas.yml"],
        platforms=values["platforms.yml"],
        categories=values["categories.yml"],
        kinds=values["kinds.yml"],
        tags=values["tags.yml"].tags,
        surfaces=values["surfaces.yml"].surfaces,
        scores=values["scores.yml"],
        fix_risk=values["fix_risk.yml"],
    )
    return tables, ()


def _known(roots: Mapping[str, Node]) -> dict[str, Collection[str]]:
    """Return the words that tables declare for each other, wrong as their rows may be."""
    areas = keys_of(roots["areas.yml"], "areas")
    return {
        "area": areas,
        "area or other": (*areas, OTHER) if areas else (),
        "platform": keys_of(roots["platforms.yml"], "platforms"),
        "kind": keys_of(roots["kinds.yml"], "kinds"),
    }


def _check_starts(root: Node, reading: Reading, kinds: Collection[str]) -> None:
    """Note every kind that has no start: its changes would begin at nothing."""
    section = root.entry("kinds") if isinstance(root, MapNode) else None
    if section is None or not isinstance(section.value, MapNode):
        return
    for kind in kinds:
        if section.value.get(kind) is None:
            reading.report(section, f"'kinds' lacks '{kind}'", f"add '{kind}: {{importance: N, insight: N}}'")
