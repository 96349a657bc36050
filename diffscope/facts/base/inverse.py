"""Which earlier commit a change takes back, told by content: it removes the lines that the commit added, and brings back those that it removed.

Lines are counted as they stand, without indentation, whatever their order: what was moved within a file is no edit. What was taken back is
gone, or is as it was; lines in whose place others stand were edited, and so was a text that is told to users.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from diffscope.diff.model import Hunk
from diffscope.facts.change.changed_file import Placed
from diffscope.graph.history.history import ChangeHistory, PastChange
from diffscope.graph.history.store import Edit
from diffscope.patterns import lazy_regex
from diffscope.source.text import decode, split_lines

_DAYS: Final = 90
_MOST_EDITS: Final = 12
"""Commits of one file that are looked at, newest first."""
_MOST_FILES: Final = 30
_LARGEST: Final = 600_000
"""Bytes of a file above which it is passed over."""
_SHORTEST: Final = 4
"""Characters: brackets and the like stand everywhere."""
_FEWEST: Final = 6
"""Lines taken back below which anything may look like it."""

_TEXT_ALONE = lazy_regex(r"""#|//|[bfru]{0,2}["'].*["'][,)]*$""", re.IGNORECASE)
"""A line that is a comment, or nothing but quoted."""

_Lines = Counter[str]
_Differing = tuple[_Lines, _Lines]
"""Lines that went and lines that came."""


class Inverse(NamedTuple):
    """A commit that a change takes back; shares are percent of lines that changed, of that commit's (in these files) and of the change's."""

    past: PastChange
    of_past: int
    of_change: int
    is_edit: bool
    """Most of these lines have new ones in their place, or all of them are text."""


def find_inverse(placed: Iterable[Placed], history: ChangeHistory) -> Inverse | None:
    """Return the commit of the last three months that a change takes back to the largest part; ``None`` for none, or without its content."""
    listed = tuple(placed)
    changed = {
        one.fact.path: (one.material.before.text, one.material.after.text)
        for one in listed
        if one.material.before and one.material.after and one.material.diff.old_path is None
    }
    if not 0 < len(changed) <= _MOST_FILES:
        return None
    own = {path: _difference(_counted(old), _counted(new)) for path, (old, new) in changed.items()}
    hunks = {one.fact.path: [_of_hunk(each) for each in one.material.diff.hunks] for one in listed}
    size = sum(went.total() + came.total() for went, came in own.values())
    if size < _FEWEST:
        return None
    edits = [(path, past, edit) for path in sorted(changed) for past, edit in _edits(path, history)]
    contents = history.contents({blob for _, _, edit in edits for blob in (edit.before, edit.after)})
    counted = {blob: _counted(decode(data)) for blob, data in contents.items() if len(data) <= _LARGEST}
    return _best(edits, counted, _Own(own, hunks, size))


class _Own(NamedTuple):
    """What the change does, by file, as a whole and by hunk; and how many lines that are."""

    files: Mapping[str, _Differing]
    hunks: Mapping[str, list[_Differing]]
    size: int


def _of_hunk(hunk: Hunk) -> _Differing:
    went, came = (_Lines(line.text.strip() for line in side) for side in (hunk.removed, hunk.added))
    return _long(went - came), _long(came - went)


def _edits(path: str, history: ChangeHistory) -> list[tuple[PastChange, Edit]]:
    found = [each for _, each in zip(range(_MOST_EDITS), history.edited(path, _DAYS), strict=False)]
    return [(past, edit) for past, edit in found if edit.before and edit.after]


def _best(
    edits: Iterable[tuple[str, PastChange, Edit]],
    counted: Mapping[str, _Lines],
    own: _Own,
) -> Inverse | None:
    taken, total, known = defaultdict[int, int](int), defaultdict[int, int](int), dict[int, PastChange]()
    kept = defaultdict[int, _Lines](_Lines)
    for path, past, edit in edits:
        if edit.before not in counted or edit.after not in counted:
            continue
        their_went, their_came = _difference(counted[edit.before], counted[edit.after])
        went, came = own.files[path]
        kept[past.commit] += _kept(own.hunks[path], their_went, their_came)
        taken[past.commit] += (went & their_came).total() + (came & their_went).total()
        total[past.commit] += their_went.total() + their_came.total()
        known[past.commit] = past
    found = [
        Inverse(
            known[commit],
            100 * taken[commit] // total[commit],
            100 * taken[commit] // own.size,
            is_edit=2 * kept[commit].total() < taken[commit] or all(map(_TEXT_ALONE.match, kept[commit])),
        )
        for commit in known
        if taken[commit] >= _FEWEST
    ]
    fitting = [each for each in found if _is_taken_back(each)]
    return max(fitting, key=lambda one: (one.of_past + one.of_change, one.past.commit), default=None)


def _kept(hunks: Iterable[_Differing], their_went: _Lines, their_came: _Lines) -> _Lines:
    """Return the lines that are as they were before a commit: without those that went where others came in their place."""
    kept = _Lines()
    for went, came in hunks:
        gone, back = went & their_came, came & their_went
        new = came.total() - back.total()
        kept += back + (gone if new == 0 or 4 * new < gone.total() else _Lines())
    return kept


def _is_taken_back(found: Inverse) -> bool:
    """Say whether most of the commit went, by a good part of the change, or a good part of it by hardly anything else."""
    return (found.of_past >= 60 and found.of_change >= 40) or (found.of_past >= 30 and found.of_change >= 90)


def _difference(old: _Lines, new: _Lines) -> tuple[_Lines, _Lines]:
    """Return the lines that went and those that came."""
    went, came = _Lines(), _Lines()
    # Most lines stand on both sides as often, and need not be looked at.
    for text, count in old.items() - new.items():
        went[text.strip()] += count
    for text, count in new.items() - old.items():
        came[text.strip()] += count
    return _long(went - came), _long(came - went)


def _long(lines: _Lines) -> _Lines:
    return _Lines({text: count for text, count in lines.items() if len(text) >= _SHORTEST})


def _counted(text: str) -> _Lines:
    """Return the lines of a text as they stand, with how often they do."""
    return Counter(split_lines(text))
