"""Sizes and counts of a change, computed from its facts, as the scores use them."""

from __future__ import annotations

import math

from diffscope.facts.classify.change_shape import PRODUCT, changed_lines, is_new_public
from diffscope.facts.model import ChangeFacts, DependencyFact, FileFact, SymbolFact
from diffscope.source.model import Value
from diffscope.taxonomy.declared_words import tokens_of
from diffscope.taxonomy.model import OTHER, Taxonomy
from diffscope.taxonomy.tables import ScoreTable

_NEW_MODULE = 20
_MECHANICAL = frozenset({"moved", "removed", "message", "docstring", "cosmetic"})
_DEFAULT_PLATFORM = "cuda"
_INFRASTRUCTURE = frozenset({"build", "infra", "config"})


class Signals(Value, frozen=True, kw_only=True):
    """What the scores of a change are made from. Lines are code lines of product files."""

    kind: str
    size: float
    """Added lines, comments too, as the diff counts them; those of files that only moved, and of reverts, discounted."""
    logic: float
    """Written lines, removed ones discounted, mechanical ones discounted once more."""
    written: int
    removed: int
    centre: float
    """Mean centrality of the areas in which logic changed, weighted by the root of the lines, between 0 and 1."""
    branches: int
    symbols: int
    modules: int
    areas: tuple[str, ...]
    folders: int
    surfaces: tuple[str, ...]
    classes_new: int
    classes_gone: int
    adopters: tuple[str, ...]
    """What builds on the change from now on: modules that import from one of its modules anew, and new rows of registries."""
    steps: int
    """Written lines of functions that run at every step."""
    numerics: int
    options: tuple[str, ...]
    """Settings that came."""
    tests: int
    platforms: tuple[str, ...]
    grave: tuple[str, ...]
    """Words of the title that tell of a grave fault, where product logic changed."""
    dependencies: tuple[str, ...]
    foundations: tuple[str, ...]
    """Those of the dependencies on which everything else is built: torch, CUDA, ROCm, transformers."""
    infrastructure: int
    minor: bool
    """The author's tag calls the change minor: `[Misc]`, `[Trivial]`."""
    words: int
    """Words of the description."""


def read_signals(facts: ChangeFacts, taxonomy: Taxonomy) -> Signals:
    """Return the signals of a change."""
    scores, title = taxonomy.tables.scores, tokens_of(facts.change.title)
    # In one order: sums of fractions differ in their last digit with the order of their terms.
    files = sorted(facts.file, key=lambda file: file.path)
    product = [file for file in files if file.category in PRODUCT and file.logic is not False]
    symbols = [symbol for symbol in facts.symbol if symbol.category in PRODUCT and symbol.logic]
    classes = [symbol.aspects for symbol in symbols if symbol.kind == "class"]
    moves = _core_moves(facts)
    moved = tuple(sorted({item.name for item in moves}))
    share = scores.importance.mechanical if facts.change.kind == "revert" else 1.0
    return Signals(
        kind=facts.change.kind,
        size=_size(product, scores) * share,
        logic=_logic(product, symbols, scores) * share,
        written=sum(file.code_added for file in product),
        removed=sum(file.code_removed for file in product),
        centre=_centre(product, scores),
        branches=sum(max(symbol.branches_added, 0) for symbol in symbols if "moved" not in symbol.aspects),
        symbols=sum(1 for symbol in symbols if is_new_public(symbol)),
        modules=sum(1 for file in product if file.status == "added" and file.code_added >= _NEW_MODULE),
        areas=facts.change.logic_areas,
        folders=len({file.path.rpartition("/")[0] for file in product}),
        surfaces=tuple(sorted({surface for symbol in symbols for surface in symbol.surfaces})),
        classes_new=sum("added" in aspects for aspects in classes),
        classes_gone=sum("removed" in aspects for aspects in classes),
        adopters=_adopters(facts),
        steps=sum(one.code_added for one in symbols if one.runs == "per_step" and one.kind != "class"),
        numerics=sum(one.category in PRODUCT for one in facts.numeric),
        options=_new_options(facts),
        tests=sum(file.code_added for file in facts.file if _is_standing_test(file)),
        platforms=_platforms(facts, product, moves),
        grave=taxonomy.grave_words.owners_in(title) if product else (),
        dependencies=moved,
        foundations=tuple(name for name in moved if taxonomy.foundation_words.owners_in(tokens_of(name))),
        infrastructure=sum(changed_lines(file) for file in facts.file if file.category in _INFRASTRUCTURE),
        minor=any(taxonomy.minor_words.owners_in(tokens_of(tag)) for tag in facts.change.title_tags),
        words=len((facts.pull.body or "").split()[:2000]),
    )


def doubling(count: float) -> float:
    """Return how often a count doubled: the binary logarithm of one more than it."""
    return math.log2(1 + max(count, 0))


def centrality(area: str, scores: ScoreTable) -> float:
    """Return how central an area is, between 0 and 1."""
    return scores.areas.get(area, scores.areas.get(OTHER, 0.0))


def _size(product: list[FileFact], scores: ScoreTable) -> float:
    """Return the added lines of a change; a file that is renamed adds little."""
    return sum(
        file.additions * (scores.importance.mechanical if file.change_type == "rename-or-move" else 1.0)
        for file in product
    )


def _logic(product: list[FileFact], symbols: list[SymbolFact], scores: ScoreTable) -> float:
    """Return the written lines of a change, less what moved or was only taken away."""
    removed, mechanical = scores.insight.removed, scores.importance.mechanical
    # The added lines of symbols that only moved, by path, counted in the outermost ones.
    moved: dict[str, int] = {}
    for symbol in symbols:
        if "moved" in symbol.aspects and set(symbol.aspects) <= _MECHANICAL:
            moved[symbol.path] = moved.get(symbol.path, 0) + symbol.code_added
    total = 0.0
    for file in product:
        carried = min(moved.get(file.path, 0), file.code_added)
        added = file.code_added - carried * (1 - mechanical)
        total += added + removed * file.code_removed * (mechanical if _is_gone(file) else 1)
    return total


def _is_gone(file: FileFact) -> bool:
    return file.status == "deleted" or file.code_removed > 4 * (file.code_added + 1)


def _centre(product: list[FileFact], scores: ScoreTable) -> float:
    weights = [(math.sqrt(changed_lines(file)), centrality(file.area, scores)) for file in product]
    whole = sum(weight for weight, _ in weights)
    return sum(weight * central for weight, central in weights) / whole if whole else 0.0


def _platforms(facts: ChangeFacts, product: list[FileFact], moves: list[DependencyFact]) -> tuple[str, ...]:
    """Return what platforms and architectures the changed logic and dependencies single out, the default platform left aside."""
    own = {platform for place in (*product, *moves) for platform in place.platforms}
    by_guard = {name for guard in facts.guard if guard.category in PRODUCT for name in guard.names}
    return tuple(sorted(((own & set(facts.change.platforms)) | by_guard) - {_DEFAULT_PLATFORM, "any"}))


def _new_options(facts: ChangeFacts) -> tuple[str, ...]:
    """Return the settings that came and that a user can set: fields of a layer's own configuration class are set by code alone."""
    return tuple(
        sorted(
            {
                one.name
                for one in facts.option
                if one.change == "added" and (one.what != "config-field" or one.area == "config")
            }
        )
    )


def _adopters(facts: ChangeFacts) -> tuple[str, ...]:
    own = {one.module for one in facts.module if one.module}
    modules = {
        one.module
        for one in facts.imports
        if one.change == "added"
        and one.category in PRODUCT
        and one.module
        and one.target != one.module
        and not own.isdisjoint((one.target, f"{one.target}.{one.name}"))
    }
    rows = {f"{row.registry}: {row.key}" for row in facts.registry if row.change == "added"}
    return (*sorted(modules), *sorted(rows))


def _is_standing_test(file: FileFact) -> bool:
    return file.category == "test" and file.status != "deleted"


def _core_moves(facts: ChangeFacts) -> list[DependencyFact]:
    """Return the core dependencies that move; what only tests require, and what only came or went, moves nothing."""
    return [
        item
        for item in facts.dependency
        if item.core
        and item.change not in ("added", "removed")
        and "/test/" not in item.path
        and "-test." not in item.path
    ]
