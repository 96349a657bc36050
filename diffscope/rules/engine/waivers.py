"""Waivers in the body of a pull request: ``diffscope: waive CP101 because ...``. A waived flag is reported, never dropped.

A waiver stands on a line of its own, after list or quote marks at most; several codes go with commas. Lines in code fences and in HTML
comments are no waivers (templates show examples there). Without a reason it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex
from diffscope.rules.model import Flag, RuleCode, Waived
from diffscope.source.model import Value
from diffscope.source.text import split_lines
from diffscope.yaml.reading import clipped, nearest_word

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
