"""Flags beside the lines of a pull request: GitHub workflow commands, reviewdog's diagnostics, and lines that editors jump to."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.messages.say import text_of
from diffscope.render.formats.json import indented
from diffscope.render.places import LEVELS, has_line, nearest_line, places, worst_first
from diffscope.render.sanitize import command_data, command_property, visible
from diffscope.render.style import Style
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from diffscope.rules.model import Evidence, Flag


def render_rdjson(assessment: Assessment, style: Style) -> str:
    """Return a DiagnosticResult."""
    words = Words(style.language)
    diagnostics = [_diagnostic(flag, place, words) for flag, place in places(assessment.flags)]
    return indented({"source": {"name": "diffscope"}, "diagnostics": diagnostics})


def render_concise(assessment: Assessment, style: Style) -> str:
    """Return every kept place of every flag, worst flag first, and after its last how many more there are; nothing where there is none."""
    words = Words(style.language)
    pull = assessment.change.pull
    name = (f"#{pull.number}" if pull.number else (pull.head or "")[:12]) if style.is_many else ""
    lines = []
    for flag in worst_first(assessment.flags):
        listed = flag.evidence or (Evidence(path=".", note=flag.message),)
        lines += [_line(flag, place, words, name) for place in listed]
        if flag.more_places:
            more = text_of("word.more-places", count=flag.more_places)
            lines.append(_line(flag, msgspec.structs.replace(listed[-1], note=more), words, name))
    return "".join(f"{visible(line)}\n" for line in lines)


LIMIT = 10
"""GitHub shows that many errors, that many warnings and that many notices of one step, and drops the rest in silence."""


class _Spot(NamedTuple):
    """A place of a flag as GitHub takes it: no path for a file that is gone, no line for a file as a whole."""

    place: Evidence
    path: str = ""
    line: int = 0


def render_github(assessment: Assessment, style: Style) -> str:
    """Return the commands, worst first, within GitHub's caps; one more line says how many were left out, and what was not judged."""
    words = Words(style.language)
    shown: Counter[str] = Counter()
    lines, left_out = [], sum(flag.more_places for flag in assessment.flags)
    for flag, place in places(assessment.flags):
        level = LEVELS[flag.severity]
        command = "notice" if level == "note" else level
        # The last notice is kept for the line about the rest.
        if shown[command] < (LIMIT - 1 if command == "notice" else LIMIT):
            shown[command] += 1
            lines.append(_annotation(command, flag, _spot(place, assessment), words))
        else:
            left_out += 1
    lines.append(_summary(assessment, left_out, words))
    return "".join(f"{line}\n" for line in lines)


def _spot(place: Evidence, assessment: Assessment) -> _Spot:
    """Return where GitHub can show a place: its line, the nearest one that is in the file now, the file, or nowhere."""
    file = next((one for one in assessment.files if place.path in (one.path, one.old_path)), None)
    if file is not None and file.status == "deleted":
        return _Spot(place)
    path = file.path if file else place.path
    if has_line(place):
        return _Spot(place, path, place.line)
    return _Spot(place, path, nearest_line(place, path, assessment) if place.line else 0)


def _annotation(command: str, flag: Flag, spot: _Spot, words: Words) -> str:
    place = spot.place
    properties = [f"file={command_property(spot.path)}"] if spot.path else []
    properties += [f"line={spot.line}"] if spot.line else []
    properties.append(f"title={command_property(f'{flag.code} {words.pick(flag.title)}')}")
    old = words.aside(f"{words('old-side')} {place.line}") if place.side == "old" and place.line else ""
    where = "" if spot.path else f"{visible(place.path)}{words.colon}"
    text = f"{where}{visible(words.pick(place.note))}{old}\n{visible(words.pick(flag.asked_at(place)))}"
    return f"::{command} {','.join(properties)}::{command_data(text)}"


def _summary(assessment: Assessment, left_out: int, words: Words) -> str:
    level, reading = assessment.risk.level, AssessmentView(assessment, words)
    parts = [f"{visible(reading.name)}{words.colon}{words('risk')} {words(level.value)}"]
    parts += [words("more-places", count=left_out)] if left_out else []
    parts += [reading.unknown_count] if assessment.unknown else []
    parts += [visible(gap) for gap in reading.gaps[:LIMIT]]
    command = "warning" if level is RiskLevel.UNKNOWN else "notice"
    return f"::{command} title=diffscope::{command_data(words.semicolon.join(parts))}"


def _diagnostic(flag: Flag, place: Evidence, words: Words) -> dict[str, object]:
    location: dict[str, object] = {"path": place.path}
    if has_line(place):
        location["range"] = {"start": {"line": place.line}}
    level = LEVELS[flag.severity]
    return {
        "message": f"{words.pick(flag.title)}{words.colon}{words.pick(place.note)}",
        "location": location,
        "severity": "INFO" if level == "note" else level.upper(),
        "code": {"value": flag.code},
    }


def _line(flag: Flag, place: Evidence, words: Words, name: str) -> str:
    number = place.line if has_line(place) else 1
    side = words.aside(f"{words('old-side')} {place.line}") if place.side == "old" and place.line else ""
    said = f"{name} {words.pick(place.note)}" if name else words.pick(place.note)
    return f"{place.path}:{number}: {LEVELS[flag.severity]}: {said}{side} [{flag.code}]"
