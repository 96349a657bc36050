"""Merges flags with the same cause: the one of the highest severity is kept, the others are listed under its ``covers``.

Three things make flags one:

- ``same-place``: all that one of them points at lies at the symbols of the other, or the first place and most others do. Two that point at
  lines stand on the same line.
- ``goes-along``: all that one of them points at was removed together with an option that the other says is gone.
- ``in-place-of``: one points at what came, the other at what it took the place of.

A rule about what is missing beside the change (a test, a step of CI, a twin) asks something else than one about the change itself, so these
are folded among their own kind alone. Nothing is lost: a covered flag keeps its places, its severity is never above that of its head.

Flags are also waived in the body of a pull request: ``diffscope: waive CP101 because ...``. A waived flag is reported, never dropped.

A waiver stands on a line of its own, after list or quote marks at most; several codes go with commas. Lines in code fences and in HTML
comments are no waivers (templates show examples there). Without a reason it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from diffscope.facts.model import Cause
from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex
from diffscope.rules.engine.configuration import covers
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.model import Evidence, Flag, RuleCode, Severity, Waived, question_of
from diffscope.source.model import Value
from diffscope.source.text import split_lines
from diffscope.yaml.reading import clipped, nearest_word

_WHOLE: Final = frozenset({"file", "module", "symbol", "native", "step"})
"""Facts that speak of all of a symbol or file; the others speak of a line in it."""
_BESIDE: Final = frozenset({"counterpart", "override", "registry", "operator"})
"""Facts that speak of what fits the change no more: never the same as a change at their place."""
_OF_DECLARED: Final = 4
"""Of so many places, one may lie elsewhere, if not the first: of a rule that another one says it covers, and of two about whole symbols."""
_SHORT: Final = 3
"""Places up to which a flag about whole symbols is said by one about a line in the first of them."""


def fold(flags: Iterable[Flag], causes: Iterable[Cause], catalogue: Catalogue) -> tuple[Flag, ...]:
    """Return the flags with those that another one says already under its ``covers``, in the order in which they came."""
    listed = tuple(flags)
    folding = _Folding(listed, tuple(causes), catalogue)
    heads: list[Flag] = []
    under: dict[str, list[Flag]] = {}
    for flag in sorted(listed, key=folding.order):
        for head in heads:
            why = folding.why(head, flag)
            if why is not None:
                under.setdefault(head.code, []).append(msgspec.structs.replace(flag, covered_as=why))
                break
        else:
            heads.append(flag)
    found = {
        head.code: msgspec.structs.replace(head, covers=tuple(under.get(head.code, ()))) for head in heads
    }
    return tuple(found[flag.code] for flag in listed if flag.code in found)


class _Folding:
    def __init__(self, flags: tuple[Flag, ...], causes: tuple[Cause, ...], catalogue: Catalogue) -> None:
        self._causes = causes
        fired = {flag.code for flag in flags}
        self._rules = {rule.code: rule for rule in catalogue.rules if rule.code in fired}

    def order(self, flag: Flag) -> tuple[object, ...]:
        """Sort key: who may be a head before those that it may cover."""
        return (
            -flag.severity.rank,
            not any(_is_head_of(cause, flag) for cause in self._causes),
            -sum(self._is_declared(flag, other) for other in self._rules),
            self._is_whole(flag),
            -flag.places,
            flag.code,
        )

    def why(self, head: Flag, flag: Flag) -> str | None:
        """Return how ``head`` says what a flag of no higher severity says; ``None`` where it does not."""
        if not flag.evidence or not head.evidence:
            return None
        # Places that are not kept may lie elsewhere.
        for cause in self._causes if not flag.more_places else ():
            if _is_head_of(cause, head) and all(_lies_in(cause, place) for place in flag.evidence):
                return cause.what
        return "same-place" if self._is_same_place(head, flag) else None

    def _is_same_place(self, head: Flag, flag: Flag) -> bool:
        rule = self._rules.get(flag.code)
        if (
            rule is None
            or rule.evidence.fact in _BESIDE
            or question_of(flag.family) != question_of(head.family)
        ):
            return False
        whole = self._is_whole(head), self._is_whole(flag)
        is_near: Callable[[Evidence, Evidence], bool] = _is_same_symbol if any(whole) else _is_same_line
        is_worst = is_near(head.evidence[0], flag.evidence[0])
        near = sum(any(is_near(place, other) for other in head.evidence) for place in flag.evidence)
        declared, all_kept = self._is_declared(head, flag.code), not flag.more_places
        if near == len(flag.evidence) and all_kept:
            return whole[1] or not any(whole) or declared or _is_below(head, flag, at_its_head=is_worst)
        if is_worst and (declared or all(whole)):
            return near * _OF_DECLARED >= len(flag.evidence) * (_OF_DECLARED - 1)
        return whole == (False, True) and is_worst and len(flag.evidence) <= _SHORT

    def _is_whole(self, flag: Flag) -> bool:
        rule = self._rules.get(flag.code)
        return rule is None or rule.evidence.fact in _WHOLE

    def _is_declared(self, head: Flag, code: RuleCode) -> bool:
        rule, other = self._rules.get(head.code), self._rules.get(code)
        return rule is not None and other is not None and any(covers(text, other) for text in rule.covers)


def _is_below(head: Flag, flag: Flag, *, at_its_head: bool) -> bool:
    """Say whether what is said of a line hides under what is said of all around it: of less weight, and where that one looks first."""
    is_light = flag.severity.rank < Severity.MEDIUM.rank
    return head.severity is not flag.severity and (at_its_head or is_light)


def _is_head_of(cause: Cause, flag: Flag) -> bool:
    at = (cause.path, cause.line, cause.side)
    return any((place.path, place.line, place.side) == at for place in flag.evidence)


def _lies_in(cause: Cause, place: Evidence) -> bool:
    return any(
        part.path == place.path and part.side == place.side and part.first <= place.line <= part.last
        for part in cause.parts
    )


def _is_same_line(one: Evidence, other: Evidence) -> bool:
    return (one.path, one.side, one.line) == (other.path, other.side, other.line)


def _is_same_symbol(one: Evidence, other: Evidence) -> bool:
    if one.path != other.path:
        return False
    if not one.symbol or not other.symbol:
        return _is_same_line(one, other)
    longer, shorter = sorted((one.symbol, other.symbol), key=len, reverse=True)
    return longer == shorter or longer.startswith(f"{shorter}.")


_LINE: Final = lazy_regex(r"[\s>*+-]*diffscope\s*:\s*waive\b\s*(.*)", re.IGNORECASE)
_PARTS: Final = lazy_regex(
    r"([A-Za-z]{2}[0-9]{3}(?:\s*[,、]\s*[A-Za-z]{2}[0-9]{3})*)(?:\s*[,:：]?\s*(?:because\b|因为)\s*[:：]?\s*(.*))?",
    re.IGNORECASE,
)
_CODE: Final = lazy_regex(r"[A-Z]{2}[0-9]{3}")
_COMMENT: Final = lazy_regex(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE: Final = lazy_regex(r"\s*(```|~~~)")
_LONGEST_BODY: Final = 200_000
_LONGEST_REASON: Final = 500
_MOST: Final = 50


class Waiver(Value, frozen=True, kw_only=True):
    """One rule that a pull request waives; ``line`` counts in its body, from 1."""

    code: RuleCode
    reason: str
    line: int


class Waivers(Value, frozen=True, kw_only=True):
    """What a body waives, and the lines that were refused, each with why."""

    accepted: tuple[Waiver, ...] = ()
    refused: tuple[Message, ...] = ()


class WaivedFlags(Value, frozen=True, kw_only=True):
    """Flags after waivers: those that stand, those that are waived, and warnings about waivers."""

    standing: tuple[Flag, ...]
    waived: tuple[Waived, ...] = ()
    warnings: tuple[Message, ...] = ()


def parse_waivers(body: str | None) -> Waivers:
    """Return the waivers of a pull request's body."""
    accepted: list[Waiver] = []
    refused: list[Message] = []
    for number, rest in _waiver_lines((body or "")[:_LONGEST_BODY]):
        if len(accepted) >= _MOST:
            refused.append(message("waiver.too-many", line=number, most=_MOST))
            break
        parts = _PARTS.fullmatch(rest.strip())
        if parts is None:
            refused.append(message("waiver.malformed", line=number, text=clipped(rest.strip())))
            continue
        codes = [code.upper() for code in _CODE.findall(parts[1].upper())]
        reason = " ".join((parts[2] or "").split())
        if not any(character.isalnum() for character in reason):
            refused.append(message("waiver.no-reason", line=number, rules=tuple(codes)))
            continue
        cut = clipped(reason, _LONGEST_REASON)
        accepted += [Waiver(code=RuleCode(code), reason=cut, line=number) for code in dict.fromkeys(codes)]
    return Waivers(accepted=tuple(accepted), refused=tuple(refused))


def apply_waivers(flags: Iterable[Flag], waivers: Waivers, *, codes: Iterable[str]) -> WaivedFlags:
    """Return the flags with waivers applied; ``codes`` are those of the catalogue, to tell an unused waiver from an unknown code."""
    known = tuple(codes)
    reasons: dict[str, str] = {}
    for waiver in waivers.accepted:
        reasons.setdefault(waiver.code, waiver.reason)
    listed = tuple(flags)
    fired = {flag.code for flag in listed}
    warnings = list(waivers.refused)
    for waiver in waivers.accepted:
        if waiver.code not in known:
            warnings.append(_unknown_rule(waiver, known))
        elif waiver.code not in fired:
            warnings.append(message("waiver.unused", line=waiver.line, rule=waiver.code))
    return WaivedFlags(
        standing=tuple(flag for flag in listed if flag.code not in reasons),
        waived=tuple(Waived(flag=flag, reason=reasons[flag.code]) for flag in listed if flag.code in reasons),
        warnings=tuple(warnings),
    )


def _unknown_rule(waiver: Waiver, known: tuple[str, ...]) -> Message:
    near = nearest_word(waiver.code, known)
    if near is None:
        return message("waiver.unknown-rule", line=waiver.line, rule=waiver.code)
    return message("waiver.unknown-rule-near", line=waiver.line, rule=waiver.code, nearest=near)


def _waiver_lines(body: str) -> Iterator[tuple[int, str]]:
    """Yield number and rest of each line that begins a waiver, outside comments and fences."""
    # Comments are blanked, not cut, so that line numbers stay true.
    visible = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), body)
    fence = ""
    for number, line in enumerate(split_lines(visible), start=1):
        mark = _FENCE.match(line)
        if mark is not None and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence and (found := _LINE.fullmatch(line)) is not None:
            yield number, found[1]
