"""The view of a digest that the templates of every layout and language use. Facts only; wording is the templates'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import UNSET

from diffscope.messages.model import Text
from diffscope.products.report.counts import name_of
from diffscope.products.report.model import (
    Counted,
    Digest,
    FamilyRisk,
    PullSummary,
    RiskItem,
    Theme,
)
from diffscope.render.words import Words, area_title, kind_counted, kind_title
from diffscope.rules.model import Missing, Severity

_LEVELS = ("critical", "high")
_RANKS = ("none", "unknown", "low", "medium", "high", "critical")
_PLAIN_TAGS = frozenset({"v1"})
"""Holds for most pull requests: says nothing of a week."""


class DigestView:
    """Answers of one digest in one language."""

    def __init__(self, digest: Digest, words: Words) -> None:
        self.digest = digest
        self._words = words
        self._pulls = {pull.number: pull for pull in digest.pulls}

    @property
    def is_week(self) -> bool:
        """Whether the window is an ISO week."""
        return "W" in self.digest.period.label and ".." not in self.digest.period.label

    @property
    def zone(self) -> str:
        """The window's offset as people write it: ``UTC+8``."""
        offset = self.digest.period.offset.removeprefix("UTC")
        sign, hours, minutes = offset[:1], *f"{offset[1:]}:00".split(":")[:2]
        short = f"{int(hours)}" + (f":{minutes}" if minutes != "00" else "")
        return "UTC" if short == "0" else f"UTC{sign}{short}"

    def url(self, number: int) -> str | None:
        """Return the address of a pull request; ``None`` for a change without a number."""
        known = self._pulls.get(number)
        if known is not None:
            return known.url
        return f"https://github.com/{self.digest.repository}/pull/{number}" if number > 0 else None

    def is_known(self, number: int) -> bool:
        """Return whether the digest knows a number as a pull request: of the window, or one that a link leads to."""
        return number in self._pulls or number in self._outside

    @cached_property
    def _outside(self) -> frozenset[int]:
        return frozenset(one.number for one in self.digest.related)

    def name(self, number: int) -> str:
        """Return how a change is called: ``#38450``, or a commit's short id."""
        return name_of(number)

    def pull(self, number: int) -> PullSummary | None:
        """Return a pull request of the window."""
        return self._pulls.get(number)

    def title(self, number: int) -> str:
        """Return a pull request's title; nothing where it is not of the window."""
        pull = self._pulls.get(number)
        return pull.title if pull else ""

    def area(self, name: str) -> str:
        """Return how the report calls an area."""
        return area_title(name, self._words.language)

    def kind(self, name: str) -> str:
        """Return how the report calls a kind."""
        return kind_title(name, self._words.language)

    def kinds(self, kinds: Sequence[Counted], most: int) -> str:
        """Return the most frequent kinds with their counts, and how many changes are of other kinds: together all of them."""
        words = self._words
        told = [kind_counted(one.name, one.count, words.language) for one in kinds[:most]]
        if rest := sum(one.count for one in kinds[most:]):
            told.append(words("others", count=rest))
        return words.comma.join(told)

    def gist(self, number: int, most: int = 3) -> tuple[Text, ...]:
        """Return what a pull request does, in at most so many clauses; nothing where it is not of the window."""
        pull = self._pulls.get(number)
        return pull.gist[:most] if pull else ()

    def counted(self, number: int) -> tuple[str, ...]:
        """Return the families that a pull request is counted under, in the order of the risk section."""
        return tuple(
            family.family for family in self.digest.risk.families if number in self._counted[family.family]
        )

    @cached_property
    def _counted(self) -> dict[str, frozenset[int]]:
        return {family.family: frozenset(family.pulls) for family in self.digest.risk.families}

    def by_area(self, numbers: Iterable[int]) -> tuple[Counted, ...]:
        """Return the main areas of pull requests, most frequent first, each with its own in the order given."""
        found: dict[str, list[int]] = {}
        for number in numbers:
            pull = self._pulls.get(number)
            found.setdefault(pull.areas[0] if pull and pull.areas else "other", []).append(number)
        counted = (Counted(name=name, count=len(each), pulls=tuple(each)) for name, each in found.items())
        return tuple(sorted(counted, key=lambda one: (-one.count, one.name)))

    def leading(self, theme: Theme, most: int = 3) -> tuple[int, ...]:
        """Return the first few leading pull requests of a theme that no theme before it tells of."""
        return self._leading[theme.key][:most]

    @cached_property
    def _leading(self) -> dict[str, tuple[int, ...]]:
        told: set[int] = set()
        found = {}
        for theme in self.digest.themes:
            found[theme.key] = tuple(number for number in theme.leading if number not in told)
            told.update(found[theme.key][:3])
        return found

    def said(self, text: Text) -> str:
        """Return a sentence of the facts, its arrows drawn."""
        return self._words.pick(text).replace(" -> ", " → ")

    def change(self, counted: Counted | FamilyRisk) -> str:
        """Return the change against the window before: ``+3``, ``-2``, ``±0``; nothing where there is none to compare."""
        if counted.before is UNSET:
            return ""
        assert isinstance(counted.before, int)  # noqa: S101 - the other half of the type
        difference = counted.count - counted.before
        return f"{difference:+d}" if difference else "±0"

    def part(self, counted: Counted | FamilyRisk) -> str:
        """Return the part of all pull requests: ``18%``."""
        return _percent(counted.count, self.digest.source_pulls)

    def part_before(self, counted: Counted | FamilyRisk) -> str:
        """Return the part in the window compared with; nothing where there is none."""
        whole = self.digest.compared_pulls
        if not isinstance(whole, int) or not isinstance(counted.before, int):
            return ""
        return _percent(counted.before, whole)

    @property
    def growth(self) -> str:
        """How many more or fewer pull requests there are than in the window compared with: ``-33%``."""
        whole = self.digest.compared_pulls
        if not isinstance(whole, int) or not whole:
            return ""
        return f"{round(100 * (self.digest.source_pulls - whole) / whole):+d}%"

    @cached_property
    def all_tags(self) -> tuple[Counted, ...]:
        """Every tag but those that nearly all have, most frequent first."""
        return tuple(tag for tag in self.digest.top_tags if tag.name not in _PLAIN_TAGS)

    @property
    def told(self) -> int:
        """How many pull requests lie in one of the themes."""
        return len({number for theme in self.digest.themes for number in theme.pulls})

    def index(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Return every count of the report as (of what, its name, the pull requests behind it)."""
        d, words = self.digest, self._words
        counts: tuple[tuple[str, str, tuple[int, ...]], ...] = (
            *(("kind", self.kind(one.name), one.pulls) for one in d.kinds),
            *(("tag", one.name, one.pulls) for one in self.all_tags),
            *(("area", self.area(one.name), one.pulls) for one in d.top_areas),
            *(("platform", self.area(one.name), one.pulls) for one in d.platforms),
            *(("family", words.family(one.family), one.pulls) for one in d.risk.families if one.count),
            *(("minor", words.family(one.family), one.minor) for one in d.risk.families if one.minor),
            *(("author", one.name, one.pulls) for one in d.authors if one.count > 1),
            *(("file", one.path, one.pulls) for one in d.hot_files),
        )
        return tuple(
            (what, name, tuple(name_of(one).removeprefix("#") for one in pulls))
            for what, name, pulls in counts
        )

    @cached_property
    def tags(self) -> tuple[Counted, ...]:
        """The tags that tell this window from others, most frequent first."""
        kinds = {counted.name for counted in self.digest.kinds}
        return tuple(
            tag for tag in self.digest.top_tags if tag.name not in _PLAIN_TAGS and tag.name not in kinds
        )

    @cached_property
    def serious(self) -> tuple[PullSummary, ...]:
        """The pull requests of high risk and above, worst first, then by importance."""
        found = [pull for pull in self.digest.pulls if pull.level in _LEVELS]
        return tuple(
            sorted(found, key=lambda pull: (_LEVELS.index(pull.level), -pull.importance, pull.number))
        )

    def counted_items(self, family: FamilyRisk) -> tuple[RiskItem, ...]:
        """Return the items of a family that its count counts, worst first."""
        return tuple(item for item in family.items if item.severity.rank >= Severity.MEDIUM.rank)

    def spread(self, family: FamilyRisk, most: int = 4) -> tuple[Counted, ...]:
        """Return the areas that a family's pull requests lie in, most frequent first."""
        return self.by_area(family.pulls)[:most]

    def both_families(self, first: str, second: str) -> tuple[int, ...]:
        """Return the pull requests that two families share."""
        by_name = {family.family: set(family.pulls) for family in self.digest.risk.families}
        return tuple(sorted(by_name.get(first, set()) & by_name.get(second, set())))

    def by_missing(self) -> tuple[tuple[Missing, tuple[int, ...]], ...]:
        """Return what was missing -> the pull requests that could not be judged whole for want of it."""
        found: dict[Missing, list[int]] = {}
        for item in self.digest.risk.unknown:
            for missing in item.missing:
                found.setdefault(missing, []).append(item.number)
        return tuple(
            (missing, tuple(found[missing]))
            for missing in sorted(found, key=lambda each: (-len(found[each]), each.en))
        )

    def families(self, pull: PullSummary) -> tuple[str, ...]:
        """Return the families of a pull request, those too that it touches lightly."""
        return self._families.get(pull.number, ())

    def rank(self, pull: PullSummary) -> int:
        """Return the level as a number that grows with the risk."""
        return _RANKS.index(pull.level) if pull.level in _RANKS else 0

    @cached_property
    def _families(self) -> dict[int, tuple[str, ...]]:
        found: dict[int, list[str]] = {}
        for family in self.digest.risk.families:
            for number in (*family.pulls, *family.minor):
                found.setdefault(number, []).append(family.family)
        return {number: tuple(families) for number, families in found.items()}


def _percent(count: int, whole: int) -> str:
    return f"{100 * count / whole:.0f}%" if whole else "0%"
