"""What the items of a dynamics report are about: their areas, the topics that they share, and what is to be said of each change."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from diffscope.report.events import Item
from diffscope.source.values import Value
from diffscope.taxonomy.model import Taxonomy

_PREFIX: Final = re.compile(r"\[([^\]\[]{1,40})\]")
_PLAIN: Final = frozenset(["v1", "ready", "needs-rebase", "stale", "verified", "core", "misc", "ci-failure"])
"""Labels and brackets that tell of a state, or of nearly everything."""
_FOLLOWING: Final = frozenset(["tests", "docs", "examples", "other"])
"""Categories of work that follows from other work: they name an item only where nothing else does."""
_HOT_FROM: Final = 2
_MENTION: Final = re.compile(r"(?<![\w/&])#(\d{2,7})\b")
_COMMENT: Final = re.compile(r"<!--.*?-->|^```.*?^```|^---+$", re.DOTALL | re.MULTILINE)
_NO_PROSE: Final = re.compile(
    r"\s*(?:[#|>\-*+!\[<]|\d+\.|fix(?:es)?\b.{0,12}$|`{3}|\*\*.{0,40}\*\*:?$)", re.IGNORECASE
)
_LEAST_WORDS: Final = 4
_LONGEST: Final = 240


class Topic(Value, frozen=True, kw_only=True):
    """Something that items of the window share: an area of vLLM, else a label or a bracket of their titles."""

    name: str
    numbers: tuple[int, ...]
    is_area: bool = False


class Technical(Value, frozen=True, kw_only=True):
    """What is to be said of one item: where it works, how much of it is tests, what its author says of it."""

    number: int
    title: str
    is_pull: bool
    state: str
    """``merged``, ``closed`` or ``open``."""
    areas: tuple[str, ...]
    """Most of its files first; of an issue what the title names."""
    labels: tuple[str, ...] = ()
    paths: tuple[str, ...] | None = None
    """The first six changed paths, sources before tests and documentation; ``None`` where they are not known."""
    sources: int | None = None
    """Changed files that are neither tests nor documentation; ``None`` where the paths are not known."""
    tests: int | None = None
    said: str = ""
    """The first sentence of its description, as its author wrote it; cut at 240 characters."""
    mentions: tuple[int, ...] = ()
    """Other items that the description names."""


def technical(item: Item, *, is_pull: bool, taxonomy: Taxonomy) -> Technical:
    """Return what is to be said of an item."""
    categories = None if item.files is None else Counter(map(taxonomy.category_of, item.files))
    body = _COMMENT.sub("", item.body or "")
    mentioned = {int(number) for number in _MENTION.findall(body)} - {item.number}
    return Technical(
        number=item.number,
        title=item.title,
        state="merged" if item.merged_at else "closed" if item.closed_at else "open",
        is_pull=is_pull,
        areas=areas_of(item, taxonomy),
        labels=item.labels,
        paths=None if item.files is None else _first_paths(item.files, taxonomy),
        sources=None
        if categories is None
        else sum(categories.values()) - categories["test"] - categories["docs"],
        tests=None if categories is None else categories["test"],
        said=_first_sentence(body) if is_pull else "",
        mentions=tuple(sorted(mentioned))[:5],
    )


def areas_of(item: Item, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return at most three areas of an item, by its paths where they are known, else by its title."""
    counted = Counter(map(taxonomy.main_area_of, item.files or ()))
    working = {area: count for area, count in counted.items() if area not in _FOLLOWING} or dict(counted)
    ranked = sorted(working, key=lambda area: (-working[area], area))
    named = taxonomy.areas_in(item.title)
    first = [area for area in named if area in working]
    return tuple(dict.fromkeys((*first, *ranked) if ranked else named))[:3]


def topics(items: Iterable[Technical], *, most: int = 8) -> tuple[Topic, ...]:
    """Return the areas of the items, most items first, then words of two titles or more that no area stands for."""
    listed = list(items)
    areas: dict[str, set[int]] = defaultdict(set)
    words: dict[str, set[int]] = defaultdict(set)
    for one in listed:
        for area in one.areas[:2]:
            areas[area].add(one.number)
        for word in {*map(str.lower, one.labels), *map(str.lower, _PREFIX.findall(one.title))}:
            words[word].add(one.number)
    covered = {frozenset(numbers) for numbers in areas.values()}
    told = [_topic(name, numbers, is_area=True) for name, numbers in areas.items() if name not in _FOLLOWING]
    told += [
        _topic(name, numbers, is_area=False)
        for name, numbers in words.items()
        if len(numbers) >= _HOT_FROM and name not in _PLAIN and name not in areas and numbers not in covered
    ]
    return tuple(sorted(told, key=lambda topic: (-len(topic.numbers), not topic.is_area, topic.name))[:most])


def _first_paths(paths: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    return tuple(sorted(paths, key=lambda path: (taxonomy.category_of(path) in ("test", "docs"), path)))[:6]


def _topic(name: str, numbers: set[int], *, is_area: bool) -> Topic:
    return Topic(name=name, numbers=tuple(sorted(numbers, reverse=True)), is_area=is_area)


def _first_sentence(body: str) -> str:
    """Return the first sentence of prose in a description; nothing where it is all headings, lists and templates."""
    for paragraph in re.split(r"\n\s*\n|\r\n\s*\r\n|\n(?=#)", body):
        lines = [
            line.strip() for line in paragraph.splitlines() if line.strip() and not _NO_PROSE.match(line)
        ]
        text = " ".join(lines)
        if len(text.split()) >= _LEAST_WORDS:
            sentence = re.split(r"(?<=[.!?。])\s", text, maxsplit=1)[0]
            return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1].rstrip()}…"
    return ""
