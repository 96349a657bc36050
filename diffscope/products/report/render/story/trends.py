"""Trends of a report in sentences: what rises and falls against the windows before, and which files are changed again and again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Counted, Digest, TrendPoint
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words
from diffscope.source.profile import places

RISE: Final = 4.0
"""Points of a hundred by which a share differs from its mean for it to be a word on a trend."""
INSIDE: Final = frozenset({"ci", "test", "docs"})
"""Kinds and areas of which nobody who runs a server notices a rise."""
_NAMED: Final = 3
_OF_A_GROUP: Final = 2
_HOT: Final = 2
_STREAK: Final = 3
"""Windows in a row from which on they are worth a word."""


class _Share(NamedTuple):
    """The share of a name in hundredths: now, in the mean, the least and the most of the windows before, and how often in a row it rose up to now."""

    name: str
    now: float
    mean: float
    least: float
    most: float
    rises: int

    @property
    def is_unusual(self) -> bool:
        """Whether it is far from its mean, and no window before had it so."""
        return abs(self.now - self.mean) >= RISE and not self.least <= self.now <= self.most


class TrendStory:
    """What one digest tells of trends, in one language. ``told`` are areas of which the first sentences say what they were about."""

    def __init__(self, read: PageView, words: Words, told: Collection[str] = ()) -> None:
        self._told = told
        self._read = read
        self._words = words
        self._digest = read.digest

    def trends(self) -> tuple[str, ...]:
        """What rises and falls against the windows before, and what is changed in each of them."""
        points = self._digest.trend
        told: list[str] = []
        before = self._read.before
        if not points:
            growth = self._read.growth if before else ""
            code = "trend.grown" if growth else "trend.alone"
            period = before.period.label if before else ""
            told.append(self._words(code, count=self._digest.source_pulls, growth=growth, period=period))
        else:
            mean = round(sum(point.source_pulls for point in points) / len(points))
            told.append(
                self._words(
                    "trend.pulls",
                    windows=len(points),
                    mean=mean,
                    count=self._digest.source_pulls,
                    is_week=self._read.is_week,
                )
            )
            told += self._shares(points)
            told += self._hot()
        return tuple(told)

    def _shares(self, points: Sequence[TrendPoint]) -> Iterator[str]:
        """Yield what takes a greater and what a smaller share than it usually does."""
        here, whole = self._digest, [point.source_pulls for point in points]
        kinds = _moves(here.kinds, [point.kinds for point in points], whole, here.source_pulls)
        areas = _moves(here.top_areas, [point.areas for point in points], whole, here.source_pulls)
        of = {one.name: one.pulls for one in here.top_areas}
        risen, fallen = list[str](), list[str]()
        for found, called, is_area in ((areas, self._read.area, True), (kinds, self._read.kind, False)):
            kept = [each for each in found if each.name not in INSIDE and each.is_unusual]
            up = [each for each in kept if each.now > each.mean][:_OF_A_GROUP]
            down = [each for each in reversed(kept) if each.now < each.mean][:_OF_A_GROUP]
            risen += [
                self._share(each, called(each.name))
                + (self._made_of(of.get(each.name, ())) if is_area and each.name not in self._told else "")
                for each in up
            ]
            fallen += [self._share(each, called(each.name)) for each in down]
        for code, names in (("trend.risen", risen), ("trend.fallen", fallen)):
            if names:
                yield self._words(
                    code,
                    names=self._words.semicolon.join(names),
                    windows=len(points),
                    is_week=self._read.is_week,
                )

    def _share(self, each: _Share, called: str) -> str:
        words = self._words
        rises = words("trend.rises", count=each.rises, is_week=self._read.is_week)
        return words(
            "trend.share",
            name=called,
            share=each.now,
            mean=each.mean,
            rises=rises if each.rises >= _STREAK else "",
        )

    def _made_of(self, numbers: Sequence[int]) -> str:
        """Return how many of some pull requests are fixes, and the most important of them."""
        undone = {link.target for link in self._digest.links if link.reason == "reverts"}
        pulls = [pull for number in numbers if (pull := self._read.pull(number))]
        pulls.sort(key=lambda pull: -pull.importance)
        fixes = sum(pull.kind == "bugfix" for pull in pulls)
        kept = [name_of(pull.number) for pull in pulls if pull.number not in undone]
        first = self._words.listed(kept[:_NAMED], _NAMED)
        return self._words("trend.made-of", count=len(pulls), fixes=fixes, pulls=first)

    def _hot(self) -> Iterator[str]:
        """Yield the files that several pull requests changed in each window of the longest such row."""
        files = [
            file
            for file in self._digest.hot_files
            if file.streak >= _STREAK and file.area not in INSIDE and not places().is_test(file.path)
        ]
        files = [file for file in files if file.streak == max(each.streak for each in files)]
        if files:
            files.sort(key=lambda file: (-file.count, file.path))
            said = [
                self._words("trend.hot-file", path=file.path, count=file.count, is_week=self._read.is_week)
                for file in files[:_HOT]
            ]
            yield self._words(
                "trend.hot",
                files=self._words.comma.join(said),
                streak=files[0].streak,
                is_week=self._read.is_week,
            )


def risen_areas(digest: Digest) -> dict[str, tuple[float, float]]:
    """Return the areas of which the share rose as never in the windows before: the share now and in their mean."""
    past, whole = [point.areas for point in digest.trend], [point.source_pulls for point in digest.trend]
    found = _moves(digest.top_areas, past, whole, digest.source_pulls) if past else []
    return {each.name: (each.now, each.mean) for each in found if each.is_unusual and each.now > each.mean}


def _moves(
    counted: Sequence[Counted], past: Sequence[Sequence[Counted]], totals: Sequence[int], whole: int
) -> list[_Share]:
    """Return each name with its share now and before, the greatest rise first."""
    names = {one.name: one.count for one in counted}
    before = [
        ({one.name: one.count for one in found}, total)
        for found, total in zip(past, totals, strict=True)
        if total
    ]
    moves = []
    for name in sorted(names.keys() | {name for counts, _ in before for name in counts}):
        now = 100 * names.get(name, 0) / whole if whole else 0.0
        shares = [100 * counts.get(name, 0) / total for counts, total in before]
        past_shares = shares or [now]
        mean = sum(past_shares) / len(past_shares)
        moves.append(_Share(name, now, mean, min(past_shares), max(past_shares), _rises([*shares, now])))
    return sorted(moves, key=lambda move: (move.mean - move.now, move.name))


def _rises(shares: Sequence[float]) -> int:
    """Return how often in a row, up to the last one, a share was above that before."""
    count = 0
    for earlier, later in zip(reversed(shares[:-1]), reversed(shares), strict=False):
        if later <= earlier:
            break
        count += 1
    return count
