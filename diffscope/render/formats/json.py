"""JSON: the assessment as it is, indented; and what every JSON-based format shares on its way out."""

from __future__ import annotations

from typing import Any

import msgspec

from diffscope.assessment.document import Assessment
from diffscope.render.sanitize import json_escapes
from diffscope.render.style import Style


def render(assessment: Assessment, style: Style) -> str:
    """Return the whole document, indented by two, with a line feed at its end."""
    return indented(assessment)


def render_line(assessment: Assessment, style: Style) -> str:
    """Return the whole document on one line: ``jsonl``, for windows of many changes."""
    return compact(assessment)


def indented(value: object) -> str:
    """Return any value as JSON for people: indented by two, invisible characters escaped."""
    return json_escapes(msgspec.json.format(_encoded(value), indent=2).decode()) + "\n"


def compact(value: object) -> str:
    """Return any value as one line of JSON, invisible characters escaped."""
    return json_escapes(_encoded(value).decode()) + "\n"


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(msgspec.to_builtins(value)))


def _whole(value: Any) -> Any:
    """Return a value in whose texts half a character, of which no UTF-8 can be made, stands as an escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list | tuple) else value
