"""``cases.yml`` of format 1 -> the short form: findings become marks on the lines of the example, where marks can say all that they say."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from diffscope.rules.authoring.cases import Case, CaseFile, Finding, read_cases
from diffscope.rules.authoring.marks import Mark, mark_text
from diffscope.rules.authoring.yaml_text import Items, Literal, Pairs, written


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
            shown = _files(files, own)
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


def _files(files: tuple[CaseFile, ...], marks: Mapping[str, list[Mark]]) -> Pairs | None:
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
