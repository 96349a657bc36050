"""The facts that were missing where a rule could not be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from msgspec import UNSET

from diffscope.facts.vocabulary import field_called
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.rules.engine.matching import Context, UncertainRecord, compile_matcher
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.language.conditions import Condition, Exists, Joined, Measured, fields_asked, parts_of
from diffscope.rules.model import Missing
from diffscope.source.attempts import INTERNAL_ERROR


def missing_facts(conditions: Iterable[Condition], context: Context) -> tuple[Missing, ...]:
    """Return what the unknown ones of some conditions lack, each once, sorted by what is said."""
    lacking: dict[tuple[str, str], set[str]] = {}
    found: set[Missing] = set()
    for leaf in (leaf for condition in conditions for leaf in _leaves(condition)):
        if compile_judge(leaf)(context) is None:
            found.update(
                missing_family(family, phantom.source.reason, phantom.source.path)
                for family, phantom in _phantoms(leaf, context)
            )
            _gather_fields(leaf, context, lacking)
    for (family, field), paths in lacking.items():
        found.add(missing_field(family, field, paths))
    return tuple(sorted(found, key=lambda each: each.en))


def asks_graph(condition: Condition) -> bool:
    """Say whether a condition asks a field that is read off the module graph."""
    for family, field in fields_asked(condition):
        declared = field_called(family, field) if field else None
        if declared is not None and declared.from_graph:
            return True
    return False


def _leaves(condition: Condition) -> Iterator[Exists | Measured]:
    if isinstance(condition, Exists | Measured):
        yield condition
    for part in parts_of(condition):
        yield from _leaves(part)


def _phantoms(leaf: Exists | Measured, context: Context) -> Iterator[tuple[str, UncertainRecord]]:
    matcher = compile_matcher(leaf.where)
    for phantom in context.phantoms(leaf.fact):
        if matcher(phantom, context) is not False:
            yield leaf.fact, phantom
    for joined in _joins(leaf.where):
        for phantom in context.phantoms(joined.fact):
            yield joined.fact, phantom


def missing_family(family: str, reason: Message, path: str | None = None) -> Missing:
    """Return what a family of facts is, or one file's part of it, that could not be computed."""
    said = (
        message("rule.missing-family-at", family=family, reason=reason, path=path)
        if path
        else message("rule.missing-family", family=family, reason=reason)
    )
    return _missing(said, family=family, path=path)


def missing_field(family: str, field: str, paths: Collection[str]) -> Missing:
    """Return what a field is that is not known of some records, which lie in ``paths``; ``""`` for the change itself."""
    name, path, more = f"{family}.{field}", min(paths), len(paths) - 1
    if not path:
        said = message("rule.missing-field-of-change", field=name)
    elif more:
        said = message("rule.missing-field-more", field=name, path=path, more=more)
    else:
        said = message("rule.missing-field", field=name, path=path)
    return _missing(said, family=family, field=field, path=path or None, more=more)


def _missing(
    said: Message,
    *,
    family: str | None = None,
    field: str | None = None,
    path: str | None = None,
    more: int = 0,
) -> Missing:
    words = sentence(said)
    return Missing(
        code=said.code,
        arguments=said.arguments,
        en=words.en,
        zh=words.zh,
        family=family,
        field=field,
        path=path,
        more=more,
    )


FAILED: Final = _missing(INTERNAL_ERROR)
"""What is missing where judging a rule failed inside."""


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
                place = str(getattr(record, "path", ""))
                lacking.setdefault((leaf.fact, field), set()).add(place)


def _joins(where: Condition) -> Iterator[Joined]:
    if isinstance(where, Joined):
        yield where
        yield from _joins(where.where)
    for part in parts_of(where):
        yield from _joins(part)
