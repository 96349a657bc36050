"""The shape of a diff as a whole: sizes by category, and the patterns that kinds and tags ask for."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.facts.model import FileFact, RegistryFact, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

PRODUCT = frozenset({"source", "native"})
_REWRITTEN = 8
_SUPPORTED = "/supported_models.md"
_MODELS = "models"
"""The registry of models, by its name in ``rules/registries.yml``."""
_CLASS = lazy_regex(r"[A-Za-z_][\w.]*\.[A-Za-z_]\w*")
"""What a row names that leads to a class; others say since which release a model is gone, or where it is to be had."""
_PROSE = frozenset({"docstring", "cosmetic"})


class Sizes(Value, frozen=True, kw_only=True):
    """Changed code lines of a change."""

    by_category: dict[str, int]
    product: int
    """Of product code: source and native files, those left out in which only comments changed."""
    total: int
    product_added: int
    product_removed: int


def measure(files: Iterable[FileFact], symbols: Iterable[SymbolFact] = ()) -> Sizes:
    """Return the sizes of a change. A file whose code lines are not known counts with its lines; one of no lines counts one.

    Comments and docstrings of product code count as ``docs``; what it logs, and how it is annotated, is none unless a docstring changes with it.
    """
    coded = {symbol.path for symbol in symbols if _PROSE.isdisjoint(symbol.aspects)}
    by_category: dict[str, int] = {}
    added = removed = 0
    for file in files:
        lines = changed_lines(file)
        category = "docs" if file.path not in coded and _is_prose(file) else file.category
        by_category[category] = by_category.get(category, 0) + lines
        if category in PRODUCT:
            added += file.code_added
            removed += file.code_removed
    return Sizes(
        by_category=dict(sorted(by_category.items())),
        product=sum(by_category.get(category, 0) for category in PRODUCT),
        total=sum(by_category.values()),
        product_added=added,
        product_removed=removed,
    )


def _is_prose(file: FileFact) -> bool:
    has_code = file.code_added or file.code_removed
    return file.category in PRODUCT and file.logic is False and file.status == "modified" and not has_code


def changed_lines(file: FileFact) -> int:
    """Return the changed code lines of a file; all changed lines where no code line is known, one where there are none (a rename)."""
    return file.code_added + file.code_removed or min(file.additions + file.deletions, 20) or 1


def shapes_of(
    files: tuple[FileFact, ...],
    symbols: tuple[SymbolFact, ...],
    sizes: Sizes,
    registries: tuple[RegistryFact, ...] = (),
) -> frozenset[str]:
    """Return the shapes of a change, words of ``diffscope.taxonomy.tables.Shape``."""
    product = [file for file in files if file.category in PRODUCT]
    checks = {
        "moves": _moves(product, symbols),
        "rewrites": _rewrites(sizes),
        "deletes": sizes.product_removed >= 10 and sizes.product_removed > 3 * sizes.product_added,
        "registers-model": _registers_model(files, registries),
        "adds-tests": any(file.category == "test" and file.code_added > file.code_removed for file in files),
        "adds-symbols": any(is_new_public(symbol) for symbol in symbols),
    }
    return frozenset(name for name, holds in checks.items() if holds)


def is_new_public(symbol: SymbolFact) -> bool:
    """Return whether a symbol is a public function, method or class that the change adds to product code."""
    return (
        symbol.category in PRODUCT
        and symbol.public
        and "added" in symbol.aspects
        and symbol.kind in ("class", "function", "method")
    )


def _moves(product: list[FileFact], symbols: tuple[SymbolFact, ...]) -> bool:
    # What a function hands to a new one beside it says nothing of the change as a whole.
    moved = any(
        "moved" in symbol.aspects and symbol.category in PRODUCT and symbol.moved_from_path != symbol.path
        for symbol in symbols
    )
    return moved or any(file.status == "renamed" for file in product)


def _rewrites(sizes: Sizes) -> bool:
    smaller, larger = sorted((sizes.product_added, sizes.product_removed))
    return smaller >= _REWRITTEN and smaller * 3 >= larger


def _registers_model(files: tuple[FileFact, ...], registries: tuple[RegistryFact, ...]) -> bool:
    """Return whether the registry of models has a row more, or another row and the list of what can be deployed one more.

    A file below a model's folder is none: kernels, layers and processors lie there too.
    """
    rows = [row for row in registries if row.registry == _MODELS and _CLASS.fullmatch(row.target or "")]
    gone = {row.target for row in rows if row.change == "removed"}
    if any(row.change == "added" and row.target not in gone for row in rows):
        return True
    listed = any(file.path.endswith(_SUPPORTED) and file.additions > file.deletions for file in files)
    return listed and any(row.change != "removed" for row in rows)
