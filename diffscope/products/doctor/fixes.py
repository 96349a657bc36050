"""Findings with a safe edit -> one unified diff that ``git apply`` takes.

Safe means: what is selected, labelled or asked cannot become less. An edit is left out where its line does not hold the
old text exactly once, where two edits meet on a line, or where a list would lose its last entry.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from diffscope.products.doctor.findings import Edit, Finding
from diffscope.source.model import RepoPath
from diffscope.source.text import lines_with_ends

_ITEM = re.compile(r"^\s*-\s+(?P<quote>[\"']?)(?P<text>.*?)(?P=quote)\s*(?:#.*)?$")
_NO_NEWLINE = "\\ No newline at end of file\n"


def make_fixes(findings: Iterable[Finding], contents: Mapping[RepoPath, bytes]) -> str:
    """Return the patch of all safe edits, files sorted by path; empty where there is nothing to fix.

    A file that is not UTF-8 is left alone.
    """
    edits: dict[RepoPath, dict[int, list[Edit]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        if finding.edit is not None and finding.path in contents:
            edits[finding.path][finding.edit.line].append(finding.edit)
    return "".join(_file_patch(path, contents[path], edits[path]) for path in sorted(edits))


def _file_patch(path: RepoPath, data: bytes, edits: Mapping[int, Sequence[Edit]]) -> str:
    try:
        before = list(lines_with_ends(data.decode("utf-8")))
    except UnicodeDecodeError:
        return ""
    after = list(before)
    for number, wanted in edits.items():
        if 1 <= number <= len(before) and len({(each.old, each.new) for each in wanted}) == 1:
            after[number - 1] = _edit_line(before[number - 1], wanted[0], before, number)
    if after == before:
        return ""
    lines = difflib.unified_diff(before, [line for line in after if line], f"a/{path}", f"b/{path}")
    body = "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    return f"diff --git a/{path} b/{path}\n{body}"


def _edit_line(line: str, edit: Edit, lines: Sequence[str], number: int) -> str:
    if line.count(edit.old) != 1:
        return line
    if edit.new is not None:
        return line.replace(edit.old, edit.new)
    found = _ITEM.match(line.rstrip("\r\n"))
    is_whole = found is not None and found["text"] == edit.old
    return "" if is_whole and _has_neighbour(lines, number) else line


def _has_neighbour(lines: Sequence[str], number: int) -> bool:
    """Whether an entry of the same list stands right before or after: then the list keeps one."""
    indent = re.match(r"\s*-", lines[number - 1])
    around = [lines[at] for at in (number - 2, number) if 0 <= at < len(lines)]
    return indent is not None and any(line.startswith(indent[0]) for line in around)
