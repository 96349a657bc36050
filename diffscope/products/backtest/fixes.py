"""Decides whether a commit fixes an earlier change: by its title, and by the lines that it removes."""

from __future__ import annotations

import re
from typing import Final

from diffscope.source.profile import places

_FIX = re.compile(r"\b(?:bug[ -]?fix(?:es)?|hot[ -]?fix(?:es)?|fix(?:es|ed|ing)?)\b", re.IGNORECASE)
_REVERT = re.compile(r"\s*(?:\[[^\]]*\]\s*)*(?:revert\b|back out\b)", re.IGNORECASE)
_RELAND = re.compile(r"\brevert\b.*\brevert\b", re.IGNORECASE)
_COSMETIC = re.compile(r"\b(?:typos?|spelling|grammar|mypy|lint(?:er|ing)?|pre-?commit)\b", re.IGNORECASE)
_SUFFIXES: Final = (".py", ".cu", ".cuh", ".cpp", ".cc", ".c", ".h", ".hpp", ".hip", ".inl")
_NO_CODE = re.compile(r"\s*(?:#(?!\s*(?:if|else|elif|endif|define|undef|include|pragma)\b)|//|/\*|\*/|$)")


def is_fix(title: str) -> bool:
    """Say whether a title tells of a fix or a revert.

    A revert of a revert brings back, and is none; nor is a fix of typos or for a linter, which goes over many files that had no fault.
    """
    if _REVERT.match(title):
        return _RELAND.search(title) is None
    return _FIX.search(title) is not None and _COSMETIC.search(title) is None


def is_source(path: str) -> bool:
    """Say whether a fix of this file tells anything: product code in Python or a native language."""
    return path.startswith(places().product) and path.endswith(_SUFFIXES)


def is_code(line: str) -> bool:
    """Say whether a line is neither blank nor a comment alone. A preprocessor directive is code; docstrings cannot be told."""
    return _NO_CODE.match(line) is None
