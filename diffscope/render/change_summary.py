"""What a change does, in at most four clauses, the most telling first: what it registers, offers to users, merges, adds, removes and edits.

From facts alone. A thing is told by the part that it plays (a row of a registry, an endpoint, the class that it is one of), and only what
plays none by its name; private names and names of half of all modules are told where nothing else is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment, FileAssessment, SymbolAssessment
from diffscope.messages.model import Argument, Language, Message, Text, message
from diffscope.messages.say import text_of, texts
from diffscope.taxonomy.declared_words import stems_of

_MOST: Final = 2
"""Names a clause; how many more there are is said."""
_CLAUSES: Final = 4
_LEAST_MEMBERS: Final = 3
_SAME_MEMBERS: Final = 0.8
"""How alike the members of a class and of what it is called now are at least, from 0 to 1."""
_LONGEST_DEFAULT: Final = 40
_CODE: Final = frozenset({"source", "native", "build"})
_SAID: Final = frozenset({"message", "docstring", "cosmetic"})
_CALLS: Final = frozenset({"called", "no-longer-called"})
_NAMED: Final = ("class", "operator", "kernel", "function", "method", "struct", "variable")
"""The kinds that are told by name, the most telling first."""
_SHAPES: Final = frozenset(
    {"ABC", "object", "Protocol", "Generic", "TypedDict", "NamedTuple", "Enum", "IntEnum", "StrEnum", "BaseModel", "Struct", "Module", "Exception"}
)  # fmt: skip
"""Bases that say what a class is made of and not which part it plays."""
_INTERFACES: Final = frozenset({"ABC", "Protocol"})
_PLAIN: Final = frozenset({"logger", "__all__", "TYPE_CHECKING"})
_SETTINGS: Final = (
    ("cli-flag", "added", "clause.adds-option"),
    ("cli-flag", "removed", "clause.removes-option"),
    ("environment-variable", "added", "clause.adds-variable"),
    ("environment-variable", "removed", "clause.removes-variable"),
)
_FIELDS: Final = frozenset({"config-field", "protocol-field"})
_VERSIONS: Final = frozenset({"raised", "lowered", "changed"})


class _Clause(NamedTuple):
    code: str
    text: Text


class ChangeClauses(NamedTuple):
    """At most four clauses, the most telling first; the first ``telling`` of them say more than which code was edited."""

    clauses: tuple[Text, ...]
    telling: int
    codes: tuple[str, ...] = ()
    """Of each clause the code of its text."""


def clauses_of(assessment: Assessment) -> ChangeClauses:
    """Return what a change does, and how much of it tells."""
    files = {file.path: file for file in assessment.files}
    symbols = [symbol for symbol in assessment.symbols if _CALLS.isdisjoint(symbol.aspects)]
    code = [
        one
        for one in symbols
        if one.path in files and files[one.path].category in _CODE and "tests" not in one.name.split("::")
    ]
    order = {name: at for file in _ranked_files(assessment.files) for at, name in enumerate(file.symbols)}
    spoken = stems_of(assessment.change.pull.title)
    code.sort(
        key=lambda one: (is_private(one.name), -len(spoken & stems_of(one.name)), *_rank(one, files, order))
    )
    outside = [*_of_registries(code), *_of_routes(code), *_of_settings(symbols), *_of_dependencies(symbols)]
    renamed = _renamed(code)
    names = _with_other_names(renamed, code)
    gone, new = {(path, name) for path, name, _ in renamed}, {(path, name) for path, _, name in renamed}
    taken = {old for _, old, _ in renamed}
    # A field that is told with its type and bounds is not told again by its name.
    fields = {one.symbol.rpartition(".")[2] for one in assessment.effects if one.code.startswith("point-")}
    code = [one for one in code if one.kind != "variable" or one.name.rpartition(".")[2] not in fields]
    fields = {one.symbol for one in assessment.effects if one.code == "point-needed"}
    code = [one for one in code if one.name not in fields]
    left = [
        one for one in code if (one.path, _root(one.name)) not in gone | new and _root(one.name) not in taken
    ]
    inside = [*names, *_merged(left), *_added(_new(left)), *_adopted(left, assessment.change.pull.title)]
    clauses = [*outside, *inside]
    if not inside or not outside:
        clauses += _gone_and_moved(left)
    clauses = list(dict.fromkeys(clauses))
    telling = len(clauses)
    if not outside:
        clauses += _edited(code)
    if not clauses:
        clauses = [*_of_tests(symbols, files), *_of_words(code), *_of_files(assessment.files)][:1]
    kept = clauses[:_CLAUSES]
    return ChangeClauses(
        tuple(each.text for each in kept), min(telling, _CLAUSES), tuple(each.code for each in kept)
    )


def _clause(code: str, /, **arguments: Argument) -> _Clause:
    return _Clause(code, text_of(code, **arguments))


def _ranked_files(files: Iterable[FileAssessment]) -> list[FileAssessment]:
    return sorted(files, key=lambda file: (-file.importance, -file.additions - file.deletions, file.path))


def _rank(
    symbol: SymbolAssessment, files: dict[str, FileAssessment], order: dict[str, int]
) -> tuple[int, float, int, str, int]:
    kind = _NAMED.index(symbol.kind) if symbol.kind in _NAMED else len(_NAMED)
    at = order.get(symbol.name, len(order))
    return kind, -files[symbol.path].importance, at, symbol.path, symbol.line


def is_private(name: str) -> bool:
    """Return whether some part of a name begins with an underscore: who reads a report has not heard of it."""
    return any(part.startswith("_") for part in name.split("."))


def _of_registries(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in symbols:
        if one.kind == "registry-row" and one.role:
            rows[one.role[0], one.aspects[0]].append(one.name)
    for (registry, aspect), names in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0])):
        others = {
            name.lower() for name in rows.get((registry, "removed" if aspect == "added" else "added"), ())
        }
        own = [name for name in names if name.lower() not in others]
        if own and aspect in ("added", "removed"):
            code = "clause.registers" if aspect == "added" else "clause.unregisters"
            row = registry_row(registry)
            yield _clause(code, what=row.en, what_zh=row.zh, names=_names(own))


def registry_row(registry: str) -> Text:
    """Return what a row of a registry is called: ``model``, ``tool parser``; one without a name of its own is an entry."""
    code = f"registry.{registry.lower().replace(' ', '-')}"
    return text_of(code) if code in texts(Language.ENGLISH) else text_of("registry.other", registry=registry)


def _of_routes(symbols: Iterable[SymbolAssessment]) -> Iterator[_Clause]:
    for aspect, code in (("added", "clause.adds-endpoint"), ("removed", "clause.removes-endpoint")):
        routes = [
            f"{one.role[0].upper()} {one.role[1]}"
            for one in symbols
            if one.kind == "function" and len(one.role) == 2 and aspect in one.aspects
        ]
        if routes:
            yield _clause(code, names=_names(routes))


def _of_settings(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    for kind, aspect, code in _SETTINGS:
        found = [one for one in symbols if one.kind == kind and aspect in one.aspects]
        if len(found) == 1 and aspect == "added" and (default := _default_of(found[0])):
            told = text_of("notice.with-default", name=found[0].name, default=default)
            yield _clause(code, names=told.en, names_zh=told.zh)
        elif found:
            yield _clause(code, names=_names([one.name for one in found]))
    for one in symbols:
        role = one.role[1:] if one.role[:1] and one.role[0] in _FIELDS else one.role
        if len(role) == 3 and role[0] == "default" and role[1] and role[2]:
            yield _clause("clause.changes-default", name=one.name, before=role[1], after=role[2])


def _default_of(setting: SymbolAssessment) -> str:
    default = setting.role[2] if len(setting.role) == 3 else ""
    return default if default != "None" and len(default) <= _LONGEST_DEFAULT else ""


def _of_dependencies(symbols: Iterable[SymbolAssessment]) -> Iterator[_Clause]:
    moved = {
        one.name: one.role
        for one in symbols
        if one.kind == "dependency" and len(one.role) == 4 and one.aspects[0] in _VERSIONS
    }
    for name, role in list(moved.items())[:_MOST]:
        yield _clause("clause.moves-dependency", name=name, before=role[0], after=role[1])


def _told(symbols: Iterable[SymbolAssessment]) -> list[SymbolAssessment]:
    return [one for one in symbols if one.kind in _NAMED and one.logic and one.name not in _PLAIN]


def _new(symbols: Sequence[SymbolAssessment]) -> list[SymbolAssessment]:
    """Return what is added, without the fields behind new options: these are told by their names already."""
    options = {one.name for one in symbols if one.kind == "cli-flag"}
    # Another signature of a function that was there (an overload) does not make the function new.
    there = {(one.path, one.name) for one in symbols if "added" not in one.aspects}
    return _outermost(
        [
            one
            for one in _told(symbols)
            if "added" in one.aspects
            and option_of(one.name) not in options
            and (one.path, one.name) not in there
        ]
    )


def option_of(name: str) -> str:
    """Return the option that a field would be set by."""
    return f"--{name.rpartition('.')[2].replace('_', '-')}"


def _gone_and_moved(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    told = _told(symbols)
    gone = [one for one in told if "removed" in one.aspects and "moved" not in one.aspects]
    # A name that a module only gave to something is no part of it.
    removed = _outermost(
        [one for one in gone if one.kind != "variable" or "." in one.name or one.name.isupper()]
    )
    if removed:
        yield _clause("clause.removes", names=_names([one.name for one in removed]))
    moved = _outermost([one for one in symbols if one.kind in ("class", "function") and _is_moved(one)])
    if moved:
        yield _clause("clause.moves", names=_names([one.name for one in moved]), path=moved[0].path)


def _edited(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    told = _told(symbols)
    edited = [
        one for one in told if {"body", "signature", "default"} & {*one.aspects} and one.kind != "class"
    ]
    edited = [one for one in edited if "added" not in one.aspects]
    if edited:
        signed = all("signature" in one.aspects for one in edited[:_MOST])
        names = _names([one.name for one in edited])
        yield _clause("clause.signature" if signed else "clause.changes", names=names)


def _is_moved(symbol: SymbolAssessment) -> bool:
    path = (symbol.moved_from or "").rpartition(":")[0]
    return "moved" in symbol.aspects and "removed" not in symbol.aspects and path not in ("", symbol.path)


def _root(name: str) -> str:
    return name.partition(".")[0]


def _renamed(symbols: Sequence[SymbolAssessment]) -> list[tuple[str, str, str]]:
    """Return path, old and new name of classes that went while another one came in the same file with nearly all of the same members."""
    members: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in symbols:
        owner, _, name = one.name.partition(".")
        if name and one.aspects[0] in ("added", "removed"):
            members[one.path, one.aspects[0], owner].add(name)
    classes = {(one.path, one.aspects[0], one.name) for one in symbols if one.kind == "class"}
    found = []
    for path, change, old in sorted(classes):
        had = members[path, change, old] if change == "removed" else set()
        for other, came, new in sorted(classes) if len(had) >= _LEAST_MEMBERS else ():
            has = members[other, came, new] if (other, came) == (path, "added") else set()
            if 2 * len(had & has) >= _SAME_MEMBERS * (len(had) + len(has)) > 0:
                found.append((path, old, new))
    return found


def _with_other_names(
    renamed: Iterable[tuple[str, str, str]], symbols: Sequence[SymbolAssessment]
) -> Iterator[_Clause]:
    """Yield which class is called otherwise now, and where its old name stands for another one."""
    for path, old, named in renamed:
        new = _successor(named, symbols)
        taken = [
            one.path
            for one in symbols
            if one.kind == "class" and one.name == old and one.path != path and "added" in one.aspects
        ]
        if taken:
            yield _clause("clause.renames-reused", old=old, new=new, path=taken[0])
        else:
            yield _clause("clause.becomes", names=_names([old]), count=1, name=new)


def _successor(new: str, symbols: Sequence[SymbolAssessment]) -> str:
    """Return the class that takes the place of one that went: the new one that most others derive from now, where that derives from its namesake."""
    heirs = {
        one.name for one in symbols if one.kind == "class" and "added" in one.aspects and new in _bases(one)
    }
    takers: dict[str, int] = defaultdict(int)
    for one in symbols:
        if one.kind == "class" and "bases" in one.aspects:
            for base in _bases(one):
                takers[base] += 1
    return max(sorted(heirs | {new}), key=lambda name: (takers[name], name == new))


def _merged(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    """Yield what became of classes whose members another class has now: several that become one, or one by a new name."""
    sources: dict[str, dict[str, None]] = {}
    gone = {one.name for one in symbols if one.kind == "class" and "removed" in one.aspects}
    there = {one.name for one in symbols if one.kind == "class" and "removed" not in one.aspects}
    for one in symbols:
        old = (one.moved_from or "").rpartition(":")[2]
        owner, before = (one.name, old) if one.kind == "class" else (_owner(one.name), _owner(old))
        if owner in there and before in gone and owner != before:
            sources.setdefault(owner, {})[before] = None
    for name, gone_names in sources.items():
        if not is_private(name):
            told = list(gone_names)
            yield _clause("clause.becomes", names=_names(told), count=len(told), name=name)


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _adopted(symbols: Sequence[SymbolAssessment], title: str) -> Iterator[_Clause]:
    """Yield the interfaces that classes take up: those that the change introduces, or that its title speaks of."""
    new = {one.name for one in symbols if one.kind == "class" and "added" in one.aspects}
    spoken = re.findall(r"\w+", title.lower())
    takers: dict[str, list[str]] = defaultdict(list)
    for one in symbols:
        if one.kind == "class" and "bases" in one.aspects and "added" not in one.aspects:
            for base in one.role:
                is_named = base.startswith("Supports") and base.removeprefix("Supports").lower() in spoken
                if base in new or is_named:
                    takers[base].append(one.name)
    for base, names in takers.items():
        public = [name for name in names if not is_private(name)]
        if public and base.startswith("Supports"):
            yield _clause("clause.adopts", names=_names(public), count=len(public), base=base)


def _added(added: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    """Yield what is new: interfaces, classes by what they are one of, then everything else."""
    classes = [one for one in added if one.kind == "class"]
    interfaces = [one.name for one in classes if _INTERFACES & {*_bases(one)}]
    if interfaces:
        yield _clause("clause.adds-interface", names=_names(interfaces))
    by_base: dict[str, list[str]] = defaultdict(list)
    rest = []
    for one in added:
        base = next((base for base in _bases(one) if base not in _SHAPES), "") if one.kind == "class" else ""
        if base:
            by_base[base].append(one.name)
        elif one.name not in interfaces and (one.kind != "variable" or "." in one.name):
            # A new constant says nothing; a new field of a class does.
            rest.append(one.name)
    for base, names in sorted(by_base.items(), key=lambda item: -len(item[1]))[:_MOST]:
        yield _clause("clause.adds-one-of", names=_names(names), base=base)
    if rest and not by_base:
        yield _clause("clause.adds", names=_names(rest))


def _bases(symbol: SymbolAssessment) -> list[str]:
    return [base.partition("[")[0].rpartition(".")[2] for base in symbol.role]


def _outermost(symbols: Sequence[SymbolAssessment]) -> list[SymbolAssessment]:
    """Return the symbols that lie in no other of them; variables and private ones only where nothing else is."""
    by_name = {one.name: one for one in symbols}
    outer = [one for name, one in by_name.items() if not any(owner in by_name for owner in _owners(name))]
    told = [one for one in outer if not is_private(one.name)] or outer
    return [one for one in told if one.kind != "variable"] or told


def _owners(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:at]) for at in range(1, len(parts)))


def _of_tests(symbols: Sequence[SymbolAssessment], files: dict[str, FileAssessment]) -> Iterator[_Clause]:
    for aspect, code in (("added", "clause.adds-tests"), ("body", "clause.changes-tests")):
        names = [
            one.name
            for one in symbols
            if one.path in files
            and files[one.path].category == "test"
            and aspect in one.aspects
            and one.name.rpartition(".")[2].startswith(("test_", "Test"))
        ]
        if names:
            yield _clause(code, names=_names(names))
            return


def _of_words(symbols: Sequence[SymbolAssessment]) -> Iterator[_Clause]:
    """Yield where nothing changed but what is logged, said of an error or commented."""
    if symbols and all({*one.aspects} <= _SAID for one in symbols):
        yield _clause("clause.says", names=_names([one.name for one in symbols]))


def _of_files(files: Sequence[FileAssessment]) -> Iterator[_Clause]:
    if files:
        code = "clause.adds" if all(file.status == "added" for file in files) else "clause.changes"
        yield _clause(code, names=_names([file.path for file in _ranked_files(files)]))


def _names(names: Sequence[str]) -> Message | tuple[str, ...]:
    listed = [f"`{name}`" for name in dict.fromkeys(names)]
    rest = len(listed) - _MOST
    return message("list.more", names=tuple(listed[:_MOST]), more=rest) if rest > 0 else tuple(listed)
