"""Trends of a report in sentences: what rises against the windows before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from diffscope.products.report.counts import name_of
from diffscope.products.report.model import Counted, TrendPoint
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words

_RISE: Final = 4.0
"""Points of a hundred by which a share differs from its mean for it to be a word on a trend."""
_NAMED: Final = 3
_INSIDE: Final = frozenset({"ci", "test", "docs"})
"""Kinds and areas of which nobody who runs a server notices a rise."""


class TrendStory:
    """What one digest tells of trends, in one language."""

    def __init__(self, read: PageView, words: Words) -> None:
        self._read = read
        self._words = words
        self._digest = read.digest

    def trends(self) -> tuple[str, ...]:
        """What rises against the windows before."""
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
        return tuple(told)

    @property
    def risen(self) -> str:
        """What rises against the windows before, as one sentence; nothing where nothing does."""
        return self._words.gap.join(self._shares(self._digest.trend)) if self._digest.trend else ""

    def _shares(self, points: Sequence[TrendPoint]) -> Iterator[str]:
        here = self._digest
        kinds = (here.kinds, [(point.kinds, point.source_pulls) for point in points], self._read.kind)
        areas = (here.top_areas, [(point.areas, point.source_pulls) for point in points], self._read.area)
        for group, (counted, past, called) in (("kinds", kinds), ("areas", areas)):
            before = [({one.name: one.count for one in found}, whole) for found, whole in past]
            moves = _moves(counted, before, here.source_pulls)
            of = {one.name: one.pulls for one in counted}
            risen = [
                self._words("trend.share", name=called(name), share=now, mean=mean)
                + (self._made_of(of.get(name, ())) if group != "kinds" else "")
                for name, now, mean in moves
                if now - mean >= _RISE and name not in _INSIDE
            ]
            if risen:
                yield self._words("trend.risen", what=self._words(f"trend-of.{group}"), names=risen[:2])

    def _made_of(self, numbers: Sequence[int]) -> str:
        """Return how many of some pull requests are fixes, and the most important of them."""
        undone = {link.target for link in self._digest.links if link.reason == "reverts"}
        pulls = [pull for number in numbers if (pull := self._read.pull(number))]
        pulls.sort(key=lambda pull: -pull.importance)
        fixes = sum(pull.kind == "bugfix" for pull in pulls)
        kept = [name_of(pull.number) for pull in pulls if pull.number not in undone]
        first = self._words.listed(kept[:_NAMED], _NAMED)
        return self._words("trend.made-of", count=len(pulls), fixes=fixes, pulls=first)


def _moves(
    counted: Sequence[Counted], past: Sequence[tuple[dict[str, int], int]], whole: int
) -> list[tuple[str, float, float]]:
    """Return each name with its share now and its mean share before, in hundredths, the greatest rise first."""
    names = {one.name: one.count for one in counted}
    moves = []
    for name in sorted(names.keys() | {name for counts, _ in past for name in counts}):
        now = 100 * names.get(name, 0) / whole if whole else 0.0
        shares = [100 * counts.get(name, 0) / total for counts, total in past if total]
        moves.append((name, now, sum(shares) / len(shares) if shares else now))
    return sorted(moves, key=lambda move: (move[2] - move[1], move[0]))
