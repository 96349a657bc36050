"""A brief of one change as JSON: the facts of ``brief``, at most 4,000 characters."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.formats.bounded import OF_CHANGE, fitted
from diffscope.render.formats.brief import brief_of
from diffscope.render.style import Style
from diffscope.render.words import Words


def render(assessment: Assessment, style: Style) -> str:
    """Return the brief, one line."""
    return fitted(brief_of(assessment, Words(style.language)), OF_CHANGE, is_json=True)
