"""The table of formats: a name of ``--format`` -> the function that renders it, whose module is imported when it is asked for.

To add a format, write ``render(assessment, style) -> str`` in ``diffscope/render/formats/<name>.py``, or beside a format like it, and an
entry here: options, settings and help take their names from it. The command line imports this module for ``--help``, so it imports little.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from diffscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffscope.assessment.document import Assessment
    from diffscope.render.style import Style


class Format(NamedTuple):
    """One output format."""

    where: str
    """The module beside this one and the function of it that renders, with a colon between."""
    sentence: str
    many: bool
    """Whether the texts of several changes may follow one another in one file."""
    is_terse: bool = False
    """It has no room for what could not be judged: the command line writes that to stderr instead."""


RENDERERS: dict[str, Format] = {
    "text": Format("text:render", "one screen for a terminal", many=True),
    "json": Format("json:render", "the whole assessment, see `diffscope schema`", many=False),
    "jsonl": Format("json:render_line", "the same, one change a line", many=True),
    "markdown": Format("documents:render_markdown", "a comment or a section of a report", many=True),
    "html": Format("documents:render_html", "one self-contained page", many=False),
    "github": Format(
        "annotations:render_github",
        "workflow commands: annotations of a GitHub job",
        many=True,
        is_terse=True,
    ),
    "sarif": Format("sarif:render", "SARIF 2.1.0 for code scanning", many=False),
    "rdjson": Format("annotations:render_rdjson", "reviewdog's diagnostic format", many=False, is_terse=True),
    "brief": Format(
        "brief:render", "facts and evidence for a writer of prose, 4,000 characters at most", many=True
    ),
    "brief-json": Format("brief:render_json", "the same as one line of JSON", many=True),
    "concise": Format(
        "annotations:render_concise", "`path:line: level: message [CODE]` lines", many=True, is_terse=True
    ),
}


def render(assessments: Sequence[Assessment], style: Style, *, form: str) -> str:
    """Return the assessments in the format named ``form``.

    Raises:
        UsageError: there is no such format, or it holds one change only and there are several.
    """
    chosen = RENDERERS.get(form)
    if chosen is None:
        raise UsageError(f"unknown format {form!r}", hint=f"one of {', '.join(RENDERERS)}")
    if len(assessments) > 1 and not chosen.many:
        raise UsageError(
            f"format {form} holds one change, and {len(assessments)} were asked for",
            hint="use --format jsonl for many changes",
        )
    module, _, function = chosen.where.partition(":")
    renderer: Callable[[Assessment, Style], str] = getattr(
        import_module(f"diffscope.render.formats.{module}"), function
    )
    separator = "\n" if form in {"text", "markdown"} else ""
    return separator.join(renderer(assessment, style) for assessment in assessments)
