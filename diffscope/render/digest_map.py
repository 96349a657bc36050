"""The map of areas as a Vega specification: a treemap of lines changed, coloured by risk. Data only; digest_charts.py draws it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from diffscope.render.digest_reading import DigestReading
from diffscope.render.sanitize import visible
from diffscope.report.values import AreaChange, Digest

Spec = dict[str, object]
"""A chart, as Vega and Vega-Lite are told of it: JSON."""

_WIDTH: Final = 940
_HEIGHT: Final = 380
_RISKS: Final = ("high", "medium", "low")
_TREEMAP: Final[Spec] = {
    "type": "treemap",
    "field": "size",
    "sort": {"field": "value", "order": "descending"},
    "round": True,
    "paddingInner": 3,
    "size": [{"signal": "width"}, {"signal": "height"}],
}
_TILE: Final[Spec] = {
    "x": {"field": "x0"},
    "y": {"field": "y0"},
    "x2": {"field": "x1"},
    "y2": {"field": "y1"},
    "fill": {"scale": "risk", "field": "risk"},
    "fillOpacity": {"signal": "0.35 + 0.6 * min(1, datum.share * 1.5)"},
    "stroke": {"value": "currentColor"},
    "strokeOpacity": {"value": 0.35},
}
_LABEL: Final[Spec] = {
    "x": {"signal": "datum.x0 + 5"},
    "y": {"signal": "datum.y0 + 15"},
    "text": {"signal": "datum.x1 - datum.x0 > 34 && datum.y1 - datum.y0 > 18 ? datum.label : ''"},
    "limit": {"signal": "datum.x1 - datum.x0 - 8"},
    "fill": {"value": "currentColor"},
    "fontSize": {"value": 12},
}


def area_map(digest: Digest, read: DigestReading, *, font: str, colors: Mapping[str, str]) -> Spec:
    """Return the map: a tile an area, sized by lines changed, coloured by its worst risk, denser where it is more of it."""
    tiles: list[Spec] = [{"id": "all"}, *(_tile(area, read) for area in digest.area_map if area.churn)]
    return {
        "$schema": "https://vega.github.io/schema/vega/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "padding": 1,
        "background": "transparent",
        "data": [
            {
                "name": "tree",
                "values": tiles,
                "transform": [{"type": "stratify", "key": "id", "parentKey": "parent"}, _TREEMAP],
            },
            {"name": "leaves", "source": "tree", "transform": [{"type": "filter", "expr": "datum.parent"}]},
        ],
        "scales": [
            {"name": "risk", "type": "ordinal", "domain": _RISKS, "range": [colors[risk] for risk in _RISKS]}
        ],
        "marks": [
            {"type": "rect", "from": {"data": "leaves"}, "encode": {"enter": _TILE}},
            {
                "type": "text",
                "from": {"data": "leaves"},
                "encode": {"enter": _LABEL | {"font": {"value": font}}},
            },
        ],
    }


def _tile(area: AreaChange, read: DigestReading) -> Spec:
    return {
        "id": area.area,
        "parent": "all",
        "size": area.churn,
        "label": visible(read.area(area.area)),
        "risk": "high" if area.high else "medium" if area.medium else "low",
        "share": (len(area.high) * 2 + len(area.medium)) / (2 * len(area.pulls)),
    }
