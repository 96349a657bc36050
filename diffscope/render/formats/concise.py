"""One line a place, ``path:line: warning: message [CODE]``: what editors jump to and problem matchers of mypy pick up."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.places import LEVELS, has_line, worst_first
from diffscope.render.sanitize import visible
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import Evidence, Flag


def render(assessment: Assessment, style: Style) -> str:
    """Return every place of every flag, worst flag first; nothing where there is none."""
    words = Words(style.language)
    pull = assessment.change.pull
    name = (f"#{pull.number}" if pull.number else (pull.head or "")[:12]) if style.is_many else ""
    lines = [
        _line(flag, place, words, name)
        for flag in worst_first(assessment.flags)
        for place in flag.evidence or (Evidence(path=".", note=flag.message),)
    ]
    return "".join(f"{visible(line)}\n" for line in lines)


def _line(flag: Flag, place: Evidence, words: Words, name: str) -> str:
    number = place.line if has_line(place) else 1
    side = words.aside(f"{words('old-side')} {place.line}") if place.side == "old" and place.line else ""
    said = f"{name} {words.pick(place.note)}" if name else words.pick(place.note)
    return f"{place.path}:{number}: {LEVELS[flag.severity]}: {said}{side} [{flag.code}]"
