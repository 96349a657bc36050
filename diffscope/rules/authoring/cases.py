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

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from diffscope.facts.model import ChangeFacts
from diffscope.patterns import lazy_regex
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.model import Severity
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading, clipped
from diffscope.yaml.strict import Entry, MapNode, Node
from diffscope.yaml.typed import read_value

_MARK: Final = lazy_regex(r"[ \t]*(?:#|//) <- ([A-Z]{2}[0-9]{3})(?: ([a-z]+))?(?:: (\S+))?[ \t]*$")
_LIKE_A_MARK: Final = lazy_regex(r"(?:#|//)\s*<-+\s*[A-Za-z]{2}[0-9]")
FORM: Final = "# <- CP101 medium: EngineCore.step"
_SEVERITIES: Final = {severity.value: severity for severity in Severity}
_NAME: Final = lazy_regex(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


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


_Files = dict[str, Annotated[str, Meta(min_length=0)]]


class _Written(Value, frozen=True, kw_only=True):
    """A case as its file has it; ``None`` for what it does not say."""

    before: _Files | None = None
    after: _Files | None = None
    tree: _Files | None = None
    facts: Node | None = None
    recorded: int | None = None
    title: str | None = None
    body: str | None = None
    labels: tuple[str, ...] | None = None
    findings: tuple[Finding, ...] | None = None
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
        what = f"the case '{clipped(entry.key, 40)}'"
        written = read_value(_Written, entry.value, reading, what=what)
        if written is not None:
            cases.append(_case(entry, written, reading))
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


def _case(entry: Entry, written: _Written, reading: Reading) -> Case:
    _check_form(entry, written, reading)
    title = written.title or "A change"
    before, old = _files(entry, "before", written.before, reading)
    after, new = _files(entry, "after", written.after, reading)
    marked = [
        (mark, Finding(path=path, line=mark.line, side=side, symbol=mark.symbol))
        for side, marks in (("old", old), ("new", new))
        for path, mark in marks
    ]
    if marked and written.findings is not None:
        reading.report(_place(entry, "findings"), "findings are marked and listed", "keep one of the two")
    if not marked and written.findings is None:
        message = f"the case '{clipped(entry.key, 40)}' marks no finding and lacks 'findings'"
        reading.report(entry, message, f"mark one: {FORM}; or add findings: []")
    facts = None
    if written.facts is not None:
        facts = read_facts(written.facts, reading, title=title, body=written.body, labels=written.labels)
    return Case(
        name=entry.key,
        line=entry.line,
        findings=tuple(found for _, found in marked) if written.findings is None else written.findings,
        before=before,
        after=after,
        tree=_files(entry, "tree", written.tree, reading)[0],
        facts=facts,
        recorded=written.recorded,
        title=title,
        body=written.body,
        labels=written.labels,
        severity=_severity(entry, written.severity, [mark for mark, _ in marked], reading),
        unknown=written.unknown,
        todo=written.todo,
    )


def _place(entry: Entry, key: str) -> Entry:
    """Return where a key of a mapping stands; the mapping's own place where it has none."""
    return (entry.value.entry(key) if isinstance(entry.value, MapNode) else None) or entry


def _check_form(entry: Entry, written: _Written, reading: Reading) -> None:
    has = {
        "before and after": written.before is not None or written.after is not None,
        "facts": written.facts is not None,
        "recorded": written.recorded is not None,
    }
    forms = [form for form, is_given in has.items() if is_given]
    if len(forms) != 1:
        message = f"a case has {' and '.join(forms) or 'no input'}"
        reading.report(entry, message, "give before and after, or facts, or recorded")
    if written.tree is not None and forms != ["before and after"]:
        reading.report(_place(entry, "tree"), "'tree' belongs to before and after", "remove it")
    if has["recorded"] and (written.title or written.body or written.labels is not None):
        reading.report(entry, "a recorded change has its own title, body and labels", "remove them")
    if written.unknown and written.findings:
        reading.report(entry, "a case cannot both find and not know", "make findings: []")
    if Finding() in (written.findings or ()):
        reading.report(entry, "a finding says nothing", "write {path: ..., line: ..., symbol: ...}")


def _files(
    entry: Entry, key: str, written: _Files | None, reading: Reading
) -> tuple[tuple[CaseFile, ...], list[tuple[str, Mark]]]:
    """Return the files of a side without their marks, and the marks with the paths of their files."""
    code = PurePosixPath(reading.path).parent.name[:5]
    section = _place(entry, key)
    files: list[CaseFile] = []
    marks: list[tuple[str, Mark]] = []
    for path, text in (written or {}).items():
        place = _place(section, path)
        marked = read_marks(text)
        files.append(CaseFile(path=path, text=marked.text))
        marks += ((path, mark) for mark in marked.marks)
        for line in marked.wrong:
            reading.report(place, f"'{clipped(line)}' is not a mark", f"write {FORM}")
        for mark in marked.marks:
            if code and mark.code != code:
                message = f"a mark is of {mark.code}, and the rule is {clipped(code)}"
                reading.report(place, message, f"mark {clipped(code)}")
        if key == "tree" and marked.marks:
            message = "'tree' does not change, so that nothing is found in it"
            reading.report(place, message, "mark 'after'")
    return tuple(files), marks


def _severity(
    entry: Entry, written: Severity | None, marks: Sequence[Mark], reading: Reading
) -> Severity | None:
    marked = {mark.severity for mark in marks if mark.severity is not None}
    if len(marked) > 1:
        reading.report(entry, "the marks of a case name several severities", "a flag has one: name the same")
    if marked and written is not None:
        reading.report(_place(entry, "severity"), "the severity is marked and listed", "keep one of the two")
    return written or next(iter(marked), None)
