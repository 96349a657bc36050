"""Options of a report besides its style: the layout, and templates that replace the bundled ones."""

from __future__ import annotations

import msgspec

from diffscope.source.model import Value


class ReportOptions(Value, frozen=True, kw_only=True):
    """Layout and templates of a report."""

    layout: str = "weekly"
    templates: dict[str, str] = msgspec.field(default_factory=dict)
    """Text of the templates that replace bundled ones, by file name."""
