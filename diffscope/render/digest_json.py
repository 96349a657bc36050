"""JSON of a digest: the feed that other generators read (``diffscope schema digest``)."""

from __future__ import annotations

from diffscope.render.digest_wish import Wish
from diffscope.render.json import indented
from diffscope.render.style import Style
from diffscope.report.values import Digest


def render(digest: Digest, style: Style, wish: Wish) -> str:
    """Return the whole document, indented by two."""
    return indented(digest)
