"""The chance that a change is followed by a fix to its own lines: a sum of few measures, by coefficients that ``rules/fix_risk.yml`` holds."""

from __future__ import annotations

import math
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import FixRisk
from diffscope.facts.model import ChangeFacts, FixMeasures
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.taxonomy.fix_risk import FixRiskTable, Measure

_MOST_REASONS: Final = 3
_LEAST: Final = 0.05
"""Of the log of the odds: what moves them less is no reason."""


def judge_fix_risk(facts: ChangeFacts, table: FixRiskTable) -> FixRisk | None:
    """Return the chance of a later fix; ``None`` where nothing can be fixed, the past is not known, or the coefficients are another repository's."""
    measures = facts.fix_measures
    if measures is UNSET or measures is None or facts.pull.repository != table.repository:
        return None
    parts = parts_of(measures, table)
    odds = table.intercept + math.fsum(parts.values())
    ranked = sorted(parts.items(), key=lambda part: (-abs(part[1]), part[0]))
    telling = [part for part in ranked if abs(part[1]) >= _LEAST][:_MOST_REASONS]
    chance = probability(odds)
    return FixRisk(
        probability=round(chance, 4),
        base_rate=table.base_rate,
        interval=_interval(chance, table),
        reasons=tuple(sentence(_with_side(_reason(name, measures, table), value)) for name, value in telling),
        formula=f"fix-risk/{table.version}",
    )


def parts_of(measures: FixMeasures, table: FixRiskTable) -> dict[Measure, float]:
    """Return what each measure adds to the log of the odds, against a usual change."""
    return {
        one.measure: one.coefficient * (measured(measures, one.measure) - one.usual) for one in table.measures
    }


def measured(measures: FixMeasures, name: Measure) -> float:
    """Return a measure as the coefficients take it: the logarithm of one more than it."""
    return math.log1p(getattr(measures, name))


def probability(odds: float) -> float:
    """Return the chance of the log of its odds."""
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1 + math.exp(odds))


def _interval(chance: float, table: FixRiskTable) -> tuple[float, float]:
    """Return Wilson's 95% interval of what was fixed among the unseen changes of about this chance, widened to hold it."""
    row = next(row for row in table.calibration if chance <= row.upto)
    rate, square = row.fixed / row.changes, 1.959964**2
    middle = rate + square / (2 * row.changes)
    reach = 1.959964 * math.sqrt(rate * (1 - rate) / row.changes + square / (4 * row.changes**2))
    low, high = ((middle + side * reach) / (1 + square / row.changes) for side in (-1, 1))
    return round(max(0.0, min(low, chance)), 4), round(min(1.0, max(high, chance)), 4)


def _with_side(reason: Message, value: float) -> Message:
    return reason if value > 0 else message("fix-risk.lowers", reason=reason)


def _reason(measure: Measure, measures: FixMeasures, table: FixRiskTable) -> Message:
    match measure:
        case "added":
            return message("fix-risk.added", count=measures.added)
        case "moved":
            return message("fix-risk.moved", share=f"{measures.moved:.0%}")
        case "new":
            return message("fix-risk.new", share=f"{measures.new:.0%}")
        case "branches":
            return message("fix-risk.branches", count=measures.branches)
        case "unfinished":
            return message("fix-risk.unfinished", count=measures.unfinished)
        case "fixes":
            return message("fix-risk.fixes", count=measures.fix_commits, days=table.history_days)
