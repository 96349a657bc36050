"""The formats of a triage, by the name of ``--format``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from diffscope.products.triage.model import Triage
from diffscope.products.triage.render.page import render_html, render_markdown
from diffscope.products.triage.render.text import render_text
from diffscope.render.formats.json import indented
from diffscope.render.style import Style


def render_json(triage: Triage, style: Style) -> str:
    """Return the whole document, indented by two."""
    del style
    return indented(triage)


FORMATS: Final[dict[str, Callable[[Triage, Style], str]]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}
