"""Changed modules, with their place in the graph of the base, and the imports added to or removed from source files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from diffscope.facts.base.base_index import AfterModule, TreeLookup
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython
from diffscope.facts.change.files import module_name
from diffscope.facts.model import ImportFact, ModuleFact
from diffscope.syntax.model import Import, ImportLayer


def collect_imports(placed: Iterable[Placed], lookup: TreeLookup | None = None) -> tuple[ImportFact, ...]:
    """Return the import facts of source files, by path and line. A name imported elsewhere in the same file as before is none."""
    facts = [
        fact
        for one in placed
        if (found := source_comparison(one))
        for fact in _imports_of_file(one, found, lookup)
    ]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.target, fact.name or "", fact.change))
    )


def modules_after(placed: Iterable[Placed]) -> dict[str, AfterModule]:
    """Return what each changed module binds and imports at its top after the change, by its name."""
    found = {}
    for one in placed:
        outline = one.material.python.after if one.material.python else None
        if outline is None or not one.fact.module or one.fact.status == "deleted":
            continue
        names = {definition.name for definition in outline.definitions if "." not in definition.name}
        imports = set()
        for item in outline.imports:
            if item.layer is ImportLayer.EAGER:
                module = absolute_module(one.fact.path, item)
                names.add(item.alias or item.name or item.module)
                imports |= {module, f"{module}.{item.name}"}
        found[one.fact.module] = AfterModule(frozenset(names), frozenset(imports))
    return found


def absolute_module(path: str, item: Import) -> str:
    """Return the module that an import of a file names, its leading dots resolved."""
    if not item.level:
        return item.module
    package = (module_name(path) or "").split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    kept = package[: len(package) - (item.level - 1)]
    return ".".join([*kept, *([item.module] if item.module else [])])


def _imports_of_file(
    placed: Placed, comparison: ChangedPython, lookup: TreeLookup | None
) -> Iterator[ImportFact]:
    for change, imports in (("added", comparison.imports_added), ("removed", comparison.imports_removed)):
        for item in imports:
            target = absolute_module(placed.fact.path, item)
            is_new = change == "added" and item.layer is ImportLayer.EAGER
            yield ImportFact(
                **placed.spot(placed.new(item.line) if change == "added" else placed.old(item.line)),
                change=change,
                target=target,
                name=item.name,
                layer=item.layer.value,
                guard=item.guard,
                cycle=lookup.cycle(placed.fact.module, target, item.name)
                if is_new and lookup and placed.fact.module
                else None,
            )


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
