"""JSON lines: one assessment a line, for windows of many changes."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.formats.json import compact
from diffscope.render.style import Style


def render(assessment: Assessment, style: Style) -> str:
    """Return the whole document on one line."""
    return compact(assessment)
