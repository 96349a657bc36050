"""Counts of a window, each with the pull requests behind it: authors, areas, kinds, and how much each area changed at what risk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.products.report.model import AreaChange, Author, Counted, HotFile

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
