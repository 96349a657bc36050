"""Counts over the assessments of a window, its figures beside those of earlier windows, and its risks by family; each with the pull requests behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import takewhile
from typing import Final

import msgspec
from msgspec import UNSET

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.products.report.model import (
    AreaChange,
    Author,
    Counted,
    FamilyRisk,
    HotFile,
    Period,
    RiskItem,
    RiskSection,
    TrendPoint,
    UnknownItem,
    WaivedItem,
)
from diffscope.rules.model import FAMILIES, Flag, Severity, every_flag, family_title
from diffscope.source.window import Window, day_of, days, week

_SERIOUS = frozenset({RiskLevel.HIGH, RiskLevel.CRITICAL})


def area_changes(assessments: Iterable[Assessment]) -> tuple[AreaChange, ...]:
    """Return each area with the lines changed in its files, most first, then by name.

    A pull request counts for every area that one of its files lies in, and for its risk with it.
    """
    churn: Counter[str] = Counter()
    files: dict[str, set[str]] = defaultdict(set)
    pulls: dict[str, dict[int, RiskLevel]] = defaultdict(dict)
    for one in assessments:
        for file in one.files:
            churn[file.area] += file.additions + file.deletions
            files[file.area].add(file.path)
            pulls[file.area][number_of(one)] = one.risk.level
    found = (
        AreaChange(
            area=area,
            churn=churn[area],
            files=len(files[area]),
            pulls=tuple(sorted(levels)),
            medium=tuple(sorted(number for number, level in levels.items() if level is RiskLevel.MEDIUM)),
            high=tuple(sorted(number for number, level in levels.items() if level in _SERIOUS)),
        )
        for area, levels in pulls.items()
    )
    return tuple(sorted(found, key=lambda one: (-one.churn, one.area)))


_WORKED_ON: Final = 0.2
_DIGITS: Final = 12
"""Of a commit's id. A number of that size is still exact in JavaScript."""


def number_of(assessment: Assessment) -> int:
    """Return the pull request's number; of a commit that is of none, a negative one of its own, which ``name_of`` reads."""
    pull = assessment.change.pull
    if pull.number is not None:
        return pull.number
    return -int(pull.head[:_DIGITS], 16) if pull.head else 0


def name_of(number: int) -> str:
    """Return how a change is called: ``#38450``, or the commit's short id where it is of no pull request."""
    return f"#{number}" if number >= 0 else f"{-number:0{_DIGITS}x}"


def worked_on(assessment: Assessment) -> Iterable[str]:
    """Return the areas that a pull request works on; one that holds a tenth of it is touched."""
    return (share.area for share in assessment.areas if share.weight >= _WORKED_ON)


def count(
    assessments: Iterable[Assessment],
    words: Callable[[Assessment], Iterable[str]],
    *,
    before: Iterable[Assessment] | None = None,
) -> tuple[Counted, ...]:
    """Return each word with its pull requests, most frequent first, then by name. A word counts once a pull request."""
    earlier = None if before is None else Counter(word for one in before for word in set(words(one)))
    found: dict[str, list[int]] = defaultdict(list)
    for one in assessments:
        for word in set(words(one)):
            found[word].append(number_of(one))
    counted = (
        Counted(
            name=word,
            count=len(pulls),
            pulls=tuple(sorted(pulls)),
            before=UNSET if earlier is None else earlier[word],
        )
        for word, pulls in found.items()
    )
    return tuple(sorted(counted, key=lambda one: (-one.count, one.name)))


def hot_files(assessments: Iterable[Assessment], *, least: int = 2, most: int = 20) -> tuple[HotFile, ...]:
    """Return the files that at least ``least`` pull requests changed, most changed first, then by churn and path."""
    pulls: dict[str, list[int]] = defaultdict(list)
    churn: Counter[str] = Counter()
    area: dict[str, str] = {}
    for one in assessments:
        for file in one.files:
            pulls[file.path].append(number_of(one))
            churn[file.path] += file.additions + file.deletions
            area[file.path] = file.area
    hot = (
        HotFile(
            path=path, area=area[path], count=len(numbers), churn=churn[path], pulls=tuple(sorted(numbers))
        )
        for path, numbers in pulls.items()
        if len(numbers) >= least
    )
    return tuple(sorted(hot, key=lambda file: (-file.count, -file.churn, file.path))[:most])


def authors(assessments: Collection[Assessment], logins: Mapping[str, str]) -> tuple[Author, ...]:
    """Return the authors, most pull requests first, then by name.

    ``logins`` adds logins by author name where they are known; names that share a login are one author, by the name used most.
    """
    pulls: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for one in assessments:
        pull = one.change.pull
        name = pull.author or pull.author_login
        if name:
            login = pull.author_login or logins.get(name)
            pulls[f"@{login.lower()}" if login else name].append((name, number_of(one)))
    known: dict[str, str | None] = {**logins}
    known |= {
        one.change.pull.author or one.change.pull.author_login or "": one.change.pull.author_login
        for one in assessments
        if one.change.pull.author_login
    }
    found = (_author(entries, known) for entries in pulls.values())
    return tuple(sorted(found, key=lambda author: (-author.count, author.name)))


def _author(entries: list[tuple[str, int]], logins: Mapping[str, str | None]) -> Author:
    names = Counter(name for name, _ in entries)
    name = min(names, key=lambda each: (-names[each], each))
    return Author(
        name=name,
        login=logins.get(name),
        count=len(entries),
        pulls=tuple(sorted(number for _, number in entries)),
    )


OFFSET = "+08:00"
"""Days begin and end at UTC+8, as in the weeklies and daily reports that are published of vLLM."""


def period_of_week(name: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return an ISO week (``2026-W13``), Monday to Sunday. Raises ``UsageError``."""
    window = week(name, utc_offset=offset)
    monday, sunday = (day_of(second, utc_offset=offset) for second in (window.start, window.end - 1))
    return _named(monday, sunday, offset), window


def period_of_days(since: str, until: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return a span of days, both included. Raises ``UsageError``."""
    window = days(since, until, utc_offset=offset)
    return _named(date.fromisoformat(since), date.fromisoformat(until), offset), window


def period_before(period: Period) -> tuple[Period, Window]:
    """Return the period of the same length that ends on the day before."""
    first, last = date.fromisoformat(period.since), date.fromisoformat(period.until)
    length = (last - first).days + 1
    # Before the first day of the calendar there is none: what lies before is as long as there is room.
    since, until = (date.fromordinal(max(1, day.toordinal() - length)) for day in (first, last))
    return period_of_days(since.isoformat(), until.isoformat(), offset=period.offset)


def period_after(period: Period) -> tuple[Period, Window]:
    """Return the period of the same length that begins on the day after."""
    first, last = date.fromisoformat(period.since), date.fromisoformat(period.until)
    length = (last - first).days + 1
    since, until = (
        date.fromordinal(min(date.max.toordinal(), day.toordinal() + length)) for day in (first, last)
    )
    return period_of_days(since.isoformat(), until.isoformat(), offset=period.offset)


def period_of_range(name: str, times: tuple[int, ...], *, offset: str = OFFSET) -> Period:
    """Return the period of a range of commits, committed at ``times``; without any, both days are empty."""
    first, last = (
        (day_of(min(times), utc_offset=offset), day_of(max(times), utc_offset=offset))
        if times
        else (None, None)
    )
    return Period(
        since=first.isoformat() if first else "",
        until=last.isoformat() if last else "",
        offset=offset,
        label=name,
    )


def _named(first: date, last: date, offset: str) -> Period:
    year, number, weekday = first.isocalendar()
    is_week = weekday == 1 and last - first == timedelta(days=6)
    span = f"{first}/{last}" if first != last else first.isoformat()
    label = f"{year}-W{number:02}" if is_week else span
    return Period(since=first.isoformat(), until=last.isoformat(), offset=offset, label=label)


_TEST_FAMILIES = frozenset({"missing-tests", "insufficient-tests"})


_HOT = 100
"""Hot files of an earlier window: more than a report shows, so that streaks go on where the ranks change."""


def trend_point(period: Period, assessments: Sequence[Assessment], *, is_judged: bool = True) -> TrendPoint:
    """Return the figures of one window."""
    importance = [one.importance.value for one in assessments]
    return TrendPoint(
        period=period,
        source_pulls=len(assessments),
        churn=sum(one.change.additions + one.change.deletions for one in assessments),
        mean_importance=round(sum(importance) / len(importance), 2) if importance else 0.0,
        risks=count(assessments, families_of),
        levels=count(assessments, lambda one: (one.risk.level.value,)),
        kinds=count(assessments, lambda one: (one.kind,)),
        areas=count(assessments, worked_on),
        hot_files=tuple(file.path for file in hot_files(assessments, most=_HOT)),
        is_judged=is_judged,
    )


def with_streaks(files: Iterable[HotFile], trend: Sequence[TrendPoint]) -> tuple[HotFile, ...]:
    """Return hot files with how many windows in a row they are hot; ``trend`` has the earlier windows, oldest first."""
    return tuple(
        msgspec.structs.replace(
            file,
            streak=1 + sum(1 for _ in takewhile(lambda point: file.path in point.hot_files, reversed(trend))),  # noqa: B023 - used at once
        )
        for file in files
    )


def still_open(before: Iterable[Assessment], now: Iterable[Assessment]) -> tuple[RiskItem, ...]:
    """Return the test flags (medium or worse) of the window before whose pull requests nothing has followed.

    FollowUp is a pull request when this window changes one of the tests nearest to it, or a source file that it changed
    together with some test.
    """
    tests: set[str] = set()
    tested: set[str] = set()
    for one in now:
        tests.update(one.tests.changed)
        if one.tests.changed:
            tested.update(file.path for file in one.files)
    found = []
    for one in before:
        near = (
            set() if not isinstance(one.tests.nearest, tuple) else {each.path for each in one.tests.nearest}
        )
        sources = {file.path for file in one.files if file.category in ("source", "native")}
        if near & tests or sources & tested:
            continue
        kept = (item for item in items_of(one) if item.severity.rank >= COUNTED_FROM.rank)
        families = {flag.code: flag.family for flag in every_flag(one.flags)}
        found += [(item, one) for item in kept if families[item.code] in _TEST_FAMILIES][:1]
    ranked = sorted(found, key=lambda pair: (-pair[1].importance.value, number_of(pair[1])))
    return tuple(item for item, _ in ranked)


COUNTED_FROM = Severity.MEDIUM
"""Published reports count what deserves a second look; smaller touches are noted apart."""

_LEVELS = tuple(level.value for level in RiskLevel)


def risk_section(assessments: tuple[Assessment, ...], before: tuple[Assessment, ...] | None) -> RiskSection:
    """Return the risk section of a window; ``before`` gives each family's count in the window before."""
    earlier = None if before is None else Counter(family for one in before for family in families_of(one))
    families = (_family(name, assessments, earlier) for name in FAMILIES)
    order = list(FAMILIES)
    kept = sorted(
        (family for family in families if family.count or family.minor),
        key=lambda family: (-family.count, -len(family.minor), order.index(family.family)),
    )
    levels = count(assessments, lambda one: (one.risk.level.value,))
    return RiskSection(
        families=tuple(kept),
        levels=tuple(sorted(levels, key=lambda one: _LEVELS.index(one.name))),
        waived=_waived(assessments),
        unknown=_unknown(assessments),
    )


def families_of(assessment: Assessment) -> frozenset[str]:
    """Return the families that a pull request is counted under: those of its flags of medium severity and above."""
    return frozenset(
        flag.family for flag in every_flag(assessment.flags) if flag.severity.rank >= COUNTED_FROM.rank
    )


def items_of(assessment: Assessment) -> tuple[RiskItem, ...]:
    """Return every flag of a pull request as an item, worst first, then by code."""
    return tuple(_item(assessment, flag) for flag in every_flag(assessment.flags))


def _family(name: str, assessments: tuple[Assessment, ...], earlier: Counter[str] | None) -> FamilyRisk:
    worst = [item for one in assessments if (item := _worst(one, name)) is not None]
    counted = [item for item in worst if item.severity.rank >= COUNTED_FROM.rank]
    minor = [item for item in worst if item.severity.rank < COUNTED_FROM.rank]
    importance = {number_of(one): one.importance.value for one in assessments}
    return FamilyRisk(
        family=name,
        title=family_title(name),
        count=len(counted),
        pulls=tuple(sorted(item.number for item in counted)),
        minor=tuple(sorted(item.number for item in minor)),
        items=tuple(
            sorted(
                worst,
                key=lambda item: (-item.severity.rank, -importance[item.number], item.number, item.code),
            )
        ),
        before=UNSET if earlier is None else earlier[name],
    )


def _worst(assessment: Assessment, family: str) -> RiskItem | None:
    flags = [flag for flag in every_flag(assessment.flags) if flag.family == family]
    if not flags:
        return None
    return _item(assessment, min(flags, key=lambda flag: (-flag.severity.rank, flag.code)))


def _item(assessment: Assessment, flag: Flag) -> RiskItem:
    first = flag.evidence[0] if flag.evidence else None
    return RiskItem(
        number=number_of(assessment),
        title=assessment.change.pull.title,
        code=flag.code,
        severity=flag.severity,
        message=flag.message,
        path=first.path if first else None,
        line=first.line if first else 0,
        symbol=first.symbol if first else None,
    )


def _waived(assessments: Iterable[Assessment]) -> tuple[WaivedItem, ...]:
    found = (
        WaivedItem(number=number_of(one), code=waived.flag.code, reason=waived.reason)
        for one in assessments
        for waived in one.waived
    )
    return tuple(sorted(found, key=lambda item: (item.number, item.code)))


def _unknown(assessments: Iterable[Assessment]) -> tuple[UnknownItem, ...]:
    found = (
        UnknownItem(
            number=number_of(one),
            codes=tuple(sorted(rule.code for rule in one.unknown)),
            missing=tuple(
                sorted({each for rule in one.unknown for each in rule.missing}, key=lambda each: each.en)
            ),
        )
        for one in assessments
        if one.unknown
    )
    return tuple(sorted(found, key=lambda item: item.number))
