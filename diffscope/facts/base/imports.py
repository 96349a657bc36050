"""Imports added to or removed from source files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.base.base_index import AfterModule, TreeLookup
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython
from diffscope.facts.change.files import module_name
from diffscope.facts.model import ImportFact
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
