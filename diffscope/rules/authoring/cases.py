"""``cases.yml`` -> cases: what a rule must find, and what it must leave alone. Every mistake at once.

::

    step_method_changed:                 # lower_case_words
      before:                            # both sides, through the whole pipeline
        pool/engine/core.py: |
          class EngineCore:
              def step(self):
                  return 1
      after:
        pool/engine/core.py: |
          class EngineCore:
              def step(self):  # <- CP101 medium: EngineCore.step
                  return 2
      tree: {pool/sched/scheduler.py: "..."}    # files that both sides share, unchanged
    docstring_only: {before: ..., after: ..., findings: []}
    from_facts:                          # or facts alone, where they are hard to provoke
      facts: {symbol: [{path: "pool/a.py", logic: true}], unknown: [{family: module, reason: "no graph"}]}
      findings: [{path: "pool/a.py", line: 3}]
      severity: medium
    recorded_38450: {recorded: 38450, findings: []}         # or a recorded pull request

Findings are exact: nothing more, nothing less. They are marked on the lines of the example (``# <- CODE``), or listed in ``findings``, of which
the keys given are compared (``path``, ``line``, ``side``, ``symbol``, ``says``, ``says_zh``). Optional: ``title``, ``body``, ``labels`` of the
pull request, ``severity`` of the flag, ``unknown: true`` where the rule must answer that it cannot tell, ``todo: "why"`` for a case that is
known to fail (once it passes, it is refused).

A mark is the last thing on its line: ``# <- CODE``, the severity of the flag if it is to be compared, and after a colon the symbol if it
is. ``//`` may stand for ``#``. Marks are taken out before the example is run; one in ``before`` is a finding on the old side.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from msgspec import UNSET, UnsetType

from diffscope.facts.model import ChangeFacts
from diffscope.patterns import lazy_regex
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.model import Severity
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading, clipped, shape
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

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


KEYS: Final = (
    *("before", "after", "tree", "facts", "recorded", "title", "body", "labels"),
    *("findings", "severity", "unknown", "todo"),
)
FINDING_KEYS: Final = ("path", "line", "side", "symbol", "says", "says_zh")
_NAME: Final = lazy_regex(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_FORMS: Final[dict[str, tuple[str, ...]]] = {
    "before and after": ("before", "after"),
    "facts": ("facts",),
    "recorded": ("recorded",),
}
_Entries = Mapping[str, Entry]


class Finding(Value, frozen=True, kw_only=True):
    """One place that a rule must point at; what is not said (``UNSET``) is not compared."""

    path: str | UnsetType = UNSET
    line: int | UnsetType = UNSET
    side: str | UnsetType = UNSET
    symbol: str | UnsetType | None = UNSET
    says: str | UnsetType = UNSET
    says_zh: str | UnsetType = UNSET


class CaseFile(Value, frozen=True, kw_only=True):
    """One file of a case."""

    path: str
    text: str


class Case(Value, frozen=True, kw_only=True):
    """One case of a rule."""

    name: str
    line: int
    findings: tuple[Finding, ...]
    before: tuple[CaseFile, ...] = ()
    after: tuple[CaseFile, ...] = ()
    tree: tuple[CaseFile, ...] = ()
    facts: ChangeFacts | None = None
    recorded: int | None = None
    title: str = "A change"
    body: str | None = None
    labels: tuple[str, ...] | None = None
    severity: Severity | None = None
    unknown: bool = False
    todo: str | None = None


def read_cases(text: str, *, at: str) -> tuple[tuple[Case, ...], tuple[Mistake, ...]]:
    """Return the cases of a file, in its order, and every mistake in it."""
    reading = Reading(at)
    cases = []
    for entry in reading.parse(text).entries:
        if not _NAME.fullmatch(entry.key):
            hint = "two or more lower_case_words: docstring_only"
            reading.report(entry, f"'{clipped(entry.key)}' is not a case name", hint)
        cases.append(_case(entry, reading))
    return tuple(cases), tuple(reading.mistakes)


def check_case_set(cases: tuple[Case, ...], *, at: str) -> tuple[Mistake, ...]:
    """Return what a rule's cases lack: at least one hit and two near misses, not counting those still to do."""
    done = [case for case in cases if case.todo is None and not case.unknown]
    hits = sum(bool(case.findings) for case in done)
    misses = len(done) - hits
    found = []
    if hits < 1:
        hint = "add a case with findings"
        found.append(Mistake(path=at, line=1, message="no case shows the rule firing", hint=hint))
    if misses < 2:
        message = f"{misses} near miss{'' if misses == 1 else 'es'}; a rule needs two"
        hint = "add cases with 'findings: []' that all but fire"
        found.append(Mistake(path=at, line=1, message=message, hint=hint))
    return tuple(found)


def _case(entry: Entry, reading: Reading) -> Case:
    what = f"the case '{clipped(entry.key, 40)}'"
    entries = reading.mapping(entry.value, what, known=KEYS)
    _check_form(entry, entries, reading)
    title = _optional_text(entries, "title", reading) or "A change"
    body = _optional_text(entries, "body", reading)
    labels = _labels(entries, reading)
    facts = entries.get("facts")
    before, marks_before = _files(entries, "before", reading)
    after, marks_after = _files(entries, "after", reading)
    marks = (
        *(_marked(each, "old") for each in marks_before),
        *(_marked(each, "new") for each in marks_after),
    )
    if marks and "findings" in entries:
        reading.report(entries["findings"], "findings are marked and listed", "keep one of the two")
    if not marks and "findings" not in entries and isinstance(entry.value, MapNode):
        reading.report(
            entry, f"{what} marks no finding and lacks 'findings'", f"mark one: {FORM}; or add findings: []"
        )
    return Case(
        name=entry.key,
        line=entry.line,
        findings=_findings(entries, reading) if "findings" in entries else marks,
        before=before,
        after=after,
        tree=_files(entries, "tree", reading)[0],
        facts=read_facts(facts.value, reading, title=title, body=body, labels=labels) if facts else None,
        recorded=reading.whole(entries["recorded"].value, "'recorded'") if "recorded" in entries else None,
        title=title,
        body=body,
        labels=labels,
        severity=_severity(entry, entries, [mark for _, mark in (*marks_before, *marks_after)], reading),
        unknown=reading.truth(entries["unknown"].value, "'unknown'") if "unknown" in entries else False,
        todo=_optional_text(entries, "todo", reading),
    )


def _marked(place: tuple[str, Mark], side: str) -> Finding:
    path, mark = place
    return Finding(path=path, line=mark.line, side=side, symbol=mark.symbol)


def _check_form(entry: Entry, entries: _Entries, reading: Reading) -> None:
    forms = [key for key, keys in _FORMS.items() if any(word in entries for word in keys)]
    if len(forms) != 1:
        message = f"a case has {' and '.join(forms) or 'no input'}"
        reading.report(entry, message, "give before and after, or facts, or recorded")
    if "tree" in entries and forms != ["before and after"]:
        reading.report(entries["tree"], "'tree' belongs to before and after", "remove it")
    if "recorded" in entries and {"title", "body", "labels"} & entries.keys():
        reading.report(
            entries["recorded"], "a recorded change has its own title, body and labels", "remove them"
        )
    found = entries.get("findings")
    if "unknown" in entries and found is not None and isinstance(found.value, ListNode) and found.value.items:
        reading.report(entries["unknown"], "a case cannot both find and not know", "make findings: []")


def _findings(entries: _Entries, reading: Reading) -> tuple[Finding, ...]:
    if "findings" not in entries:
        return ()
    items = reading.items(entries["findings"].value, "'findings'")
    return tuple(_finding(item, reading) for item in items)


def _finding(node: Node, reading: Reading) -> Finding:
    entries = reading.mapping(node, "a finding", known=FINDING_KEYS)
    if isinstance(node, MapNode) and not node.entries:
        reading.report(node, "a finding says nothing", "write {path: ..., line: ..., symbol: ...}")
    texts = {
        key: reading.text(entries[key].value, f"'{key}'") if key in entries else UNSET
        for key in ("path", "side", "says", "says_zh")
    }
    symbol: str | UnsetType | None = UNSET
    if "symbol" in entries:
        node = entries["symbol"].value
        is_null = isinstance(node, ScalarNode) and node.value is None
        symbol = None if is_null else reading.text(node, "'symbol'")
    line = reading.whole(entries["line"].value, "'line'") if "line" in entries else UNSET
    return Finding(symbol=symbol, line=line, **texts)


def _files(
    entries: _Entries, key: str, reading: Reading
) -> tuple[tuple[CaseFile, ...], tuple[tuple[str, Mark], ...]]:
    """Return the files of a side without their marks, and the marks with the paths of their files."""
    if key not in entries:
        return (), ()
    node = entries[key].value
    if not isinstance(node, MapNode):
        reading.report(
            node, f"'{key}' must be a mapping of paths to texts, not {shape(node)}", "write {path: text}"
        )
        return (), ()
    code = PurePosixPath(reading.path).parent.name[:5]
    files: list[CaseFile] = []
    marks: list[tuple[str, Mark]] = []
    for each in node.entries:
        marked = read_marks(_content(each, reading))
        files.append(CaseFile(path=each.key, text=marked.text))
        marks += ((each.key, mark) for mark in marked.marks)
        for line in marked.wrong:
            reading.report(each, f"'{clipped(line)}' is not a mark", f"write {FORM}")
        for mark in marked.marks:
            if code and mark.code != code:
                reading.report(
                    each,
                    f"a mark is of {mark.code}, and the rule is {clipped(code)}",
                    f"mark {clipped(code)}",
                )
        if key == "tree" and marked.marks:
            reading.report(each, "'tree' does not change, so that nothing is found in it", "mark 'after'")
    return tuple(files), tuple(marks)


def _content(entry: Entry, reading: Reading) -> str:
    node = entry.value
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return node.value
    reading.report(
        entry, f"the text of '{clipped(entry.key)}' must be text, not {shape(node)}", "quote it, or use '|'"
    )
    return ""


def _labels(entries: _Entries, reading: Reading) -> tuple[str, ...] | None:
    if "labels" not in entries:
        return None
    items = reading.items(entries["labels"].value, "'labels'")
    return tuple(reading.text(item, "a label") for item in items)


def _severity(entry: Entry, entries: _Entries, marks: list[Mark], reading: Reading) -> Severity | None:
    marked = {mark.severity for mark in marks if mark.severity is not None}
    if len(marked) > 1:
        reading.report(entry, "the marks of a case name several severities", "a flag has one: name the same")
    if "severity" not in entries:
        return next(iter(marked), None)
    if marked:
        reading.report(entries["severity"], "the severity is marked and listed", "keep one of the two")
    words = [severity.value for severity in Severity]
    word = reading.choice(entries["severity"].value, "severity", words)
    return Severity(word) if word else None


def _optional_text(entries: _Entries, key: str, reading: Reading) -> str | None:
    return reading.text(entries[key].value, f"'{key}'") if key in entries else None
