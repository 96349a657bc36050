"""The map of areas as a treemap in SVG: size by lines changed, colour by the risk of the pull requests whose main area each one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from markupsafe import escape

from diffscope.products.report.model import AreaChange
from diffscope.products.report.render.page import PageView
from diffscope.render.sanitize import visible
from diffscope.source.model import Value

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


WIDE: Final = (640, 430)
NARROW: Final = (290, 420)
"""The least sizes in pixels at which a map is shown: what fits there fits."""

_FONTS: Final = ((13, 17), (11, 15))
"""Sizes of letters and of lines, in pixels: as the style of the page has them."""
_NAME_HEIGHT, _NAME_WIDTH = 16, 96
"""Pixels that a name within the cell of the rest takes."""
_REST: Final = (100, 30, 20, 12, 8)
"""Parts of the map that the cell of the rest takes at least, tried one after the other until it can say what it is."""
_FILLS: Final = {
    "high-1": ("#f9d0c4", "#3d1004"),
    "high-2": ("#ee9a80", "#3d1004"),
    "high-3": ("#b8350c", "#ffffff"),
    "medium-1": ("#fbefc9", "#3a2c00"),
    "medium-2": ("#f2d274", "#3a2c00"),
    "medium-3": ("#dba91c", "#2e2300"),
    "low": ("#d3e1fa", "#12264d"),
    "quiet": ("#e3e7ed", "#333c4b"),
}


class Cell(Value, frozen=True, kw_only=True):
    """One tile, in hundredths of the map: an area, or the rest of them together (``area`` is empty)."""

    area: str
    label: str
    lines: tuple[str, ...]
    """The label, as it is broken at the least size."""
    note: str
    """A further line, where there is room."""
    title: str
    """The whole of it in words."""
    tone: str
    """``high-2``: the worst risk, and how much of the area's work is of medium risk or worse. ``low``, ``quiet``: none of it."""
    is_small: bool
    """Whether the label only fits in small letters."""
    tile: Tile
    within: tuple[str, ...] = ()
    """Of the rest: its largest areas, as many as there is room for, one a line."""


def area_cells(read: PageView, size: tuple[int, int]) -> tuple[Cell, ...]:
    """Return the cells of a map of this size, largest first; areas too small for their label stand together as the last one."""
    kept = [area for area in read.digest.area_map if area.churn]
    rest: list[AreaChange] = []
    while kept or rest:
        names = [area.area for area in kept] + [""] * bool(rest)
        labels = [visible(read.area(area.area)) for area in kept] + [read.say_rest(len(rest))] * bool(rest)
        churn = [area.churn for area in kept] + [sum(area.churn for area in rest)] * bool(rest)
        tiles = _tiles(churn, labels, size, has_rest=bool(rest))
        bare = [area for area, label, tile in zip(names, labels, tiles, strict=True) if not _fit(label, tile)]
        if not bare or not kept:
            cells = [_cell(read, *each, size) for each in zip(names, labels, churn, tiles, strict=True)]
            if rest:
                cells[-1] = _with_names(cells[-1], tiles[-1], rest[::-1])
            return tuple(cells)
        # Where the cell of the rest is itself too small, the smallest area joins it.
        goes = next((area for area in reversed(kept) if area.area == bare[-1]), kept[-1])
        kept.remove(goes)
        rest.append(goes)
    return ()


def _tiles(
    churn: Sequence[int], labels: Sequence[str], size: tuple[int, int], *, has_rest: bool
) -> Sequence[Tile]:
    """Return the tiles; the last one, if it is the rest, takes what its label needs, up to an eighth of the map."""
    tiles: Sequence[Tile] = ()
    for part in _REST if has_rest else _REST[:1]:
        last = max(churn[-1], sum(churn) / part) if has_rest else churn[-1]
        tiles = squarify([*churn[:-1], last], *size)
        if _fit(labels[-1], tiles[-1]):
            break
    return tiles


def _fit(label: str, tile: Tile) -> tuple[tuple[str, ...], bool] | None:
    """Return the lines of a label, and whether it takes small letters; ``None`` where it does not fit."""
    for is_small, (font, line) in enumerate(_FONTS):
        lines = broken(label, tile.width, font)
        if lines and len(lines) * line <= tile.height - PADDING:
            return lines, bool(is_small)
    return None


def _cell(read: PageView, area: str, label: str, churn: int, tile: Tile, size: tuple[int, int]) -> Cell:
    lines, is_small = _fit(label, tile) or ((label,), True)
    font, line = _FONTS[1]
    below = tile.height - PADDING - len(lines) * _FONTS[is_small][1]
    note = read.say_lines(churn)
    has_room = below >= line and text_width(note, font) <= tile.width - 2 * PADDING
    return Cell(
        area=area,
        label=label,
        lines=lines,
        note=note if has_room else "",
        title=read.say_cell(area, label, churn),
        tone=read.tone(area),
        is_small=is_small,
        tile=Tile(*(round(100 * part / whole, 3) for part, whole in zip(tile, (*size, *size), strict=True))),
    )


def _with_names(cell: Cell, tile: Tile, rest: Sequence[AreaChange]) -> Cell:
    rows = int((tile.height - PADDING - (len(cell.lines) + 1) * _FONTS[0][1]) // _NAME_HEIGHT)
    columns = int((tile.width - 2 * PADDING) // _NAME_WIDTH)
    largest = sorted(rest, key=lambda area: (-area.churn, area.area))
    return msgspec.structs.replace(
        cell, within=tuple(area.area for area in largest[: max(rows, 0) * columns])
    )


def map_svg(read: PageView, *, font: str, title: str) -> str:
    """Return the map as a picture of its own."""
    width, height = WIDE
    cells = "".join(_drawn(cell) for cell in area_cells(read, WIDE))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" font-family="{escape(font)}" font-size="13"><title>{escape(title)}</title>{cells}</svg>'
    )


def _drawn(cell: Cell) -> str:
    x, y, wide, high = (part * whole / 100 for part, whole in zip(cell.tile, (*WIDE, *WIDE), strict=True))
    fill, ink = _FILLS[cell.tone]
    font, line = _FONTS[cell.is_small]
    small, below = _FONTS[1]
    told = [(text, font, line) for text in cell.lines] + [(cell.note, small, below)] * bool(cell.note)
    spans = "".join(
        f'<tspan x="{x + PADDING:.1f}" dy="{step}" font-size="{size}">{escape(text)}</tspan>'
        for text, size, step in told
    )
    return (
        f'<g><title>{escape(cell.title)}</title><rect x="{x + 1:.1f}" y="{y + 1:.1f}" width="{max(wide - 2, 0):.1f}"'
        f' height="{max(high - 2, 0):.1f}" rx="2" fill="{fill}"/><text y="{y:.1f}" fill="{ink}">{spans}</text></g>'
    )
