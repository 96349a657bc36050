"""Assessments of a window and what lies around it -> links, related pull requests and themes of the digest."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment
from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import count, families_of, number_of
from diffscope.products.report.link_model import Link, RelatedPull
from diffscope.products.report.links.chains import find_chains
from diffscope.products.report.links.nodes import Around, Node, node_of
from diffscope.products.report.links.themes import PLUMBING, Group, Seed, group
from diffscope.products.report.model import Theme
from diffscope.render.words import area_title

_MOST: Final = 24
"""Themes of a digest."""
_LEADING: Final = 5
_UPKEEP: Final = frozenset({"ci", "docs", "test"})
_UPKEEP_TITLE: Final = lazy_regex(
    r"(?i)\b(mypy|typing|type (hints?|annotations?|checks?)|lint(er|ing)?|ruff|pre-commit|typos?|docstrings?|renam(e|es|ing))\b"
)
"""How titles name work on types, style and names, which users do not meet."""


class Linked(NamedTuple):
    """How the pull requests of a window hang together."""

    links: tuple[Link, ...] = ()
    related: tuple[RelatedPull, ...] = ()
    themes: tuple[Theme, ...] = ()


def link_window(assessments: Sequence[Assessment], around: Around, repository: str) -> Linked:
    """Return links, what they name outside of the window, and themes; a window too small for themes has none."""
    inside = {number_of(one): one for one in assessments}
    nodes = [node_of(one, is_inside=True) for one in assessments]
    neighbours = [node_of(one, is_inside=False) for one in around.judged if number_of(one) not in inside]
    chains = find_chains(
        (*nodes, *neighbours), (*around.before, *around.after), around.worked.mended, _fixed(around)
    )
    groups, shared = group(
        nodes,
        chains,
        before=[one.title for one in around.before],
        areas={number: _home(one) for number, one in inside.items()},
        changed_before=Counter(path for one in around.before for path in one.paths),
    )
    links = tuple(
        sorted(
            (link for link in (*chains, *shared) if link.source in inside or link.target in inside),
            key=lambda link: (link.source, link.target, link.reason),
        )
    )
    themes = [_theme(each, inside) for each in groups]
    themes.sort(key=lambda theme: (_is_upkeep(theme, inside), -_weight(theme, inside), theme.key))
    return Linked(
        links, tuple(_related(links, inside, neighbours, around, repository)), tuple(themes[:_MOST])
    )


def _fixed(around: Around) -> frozenset[tuple[int, int]] | None:
    """Return who takes away whose lines, as (later one, earlier one); ``None`` where no patches were read."""
    mended = {(one.source, one.target) for one in around.worked.mended}
    return frozenset(mended | {*around.worked.touched}) if around.said else None


def _home(assessment: Assessment) -> str:
    """Return the platform that a title names, else the area that it names, else the main area."""
    words = {*re.findall(r"[a-z0-9]+", assessment.change.pull.title.lower())}
    platforms = [name for name in assessment.platforms if name in words and name != "cuda"]
    areas = {share.area for share in assessment.areas}
    named = [
        one.tag
        for one in assessment.tag_reasons
        if one.tag in areas and any(reason.code == "tag-reason.title" for reason in one.reasons)
    ]
    return next(iter((*platforms, *named, *(share.area for share in assessment.areas))), "other")


def _weight(theme: Theme, inside: Mapping[int, Assessment]) -> float:
    """Return the importance of the pull requests together, times the root of the lines of code: a long one does not outweigh all others."""
    own = [inside[number] for number in theme.pulls]
    code = sum(
        file.additions + file.deletions
        for one in own
        for file in one.files
        if file.category in ("source", "native")
    )
    return sum(one.importance.value for one in own) * math.sqrt(1 + code)


def _is_upkeep(theme: Theme, inside: Mapping[int, Assessment]) -> bool:
    """Return whether most pull requests of a theme are on tests, documents, CI, types or names, however they were found."""
    quiet = sum(
        one.kind in _UPKEEP
        or (one.kind == "refactor" and _UPKEEP_TITLE.search(one.change.pull.title) is not None)
        for one in (inside[number] for number in theme.pulls)
    )
    return theme.area in PLUMBING or 2 * quiet > theme.count


def _related(
    links: Iterable[Link],
    inside: Mapping[int, Assessment],
    neighbours: Iterable[Node],
    around: Around,
    repository: str,
) -> Iterator[RelatedPull]:
    known = {one.number: (one.title, one.merged_at) for one in (*around.before, *around.after)}
    known |= {node.number: (node.title, node.merged_at) for node in neighbours}
    named = {number for link in links for number in (link.source, link.target)}
    worked = (*around.worked.touched, *around.worked.repaired)
    named |= {source for source, target in worked if target in inside}
    for number in sorted(named - inside.keys()):
        title, merged_at = known.get(number, ("", None))
        url = f"https://github.com/{repository}/pull/{number}" if number > 0 else None
        yield RelatedPull(number=number, title=title, merged_at=merged_at, url=url)


def _theme(each: Group, inside: Mapping[int, Assessment]) -> Theme:
    own = [inside[member.number] for member in each.members]
    ranked = sorted(own, key=lambda one: (-one.importance.value, number_of(one)))
    touched: Counter[str] = Counter()
    churn: Counter[str] = Counter()
    for one in own:
        for file in one.files:
            if file.category in ("source", "native"):
                touched[file.path] += 1
                churn[file.path] += file.additions + file.deletions
    hot = sorted(touched, key=lambda path: (-touched[path], -churn[path], path))
    areas = Counter(one.areas[0].area if one.areas else "other" for one in own)
    area = each.seed.word if each.seed.kind == "area" else min(areas, key=lambda name: (-areas[name], name))
    return Theme(
        key=each.seed.key,
        seed=each.seed.kind,
        title=_title(each.seed, area, ranked[0]),
        strength=each.seed.strength if each.seed.kind in ("term", "series") else 0.0,
        area=area,
        count=len(own),
        churn=sum(one.change.additions + one.change.deletions for one in own),
        pulls=tuple(sorted(number_of(one) for one in own)),
        members=each.members,
        kinds=count(own, lambda one: (one.kind,)),
        leading=tuple(number_of(one) for one in ranked[:_LEADING]),
        hot_files=tuple(hot[:3]),
        risks=count(own, families_of),
    )


def _title(seed: Seed, area: str, first: Assessment) -> Text:
    named = Text(en=area_title(area, Language.ENGLISH), zh=area_title(area, Language.CHINESE))
    match seed.kind:
        case "area":
            return named
        case "term" | "series":
            return Text(en=seed.word, zh=seed.word)
        case "registry":
            return text_of("theme.registry", name=seed.word)
        case _:
            title = seed.word if seed.kind == "chain" else first.change.pull.title
            said = text_of("theme.around", title=title)
            return Text(en=f"{named.en}: {said.en}", zh=f"{named.zh}：{said.zh}")
