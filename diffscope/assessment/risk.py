"""The risk level of a change: that of its worst standing flag, or unknown where too much was not judged to call it safe, and why that was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Risk, RiskLevel
from diffscope.facts.classify.change_shape import PRODUCT
from diffscope.facts.model import ChangeFacts
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.model import Flag, Missing, Severity, UnknownRule
from diffscope.source.model import INTERNAL_CODES, PullRequest, SourceKind, Value
from diffscope.taxonomy.tables import RiskNumbers

_LEVELS = {
    Severity.INFO: RiskLevel.LOW,
    Severity.LOW: RiskLevel.LOW,
    Severity.MEDIUM: RiskLevel.MEDIUM,
    Severity.HIGH: RiskLevel.HIGH,
    Severity.CRITICAL: RiskLevel.CRITICAL,
}
_SEVERITY_CODES: Final[dict[Severity, MessageCode]] = {
    Severity.INFO: "severity.info",
    Severity.LOW: "severity.low",
    Severity.MEDIUM: "severity.medium",
    Severity.HIGH: "severity.high",
    Severity.CRITICAL: "severity.critical",
}
_CALM = (RiskLevel.NONE, RiskLevel.LOW)
_MOST_REASONS = 8
_MOST_CODES = 6
_MOST_GROUPS = 3
_NOT_JUDGED = INTERNAL_CODES | {"gap.change-unavailable"}
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
        first = missing if standing else [message("risk.after-nothing", reason=missing[0]), *missing[1:]]
        return _risk(RiskLevel.UNKNOWN, [*first, *reasons])
    return _risk(level, reasons or [message("risk.none")])


def _risk(level: RiskLevel, reasons: list[Message]) -> Risk:
    return Risk(level=level, because=tuple(map(sentence, reasons[:_MOST_REASONS])))


def _worst(flag: Flag) -> Message:
    return message(
        "risk.flag",
        rule=flag.code,
        name=flag.name,
        name_zh=flag.title.zh,
        severity=message(_SEVERITY_CODES[flag.severity]),
    )


def _not_judged(
    unknown: tuple[UnknownRule, ...], facts: ChangeFacts, *, catalogue: Catalogue, numbers: RiskNumbers
) -> Iterator[Message]:
    open_rules = [each for each in unknown if _could_matter(each, catalogue)]
    is_open = len(open_rules) >= numbers.unknown_rules
    # Path -> line of the files that stop to parse somewhere.
    lines = {
        str(gap.path): line
        for gap in facts.gaps
        if gap.path and isinstance(line := gap.message.arguments.get("line"), int) and gap.what == "parse"
    }
    groups = group_unknown(open_rules, lines=lines, pull=facts.pull)[:_MOST_GROUPS] if is_open else ()
    yield from (group.message(most=_MOST_CODES) for group in groups)
    told = {path for group in groups for path in group.paths}
    blind = [file.path for file in facts.file if file.category in PRODUCT and file.logic is UNSET]
    blind = [path for path in blind if path not in told]
    if blind:
        more = len(blind) - 1
        yield (
            message("risk.logic-unknown-more", path=blind[0], more=more)
            if more
            else message("risk.logic-unknown", path=blind[0])
        )
    for gap in facts.gaps:
        if gap.what == "diff-truncated":
            yield message("risk.not-judged", reason=gap.message)
        elif gap.what == "not-text":
            yield message("risk.not-judged-at", path=gap.path or "", reason=gap.message)
    failed = [gap for gap in facts.gaps if gap.code in _NOT_JUDGED]
    if failed:
        more = len(failed) - 1
        first = failed[0].message
        yield message("risk.failed-more", reason=first, more=more) if more else first


def _could_matter(unknown: UnknownRule, catalogue: Catalogue) -> bool:
    rule = catalogue.rule(unknown.code)
    return (
        rule is None
        or rule.severity.rank >= Severity.MEDIUM.rank
        or any(step.to.rank >= Severity.MEDIUM.rank for step in rule.severity_steps)
    )


_MOST_PLACES: Final = 3
_UNPARSED: Final = message("gap.file-unparsed")
_NO_TREE: Final = message("gap.no-base-tree-no-graph")
_OF_TREE: Final = frozenset({
    "gap.no-graph", "gap.no-steps", "gap.no-declarations", "gap.no-history", "gap.history-short",
    "gap.file-unread",
})  # fmt: skip
"""What is not there for want of the tree of the base; a bare patch lacks each of it for that one reason."""


class NotJudged(Value, frozen=True, kw_only=True):
    """One reason and the rules that it left unjudged."""

    reason: Message
    codes: tuple[str, ...]
    """In order. A rule with two reasons stands with both."""
    paths: tuple[str, ...] = ()
    needs_tree: bool = False
    """It is a bare patch, judged without the tree that it was made against."""

    def message(self, *, most: int | None = None) -> Message:
        """Return reason and rules, at most so many of them by code."""
        rules = _listed(self.codes[:most], len(self.codes[most:]) if most is not None else 0)
        if self.needs_tree:
            return message("not-judged.needs-base", count=len(self.codes), rules=rules)
        return message("not-judged.rules", reason=self.reason, rules=rules)


def group_unknown(
    unknown: Iterable[UnknownRule], *, lines: dict[str, int], pull: PullRequest
) -> tuple[NotJudged, ...]:
    """Return the reasons, that of the most rules first.

    ``lines`` has the line at which a file stops to parse; ``pull`` tells whether the change is a patch that nobody knows the base of.
    """
    is_bare = pull.source is SourceKind.PATCH and pull.base is None
    rules: dict[Message, dict[str, None]] = {}
    places: dict[Message, dict[str, int]] = {}
    for rule in unknown:
        for missing in rule.missing or (None,):
            reason = _reason(missing)
            reason = _NO_TREE if is_bare and reason.code in _OF_TREE else reason
            rules.setdefault(reason, {})[rule.code] = None
            if missing is not None and missing.path:
                places.setdefault(reason, {})[missing.path] = missing.more
    found = (
        NotJudged(
            reason=_placed(reason, places.get(reason, {}), lines),
            codes=tuple(sorted(codes)),
            paths=tuple(sorted(places.get(reason, {}))),
            needs_tree=reason is _NO_TREE,
        )
        for reason, codes in rules.items()
    )
    return tuple(sorted(found, key=lambda one: (-len(one.codes), sentence(one.reason).en)))


def _reason(missing: Missing | None) -> Message:
    if missing is None:
        return message("rule.missing-facts")
    if missing.field is not None:
        return message("rule.field-not-computed", field=f"{missing.family}.{missing.field}")
    reason = missing.arguments.get("reason")
    return reason if isinstance(reason, Message) else missing.message


def _placed(reason: Message, places: dict[str, int], lines: dict[str, int]) -> Message:
    if not places:
        return reason
    is_unparsed = reason == _UNPARSED
    named = [f"{path}:{lines[path]}" if is_unparsed and path in lines else path for path in sorted(places)]
    rest = max(len(named) - _MOST_PLACES, *places.values(), 0)
    listed = _listed(tuple(named[:_MOST_PLACES]), rest)
    if is_unparsed:
        return message("not-judged.unparsed", places=listed, count=len(named))
    return message("not-judged.at", reason=reason, places=listed)


def _listed(names: tuple[str, ...], more: int) -> tuple[str, ...] | Message:
    return message("list.more", names=names, more=more) if more else names
