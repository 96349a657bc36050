"""The geometry of a treemap: a rectangle cut into tiles as near to squares as may be, and whether a label fits into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

PADDING: Final = 6
_WIDE: Final = 0x2E80
"""Characters from here on are as wide as they are high: Chinese and its marks."""
_LETTER: Final = 0.6
_BROAD: Final = 0.75
_IDEOGRAPH: Final = 1.04
"""Widths in parts of the font's size, of fonts that run wide."""


class Tile(NamedTuple):
    """A rectangle; its upper left corner, then its size."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], width: float, height: float) -> tuple[Tile, ...]:
    """Return a tile for each size, in the order given; sizes fall, and each is above zero.

    Rows are laid along the shorter side of what is left, each taking the next size for as long as its worst tile grows no longer.
    """
    scale = width * height / sum(sizes) if sizes else 0
    areas = [size * scale for size in sizes]
    free = Tile(0, 0, width, height)
    tiles: list[Tile] = []
    start = 0
    while start < len(areas):
        side = min(free.width, free.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row, free = _cut(free, areas[start:end])
        tiles += row
        start = end
    return tuple(tiles)


def _worst(row: Sequence[float], side: float) -> float:
    """Return how many times longer than wide the worst tile of a row is."""
    total = sum(row)
    return max(side * side * max(row) / (total * total), total * total / (side * side * min(row)))


def _cut(free: Tile, row: Sequence[float]) -> tuple[list[Tile], Tile]:
    """Return the tiles of a row along the shorter side, and what is left."""
    total, tiles = sum(row), []
    if free.width >= free.height:
        deep, at = total / free.height, free.y
        for area in row:
            tiles.append(Tile(free.x, at, deep, area / deep))
            at += area / deep
        return tiles, Tile(free.x + deep, free.y, max(free.width - deep, 0), free.height)
    deep, at = total / free.width, free.x
    for area in row:
        tiles.append(Tile(at, free.y, area / deep, deep))
        at += area / deep
    return tiles, Tile(free.x, free.y + deep, free.width, max(free.height - deep, 0))


def text_width(text: str, size: float) -> float:
    """Return about how wide a text of this size in pixels is at most."""
    return size * sum(map(_share, text))


def _share(character: str) -> float:
    if ord(character) >= _WIDE:
        return _IDEOGRAPH
    return _BROAD if character.isupper() or character in "mw" else _LETTER


def broken(text: str, width: float, size: float) -> tuple[str, ...]:
    """Return the lines of a label in a tile of this width, broken at spaces and between ideographs; none where a word is too wide."""
    lines = [""]
    for word in text.split(" "):
        is_chinese = any(ord(character) >= _WIDE for character in word)
        for number, piece in enumerate(word if is_chinese else [word]):
            longer = f"{lines[-1]}{' ' if lines[-1] and not number else ''}{piece}"
            if text_width(piece, size) > width - 2 * PADDING:
                return ()
            if text_width(longer, size) <= width - 2 * PADDING:
                lines[-1] = longer
            else:
                lines.append(piece)
    return tuple(lines)
