"""Charts of a digest as files of SVG: bars and lines drawn by Vega (vl-convert), the one door to it, an extra (``vllm-diffscope[charts]``).

Text and axes are drawn in ``currentColor``: a page that holds one gives it its light or dark. The page of a report draws its own.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from markupsafe import escape

from diffscope.patterns import lazy_regex
from diffscope.products.report.model import Digest
from diffscope.products.report.render.area_map import map_svg
from diffscope.products.report.render.page import LEVELS, PageView
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.words import Words

Spec = dict[str, object]
"""A chart, as Vega-Lite is told of it: JSON."""

HINT: Final = "pip install 'vllm-diffscope[charts]'"

_COLORS: Final = {
    "high": "#c8411b",
    "medium": "#e0a526",
    "low": "#7ba3ea",
    "none": "#b9c2cf",
    "line": "#5b8def",
}
_FONT: Final = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_WIDTH: Final = 460
_MOST: Final = 14

_TITLES: Final = {
    "risks": "chart.risks",
    "kinds": "chart.kinds",
    "areas": "chart.areas",
    "files": "chart.files",
    "trend": "chart.trend",
    "map": "chart.map",
}
_ID: Final = lazy_regex(r"\b(clip|gradient)_?\d+\b")


def is_available() -> bool:
    """Return whether the library that draws is installed."""
    try:
        import vl_convert  # noqa: F401, PLC0415 - an extra
    except ImportError:
        return False
    return True


def draw(digest: Digest, style: Style) -> dict[str, str]:
    """Return name -> SVG: ``risks``, ``kinds``, ``areas``, ``files``, ``map`` and, with two windows before, ``trend``.

    None for an empty window.
    """
    words = Words(style.language)
    read = PageView(digest, words)
    titles = {name: words(code) for name, code in _TITLES.items()}
    made = {
        "risks": _risks(read, words),
        "kinds": _kinds(read, words),
        "areas": _areas(read, words),
        "files": _files(read),
        "trend": _trend(read, words),
    }
    charts = {name: _lite(spec, titles[name], name) for name, spec in made.items() if spec is not None}
    if digest.area_map:
        charts["map"] = map_svg(read, font=_FONT, title=titles["map"])
    return charts


def _shown(value: Any) -> Any:
    """Return a specification whose texts hold nothing that cannot be seen."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list | tuple) else value


def _lite(spec: Spec, title: str, name: str) -> str:
    """Return the chart with a title, and with ids that count from its own start: the library counts on from one to the next."""
    import vl_convert  # noqa: PLC0415 - an extra; it starts a JavaScript engine

    # The library ends the process where a text holds a character that XML does not know.
    svg = str(vl_convert.vegalite_to_svg(_shown(spec | {"config": _CONFIG, "description": title})))
    known: dict[str, str] = {}

    def settle(match: re.Match[str]) -> str:
        return known.setdefault(match[0], f"{name}-{match[1]}{len(known)}")

    head, end, body = _ID.sub(settle, svg).partition(">")
    return f'{head} role="img" aria-label="{escape(title)}"{end}<title>{escape(title)}</title>{body}'


_CONFIG: Final[Spec] = {
    "background": "transparent",
    # Labels are measured in the fonts that the library brings; a reader's may run wider.
    "padding": {"left": 44, "top": 5, "right": 12, "bottom": 5},
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "domainColor": "currentColor",
        "tickColor": "currentColor",
        "gridColor": "currentColor",
        "gridOpacity": 0.12,
        "labelFontSize": 12,
        "labelLimit": 420,
        "labelFlush": False,
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "labelLimit": 320,
    },
}


def _bars(rows: list[Spec], *, colors: dict[str, str]) -> Spec | None:
    """Return stacked horizontal bars: rows of ``name``, ``part`` and ``value``, in the order given."""
    if not rows:
        return None
    parts = list(colors)
    return {
        "width": _WIDTH,
        "height": {"step": 24},
        "data": {"values": rows},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "value", "type": "quantitative", "title": None, "axis": _whole(rows)},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": parts, "range": [colors[part] for part in parts]},
                **({"legend": None} if len(parts) == 1 else {}),
            },
        },
    }


def _whole(rows: list[Spec]) -> Spec:
    """Return an axis of whole numbers: bars count things."""
    totals: Counter[object] = Counter()
    for row in rows:
        totals[row["name"]] += row["value"] if isinstance(row["value"], int) else 0
    return {"format": ",d", "tickCount": min(8, max(totals.values(), default=1))}


def _risks(read: PageView, words: Words) -> Spec | None:
    counted, minor = words("page.counted"), words("page.light")
    rows: list[Spec] = []
    for family in read.digest.risk.families:
        for rank, (part, value) in enumerate(((counted, family.count), (minor, len(family.minor)))):
            rows.append({"name": words.family(family.family), "part": part, "value": value, "rank": rank})
    return _bars(rows, colors={counted: _COLORS["high"], minor: _COLORS["none"]})


def _kinds(read: PageView, words: Words) -> Spec | None:
    rows: list[Spec] = [
        {
            "name": visible(read.kind(bar.name)),
            "part": words(part.name),
            "value": part.count,
            "rank": LEVELS.index(part.name),
        }
        for bar in read.kind_bars
        for part in bar.parts
    ]
    return _bars(rows, colors={words(level): _COLORS[level] for level in LEVELS})


def _areas(read: PageView, words: Words) -> Spec | None:
    part = words("chart.lines")
    rows: list[Spec] = [
        {"name": visible(read.area(area.area)), "part": part, "value": area.churn, "rank": 0}
        for area in read.digest.area_map[:_MOST]
    ]
    return _bars(rows, colors={part: _COLORS["line"]})


def _files(read: PageView) -> Spec | None:
    hot = read.digest.hot_files[:_MOST]
    called = read.short(file.path for file in hot)
    rows: list[Spec] = [
        {"name": visible(called[file.path]), "part": "PR", "value": file.count, "rank": 0} for file in hot
    ]
    return _bars(rows, colors={"PR": _COLORS["line"]})


def _trend(read: PageView, words: Words) -> Spec | None:
    rows: list[Spec] = [
        {"window": point.label, "family": words.family(name), "value": point.share / 100}
        for name, points in read.trend
        for point in points
    ]
    if not rows:
        return None
    return {
        "width": _WIDTH,
        "height": 220,
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {
                "field": "window",
                "type": "ordinal",
                "sort": None,
                "title": None,
                "axis": {"labelAngle": -30},
            },
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"format": ".0%"}},
            "color": {"field": "family", "type": "nominal", "legend": {"columns": 2}},
        },
    }
