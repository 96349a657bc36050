"""Importance and insight of a change, between 0 and 10, as sums of parts that a reader can check. The formulas stand in docs/scores.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from diffscope.assessment.document import Score, ScorePart
from diffscope.assessment.signals import Signals, doubling
from diffscope.rules.values import Severity
from diffscope.taxonomy.tables import ImportanceNumbers, InsightNumbers, ScoreTable

_HIGHEST = 10.0
_FULL_LOGIC = 6
"""Doublings of logic lines (63 lines) from which a central area counts in full."""


def score_importance(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much of the product, and how central a part of it, the change alters."""
    return _score("importance", _importance(signals, scores), scores, scores.importance.bend)


def score_insight(signals: Signals, scores: ScoreTable) -> Score:
    """Return how much there is to learn from reading the change: design written anew, in central places, with reasons and tests."""
    return _score("insight", _insight(signals, scores), scores, scores.insight.bend)


def _score(name: str, parts: Iterable[ScorePart], scores: ScoreTable, bend: float) -> Score:
    kept = [part for part in parts if part.value]
    total = round(sum(part.value for part in kept), 2)
    value = max(round(_bent(total, bend), 2), 0.0)
    rest = round(value - total, 2)
    if rest:
        kept.append(
            _part("bend", rest, f"above {bend:g} a score only nears 10", f"超过 {bend:g} 后只趋近 10")
        )
    return Score(value=value, formula=f"{name}/{scores.version}", parts=tuple(kept))


def _bent(total: float, bend: float) -> float:
    """Return a score that goes on rising beyond ``bend``, slower and slower, and never reaches the highest: no two large changes are alike."""
    room = _HIGHEST - bend
    return total if total <= bend else bend + room * (1 - math.exp((bend - total) / room))


def _importance(signals: Signals, scores: ScoreTable) -> Iterator[ScorePart]:
    numbers = scores.importance
    yield _part(
        "kind",
        _start(signals.kind, scores)[0],
        f"a change of kind {signals.kind}",
        f"类型为 {signals.kind} 的变更",
    )
    size = numbers.size * doubling(signals.size / numbers.size_lines)
    lines = f"{signals.size:.0f}"
    yield _part(
        "size",
        min(size, numbers.size_most),
        f"{lines} lines added to product files",
        f"产品文件新增 {lines} 行",
    )
    yield from _logic(signals, numbers, edge=0.0)
    yield from _structure(signals, numbers)
    yield _option(signals, numbers)
    yield _counted("native", signals.native, numbers, "native lines written", "行新写的原生代码")
    faults = ", ".join(signals.grave[:3])
    yield _part(
        "grave", numbers.grave if signals.grave else 0.0, f"the title tells of {faults}", f"标题提到 {faults}"
    )
    yield _platform(signals, numbers)
    moved, bases = signals.dependencies, signals.foundations
    yield _counted("dependency", len(moved), numbers, "core dependencies moved", "个核心依赖变动", moved)
    yield _counted("foundation", len(bases), numbers, "of them foundations", "个为基础依赖", bases)
    if not signals.logic:
        yield _counted(
            "infrastructure", signals.infrastructure, numbers, "lines of build and CI", "行构建与 CI"
        )
    codes = tuple(flag.code for flag in signals.flags)
    yield _part("flags", _flags(signals, numbers), ", ".join(codes), "、".join(codes))
    yield _part(
        "models", -numbers.models if signals.only_models else 0.0, "single models alone", "仅涉及单个模型"
    )
    yield _part(
        "minor",
        -numbers.minor if signals.minor else 0.0,
        "the title's tag calls it minor",
        "标题标记称其为次要变更",
    )


def _insight(signals: Signals, scores: ScoreTable) -> Iterator[ScorePart]:
    numbers = scores.insight
    yield _part(
        "kind",
        _start(signals.kind, scores)[1],
        f"a change of kind {signals.kind}",
        f"类型为 {signals.kind} 的变更",
    )
    yield from _logic(signals, numbers, edge=1)
    yield from _structure(signals, numbers)
    gone, come = signals.removed, signals.written
    value = numbers.rework * _rework(signals)
    yield _part("rework", value, f"{gone} lines gave way to {come}", f"{gone} 行被 {come} 行取代")
    yield _counted(
        "body", signals.words / 30 - 1, numbers, "times thirty words of description", "个三十词的描述"
    )


def _logic(
    signals: Signals, numbers: ImportanceNumbers | InsightNumbers, *, edge: float
) -> Iterator[ScorePart]:
    size = doubling(signals.logic)
    lines = min(numbers.logic * size, numbers.logic_most) * (edge + (1 - edge) * signals.centre)
    count = f"{signals.logic:.0f}"
    yield _part(
        "logic",
        lines,
        f"{count} lines of logic, moves and removals discounted",
        f"{count} 行逻辑（移动与删除打折）",
    )
    centre = numbers.centre * signals.centre * min(size / _FULL_LOGIC, 1)
    share = f"{signals.centre:.2f}"
    yield _part(
        "centre", centre, f"centrality {share} of the areas that it changes", f"所改领域的核心程度 {share}"
    )


def _structure(signals: Signals, numbers: ImportanceNumbers | InsightNumbers) -> Iterator[ScorePart]:
    yield _counted("branches", signals.branches, numbers, "branches added", "个新增分支")
    yield _counted("symbols", signals.symbols, numbers, "public symbols added", "个新增公开符号")
    modules = min(numbers.modules * signals.modules, numbers.modules_most)
    yield _part("modules", modules, f"{signals.modules} modules added", f"新增 {signals.modules} 个模块")
    yield _counted(
        "breadth", len(signals.areas) - 1, numbers, "further areas with logic", "个其他领域也有逻辑改动"
    )
    surfaces = signals.surfaces
    yield _counted("surfaces", len(surfaces), numbers, "public surfaces", "个公开接口面", surfaces)
    yield _counted("tests", signals.tests, numbers, "test lines added", "行新增测试")


def _part(name: str, value: float, why: str, why_zh: str) -> ScorePart:
    return ScorePart(name=name, value=round(value, 2), why=why, why_zh=why_zh)


def _counted(
    name: str,
    count: float,
    numbers: ImportanceNumbers | InsightNumbers,
    what: str,
    what_zh: str,
    names: tuple[str, ...] = (),
) -> ScorePart:
    """Return the part of that name: its number for each doubling of the count, at most what the table allows."""
    each: float = getattr(numbers, name)
    most: float = getattr(numbers, f"{name}_most")
    listed = f": {', '.join(names[:4])}" if names else ""
    listed_zh = f"：{'、'.join(names[:4])}" if names else ""
    shown = f"{max(count, 0):.0f}"
    return _part(
        name, min(each * doubling(count), most), f"{shown} {what}{listed}", f"{shown} {what_zh}{listed_zh}"
    )


def _start(kind: str, scores: ScoreTable) -> tuple[float, float]:
    start = scores.kinds.get(kind)
    return (start.importance, start.insight) if start else (0.0, 0.0)


def _flags(signals: Signals, numbers: ImportanceNumbers) -> float:
    worth = {
        Severity.INFO: 0.0,
        Severity.LOW: numbers.flag_low,
        Severity.MEDIUM: numbers.flag_medium,
        Severity.HIGH: numbers.flag_high,
        Severity.CRITICAL: numbers.flag_critical,
    }
    return min(sum(worth[flag.severity] for flag in signals.flags), numbers.flags_most)


def _option(signals: Signals, numbers: ImportanceNumbers) -> ScorePart:
    value = numbers.option if signals.options else 0.0
    why, why_zh = f"{signals.options} settings changed", f"{signals.options} 个设置变动"
    if signals.new_options:
        value += numbers.new_option
        why, why_zh = f"{why}, {signals.new_options} new", f"{why_zh}，其中 {signals.new_options} 个为新增"
    return _part("option", value, why, why_zh)


def _platform(signals: Signals, numbers: ImportanceNumbers) -> ScorePart:
    value = numbers.platform if signals.platforms else 0.0
    names = signals.platforms
    why = f"logic or dependencies of {', '.join(names)}" if names else "logic or dependencies"
    why_zh = f"{'、'.join(names)} 的逻辑或依赖" if names else "逻辑或依赖"
    if signals.for_platform:
        value += numbers.for_platform
        why, why_zh = f"{why}, and the title names a platform", f"{why_zh}，且标题点名平台"
    return _part("platform", value, why, why_zh)


def _rework(signals: Signals) -> float:
    """Return how evenly lines were written and removed, between 0 and 1, small changes discounted."""
    smaller, larger = sorted((signals.written, signals.removed))
    return smaller / larger * min(doubling(smaller) / _FULL_LOGIC, 1) if larger else 0.0
