"""How a text is wanted: language, width, colour, character set."""

from __future__ import annotations

from collections.abc import Mapping

from diffscope.messages.model import Language
from diffscope.source.model import Value


class Style(Value, frozen=True, kw_only=True):
    """How a text is wanted. Formats ignore what does not concern them."""

    language: Language = Language.ENGLISH
    width: int = 100
    """Columns of the terminal report."""
    color: bool = False
    ascii_only: bool = False
    """The reader's character set has no arrows and dots; foreign characters are the writer's business."""
    is_verbose: bool = False
    """The terminal report also shows reach, owners, steps of CI, labels and scores."""
    is_many: bool = False
    """Several changes follow one another: what says its change nowhere else must name it."""
    excerpts: Mapping[str, tuple[str, ...]] = {}
    """Changed lines by place (``render/places.py``), if the patch is available."""
