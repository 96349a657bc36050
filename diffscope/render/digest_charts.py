"""Charts of a digest as SVG, drawn by Vega (vl-convert) at build: the one door to it, an extra (``diffscope[charts]``).

Text and axes are drawn in ``currentColor``, so that a page's light and dark reach into them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from diffscope.render.digest_map import Spec, area_map
from diffscope.render.digest_reading import DigestReading
from diffscope.render.sanitize import visible
from diffscope.render.style import Language, Style
from diffscope.render.words import Words
from diffscope.report.values import Digest
from diffscope.rules.says import clip

HINT: Final = "pip install 'diffscope[charts]'"

_COLORS: Final = {"high": "#c2410c", "medium": "#d9a514", "low": "#5b8def", "line": "#3b7dd8"}
_FONT: Final = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_WIDTH: Final = 460
_MOST: Final = 12
_TREND_FAMILIES: Final = 5

_ID: Final = re.compile(r"\b(clip|gradient)_?\d+\b")


def is_available() -> bool:
    """Return whether the library that draws is installed."""
    try:
        import vl_convert  # noqa: F401, PLC0415 - an extra
    except ImportError:
        return False
    return True


def draw(digest: Digest, style: Style) -> dict[str, str]:
    """Return name -> SVG: ``risks``, ``areas``, ``files``, ``map`` and, with earlier windows, ``trend``; none for an empty window."""
    words = Words(style.language)
    read = DigestReading(digest, words)
    made = {
        "risks": _risks(digest, words),
        "areas": _areas(digest, read, words),
        "files": _files(digest, words),
        "trend": _trend(digest, words),
    }
    charts = {name: _lite(spec) for name, spec in made.items() if spec is not None}
    if digest.area_map:
        charts["map"] = _vega(area_map(digest, read, font=_FONT, colors=_COLORS))
    return {name: _settled(svg, name) for name, svg in charts.items()}


def _settled(svg: str, name: str) -> str:
    """Return the chart with ids that count from its own start: the library counts on from one chart to the next."""
    known: dict[str, str] = {}

    def settle(match: re.Match[str]) -> str:
        return known.setdefault(match[0], f"{name}-{match[1]}{len(known)}")

    return _ID.sub(settle, svg)


def _lite(spec: Spec) -> str:
    import vl_convert  # noqa: PLC0415 - an extra; it starts a JavaScript engine

    return str(vl_convert.vegalite_to_svg(spec | {"config": _CONFIG}))


def _vega(spec: Spec) -> str:
    import vl_convert  # noqa: PLC0415

    return str(vl_convert.vega_to_svg(spec))


_CONFIG: Final[Spec] = {
    "background": "transparent",
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
        "labelLimit": 320,
        "labelFlush": False,
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
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


def _risks(digest: Digest, words: Words) -> Spec | None:
    chinese = words.language is Language.CHINESE
    counted, minor = ("计入", "轻微") if chinese else ("counted", "light")
    rows: list[Spec] = []
    for family in digest.risk.families:
        for rank, (part, value) in enumerate(((counted, family.count), (minor, len(family.minor)))):
            rows.append({"name": words.family(family.family), "part": part, "value": value, "rank": rank})
    return _bars(rows, colors={counted: _COLORS["high"], minor: _COLORS["medium"]})


def _areas(digest: Digest, read: DigestReading, words: Words) -> Spec | None:
    part = "行数" if words.language is Language.CHINESE else "lines"
    rows: list[Spec] = [
        {"name": visible(read.area(area.area)), "part": part, "value": area.churn, "rank": 0}
        for area in digest.area_map[:_MOST]
    ]
    return _bars(rows, colors={part: _COLORS["low"]})


def _files(digest: Digest, words: Words) -> Spec | None:
    part = "PR" if words.language is Language.CHINESE else "pull requests"
    rows: list[Spec] = [
        {"name": _short(visible(file.path)), "part": part, "value": file.count, "rank": 0}
        for file in digest.hot_files[:_MOST]
    ]
    spec = _bars(rows, colors={part: _COLORS["line"]})
    return spec and spec | {"width": _WIDTH - 160}  # the names are long


def _short(path: str) -> str:
    """Return the last parts of a path that fit, ellipsis first: two files of one name stay apart."""
    return clip(path, 34)


def _trend(digest: Digest, words: Words) -> Spec | None:
    if not digest.trend:
        return None
    chosen = [family.name for family in digest.top_risks[:_TREND_FAMILIES]]
    windows = [(point.period.label, {one.name: one.count for one in point.risks}) for point in digest.trend]
    windows.append((digest.period.label, {one.name: one.count for one in digest.top_risks}))
    rows = [
        {"window": label, "family": words.family(name), "value": counts.get(name, 0)}
        for label, counts in windows
        for name in chosen
    ]
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
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            "color": {"field": "family", "type": "nominal", "legend": {"columns": 2}},
        },
    }
