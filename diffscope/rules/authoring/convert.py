"""Rules of format 1 -> format 2: ``diffscope rules convert``. Keeps the meaning exactly, and comments above lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from msgspec import UNSET, UnsetType

from diffscope.rules.authoring.cases import Case, CaseFile, Finding, Mark, mark_text, read_cases
from diffscope.rules.authoring.convert_conditions import Converter
from diffscope.rules.authoring.yaml_text import Items, Literal, Pairs, Prose, written
from diffscope.rules.language.load import CHINESE_FILE, RULE_FILE
from diffscope.rules.language.rule_file import TEXTS, is_format_1
from diffscope.rules.model import Severity, family_of
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode


def convert_cases(text: str, code: str) -> str:
    """Return the cases of a rule with marks where they say as much as the findings; everything else stays as it is written."""
    cases, mistakes = read_cases(text, at="")
    if mistakes:
        return text
    lines = text.split("\n")
    starts = [case.line for case in cases]
    for case, end in reversed(list(zip(cases, [*starts[1:], len(lines) + 1], strict=True))):
        last = end - 1
        # Remarks above the next case, and empty lines, are not of this one.
        while last > case.line and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
            last -= 1
        inside = lines[case.line : last]
        if any(line.lstrip().startswith("#") and line[:3] == "  #" for line in inside):
            continue
        shown = _marked(case, code)
        if shown is not None:
            lines[case.line - 1 : last] = shown
    return "\n".join(lines)


def _marked(case: Case, code: str) -> list[str] | None:
    """Return a case with marks; ``None`` where marks cannot say it."""
    if not case.findings or not case.after or case.todo is not None:
        return None
    marks: dict[tuple[str, str], list[Mark]] = {}
    for finding in case.findings:
        placed = _placed(finding, case)
        if placed is None:
            return None
        side, path, line = placed
        mark = Mark(code=code, line=line, severity=case.severity, symbol=_symbol(finding))
        marks.setdefault((side, path), []).append(mark)
    fields = _pull_request(case)
    for key, side in (("tree", ""), ("before", "old"), ("after", "new")):
        files: tuple[CaseFile, ...] = getattr(case, key)
        if files or key != "tree":
            own = {path: found for (on, path), found in marks.items() if on == side}
            shown = _case_files(files, own)
            if shown is None:
                return None
            fields.add(key, shown)
    return written(Pairs((case.name, fields))).removesuffix("\n").split("\n")


def _pull_request(case: Case) -> Pairs:
    fields = Pairs()
    for key in ("title", "body"):
        value = getattr(case, key)
        if value not in (None, "A change"):
            fields.add(key, value)
    if case.labels is not None:
        labels = Items()
        for label in case.labels:
            labels.add(label)
        fields.add("labels", labels)
    return fields


def _placed(finding: Finding, case: Case) -> tuple[str, str, int] | None:
    """Return side, path and line of a finding that a mark can say."""
    if finding.says is not UNSET or finding.says_zh is not UNSET or finding.symbol is None:
        return None
    side = finding.side if isinstance(finding.side, str) else "new"
    files = case.before if side == "old" else case.after
    path = finding.path if isinstance(finding.path, str) else files[0].path if len(files) == 1 else None
    text = next((file.text for file in files if file.path == path), None)
    line = finding.line if isinstance(finding.line, int) else 0
    if (
        path is None
        or text is None
        or not 0 < line <= len(text.split("\n"))
        or not text.split("\n")[line - 1]
    ):
        return None
    return side, path, line


def _symbol(finding: Finding) -> str | UnsetType:
    symbol = finding.symbol if isinstance(finding.symbol, str) else ""
    return symbol if symbol and " " not in symbol else UNSET


def _case_files(files: tuple[CaseFile, ...], marks: Mapping[str, list[Mark]]) -> Pairs | None:
    shown = Pairs()
    for file in files:
        lines = file.text.split("\n")
        for mark in marks.get(file.path, ()):
            lines[mark.line - 1] += f"  {mark_text(mark)}"
        text = "\n".join(lines)
        if text.count("\n") < 2 and file.path not in marks:
            shown.add(file.path, text)
        elif not _is_literal(text):
            if file.path not in marks:
                shown.add(file.path, text)
                continue
            return None
        else:
            shown.add(file.path, Literal(text))
    return shown


def _is_literal(text: str) -> bool:
    """Say whether ``|`` reads back to the very text."""
    return (
        text.endswith("\n")
        and not text.endswith("\n\n")
        and text[0] not in " \t\n#"
        and all(character.isprintable() or character == "\n" for character in text)
        and not any(line != line.rstrip() for line in text.split("\n"))
    )


_RANK: Final = {severity.value: severity.rank for severity in Severity}


class ConvertedRule(Value, frozen=True, kw_only=True):
    """The files of one rule in format 2, by name, or what stands in the way."""

    origin: str
    files: Mapping[str, str] = {}
    mistakes: tuple[Mistake, ...] = ()


def convert_rule(text: str, cases: str | None, *, at: str) -> ConvertedRule | None:
    """Return the files of a rule that is of format 1; ``None`` where it is of format 2 already.

    ``at`` is its ``rule.yml``, ``cases`` the text of the ``cases.yml`` beside it.
    """
    reading = Reading(at)
    root = reading.parse(text)
    if not reading.mistakes and not is_format_1(root):
        return None
    converter = Converter(reading, text)
    files = {} if reading.mistakes else _files(root, reading, converter)
    code = _plain(root.get("code"))
    if cases is not None and not reading.mistakes:
        files["cases.yml"] = convert_cases(cases, code)
    return ConvertedRule(origin=at, files={} if reading.mistakes else files, mistakes=tuple(reading.mistakes))


def _files(root: MapNode, reading: Reading, converter: Converter) -> dict[str, str]:
    english, chinese = Pairs(), Pairs()
    family = _plain(root.get("family"))
    code, name = _plain(root.get("code")), _plain(root.get("name"))
    folder = PurePosixPath(reading.path).parent.name
    if folder not in ("", f"{code}-{name}"):
        reading.report(
            1, f"the folder is '{folder}', but the rule is {code} {name}", f"name the folder {code}-{name}"
        )
    entry = root.entry("status")
    if entry is not None:
        english.add("status", converter.plain(entry.value), converter.comments(entry))
    if family_of(_plain(root.get("code"))) is None:
        english.add("family", family)
    for key in TEXTS[:-1]:
        _add_text(root, key, english, chinese, converter)
    evidence = root.entry("evidence")
    if evidence is not None:
        _add_evidence(root, evidence, english, converter)
    when = root.entry("when")
    if when is not None and (asked := converter.expression(when.value)) is not None:
        english.add("when", asked, converter.comments(when))
    _add_severity(root, english, converter)
    _add_text(root, "says", english, chinese, converter)
    return {RULE_FILE: written(english), CHINESE_FILE: written(chinese)}


def _add_text(root: MapNode, key: str, english: Pairs, chinese: Pairs, converter: Converter) -> None:
    entry = root.entry(key)
    if entry is None or not isinstance(entry.value, MapNode):
        return
    comments = converter.comments(entry)
    for language, into in (("en", english), ("zh", chinese)):
        text = _plain(entry.value.get(language)).strip()
        if text:
            into.add(key, Prose(text), comments)
        comments = ()


def _add_evidence(root: MapNode, entry: Entry, into: Pairs, converter: Converter) -> None:
    node = entry.value
    comments = converter.comments(entry)
    if isinstance(node, MapNode):
        where = node.get("where")
        asked = converter.where(where) if where is not None else Pairs()
        into.add("evidence", Pairs((_plain(node.get("fact")), asked)), comments)
        if (worst := node.get("worst_by")) is not None:
            into.add("worst_by", _plain(worst))
        return
    when = root.get("when")
    found = converter.asked_for(when, _plain(node)) if when is not None else None
    if found is None:
        converter.reading.report(
            entry,
            "what it points at is only in 'when'",
            "write evidence: {fact: ..., where: {...}} first",
        )
        return
    into.add("evidence", Pairs((_plain(node), found)), comments)


def _add_severity(root: MapNode, into: Pairs, converter: Converter) -> None:
    raised, lowered = (_steps(root.entry(key), converter) for key in ("escalate", "lower"))
    raised.sort(key=lambda step: -_RANK.get(step[0], 0))
    lowered.sort(key=lambda step: _RANK.get(step[0], 0))
    default = _plain(root.get("severity"))
    if not raised and not lowered:
        into.add("severity", default)
        return
    listed = Items(is_tall=True)
    for to, asked, comments in (*raised, *lowered):
        listed.add(Pairs((to, asked)), comments)
    listed.add(default)
    into.add("severity", listed)


def _steps(entry: Entry | None, converter: Converter) -> list[tuple[str, object, tuple[str, ...]]]:
    found: list[tuple[str, object, tuple[str, ...]]] = []
    if entry is None or not isinstance(entry.value, ListNode):
        return found
    for item in entry.value.items:
        if not isinstance(item, MapNode):
            continue
        comments = converter.comments(item)
        when = item.get("when")
        asked = converter.expression(when, keeps_evidence=True) if when is not None else None
        found.append(
            (_plain(item.get("to")), asked if asked is not None else Pairs(("evidence", Pairs())), comments)
        )
    return found


def _plain(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""
