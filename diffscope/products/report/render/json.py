"""JSON of a digest: the feed that other generators read (``diffscope schema digest``)."""

from __future__ import annotations

from diffscope.products.report.model import Digest
from diffscope.products.report.render.options import ReportOptions
from diffscope.render.formats.json import indented
from diffscope.render.style import Style


def render(digest: Digest, style: Style, options: ReportOptions) -> str:
    """Return the whole document, indented by two."""
    return indented(digest)
