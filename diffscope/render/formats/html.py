"""HTML: one self-contained page a change; no script, no network, light and dark."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words


def render(assessment: Assessment, style: Style) -> str:
    """Return the page."""
    words = Words(style.language)
    return fill("assessment.html.j2", words, a=assessment, read=AssessmentView(assessment, words))
