"""What programs outside rely on by name: fields, values and methods of ``.proto`` files that were removed, renumbered or retyped, and removed names of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.model import OptionFact
from diffscope.patterns import lazy_regex
from diffscope.source.profile import profile
from diffscope.source.text import SourceText
from diffscope.syntax.protobuf import WireElement, read_wire_elements


def collect_wire_messages(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return the facts by path and line. What moves to another file of the change as it is, is neither new nor gone."""
    files = [one for one in placed if one.fact.path.endswith(".proto") and one.material.read]
    sides = [(one, _elements(one, is_new=False), _elements(one, is_new=True)) for one in files]
    standing = {_meaning(element) for _, _, after in sides for element in after.values()}
    known = {_meaning(element) for _, before, _ in sides for element in before.values()}
    facts = [
        fact
        for one, before, after in sides
        for fact in _of_file(one, before, after, standing=standing, known=known)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name, fact.change)))


def _elements(placed: Placed, *, is_new: bool) -> dict[str, WireElement]:
    text = placed.material.after if is_new else placed.material.before
    return {each.name: each for each in (read_wire_elements(text.text) if text is not None else ())}


def _meaning(element: WireElement) -> tuple[str, str, str]:
    return element.name, element.type, element.number


def _of_file(
    placed: Placed,
    before: dict[str, WireElement],
    after: dict[str, WireElement],
    *,
    standing: set[tuple[str, str, str]],
    known: set[tuple[str, str, str]],
) -> Iterator[OptionFact]:
    renamed = _renamed(before, after)
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None:
            if _meaning(old) != _meaning(new):
                yield _fact(placed, "retyped", name, old, new)
        elif old is not None and name in renamed:
            yield _fact(placed, "retyped", name, old, renamed[name], is_renamed=True)
        elif old is not None and _meaning(old) not in standing:
            yield _fact(placed, "removed", name, old, None)
        elif new is not None and _meaning(new) not in known and new not in renamed.values():
            yield _fact(placed, "added", name, None, new)


def _renamed(before: dict[str, WireElement], after: dict[str, WireElement]) -> dict[str, WireElement]:
    """Return what has another name under the same number and type: the same on the wire, and another key in its JSON."""
    come = {
        (name.rpartition(".")[0], each.type, each.number): each
        for name, each in after.items()
        if name not in before and each.number
    }
    return {
        name: come[place]
        for name, each in before.items()
        if name not in after and (place := (name.rpartition(".")[0], each.type, each.number)) in come
    }


def _fact(
    placed: Placed,
    change: str,
    name: str,
    old: WireElement | None,
    new: WireElement | None,
    *,
    is_renamed: bool = False,
) -> OptionFact:
    place = placed.new(new.line) if new is not None else placed.old(old.line) if old is not None else None
    return OptionFact(
        **placed.spot(place, symbol=name),
        what="protocol-field",
        name=name,
        change=change,
        before=_shown(old, is_renamed=is_renamed),
        after=_shown(new, is_renamed=is_renamed),
    )


def _shown(element: WireElement | None, *, is_renamed: bool) -> str | None:
    if element is None:
        return None
    if is_renamed:
        return element.name.rpartition(".")[2]
    return f"{element.type} = {element.number}".strip() if element.number else element.type


_NAMED = lazy_regex(rb"\bname\s*=\s*[\"']([A-Za-z]\w*:\w+)[\"']")


def collect_metrics(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each metric that a source file of the change declared and that none declares after it, by path and line."""
    compared = [one for one in placed if source_comparison(one) is not None]
    standing = {name for one in compared for name in dict(_declared(one.material.after))}
    facts = [
        OptionFact(**one.spot(one.old(line)), what="metric", name=name, change="removed")
        for one in compared
        for name, line in _declared(one.material.before)
        if name not in standing
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name)))


def _declared(content: SourceText | None) -> Iterator[tuple[str, int]]:
    text, prefix = content.data if content is not None else b"", (profile().metrics or "").encode()
    for match in _NAMED.finditer(text) if prefix and prefix in text else ():
        if match[1].startswith(prefix):
            yield match[1].decode(), text.count(b"\n", 0, match.start(1)) + 1
