"""The kind of a change: evidence from title, labels and the diff, weighed by ``rules/kinds.yml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.facts.shapes import Sizes
from diffscope.facts.titles import Title
from diffscope.source.values import Value
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.values import KindRule, Label
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
    reason: Label


class Decision(NamedTuple):
    """The kind of a change and what decided it, in English and Chinese."""

    kind: str
    reason: Label


def decide_kind(title: Title, signs: Signs, taxonomy: Taxonomy) -> Decision:
    """Return the kind of a change and what decided it. There is always one: where nothing speaks, the shape of the diff does."""
    order = [rule.name for rule in taxonomy.tables.kinds.kinds]
    impossible = {rule.name for rule in taxonomy.tables.kinds.kinds if not _is_possible(rule, signs.sizes)}
    every = list(_evidence(title, signs, taxonomy))
    found = [item for item in every if item.kind not in impossible]
    if not any(item.weight >= 1 for item in found) and signs.sizes.product <= _FEW_LINES:
        # `[Docs]` on a line of code: the title's word is still better than none.
        found = [item for item in every if item.weight >= taxonomy.tables.kinds.weights.place]
    if not any(item.weight >= 1 for item in found):
        decided = _by_shape(signs)
        return decided if decided.kind in order else Decision(order[0], decided.reason)
    sums: dict[str, float] = {}
    for item in found:
        sums[item.kind] = sums.get(item.kind, 0.0) + item.weight
    kind = min(sums, key=lambda name: (-sums[name], order.index(name)))
    reasons = sorted((item for item in found if item.kind == kind), key=lambda item: -item.weight)
    kept = tuple(dict.fromkeys(item.reason for item in reasons[:3]))
    return Decision(
        kind,
        Label(en=", ".join(reason.en for reason in kept), zh="、".join(reason.zh for reason in kept)),
    )


def _evidence(title: Title, signs: Signs, taxonomy: Taxonomy) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    places = {rule.name for rule in taxonomy.tables.kinds.kinds if rule.categories}
    for tag in title.tags:
        words = tokens_of(tag)
        # `[CI]`, `[Docs]` and `[CI Failure]` say where as often as what: they weigh less than a tag that can only mean the work done.
        is_place = bool(places & set(taxonomy.kind_tags.owners_in(words[:1])))
        for kind in taxonomy.kind_tags.owners_in(words):
            weight = weights.place if is_place else weights.tag
            yield Evidence(kind=kind, weight=weight, reason=_said(f"title tag [{tag}]", f"标题标记 [{tag}]"))
    for kind, word in _at_start(taxonomy.kind_verbs, title.rest):
        yield Evidence(
            kind=kind, weight=weights.verb, reason=_said(f"title begins with '{word}'", f"标题以“{word}”开头")
        )
    names = {rule.name: rule.title.zh for rule in taxonomy.tables.kinds.kinds}
    for kind in taxonomy.kind_phrases.owners_in(tokens_of(title.rest)):
        reason = _said(f"words of the title say {kind}", f"标题用词表明是{names[kind]}")
        yield Evidence(kind=kind, weight=weights.phrase, reason=reason)
    for rule in taxonomy.tables.kinds.kinds:
        yield from _of_diff(rule, signs, taxonomy)


def _of_diff(rule: KindRule, signs: Signs, taxonomy: Taxonomy) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    if any(label in rule.labels for label in signs.labels):
        yield Evidence(kind=rule.name, weight=weights.label, reason=_LABELLED)
    for shape in _both(rule.shapes, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.shape, reason=SHAPE_REASONS[shape])
    for shape in _both(rule.lean, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.lean, reason=SHAPE_REASONS[shape])
    if rule.categories and (share := _share(rule, signs.sizes)):
        yield Evidence(
            kind=rule.name,
            weight=weights.category * share,
            reason=_said(
                f"{share:.0%} of the change is {'/'.join(rule.categories)}",
                f"变更的 {share:.0%} 属于{'/'.join(_CATEGORIES.get(name, name) for name in rule.categories)}",
            ),
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


def _by_shape(signs: Signs) -> Decision:
    if signs.shapes & {"moves", "rewrites", "deletes"}:
        return Decision("refactor", _silent("moves, rewrites or removes code", "移动、改写或删除代码"))
    if "adds-symbols" in signs.shapes or signs.sizes.product_added > _SMALL_FIX:
        return Decision("feature", _silent("adds public symbols or much code", "新增公开符号或大量代码"))
    return Decision("bugfix", _silent("is a small edit", "只是小幅修改"))


def _silent(en: str, zh: str) -> Label:
    return _said(f"the title says nothing; the diff {en}", f"标题未说明；差异{zh}")


def _said(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


_LABELLED = _said("label of the pull request", "拉取请求的标签")
SHAPE_REASONS: Final = {
    "moves": _said("the diff moves code", "差异移动代码"),
    "rewrites": _said("the diff rewrites code", "差异改写代码"),
    "deletes": _said("the diff removes code", "差异删除代码"),
    "registers-model": _said("the diff registers a model", "差异注册了模型"),
    "adds-tests": _said("the diff adds tests", "差异新增测试"),
    "adds-symbols": _said("the diff adds symbols", "差异新增符号"),
}
"""What each shape of a diff says of it."""
_CATEGORIES = {
    "docs": "文档",
    "example": "示例",
    "test": "测试",
    "infra": "基础设施",
    "config": "配置",
    "build": "构建",
}
