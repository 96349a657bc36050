"""Both sides of one Python file -> ``Comparison``: symbols that changed, how, and signals added or removed.

Decided on syntax trees; only what differs is looked into. Never raises on any bytes.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.body_cutting import Body
from diffscope.syntax.compare.aspects import (
    LOGIC,
    compare_aspects,
    compare_signatures,
    leaves_messages_out,
    runs_on_annotations,
)
from diffscope.syntax.compare.edits import compare_edits
from diffscope.syntax.compare.fields import Classes, annotations_count
from diffscope.syntax.compare.line_changes import LineChanges, compare_inner, compare_lines, count_branches
from diffscope.syntax.compare.matching import Pair, group_of, match_units
from diffscope.syntax.compare.ordering import NOT_REORDERED, Reordered, find_reordered
from diffscope.syntax.compare.signal_changes import compare_conditions, compare_signals
from diffscope.syntax.model import (
    Aspect,
    Comparison,
    Definition,
    DefinitionKind,
    Import,
    Outline,
    Problem,
    SymbolChange,
)
from diffscope.syntax.nodes import text_of
from diffscope.syntax.normalize.normalize import canonicalise
from diffscope.syntax.normalize.statements import STRUCTURE
from diffscope.syntax.normalize.units import Side, Unit, aliases_of, outside, read_side, shared_bodies, trim
from diffscope.syntax.outline.outline import remember_outline
from diffscope.syntax.outline.uses import Name
from diffscope.syntax.parsers import find_unreadable, parse_python, prepare_python

if TYPE_CHECKING:
    from tree_sitter import Node


_Identity = tuple[object, ...]


def compare_python(before: bytes | None, after: bytes | None) -> Comparison:
    """Return what changed between two versions of a file. ``None``: the file does not exist on that side.

    Symbols are sorted by line. The module's own statements stand under the name ``<module>``; imports are not among them, they are
    told apart, with their layer and guard. A symbol that only moved inside the file has ``MOVED`` as its one aspect and no logic.
    """
    old_source = prepare_python(before) if before is not None else None
    new_source = prepare_python(after) if after is not None else None
    old, new, pairs = _read(old_source, new_source)
    come, gone = _compare_imports(old.imports, new.imports)
    compare = _Comparing(aliases_of(old), aliases_of(new), imports_changed=bool(come or gone))
    compare.lay_out(pairs, (*come, *gone))
    changes = [compare.pair(pair) for pair in pairs]
    remember_outline(after, new)
    return Comparison(
        symbols=tuple(sorted((change for change in changes if change is not None), key=_order)),
        imports_added=come,
        imports_removed=gone,
        before=old if before is not None else None,
        after=new if after is not None else None,
        problems=_problems(after, new) if after is not None else _problems(before, old),
    )


def _problems(source: bytes | None, outline: Outline) -> tuple[Problem, ...]:
    return (*(find_unreadable(source) if source is not None else ()), *outline.problems)


def _read(before: bytes | None, after: bytes | None) -> tuple[Outline, Outline, list[Pair]]:
    """Read both sides. Bodies that stand on both are parsed only where a change turns out to concern them."""
    if before is None or after is None:
        return _read_sides(before, after, [], [])
    old_bodies, new_bodies = shared_bodies(before, after)
    while True:
        found = _read_sides(before, after, old_bodies, new_bodies)
        old_units, new_units = _unread(found[2])
        if not old_units and not new_units:
            return found
        old_left, new_left = outside(before, old_bodies, old_units), outside(after, new_bodies, new_units)
        if len(old_left) == len(old_bodies) and len(new_left) == len(new_bodies):
            return _read_sides(before, after, [], [])
        old_bodies, new_bodies = old_left, new_left


def _read_sides(
    before: bytes | None, after: bytes | None, old_bodies: list[Body], new_bodies: list[Body]
) -> tuple[Outline, Outline, list[Pair]]:
    old = read_side(before, old_bodies)
    new = read_side(after, new_bodies, old)
    return old.outline, new.outline, match_units(old.units, new.units)


def _unread(pairs: list[Pair]) -> tuple[list[Unit], list[Unit]]:
    """Return the units of both sides that are not wholly parsed and should be: changed ones, and those that may have been renamed."""
    removed = [
        pair.before for pair in pairs if pair.before is not None and (pair.after is None or pair.is_moved)
    ]
    added = [
        pair.after for pair in pairs if pair.after is not None and (pair.before is None or pair.is_moved)
    ]
    groups = {group_of(unit) for unit in removed} & {group_of(unit) for unit in added} - {"variable"}
    changed = [
        pair
        for pair in pairs
        if pair.before is None or pair.after is None or pair.before.text != pair.after.text
    ]
    old = [unit for unit in removed if unit.holds_cut and group_of(unit) in groups]
    new = [unit for unit in added if unit.holds_cut and group_of(unit) in groups]
    old += [pair.before for pair in changed if pair.before is not None and pair.before.is_cut]
    new += [pair.after for pair in changed if pair.after is not None and pair.after.is_cut]
    return old, new


def _order(change: SymbolChange) -> tuple[int, str, str]:
    return change.line, change.name, change.kind.value


def _compare_imports(
    old: tuple[Import, ...], new: tuple[Import, ...]
) -> tuple[tuple[Import, ...], tuple[Import, ...]]:
    """Return the imports that came and those that went."""
    old_keys, new_keys = list(map(_identity, old)), list(map(_identity, new))
    if old_keys == new_keys:
        return (), ()
    return _surplus(new, new_keys, old_keys), _surplus(old, old_keys, new_keys)


def _surplus(
    imports: Iterable[Import], keys: Iterable[_Identity], others: Iterable[_Identity]
) -> tuple[Import, ...]:
    left = Counter(others)
    surplus = []
    for each, key in zip(imports, keys, strict=True):
        if left[key]:
            left[key] -= 1
        else:
            surplus.append(each)
    return tuple(surplus)


def _identity(each: Import) -> _Identity:
    guard = _guard_tokens(each.guard) if each.guard is not None else None
    return each.module, each.name, each.alias, each.level, each.layer.value, guard


@lru_cache(maxsize=1024)
def _guard_tokens(guard: str) -> tuple[str, ...]:
    """Return what a condition says, whatever its form."""
    return tuple(
        token
        for token in canonicalise(parse_python(guard.encode()).root_node.children).tokens
        if token not in STRUCTURE
    )


_SINGLE: Final = lazy_regex(r"""'([^'"\\]*)'""")


def _quoted(annotation: str | None) -> str | None:
    """Return an annotation with one kind of quotes, where nothing within them has any."""
    return annotation and _SINGLE.sub(r'"\1"', annotation)


class _Comparing:
    def __init__(
        self, old_aliases: dict[str, str], new_aliases: dict[str, str], *, imports_changed: bool
    ) -> None:
        self._old_aliases = old_aliases
        self._new_aliases = new_aliases
        self._imports_changed = imports_changed
        self._reordered: Mapping[int, Reordered] = {}
        self._classes: tuple[Classes, Classes] = ({}, {})

    def lay_out(self, pairs: list[Pair], changed_imports: tuple[Import, ...]) -> None:
        """Take in how the units of both sides stand to one another, all of them at once."""
        changed = {Name(each.module, each.name, each.alias, each.level) for each in changed_imports}
        self._reordered = find_reordered(pairs, changed)
        self.read_classes((pair.before for pair in pairs), (pair.after for pair in pairs))

    def read_classes(self, before: Iterable[Unit | None], after: Iterable[Unit | None]) -> None:
        """Take in the classes of both sides: whether an annotation of a field is behaviour depends on the class that it stands in."""
        self._classes = _classes(before), _classes(after)

    def pair(self, pair: Pair) -> SymbolChange | None:
        before, after = pair.before, pair.after
        aspects = self._aspects(pair)
        unit = after or before
        if unit is None or not aspects:
            return None
        logic = bool(LOGIC.intersection(aspects)) or self._runs_on_annotations(before, after)
        return self._change(pair, unit, aspects, logic=logic and not unit.is_typing)

    def _runs_on_annotations(self, before: Unit | None, after: Unit | None) -> bool:
        if before is None or after is None:
            return False
        is_field = annotations_count(before, self._classes[0]) or annotations_count(after, self._classes[1])
        return runs_on_annotations(before, after) or (
            is_field and _quoted(before.definition.annotation) != _quoted(after.definition.annotation)
        )

    def _aspects(self, pair: Pair) -> tuple[Aspect, ...]:
        before, after = pair.before, pair.after
        if before is None or after is None:
            unit = before or after
            if unit is None or (unit.kind is DefinitionKind.MODULE and not unit.stream.tokens):
                return ()
            return (Aspect.ADDED,) if before is None else (Aspect.REMOVED,)
        if before.text != after.text:
            trim(before, after)
        aspects = self._with_order(after, compare_aspects(before, after))
        if aspects == (Aspect.COSMETIC,) and after.kind is DefinitionKind.MODULE and self._imports_changed:
            # What differs in form may well be the imports, which are told apart.
            return ()
        if pair.is_moved:
            return (Aspect.MOVED, *(aspect for aspect in aspects if aspect is not Aspect.COSMETIC))
        return aspects

    def _with_order(self, after: Unit, aspects: tuple[Aspect, ...]) -> tuple[Aspect, ...]:
        """Add what of a class or module stands elsewhere, where it has not changed its own statements as well."""
        order = self._reordered.get(id(after), NOT_REORDERED)
        found = order.aspects
        if not found or (order.by_branch_alone and Aspect.BODY in aspects):
            return aspects
        own = [aspect for aspect in aspects if aspect is not Aspect.COSMETIC]
        return tuple(aspect for aspect in Aspect if aspect in found or aspect in own)

    def _change(self, pair: Pair, unit: Unit, aspects: tuple[Aspect, ...], *, logic: bool) -> SymbolChange:
        before, after = pair.before, pair.after
        old, new = (before.stream, after.stream) if before and after and logic else (None, None)
        if before is None and after is not None:
            new = after.stream
        elif after is None and before is not None:
            old = before.stream
        # What is new as a whole is as long as it is; an edit is what it does.
        is_edit = old is not None and new is not None
        lines = compare_lines(old, new, messages=not (is_edit and leaves_messages_out(unit)))
        order = self._reordered.get(id(after), NOT_REORDERED)
        if order.aspects.intersection(aspects):
            lines = LineChanges(
                tuple(sorted({*lines.added, *order.added})), tuple(sorted({*lines.removed, *order.removed}))
            )
        line, end = unit.definition.line, unit.definition.end
        if unit.kind is DefinitionKind.MODULE:
            touched = (lines.added if after else lines.removed) or (1,)
            line, end = touched[0], touched[-1]
        return SymbolChange(
            name=unit.name,
            kind=unit.kind,
            aspects=aspects,
            logic=logic,
            line=line,
            end=end,
            before=_definition(before),
            after=_definition(after),
            moved_from=before.name if before and after and before.name != after.name else None,
            parameters=compare_signatures(before, after) if before and after else (),
            signals=compare_signals(before, after, self._old_aliases, self._new_aliases) if logic else (),
            added_lines=lines.added,
            removed_lines=lines.removed,
            conditions=compare_conditions(before, after) if logic and before and after else (),
            edits=compare_edits(before, after) if logic and before and after else (),
            branches_added=max(0, count_branches(new) - count_branches(old)),
            inner=compare_inner(before, after, lines) if logic else (),
            summary=_summary_of(unit) if before is None else "",
        )


class Definitions:
    """The definitions of one version of a file, to be compared with those of another file; parsed when one is asked for."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The names that the file's imports bind."""
        return aliases_of(self._side.outline)

    def unit(self, definition: Definition) -> Unit | None:
        """Return the unit of a definition; ``None`` where the file has none of that name on that line."""
        return self._by_place.get((definition.name, definition.line))

    @cached_property
    def _side(self) -> Side:
        return read_side(prepare_python(self._source))

    @property
    def units(self) -> Iterable[Unit]:
        """Every definition of the file."""
        return self._side.units

    @cached_property
    def _by_place(self) -> dict[tuple[str, int], Unit]:
        return {(unit.name, unit.definition.line): unit for unit in self._side.units}


def compare_moved(
    before: Definitions, old: Definition, after: Definitions, new: Definition
) -> SymbolChange | None:
    """Return what changed in a definition on its way from one file to another, lines that went counted in the first one.

    ``None`` where a file does not have its definition.
    """
    was, now = before.unit(old), after.unit(new)
    if was is None or now is None:
        return None
    compare = _Comparing(before.aliases, after.aliases, imports_changed=False)
    pair = Pair(was, now, is_moved=True)
    if now.kind is DefinitionKind.CLASS:
        olds, news = _members(was, before.units), _members(now, after.units)
        compare.lay_out([pair, *(Pair(olds[name], news[name]) for name in olds if name in news)], ())
    compare.read_classes(before.units, after.units)
    return compare.pair(pair)


def _members(owner: Unit, units: Iterable[Unit]) -> dict[str, Unit]:
    """Return what stands in a class, by the name that it has there."""
    start = f"{owner.name}."
    return {unit.name.removeprefix(start): unit for unit in units if unit.name.startswith(start)}


def _classes(units: Iterable[Unit | None]) -> Classes:
    return {unit.name: unit for unit in units if unit is not None and unit.kind is DefinitionKind.CLASS}


def _definition(unit: Unit | None) -> Definition | None:
    return unit.definition if unit is not None and unit.kind is not DefinitionKind.MODULE else None


_LONGEST: Final = 180
"""Characters of a sentence that is quoted; a longer one is cut between words."""
_PLAIN: Final = (b'"', b"'", b"r", b"u")
_FEWEST_WORDS: Final = 4
_SENTENCE_END: Final = lazy_regex(r"(?<![.\s]\w)(?<!e\.g)(?<!i\.e)(?<!vs)[.!?](?=\s|$)")
_MARKUP: Final = lazy_regex(r"[`*]{1,3}|:(?:class|func|meth|mod|attr|data|obj):")
_FIELD: Final = lazy_regex(r"[:@]?\b(?:Args|Arguments|Parameters|Returns|Raises|Example|param|return)s?\b.*:")


def _summary_of(unit: Unit) -> str:
    """Return the first sentence, on one line; nothing where there is none, or where it only says the name again."""
    text = _text(unit)
    paragraph = re.split(r"\n\s*\n", text.strip(), maxsplit=1)[0]
    line = _MARKUP.sub("", " ".join(paragraph.split()))
    if end := _SENTENCE_END.search(line):
        line = line[: end.start()]
    if len(line.split()) < _FEWEST_WORDS or _FIELD.match(line):
        return ""
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return line


_DESCRIBED: Final = lazy_regex(
    r"\b(?:description|help)\s*=\s*\(?\s*((?:[rf]?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*)+)"
)
_STRINGS: Final = lazy_regex(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def _text(unit: Unit) -> str:
    if unit.kind is DefinitionKind.VARIABLE:
        if found := _DESCRIBED.search(text_of(unit.node)):
            # What a field's own call says of it.
            return "".join(map(str, map(ast.literal_eval, _STRINGS.findall(found[1]))))
        node = unit.node.next_named_sibling
    elif unit.kind is DefinitionKind.MODULE or unit.body is None:
        return ""
    else:
        node = next((child for child in unit.body.named_children if child.type != "comment"), None)
    string = _string(node)
    return _content(string) if string is not None else ""


def _string(node: Node | None) -> Node | None:
    if node is None or node.type != "expression_statement" or node.named_child_count != 1:
        return None
    string = node.named_children[0]
    # Neither f"" nor b"" is a docstring.
    is_plain = string.type == "string" and (string.text or b"")[:1].lower() in _PLAIN
    return string if is_plain else None


def _content(string: Node) -> str:
    parts = (child.text or b"" for child in string.named_children if child.type == "string_content")
    return decode(b"".join(parts))
