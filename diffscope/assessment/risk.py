"""The risk level of a change: that of its worst standing flag, or unknown where too much was not judged to call it safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from diffscope.assessment.document import Risk, RiskLevel
from diffscope.assessment.doubts import gather_doubts
from diffscope.facts.change.unreadable import NOT_TEXT
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.values import Bilingual, Flag, Severity, UnknownRule
from diffscope.taxonomy.tables import RiskNumbers

_LEVELS = {
    Severity.INFO: RiskLevel.LOW,
    Severity.LOW: RiskLevel.LOW,
    Severity.MEDIUM: RiskLevel.MEDIUM,
    Severity.HIGH: RiskLevel.HIGH,
    Severity.CRITICAL: RiskLevel.CRITICAL,
}
_SEVERITIES = {
    Severity.INFO: "提示",
    Severity.LOW: "低",
    Severity.MEDIUM: "中",
    Severity.HIGH: "高",
    Severity.CRITICAL: "严重",
}
_CALM = (RiskLevel.NONE, RiskLevel.LOW)
_MOST_REASONS = 8
_MOST_CODES = 6
_MOST_DOUBTS = 3
_NOT_JUDGED = frozenset({"internal-error", "change-unavailable"})
"""Codes of gaps behind which anything may be."""


def judge_risk(
    flags: Iterable[Flag],
    unknown: Iterable[UnknownRule],
    facts: ChangeFacts,
    *,
    catalogue: Catalogue,
    numbers: RiskNumbers,
) -> Risk:
    """Return the level and what decided it. A change is never called low or none for what was not judged."""
    standing = sorted(flags, key=lambda flag: (-flag.severity.rank, flag.code))
    level = _LEVELS[standing[0].severity] if standing else RiskLevel.NONE
    reasons = [_worst(flag) for flag in standing if flag.severity is standing[0].severity]
    if level not in _CALM:
        return _risk(level, reasons)
    missing = list(_not_judged(tuple(unknown), facts, catalogue=catalogue, numbers=numbers))
    if missing:
        first = missing if standing else [_after_nothing(missing[0]), *missing[1:]]
        return _risk(RiskLevel.UNKNOWN, [*first, *reasons])
    return _risk(level, reasons or [Bilingual(en="no rule fired", zh="没有规则命中")])


def _risk(level: RiskLevel, reasons: list[Bilingual]) -> Risk:
    kept = reasons[:_MOST_REASONS]
    return Risk(
        level=level,
        because=tuple(reason.en for reason in kept),
        because_zh=tuple(reason.zh for reason in kept),
    )


def _worst(flag: Flag) -> Bilingual:
    return Bilingual(
        en=f"{flag.code} {flag.name} ({flag.severity.value})",
        zh=f"{flag.code} {flag.title.zh}（{_SEVERITIES[flag.severity]}）",
    )


def _after_nothing(reason: Bilingual) -> Bilingual:
    return Bilingual(en=f"nothing fired; {reason.en}", zh=f"没有规则命中；{reason.zh}")


def _not_judged(
    unknown: tuple[UnknownRule, ...], facts: ChangeFacts, *, catalogue: Catalogue, numbers: RiskNumbers
) -> Iterator[Bilingual]:
    open_rules = [each for each in unknown if _could_matter(each, catalogue)]
    is_open = len(open_rules) >= numbers.unknown_rules
    doubts = gather_doubts(open_rules, gaps=facts.gaps, pull=facts.pull)[:_MOST_DOUBTS] if is_open else ()
    yield from (doubt.sentence(most=_MOST_CODES) for doubt in doubts)
    told = {path for doubt in doubts for path in doubt.paths}
    blind = [file.path for file in facts.file if file.category in PRODUCT and file.logic is UNSET]
    blind = [path for path in blind if path not in told]
    if blind:
        count = len(blind)
        more = f" and {count - 1} more" if count > 1 else ""
        yield Bilingual(
            en=f"not judged: whether the logic of {blind[0]}{more} changed",
            zh=f"未判定：{blind[0]}{f' 等 {count} 个文件' if count > 1 else ' '}的逻辑是否变更",
        )
    for gap in facts.gaps:
        if gap.what == "diff-truncated":
            yield Bilingual(en=f"not judged: {gap.reason}", zh=f"未判定，差异不完整：{gap.reason}")
        elif gap.what == NOT_TEXT:
            yield Bilingual(
                en=f"not judged: {gap.path}: {gap.reason}", zh=f"未判定，无法作为文本读取：{gap.path}"
            )
    failed = [gap for gap in facts.gaps if gap.code in _NOT_JUDGED]
    if failed:
        rest = len(failed) - 1
        yield Bilingual(
            en=f"{failed[0].reason}{f' (and {rest} more)' if rest else ''}",
            zh=f"{failed[0].reason}{f'（另有 {rest} 处）' if rest else ''}",
        )


def _could_matter(unknown: UnknownRule, catalogue: Catalogue) -> bool:
    rule = catalogue.rule(unknown.code)
    return (
        rule is None
        or rule.severity.rank >= Severity.MEDIUM.rank
        or any(step.to.rank >= Severity.MEDIUM.rank for step in rule.severity_steps)
    )
