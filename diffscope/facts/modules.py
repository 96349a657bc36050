"""Changed modules, with their place in the graph of the base."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from diffscope.facts.lookup import TreeLookup
from diffscope.facts.material import Placed
from diffscope.facts.values import ModuleFact


def collect_modules(placed: Iterable[Placed], lookup: TreeLookup | None) -> tuple[ModuleFact, ...]:
    """Return a fact for each changed Python module of the product, by path. Without a graph its place in it is unknown."""
    chosen = (one for one in placed if one.fact.module and one.fact.category == "source")
    return tuple(sorted((_module(one, lookup) for one in chosen), key=lambda fact: fact.path))


def place_files(placed: Iterable[Placed], modules: Iterable[ModuleFact]) -> tuple[Placed, ...]:
    """Return the files with their module's distance from the serving path filled in."""
    distances = {module.path: module.distance for module in modules}
    return tuple(
        msgspec.structs.replace(
            one,
            fact=msgspec.structs.replace(one.fact, distance=distances.get(one.fact.path, one.fact.distance)),
        )
        for one in placed
    )


def _module(placed: Placed, lookup: TreeLookup | None) -> ModuleFact:
    fact, status = placed.fact, placed.fact.status
    module = ModuleFact(
        **placed.spot(0),
        is_new=status in ("added", "copied"),
        is_removed=status == "deleted",
        logic=fact.logic is True,
    )
    if lookup is None:
        return module
    # A renamed module stands in the base's graph under its old name.
    path = fact.old_path if status == "renamed" and fact.old_path else fact.path
    return lookup.locate(module, path)
