"""Stage 0, version: the one place that states it. The wheel, the JSON and ``--version`` read it here."""

from __future__ import annotations

VERSION = "0.1.0"
