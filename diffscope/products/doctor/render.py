"""Findings of the doctor as text, JSON or SARIF, and its suggested edits as a patch."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from diffscope.diff.model import quote
from diffscope.patterns import lazy_regex
from diffscope.products.doctor.doctor import DoctorReport
from diffscope.products.doctor.findings import KINDS, Edit, Finding, Weight
from diffscope.render.console import Piece, Screen, Tone
from diffscope.render.formats.json import indented
from diffscope.render.formats.sarif import LIMIT, SCHEMA
from diffscope.render.sanitize import message_text, uri_path
from diffscope.render.style import Style
from diffscope.source.model import RepoPath
from diffscope.source.text import lines_with_ends
from diffscope.version import VERSION

_ITEM = lazy_regex(r"^\s*-\s+(?P<quote>[\"']?)(?P<text>.*?)(?P=quote)\s*(?:#.*)?$")
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
    old, new = (quote(f"{side}/{path}".encode()) for side in "ab")
    # As git does: a tab ends a name that holds a blank.
    end = "\t" if " " in path else ""
    lines = difflib.unified_diff(before, [line for line in after if line], old + end, new + end)
    body = "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    return f"diff --git {old} {new}\n{body}"


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


_TONES = {Weight.INFO: Tone.INFO, Weight.LOW: Tone.LOW, Weight.MEDIUM: Tone.MEDIUM, Weight.HIGH: Tone.HIGH}
_LEVELS = {Weight.INFO: "note", Weight.LOW: "note", Weight.MEDIUM: "warning", Weight.HIGH: "error"}
_SHOWN_EVIDENCE = 5
_Json = dict[str, object]


def render_text(report: DoctorReport, style: Style) -> str:
    """Return the findings by file, after a table of their kinds and what was looked at."""
    screen = Screen(style)
    at = f" at {report.revision[:12]}" if report.revision else ""
    total = len(report.findings)
    screen.line(Piece(f"{total:,} finding{'' if total == 1 else 's'}{at}", Tone.STRONG))
    looked = ", ".join(
        f"{count:,} {_words(name, count)}" for name, count in report.looked_at.items() if count
    )
    screen.line(Piece(f"looked at {looked}", Tone.QUIET))
    if total:
        screen.blank()
    for count in report.counts:
        tone = _TONES[KINDS[count.code].weight]
        screen.line(
            Piece(count.code, tone), Piece(f"{count.count:>6}  "), Piece(count.title), indent=2, hang=16
        )
    for path, found in groupby(report.findings, key=lambda each: each.path):
        screen.blank()
        screen.line(Piece(path, Tone.PATH))
        for finding in found:
            _show(screen, finding)
    return screen.text()


def render_json(report: DoctorReport, style: Style) -> str:
    """Return the report as it is, indented."""
    del style
    return indented(report)


def render_sarif(report: DoctorReport, style: Style) -> str:
    """Return a SARIF 2.1.0 log: one run, one result a finding, the weightiest first where GitHub's limit cuts."""
    del style
    findings = sorted(report.findings, key=lambda each: -each.weight.rank)[:LIMIT]
    codes = sorted({each.code for each in findings})
    index = {code: number for number, code in enumerate(codes)}
    rules = [
        {
            "id": code,
            "name": KINDS[code].name,
            "shortDescription": {"text": KINDS[code].title},
            "defaultConfiguration": {"level": _LEVELS[KINDS[code].weight]},
            "properties": {"tags": ["doctor", "diffscope"]},
        }
        for code in codes
    ]
    run: _Json = {
        "tool": {"driver": {"name": "diffscope doctor", "version": VERSION, "rules": rules}},
        "automationDetails": {"id": "diffscope/doctor"},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(each, index[each.code]) for each in findings],
    }
    return indented({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


FORMATS = {"text": render_text, "json": render_json, "sarif": render_sarif}


def _words(name: str, count: int) -> str:
    words = name.replace("-", " ")
    if count != 1:
        return words
    return words.removesuffix("ies") + "y" if words.endswith("ies") else words.removesuffix("s")


def _show(screen: Screen, finding: Finding) -> None:
    number = str(finding.line) if finding.line else "-"
    screen.line(
        Piece(f"{number:>5}  ", Tone.QUIET),
        Piece(f"{finding.code} ", _TONES[finding.weight]),
        Piece(finding.message),
        hang=13,
    )
    if finding.suggestion:
        screen.line(Piece("try ", Tone.QUIET), Piece(finding.suggestion, Tone.GOOD), indent=13)
    for each in finding.evidence[:_SHOWN_EVIDENCE]:
        screen.line(Piece(each, Tone.QUIET), indent=13, hang=15)
    more = len(finding.evidence) - _SHOWN_EVIDENCE
    if more > 0:
        screen.line(Piece(f"and {more:,} more", Tone.QUIET), indent=13)


def _result(finding: Finding, index: int) -> _Json:
    physical: _Json = {"artifactLocation": {"uri": uri_path(finding.path), "uriBaseId": "%SRCROOT%"}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    text = f"{finding.message}. Try: {finding.suggestion}" if finding.suggestion else finding.message
    result: _Json = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.weight],
        "message": {"text": message_text(text)},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"diffscope/v1": _fingerprint(finding)},
        "properties": {
            "severity": finding.weight.value,
            "evidence": [message_text(each) for each in finding.evidence],
        },
    }
    return result


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding on another line: what GitHub recognises an alert by."""
    text = f"{finding.code}\0{finding.path}\0{finding.message}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
