"""Expectations in the short form: a finding is marked on the line of the example that earns it.

::

    def step(self):  # <- CP101 medium: EngineCore.step

A mark is the last thing on its line: ``# <- CODE``, the severity of the flag if it is to be compared, and after a colon the symbol if it
is. ``//`` may stand for ``#``. Marks are taken out before the example is run; one in ``before`` is a finding on the old side.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, UnsetType

from diffscope.patterns import lazy_regex
from diffscope.rules.model import Severity
from diffscope.source.model import Value

_MARK: Final = lazy_regex(r"[ \t]*(?:#|//) <- ([A-Z]{2}[0-9]{3})(?: ([a-z]+))?(?:: (\S+))?[ \t]*$")
_LIKE_A_MARK: Final = lazy_regex(r"(?:#|//)\s*<-+\s*[A-Za-z]{2}[0-9]")
FORM: Final = "# <- CP101 medium: EngineCore.step"
_SEVERITIES: Final = {severity.value: severity for severity in Severity}


class Mark(Value, frozen=True, kw_only=True):
    """One expected finding, on a line of an example (from 1)."""

    code: str
    line: int
    severity: Severity | None = None
    symbol: str | UnsetType = UNSET


class Marked(Value, frozen=True, kw_only=True):
    """An example without its marks, the marks, and lines that look like one and are none."""

    text: str
    marks: tuple[Mark, ...] = ()
    wrong: tuple[str, ...] = ()


def read_marks(text: str) -> Marked:
    """Return an example with its marks taken out."""
    if "<-" not in text:
        return Marked(text=text)
    marks: list[Mark] = []
    wrong: list[str] = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        kept, found = _line_marks(line, index + 1)
        marks += found
        lines[index] = kept
        if _LIKE_A_MARK.search(kept):
            wrong.append(kept.strip())
    return Marked(text="\n".join(lines), marks=tuple(marks), wrong=tuple(wrong))


def mark_text(mark: Mark) -> str:
    """Return a mark as it is written."""
    severity = f" {mark.severity.value}" if mark.severity is not None else ""
    symbol = f": {mark.symbol}" if isinstance(mark.symbol, str) else ""
    return f"# <- {mark.code}{severity}{symbol}"


def _line_marks(line: str, number: int) -> tuple[str, list[Mark]]:
    """Return a line without its marks, and the marks; several may stand behind each other."""
    marks: list[Mark] = []
    while (found := _MARK.search(line)) is not None:
        code, word, symbol = found.groups()
        if word is not None and word not in _SEVERITIES:
            break
        severity = _SEVERITIES[word] if word is not None else None
        marks.insert(0, Mark(code=code, line=number, severity=severity, symbol=symbol or UNSET))
        line = line[: found.start()]
    return line, marks
