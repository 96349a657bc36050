"""HTML: one self-contained page a change; no script, no network, light and dark."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.excerpts import place_key
from diffscope.render.places import worst_first
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words


def render(assessment: Assessment, style: Style) -> str:
    """Return the page."""
    words = Words(style.language)
    return fill(
        "assessment.html.j2",
        words,
        a=assessment,
        read=AssessmentView(assessment, words),
        flags=worst_first(assessment.flags),
        lines_at=lambda place: style.excerpts.get(place_key(place), ()),
    )
