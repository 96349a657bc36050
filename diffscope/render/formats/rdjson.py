"""reviewdog's Diagnostic Format: flags for any reporter that reviewdog has."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.formats.json import indented
from diffscope.render.places import LEVELS, has_line, places
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import Evidence, Flag


def render(assessment: Assessment, style: Style) -> str:
    """Return a DiagnosticResult."""
    words = Words(style.language)
    diagnostics = [_diagnostic(flag, place, words) for flag, place in places(assessment.flags)]
    return indented({"source": {"name": "diffscope"}, "diagnostics": diagnostics})


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
