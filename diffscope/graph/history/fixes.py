"""Decides whether a commit fixes an earlier change: by its title, by what it names, and by the lines that it removes."""

from __future__ import annotations

import re
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

_FIX = lazy_regex(
    r"\b(?:bug[ -]?fix(?:es)?|hot[ -]?fix(?:es)?|fix(?:es|ed|ing)?|regressions?|crash(?:es|ed|ing)?)\b|\[\s*bug\s*\]",
    re.IGNORECASE,
)
_REVERT = lazy_regex(
    r"\s*(?:\[[^\]]*\]\s*)*(?:(?:partial(?:ly)?\s+)?revert\b|back out\b|roll back\b)", re.IGNORECASE
)
_RELAND = lazy_regex(r"\brevert\b.*\brevert\b", re.IGNORECASE)
_RETRY = lazy_regex(r"\b(?:re-?land|re-?appl(?:y|ies))\w*\b|[(\[]retry[)\]]", re.IGNORECASE)
_COSMETIC = lazy_regex(
    r"\b(?:typos?|spelling|grammar|wording|mypy|lint(?:er|ing)?|pre-?commit|ruff|yapf|formatting|docs?|docstrings?|documentation|comments?|links?"
    r"|(?:type|return) annotations?|type hints?|deprecat\w+)\b",
    re.IGNORECASE,
)
_PLANNED = lazy_regex(
    r"[\[(]\s*(?:part\s*)?\d+\s*/\s*[\dnx]+\s*[\])]|^\s*\d+/[\dn]\b|\bpart \d+\b", re.IGNORECASE
)
_FAULT = lazy_regex(r"\bbug|\bhot[ -]?fix|\bregression|\bcrash", re.IGNORECASE)
_OWN_NUMBER = lazy_regex(r"\s*\(#\d+\)\s*$")
_NUMBER = lazy_regex(r"#(\d{1,9})\b")
_LAID_TO = lazy_regex(
    r"\b(?:revert|re-?land|re-?appl|introduced|regress|caused|broke|fix)\w*\b[^\n]{0,60}", re.IGNORECASE
)
_COMMIT = lazy_regex(r"\brevert\w*\s+commit\s+([0-9a-f]{8,40})\b", re.IGNORECASE)
_LONGEST_BODY: Final = 20_000
RUST: Final = "rust/"
"""Where crates lie, beside the folders of the profile."""
_SUFFIXES: Final = (".py", ".cu", ".cuh", ".cpp", ".cc", ".c", ".h", ".hpp", ".hip", ".inl", ".rs")
_NO_CODE = lazy_regex(r"\s*(?:#(?!\s*(?:if|else|elif|endif|define|undef|include|pragma)\b)|//|/\*|\*/|$)")
_IMPORT = lazy_regex(r"\s*(?:from\s+\S+\s+import\b|import\s|#\s*include\b|use\s+[\w:]+)")


def is_fix(title: str) -> bool:
    """Say whether a title tells of a fix, of a revert, or of work that is done again because it had to be taken back.

    A revert of a revert brings back, and is none. Nor is a fix of typos, of documentation or for a linter, which goes over many files that
    had no fault, nor what follows a plan ("[2/N] Fix ..."), unless it names a fault.
    """
    if _REVERT.match(title):
        return _RELAND.search(title) is None
    if _COSMETIC.search(title) or (_PLANNED.search(title) and not _FAULT.search(title)):
        return False
    return bool(_FIX.search(title) or _RETRY.search(title))


def named_pulls(title: str, body: str) -> tuple[int, ...]:
    """Return the pull requests that the words of a fix lay it to: numbers in its title but its own, and behind such words in its description."""
    said = [_OWN_NUMBER.sub("", title), *_LAID_TO.findall(body[:_LONGEST_BODY])]
    return tuple(dict.fromkeys(int(number) for text in said for number in _NUMBER.findall(text)))


def named_commits(body: str) -> tuple[str, ...]:
    """Return the first digits of the commits that a description says it reverts."""
    return tuple(_COMMIT.findall(body[:_LONGEST_BODY]))


def is_source(path: str) -> bool:
    """Say whether a fix of this file tells anything: product code in Python or a native language."""
    return path.startswith((*places().product, RUST)) and path.endswith(_SUFFIXES)


def is_code(line: str) -> bool:
    """Say whether a line is neither blank nor a comment alone. A preprocessor directive is code; docstrings cannot be told."""
    return _NO_CODE.match(line) is None


def is_import(line: str) -> bool:
    """Say whether a line only brings in a name: a fix that no longer needs one has not mended it."""
    return _IMPORT.match(line) is not None
