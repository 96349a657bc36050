"""The form of a text of the catalogue.

It quotes arguments as ``{name}``, with a format of Python's as ``{name:,}``, and has one of two forms by a number as
``{count|file|files}``: the first for one, the second for any other number. It cannot hold other braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from diffscope.patterns import lazy_regex

_PLACEHOLDER: Final = lazy_regex(
    r"\{(?P<name>[a-z_]+)(?::(?P<format>[^{}|]+))?(?P<plural>\|(?P<one>[^{}|]*)\|(?P<other>[^{}|]*))?\}"
)


def quoted(text: str) -> frozenset[str]:
    """Return the names of the arguments that a text quotes, and of those that only choose between its forms."""
    return frozenset(found["name"] for found in _PLACEHOLDER.finditer(text))


def shown(text: str) -> frozenset[str]:
    """Return the names of the arguments that a text shows: a language without plurals needs no others."""
    return frozenset(found["name"] for found in _PLACEHOLDER.finditer(text) if not found["plural"])


def has_stray_brace(text: str) -> bool:
    """Return whether a text has a brace that belongs to no placeholder."""
    return not {"{", "}"}.isdisjoint(_PLACEHOLDER.sub("", text))


def filled(text: str, argument: Callable[[str], object], words: Callable[[object], str]) -> str:
    """Return a text with its placeholders replaced: ``argument`` gives the value of a name, ``words`` its words where no format is named."""

    def fill(found: re.Match[str]) -> str:
        value = argument(found["name"])
        if found["plural"]:
            return found["one"] if value == 1 else found["other"]
        return format(value, found["format"]) if found["format"] else words(value)

    return _PLACEHOLDER.sub(fill, text) if "{" in text else text
