"""How a report is wanted, beyond its style."""

from __future__ import annotations

import msgspec

from diffscope.source.model import Value


class Wish(Value, frozen=True, kw_only=True):
    """The wishes of whoever asks for a report."""

    layout: str = "weekly"
    templates: dict[str, str] = msgspec.field(default_factory=dict)
    """Templates of the user's own, by name; what is not among them is diffscope's."""
