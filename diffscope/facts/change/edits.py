"""Statements of edited product code that came, went or changed, with what else of the file is like them or uses what they set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from diffscope.diff.model import Line
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedStatement, ChangedSymbol
from diffscope.facts.model import Edit
from diffscope.patterns import lazy_regex
from diffscope.source.text import split_lines
from diffscope.syntax.nodes import around_difference, clip

_MOST: Final = 200
_PLACES: Final = 3
_SHORTEST: Final = 8
"""Characters from which an expression is the same wherever it stands in a file."""
_PRODUCT: Final = frozenset({"source", "native"})
_MOST_LINES: Final = 6
_LONGEST_LINE: Final = 110
_LONGEST_CALL: Final = 600
_REFUSAL_LINES: Final = 4
_REFUSES: Final = lazy_regex(r"\b(?:bail!|ensure!|return Err\(|(?:STD_)?TORCH_CHECK\(|throw )")
_UP_TO_END: Final = lazy_regex(r'(?:"(?:[^"\\]|\\.)*"|[^";])*')
_ASKS: Final = lazy_regex(r"\s*(?:\}? ?else )?if \(?(.+?)\)? \{\s*$")
_QUOTED: Final = lazy_regex(r'"(?:[^"\\]|\\.)+"')
_DECLARES: Final = lazy_regex(r"\s*(?:(?:pub )?\??\w+(?:: [\w<>:&' ]+)?,?|[})](?! else).*)\s*")
"""A field or an argument of a name alone, as Rust lists them, or what begins with the end of something."""
_ATTRIBUTE: Final = lazy_regex(r"\b(?:self|cls)\.(\w+)")
_TELLING: Final = lazy_regex(r"[(\[<>+*/%-]|[=!]=|\b(?:and|or|not|in|is)\b")
"""A name alone says nothing: it is read everywhere."""

_WEIGHTS: Final = {
    "condition": 3.0, "raise": 3.0, "except": 2.6, "argument": 2.4, "call": 2.2, "return": 2.6, "element": 2.0, "value": 1.8,
    "docs": 0.4, "infra": 1.2, "build": 1.4, "loop": 1.8, "assert": 1.6, "with": 1.8, "case": 1.2, "statement": 1.0, "function": 0.6,
}  # fmt: skip
_TRUTH: Final = lazy_regex(r"^[\w.]+ is (?:not )?None$")
_HANDED: Final = lazy_regex(r"(?:(\w+)\s*=\s*)?(?:\w+\.)*([A-Za-z_]\w*)")
_PATH: Final = lazy_regex(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")


def statement_weight(edit: Edit, new_names: Collection[str] = ()) -> float:
    """Return how much an edited statement decides, from about 0 to 3. ``new_names`` are parameters that the change adds."""
    return (
        _WEIGHTS.get(edit.what, 1.0)
        - (1.5 if only_hands_on(edit, new_names) else 0)
        - (0.5 if edit.what == "condition" and _TRUTH.match(edit.after) else 0)
        - (0.6 if edit.change == "removed" else 0)
        - (0.5 if edit.symbol.endswith("__init__") else 0)
    )


def only_hands_on(edit: Edit, new_names: Collection[str] = ()) -> bool:
    """Return whether a statement hands on or keeps a parameter that is new, or takes the same value from another place."""
    if edit.before and edit.after:
        return _PATH.sub("", edit.before) == _PATH.sub("", edit.after)
    if edit.what not in ("argument", "value"):
        return False
    if edit.change == "removed":
        # A local name for what is read at its place now.
        return (
            edit.what == "value" and edit.target.isidentifier() and _HANDED.fullmatch(edit.before) is not None
        )
    handed = _HANDED.fullmatch(edit.after)
    if handed is None:
        return False
    is_kept = edit.what == "value" and edit.target.rpartition(".")[2] == handed[2]
    return is_kept or bool({handed[1], handed[2]}.intersection(new_names))


def without_renamed(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits of a function without statements that went and came again with the same values from other places."""
    listed = list(edits)
    went = Counter((one.what, _PATH.sub("", one.before)) for one in listed if one.change == "removed")
    came = Counter((one.what, _PATH.sub("", one.after)) for one in listed if one.change == "added")
    both = went & came
    return [one for one in listed if (one.what, _PATH.sub("", one.before or one.after)) not in both]


def collect_edits(placed: Iterable[Placed]) -> tuple[Edit, ...]:
    """Return the edits of a change, by path and line; beyond two hundred the rest is left out.

    Of product code, and only where it has none, of tests and files of other sorts. Of files other than Python those where a few lines became
    others, came or went: their statements are not laid side by side.
    """
    placed = tuple(placed)
    symbols = [
        (one, change) for one in placed if one.material.python for change in one.material.python.symbols
    ]
    found: list[Edit] = []
    for is_product in (True, False):
        part = [one for one in placed if (one.fact.category in _PRODUCT) is is_product]
        found += [
            edit
            for one, change in symbols
            if one in part and change.logic
            for edit in _of_symbol(one, change)
        ]
        found += [edit for one in part if one.material.python is None for edit in _of_lines(one)]
        if found:
            break
    return tuple(sorted(found, key=lambda edit: (edit.path, edit.line, edit.symbol, edit.after))[:_MOST])


def _of_symbol(placed: Placed, change: ChangedSymbol) -> Iterator[Edit]:
    around = _Around(placed, change)
    for each in change.edits:
        spot, edit = placed.spot(each.region), each.edit
        yield Edit(
            path=spot["path"],
            line=spot["line"],
            side=spot["side"],
            symbol=change.name,
            what=edit.what,
            change=edit.change,
            before=edit.before,
            after=edit.after,
            target=edit.target,
            callee=edit.callee,
            keyword=edit.keyword,
            guard=edit.guard,
            held=edit.held,
            stood=edit.stood,
            left=around.left(each),
            uses=around.uses(each),
        )


def _of_lines(placed: Placed) -> Iterator[Edit]:
    is_product = placed.fact.category in _PRODUCT
    for hunk in placed.material.diff.hunks:
        if is_product and (refusals := list(_refusals(placed, hunk.added))):
            yield from refusals
            continue
        gone, come = (
            [
                line
                for line in lines
                if _is_code(line.text) and not (is_product and _DECLARES.fullmatch(line.text))
            ]
            for lines in (hunk.removed, hunk.added)
        )
        if not (gone or come) or (is_product and max(len(gone), len(come)) > _MOST_LINES):
            continue
        line = (come or gone)[0]
        name = _function_at(placed, line.number, is_new=bool(come)) if is_product else ""
        if name or not is_product:
            before, after = around_difference(_joined(gone), _joined(come), _LONGEST_LINE)
            if before == after:
                # A line feed at the end of the file, or one after a semicolon.
                continue
            yield Edit(
                path=placed.fact.path,
                line=line.number,
                side="new" if come else "old",
                symbol=name,
                what="statement" if is_product else _sort_of(placed),
                change="changed" if gone and come else "added" if come else "removed",
                before=clip(before, _LONGEST_LINE),
                after=clip(after, _LONGEST_LINE),
            )


def _refusals(placed: Placed, lines: Sequence[Line]) -> Iterator[Edit]:
    """Yield the errors that edited functions of Rust or C++ give back newly, each with the condition right before it."""
    for at, line in enumerate(lines):
        found = _REFUSES.search(line.text)
        name = _function_at(placed, line.number, is_new=True) if found else ""
        if found is None or not name:
            continue
        # What is asked and what is said may go on for some lines.
        _, start, rest = " ".join(one.text.strip() for one in lines[at : at + _REFUSAL_LINES]).partition(
            found[0]
        )
        text = start + (_UP_TO_END.match(rest) or [rest])[0]
        asked = [
            one for before in lines[max(0, at - _REFUSAL_LINES) : at] if (one := _ASKS.match(before.text))
        ]
        says = _QUOTED.search(text)
        yield Edit(
            path=placed.fact.path,
            line=line.number,
            side="new",
            symbol=name,
            what="condition" if asked else "raise",
            change="added",
            after=clip(asked[-1][1] if asked else says[0] if says else text, _LONGEST_LINE),
            held=(f"raise {clip(says[0] if says else text, _LONGEST_LINE)}",) if asked else (),
        )


def _sort_of(placed: Placed) -> str:
    return "docs" if placed.fact.path.endswith((".md", ".rst")) else placed.fact.category


def _function_at(placed: Placed, line: int, *, is_new: bool) -> str:
    native = placed.material.native
    for one in native.functions if native is not None else ():
        part = one.after if is_new else one.before
        is_edited = one.logic and one.before is not None and one.after is not None and not one.is_test
        if is_edited and part is not None and part.start <= line <= part.end:
            return one.name
    return ""


def _joined(lines: Sequence[Line]) -> str:
    return " ".join(line.text.strip() for line in lines).rstrip(";,")


def _is_code(text: str) -> bool:
    return any(map(str.isalnum, text)) and not text.lstrip().startswith(("//", "/*", "*", "#"))


class _Around:
    """The file around an edited symbol, after the change."""

    def __init__(self, placed: Placed, change: ChangedSymbol) -> None:
        after, python = placed.material.after, placed.material.python
        self._text = after.text if after is not None else ""
        self._lines = split_lines(self._text) if after is not None else []
        self._definitions = python.after.definitions if python is not None and python.after else ()
        self._own = (change.after.start, change.after.end) if change.after is not None else (0, 0)

    def left(self, each: ChangedStatement) -> tuple[str, ...]:
        """Return where the file still says what an edit replaced."""
        edit = each.edit
        if edit.change != "changed":
            return ()
        if edit.what == "argument" and not edit.before and edit.callee:
            return self._calls_without(edit.callee, edit.after.partition("=")[0].strip())
        sought = edit.before
        if len(sought) < _SHORTEST or sought.endswith("…") or not _TELLING.search(sought):
            return ()
        word = re.compile(rf"(?<![\w.]){re.escape(sought)}(?!\w)")
        lines = [at for at, line in enumerate(self._lines, 1) if sought in line and word.search(line)]
        # Where the new expression holds the old one, its own line does.
        return self._places(at for at in lines if not (edit.after and edit.after in self._lines[at - 1]))

    def _calls_without(self, callee: str, keyword: str) -> tuple[str, ...]:
        if not keyword.isidentifier():
            return ()
        calls = re.finditer(rf"(?<![\w.]){re.escape(callee)}\(", self._text)
        without = (call.start() for call in calls if keyword not in _arguments(self._text, call.end()))
        return self._places(self._text.count("\n", 0, start) + 1 for start in without)

    def uses(self, each: ChangedStatement) -> tuple[str, ...]:
        """Return where other functions of the file use what an edit sets or works on."""
        edit = each.edit
        found = _ATTRIBUTE.match(edit.target or edit.after or edit.before)
        if edit.what == "call" and found is None:
            found = _ATTRIBUTE.match(edit.after)
        if found is None or edit.what not in ("value", "call", "statement", "element"):
            return ()
        word = re.compile(rf"\.{found[1]}\b(?!\()")
        start, end = self._own
        lines = (at for at, line in enumerate(self._lines, 1) if word.search(line) and not start <= at <= end)
        return self._places(lines)

    def _places(self, lines: Iterable[int]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for at in lines:
            name = self._name(at)
            found.setdefault(name or str(at), f"{at} {name}".rstrip())
        return tuple(found.values())[:_PLACES]

    def _name(self, line: int) -> str:
        around = [one for one in self._definitions if one.start <= line <= one.end]
        return max(around, key=lambda one: one.start).name if around else ""


def _arguments(text: str, start: int) -> str:
    depth, at = 1, start
    while depth and at < min(len(text), start + _LONGEST_CALL):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return text[start:at]
