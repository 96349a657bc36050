"""The shape of a diff as a whole: sizes by category, patterns that kinds and tags ask for, and how it spreads over areas, weighted by the logic that changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from diffscope.facts.model import ChangeFacts, FileFact, NativeFact, RegistryFact, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.source.profile import places, profile
from diffscope.taxonomy.model import Taxonomy

PRODUCT = frozenset({"source", "native"})
_REWRITTEN = 8
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
        "adds-option": any(map(_is_new_option, symbols)),
        "adds-symbols": any(is_new_public(symbol) for symbol in symbols),
    }
    return frozenset(name for name, holds in checks.items() if holds)


def _is_new_option(symbol: SymbolFact) -> bool:
    """Return whether a symbol is a new field of a configuration that was there, or a new variable of the environment."""
    path, names = PurePosixPath(symbol.path), places().code
    is_new = symbol.category == "source" and symbol.kind == "variable" and "added" in symbol.aspects
    if not is_new or not symbol.public or symbol.part_of_new:
        return False
    if "." in (symbol.symbol or ""):
        return path.parent.name == "config" or symbol.path.endswith(names.names.argument_files)
    return path.name == names.environment_file and (symbol.symbol or "").isupper()


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
    pages = profile().code.model_pages
    listed = any(file.path.rpartition("/")[2] in pages and file.additions > file.deletions for file in files)
    return listed and any(row.change != "removed" for row in rows)


_BESIDE_PRODUCT = {
    "test": 0.12,
    "docs": 0.08,
    "example": 0.12,
    "benchmark": 0.25,
    "data": 0.1,
    "infra": 0.5,
    "build": 0.8,
    "config": 0.5,
}
"""What a file counts beside product code, by category; alone, each counts in full."""
_COSMETIC = 0.1
_DELETED = 0.4
_FURTHER = 0.3
"""What a further area of a file counts, against its main area."""
_NAMED = 1.6
_LEAST = 0.04
_MOST_AREAS = 8
_THOUSAND = 1000
_ROLES = frozenset({"tests", "docs", "examples", "benchmarks", "other"})
"""Areas that say what a file is for, not what it is about: as a further area they count only without product code."""


class Share(Value, frozen=True, kw_only=True):
    """One area of a change: its weight in thousandths, and the files that carry it."""

    area: str
    thousandths: int
    files: tuple[str, ...]

    @property
    def weight(self) -> float:
        """The weight between 0 and 1."""
        return self.thousandths / _THOUSAND


def file_weights(files: Iterable[FileFact]) -> dict[str, float]:
    """Return what each changed file counts, by path: the root of its changed code lines, less for what is no product code."""
    every = tuple(files)
    has_product = any(file.category in PRODUCT and file.logic is not False for file in every)
    return {file.path: _mass(file, has_product=has_product) for file in every}


def area_shares(files: Iterable[FileFact], title: str, taxonomy: Taxonomy) -> tuple[Share, ...]:
    """Return the areas of a change, heaviest first; thousandths sum to 1000. An area that the title names counts more where files agree."""
    every = tuple(files)
    weights, paths = _spread(every, file_weights(every))
    named = taxonomy.areas_in(title)
    for area in named:
        if area in weights:
            weights[area] *= _NAMED
    total = sum(weights.values())
    kept = [area for area in weights if weights[area] >= _LEAST * total or area in named]
    kept = sorted(kept, key=lambda area: (-weights[area], area))[:_MOST_AREAS]
    parts = _thousandths([weights[area] for area in kept])
    return tuple(
        Share(area=area, thousandths=part, files=tuple(sorted(set(paths[area]))))
        for area, part in zip(kept, parts, strict=True)
        if part
    )


def logic_areas(files: Iterable[FileFact], least: float = 0.1) -> tuple[str, ...]:
    """Return the main areas in which product logic changed with at least that share, heaviest first."""
    weights: dict[str, float] = {}
    for file in sorted(files, key=lambda file: file.path):
        if file.category in PRODUCT and file.logic is not False:
            weights[file.area] = weights.get(file.area, 0.0) + math.sqrt(changed_lines(file))
    total = sum(weights.values())
    return tuple(
        sorted(
            (area for area in weights if weights[area] >= least * total),
            key=lambda area: (-weights[area], area),
        )
    )


def _mass(file: FileFact, *, has_product: bool) -> float:
    mass = math.sqrt(changed_lines(file))
    if has_product:
        mass *= _BESIDE_PRODUCT.get(file.category, 1.0)
    if file.logic is False and file.category in PRODUCT:
        mass *= _COSMETIC
    if file.status == "deleted":
        mass *= _DELETED
    return mass


def _spread(
    files: tuple[FileFact, ...], mass: dict[str, float]
) -> tuple[dict[str, float], dict[str, list[str]]]:
    has_product = any(file.category in PRODUCT for file in files)
    weights: dict[str, float] = {}
    paths: dict[str, list[str]] = {}
    for file in sorted(files, key=lambda file: file.path):
        areas = file.areas or (file.area,)
        further = [area for area in areas[1:] if not (has_product and area in _ROLES)]
        whole = 1 + _FURTHER * len(further)
        for area, part in ((areas[0], 1.0), *((area, _FURTHER) for area in further)):
            weights[area] = weights.get(area, 0.0) + mass[file.path] * part / whole
            paths.setdefault(area, []).append(file.path)
    return weights, paths


def _thousandths(weights: list[float]) -> list[int]:
    """Return whole thousandths in proportion, summing to 1000: each rounded down, the rest given to the largest remainders."""
    total = sum(weights)
    if not total:
        return []
    exact = [weight / total * _THOUSAND for weight in weights]
    parts = [int(value) for value in exact]
    rest = _THOUSAND - sum(parts)
    for at in sorted(range(len(exact)), key=lambda at: (parts[at] - exact[at], at))[:rest]:
        parts[at] += 1
    return parts


MOST_SUBJECTS: Final = 10
_SMALL: Final = 6
_CODE: Final = frozenset({"function", "method", "class"})
_SHOWN: Final = _CODE | {"variable"}


def subjects(facts: ChangeFacts, *, of_small: bool = False) -> list[SymbolFact | NativeFact]:
    """Return what tests should run of a change: functions, methods and classes of the product of which the logic changed, most code first, ten at most.

    Rust is left out: its own tests run it. With ``of_small`` those that are far smaller than the largest, which are left out else.
    """
    symbols = [
        one
        for one in facts.symbol
        if one.category in PRODUCT
        and one.logic
        and one.kind in _SHOWN
        and not {"removed", "moved"}.intersection(one.aspects)
        and (one.code_added or one.code_removed)
    ]
    # A method that is told apart tells more than its class.
    owners = {(one.path, (one.symbol or "").rpartition(".")[0]) for one in symbols}
    inner = [one for one in symbols if (one.path, one.symbol) not in owners]
    # Who runs the code around it reads a variable too.
    inner = [one for one in inner if one.kind in _CODE] or inner
    known = {(one.path, one.symbol) for one in symbols}
    natives = [
        one
        for one in facts.native
        if not one.path.endswith(".rs")
        and one.change not in ("removed", "moved")
        and (one.path, one.symbol) not in known
    ]
    found: list[SymbolFact | NativeFact] = [*inner, *natives]
    found.sort(key=lambda one: (-code_lines(one), one.path, one.line))
    # What runs a line of one file says little of a change that is written in another.
    is_small = [code_lines(one) * _SMALL < code_lines(found[0]) for one in found]
    return [one for one, small in zip(found, is_small, strict=True) if small is of_small][:MOST_SUBJECTS]


def code_lines(fact: SymbolFact | NativeFact) -> int:
    """Return how many lines of code a change of a symbol adds and takes."""
    return fact.code_added + fact.code_removed
