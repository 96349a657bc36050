"""Imported names that came or went in source files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.files import module_name
from diffscope.facts.material import Placed, source_comparison
from diffscope.facts.values import ImportFact
from diffscope.syntax.values import Comparison, Import


def collect_imports(placed: Iterable[Placed]) -> tuple[ImportFact, ...]:
    """Return the import facts of source files, by path and line. A name imported elsewhere in the same file as before is none."""
    facts = [
        fact for one in placed if (found := source_comparison(one)) for fact in _imports_of_file(one, found)
    ]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.target, fact.name or "", fact.change))
    )


def _imports_of_file(placed: Placed, comparison: Comparison) -> Iterator[ImportFact]:
    for change, imports in (("added", comparison.imports_added), ("removed", comparison.imports_removed)):
        for item in imports:
            yield ImportFact(
                **placed.spot(item.line, side="new" if change == "added" else "old"),
                change=change,
                target=_absolute(placed.fact.path, item),
                name=item.name,
                layer=item.layer.value,
                guard=item.guard,
            )


def _absolute(path: str, item: Import) -> str:
    if not item.level:
        return item.module
    package = (module_name(path) or "").split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    kept = package[: len(package) - (item.level - 1)]
    return ".".join([*kept, *([item.module] if item.module else [])])
