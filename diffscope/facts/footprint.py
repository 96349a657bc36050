"""The footprint of a change: the names, signatures, functions and lines by which triage finds other changes that conflict with it."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from typing import Final

from msgspec.structs import replace

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.definitions import origin_of
from diffscope.facts.base.imports import absolute_module
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.change.files import module_name
from diffscope.facts.model import EditedBody, FileLines, Footprint, NameUse, Signature, UseHow
from diffscope.facts.parsed_text import parse_call, parse_expression
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places, profile
from diffscope.source.text import Lines
from diffscope.syntax.model import (
    Aspect,
    Definition,
    DefinitionKind,
    ImportLayer,
    Outline,
    Signal,
    SignalKind,
)

_MOST_USES: Final = 600
_MOST_LINES: Final = 4000
_MOST_SAID: Final = 20
_MOST_LETTERS: Final = 160
_FEWEST_LETTERS: Final = 8
"""Letters and digits below which a line (`else:`, `return x`) says nothing."""
_FUNCTIONS: Final = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_SELF: Final = frozenset({"self", "cls", "super()"})
_NAME: Final = lazy_regex(
    r"""(?:[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))|#.*|([A-Za-z_]\w{2,})\b(?!=(?!=))"""
)
"""Names that are not those of keyword arguments, which stand before a ``=`` without a blank."""
_READ: Final = lazy_regex(r"\b[A-Za-z_]\w{2,}\b(?!\s*\()")
"""Names that are not called where they stand."""
_SENTENCE: Final = lazy_regex(r"(?s)^.*?[.;:](?=\s|$)|^.+$")
_LETTER: Final = lazy_regex(r"\w")
_ANYWHERE: Final = ("self", "cls", "logger", "torch", "TYPE_CHECKING", "pytest", "Any")
_COMMON: Final = frozenset({*keyword.kwlist, *dir(builtins), *_ANYWHERE})


def collect_footprint(placed: Iterable[Placed], lookup: TreeLookup | None) -> Footprint:
    """Return the footprint of a change; of a change of thousands of uses or lines the first of them."""
    every = tuple(placed)
    compared = [
        (one, one.material.python)
        for one in every
        if one.material.python is not None and module_name(one.fact.path)
    ]
    defined = {each for one, python in compared for each in _defines(one, python)}
    uses = dict.fromkeys(
        use
        for one, python in compared
        for use in _Uses(one, python, lookup).found()
        if f"{use.module}:{use.name}" not in defined
    )
    return Footprint(
        uses=tuple(sorted(uses, key=lambda one: (one.path, one.line, one.module, one.name, one.how)))[
            :_MOST_USES
        ],
        signatures=tuple(each for one, python in compared for each in _signatures(one, python)),
        bodies=tuple(each for one, python in compared for each in _bodies(one, python)),
        lines=tuple(_lines(every)),
        defines=tuple(sorted(defined)),
        says=tuple(
            dict.fromkeys(
                each for listed in zip(*map(_says, every), strict=True) for one in listed for each in one
            )
        )[:_MOST_SAID],
    )


class _Uses:
    """The uses of one file."""

    def __init__(self, placed: Placed, python: ChangedPython, lookup: TreeLookup | None) -> None:
        self._path = placed.fact.path
        self._module = module_name(self._path) or ""
        self._root = self._module.partition(".")[0]
        self._python = python
        self._lookup = lookup
        self._after: Outline | None = python.after
        definitions = python.after.definitions if python.after else ()
        self._classes: dict[str, Definition] = {
            one.name: one for one in definitions if one.kind is DefinitionKind.CLASS
        }
        self._own = {one.name for one in definitions}
        self._lineages: dict[str, list[tuple[str, str, frozenset[str] | None]]] = {}

    def found(self) -> Iterator[NameUse]:
        if self._after is None:
            return
        for item in self._python.imports_added:
            if item.layer is ImportLayer.TYPING:
                continue  # nothing of it runs
            module, name = self._defined(absolute_module(self._path, item), item.name or "")
            if self._is_ours(module) and name != "*":
                yield self._use("import", "", item.line, module, name)
        for change in self._python.symbols:
            if not change.logic or Aspect.REMOVED in change.aspects:
                continue
            yield from self._inherits(change)
            yield from self._of_variable(change)
            for each in change.signals:
                if each.what == "added" and each.region is not None:
                    yield from self._of_signal(change, each.signal, each.region.start)

    def _use(self, how: UseHow, symbol: str, line: int, module: str, name: str) -> NameUse:
        return NameUse(path=self._path, line=line, symbol=symbol, module=module, name=name, how=how)

    def _of_signal(self, change: ChangedSymbol, signal: Signal, line: int) -> Iterator[NameUse]:
        if signal.kind not in (SignalKind.CALL, SignalKind.REFERENCE):
            return
        for module, name in self._targets(signal.text, change.name):
            if signal.kind is SignalKind.CALL:
                positional, keywords, is_open = read_arguments(signal.detail)
                yield replace(
                    self._use("call", change.name, line, module, name),
                    positional=positional, keywords=keywords, is_open=is_open,
                )  # fmt: skip
            else:
                yield self._use("name", change.name, line, module, name)

    def _of_variable(self, change: ChangedSymbol) -> Iterator[NameUse]:
        """Yield what the value and the annotation of a variable newly name; those of a class run when its module is imported."""
        if change.kind is not DefinitionKind.VARIABLE or change.after is None or change.region is None:
            return
        for text in sorted(_named_by(change.after) - _named_by(change.before)):
            for module, name in self._targets(text, change.name):
                yield self._use("name", change.name, change.region.start, module, name)

    def _targets(self, text: str, caller: str) -> tuple[tuple[str, str], ...]:
        """Return where what is written may be defined: by an import, in the file itself, or in the class of ``self`` and those above it."""
        head, _, rest = text.partition(".")
        if head in _SELF or text.startswith("super()"):
            member = text.partition("super().")[2] if head.startswith("super") else rest
            return self._members(caller.partition(".")[0], member) if member and "." not in member else ()
        top = text.partition(".")[0]
        if text in self._own or top in self._classes:
            return ((self._module, text),)
        if not text.replace(".", "").isidentifier():
            return ()  # called on what another call returns
        module, name = self._origin(text)
        return (self._defined(module, name),) if module and self._is_ours(module) else ()

    def _origin(self, written: str) -> tuple[str, str]:
        """Return the module and the qualified name there of what is written; empty where the file does not import it."""
        head, _, rest = written.partition(".")
        for item in self._after.imports if self._after else ():
            if item.name and (item.alias or item.name) == head:
                return absolute_module(self._path, item), f"{item.name}.{rest}" if rest else item.name
        return origin_of(self._path, written, self._after.imports if self._after else ())

    def _defined(self, module: str, name: str) -> tuple[str, str]:
        """Return where a name is defined that may only be handed on there; itself where the tree does not tell."""
        return self._lookup.defined(module, name) if self._lookup and name else (module, name)

    def _members(self, owner: str, member: str) -> tuple[tuple[str, str], ...]:
        if owner not in self._classes:
            return ()
        if f"{owner}.{member}" in self._own:
            return ((self._module, f"{owner}.{member}"),)
        return tuple(
            (module, f"{name}.{member}")
            for module, name, members in self._above(owner)
            if members is None or member in members
        )[:1]

    def _above(self, owner: str) -> list[tuple[str, str, frozenset[str] | None]]:
        """Return the classes above one of this file, nearest first: module, name and members (``None`` where they are not known)."""
        if owner not in self._lineages:
            self._lineages[owner] = []
            self._lineages[owner] = list(self._read_above(owner))
        return self._lineages[owner]

    def _read_above(self, owner: str) -> Iterator[tuple[str, str, frozenset[str] | None]]:
        for written in self._classes[owner].bases if owner in self._classes else ():
            base = written.partition("[")[0].strip()
            if base in self._classes and base != owner:
                yield self._module, base, self._own_members(base)
                yield from self._above(base)
                continue
            module, name = self._defined(
                *origin_of(self._path, base, self._after.imports if self._after else ())
            )
            if not module or not name or not self._is_ours(module):
                continue
            lineage = self._lookup.lineage(module, name) if self._lookup else ()
            if not lineage:
                yield module, name, None
            for path, each in lineage:
                members = self._lookup.class_at(path, each)[0] if self._lookup else frozenset()
                yield module_name(path) or "", each, members

    def _own_members(self, owner: str) -> frozenset[str]:
        prefix = f"{owner}."
        return frozenset(name.removeprefix(prefix) for name in self._own if name.startswith(prefix))

    def _inherits(self, change: ChangedSymbol) -> Iterator[NameUse]:
        """Yield the bases of a class that is new or gets others, and what a new method overrides."""
        line = change.region.start if change.region else 0
        owner, _, member = change.name.rpartition(".")
        if change.kind is DefinitionKind.CLASS and ({Aspect.ADDED, Aspect.BASES} & set(change.aspects)):
            members = tuple(sorted(self._own_members(change.name)))
            for module, name, _ in self._above(change.name):
                yield replace(self._use("base", change.name, line, module, name), members=members)
        is_dunder = member.startswith("__") and member.endswith("__")
        if Aspect.ADDED in change.aspects and owner in self._classes and change.after and not is_dunder:
            own = "\n".join(change.region.lines) if change.region else ""
            for module, name, known in self._above(owner):
                if known is not None and member in known:
                    use = self._use("override", change.name, line, module, f"{name}.{member}")
                    yield replace(
                        use,
                        parameters=_parameters(change.after),
                        goes_on="super()" in own or f"{name}.{member}(" in own,
                    )

    def _is_ours(self, module: str) -> bool:
        return module.partition(".")[0] in {*places().own, self._root}


def _named_by(definition: Definition | None) -> frozenset[str]:
    """Return the names, dotted as written, in the value and the annotation of a variable."""
    texts = (definition.value, definition.annotation) if definition is not None else ()
    trees = [tree for text in texts if text and (tree := parse_expression(text)) is not None]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    return frozenset(
        ast.unparse(node)
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner
    )


def read_arguments(text: str) -> tuple[int, tuple[str, ...], bool]:
    """Return the number of arguments by place, the names of those by name, and whether more may come."""
    call = parse_call(text)
    if call is None:
        return 0, (), True
    keywords = tuple(each.arg for each in call.keywords if each.arg is not None)
    is_open = len(keywords) < len(call.keywords) or any(isinstance(each, ast.Starred) for each in call.args)
    return len(call.args), keywords, is_open


def _parameters(definition: Definition) -> tuple[str, ...]:
    return tuple(
        f"{one.kind.value} {one.name}{'=' if one.default is not None else ''}"
        for one in definition.parameters
    )


def _signatures(placed: Placed, python: ChangedPython) -> Iterator[Signature]:
    for change in python.symbols:
        if change.kind not in _FUNCTIONS or not change.before or not change.after or not change.region:
            continue
        before, after = _parameters(change.before), _parameters(change.after)
        if before != after:
            yield Signature(
                path=placed.fact.path, line=change.region.start, module=module_name(placed.fact.path) or "",
                symbol=change.name, before=before, after=after,
                is_static="staticmethod" in change.after.decorators or change.kind is DefinitionKind.FUNCTION,
            )  # fmt: skip


def _bodies(placed: Placed, python: ChangedPython) -> Iterator[EditedBody]:
    for change in python.symbols:
        is_edit = change.logic and change.kind in _FUNCTIONS and change.before and change.after
        if not is_edit or change.region is None:
            continue
        names = _names(change.added) | _names(change.removed)
        before = _names_in(change.whole_before.lines) if change.whole_before else frozenset()
        after = _names_in(change.whole_after.lines) if change.whole_after else frozenset()
        edited = [
            each.text.line(number)
            for each in (change.added, change.removed)
            if each
            for number in each.numbers
        ]
        bare = (line for line in edited if not line.lstrip().startswith(("import ", "from ")))
        read = frozenset(name for line in bare for name in _READ.findall(line))
        gone, new = names & before - after, names & after - before
        yield EditedBody(
            path=placed.fact.path, line=change.region.start, module=module_name(placed.fact.path) or "",
            symbol=change.name, names=tuple(sorted(names)),
            removed=tuple(sorted(gone)), added=tuple(sorted(new)), called=tuple(sorted((gone | new) - read)),
        )  # fmt: skip


def _names(lines: Lines | None) -> frozenset[str]:
    return frozenset() if lines is None else _names_in(lines.text.line(number) for number in lines.numbers)


def _names_in(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(match[1] for line in lines for match in _NAME.finditer(line) if match[1]).difference(
        _COMMON, profile().code.everywhere
    )


def _defines(placed: Placed, python: ChangedPython) -> Iterator[str]:
    module = module_name(placed.fact.path)
    for change in python.symbols:
        if Aspect.ADDED in change.aspects and change.kind is not DefinitionKind.MODULE:
            yield f"{module}:{change.name}"


def _says(placed: Placed) -> tuple[list[str], list[str], list[str]]:
    """Return the first sentences of docstrings of new tests, of new comments of the product, and the names of those tests."""
    if placed.fact.category == "test":
        new = [
            one
            for one in placed.symbols
            if Aspect.ADDED in one.aspects
            and (one.kind is DefinitionKind.MODULE or one.name.rpartition(".")[2].startswith("test"))
        ]
        called = [one.name.rpartition(".")[2] for one in new if one.kind in _FUNCTIONS]
        return [one.summary[:_MOST_LETTERS] for one in new if one.summary], [], called
    comments = list[str]()
    for hunk in placed.material.diff.hunks if placed.fact.category == "source" else ():
        last = -1
        for line in hunk.added:
            bare = line.text.strip()
            if bare.startswith("# ") and line.number == last + 1 and comments:
                comments[-1] += bare[1:]
            elif bare.startswith("# ") and "SPDX" not in bare:
                comments.append(bare[2:])
            last = line.number if bare.startswith("# ") else -1
    said = [match[0] for each in comments if (match := _SENTENCE.search(each))]
    return [], [each[:_MOST_LETTERS] for each in said if " " in each.strip()], []


def _lines(placed: Iterable[Placed]) -> Iterator[FileLines]:
    left = _MOST_LINES
    for one in placed:
        hunks = one.material.diff.hunks
        # What stood, or stands, elsewhere in the file is its own way to write, or only moved.
        before, after = one.material.before, one.material.after
        old = before.lines if before is not None else [line.text for hunk in hunks for line in hunk.removed]
        new = after.lines if after is not None else [line.text for hunk in hunks for line in hunk.added]
        kept = (
            _numbers((line.text for hunk in hunks for line in hunk.added), {*map(str.strip, old)})[:left],
            _numbers((line.text for hunk in hunks for line in hunk.removed), {*map(str.strip, new)})[:left],
        )
        left -= max(map(len, kept))
        if any(kept):
            yield FileLines(path=one.fact.path, added=tuple(kept[0]), removed=tuple(kept[1]))
        if left <= 0:
            return


def _numbers(lines: Iterable[str], known: Collection[str]) -> list[int]:
    """Return the numbers of the lines that are not ``known``, sorted, each once."""
    return sorted({number for line in lines if line.strip() not in known and (number := line_number(line))})


def line_number(text: str) -> int:
    """Return the number of a line, the same for the same text whatever the blanks around it; 0 where it says too little."""
    bare = text.strip()
    if len(_LETTER.findall(bare)) < _FEWEST_LETTERS or bare.startswith("#"):
        return 0
    return int.from_bytes(blake2b(bare.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")
