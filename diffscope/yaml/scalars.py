"""Stage 0, YAML scalars and places: the text of a plain scalar -> its value, by YAML 1.2's core schema or as YAML 1.1 has it; marks of PyYAML -> lines and columns as git counts them."""

from __future__ import annotations

from typing import Any, Final

from diffscope.patterns import lazy_regex

Scalar = str | int | float | bool | None

_CORE_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_INTEGER: Final = lazy_regex(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_CORE_BASED: Final = lazy_regex(r"0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_CORE_FLOAT: Final = lazy_regex(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?"
)


def read_core(text: str) -> Scalar:
    """Return the value of a plain scalar by the core schema of YAML 1.2, numbers in doubt left as text."""
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _CORE_INTEGER.fullmatch(text):
        return int(text)
    if _CORE_BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _CORE_FLOAT.fullmatch(text) else text


_WORDS_11: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{form: True for word in ("yes", "true", "on") for form in (word, word.title(), word.upper())},
    **{form: False for word in ("no", "false", "off") for form in (word, word.title(), word.upper())},
}
_INTEGER_11: Final = lazy_regex(r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|(0|[1-9][0-9_]*))")
_FLOAT_11: Final = lazy_regex(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]{1,2})?|\.[0-9][0-9_]*)")


def read_yaml_11(text: str) -> Scalar:
    """Return the value of a plain scalar as PyYAML reads it (YAML 1.1), but for dates and base-60 numbers: text."""
    if text in _WORDS_11:
        return _WORDS_11[text]
    if text[0] not in "+-.0123456789" or len(text) > 40:
        return text
    if found := _INTEGER_11.fullmatch(text):
        for digits, base in zip(found.groups()[1:], (2, 16, 8, 10), strict=True):
            if digits and (bare := digits.replace("_", "")):
                return int(found[1] + bare, base)
    return float(text.replace("_", "")) if _FLOAT_11.fullmatch(text) else text


_OTHER_LINE_ENDS: Final = lazy_regex("\r(?!\n)|[\x85\u2028\u2029]")


class Places:
    """Where PyYAML's marks are, as git counts lines: YAML 1.1 also ends a line at CR, NEL, U+2028 and U+2029."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_other_ends = _OTHER_LINE_ENDS.search(text) is not None

    def of(self, mark: Any) -> tuple[int, int]:
        """Return line and column of a mark, from 1."""
        if not self._has_other_ends:
            return mark.line + 1, mark.column + 1
        at = min(mark.index, len(self._text))
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)
