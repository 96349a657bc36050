"""What new functions do in the place of code that went, and what they refuse."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import Final

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.change.changed_python import ChangedSymbol
from diffscope.facts.model import Edit
from diffscope.facts.parsed_text import Functions
from diffscope.patterns import lazy_regex
from diffscope.syntax.nodes import clip

_LONGEST_CONDITION: Final = 80
_LONGEST_ERROR: Final = 320
_LEAST: Final = 16
"""Characters of a statement that say which one it is."""
_TELLING: Final = 8
"""Characters of an error from which on it is known again."""
_WORDS: Final = lazy_regex(r"\w+")
_NAMED: Final = lazy_regex(r"\b(\w+)\(")
_CALLS: Final = lazy_regex(r"\bself\.[\w.]+\(")
_RAISED: Final = lazy_regex(r"\braise (\w+)")


def new_functions(symbols: Iterable[tuple[Placed, ChangedSymbol]]) -> dict[str, str]:
    """Return the text of each new function, by its last name; code that moved into one of its own is new, too."""
    found: dict[str, str] = {}
    for _, change in symbols:
        if change.before is None or change.moved_from is not None:
            name = change.name.rpartition(".")[2]
            found[name] = f"{found.get(name, '')}\n{_text_of(change)}"
    return found


def _text_of(change: ChangedSymbol) -> str:
    return "\n".join(change.whole_after.lines) if change.whole_after is not None else ""


def is_handed_on(edit: Edit, change: ChangedSymbol, new: dict[str, str]) -> bool:
    """Return whether what went is done elsewhere: by a new function that is called here, or what a condition held in another place."""
    if edit.change != "removed" or edit.stood:
        return False
    text = _text_of(change)
    texts = [new[name] for name in {*_WORDS.findall(text)} & new.keys()]
    if edit.what in ("raise", "assert", "call") and any(
        edit.before in " ".join(one.split()) for one in texts
    ):
        return True
    if edit.what != "condition" or not edit.held:
        return False
    begins = edit.held[0].partition("…")[0]
    if len(begins) >= _LEAST and any(begins in " ".join(one.split()) for one in new.values()):
        return True
    error, call = _RAISED.match(edit.held[-1]), _CALLS.search(edit.held[0])
    is_called = call is not None and any(call[0] in one for one in (text, *texts))
    value = edit.held[0].partition(" = ")[2]
    # Another branch of the function still computes the value.
    is_called |= "(" in value and value in " ".join(text.split())
    return is_called or (error is not None and any(error[1] in _RAISED.findall(one) for one in texts))


def collect_refusals(new: Iterable[tuple[Placed, ChangedSymbol]], edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield what the new functions that edited code calls refuse, each with all that is asked before; nothing that the file said before."""
    came = [" ".join((one.after, *one.held)) for one in edits if one.change != "removed"]
    called = {name for text in came for name in _NAMED.findall(text)}
    for placed, change in new:
        region, known = change.whole_after, placed.material.before
        text = dedent("\n".join(region.lines)) if region is not None else ""
        if change.name.rpartition(".")[2] not in called or "raise " not in text or region is None:
            continue
        functions = Functions(text.encode())
        for function in [one for at, block in functions.blocks for one in functions.of(at, block)[:1]]:
            for guards, each in _refused(function.body, (), text):
                told = clip(_written(each, text), _LONGEST_ERROR)
                texts = [str(one.value) for one in ast.walk(each) if isinstance(one, ast.Constant)]
                says = next((one for one in texts if len(one) >= _TELLING), told)
                if guards and not (known is not None and says in known.text):
                    yield Edit(
                        path=placed.fact.path, line=region.start + each.lineno - 1, side="new", symbol=change.name,
                        what="condition", change="added", after=guards[-1], guard=" and ".join(guards[-2:-1]),
                        outer=guards[:-2], held=(told,),
                    )  # fmt: skip


def _refused(
    body: list[ast.stmt], guards: tuple[str, ...], text: str
) -> Iterator[tuple[tuple[str, ...], ast.Raise]]:
    for each in body:
        if isinstance(each, ast.Raise):
            yield guards, each
        elif isinstance(each, ast.If):
            yield from _refused(
                each.body, (*guards, clip(_written(each.test, text), _LONGEST_CONDITION)), text
            )


def _written(node: ast.AST, text: str) -> str:
    return " ".join((ast.get_source_segment(text, node) or "").split()).replace("( ", "(").replace(" )", ")")
