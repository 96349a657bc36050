"""Lines of work in a window: areas and platforms with enough weight, each with its leading pull requests."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from diffscope.assessment.document import Assessment
from diffscope.products.report.counts import count, number_of
from diffscope.products.report.model import Theme
from diffscope.products.report.risks import families_of

_SHARE = 0.2
"""Weight from which a pull request belongs to an area's line of work, as among the digest's ``top_areas``."""
_LEAST = 3
_MOST = 8
_PLUMBING = frozenset({"tests", "docs", "ci", "other", "examples", "core-utils", "benchmarks"})
"""Areas that are told by counts; as lines of work they say little of where vLLM is going."""


def themes(assessments: Iterable[Assessment]) -> tuple[Theme, ...]:
    """Return at most eight lines of work, by the importance that they gather; a window too small for that gives none."""
    groups: dict[str, list[Assessment]] = defaultdict(list)
    for one in assessments:
        keys = {share.area for share in one.areas if share.weight >= _SHARE} - _PLUMBING
        for key in sorted(keys | set(one.platforms) - {"cuda"}):
            groups[key].append(one)
    kept = [(key, group) for key, group in groups.items() if len(group) >= _LEAST]
    ranked = sorted(kept, key=lambda item: (-sum(one.importance.value for one in item[1]), item[0]))
    return tuple(_theme(key, group) for key, group in ranked[:_MOST])


def _is_about(assessment: Assessment, key: str) -> bool:
    """Return whether a pull request is first of all about an area or platform, and does not only touch it."""
    title = " ".join(re.findall(r"[a-z0-9]+", assessment.change.pull.title.lower()))
    is_named = f" {key.replace('-', ' ')} " in f" {title} "
    return is_named or assessment.areas[0].area == key


def _theme(key: str, group: list[Assessment]) -> Theme:
    ranked = sorted(group, key=lambda one: (not _is_about(one, key), -one.importance.value, number_of(one)))
    churn: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    for one in group:
        for file in one.files:
            if file.category in ("source", "native"):
                touched[file.path] += 1
                churn[file.path] += file.additions + file.deletions
    hot = sorted(touched, key=lambda path: (-touched[path], -churn[path], path))
    return Theme(
        key=key,
        count=len(group),
        churn=sum(one.change.additions + one.change.deletions for one in group),
        pulls=tuple(sorted(number_of(one) for one in group)),
        kinds=count(group, lambda one: (one.kind,)),
        leading=tuple(number_of(one) for one in ranked[:5]),
        hot_files=tuple(hot[:3]),
        risks=count(group, families_of),
    )
