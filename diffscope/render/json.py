"""JSON: the assessment as it is, indented; and what every JSON-based format shares on its way out."""

from __future__ import annotations

import msgspec

from diffscope.assessment.values import Assessment
from diffscope.render.sanitize import json_escapes
from diffscope.render.style import Style


def render(assessment: Assessment, style: Style) -> str:
    """Return the whole document, indented by two, with a line feed at its end."""
    return indented(assessment)


def indented(value: object) -> str:
    """Return any value as JSON for people: indented by two, invisible characters escaped."""
    return json_escapes(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()) + "\n"


def compact(value: object) -> str:
    """Return any value as one line of JSON, invisible characters escaped."""
    return json_escapes(msgspec.json.encode(value).decode()) + "\n"
