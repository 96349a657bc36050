"""The map of the target repository's areas over a window: how much each changed, and at what risk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import AreaChange

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
