"""Kernels written in Python: which functions are device code, who launches them, and changes in both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.imports import absolute_module
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import NativeFact, SymbolFact
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.text import Lines, Region, SourceText
from diffscope.syntax.model import Aspect, Definition, DefinitionKind, NativeSignal, NativeSignalKind, Outline
from diffscope.syntax.python_kernels import KernelText, KernelWords, read_kernel_text
from diffscope.taxonomy.calls import KernelTable

_FUNCTIONS: Final = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_DECORATOR: Final = lazy_regex(r"^[ \t]+@\s*([\w.]+)", re.MULTILINE)
_CALLED: Final = lazy_regex(r"(?<![\w.])(?:(?:self|cls)\.)?([A-Za-z_]\w*)\s*(?:\[[^\]\n]*\])?\(")
_WRAPPED: Final = lazy_regex(r"(?<![\w.])([A-Za-z_][\w.]*)\(\s*([A-Za-z_]\w*)\s*[,)]")
_PARTIAL: Final = lazy_regex(r"^(?:functools\.)?partial\(\s*([\w.]+)")
_HEAD: Final = (Aspect.SIGNATURE, Aspect.DEFAULT, Aspect.ANNOTATION)
_ON_HOST: Final = frozenset(
    {NativeSignalKind.LAUNCH, NativeSignalKind.TUNING, NativeSignalKind.SYMMETRIC_MEMORY}
)
"""What is looked at in a function that the host runs."""


class DeviceFunction(NamedTuple):
    """What a function of a Python file is on a device."""

    language: str
    role: str
    """``kernel`` (the host launches it) or ``device`` (what runs on the device calls it)."""


class KernelFile:
    """One side of a Python file that may hold code for a device."""

    def __init__(self, text: SourceText, outline: Outline, table: KernelTable) -> None:
        self._text = text
        self._outline = outline
        self._table = table

    @cached_property
    def functions(self) -> Mapping[str, DeviceFunction]:
        """The functions that are code for a device, by qualified name."""
        found = {name: each for name, each in self._declared() if each is not None}
        called = self._called_from(found)
        return {
            name: each._replace(role="device") if name in called and each.language in _BY_CALLER else each
            for name, each in self._with_callees(found).items()
        }

    @cached_property
    def kernels(self) -> frozenset[str]:
        """The last names of the functions, and of what the file imports by the name of a kernel."""
        return frozenset(name.rpartition(".")[2] for name in self.functions)

    def read(self, definition: Definition) -> KernelText:
        """Return what stands in a definition of this very file."""
        table = self._table
        words = KernelWords(self._roles_of_call, table.is_tuning, table.is_size, table.is_mask)
        source = "\n".join(self._slice(definition)).encode("utf-8", "surrogatepass")
        return read_kernel_text(source, definition.start, words, kernels=self.kernels)

    def _roles_of_call(self, callee: str) -> tuple[str, ...]:
        """Return what a call does, by its callee as it is written and as its head is imported."""
        names = dict.fromkeys((callee, self._resolved(callee)))
        return tuple(dict.fromkeys(role for name in names for role in self._table.roles_of_call(name)))

    def uses(self, name: str) -> bool:
        """Return whether code for a device, or a launch, names a variable of the module."""
        word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
        for each in self._outline.definitions:
            if each.kind in _FUNCTIONS and word.search("\n".join(self._slice(each))):
                launches = () if each.name in self.functions else self.read(each).launch_lines
                texts = (self._text.lines[line - 1] for line in launches if line <= len(self._text.lines))
                if each.name in self.functions or any(map(word.search, texts)):
                    return True
        return False

    def _declared(self) -> Iterator[tuple[str, DeviceFunction | None]]:
        """Yield each function with what its decorators, those of a function in it, or a call around it make of it."""
        wrapped = self._wrapped()
        for each in self._outline.definitions:
            if each.kind not in _FUNCTIONS:
                continue
            names = [text.partition("(")[0].strip() for text in each.decorators]
            body = "\n".join(self._slice(each)[1:])
            names += _DECORATOR.findall(body) if "@" in body else []
            roles = (self._table.role_of(self._resolved(name)) for name in names)
            found = next((role for role in roles if role is not None), None) or wrapped.get(each.name)
            yield each.name, DeviceFunction(*found) if found else None

    def _wrapped(self) -> dict[str, tuple[str, str]]:
        """Return the functions that a call of the module makes code for a device: ``kernel = triton.jit(function)``."""
        values = (
            each.value or "" for each in self._outline.definitions if each.kind is DefinitionKind.VARIABLE
        )
        return {
            name: role
            for value in values
            for callee, name in _WRAPPED.findall(value)
            if (role := self._table.role_of(self._resolved(callee))) is not None
        }

    def _with_callees(self, found: Mapping[str, DeviceFunction]) -> dict[str, DeviceFunction]:
        """Add what these functions call in the same file, directly or through others: the compiler follows such a call."""
        reached = dict(found)
        pending = sorted(found)
        while pending:
            caller = pending.pop()
            for name in self._callees(caller):
                if name not in reached:
                    reached[name] = DeviceFunction(reached[caller].language, "device")
                    pending.append(name)
        return reached

    def _called_from(self, found: Mapping[str, DeviceFunction]) -> set[str]:
        return {name for caller in found for name in self._callees(caller) if name != caller}

    @cached_property
    def _definitions(self) -> Mapping[str, Definition]:
        return {each.name: each for each in self._outline.definitions if each.kind in _FUNCTIONS}

    def _callees(self, name: str) -> list[str]:
        """Return the functions of the file that one of them calls, by name; nothing of what is no function of it."""
        caller = self._definitions.get(name)
        if caller is None:
            return []
        called = set(_CALLED.findall("\n".join(self._slice(caller)[caller.line - caller.start + 1 :])))
        parts = ((each, *each.rpartition(".")[::2]) for each in self._definitions)
        owners = ("", name.rpartition(".")[0])
        return sorted(each for each, owner, last in parts if last in called and owner in owners)

    def _resolved(self, name: str) -> str:
        """Return a dotted name with its head as the file imports or assigns it."""
        return _with_head(name, self._aliases)

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        assigned = {
            each.name: _PARTIAL.sub(r"\1(", each.value).partition("(")[0].strip()
            for each in self._outline.definitions
            if each.kind is DefinitionKind.VARIABLE and each.value and "." not in each.name
        }
        imported = {
            each.alias or each.name or each.module.partition(".")[0]: _imported(
                each.module, each.name, each.alias
            )
            for each in self._outline.imports
        }
        resolved = {
            name: _with_head(value, imported)
            for name, value in assigned.items()
            if re.fullmatch(r"[\w.]+", value)
        }
        return {**resolved, **imported}

    def _slice(self, definition: Definition) -> tuple[str, ...]:
        return self._text.lines[definition.start - 1 : definition.end]


_BY_CALLER: Final = frozenset({"triton", "gluon"})
"""Languages in which one decorator stands on what the host launches and on what a kernel calls."""


def _with_head(name: str, meanings: Mapping[str, str]) -> str:
    head, dot, rest = name.partition(".")
    return f"{meanings.get(head, head)}{dot}{rest}"


def _imported(module: str, name: str | None, alias: str | None) -> str:
    if name is not None:
        return f"{module}.{name}" if module else name
    return module if alias else module.partition(".")[0]


def collect_python_kernels(
    placed: Iterable[Placed], table: KernelTable, lookup: TreeLookup | None
) -> tuple[NativeFact, ...]:
    """Return a fact for each changed function that is code for a device, and for each that launches or tunes such code otherwise."""
    placed = tuple(placed)
    sides = _Sides(table)
    left = _left(placed)
    tests = _Tests(placed, lookup)
    facts = [
        fact
        for one in placed
        if (comparison := source_comparison(one)) is not None and holds_kernels(one, table)
        for change in comparison.symbols
        if (one.fact.path, change.name) not in left or Aspect.REMOVED not in change.aspects
        if (fact := _fact(one, change, sides, tests)) is not None
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.symbol or "", fact.change)))


def holds_kernels(placed: Placed, table: KernelTable) -> bool:
    """Return whether a side of a Python file names a package in whose language code for a device is written."""
    material = placed.material
    return material.diff.path.endswith(".py") and any(
        side is not None and table.may_hold(side.data) for side in (material.before, material.after)
    )


def with_kernels(symbols: Iterable[SymbolFact], natives: Iterable[NativeFact]) -> tuple[SymbolFact, ...]:
    """Return the symbols, those that are code for a device marked."""
    device = {(fact.path, fact.symbol) for fact in natives if fact.kernel_role != "host"}
    return tuple(
        msgspec.structs.replace(fact, is_kernel=True) if (fact.path, fact.symbol) in device else fact
        for fact in symbols
    )


class _Read(NamedTuple):
    """One side of a symbol."""

    device: DeviceFunction | None
    text: KernelText
    is_used: bool = False
    """Of a variable: code for a device, or a launch, names it."""


class _Sides:
    """The sides of the files, each read once."""

    def __init__(self, table: KernelTable) -> None:
        self._table = table
        self._files: dict[int, tuple[SourceText, KernelFile]] = {}

    def read(
        self, text: SourceText | None, outline: Outline | None, definition: Definition | None
    ) -> _Read | None:
        """Return one side of a symbol; ``None`` where it is not there, or was not read."""
        if text is None or outline is None or definition is None:
            return None
        # The text is kept with what was made of it, so that no other one can take its place in memory.
        _, file = self._files.setdefault(id(text), (text, KernelFile(text, outline, self._table)))
        is_used = definition.kind is DefinitionKind.VARIABLE and file.uses(definition.name)
        return _Read(file.functions.get(definition.name), file.read(definition), is_used)


class _Tests:
    """The tests of the base that import a file; those of a new file import what the change makes import it."""

    def __init__(self, placed: tuple[Placed, ...], lookup: TreeLookup | None) -> None:
        self._placed = placed
        self._lookup = lookup
        self._found: dict[str, tuple[str, ...]] = {}

    def of(self, placed: Placed) -> tuple[str, ...] | UnsetType:
        """Return their paths, sorted; unknown without a graph."""
        if self._lookup is None:
            return UNSET
        path = placed.fact.path
        if path not in self._found:
            importers = self._importers(placed) if placed.fact.status == "added" else ()
            tests = {test for each in (path, *importers) for test in self._lookup.importing_tests(each)}
            self._found[path] = tuple(sorted(tests))
        return self._found[path]

    def _importers(self, placed: Placed) -> Iterator[str]:
        for one in self._placed:
            found = source_comparison(one)
            if found is None or one.fact.status == "added":
                continue
            modules = ((absolute_module(one.fact.path, each), each.name) for each in found.imports_added)
            if any(placed.fact.module in (module, f"{module}.{name}") for module, name in modules):
                yield one.fact.path


def _left(placed: tuple[Placed, ...]) -> frozenset[tuple[str, str]]:
    """Return path and name of what left a file for another one of the change."""
    return frozenset(
        (change.moved_from.path, change.moved_from.name)
        for one in placed
        for change in one.symbols
        if change.moved_from is not None and change.moved_from.path is not None
    )


def _fact(placed: Placed, change: ChangedSymbol, sides: _Sides, known: _Tests) -> NativeFact | None:
    if change.kind not in (*_FUNCTIONS, DefinitionKind.VARIABLE):
        return None
    old = sides.read(change.old_text, _outline_of(placed, change.old_text), change.before)
    new = sides.read(change.new_text, _outline_of(placed, change.new_text), change.after)
    device = (new and new.device) or (old and old.device)
    kinds = _signal_kinds(old, new)
    word = _of_device(change, old, new, kinds) if device else _of_host(old, new, kinds)
    if word is None:
        return None
    tests = known.of(placed)
    added, removed = change.added, change.removed
    if not device and new is not None and old is not None and change.kind is not DefinitionKind.VARIABLE:
        added, removed = _within(added, new.text), _within(removed, old.text)
    shown = kinds if device else kinds & _ON_HOST
    return NativeFact(
        **placed.spot(_place(change, added), symbol=change.name),
        change=word,
        language=device.language if device else "python",
        kernel_role=device.role if device else "host",
        is_kernel=bool(device and device.role == "kernel"),
        signals=tuple(sorted(kind.value for kind in shown)),
        tests=tests,
        tests_today=() if word == "added" or isinstance(tests, UnsetType) else tests,
        code_added=added.count if added is not None else 0,
        code_removed=removed.count if removed is not None else 0,
    )


def _outline_of(placed: Placed, text: SourceText | None) -> Outline | None:
    for one in (placed, *placed.origins):
        python = one.material.python
        if python is not None and text is not None:
            if text is one.material.before:
                return python.before
            if text is one.material.after:
                return python.after
    return None


def _place(change: ChangedSymbol, added: Lines | None) -> Region | None:
    """Return the first changed line of a function that was there before; of any other one the line of its name."""
    if change.before is None or change.after is None or added is None:
        return change.region
    return next(added.regions, change.region)


def _within(lines: Lines | None, text: KernelText) -> Lines | None:
    return lines.kept(text.launch_lines) if lines is not None else None


def _signal_kinds(old: _Read | None, new: _Read | None) -> frozenset[NativeSignalKind]:
    """Return the kinds of what one side has and the other has not."""
    paired = pair_equal(old.text.signals if old else (), new.text.signals if new else (), key=_identity)
    return frozenset(signal.kind for signal in (*paired.gone, *paired.come))


def _identity(signal: NativeSignal) -> tuple[str, str]:
    return signal.kind.value, "".join(signal.text.split())


def _of_device(
    change: ChangedSymbol, old: _Read | None, new: _Read | None, kinds: frozenset[NativeSignalKind]
) -> str | None:
    if Aspect.ADDED in change.aspects:
        return "added"
    if Aspect.REMOVED in change.aspects:
        return "removed"
    if old is None or new is None:
        return None
    if _is_equal(old, new):
        if NativeSignalKind.TUNING in kinds:
            return "tuning"
        return "moved" if Aspect.MOVED in change.aspects else None
    return "signature" if any(aspect in change.aspects for aspect in _HEAD) else "body"


def _is_equal(old: _Read, new: _Read) -> bool:
    """Return whether both sides compute the same; what does not parse is compared as it is, too."""
    return old.text.is_read and new.text.is_read and old.text.tokens == new.text.tokens


def _of_host(old: _Read | None, new: _Read | None, kinds: frozenset[NativeSignalKind]) -> str | None:
    if old is None or new is None:
        return None
    if old.is_used and new.is_used:
        return "body" if old.text.tokens != new.text.tokens else "tuning"
    if NativeSignalKind.LAUNCH in kinds and old.text.launch_lines | new.text.launch_lines:
        return "body"
    return "tuning" if NativeSignalKind.TUNING in kinds else None
