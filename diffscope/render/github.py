"""GitHub workflow commands: what a job prints so that its findings stand beside the lines of the pull request."""

from __future__ import annotations

from collections import Counter

from diffscope.assessment.values import Assessment, RiskLevel
from diffscope.render.places import LEVELS, has_line, places
from diffscope.render.reading import Reading
from diffscope.render.sanitize import command_data, command_property, visible
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.values import Evidence, Flag

LIMIT = 10
"""GitHub shows that many errors, that many warnings and that many notices of one step, and drops the rest in silence."""


def render(assessment: Assessment, style: Style) -> str:
    """Return the commands, worst first, within GitHub's caps; one more line says how many were left out, and what was not judged."""
    words = Words(style.language)
    shown: Counter[str] = Counter()
    lines, left_out = [], 0
    for flag, place in places(assessment.flags):
        level = LEVELS[flag.severity]
        command = "notice" if level == "note" else level
        # The last notice is kept for the line about the rest.
        if shown[command] < (LIMIT - 1 if command == "notice" else LIMIT):
            shown[command] += 1
            lines.append(_annotation(command, flag, place, words))
        else:
            left_out += 1
    lines.append(_summary(assessment, left_out, words))
    return "".join(f"{line}\n" for line in lines)


def _annotation(command: str, flag: Flag, place: Evidence, words: Words) -> str:
    properties = [f"file={command_property(place.path)}"]
    if has_line(place):
        properties.append(f"line={place.line}")
    properties.append(f"title={command_property(f'{flag.code} {words.pick(flag.title)}')}")
    old = words.aside(f"{words('old-side')} {place.line}") if place.side == "old" and place.line else ""
    text = f"{visible(words.pick(place.note))}{old}\n{visible(words.pick(flag.advice))}"
    return f"::{command} {','.join(properties)}::{command_data(text)}"


def _summary(assessment: Assessment, left_out: int, words: Words) -> str:
    level, reading = assessment.risk.level, Reading(assessment, words)
    parts = [f"{visible(reading.name)}{words.colon}{words('risk')} {words(level.value)}"]
    parts += [words("more-places", count=left_out)] if left_out else []
    parts += [reading.unknown_count] if assessment.unknown else []
    parts += [visible(gap) for gap in reading.gaps[:LIMIT]]
    command = "warning" if level is RiskLevel.UNKNOWN else "notice"
    return f"::{command} title=diffscope::{command_data(words.semicolon.join(parts))}"
