"""Statements of edited product code that came, went or changed, with what else of the file is like them or uses what they set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import zip_longest
from typing import Final, NamedTuple

from diffscope.diff.model import Line
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedStatement, ChangedSymbol
from diffscope.facts.change.new_functions import collect_refusals, is_handed_on, new_functions
from diffscope.facts.model import Edit
from diffscope.facts.parsed_text import Span, prose_spans
from diffscope.patterns import lazy_regex
from diffscope.source.text import split_lines
from diffscope.syntax.model import StatementEdit
from diffscope.syntax.nodes import around_difference, brief, brief_pair, clip

_MOST: Final = 400
_PLACES: Final = 3
_SHORTEST: Final = 8
"""Characters from which an expression is the same wherever it stands in a file."""
_PARAMETER: Final = "parameter"
"""In place of the argument: what an edit no longer sets is a parameter."""
_PRODUCT: Final = frozenset({"source", "native"})
_MOST_OF_HUNK: Final = 4
_LONGEST_LINE: Final = 90
_LONGEST_START: Final = 30
_PARTED: Final = 3
"""Words of a line that stay, from which on only what differs is told."""
_LONGEST_CALL: Final = 4_000
_STEPS: Final = lazy_regex(r"(?m)^\s*(?:- )?(?:label|block): *[\"']?([^\"'#\n]+?)[\"']?\s*(?:#.*)?$")
"""What the steps of a pipeline are called."""
_REFUSAL_LINES: Final = 4
_REFUSES: Final = lazy_regex(r"\b(?:bail!|ensure!|return Err\(|(?:STD_)?TORCH_CHECK\(|throw )")
_UP_TO_END: Final = lazy_regex(r'(?:"(?:[^"\\]|\\.)*"|[^";])*')
_ASKS: Final = lazy_regex(r"\s*(?:\}? ?else )?if \(?(.+?)\)? \{\s*$")
_ASKED: Final = lazy_regex(r"(?:\} ?)?(?:else )?if \(?(.+?)\)?")
_CHAINED: Final = lazy_regex(r" (?=[.?]\w)|(?<=[(\[]) | (?=[)\]])")
_WORDS: Final = lazy_regex(r"\w+")
_LIKE: Final = 0.5
_QUOTED: Final = lazy_regex(r'"(?:[^"\\]|\\.)+"')
_DECLARES: Final = lazy_regex(
    r"\s*(?:(?:pub )?\??\w+(?:: (?!(?:true|false|None|\d+),?$)[\w<>:&' ]+)?,?|[})](?! else).*)\s*"
)
"""A field or an argument of a name alone, as Rust lists them, or what begins with the end of something."""
_TELLING: Final = lazy_regex(r"[(\[<>+*/%-]|[=!]=|\b(?:and|or|not|in|is)\b")
"""A name alone says nothing: it is read everywhere."""


def collect_edits(placed: Iterable[Placed]) -> tuple[Edit, ...]:
    """Return the edits of a change, by path and line; beyond four hundred the rest is left out.

    Of product code, and only where it has none, of tests and files of other sorts. Of files other than Python those where a few lines became
    others, came or went: their statements are not laid side by side.
    """
    placed = tuple(placed)
    symbols = [
        (one, change) for one in placed if one.material.python for change in one.material.python.symbols
    ]
    new = new_functions(symbols)
    found: list[Edit] = []
    for is_product in (True, False):
        part = [one for one in placed if (one.fact.category in _PRODUCT) is is_product]
        found += [
            edit
            for one, change in symbols
            if one in part and change.logic
            for edit in _of_symbol(one, change)
            if not is_handed_on(edit, change, new)
        ]
        found += [edit for one in part if one.material.python is None for edit in _of_lines(one)]
        if found:
            break
    functions = ((one, change) for one, change in symbols if change.before is None)
    found += collect_refusals(functions, found)
    return tuple(sorted(found, key=lambda edit: (edit.path, edit.line, edit.symbol, edit.after))[:_MOST])


def _of_symbol(placed: Placed, change: ChangedSymbol) -> Iterator[Edit]:
    around = _Around(placed)
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
            keyword=_PARAMETER if _is_handed(edit, change) else edit.keyword,
            guard=edit.guard,
            held=edit.held,
            stood=edit.stood,
            outer=edit.outer,
            otherwise=edit.otherwise,
            then=edit.then,
            then_line=edit.then_line,
            left=around.left(each),
        )


def _is_handed(edit: StatementEdit, change: ChangedSymbol) -> bool:
    """Return whether an edit takes away another value of a parameter, or keeps it from one: what follows works with what was handed over."""
    names = {each.name for each in change.after.parameters} if change.after else set[str]()
    return edit.what == "value" and edit.change == "removed" and edit.target in names


def _of_lines(placed: Placed) -> Iterator[Edit]:
    is_product = placed.fact.category in _PRODUCT
    for hunk in placed.material.diff.hunks:
        if is_product and (refusals := list(_refusals(placed, hunk.added))):
            yield from refusals
            continue
        if is_product:
            yield from _of_statements(placed, hunk.removed, hunk.added)
            continue
        gone, come = ([line for line in lines if _is_code(line.text)] for lines in (hunk.removed, hunk.added))
        if not (gone or come):
            continue
        # Lines that each became another are told each by itself.
        pairs = (
            [([old], [new]) for old, new in zip(gone, come, strict=True)][:_MOST_OF_HUNK]
            if len(gone) == len(come)
            else [(gone, come)]
        )
        for olds, news in pairs:
            yield from _of_text(placed, olds, news)


def _of_text(placed: Placed, gone: Sequence[Line], come: Sequence[Line]) -> Iterator[Edit]:
    line = (come or gone)[0]
    before, after, target = _part(_joined(gone), _joined(come))
    if before == after:
        # A line feed at the end of the file.
        return
    names = [found[1] for one in (*gone, *come) if (found := _STEPS.match(one.text))]
    if len(names) == len(gone) + len(come) == 2 and gone:
        before, after, target = *names, ""
    steps = [] if gone else _STEPS.findall("\n".join(one.text for one in come))
    yield Edit(
        path=placed.fact.path,
        line=line.number,
        side="new" if come else "old",
        symbol="" if steps or names else _step_at(placed, line.number),
        what=_sort_of(placed),
        change="changed" if gone and come else "added" if come else "removed",
        before=before,
        after="`, `".join(steps[:_PLACES]) if steps else after,
        target="" if steps else target,
        keyword="steps" if steps else "label" if len(names) == 2 else "",
    )


def _step_at(placed: Placed, line: int) -> str:
    """Return what the step of a pipeline is called that a line of its file stands in; empty where it is none."""
    after = placed.material.after
    if after is None or _sort_of(placed) != "infra" or not placed.fact.path.endswith((".yaml", ".yml")):
        return ""
    found = _STEPS.findall("\n".join(split_lines(after.text)[:line]))
    return found[-1] if found else ""


def _part(before: str, after: str) -> tuple[str, str, str]:
    """Return what differs between two lines, with how the line begins where the rest stays as it is."""
    # A backslash at the end only continues a shell command.
    was, now = before.removesuffix("\\").split(), after.removesuffix("\\").split()
    least = min(len(was), len(now))
    start = next((at for at in range(least) if was[at] != now[at]), least)
    end = next((at for at in range(least - start) if was[-1 - at] != now[-1 - at]), least - start)
    gone, come = " ".join(was[start : len(was) - end]), " ".join(now[start : len(now) - end])
    if start + end < _PARTED or max(len(gone), len(come)) > _LONGEST_LINE:
        before, after = around_difference(before, after, _LONGEST_LINE)
        return clip(before, _LONGEST_LINE), clip(after, _LONGEST_LINE), ""
    return gone, come, brief(" ".join(was[: max(start, 1)]), _LONGEST_START) if not gone or not come else ""


class _Statement(NamedTuple):
    """A statement of Rust or C++ as far as changed lines hold it, or the head of a compound one."""

    text: str
    line: int


def _of_statements(placed: Placed, removed: Sequence[Line], added: Sequence[Line]) -> Iterator[Edit]:
    """Yield the edits of a hunk in functions that stand on both sides, statement by statement; the first four."""
    olds, news = _statements(removed), _statements(added)
    matcher = SequenceMatcher(None, [one.text for one in olds], [one.text for one in news], autojunk=False)
    found: list[Edit] = []
    for tag, start, end, other, other_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        for old, new in _likest(olds[start:end], news[other:other_end]):
            at = new or old
            name = _function_at(placed, at.line, is_new=new is not None) if at else ""
            if at is None or not name:
                continue
            asked = [_ASKED.fullmatch(one.text) for one in (old, new) if one is not None]
            is_condition = len(asked) == 2 and all(asked)
            texts = (
                [one[1] for one in asked if one]
                if is_condition
                else [one.text if one else "" for one in (old, new)]
            )
            before, after = brief_pair(texts[0], texts[-1], _LONGEST_LINE)
            found.append(
                Edit(
                    path=placed.fact.path,
                    line=at.line,
                    side="new" if new is not None else "old",
                    symbol=name,
                    what="condition" if is_condition else "statement",
                    change="changed" if old and new else "added" if new else "removed",
                    before=before,
                    after=after,
                )
            )
    yield from found[:_MOST_OF_HUNK]


def _likest(
    olds: Sequence[_Statement], news: Sequence[_Statement]
) -> Iterator[tuple[_Statement | None, _Statement | None]]:
    """Yield the statements that became others, by their words, then those that went or came alone."""
    left = list(olds)
    alone: list[tuple[_Statement | None, _Statement | None]] = []
    for new in news:
        words = frozenset(_WORDS.findall(new.text))
        likeness = [
            (_share(words, frozenset(_WORDS.findall(old.text))), -at, old) for at, old in enumerate(left)
        ]
        best = max(likeness, default=None, key=lambda one: one[:2])
        if best is not None and (best[0] >= _LIKE or len(olds) == len(news) == 1):
            left.remove(best[2])
            yield best[2], new
        else:
            alone.append((None, new))
    yield from ((old, None) for old in left)
    yield from alone


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))


def _statements(lines: Sequence[Line]) -> list[_Statement]:
    found: list[_Statement] = []
    parts: list[str] = []
    start = 0
    for line, after in zip_longest(lines, lines[1:]):
        text = line.text.partition(" //")[0].strip()
        goes_on = after is not None and after.text.lstrip().startswith((".", "?"))
        if not _is_code(text) or (not parts and not goes_on and _DECLARES.fullmatch(line.text)):
            continue
        start = start if parts else line.number
        parts.append(text)
        if text.endswith((";", "{", "}", ",")) and not goes_on and not _is_open(" ".join(parts)):
            found.append(_Statement(_in_one(parts), start))
            parts = []
    if parts:
        found.append(_Statement(_in_one(parts), start))
    return [one for one in found if _is_code(one.text)]


def _in_one(parts: Sequence[str]) -> str:
    return _CHAINED.sub("", " ".join(parts).strip("};, {"))


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")") or text.count("<<<") > text.count(">>>")


def _refusals(placed: Placed, lines: Sequence[Line]) -> Iterator[Edit]:
    """Yield the errors that edited functions of Rust or C++ give back newly, each with the condition right before it."""
    for at, line in enumerate(lines):
        found = _REFUSES.search(line.text)
        name = _function_at(placed, line.number, is_new=True) if found else ""
        if found is None or not name:
            continue
        # The condition and the message may span several lines.
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
            after=brief(asked[-1][1] if asked else says[0] if says else text, _LONGEST_LINE),
            held=(f"raise {brief(says[0] if says else text, _LONGEST_LINE)}",) if asked else (),
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
    """A file after the change."""

    def __init__(self, placed: Placed) -> None:
        after, python = placed.material.after, placed.material.python
        self._text = after.text if after is not None else ""
        self._lines = split_lines(self._text) if after is not None else []
        self._definitions = python.after.definitions if python is not None and python.after else ()
        regions = (each for one in placed.symbols if one.added for each in one.added.regions)
        self._added = {at for each in regions for at in range(each.start, each.end + 1)}

    @cached_property
    def _prose(self) -> tuple[Span, ...]:
        return prose_spans(self._lines)

    def left(self, each: ChangedStatement) -> tuple[str, ...]:
        """Return where lines that the change did not write still say what an edit replaced."""
        edit = each.edit
        if edit.change != "changed":
            return ()
        if edit.what == "argument" and not edit.before and edit.callee:
            return self._calls_without(edit.callee, edit.after.partition("=")[0].strip())
        sought = edit.before
        if len(sought) < _SHORTEST or sought.endswith("…") or not _TELLING.search(sought):
            return ()
        word = re.compile(rf"(?<![\w.]){re.escape(sought)}(?!\w)")
        lines = (
            (at, line)
            for at, line in enumerate(self._lines if sought in self._text else (), 1)
            if sought in line and at not in self._added and not (edit.after and edit.after in line)
        )
        # Asked last, and of few lines: what is prose is told by the tokens of the whole file.
        hits = ((at, hit.start(), hit.end()) for at, line in lines for hit in word.finditer(line))
        return self._places(hit[0] for hit in hits if not self._is_prose(*hit))

    def _calls_without(self, callee: str, keyword: str) -> tuple[str, ...]:
        if not keyword.isidentifier():
            return ()
        calls = re.finditer(rf"(?<![\w.]){re.escape(callee)}\(", self._text)
        handed = ((call.start(), _arguments(self._text, call.end())) for call in calls)
        # A call whose end was not read may have the argument.
        without = (start for start, text in handed if text.endswith(")") and keyword not in text)
        places = (
            (self._text.count("\n", 0, start) + 1, start - self._text.rfind("\n", 0, start) - 1)
            for start in without
        )
        return self._places(
            at for at, column in places if not self._is_prose(at, column, column + len(callee))
        )

    def _is_prose(self, line: int, start: int, end: int) -> bool:
        """Return whether a part of a line stands in a comment, or is a part of a string."""
        hit = (line, start), (line, end)
        return any(one[0] <= hit[0] and hit[1] <= one[1] and one != hit for one in self._prose)

    def _places(self, lines: Iterable[int]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for at in lines:
            around = [one for one in self._definitions if one.start <= at <= one.end]
            name = max(around, key=lambda one: one.start).name if around else ""
            found.setdefault(name or str(at), f"{at} {name}".rstrip())
        return tuple(found.values())[:_PLACES]


def _arguments(text: str, start: int) -> str:
    depth, at = 1, start
    while depth and at < min(len(text), start + _LONGEST_CALL):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return text[start:at]
