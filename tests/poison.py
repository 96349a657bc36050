"""Puts a text into every field of a value in which a stranger has the say, however deep: what a sink must stand."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")

OURS = frozenset(
    {
        "base", "category", "change_type", "code", "content", "digest", "family", "fingerprint", "formula", "generated", "head", "kind",
        "merged_at", "number", "offset", "old_mode", "oldest", "new_mode", "rules_hash", "schema", "side", "since", "status", "until", "url", "version", "what",
        "created_at", "closed_at", "updated_at", "at", "published", "form", "metric", "level", "severity", "confidence", "fail_on",
    }
)  # fmt: skip
"""Names of fields that hold words, times and ids of ours, of git's or of GitHub's own, whatever a change brings."""


def poisoned(value: T, text: str) -> T:
    """Return ``value`` with ``text`` behind every text in it, but for the fields in ``OURS``."""
    if isinstance(value, str):
        return f"{value}{text}"  # type: ignore[return-value]
    if isinstance(value, msgspec.Struct):
        found = {
            field: poisoned(getattr(value, field), text)
            for field in value.__struct_fields__
            if field not in OURS
        }
        return msgspec.structs.replace(value, **found)  # type: ignore[return-value]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(poisoned(each, text) for each in value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: poisoned(each, text) for key, each in value.items()}  # type: ignore[return-value]
    return value
