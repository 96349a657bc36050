"""The kind of a change: evidence from title, labels and the diff, weighed by ``rules/kinds.yml``; titles taken apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from diffscope.facts.classify.change_shape import Sizes
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Language, Message, message
from diffscope.messages.say import title as called
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.taxonomy.declared_words import WordTable, tokens_of
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import KindRule

_MUCH_PRODUCT = 0.25
_MANY_LINES = 60
"""Code lines of the product that make a change more than one of tests, documentation or pipelines, however many stand beside them."""
_LITTLE_PRODUCT = 0.03
_SMALL_FIX = 60
_FEW_LINES = 20
_HARDLY_ANY = 3
"""Code lines of the product, up to which a title that names documentation, tests or pipelines is believed without their files."""
_MUCH_CODE = 240
_ALONE = 0.9


class Signs(Value, frozen=True, kw_only=True):
    """What the diff and the metadata say, beside the title."""

    sizes: Sizes
    shapes: frozenset[str]
    labels: tuple[str, ...] = ()


class Evidence(Value, frozen=True, kw_only=True):
    """One thing that speaks for a kind."""

    kind: str
    weight: float
    reason: Message


class Decision(NamedTuple):
    """The kind of a change and what decided it, the weightiest first."""

    kind: str
    reasons: tuple[Message, ...]
    is_told: bool = True
    """False where only the shape of the diff could be asked."""


def decide_kind(title: Title, signs: Signs, taxonomy: Taxonomy) -> Decision:
    """Return the kind of a change and what decided it. There is always one: where nothing speaks, the shape of the diff does."""
    order = [rule.name for rule in taxonomy.tables.kinds.kinds]
    every = list(_evidence(title, signs, taxonomy))
    possible = _possible(title, signs, taxonomy)
    found = [item for item in every if item.kind in possible]
    if not any(item.weight >= 1 for item in found) and signs.sizes.product <= _FEW_LINES:
        # `[Docs]` on a line of code: the title's word is still better than none.
        shown = {rule.name for rule in taxonomy.tables.kinds.kinds if _is_shown(rule, signs)}
        least = taxonomy.tables.kinds.weights.place
        found = [item for item in every if item.kind in shown and item.weight >= least]
    if not any(item.weight >= 1 for item in found):
        decided = _by_shape(signs)
        return decided if decided.kind in order else decided._replace(kind=order[0])
    sums: defaultdict[str, float] = defaultdict(float)
    for item in found:
        sums[item.kind] += item.weight
    if signs.sizes.product_added > _MUCH_CODE:
        # Of `[Bugfix][Perf]` on much new code the fix is the lesser part.
        order.sort(key=lambda name: name == "bugfix")
    kind = min(sums, key=lambda name: (-sums[name], order.index(name)))
    reasons = sorted((item for item in found if item.kind == kind), key=lambda item: -item.weight)
    return Decision(kind, tuple(dict.fromkeys(item.reason for item in reasons[:3])))


def _evidence(title: Title, signs: Signs, taxonomy: Taxonomy) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    places = {rule.name for rule in taxonomy.tables.kinds.kinds if rule.categories}
    for tag in title.tags:
        words = tokens_of(tag)
        # `[CI]`, `[Docs]` and `[CI Failure]` say where as often as what: they weigh less than a tag that can only mean the work done.
        is_place = bool(places & set(taxonomy.kind_tags.owners_in(words[:1])))
        for kind in taxonomy.kind_tags.owners_in(words):
            weight = weights.place if is_place else weights.tag
            yield Evidence(kind=kind, weight=weight, reason=message("kind-reason.tag", tag=tag))
    for kind, word in _at_start(taxonomy.kind_verbs, title.rest):
        yield Evidence(kind=kind, weight=weights.verb, reason=message("kind-reason.verb", word=word))
    names = {rule.name: rule.title.zh for rule in taxonomy.tables.kinds.kinds}
    said = taxonomy.kind_phrases.owners_in(tokens_of(prose(title.rest)))
    # A name of the code says where, not what: `test_x.py` is a test, `fail_fast` is no failure.
    quoted = taxonomy.kind_phrases.owners_in(tokens_of(title.rest))
    named = [kind for kind in quoted if kind in said or kind in places]
    if not signs.sizes.product:
        named += [kind for kind in taxonomy.kind_alone.owners_in(tokens_of(title.rest)) if kind not in named]
    for kind in named:
        reason = message("kind-reason.phrase", kind=kind, kind_zh=names[kind])
        yield Evidence(kind=kind, weight=weights.phrase, reason=reason)
    for rule in taxonomy.tables.kinds.kinds:
        yield from _of_diff(rule, signs, taxonomy, named=named)


def _of_diff(rule: KindRule, signs: Signs, taxonomy: Taxonomy, *, named: list[str]) -> Iterator[Evidence]:
    weights = taxonomy.tables.kinds.weights
    if any(label in rule.labels for label in signs.labels):
        yield Evidence(kind=rule.name, weight=weights.label, reason=message("kind-reason.label"))
    for shape in _both(rule.shapes, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.shape, reason=message(SHAPE_REASONS[shape]))
    for shape in _both(rule.lean, signs.shapes):
        yield Evidence(kind=rule.name, weight=weights.lean, reason=message(SHAPE_REASONS[shape]))
    if rule.categories and (share := _share(rule, signs.sizes, named)):
        names = "/".join(rule.categories)
        chinese = "/".join(called("category", name, Language.CHINESE) for name in rule.categories)
        reason = message("kind-reason.share", share=share, categories=names, categories_zh=chinese)
        yield Evidence(kind=rule.name, weight=weights.category * share, reason=reason)


def _at_start(table: WordTable, text: str) -> Iterator[tuple[str, str]]:
    tokens = tokens_of(text)
    for found in table.find(tokens)[:1]:
        if found.start == 0:
            for owner in found.owners:
                yield owner, tokens[0]


def _both(wanted: Iterable[str], held: frozenset[str]) -> Iterator[str]:
    return (shape for shape in wanted if shape in held)


def _share(rule: KindRule, sizes: Sizes, named: list[str]) -> float:
    """Return the share of the change that lies in the kind's categories; 0 beside product code, for a small fix often brings much test.

    Beside tests that the title does not name a single line of the product is enough, however long they are.
    Where the title names the kind and tells of no fix (`Add tests to x`), it counts all the same.
    """
    is_named = rule.name in named
    little = _LITTLE_PRODUCT * sizes.total if is_named or "test" not in rule.categories else 0.0
    if sizes.product > little and not (is_named and "bugfix" not in named):
        return 0.0
    return _lines_in(rule.categories, sizes) / sizes.total if sizes.total else 0.0


def _possible(title: Title, signs: Signs, taxonomy: Taxonomy) -> frozenset[str]:
    sure = taxonomy.kind_sure.owners_in(tokens_of(title.rest)[:1])
    return frozenset(
        rule.name
        for rule in taxonomy.tables.kinds.kinds
        if _is_shown(rule, signs) and _is_possible(rule, signs.sizes, is_sure=rule.name in sure)
    )


def _is_shown(rule: KindRule, signs: Signs) -> bool:
    return not rule.only or not signs.shapes.isdisjoint(rule.only)


def _is_possible(rule: KindRule, sizes: Sizes, *, is_sure: bool) -> bool:
    if not sizes.total:
        return True
    if not sizes.product and _lines_in(rule.never, sizes) > _ALONE * sizes.total:
        return False
    if not rule.categories or (is_sure and _lines_in(rule.categories, sizes)):
        return True
    if sizes.product > _lines_in(rule.categories, sizes) and sizes.product > _HARDLY_ANY:
        return False
    return sizes.product < min(_MUCH_PRODUCT * sizes.total, _MANY_LINES)


def _lines_in(categories: Iterable[str], sizes: Sizes) -> int:
    return sum(sizes.by_category.get(category, 0) for category in categories)


def _by_shape(signs: Signs) -> Decision:
    if "adds-option" in signs.shapes:
        return _guess("feature", SHAPE_REASONS["adds-option"])
    if signs.shapes & {"moves", "rewrites", "deletes"}:
        return _guess("refactor", "kind-reason.guess-moves")
    if "adds-symbols" in signs.shapes or signs.sizes.product_added > _SMALL_FIX:
        return _guess("feature", "kind-reason.guess-adds")
    # Not a fix: that is a claim, and nobody made it.
    return _guess("refactor", "kind-reason.guess-small")


def _guess(kind: str, code: MessageCode) -> Decision:
    return Decision(kind, (message(code),), is_told=False)


SHAPE_REASONS: Final[dict[str, MessageCode]] = {
    "moves": "shape.moves",
    "rewrites": "shape.rewrites",
    "deletes": "shape.deletes",
    "registers-model": "shape.registers-model",
    "adds-tests": "shape.adds-tests",
    "adds-symbols": "shape.adds-symbols",
    "adds-option": "shape.adds-option",
}
"""What each shape of a diff says of it."""


_LONGEST = 500
_NUMBER = lazy_regex(r"\s*\(#\d+\)\s*$")
# Some brackets do not match (`{ROCm]`) and some tags are followed by a colon.
_TAG = lazy_regex(r"\s*[\[{(]([^\[\]{}()]{1,60})[\]})]\s*[:\-]*\s*")
_PREFIX = lazy_regex(r"\s*([A-Za-z][\w /&+.\-]{0,40}?)\s*(?:\(([^()]{1,40})\))?!?:\s+")
_CODE = lazy_regex(
    r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)"  # quoted
    r"|(?<!\S)--?[A-Za-z][\w-]*"  # a flag of the command line
    r"|\b[\w.]*(?:_[\w.]*|\w\(\w*\))"  # snake_case and calls
)


class Title(Value, frozen=True, kw_only=True):
    """A title in parts."""

    text: str
    """The whole title, pull request suffixes removed, white space folded."""
    tags: tuple[str, ...]
    """Bracketed words at its start, and words before a colon there: lower case, in order, each once."""
    rest: str
    """What remains when they are taken off."""


def read_title(title: str) -> Title:
    """Return the parts of a title: ``[ROCm][Bugfix] Fix x (#1)`` has the tags ``rocm`` and ``bugfix`` and the rest ``Fix x``."""
    text = " ".join(title[:_LONGEST].split())
    while (bare := _NUMBER.sub("", text)) != text:
        text = bare
    tags: list[str] = []
    rest = text
    while (found := _TAG.match(rest)) and found.end() < len(rest):
        tags.append(found[1])
        rest = rest[found.end() :]
    if found := _PREFIX.match(rest):
        tags += [part for part in found.groups() if part]
        rest = rest[found.end() :]
    return Title(
        text=text,
        tags=tuple(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags if tag.strip())),
        rest=rest,
    )


def prose(text: str) -> str:
    """Return a title's words without what it quotes of code: ``Fix `x_cpu` in run()`` says ``Fix in``."""
    return " ".join(_CODE.sub(" ", text).split())


_TRAILER: Final = lazy_regex(r"(?im)^\s*(?:[A-Z][\w-]*-by: .*|Co-authored-by: .*|-{3,}|[*-] .*)$")
_COMMENT: Final = lazy_regex(r"<!--.*?-->", re.DOTALL)
_FEWEST: Final = 120
"""Letters of prose from which a text is a description."""
_CLAIMS: Final = {
    "speed": lazy_regex(
        r"(?i)\bspeed(?:s|ed)?[ -]?ups?\b|\bfaster\b|\b(?:improv|increas|boost|reduc|lower|cut)\w* (?:\w+ ){0,3}(?:throughput|latency|ttft|tpot|overhead|performance)\b"
        r"|\b\[?perf(?:ormance)?\]?\b(?: (?:improvement|gain|optimi[sz]ation))"
    ),
    "memory": lazy_regex(r"(?i)\b(?:reduc|sav|lower|cut)\w* (?:\w+ ){0,3}memory\b"),
    "accuracy": lazy_regex(
        r"(?i)\b(?:improv|increas|restor|recover|fix)\w* (?:\w+ ){0,3}accuracy\b|\bno accuracy (?:loss|drop)\b"
    ),
}
_FIGURE: Final = lazy_regex(
    r"(?i)\d(?:[\d.,]*)\s*(?:%|x\b|×|ms\b|us\b|µs\b|s/it\b|tok(?:ens?)?/s|req/s|tflops|gb/s|gi?b\b|mi?b\b)|(?:gsm8k|mmlu|exact_match|acc(?:uracy)?)\W{1,12}0?\.\d+"
    r"|^\s*\|.*\d.*\|.*$",
    re.MULTILINE,
)


class _Description(NamedTuple):
    """What a description says of worth."""

    claims: tuple[str, ...]
    figures: bool


def read_description(title: str, body: str | None) -> _Description:
    """Return what title and body claim; nothing without a description worth the name."""
    prose = _TRAILER.sub("", _COMMENT.sub("", body or ""))
    if len(re.sub(r"\W", "", prose)) < _FEWEST:
        return _Description((), figures=False)
    text = f"{title}\n{_COMMENT.sub('', body or '')}"
    claims = tuple(name for name, pattern in _CLAIMS.items() if pattern.search(text))
    return _Description(claims, figures=_FIGURE.search(text) is not None)
