"""Documents by templates: Markdown, a comment on a pull request or a section of somebody's report; HTML, one self-contained page.

The page has no script and no network; light and dark.
"""

from __future__ import annotations

from diffscope.assessment.document import Assessment
from diffscope.render.places import place_key, worst_first
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words


def render_markdown(assessment: Assessment, style: Style) -> str:
    """Return the whole assessment: risk section by family, reach, tests, owners, CI, what was not judged, tables."""
    words = Words(style.language)
    return fill("assessment.md.j2", words, a=assessment, read=AssessmentView(assessment, words))


def render_html(assessment: Assessment, style: Style) -> str:
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
