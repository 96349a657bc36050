"""The kind of a change: evidence from title, labels and the diff, weighed by ``rules/kinds.yml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffscope.facts.shapes import Sizes
from diffscope.facts.titles import Title
from diffscope.source.values import Value
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.values import KindRule
from diffscope.taxonomy.words import WordTable, tokens_of

_MUCH_PRODUCT = 0.25
_LITTLE_PRODUCT = 0.03
_SMALL_FIX = 60
_FEW_LINES = 20


class Signs(Value, frozen=True, kw_only=True):
    """What the diff and the metadata say, beside the title."""

    sizes: Sizes
    shapes: frozenset[str]
    labels: tuple[str, ...] = ()


class Evidence(Value, frozen=True, kw_only=True):
    """One thing that speaks for a kind."""

    kind: str
    weight: float
    reason: str


def decide_kind(title: Title, signs: Signs, taxonomy: Taxonomy) -> tuple[str, str]:
    """Return the kind of a change and what decided it. There is always one: where nothing speaks, the shape of the diff does."""
    order = [rule.name for rule in taxonomy.tables.kinds.kinds]
    impossible = {rule.name for rule in taxonomy.tables.kinds.kinds if not _is_possible(rule, signs.sizes)}
    every = list(_evidence(title, signs, taxonomy))
    found = [item for item in every if item.kind not in impossible]
    if not any(item.weight >= 1 for item in found) and signs.sizes.product <= _FEW_LINES:
        # `[Docs]` on a line of code: the title's word is still better than none.
        found = [item for item in every if item.weight >= taxonomy.tables.kinds.weights.tag]
    if not any(item.weight >= 1 for item in found):
        kind, reason = _by_shape(signs)
        return (kind, reason) if kind in order else (order[0], reason)
    sums: dict[str, float] = {}
    for item in found:
        sums[item.kind] = sums.get(item.kind, 0.0) + item.weight
    kind = min(sums, key=lambda name: (-sums[name], order.index(name)))
    reasons = sorted((item for item in found if item.kind == kind), key=lambda item: -item.weight)
    return kind, ", ".join(dict.fromkeys(item.reason for item in reasons[:3]))


def _evidence(title: Title, signs: Signs, taxonomy: Taxonomy) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    for tag in title.tags:
        for kind in taxonomy.kind_tags.owners_in(tokens_of(tag)):
            yield Evidence(kind=kind, weight=weights.tag, reason=f"title tag [{tag}]")
    for kind, word in _at_start(taxonomy.kind_verbs, title.rest):
        yield Evidence(kind=kind, weight=weights.verb, reason=f"title begins with '{word}'")
    for kind in taxonomy.kind_phrases.owners_in(tokens_of(title.rest)):
        yield Evidence(kind=kind, weight=weights.phrase, reason=f"words of the title say {kind}")
    for rule in taxonomy.tables.kinds.kinds:
        yield from _of_diff(rule, signs, taxonomy)


def _of_diff(rule: KindRule, signs: Signs, taxonomy: Taxonomy) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    if any(label in rule.labels for label in signs.labels):
        yield Evidence(kind=rule.name, weight=weights.label, reason="label of the pull request")
    for shape in _both(rule.shapes, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.shape, reason=f"the diff {shape.replace('-', ' a ')}")
    for shape in _both(rule.lean, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.lean, reason=f"the diff {shape.replace('-', ' ')}")
    if rule.categories and (share := _share(rule, signs.sizes)):
        yield Evidence(
            kind=rule.name,
            weight=weights.category * share,
            reason=f"{share:.0%} of the change is {'/'.join(rule.categories)}",
        )


def _at_start(table: WordTable, text: str) -> Iterator[tuple[str, str]]:
    tokens = tokens_of(text)
    for found in table.find(tokens)[:1]:
        if found.start == 0:
            for owner in found.owners:
                yield owner, tokens[0]


def _both(wanted: Iterable[str], held: frozenset[str]) -> Iterator[str]:
    return (shape for shape in wanted if shape in held)


def _share(rule: KindRule, sizes: Sizes) -> float:
    """Return the share of the change that lies in the kind's categories; 0 beside product code, for a small fix often brings much test."""
    if sizes.product > _LITTLE_PRODUCT * sizes.total:
        return 0.0
    own = sum(lines for category, lines in sizes.by_category.items() if category in rule.categories)
    return own / sizes.total if sizes.total else 0.0


def _is_possible(rule: KindRule, sizes: Sizes) -> bool:
    if not rule.categories or not sizes.total:
        return True
    return sizes.product < _MUCH_PRODUCT * sizes.total


def _by_shape(signs: Signs) -> tuple[str, str]:
    if signs.shapes & {"moves", "rewrites", "deletes"}:
        return "refactor", "the title says nothing; the diff moves, rewrites or removes code"
    if "adds-symbols" in signs.shapes or signs.sizes.product_added > _SMALL_FIX:
        return "feature", "the title says nothing; the diff adds public symbols or much code"
    return "bugfix", "the title says nothing; the diff is a small edit"
