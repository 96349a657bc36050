"""A summary of a change as clauses of names: added, removed, new signature, changed logic. From facts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from diffscope.assessment.document import Assessment, FileAssessment, SymbolAssessment
from diffscope.messages.model import Text, message
from diffscope.messages.say import text_of

_MOST: Final = 3
"""Names a clause; how many more there are is said."""
_CLAUSES: Final = 4
_CODE: Final = frozenset({"source", "native"})
_KINDS: Final = ("class", "operator", "kernel", "function", "method", "variable")
"""The kinds that are told by name, the most telling first."""
_SWITCHES: Final = frozenset({"cli-flag", "environment-variable"})
_CALLS: Final = frozenset({"called", "no-longer-called"})


def summarize_change(assessment: Assessment) -> tuple[Text, ...]:
    """Return at most four clauses, the most telling first; of a change without code the files that it touches."""
    files = {file.path: file for file in assessment.files}
    symbols = [symbol for symbol in assessment.symbols if _CALLS.isdisjoint(symbol.aspects)]
    code = [symbol for symbol in symbols if symbol.path in files and files[symbol.path].category in _CODE]
    switches = [symbol for symbol in symbols if symbol.kind in _SWITCHES]
    ranked = _ranked(code, files)
    clauses = [*_switch_clauses(switches), *_code_clauses(ranked)]
    clauses[1:1] = _own_words(switches, ranked, symbols)
    if not clauses:
        clauses = [*_test_clauses(symbols, files), *_file_clauses(assessment.files)][:1]
    return tuple(clauses[:_CLAUSES])


def _ranked(symbols: Sequence[SymbolAssessment], files: dict[str, FileAssessment]) -> list[SymbolAssessment]:
    told = [symbol for symbol in symbols if symbol.kind in _KINDS and symbol.logic]
    return sorted(
        told,
        key=lambda one: (_KINDS.index(one.kind), -files[one.path].importance, one.path, one.line, one.name),
    )


def _switch_clauses(symbols: Sequence[SymbolAssessment]) -> Iterator[Text]:
    codes: tuple[tuple[str, str, str], ...] = (
        ("cli-flag", "added", "clause.adds-option"),
        ("cli-flag", "removed", "clause.removes-option"),
        ("environment-variable", "added", "clause.adds-variable"),
        ("environment-variable", "removed", "clause.removes-variable"),
    )
    for kind, aspect, code in codes:
        names = [one.name for one in symbols if one.kind == kind and aspect in one.aspects]
        if names:
            yield _clause(code, names)


def _code_clauses(symbols: Sequence[SymbolAssessment]) -> Iterator[Text]:
    added = _outermost([one for one in symbols if "added" in one.aspects])
    removed = _outermost([one for one in symbols if "removed" in one.aspects])
    moved = _outermost([one for one in symbols if "moved" in one.aspects and one.moved_from])
    signed = [one.name for one in symbols if "signature" in one.aspects and "added" not in one.aspects]
    changed = [
        one.name
        for one in symbols
        if one.kind != "class" and {"body", "default"} & {*one.aspects} and one.name not in signed
    ]
    clauses: tuple[tuple[str, list[str]], ...] = (
        ("clause.adds", added),
        ("clause.removes", removed),
        ("clause.moves", moved),
        ("clause.signature", signed),
        ("clause.changes", changed),
    )
    yield from (_clause(code, names) for code, names in clauses if names)


def _own_words(
    switches: Sequence[SymbolAssessment],
    ranked: Sequence[SymbolAssessment],
    symbols: Sequence[SymbolAssessment],
) -> list[Text]:
    """Return what the first new thing that has a docstring says of itself: a field behind a new option, else a class or function."""
    fields = {f"--{one.name.rpartition('.')[2].replace('_', '-')}": one for one in symbols if one.summary}
    behind = [fields[one.name] for one in switches if one.name in fields and "added" in one.aspects]
    outer = set(_outermost([one for one in ranked if "added" in one.aspects]))
    speaking = [*behind, *(one for one in ranked if one.summary and one.name in outer)]
    return [text_of("clause.docstring", name=one.name, summary=one.summary or "") for one in speaking[:1]]


def _outermost(symbols: Sequence[SymbolAssessment]) -> list[str]:
    """Return the names that stand in no other of them; variables only where nothing else is."""
    names = dict.fromkeys(one.name for one in symbols if one.kind != "variable")
    outer = [name for name in names if not any(owner in names for owner in _owners(name))]
    return outer or [one.name for one in symbols if one.kind == "variable" and "." not in one.name]


def _owners(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:at]) for at in range(1, len(parts)))


def _test_clauses(symbols: Sequence[SymbolAssessment], files: dict[str, FileAssessment]) -> Iterator[Text]:
    codes: tuple[tuple[str, str], ...] = (
        ("added", "clause.adds-tests"),
        ("body", "clause.changes-tests"),
    )
    for aspect, code in codes:
        names = [
            one.name
            for one in symbols
            if one.path in files
            and files[one.path].category == "test"
            and aspect in one.aspects
            and one.name.rpartition(".")[2].startswith(("test_", "Test"))
        ]
        if names:
            yield _clause(code, names)
            return


def _file_clauses(files: Sequence[FileAssessment]) -> Iterator[Text]:
    ranked = sorted(files, key=lambda file: (-file.importance, -file.additions - file.deletions, file.path))
    if ranked:
        yield _clause("clause.changes", [file.path for file in ranked])


def _clause(code: str, names: Sequence[str]) -> Text:
    # Special methods say least of what a change is about.
    listed = sorted(dict.fromkeys(names), key=lambda name: name.rpartition(".")[2].startswith("__"))
    marked, more = tuple(f"`{name}`" for name in listed[:_MOST]), len(listed) - _MOST
    shown = message("list.more", names=marked, more=more) if more > 0 else marked
    return text_of(code, names=shown)
