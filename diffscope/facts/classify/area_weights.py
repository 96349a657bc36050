"""How a change spreads over areas: weighted by the logic that changed, so that one giant file does not drown the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable

from diffscope.facts.classify.change_shape import PRODUCT, changed_lines
from diffscope.facts.model import FileFact
from diffscope.source.model import Value
from diffscope.taxonomy.model import Taxonomy

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
