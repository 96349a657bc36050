"""Two versions of a file -> where diffscope and ``ast`` disagree on what is logic."""

from __future__ import annotations

import random
from collections.abc import Iterator

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.model import Aspect, Comparison
from tests.syntax.ast_meaning import Meaning, is_same_program, read_meanings
from tests.syntax.mutations import mutants


def disagreements(before: bytes, after: bytes) -> list[str] | None:
    """Return a line for each disagreement; ``None`` where one of the two cannot read a side."""
    meanings = read_meanings(before, after)
    if meanings is None:
        return None
    found = compare_python(before, after)
    if found.problems or (found.before is not None and found.before.problems):
        return None
    lines = [*_disagree(*meanings, found), *_beyond_the_end(found, before, after)]
    logic = sorted(change.name for change in found.symbols if change.logic)
    if logic and is_same_program(before, after):
        lines.append(f"invented in the same file {logic}")
    return lines


def _disagree(old: Meaning, new: Meaning, found: Comparison) -> Iterator[str]:
    logic = {change.name for change in found.symbols if change.logic}
    told = logic | {change.name for change in found.symbols if Aspect.MESSAGE in change.aspects}
    listed = {change.name for change in found.symbols} | {change.moved_from for change in found.symbols}
    moved = {change.moved_from for change in found.symbols} | {
        change.name for change in found.symbols if Aspect.MOVED in change.aspects
    }
    for name in sorted(set(old.exact) & set(new.exact) - {""}):
        if name in moved or name.rpartition(".")[0] in logic:
            # What makes the fields of a class may have changed, and with it whether their annotations count.
            continue
        if old.silent[name] != new.silent[name] and name not in logic:
            yield f"missed {name}"
        elif old.exact[name] != new.exact[name] and name not in told:
            yield f"missed message {name}"
        elif old.exact[name] == new.exact[name] and name in logic and not _is_container(name, found):
            yield f"invented {name}"
    yield from (
        f"missed whole {name}"
        for name in sorted(set(old.exact) ^ set(new.exact))
        if name not in listed and (name.rpartition(".")[0] or "<module>") not in logic
    )
    is_seen = bool(logic or moved - {None} or found.imports_added or found.imports_removed)
    if old.silent[""] != new.silent[""] and not is_seen:
        yield "missed the rest"


def _beyond_the_end(found: Comparison, before: bytes, after: bytes) -> Iterator[str]:
    """Yield what is said to stand on a line that its side does not have."""
    ends = {"removed": before.count(b"\n") + 1}
    for change in found.symbols:
        told = [(each.change, each.line) for each in (*change.edits, *change.conditions)]
        told += [(each.what, each.signal.line) for each in change.signals]
        yield from (
            f"{what} on line {line} of {change.name}"
            for what, line in told
            if not 1 <= line <= ends.get(what, after.count(b"\n") + 1)
        )


def _is_container(name: str, found: Comparison) -> bool:
    """A class is told for its own statements and the order of its members too, which its head does not hold."""
    return any(change.name == name and change.kind.value == "class" for change in found.symbols)


def judge(text: str, kind: str, seed: int) -> tuple[int, list[str]]:
    """Return how many edits were judged, and where the two disagree."""
    judged, found = 0, []
    for before, after in mutants(text, kind, random.Random(seed)):
        lines = disagreements(before, after)
        judged += lines is not None
        found += [f"{kind} {seed}: {line}" for line in lines or ()]
    return judged, found
