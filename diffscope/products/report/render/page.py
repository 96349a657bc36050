"""The view of a digest for its HTML page: rows with filters, links, bars, lines, the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import quote, urlencode

from diffscope.messages.model import Language
from diffscope.messages.say import title
from diffscope.products.report.link_model import Link
from diffscope.products.report.model import AreaChange, Counted, Digest, PullSummary, TrendPoint
from diffscope.products.report.render.marks import ARROWS, GROUPS, Column, Marks, Tick, group_of
from diffscope.products.report.render.view_model import DigestView
from diffscope.render.sanitize import uri_path, visible
from diffscope.render.words import Words, kind_one, kind_title
from diffscope.rules.model import RuleCode, family_title
from diffscope.source.model import Value

LEVELS: Final = ("high", "medium", "low", "none")
"""The parts of a bar: high with critical, none with unknown."""
_PART: Final = {"critical": "high", "unknown": "none"}
LEAST_TREND: Final = 3
"""Two points are two numbers, told in a sentence; a line needs a third."""
_TREND_FAMILIES: Final = 6
_TRENDS: Final = 3
_LONGEST: Final = 36


class Part(Value, frozen=True, kw_only=True):
    """A part of a bar."""

    name: str
    count: int


class Bar(Value, frozen=True, kw_only=True):
    """A row of a chart: its parts in the order that they are drawn."""

    name: str
    total: int
    parts: tuple[Part, ...]


class Point(Value, frozen=True, kw_only=True):
    """One window of a line: how many of how many."""

    label: str
    count: int
    total: int

    @property
    def share(self) -> float:
        """The share, in hundredths."""
        return 100 * self.count / self.total if self.total else 0.0


class PageView(DigestView):
    """Answers for the page and its charts."""

    def __init__(self, digest: Digest, words: Words) -> None:
        super().__init__(digest, words)
        self.marks = Marks(digest)
        self._rules = {rule.code: words.pick(rule.title) for rule in digest.rules}

    # rows

    @cached_property
    def rows(self) -> tuple[PullSummary, ...]:
        """The pull requests, worst risk first, then most important."""
        return tuple(
            sorted(self.digest.pulls, key=lambda pull: (-self.rank(pull), -pull.importance, pull.number))
        )

    def worked_on(self, number: int) -> tuple[str, ...]:
        """Return the areas that a pull request counts under."""
        return self._worked_on.get(number, ())

    @cached_property
    def _worked_on(self) -> dict[int, tuple[str, ...]]:
        return _by_number(self.digest.top_areas)

    def minor(self, number: int) -> tuple[str, ...]:
        """Return the families that a pull request touches lightly."""
        return tuple(family.family for family in self.digest.risk.families if number in family.minor)

    def author(self, pull: PullSummary) -> str:
        """Return the author by the name that the list of authors has."""
        return self._authors.get(pull.number) or pull.author or ""

    @cached_property
    def _authors(self) -> dict[int, str]:
        return {number: author.name for author in self.digest.authors for number in author.pulls}

    def paths(self, pull: PullSummary) -> str:
        """Return the files of a pull request as paths of addresses, a space between two."""
        hot = [file.path for file in self.digest.hot_files if pull.number in file.pulls]
        return " ".join(map(uri_path, dict.fromkeys((*pull.paths, *hot))))

    def found_by(self, pull: PullSummary) -> str:
        """Return what a search finds a row by besides its text: its words in both languages."""
        families = (family_title(name) for name in self.families(pull))
        said = [text for family in families for text in (family.en, family.zh)]
        said += [
            title("area", area, language) for area in self.worked_on(pull.number) for language in Language
        ]
        said += [kind_title(pull.kind, language) for language in Language]
        return " ".join(dict.fromkeys((*said, *pull.tags, *pull.platforms)))

    def link(self, **state: str) -> str:
        """Return a link that filters the table: the state in the address, as the script reads it."""
        return "#" + urlencode({name: visible(value) for name, value in state.items()}, quote_via=quote)

    def link_file(self, path: str) -> str:
        """Return a link to the pull requests that changed a file."""
        return self.link(file=uri_path(path))

    def link_area(self, name: str) -> str:
        """Return a link to the pull requests of an area or a platform; none where none would be found."""
        if any(one.name == name for one in self.digest.top_areas):
            return self.link(areas=name)
        return self.link(platforms=name) if any(one.name == name for one in self.digest.platforms) else ""

    def short(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path -> what it is called: its last two parts, more where two would be called the same, whole if it is short."""
        whole = list(paths)
        called = {path: _last(path, 2) for path in whole}
        for kept in range(3, 8):
            twice = {name for name, count in Counter(called.values()).items() if count > 1}
            called = {path: _last(path, kept) if name in twice else name for path, name in called.items()}
        return called

    def one_kind(self, name: str) -> str:
        """Return what one change of a kind is called."""
        return kind_one(name, self._words.language)

    def rule(self, code: RuleCode) -> str:
        """Return what a rule is called; nothing where the digest does not say, as those of older versions."""
        return self._rules.get(code, "")

    def group(self, kind: str) -> str:
        """Return the colour of a kind."""
        return group_of(kind)

    @cached_property
    def groups(self) -> tuple[tuple[str, str], ...]:
        """The colours that the window has, and what each one is."""
        here = {group_of(pull.kind) for pull in self.digest.pulls}
        names = {
            group: self._words.comma.join(map(self.kind, kinds)) or self._words("page.upkeep")
            for group, kinds in GROUPS.items()
        }
        return tuple((group, name) for group, name in names.items() if group in here)

    def group_title(self, group: str) -> str:
        """Return what a colour is."""
        return dict(self.groups).get(group, group)

    def theme_of(self, number: int) -> str:
        """Return the keys of the themes that a pull request is of, as words of a filter."""
        return " ".join(uri_path(theme.key) for theme in self.digest.themes if number in theme.pulls)

    def day(self, column: Column) -> str:
        """Return what a column of the strip is called: ``Mon 23``, or its first day and its last."""
        if column.first == column.last:
            return f"{self._words(f'weekday.{column.first.weekday()}')} {column.first.day}"
        return f"{column.first:%m-%d}–{column.last:%m-%d}"

    def tick(self, tick: Tick) -> str:
        """Return what a line of an axis is called."""
        return str(tick.first.day) if self.marks.step == 1 else f"{tick.first:%m-%d}"

    @cached_property
    def drawn(self) -> tuple[str, ...]:
        """The reasons of the arrows that the page draws."""
        reasons = {
            arrow.link.reason for theme in self.digest.themes for arrow in self.marks.lane(theme).arrows
        }
        return tuple(reason for reason in ARROWS if reason in reasons)

    def relations(self, number: int) -> tuple[tuple[str, int], ...]:
        """Return how a pull request and others stand to each other: a sentence with a gap, and the other one. What it follows comes first."""
        found: dict[int, str] = {}
        for link in self._links.get(number, ()):
            is_later = link.source == number
            other = link.target if is_later else link.source
            code = f"link.{link.reason}" if is_later else f"link.{link.reason}-back"
            found.setdefault(other, self._words(code, pull="{}"))
        return tuple((said, other) for other, said in found.items())

    @cached_property
    def _links(self) -> dict[int, list[Link]]:
        found: dict[int, list[Link]] = {}
        for link in sorted(self.digest.links, key=lambda link: -link.weight):
            if link.reason in ARROWS:
                found.setdefault(link.source, []).insert(0, link)
                found.setdefault(link.target, []).append(link)
        return found

    def arrow(self, link: Link) -> str:
        """Return what an arrow tells: ``#2 fixes #1``."""
        said = self._words(f"link.{link.reason}", pull=self.name(link.target))
        return f"{self.name(link.source)} {said}"

    def called(self, number: int) -> str:
        """Return the title of a pull request of the window, or of one that its links name."""
        return self.title(number) or self._related.get(number, "")

    @cached_property
    def _related(self) -> dict[int, str]:
        return {pull.number: pull.title for pull in self.digest.related}

    # the window compared with

    @property
    def before(self) -> TrendPoint | None:
        """The figures of the window compared, unless it was empty."""
        compared = self.digest.compared
        return compared if isinstance(compared, TrendPoint) and compared.source_pulls else None

    # bars and lines

    @cached_property
    def kind_bars(self) -> tuple[Bar, ...]:
        """Kinds of change, each by the risk of its pull requests."""
        found: dict[str, Counter[str]] = {one.name: Counter() for one in self.digest.kinds}
        for pull in self.digest.pulls:
            found.setdefault(pull.kind, Counter())[_PART.get(pull.level, pull.level)] += 1
        return tuple(
            Bar(
                name=kind,
                total=levels.total(),
                parts=tuple(Part(name=level, count=levels[level]) for level in LEVELS if levels[level]),
            )
            for kind, levels in found.items()
        )

    @cached_property
    def trend(self) -> tuple[tuple[str, tuple[Point, ...]], ...]:
        """The most frequent families over the last windows; none where there are fewer than three windows."""
        windows = [one for one in self.digest.trend if one.is_judged]
        if len(windows) + 1 < LEAST_TREND:
            return ()
        told = [
            (one.period.label, one.source_pulls, {risk.name: risk.count for risk in one.risks})
            for one in windows
        ]
        here = {risk.name: risk.count for risk in self.digest.top_risks}
        told.append((self.digest.period.label, self.digest.source_pulls, here))
        return tuple(
            (
                family.name,
                tuple(
                    Point(label=label, count=counts.get(family.name, 0), total=total)
                    for label, total, counts in told
                ),
            )
            for family in self.digest.top_risks[:_TREND_FAMILIES]
        )

    @cached_property
    def trends(self) -> tuple[tuple[str, str, tuple[Point, ...]], ...]:
        """Kinds, families and areas over the last windows, as (title, link, points); none where there are fewer than three windows."""
        here, past = self.digest, self.digest.trend
        groups = (
            (here.kinds, [one.kinds or None for one in past], "kind", self.kind),
            (here.top_risks, [one.risks if one.is_judged else None for one in past], "families", self._words.family),
            (here.top_areas, [one.areas or None for one in past], "areas", self.area),
        )  # fmt: skip
        found = []
        for counted, before, field, called in groups:
            known = [(one, counts) for one, counts in zip(past, before, strict=True) if counts is not None]
            if len(known) + 1 < LEAST_TREND:
                continue
            for one in counted[:_TRENDS]:
                points = [
                    Point(label=point.period.label, count=_count(counts, one.name), total=point.source_pulls)
                    for point, counts in known
                ]
                points.append(Point(label=here.period.label, count=one.count, total=here.source_pulls))
                found.append((called(one.name), self.link(**{field: one.name}), tuple(points)))
        return tuple(found)

    # the map

    @cached_property
    def _mains(self) -> dict[str, list[PullSummary]]:
        found: dict[str, list[PullSummary]] = {}
        for pull in self.digest.pulls:
            found.setdefault(pull.areas[0] if pull.areas else "other", []).append(pull)
        return found

    def mains(self, area: str, *levels: str) -> tuple[int, ...]:
        """Return the pull requests whose main area this is, of these levels or of any."""
        return tuple(pull.number for pull in self._mains.get(area, ()) if not levels or pull.level in levels)

    def tone(self, area: str) -> str:
        """Return the colour of an area: its worst risk, and in thirds how much of its own work is of medium risk or worse."""
        own = self._mains.get(area, ())
        high = len(self.mains(area, "high", "critical"))
        flagged = high + len(self.mains(area, "medium"))
        if not flagged:
            return "low" if own else "quiet"
        third = 1 + (3 * flagged > len(own)) + (3 * flagged > 2 * len(own))
        return f"{'high' if high else 'medium'}-{third}"

    def say_rest(self, count: int) -> str:
        """Return what the cell of the smallest areas is called."""
        return self._words("map.rest", count=count)

    def say_lines(self, churn: int) -> str:
        """Return the number of lines of a cell."""
        return self._words("map.lines", lines=churn)

    def say_cell(self, area: str, label: str, churn: int) -> str:
        """Return all that a cell tells, in words."""
        if not area:
            return self._words("map.rest-cell", area=label, lines=churn)
        return self._words(
            "map.cell",
            area=label,
            lines=churn,
            count=self._counts(area),
            own=len(self.mains(area)),
            high=len(self.mains(area, "high", "critical")),
            medium=len(self.mains(area, "medium")),
        )

    def _counts(self, area: str) -> int:
        return next((one.count for one in self.digest.top_areas if one.name == area), 0)

    def area_counts(self, area: AreaChange) -> int:
        """Return how many pull requests count under an area of the map."""
        return self._counts(area.area)


def _count(counted: Iterable[Counted], name: str) -> int:
    return next((one.count for one in counted if one.name == name), 0)


def _by_number(counted: Sequence[Counted]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for one in counted:
        for number in one.pulls:
            found.setdefault(number, []).append(one.name)
    return {number: tuple(names) for number, names in found.items()}


def _last(path: str, kept: int) -> str:
    parts = path.split("/")
    return path if len(path) <= _LONGEST or len(parts) <= kept else f"…/{'/'.join(parts[-kept:])}"
