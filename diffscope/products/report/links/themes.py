"""The lines of work of a window: seeds first, then what is linked with them, then communities of the rest, and areas last.

Seeds are terms that burst, series, registries that get rows, and chains: a pull request with what follows it. One pull request belongs to one
theme: the strongest of its seeds, else the theme that its links weigh most to. What touches everything weighs little to each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from diffscope.graph.query.structure import find_groups
from diffscope.products.report.link_model import Link, Member, ThemeSeed
from diffscope.products.report.links.nodes import Node
from diffscope.products.report.links.terms import Burst, bursts, part_of, shared_topics

_LEAST: Final = 3
_SAME: Final = 0.6
"""The part of the smaller of two seeds that both share, from which on they are one."""
_MUCH: Final = 3
"""How many times more pull requests a weaker seed may hold to be one with a stronger: what holds half of the week is something else."""
_JOINS: Final = 1.0
"""The weight of links to a theme's members with which a pull request joins it."""
_FEW: Final = 4
"""Pull requests that change a symbol or a file for it to say that they belong together."""
_OFTEN: Final = 4
_TOGETHER: Final = 0.7
_NAMED: Final = 0.34
_ANY: Final = 0.6
"""The part of the titles with a bursting term that lie in one area: of a name, which has capitals or digits, and of any word."""
_CHAIN: Final = frozenset({"reverts", "reapplies", "fixes", "removes", "builds-on"})
_CHAIN_LENGTH: Final = 8
PLUMBING: Final = frozenset({"tests", "docs", "ci", "other", "examples", "core-utils", "benchmarks"})
"""Areas that are told by counts; as lines of work they say little of where the project is going."""


class Seed(NamedTuple):
    """What pull requests have in common: ``word`` is what it is called by."""

    kind: ThemeSeed
    key: str
    word: str
    numbers: tuple[int, ...]
    strength: float
    weaker: tuple[Seed, ...] = ()
    """Seeds that mostly hold the same pull requests, and are one with this."""

    def reason(self, number: int) -> ThemeSeed:
        """Return what holds a pull request here: this seed, else a weaker one."""
        return next((seed.kind for seed in (self, *self.weaker) if number in seed.numbers), self.kind)

    @property
    def all_numbers(self) -> tuple[int, ...]:
        """The pull requests of this seed and the weaker ones."""
        return tuple(sorted({number for seed in (self, *self.weaker) for number in seed.numbers}))


class Group(NamedTuple):
    """A theme before it is counted."""

    seed: Seed
    members: tuple[Member, ...]


def group(
    nodes: Sequence[Node],
    links: Iterable[Link],
    *,
    before: Sequence[str],
    areas: Mapping[int, str],
    changed_before: Mapping[str, int] | None = None,
) -> tuple[tuple[Group, ...], tuple[Link, ...]]:
    """Return the themes of the nodes of a window, and the links by what few pull requests share.

    ``before`` are titles before the window, ``areas`` the area or platform that a pull request is told under where it is in no other theme,
    ``changed_before`` how often a file changed before the window: what often changes says little of who changes it.
    """
    inside = {node.number: node for node in nodes}
    chains = [link for link in links if link.source in inside and link.target in inside]
    shared = _shared(nodes, changed_before)
    telling = [link for link in chains if link.reason != "changes-again"]
    weights = _weights(
        (*telling, *shared), {node.number: areas.get(node.number, node.area) for node in nodes}
    )
    seeds = _merged(_seeds(nodes, chains, before))
    groups = _joined(_placed(seeds, chains), weights)
    taken = {member.number for each in groups for member in each.members}
    rest = sorted(inside.keys() - taken)
    groups += _communities(rest, weights, inside)
    taken = {member.number for each in groups for member in each.members}
    by_area = _by_area([number for number in rest if number not in taken], areas)
    return tuple(_gathered(groups, by_area, areas)), shared


def _gathered(groups: Iterable[Group], by_area: Sequence[Group], areas: Mapping[int, str]) -> list[Group]:
    """Return all groups, pairs joined to what else lies in their area: two pull requests are no line of work."""
    found: dict[str, Group] = {each.seed.word: each for each in by_area}
    kept = []
    for each in groups:
        homes = {areas.get(member.number, "other") for member in each.members}
        home = found.get(homes.pop()) if len(homes) == 1 and len(each.members) < _LEAST else None
        if home is None:
            kept.append(each)
        else:
            members = sorted((*home.members, *each.members), key=lambda member: member.number)
            found[home.seed.word] = home._replace(members=tuple(members))
    return [*kept, *found.values()]


def _seeds(nodes: Sequence[Node], chains: Sequence[Link], before: Sequence[str]) -> list[Seed]:
    titles = {node.number: node.title for node in nodes}
    areas = {node.number: node.area for node in nodes}
    found = [_of_term(burst) for burst in bursts(titles, before) if _coheres(burst, areas)]
    found += _series(titles, before, set(areas.values()))
    found += _chain_seeds(nodes, chains)
    found += _registry_seeds(nodes)
    return sorted(found, key=lambda seed: (-seed.strength, seed.key))


def _of_term(burst: Burst) -> Seed:
    kind: ThemeSeed = "series" if burst.is_topic else "term"
    word = burst.term.strip("[]")
    return Seed(kind, f"{kind}:{word}", burst.shown, burst.numbers, burst.strength)


def _coheres(burst: Burst, areas: Mapping[int, str]) -> bool:
    """Return whether the titles that share a term are about one thing: a plain word of English stands in titles of every area."""
    found = Counter(areas[number] for number in burst.numbers)
    is_named = any(letter.isdigit() or letter.isupper() for letter in burst.shown[1:]) or " " in burst.shown
    return burst.is_topic or found.most_common(1)[0][1] >= (_NAMED if is_named else _ANY) * len(burst.numbers)


def _series(titles: Mapping[int, str], before: Sequence[str], areas: Collection[str]) -> list[Seed]:
    # A topic that names an area gathers what lies there anyway.
    parts: defaultdict[str, list[int]] = defaultdict(list)
    for number, title in titles.items():
        part = part_of(title)
        if part is not None:
            parts[part.topic].append(number)
    found = [
        Seed("series", f"series:{topic}", shown, numbers, 6.0 + 0.5 * len(numbers))
        for topic, shown, numbers in shared_topics(titles, before)
        if topic.replace(" ", "-") not in areas
    ]
    found += [
        Seed("series", f"series:{topic}", topic, tuple(sorted(numbers)), 20.0)
        for topic, numbers in sorted(parts.items())
        if len(numbers) > 1
    ]
    return found


def _chain_seeds(nodes: Sequence[Node], chains: Sequence[Link]) -> list[Seed]:
    """Return for each pull request that two or more follow a seed of it and them."""
    titles = {node.number: node.title for node in nodes}
    followers: defaultdict[int, list[Link]] = defaultdict(list)
    for link in chains:
        if link.reason in _CHAIN and link.weight >= 1.0:
            followers[link.target].append(link)
    return [
        Seed(
            "chain",
            f"chain:{number}",
            titles[number],
            tuple(sorted({number, *(link.source for link in each)})),
            8.0 + 2.0 * min(len(each), _CHAIN_LENGTH),
        )
        for number, each in sorted(followers.items())
        if len(each) > 1
    ]


def _registry_seeds(nodes: Sequence[Node]) -> list[Seed]:
    rows: defaultdict[str, set[int]] = defaultdict(set)
    for node in nodes:
        for registry, _ in node.registered:
            rows[registry].add(node.number)
    return [
        Seed("registry", f"registry:{registry}", registry, tuple(sorted(numbers)), 6.0)
        for registry, numbers in sorted(rows.items())
        if len(numbers) >= _LEAST
    ]


def _merged(seeds: Sequence[Seed]) -> list[Seed]:
    """Return the seeds, weaker ones that mostly hold the same pull requests joined to stronger ones."""
    kept: list[Seed] = []
    for seed in seeds:
        here = set(seed.numbers)
        for at, known in enumerate(kept):
            there = set(known.numbers)
            if len(here & there) >= _SAME * min(len(here), len(there)):
                if len(here) <= _MUCH * len(there):
                    kept[at] = known._replace(weaker=(*known.weaker, seed))
                break
        else:
            kept.append(seed)
    return kept


def _placed(seeds: Sequence[Seed], chains: Sequence[Link]) -> list[Group]:
    """Return the groups of the seeds; a pull request stays with the strongest of its seeds."""
    taken: set[int] = set()
    groups = []
    for seed in seeds:
        own = [number for number in seed.all_numbers if number not in taken]
        least = 2 if seed.kind in ("series", "chain") else _LEAST
        if len(own) < least:
            continue
        taken.update(own)
        chained = _chained(chains, own)
        members = tuple(
            Member(
                number=number,
                reason=seed.reason(number),
                to=tuple(sorted(chained.get(number, ()))) if seed.reason(number) == "chain" else (),
            )
            for number in own
        )
        groups.append(Group(seed, members))
    return groups


def _chained(chains: Iterable[Link], own: Iterable[int]) -> dict[int, set[int]]:
    numbers, found = set(own), defaultdict[int, set[int]](set)
    for link in chains:
        if link.source in numbers and link.target in numbers:
            found[link.source].add(link.target)
    return dict(found)


def _shared(nodes: Sequence[Node], changed_before: Mapping[str, int] | None) -> tuple[Link, ...]:
    """Return the links by symbols and files that few pull requests change: the rarer and the less both change besides, the heavier."""
    often = changed_before or {}
    by_symbol: defaultdict[tuple[str, str], list[Node]] = defaultdict(list)
    by_file: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        for each in {(each.path, each.name) for each in node.touched if each.how != "called"}:
            by_symbol[each].append(node)
        for path in node.files:
            by_file[path].append(node)
    best: defaultdict[tuple[int, int], dict[str, tuple[float, str]]] = defaultdict(dict)
    things = [(path, name, 1.0, who) for (path, name), who in by_symbol.items()]
    things += [(path, path, 0.6, who) for path, who in by_file.items()]
    for path, name, worth, who in sorted(things, key=lambda thing: thing[:2]):
        if not 2 <= len(who) <= _FEW:
            continue
        for one, other in combinations(sorted(who, key=lambda node: node.order), 2):
            size = max(len(one.touched), len(other.touched), len(one.files), len(other.files))
            weight = _worth(worth, often.get(path, 0)) / (len(who) - 1) / max(1.0, size / 12)
            # What two share in one file counts once: many symbols of one class say no more than the class.
            known = best[other.number, one.number].get(path, (0.0, ""))
            best[other.number, one.number][path] = max(known, (weight, name))
    weights = {pair: sum(weight for weight, _ in found.values()) for pair, found in best.items()}
    names = {
        pair: [name for _, name in sorted(found.values(), key=lambda each: (-each[0], each[1]))]
        for pair, found in best.items()
    }
    return tuple(
        Link(
            source=source,
            target=target,
            reason="shares",
            names=tuple(dict.fromkeys(names[source, target]))[:4],
            weight=round(min(weight, 2.0), 3),
        )
        for (source, target), weight in sorted(weights.items())
        if weight >= 0.3
    )


def _worth(whole: float, changes: int) -> float:
    """Return what a thing counts whose file changed so often before: half after four changes."""
    return whole / (1.0 + changes / _OFTEN)


def _weights(links: Iterable[Link], areas: Mapping[int, str]) -> dict[tuple[int, int], float]:
    """Return for each two pull requests, the smaller number first, what their links weigh together: half where their areas differ."""
    found: defaultdict[tuple[int, int], float] = defaultdict(float)
    for link in links:
        factor = 1.0 if link.reason != "shares" or areas[link.source] == areas[link.target] else 0.5
        found[min(link.source, link.target), max(link.source, link.target)] += factor * link.weight
    return dict(found)


def _joined(groups: list[Group], weights: Mapping[tuple[int, int], float]) -> list[Group]:
    """Return the groups with what links lead to them; nobody joins who joined by others."""
    where = {member.number: at for at, each in enumerate(groups) for member in each.members}
    towards: defaultdict[int, defaultdict[int, list[tuple[float, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for (one, other), weight in weights.items():
        for number, member in ((one, other), (other, one)):
            if number not in where and member in where:
                towards[number][where[member]].append((weight, member))
    joined: defaultdict[int, list[Member]] = defaultdict(list)
    for number, choices in sorted(towards.items()):
        at, linked = max(choices.items(), key=lambda item: (sum(weight for weight, _ in item[1]), -item[0]))
        if sum(weight for weight, _ in linked) >= _JOINS:
            to = tuple(sorted(member for _, member in linked))
            joined[at].append(Member(number=number, reason="linked", to=to))
    return [
        each._replace(members=tuple(sorted((*each.members, *joined[at]), key=lambda one: one.number)))
        for at, each in enumerate(groups)
    ]


def _communities(
    rest: Sequence[int], weights: Mapping[tuple[int, int], float], inside: Mapping[int, Node]
) -> list[Group]:
    """Return the groups of what no seed holds that are linked among themselves more than with others."""
    chosen = set(rest)
    edges = {
        pair: weight
        for pair, weight in weights.items()
        if pair[0] in chosen and pair[1] in chosen and weight >= _TOGETHER
    }
    groups = []
    for numbers in find_groups(edges):
        if len(numbers) < _LEAST:
            continue
        to = {number: _neighbours(number, numbers, edges) for number in numbers}
        first = min(numbers, key=lambda number: (-inside[number].importance, number))
        seed = Seed("together", f"together:{first}", inside[first].title, numbers, 5.0)
        members = tuple(Member(number=number, reason="together", to=to[number]) for number in numbers)
        groups.append(Group(seed, members))
    return groups


def _neighbours(
    number: int, numbers: Sequence[int], edges: Mapping[tuple[int, int], float]
) -> tuple[int, ...]:
    return tuple(
        other for other in numbers if other != number and (min(number, other), max(number, other)) in edges
    )


def _by_area(rest: Iterable[int], areas: Mapping[int, str]) -> list[Group]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number in rest:
        area = areas.get(number, "other")
        if area not in PLUMBING:
            found[area].append(number)
    return [
        Group(
            Seed("area", f"area:{area}", area, tuple(numbers), 0.0),
            tuple(Member(number=number, reason="area") for number in sorted(numbers)),
        )
        for area, numbers in sorted(found.items())
        if len(numbers) >= _LEAST
    ]
