"""What the chance of a later fix is read from: the lines of a change, and what the history before its base says of the files that it edits.

Asked of edited files and of the history alone, so that thousands of past changes are measured without being judged. No measure is of a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.facts.model import FixMeasures
from diffscope.graph.history.history import ChangeHistory, is_fix, is_source
from diffscope.patterns import lazy_regex

HISTORY_DAYS: Final = 90
"""Days before the base whose fixes count."""
_SHORT: Final = 12
"""Characters below which equal lines in two places are no sign of a move."""
_BRANCH = lazy_regex(r"^\s*(?:\}?\s*else\b|(?:if|elif|for|while|try|except|with|case|match|switch)\b)")
_UNFINISHED = lazy_regex(r"TODO|FIXME|HACK")
_tells_fix = lru_cache(maxsize=50_000)(is_fix)


class EditedFile(NamedTuple):
    """One changed file and the lines that it gains and loses."""

    path: str
    old_path: str | None
    added: Sequence[str]
    removed: Sequence[str]
    is_new: bool = False


def measure_fix_risk(files: Iterable[EditedFile], history: ChangeHistory) -> FixMeasures | None:
    """Return the measures of a change; ``None`` for one that adds no line of source, which nobody can fix."""
    source = [file for file in files if is_source(file.path)]
    added = sum(len(file.added) for file in source)
    if not added:
        return None
    fixes = set[int]()
    by_file = [
        (len(file.added) + len(file.removed), _fixes_of(file, history, fixes))
        for file in source
        if not file.is_new
    ]
    edited = sum(lines for lines, _ in by_file)
    return FixMeasures(
        added=added,
        moved=round(_moved(source) / added, 4),
        new=round(sum(len(file.added) for file in source if file.is_new) / added, 4),
        branches=_count(_BRANCH, source),
        unfinished=_count(_UNFINISHED, source),
        fixes=round(sum(lines * count for lines, count in by_file) / edited, 4) if edited else 0.0,
        fix_commits=len(fixes),
    )


def _fixes_of(file: EditedFile, history: ChangeHistory, seen: set[int]) -> int:
    found = {
        past.commit
        for path in {file.path, file.old_path or file.path}
        for past, _ in history.edited(path, HISTORY_DAYS)
        if _tells_fix(past.subject)
    }
    seen |= found
    return len(found)


def _moved(files: Sequence[EditedFile]) -> int:
    """Return how many added lines the change takes away elsewhere, or only indents anew."""
    removed = Counter(text for file in files for line in file.removed if len(text := line.strip()) >= _SHORT)
    added = Counter(text for file in files for line in file.added if (text := line.strip()) in removed)
    return (added & removed).total()


def _count(pattern: re.Pattern[str], files: Sequence[EditedFile]) -> int:
    return sum(pattern.search(line) is not None for file in files for line in file.added)
