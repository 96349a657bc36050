"""Capabilities that code lacks: a class no longer reads a switch or declares a support, a new one does not as its siblings do, a method now only raises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import dropwhile
from typing import Final, NamedTuple

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.base.definitions import origin_of
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.source.text import Region, SourceText
from diffscope.syntax.model import Aspect, DefinitionKind, Outline, SignalKind

_FUNCTIONS: Final = (DefinitionKind.FUNCTION, DefinitionKind.METHOD)
_KERNEL: Final = lazy_regex(
    r"(?i)rocm|aiter|flashinfer|flash_?mla|triton|cutlass|cutedsl|marlin|deep_?gemm|trtllm|cuda|xpu|kernel|fused|fusion|supported|device"
)
"""Names of switches between implementations: another one does the same work."""
_FEWEST, _MOST = 3, 12
"""Siblings that have to be there, and that are asked, for what nearly all of them do to be expected of a new one."""
_SHARE = 0.8
_DECLARED: Final = lazy_regex(r"(?:Supports|Is|Has)[A-Z]\w*")
"""Names of base classes by which a class says what it can do."""
_ATTRIBUTE: Final = lazy_regex(r"(?<![\w.])(\w+)\.(\w+)\b")
_CLASS: Final = lazy_regex(r"\b[A-Z]\w+\b")
_DEPRECATED: Final = frozenset({"deprecated(", ".deprecated("})
"""The decorator of what is to go, as it is found among the names of a definition."""
_NONE: Final = frozenset[str]()
_DOCSTRING: Final = lazy_regex(r"^\s*[rRuU]?(\"\"\"|''')")


class Capability(NamedTuple):
    """Something that is no longer done."""

    what: str
    """``switch``, ``refusal``, ``base``, ``deprecated`` or ``sibling``."""
    symbol: str
    place: Region | None
    before: str | None
    after: str | None


def capabilities(
    placed: Placed, comparison: ChangedPython, others: tuple[Placed, ...]
) -> Iterator[Capability]:
    """Yield what the classes and functions of a file can do no more."""
    for change in comparison.symbols:
        if change.kind in _FUNCTIONS and change.before is not None and change.after is not None:
            raised = _only_raises(change)
            if raised:
                yield Capability("refusal", change.name, change.region, None, raised)
    yield from _switches(placed, comparison, others)


def _only_raises(change: ChangedSymbol) -> str | None:
    """Return what a function raises that does nothing else after the change and did something before."""
    raised = [
        item.signal.text
        for item in change.signals
        if item.what == "added" and item.signal.kind is SignalKind.RAISE and not item.signal.guards
    ]
    is_abstract = any("abstract" in each for each in (change.after.decorators if change.after else ()))
    if len(raised) != 1 or Aspect.BODY not in change.aspects or is_abstract:
        return None
    (before, *_), (after, *_) = (
        _statements(side) or [""] for side in (change.whole_before, change.whole_after)
    )
    did_something = bool(before) and not before.startswith(("raise ", "pass", "..."))
    return raised[0] if after.startswith("raise ") and did_something else None


def _statements(whole: Region | None) -> list[str]:
    """Return the lines of a function's body that stand on its first level, docstring left out."""
    lines = list(whole.lines) if whole is not None else []
    below = dropwhile(lambda line: not re.match(r"\s*(?:async\s+)?def\s", line), lines)
    inside = list(dropwhile(lambda line: not line.partition("#")[0].rstrip().endswith(":"), below))[1:]
    body = _without_docstring([line for line in inside if line.strip() and line.lstrip()[0] != "#"])
    if not body:
        return []
    level = len(body[0]) - len(body[0].lstrip())
    return [line.strip() for line in body if len(line) - len(line.lstrip()) == level]


def _without_docstring(body: list[str]) -> list[str]:
    opened = _DOCSTRING.match(body[0]) if body else None
    if opened is None:
        return body
    rest = body[0].strip().split(opened[1], 2)
    if len(rest) > 2:
        return body[1:]
    end = next((at for at, line in enumerate(body[1:], start=1) if opened[1] in line), len(body))
    return body[end + 1 :]


def _switches(placed: Placed, comparison: ChangedPython, others: tuple[Placed, ...]) -> Iterator[Capability]:
    """Yield the switches that a class, or a function outside of classes, read before the change and reads nowhere after it."""
    old, new = comparison.before, comparison.after
    texts = placed.material.before, placed.material.after
    if old is None or new is None or texts[0] is None or texts[1] is None:
        return
    after = {each.name: each for each in new.definitions}
    lost: dict[tuple[str, str], tuple[str, Region]] = {}
    for change in comparison.symbols:
        if Aspect.REMOVED in change.aspects or Aspect.MOVED in change.aspects or change.removed is None:
            continue
        for region in change.removed.regions:
            for name in places().code.switch.findall(region.lines[0].partition("#")[0]):
                if _KERNEL.search(name):
                    continue
                owner = change.name.partition(".")[0] if "." in change.name else change.name
                lost.setdefault((owner, name), (change.name, region))
    for (owner, name), (symbol, region) in sorted(lost.items()):
        standing = after.get(owner)
        whole = texts[1].part(standing.start, standing.end) if standing is not None else None
        word = re.compile(rf"\b{re.escape(name)}\b")
        if whole is None or any(word.search(line.partition("#")[0]) for line in whole.lines):
            continue
        was = _before(old, texts[0], owner)
        if was is not None and not _arrives(word, was, others) and not _is_gone(word, name, others):
            yield Capability("switch", symbol, region, name, None)


def _before(outline: Outline, text: SourceText, owner: str) -> Region | None:
    standing = next((each for each in outline.definitions if each.name == owner), None)
    return text.part(standing.start, standing.end) if standing is not None else None


def _arrives(word: re.Pattern[str], owner: Region, others: tuple[Placed, ...]) -> bool:
    """Return whether source files of the change name the word more often than before, outside of what read it: it is read elsewhere now."""
    sources = [one.material for one in others if source_comparison(one) is not None]
    before = sum(_count(word, each.before) for each in sources)
    after = sum(_count(word, each.after) for each in sources)
    return after > before - sum(bool(word.search(line)) for line in owner.lines)


def _count(word: re.Pattern[str], text: SourceText | None) -> int:
    return sum(bool(word.search(line.partition("#")[0])) for line in text.lines) if text is not None else 0


def _is_gone(word: re.Pattern[str], name: str, others: tuple[Placed, ...]) -> bool:
    """Return whether the change takes the switch itself away, or renames it: that is told of the option."""
    return any(
        change.name.rpartition(".")[2] == name and {Aspect.REMOVED, Aspect.MOVED} & set(change.aspects)
        for one in others
        for change in one.symbols
        if word.search(change.name)
    )


def undeclared(
    placed: Placed, comparison: ChangedPython, others: tuple[Placed, ...], lookup: TreeLookup
) -> Iterator[Capability]:
    """Yield the bases that say what a class can do, or that registered it, and that it has no longer, by whatever way."""
    for change in comparison.symbols:
        if change.kind is not DefinitionKind.CLASS or change.before is None or change.after is None:
            continue
        for base in change.before.bases:
            name = base.partition("[")[0].rpartition(".")[2]
            is_told = _DECLARED.fullmatch(name) or any(
                each.startswith(f"{base}.register") for each in change.before.decorators
            )
            if not is_told or base in change.after.bases:
                continue
            word = re.compile(rf"\b{re.escape(name)}\b")
            if name not in _above(placed, change.name, others, lookup) and not _is_gone(word, name, others):
                yield Capability("base", change.name, change.region, name, None)


def _above(placed: Placed, name: str, others: tuple[Placed, ...], lookup: TreeLookup) -> set[str]:
    """Return the last names of the classes above a class after the change; a class of the change stands for all of its name."""
    pending, found, changed = [(placed, name)], set[str](), {other.fact.module for other in others}
    while pending:
        one, owner = pending.pop()
        outline = one.material.python.after if one.material.python else None
        for each in outline.definitions if outline is not None else ():
            for base in each.bases if each.name == owner else ():
                written = base.partition("[")[0]
                last = written.rpartition(".")[2]
                if last in found:
                    continue
                found.add(last)
                pending += [(other, last) for other in others]
                module, origin = origin_of(one.fact.path, written, outline.imports if outline else ())
                module = module or one.fact.module or ""
                if module not in changed:
                    found |= {above for _, above in lookup.lineage(module, origin or last)}
    return found


def deprecated_reads(
    placed: Placed,
    comparison: ChangedPython,
    lookup: TreeLookup,
    read: dict[str, Mapping[str, frozenset[str]]],
) -> Iterator[Capability]:
    """Yield what an edited function newly reads of a parameter, and the parameter's class declares deprecated. ``read`` keeps what files use."""
    imports = comparison.after.imports if comparison.after is not None else ()
    for change in comparison.symbols:
        if change.kind not in _FUNCTIONS or change.before is None or change.after is None or not change.added:
            continue
        typed = {each.name: each.annotation for each in change.after.parameters if each.annotation}
        before = "\n".join(change.whole_before.lines) if change.whole_before is not None else ""
        told = set[tuple[str, str]]()
        for region in change.added.regions:
            for name, member in _ATTRIBUTE.findall(region.lines[0].partition("#")[0]):
                if name not in typed or (name, member) in told or re.search(rf"\.{member}\b", before):
                    continue
                told.add((name, member))
                for owner in _CLASS.findall(typed[name]):
                    module, origin = origin_of(placed.fact.path, owner, imports)
                    found = f"{origin or owner}.{member}"
                    lineage = lookup.lineage(module or placed.fact.module or "", origin or owner)
                    for path in {path for path, _ in lineage} - read.keys():
                        read[path] = lookup.uses_at(path)
                    marks = (read[path].get(f"{one}.{member}", _NONE) for path, one in lineage)
                    if any(_DEPRECATED & each for each in marks):
                        yield Capability("deprecated", change.name, region, None, found)


def unread_switches(placed: Placed, comparison: ChangedPython, lookup: TreeLookup) -> Iterator[Capability]:
    """Yield the switches that a new class does not read and that nearly all classes under the same base do."""
    outline, text = comparison.after, placed.material.after
    if outline is None or text is None:
        return
    for change in comparison.symbols:
        is_new = change.kind is DefinitionKind.CLASS and Aspect.ADDED in change.aspects
        if not is_new or change.after is None:
            continue
        whole = text.part(change.after.start, change.after.end)
        own = set(places().code.switch.findall("\n".join(whole.lines if whole else ())))
        for base in change.after.bases:
            module, name = origin_of(placed.fact.path, base.partition("[")[0], outline.imports)
            near = lookup.kin(module or placed.fact.module or "", name or base)
            kin = [one for one in near if one[1] != change.name][:_MOST]
            if len(kin) < _FEWEST:
                continue
            read = Counter(
                switch for path, sibling in kin for switch in _read_by(sibling, lookup.uses_at(path))
            )
            for switch, count in sorted(read.items()):
                if count >= max(_FEWEST, _SHARE * len(kin)) and switch not in own:
                    yield Capability("sibling", change.name, change.region, f"{count} of {len(kin)}", switch)


def _read_by(name: str, uses: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the switches that a class or its methods read."""
    words = {
        word
        for owner, known in uses.items()
        if owner == name or owner.startswith(f"{name}.")
        for word in known
    }
    found = {switch for word in words for switch in places().code.switch.findall(word)}
    return {switch for switch in found if not _KERNEL.search(switch)}
