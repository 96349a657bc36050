"""What was missing where a rule could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from diffscope.facts.vocabulary import families
from diffscope.rules.engine.context import Context, Phantom
from diffscope.rules.engine.matching import compile_matcher
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.language.conditions import (
    Condition,
    Exists,
    Joined,
    Measured,
    fields_asked,
    parts_of,
)


def missing_facts(conditions: Iterable[Condition], context: Context) -> tuple[str, ...]:
    """Return what the unknown ones of some conditions lack, each once, sorted.

    ``symbol: REASON (PATH)`` for a family that could not be computed there, ``module.distance: not computed for PATH`` for a field.
    """
    lacking: dict[tuple[str, str], set[str]] = {}
    reasons: set[str] = set()
    for leaf in (leaf for condition in conditions for leaf in _leaves(condition)):
        if compile_judge(leaf)(context) is None:
            reasons.update(map(_reason, _phantoms(leaf, context)))
            _gather_fields(leaf, context, lacking)
    for (family, field), paths in lacking.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        reasons.add(f"{family}.{field}: not computed for {min(paths)}{more}")
    return tuple(sorted(reasons))


def asks_graph(condition: Condition) -> bool:
    """Say whether a condition asks a field that is read off the module graph."""
    for family, field in fields_asked(condition):
        declared = families()[family].field(field) if field else None
        if declared is not None and declared.from_graph:
            return True
    return False


def _leaves(condition: Condition) -> Iterator[Exists | Measured]:
    if isinstance(condition, Exists | Measured):
        yield condition
    for part in parts_of(condition):
        yield from _leaves(part)


def _phantoms(leaf: Exists | Measured, context: Context) -> Iterator[tuple[str, Phantom]]:
    matcher = compile_matcher(leaf.where)
    for phantom in context.phantoms(leaf.fact):
        if matcher(phantom, context) is not False:
            yield leaf.fact, phantom
    for joined in _joins(leaf.where):
        for phantom in context.phantoms(joined.fact):
            yield joined.fact, phantom


def _reason(found: tuple[str, Phantom]) -> str:
    family, phantom = found
    where = f" ({phantom.source.path})" if phantom.source.path else ""
    return f"{family}: {phantom.source.reason}{where}"


def _gather_fields(
    leaf: Exists | Measured, context: Context, lacking: dict[tuple[str, str], set[str]]
) -> None:
    matcher = compile_matcher(leaf.where)
    names = {field for family, field in fields_asked(leaf.where, leaf.fact) if family == leaf.fact and field}
    measured = set(leaf.fields) if isinstance(leaf, Measured) else set()
    for record in context.records(leaf.fact):
        truth = matcher(record, context)
        fields = names | measured if truth is None else measured if truth else set()
        for field in fields:
            if getattr(record, field) is UNSET:
                place = str(getattr(record, "path", "the change"))
                lacking.setdefault((leaf.fact, field), set()).add(place)


def _joins(where: Condition) -> Iterator[Joined]:
    if isinstance(where, Joined):
        yield where
        yield from _joins(where.where)
    for part in parts_of(where):
        yield from _joins(part)
