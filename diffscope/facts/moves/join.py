"""Marks in compared files everything that was only moved: from file to file, out of a function or into one, and renames of local variables."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import NamedTuple

import msgspec

from diffscope.facts.change.changed_file import FileMaterial
from diffscope.facts.change.changed_python import ChangedCondition, ChangedSignal, ChangedSymbol, MovedFrom
from diffscope.facts.moves.symbols import join_symbols
from diffscope.patterns import lazy_regex
from diffscope.source.pairing import pair_equal
from diffscope.source.text import Lines, Region
from diffscope.syntax.compare.matching import HELD, share_contained
from diffscope.syntax.model import Aspect, DefinitionKind, SignalKind


def join_moves(files: Iterable[FileMaterial]) -> tuple[FileMaterial, ...]:
    """Return the files, in their order, with what moved between symbols and files marked, and its unchanged parts left out."""
    return tuple(map(_join_extractions, join_symbols(map(_without_local_renames, files))))


_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_OWN = lazy_regex(r"\b(?:self|cls)\.(?=\w)")
_SHORTEST = 6
"""Code lines below which a function is alike with what went or came by chance."""


class _Link(NamedTuple):
    """A function that came or went as a whole, and the edited one beside it that calls it anew, or no more."""

    whole: int
    """Its place among the symbols of the file."""
    edited: int


def _join_extractions(file: FileMaterial) -> FileMaterial:
    """Return the file with functions marked whose code left a function of the same file that calls them now.

    Such a function has moved; attributes of ``self`` may have become parameters, and what it has beyond the old code is its edit.
    What it does as the old code did is told of neither. The same goes for a function that is gone, and whose code stands where it was
    called; it stays removed.
    """
    symbols = list(file.python.symbols) if file.python is not None else []
    for aspect, what in ((Aspect.ADDED, "added"), (Aspect.REMOVED, "removed")):
        for link in _links(symbols, aspect, what):
            whole, edited = symbols[link.whole], symbols[link.edited]
            if Aspect.MOVED in whole.aspects:
                continue
            joined = _extracted(file, whole, edited) if aspect is Aspect.ADDED else _inlined(whole, edited)
            if joined is not None:
                symbols[link.whole], symbols[link.edited] = joined
    return file.with_symbols(tuple(symbols))


def _links(symbols: list[ChangedSymbol], aspect: Aspect, what: str) -> Iterator[_Link]:
    """Yield each function that came (or went) as a whole with every edited one that calls it anew (or no more)."""
    wholes = {
        _last(change.name): at for at, change in enumerate(symbols) if _is_long_function(change, aspect)
    }
    for at, change in enumerate(symbols) if wholes else ():
        if change.kind in _FUNCTIONS and Aspect.BODY in change.aspects and change.before and change.after:
            called = {
                _last(item.signal.text)
                for item in change.signals
                if item.signal.kind is SignalKind.CALL and item.what == what
            }
            for name in sorted(called & wholes.keys()):
                yield _Link(wholes[name], at)


def _is_long_function(change: ChangedSymbol, aspect: Aspect) -> bool:
    is_whole = change.kind in _FUNCTIONS and aspect in change.aspects and Aspect.MOVED not in change.aspects
    return is_whole and max(change.code_added, change.code_removed) >= _SHORTEST


def _extracted(
    file: FileMaterial, new: ChangedSymbol, source: ChangedSymbol
) -> tuple[ChangedSymbol, ChangedSymbol] | None:
    """Return the new function as one that moved, and its source without what went there; ``None`` where it holds other code."""
    lines, lost = _body_lines(new.added, new.region), _beyond(source.whole_before, source.whole_after)
    if lines is None or share_contained(_bag(lines), lost) < HELD:
        return None
    gone = (_Line(text, 0) for text in lost.elements())
    taken = pair_equal(gone, _numbered(lines), key=lambda line: line.text)
    origin = MovedFrom(name=source.name, path=file.diff.path, region=source.whole_before)
    given, kept = _exchanged(source.signals, new.signals)
    moved = msgspec.structs.replace(
        new,
        aspects=(Aspect.MOVED, Aspect.BODY),
        moved_from=origin,
        before=source.before,
        signals=kept,
        added=lines.kept(frozenset(line.number for line in taken.come)),
        branches_added=0,
    )
    conditions = _not_held(source.conditions, "removed", new.region)
    return moved, msgspec.structs.replace(source, signals=given, conditions=conditions)


def _inlined(gone: ChangedSymbol, target: ChangedSymbol) -> tuple[ChangedSymbol, ChangedSymbol] | None:
    """Return a function that is gone, and the one that took its code without that; ``None`` where that took other code."""
    lines, taken = _body_lines(gone.removed, gone.region), _beyond(target.whole_after, target.whole_before)
    if lines is None or share_contained(_bag(lines), taken) < HELD:
        return None
    given, kept = _exchanged(gone.signals, target.signals)
    conditions = _not_held(target.conditions, "added", gone.region)
    taker = msgspec.structs.replace(target, signals=kept, conditions=conditions)
    return msgspec.structs.replace(gone, signals=given), taker


def _not_held(
    conditions: tuple[ChangedCondition, ...], change: str, place: Region | None
) -> tuple[ChangedCondition, ...]:
    """Return the conditions without those that came or went and stand, word for word, in the function that took or gave the code."""
    held = _OWN.sub("", " ".join(" ".join(place.lines).split())) if place is not None else ""
    return tuple(
        each
        for each in conditions
        if each.condition.change != change or _bare(each.condition.text) not in held
    )


def _exchanged(
    old: tuple[ChangedSignal, ...], new: tuple[ChangedSignal, ...]
) -> tuple[tuple[ChangedSignal, ...], tuple[ChangedSignal, ...]]:
    """Return the signals of who gave code and of who took it without what one lost and the other gained."""
    pairs = pair_equal(
        (item for item in old if item.what == "removed"),
        (item for item in new if item.what == "added"),
        key=lambda item: (item.signal.kind, _bare(item.signal.text), _bare(item.signal.detail)),
    ).pairs
    moved = {id(item) for pair in pairs for item in pair}
    return (
        tuple(item for item in old if id(item) not in moved),
        tuple(item for item in new if id(item) not in moved),
    )


def _beyond(one: Region | None, other: Region | None) -> Counter[str]:
    """Return the lines of a function's body that another version of it does not have."""
    return Counter(_body(one)) - Counter(_body(other))


def _body(function: Region | None) -> Iterator[str]:
    for line in function.lines if function is not None else ():
        text = _bare(line)
        if text and not text.startswith("#"):
            yield text


def _body_lines(lines: Lines | None, function: Region | None) -> Lines | None:
    """Return those of the lines that stand behind the signature of a function; ``None`` for none."""
    if lines is None or function is None:
        return None
    depth = 0
    start = function.end
    for number, text in enumerate(function.lines, function.start):
        depth += sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
        if depth <= 0:
            start = number + 1
            break
    return lines.kept(range(start, function.end + 1)) if start <= function.end else None


class _Line(NamedTuple):
    text: str
    number: int


def _numbered(lines: Lines) -> Iterator[_Line]:
    return (_Line(_bare(line.lines[0]), line.start) for line in lines.regions)


def _bag(lines: Lines) -> Counter[str]:
    return Counter(line.text for line in _numbered(lines))


def _bare(text: str) -> str:
    """Return a line or a call with attributes of ``self`` as plain names."""
    return _OWN.sub("", text.strip())


def _last(name: str) -> str:
    return name.rpartition(".")[2]


_FORM = frozenset({Aspect.BODY, Aspect.MESSAGE, Aspect.ANNOTATION, Aspect.DOCSTRING, Aspect.COSMETIC})
_LONGEST = 400
"""Lines of a function above which nobody renames and does nothing else."""
_BY_NAME = frozenset({"locals", "vars", "eval", "exec", "dir"})
"""What reads local variables by their names: with it a name is more than form."""
_UNREAD = frozenset({"annotation", "returns", "type_comment", "ctx", "kind"})


def _without_local_renames(file: FileMaterial) -> FileMaterial:
    """Return a file where functions that only call their local variables otherwise are cosmetic."""
    symbols = file.python.symbols if file.python is not None else ()
    return file.with_symbols(tuple(_cosmetic(each) if _renames(each) else each for each in symbols))


def is_renaming(before: str, after: str) -> bool:
    """Return whether two functions are one but for the names of local variables, annotations and docstrings."""
    pairs: set[tuple[str, str]] = set()
    try:
        old, new = ast.parse(dedent(before)), ast.parse(dedent(after))
        # Most edits change the form: what is local is asked where the names alone differ.
        return _have_one_form(old, new, pairs) and _is_one_to_one(pairs, _locals(old), _locals(new))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _renames(change: ChangedSymbol) -> bool:
    is_edit = change.logic and change.kind in _FUNCTIONS and Aspect.BODY in change.aspects
    is_form = _FORM.issuperset(change.aspects) and 0 < change.code_added == change.code_removed <= _LONGEST
    old, new = change.whole_before, change.whole_after
    if not is_edit or not is_form or old is None or new is None:
        return False
    return is_renaming("\n".join(old.lines), "\n".join(new.lines))


def _cosmetic(change: ChangedSymbol) -> ChangedSymbol:
    kept = tuple(aspect for aspect in change.aspects if aspect is not Aspect.BODY)
    return msgspec.structs.replace(
        change,
        aspects=kept or (Aspect.COSMETIC,),
        logic=False,
        signals=(),
        added=None,
        removed=None,
        branches_added=0,
    )


def _locals(tree: ast.AST) -> frozenset[str]:
    """Return the names that a function binds for itself, parameters left out; none where they are read by name."""
    bound, fixed = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id in _BY_NAME:
                return frozenset()
            if not isinstance(node.ctx, ast.Load):
                bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            fixed.update(node.names)
        elif isinstance(node, ast.arg):
            fixed.add(node.arg)
    return frozenset(bound - fixed)


def _have_one_form(old: object, new: object, pairs: set[tuple[str, str]]) -> bool:
    """Return whether two trees are one but for their names, and collect which name stands for which."""
    if isinstance(old, ast.Name) and isinstance(new, ast.Name):
        pairs.add((old.id, new.id))
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, ast.AST) and isinstance(new, ast.AST):
        old, new = list(_parts(old)), list(_parts(new))
    if isinstance(old, list) and isinstance(new, list):
        parts = zip(old, new, strict=False)
        return len(old) == len(new) and all(_have_one_form(left, right, pairs) for left, right in parts)
    return old == new


def _is_one_to_one(
    pairs: set[tuple[str, str]], old_locals: frozenset[str], new_locals: frozenset[str]
) -> bool:
    """Return whether local variables stand for local variables, each for one, and all other names for themselves."""
    among = [pair for pair in pairs if pair[0] in old_locals or pair[1] in new_locals]
    return (
        all(old == new for old, new in pairs if old not in old_locals and new not in new_locals)
        and all(old in old_locals and new in new_locals for old, new in among)
        and len({old for old, _ in among}) == len({new for _, new in among}) == len(among)
    )


def _parts(node: ast.AST) -> Iterator[object]:
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield value[1:] if value and ast.get_docstring(node, clean=False) is not None else value
        elif name == "name" and isinstance(node, ast.ExceptHandler):
            yield None if value is None else ast.Name(value, ast.Store())
        elif name not in _UNREAD:
            yield value
