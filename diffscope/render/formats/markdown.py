"""Markdown: a comment on a pull request, or a section of somebody's report."""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words


def render(assessment: Assessment, style: Style) -> str:
    """Return the whole assessment: risk section by family, reach, tests, owners, CI, what was not judged, tables."""
    words = Words(style.language)
    return fill("assessment.md.j2", words, a=assessment, read=AssessmentView(assessment, words))
