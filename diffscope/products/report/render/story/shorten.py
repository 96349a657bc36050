"""Sentences as they stand before the fold, where the whole ones stand below it: of long lists the first names, of long quotes the first and the last part."""

from __future__ import annotations

import re
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.render.words import Words

_NAMES: Final = 3
_PARTS: Final = 3
_QUOTE: Final = lazy_regex("“([^”]*)”")


def shorten(sentence: str, words: Words) -> str:
    """Return a sentence with at most three names of each list, and of a quote of many parts the first and the last."""
    mark = re.escape(words.comma)
    names = re.compile(rf"`[^`]+`(?:{mark}`[^`]+`){{{_NAMES},}}")

    def first(found: re.Match[str]) -> str:
        listed = found[0].split(f"`{words.comma}`")
        kept = f"`{words.comma}`".join(listed[:_NAMES])
        return words("list.first", names=f"{kept}`", count=len(listed))

    return _QUOTE.sub(_ends, names.sub(first, sentence))


def _ends(found: re.Match[str]) -> str:
    """Return a quote; of one of many parts, which are alike, the first and the last."""
    parts = found[1].split("; ")
    return f"“{parts[0]}; …; {parts[-1]}”" if len(parts) > _PARTS else found[0]
