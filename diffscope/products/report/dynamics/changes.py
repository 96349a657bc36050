"""Areas, topics and technical summaries of the items of a dynamics report."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from diffscope.graph.model import EdgeLayer
from diffscope.graph.query.graph import ModuleGraph
from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.descriptions import Environment, doubt, environment, read_body, said
from diffscope.products.report.dynamics.events import Item
from diffscope.products.report.dynamics.suspects import RecentMerges, Suspect
from diffscope.source.model import RepoPath, Value
from diffscope.source.profile import places
from diffscope.taxonomy.model import Taxonomy

_IMPORTS: Final = (EdgeLayer.EAGER, EdgeLayer.LAZY)


class Reach(Value, frozen=True, kw_only=True):
    """The changed module that most others import."""

    path: str
    importers: int
    """Modules outside tests that import it, within functions too."""
    serving: str
    """The path of the first of the changed ones, outermost first, that a request passes; nothing where none is."""
    tests: int
    """Test files that import it."""


def reach_of(paths: Iterable[str], graph: ModuleGraph) -> Reach | None:
    """Return how far paths reach; ``None`` where the graph knows none of them."""
    product = {
        module: path
        for path in map(RepoPath, paths)
        if path.endswith(".py") and not places().is_test(path) and (module := graph.module_of(path))
    }
    if not product:
        return None
    users = {path: graph.users(module) for module, path in product.items()}

    def importers(path: RepoPath) -> int:
        return len({user for layer in _IMPORTS for user in users[path].get(layer, ())})

    path = max(product.values(), key=lambda path: (importers(path), path))
    return Reach(
        path=path,
        importers=importers(path),
        serving=next((product[module] for module in graph.serving_modules if module in product), ""),
        tests=len(users[path].get(EdgeLayer.TEST, ())),
    )


_PREFIX: Final = lazy_regex(r"\[([^\]\[]{1,40})\]")
_STATES: Final = ("v1", "ready", "needs-rebase", "stale", "verified", "core", "misc", "ci-failure")
_KINDS: Final = ("bug", "bugfix", "usage", "question", "feature", "feature request")
_PLAIN: Final = frozenset((*_STATES, *_KINDS))
"""Labels and brackets that tell of a state, of a kind, or of nearly everything."""
_FOLLOWING: Final = frozenset(["tests", "docs", "examples", "other"])
"""Categories of work that follows from other work: they name an item only where nothing else does."""
_HOT_FROM: Final = 2
_MENTION: Final = lazy_regex(r"(?<![\w/&])#(\d{2,7})\b")
_LOOSE: Final = frozenset(["models"])
"""Areas that a word of everyday speech names: "loading a model" is not about the code of models."""
_FIX: Final = lazy_regex(r"\b(?:bug ?)?fix(?:es|ed)?\b", re.IGNORECASE)
_FIRM: Final = lazy_regex(r"\[[^\]]*model[^\]]*\]|\bnew model|\bmodel support", re.IGNORECASE)


class _Purpose(NamedTuple):
    name: str
    words: re.Pattern[str]
    areas: frozenset[str]


def _purpose_of(name: str, words: str, areas: str) -> _Purpose:
    return _Purpose(name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE), frozenset(areas.split()))


_PURPOSES: Final = (
    _purpose_of("documentation", r"docs?|documentation|readme|docstrings?", "docs examples"),
    _purpose_of(
        "low-precision",
        r"(?:nv|mx)?fp[48]|int[48]|w\d+a\d+|quanti[sz]\w*|quant|awq|gptq|gguf|marlin",
        "quantization",
    ),
    _purpose_of(
        "performance",
        r"perf|performance|speed\w*|optimi[sz]\w*|faster|slow\w*|throughput|latency|overhead|torch\.compile|cuda ?graphs?|fus(?:e|ed|ion)",
        "compilation cuda-graph kernels",
    ),
    _purpose_of(
        "stability",
        r"bug|crash\w*|hang\w*|oom|illegal|segfault|deadlock|leak\w*|\w*error|nan|wrong|incorrect|corrupt\w*|garbage|fail\w*|fix\w*",
        "",
    ),
    _purpose_of("models", r"new[ -]model|model support|support \w+ models?", "models multimodal"),
    _purpose_of(
        "interfaces",
        r"api|endpoints?|frontend|openai|streaming",
        "frontend tool-calling reasoning structured-output pooling",
    ),
    _purpose_of("hardware", r"rocm|amd|xpu|intel|tpu|arm|s390x|riscv|blackwell|hopper", "platform"),
    _purpose_of("upkeep", r"ci|tests?|build|refactor\w*|cleanup", "ci tests build dependencies"),
)
"""What items are for, what is told first before what is broad: words of titles, and areas."""


class Topic(Value, frozen=True, kw_only=True):
    """Something that items of the window share: what they are for, an area of the code, else a label or a bracket of their titles."""

    name: str
    numbers: tuple[int, ...]
    is_area: bool = False
    is_purpose: bool = False
    """It is what the items are for: performance, documentation."""


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
    """The first sentence or point of its description, as its author wrote it; cut at 240 characters."""
    doubt: str = ""
    """Where the author of a pull request fears to break something or is not sure: that sentence."""
    named: tuple[str, ...] = ()
    """Those of the areas that the title names: topics list the item under them."""
    platforms: tuple[str, ...] = ()
    """That its paths, else its title, belong to."""
    environment: Environment | None = None
    """Of an issue what its reporter ran it on."""
    reach: Reach | None = None
    """Who imports what it changes; ``None`` where there is no graph, or it does not know the paths."""
    is_draft: bool | None = None
    mentions: tuple[int, ...] = ()
    """Other items that the description names."""
    suspects: tuple[Suspect, ...] = ()
    """Of an issue the merges of the month before that may have caused it."""


def technical(
    item: Item,
    *,
    is_pull: bool,
    taxonomy: Taxonomy,
    graph: ModuleGraph | None = None,
    recent: RecentMerges | None = None,
) -> Technical:
    """Return what is to be said of an item."""
    categories = None if item.files is None else Counter(map(taxonomy.category_of, item.files))
    following = 0 if categories is None else categories["test"] + categories["docs"]
    body = item.body or ""
    mentioned = {int(number) for line in read_body(body).own for number in _MENTION.findall(line)}
    areas = areas_of(item, taxonomy)
    return Technical(
        number=item.number,
        title=item.title,
        state="merged" if item.merged_at else "closed" if item.closed_at else "open",
        is_pull=is_pull,
        areas=areas,
        labels=item.labels,
        paths=None if item.files is None else _first_paths(item.files, taxonomy),
        sources=None if categories is None else sum(categories.values()) - following,
        tests=None if categories is None else categories["test"],
        said=said(body, is_pull=is_pull),
        doubt=doubt(body, is_fix=_FIX.search(item.title) is not None) if is_pull else "",
        named=tuple(area for area in _named(item.title, taxonomy) if area in areas),
        platforms=_platforms(item, taxonomy),
        environment=None if is_pull else _told(environment(body)),
        reach=None if graph is None else reach_of(item.files or (), graph),
        is_draft=item.is_draft,
        mentions=tuple(sorted(mentioned - {item.number}))[:5],
        suspects=() if recent is None or is_pull else recent.suspects(item),
    )


def areas_of(item: Item, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return at most three areas of an item, by its paths where they are known, and by its title."""
    counted = Counter(map(taxonomy.main_area_of, item.files or ()))
    working = {area: count for area, count in counted.items() if area not in _FOLLOWING} or dict(counted)
    ranked = sorted(working, key=lambda area: (-working[area], area))
    named = _named(item.title, taxonomy)
    # What the title names comes first where work lies there, and last where it does not.
    first = [area for area in named if area in working]
    return tuple(dict.fromkeys((*first, *ranked[:2], *named)))[:3]


def _named(title: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    found = taxonomy.areas_in(title)
    loose = frozenset() if _FIRM.search(title) else _LOOSE
    return tuple(area for area in found if area not in loose)


def _platforms(item: Item, taxonomy: Taxonomy) -> tuple[str, ...]:
    if item.files is None:
        return taxonomy.platforms_in(item.title)
    # A platform is told where it has a part of the work, not where one path of many names it.
    counted = Counter(name for path in item.files for name in taxonomy.platforms_of(path))
    least = max(1, len(item.files) // 5)
    named = taxonomy.platforms_in(item.title)
    return tuple(dict.fromkeys((*named, *sorted(name for name, count in counted.items() if count >= least))))


def _told(found: Environment) -> Environment | None:
    return found if found != Environment() else None


def topics(items: Iterable[Technical], *, most: int = 8) -> tuple[Topic, ...]:
    """Return the areas of the items, most items first, then words of two titles or more that no area stands for."""
    listed = list(items)
    areas: dict[str, set[int]] = defaultdict(set)
    words: dict[str, set[int]] = defaultdict(set)
    for one in listed:
        for area in {*one.areas[:2], *one.named}:
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


def purposes(items: Iterable[Technical]) -> tuple[Topic, ...]:
    """Return what the items are for, most items first, documents and upkeep last; each item is for the first purpose that it speaks of, or that its areas have."""
    found: dict[str, set[int]] = defaultdict(set)
    for one in items:
        name = _purpose(one)
        if name:
            found[name].add(one.number)
    last = ("documentation", "upkeep")
    ranked = sorted(found, key=lambda name: (name in last, -len(found[name]), name))
    return tuple(
        msgspec.structs.replace(_topic(name, found[name], is_area=False), is_purpose=True) for name in ranked
    )


def _purpose(one: Technical) -> str:
    """Return what an item is for: what its title speaks of, then its author's first sentence, then what its areas have."""
    tags = " ".join(_PREFIX.findall(one.title))
    for text in (tags, one.title, one.said):
        for purpose in _PURPOSES:
            # That it is a bug does not say of what.
            if purpose.words.search(text) and not (text is tags and purpose.name == "stability"):
                return purpose.name
    areas = {*one.areas[:1], *one.named}
    return next((purpose.name for purpose in _PURPOSES if not purpose.areas.isdisjoint(areas)), "")


def _first_paths(paths: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    return tuple(sorted(paths, key=lambda path: (taxonomy.category_of(path) in ("test", "docs"), path)))[:6]


def _topic(name: str, numbers: set[int], *, is_area: bool) -> Topic:
    return Topic(name=name, numbers=tuple(sorted(numbers, reverse=True)), is_area=is_area)
