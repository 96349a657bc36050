"""Cuts a patch into one section a file, by the lengths that hunk headers state.

Counting is what tells a removed line ``-- a/x`` (which reads ``--- a/x``) from the header of the next file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from diffscope.errors import DiffError
from diffscope.messages.model import Message, message
from diffscope.patterns import lazy_regex

NOT_HELD: Final = message("gap.series-not-held")
LEFT_OUT: Final = message("gap.lines-left-out")
_HUNK = lazy_regex(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_SUBMODULE = lazy_regex(r"Submodule .+ (?:[0-9a-f]{4,64}\.{2,3}[0-9a-f]{4,64}|contains )")
_ONE_SIDED = lazy_regex(r"Only in (.+?): (.+)$")
HG_BINARY = lazy_regex(r"Binary file (.+) has changed$")
_MAIL = lazy_regex(
    r"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
)
_COMMIT = lazy_regex(r"commit [0-9a-f]{40,64}(?: \(.*\))?$")
_PROPERTY = lazy_regex(r"Property changes on: |(?:Added|Deleted): svn:")
"""Subversion tells of properties below the hunks."""
_COMBINED = ("diff --cc ", "diff --combined ", "@@@ ")


@dataclass(slots=True)
class Section:
    """The part of a patch about one file; lines without their line feed."""

    start: int
    """Line number in the patch, from 1."""
    header: list[str] = field(default_factory=list)
    hunks: list[str] = field(default_factory=list)
    is_git: bool = False
    fault: Message | None = None
    """Why the section is not whole."""
    fault_line: int = 0
    is_index: bool = False
    """Of Subversion's ``Index:`` line, which is all that it writes of a binary file."""
    part: int = 0
    """Number of the mail or commit that the section stands in; 0 before the first."""
    of_commit: bool = False
    """The part is one of ``git log -p`` or ``git show``."""


def cut(patch: str) -> list[Section]:
    """Return the sections of ``patch`` in its order; text around them (mail headers, commit messages) is dropped.

    Raises ``DiffError`` for a combined diff, which says what a merge resolved, not what a change does.
    """
    return _Cutter(_lines(patch)).cut()


def _lines(patch: str) -> list[str]:
    # splitlines() would also cut at form feeds and at U+2028, which are ordinary characters of a source line.
    lines = patch.split("\n")
    if lines[-1] == "":
        lines.pop()
    header = next((line for line in lines if line.startswith(("diff --git ", "--- ", "@@ -"))), "")
    if header.endswith("\r"):
        return [line.removesuffix("\r") for line in lines]
    return lines


def cut_hunks(lines: Iterable[str]) -> list[list[str]]:
    """Return the raw lines of one section's hunks, one list a hunk."""
    hunks: list[list[str]] = []
    for line in lines:
        if line.startswith("@@ -"):
            hunks.append([])
        hunks[-1].append(line)
    return hunks


def is_unshown(line: str) -> bool:
    """Say whether Subversion says here that it does not show a binary file."""
    return line.startswith("Cannot display: file marked as a binary type")


def is_plain_binary(line: str) -> bool:
    """Say whether GNU diff says here that two binary files differ."""
    return line.startswith("Binary files ") and line.endswith(" differ") and " and " in line


class _Cutter:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.sections: list[Section] = []
        self.current: Section | None = None
        self.part = 0
        self.of_commit = False
        # In a patch of git's these sentences are the words of a commit message, or belong to a header.
        self.is_plain = not any(line.startswith("diff --git ") for line in lines)

    def cut(self) -> list[Section]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith(_COMBINED):
                raise DiffError(
                    "this is a combined diff of a merge commit",
                    at=f"line {self.at + 1} of the patch",
                    hint="hand in a diff against one parent: git diff COMMIT^1 COMMIT",
                )
            self._step(line)
        return self.sections

    def _step(self, line: str) -> None:
        if line.startswith("diff --git "):
            self._open(is_git=True)
        elif line.startswith("--- ") and self._is_plain_start():
            self._open(is_git=False)
        elif self.current is not None and line.startswith("@@ -"):
            self._take_hunk(self.current, line)
            return
        elif _MAIL.match(line) or _COMMIT.match(line):
            self.part += 1
            self.of_commit = line.startswith("commit ")
            self.current = None
        elif _SUBMODULE.match(line) or (self.is_plain and (is_plain_binary(line) or HG_BINARY.match(line))):
            self._open(is_git=False)
        elif self.is_plain and line.startswith("Index: ") and self._is_index_alone():
            self._open(is_git=False)
            self.sections[-1].is_index = True
        elif self.is_plain and _ONE_SIDED.match(line):
            self._open(is_git=False)
            self._blame(self.sections[-1], message("patch.one-sided"))
        elif self.current is not None and (not self.current.hunks or _PROPERTY.match(line)):
            self.current.header.append(line)
        self.at += 1

    def _open(self, *, is_git: bool) -> None:
        self.current = Section(
            start=self.at + 1,
            header=[self.lines[self.at]],
            is_git=is_git,
            part=self.part,
            of_commit=self.of_commit,
        )
        self.sections.append(self.current)

    def _is_index_alone(self) -> bool:
        """Say whether Subversion names a file here without ``---`` and ``+++`` below."""
        below = [*self.lines[self.at + 1 : self.at + 3], "", ""]
        return below[0].startswith("=====") and (
            not below[1] or is_unshown(below[1]) or below[1].startswith("Index: ")
        )

    def _is_plain_start(self) -> bool:
        following = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        if not following.startswith("+++ "):
            return False
        return self.current is None or bool(self.current.hunks) or not self.current.is_git

    def _take_hunk(self, section: Section, line: str) -> None:
        start = self.at
        match = _HUNK.match(line)
        self.at += 1
        if match is None:
            self._blame(section, message("patch.hunk-header"))
            return
        old, new = (1 if length is None else int(length) for length in match.groups())
        if not old and not new:
            self._blame(section, message("patch.hunk-empty"))
            return
        self._skip_body(section, old, new)
        if not any(line[:1] in {"+", "-"} for line in self.lines[start + 1 : self.at]):
            self._blame(section, message("patch.hunk-no-change"))
        if section.fault is None:
            section.hunks.extend(self.lines[start : self.at])

    def _skip_body(self, section: Section, old: int, new: int) -> None:
        lines, at = self.lines, self.at
        while (old > 0 or new > 0) and at < len(lines):
            kind = lines[at][:1]
            if kind == "+":
                new -= 1
            elif kind == "-":
                old -= 1
            elif kind in {" ", "", "\r"}:  # mail programs strip the blank of an empty context line
                old -= 1
                new -= 1
            elif kind != "\\":
                break
            at += 1
        self.at = at
        if old > 0 or new > 0:
            self._blame(section, message("patch.hunk-cut-off" if at == len(lines) else "patch.hunk-short"))
        elif old < 0 or new < 0:
            self._blame(section, message("patch.hunk-long"))
        else:
            if self.at < len(self.lines) and self.lines[self.at].startswith("\\"):
                self.at += 1
            following = self.lines[self.at] if self.at < len(self.lines) else ""
            if following[:1] in {"+", " "} or (following[:1] == "-" and not following.startswith("--")):
                self._blame(section, message("patch.hunk-long"))

    def _blame(self, section: Section, fault: Message) -> None:
        if section.fault is None:
            section.fault, section.fault_line = fault, min(self.at + 1, len(self.lines))
