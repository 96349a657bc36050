"""Registry rows added or removed, and the places that should also name a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.model import RegistryFact
from diffscope.syntax.model import Outline, RegistryRow
from diffscope.taxonomy.twins import TwinRule


def collect_registries(placed: Iterable[Placed], rules: tuple[TwinRule, ...]) -> tuple[RegistryFact, ...]:
    """Return a fact for each row of a known registry that came, went or changed, by path and line.

    A twin counts as present only where this change writes the key there: the key is new, so nobody named it before.
    """
    listed = tuple(placed)
    facts = [fact for one in listed for fact in _of_file(one, listed, rules)]
    sides = {
        side: {(fact.registry, fact.key) for fact in facts if fact.change == side}
        for side in ("added", "removed")
    }
    moved = sides["added"] & sides["removed"]
    facts = [fact for fact in facts if (fact.registry, fact.key) not in moved]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.registry, fact.key)))


def _of_file(
    placed: Placed, listed: tuple[Placed, ...], rules: tuple[TwinRule, ...]
) -> Iterator[RegistryFact]:
    comparison = source_comparison(placed)
    if comparison is None:
        return
    before, after = _rows(comparison.before, rules), _rows(comparison.after, rules)
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        standing = new or old
        if standing is None or (old and new and old.values == new.values):
            continue
        rule = next(each for each in rules if each.registry == name[0])
        is_new = old is None
        yield RegistryFact(
            **placed.spot(placed.new(standing.line) if new else placed.old(standing.line)),
            registry=rule.registry,
            key=standing.key,
            change="added" if is_new else "changed" if new else "removed",
            target=".".join(standing.values) or None,
            twins_missing=rule.missing(tuple(_naming(standing.key, listed))) if is_new else (),
        )


def _rows(outline: Outline | None, rules: tuple[TwinRule, ...]) -> dict[tuple[str, str], RegistryRow]:
    rows = outline.rows if outline else ()
    return {
        (rule.registry, row.key): row for row in rows if row.key for rule in rules if rule.holds(row.table)
    }


def _naming(key: str, listed: tuple[Placed, ...]) -> Iterator[str]:
    word = key.encode()
    return (
        one.fact.path for one in listed if one.material.after is not None and word in one.material.after.data
    )
