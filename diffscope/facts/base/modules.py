"""Changed modules, with their place in the graph of the base."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import ModuleFact


def collect_modules(placed: Iterable[Placed], lookup: TreeLookup | None) -> tuple[ModuleFact, ...]:
    """Return a fact for each changed Python module of the product, by path. Without a graph its place in it is unknown."""
    chosen = (one for one in placed if one.fact.module and one.fact.category == "source")
    return tuple(sorted((_module(one, lookup) for one in chosen), key=lambda fact: fact.path))


def place_files(placed: Iterable[Placed], modules: Iterable[ModuleFact]) -> tuple[Placed, ...]:
    """Return the files with their module's distance from the serving path, and the files that their symbols came from."""
    distances = {module.path: module.distance for module in modules}
    listed = tuple(
        msgspec.structs.replace(
            one,
            fact=msgspec.structs.replace(one.fact, distance=distances.get(one.fact.path, one.fact.distance)),
        )
        for one in placed
    )
    by_path: dict[str, Placed] = {one.fact.path: one for one in listed}
    return tuple(
        msgspec.structs.replace(one, origins=tuple(by_path[path] for path in paths))
        if (paths := _left_for(one))
        else one
        for one in listed
    )


def _left_for(placed: Placed) -> tuple[str, ...]:
    """Return the other files that symbols of a file came from, sorted."""
    symbols = placed.material.python.symbols if placed.material.python is not None else ()
    paths = {one.moved_from.path for one in symbols if one.moved_from and one.moved_from.path}
    return tuple(sorted(paths - {placed.material.diff.path}))


def _module(placed: Placed, lookup: TreeLookup | None) -> ModuleFact:
    fact, status = placed.fact, placed.fact.status
    module = ModuleFact(
        **placed.spot(),
        is_new=status in ("added", "copied"),
        is_removed=status == "deleted",
        logic=fact.logic is True,
    )
    if lookup is None:
        return module
    # A renamed module stands in the base's graph under its old name.
    path = fact.old_path if status == "renamed" and fact.old_path else fact.path
    return lookup.locate(module, path)
