"""What the history before the base says of a change: it takes earlier work back, or takes up what was taken back.

Told by the title and the description (a quoted title, a number, a commit), by the same words on the same files, and, whatever the title says, by
content: a file that is again what it was before a commit undoes that commit.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.diff.model import Hunk
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import HistoryFact
from diffscope.graph.history.history import ChangeHistory, PastChange
from diffscope.graph.history.store import Edit, subject_words
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places
from diffscope.source.text import decode, split_lines

WITHIN_DAYS = 45
"""Days after which a revert is forgotten where only words tell it: who comes back later mostly starts afresh."""
_WITHIN_DAYS_IF_SAID: Final = 365
"""Days back to what a title or a description names: nobody names what is forgotten."""
_WITHIN_DAYS_BY_CONTENT: Final = 120
_REVERT = lazy_regex(
    r"\b(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)? out|roll(?:s|ed|ing)? back)\b", re.IGNORECASE
)
_AGAIN = lazy_regex(
    r"\b(?:re-?(?:appl\w+|land\w*|add\w*|submit\w*|do|work\w*|enable\w*|instate\w*)|unrevert\w*|again|take \d|attempt \d|v\d|fix for reverted)\b"
    r"|[(\[]retry[)\]]|^retry:",
    re.IGNORECASE,
)
_LITERALLY = lazy_regex(
    r"\b(?:re-?(?:appl(?:y|ies)|land|do|submit|add|instate)(?:s|ed|ing)?|unrevert\w*|take \d|attempt \d|fix for reverted)\b"
    r"|[(\[]retry[)\]]|^retry:",
    re.IGNORECASE,
)
"""Words that are said of work which was there before, and hardly of any other."""
_SAID_BY_ALL = frozenset({
    "revert", "reverts", "reverted", "back", "out", "reapply", "reland", "redo", "resubmit", "retry",
    "unrevert",
})  # fmt: skip
_PULL = lazy_regex(r"#(\d{1,9})")
_OWN_PULL = lazy_regex(r"\s*\(#\d+\)\s*$")
_NUMBER = lazy_regex(r"#(\d{1,9})\b|(?<![\w.#])(\d{3,9})\b(?!\.\d)")
_NAMED = lazy_regex(
    r"\b(?:revert|re-?land|re-?appl|re-?submit|retr|back(?:s|ed|ing)? out)\w*\b[^\n]{0,120}?(?:#|/pull/)(\d{1,9})\b",
    re.IGNORECASE,
)
_COMMIT = lazy_regex(r"\b(?:revert|re-?appl|re-?land)\w*\s+commit\s+([0-9a-f]{8,40})\b", re.IGNORECASE)
_CUT = lazy_regex(r"\S*(?:\u2026|\.\.\.)")
_ANY = lazy_regex("")
_PRODUCT = frozenset({"source", "native", "build"})
_NO_PRODUCT = ("docs/", "examples/", "benchmarks/", ".buildkite/", ".github/")
_LONGEST_BODY = 20_000
_MOST_EDITS = 20
_MOSTLY = 60
"""Percent of a change that must take a commit back for it to be said of one whose title does not."""


class _Change(NamedTuple):
    title: str
    body: str
    number: int | None
    paths: dict[str, Placed]

    @property
    def product(self) -> set[str]:
        return {path for path, one in self.paths.items() if one.fact.category in _PRODUCT}


def collect_history(
    placed: Iterable[Placed],
    title: str,
    history: ChangeHistory | None,
    *,
    body: str | None = None,
    number: int | None = None,
) -> tuple[HistoryFact, ...]:
    """Return what the past says of a change, one fact at most for each direction. Without a history nothing is known, which the caller says."""
    listed = tuple(placed)
    if history is None or not any(one.fact.category in _PRODUCT for one in listed):
        return ()
    change = _Change(title, (body or "")[:_LONGEST_BODY], number, {one.fact.path: one for one in listed})
    product = [change.paths[path] for path in sorted(change.product)]
    undone, inverse = _undone(change, history), _find_inverse(product, history)
    if _REVERT.search(_AGAIN.sub("", title)):
        by_content = inverse.past if inverse else undone[0] if undone else None
        original = _named(change, history) or by_content or _of_words(change, history)
        return (_fact("reverts", change.paths, original, undone, inverse),) if original else ()
    if inverse is not None and (inverse.of_change < _MOSTLY or inverse.is_edit):
        # It rewrites what was there before.
        inverse = None
    taken_up = tuple(_taken_up(change, history))
    restored = tuple(_restored(change, undone, inverse))
    if inverse is not None and _REVERT.search(inverse.past.subject):
        # Who takes a revert back takes up what it took back.
        return taken_up or (_fact("reverted-before", change.paths, inverse.past, undone, inverse),)
    return (*taken_up, *restored)


def _taken_up(change: _Change, history: ChangeHistory) -> Iterator[HistoryFact]:
    """Yield what the change does again: work that was reverted, or that the title names as done before."""
    original = _named(change, history) if _AGAIN.search(change.title) or change.body else None
    is_said = original is not None and bool(_LITERALLY.search(change.title))
    for past in history.recent(_WITHIN_DAYS_IF_SAID if is_said else WITHIN_DAYS, _REVERT):
        by_number = original is not None and original.number in _numbers(_OWN_PULL.sub("", past.subject))
        told = _told(past, history)
        is_recent = past.days <= WITHIN_DAYS
        if by_number or (is_recent and any(_takes_up(change.title, change.paths, each) for each in told)):
            yield _fact("reverted-before", change.paths, past)
            return
    if is_said and original is not None:
        yield _fact("reapplies", change.paths, original)


def _told(revert: PastChange, history: ChangeHistory) -> Iterator[PastChange]:
    """Yield what tells what a revert takes back: the revert, and where it quotes no title, the changes whose numbers it names."""
    yield revert
    if '"' in revert.subject:
        return
    for number in _numbers(_OWN_PULL.sub("", revert.subject)):
        past = history.merged(number, 2 * WITHIN_DAYS)
        if past is not None:
            yield past


def _takes_up(title: str, paths: Iterable[str], past: PastChange) -> bool:
    said, theirs = subject_words(title) - _SAID_BY_ALL, subject_words(past.subject) - _SAID_BY_ALL
    shared, either = said & theirs, said | theirs
    if len(shared) < 2:
        return False  # as nearly always: the files of the past are not asked
    files = past.files
    overlap = len(set(paths) & set(files)) / len(files) if files else 0.0
    if _LITERALLY.search(title) and len(shared) >= 2 and overlap >= 0.8:
        return True
    if _AGAIN.search(title):
        return len(shared) >= 2 and len(shared) >= 0.4 * len(either) and overlap >= 0.5
    return len(shared) >= 3 and len(shared) >= 0.5 * len(either) and overlap >= 0.6


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(with_sign or bare) for with_sign, bare in _NUMBER.findall(text))


def _named(change: _Change, history: ChangeHistory) -> PastChange | None:
    """Return what the title names by a number, or the description by a number or a commit; it must share a file with the change."""
    said = _REVERT.search(change.title) or _AGAIN.search(change.title)
    numbers = (*(_numbers(change.title) if said else ()), *map(int, _NAMED.findall(change.body)))
    found = [history.merged(each, _WITHIN_DAYS_IF_SAID) for each in numbers if each != change.number]
    found += [history.committed(each, _WITHIN_DAYS_IF_SAID) for each in _COMMIT.findall(change.body)]
    fitting = (past for past in found if past is not None and not change.paths.keys().isdisjoint(past.files))
    return next(fitting, None)


def _of_words(change: _Change, history: ChangeHistory) -> PastChange | None:
    """Return the newest of those changes of which a revert says the most words, and touches a file."""
    text = _CUT.sub(" ", _OWN_PULL.sub("", change.title))
    said = subject_words(text) - _SAID_BY_ALL
    best: tuple[float, int] | None = None
    found = None
    for past in history.recent(2 * WITHIN_DAYS, _ANY) if len(said) >= 2 else ():
        shared = said & subject_words(_OWN_PULL.sub("", past.subject))
        if len(shared) < max(2, 0.6 * len(said)) or _REVERT.search(past.subject):
            continue
        rank = (len(shared) / len(said), -past.days)
        if (best is None or rank > best) and not change.product.isdisjoint(past.files):
            best, found = rank, past
    return found


def _restored(
    change: _Change, undone: tuple[PastChange, int] | None, inverse: _Inverse | None
) -> Iterator[HistoryFact]:
    """Yield that a change which says nothing of it takes an earlier one back: by its lines, or by most of its files."""
    if inverse is not None:
        yield _fact("restores", change.paths, inverse.past, undone, inverse)
    elif undone is not None and 2 * undone[1] >= len(change.product):
        yield _fact("restores", change.paths, undone[0], undone)


def _undone(change: _Change, history: ChangeHistory) -> tuple[PastChange, int] | None:
    """Return the commit at least half of whose product files are again what they were before it, and how many; of several the fullest."""
    counts: dict[int, set[str]] = defaultdict(set)
    known: dict[int, PastChange] = {}
    for path in sorted(change.product):
        for past in _undone_at(change.paths[path], history):
            counts[past.commit].add(path)
            known[past.commit] = past
    elsewhere = (*_NO_PRODUCT, *places().tests)
    ranked = []
    for commit, paths in counts.items():
        own = sum(not edit.path.startswith(elsewhere) for edit in known[commit].edits)
        if 2 * len(paths) >= own:
            ranked.append((len(paths) / own, commit))
    if not ranked:
        return None
    commit = max(ranked)[1]
    return known[commit], len(counts[commit])


def _undone_at(one: Placed, history: ChangeHistory) -> Sequence[PastChange]:
    """Return the commits since the file was last what the change makes of it, newest first; nothing where it never was."""
    diff, commits = one.material.diff, list[PastChange]()
    if diff.old_path is not None or not (diff.old_blob or diff.new_blob):
        return ()
    for past, edit in history.edited(diff.path, _WITHIN_DAYS_BY_CONTENT):
        commits.append(past)
        if _is_same(edit.before, diff.new_blob or ""):
            return commits
        if len(commits) == _MOST_EDITS:
            break
    return ()


def _is_same(one: str, other: str) -> bool:
    """Say whether two blob ids, either of which may be cut, are those of one content; empty ones of no file."""
    return bool(one) == bool(other) and (one.startswith(other) or other.startswith(one))


def _fact(
    what: str,
    paths: dict[str, Placed],
    past: PastChange,
    undone: tuple[PastChange, int] | None = None,
    inverse: _Inverse | None = None,
) -> HistoryFact:
    numbers = [int(number) for number in _PULL.findall(past.subject)]
    shared = sorted(path for path in past.files if path in paths) or sorted(paths)
    placed = max(
        (paths[path] for path in shared),
        key=lambda one: (one.fact.category in _PRODUCT, one.fact.code_added, one.fact.path),
    )
    return HistoryFact(
        **placed.spot(),
        what=what,
        subject=past.subject,
        number=numbers[-1] if numbers else None,
        days=past.days or None,
        files=len(shared),
        exact=undone is not None and undone[0].commit == past.commit,
        taken_back=inverse.of_past if inverse is not None and inverse.past.commit == past.commit else None,
    )


_DAYS: Final = 90
_MOST_EDITS_SEARCHED: Final = 12
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


class _Inverse(NamedTuple):
    """A commit that a change takes back; shares are percent of lines that changed, of that commit's (in these files) and of the change's."""

    past: PastChange
    of_past: int
    of_change: int
    is_edit: bool
    """Most of these lines have new ones in their place, or all of them are text."""


def _find_inverse(placed: Iterable[Placed], history: ChangeHistory) -> _Inverse | None:
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
    found = [each for _, each in zip(range(_MOST_EDITS_SEARCHED), history.edited(path, _DAYS), strict=False)]
    return [(past, edit) for past, edit in found if edit.before and edit.after]


def _best(
    edits: Iterable[tuple[str, PastChange, Edit]], counted: Mapping[str, _Lines], own: _Own
) -> _Inverse | None:
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
        _Inverse(
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


def _is_taken_back(found: _Inverse) -> bool:
    """Say whether most of the commit went, by a good part of the change, or a good part of it by hardly anything else."""
    return (found.of_past >= 60 and found.of_change >= 40) or (found.of_past >= 30 and found.of_change >= 90)


def _difference(old: _Lines, new: _Lines) -> tuple[_Lines, _Lines]:
    """Return the lines that went and those that came."""
    went, came = _Lines(), _Lines()
    # Most lines stand on both sides as often, and need not be looked at.
    for text in [text for text, count in old.items() if new.get(text) != count]:
        went[text.strip()] += old[text]
    for text in [text for text, count in new.items() if old.get(text) != count]:
        came[text.strip()] += new[text]
    return _long(went - came), _long(came - went)


def _long(lines: _Lines) -> _Lines:
    return _Lines({text: count for text, count in lines.items() if len(text) >= _SHORTEST})


def _counted(text: str) -> _Lines:
    """Return the lines of a text as they stand, with how often they do."""
    return Counter(split_lines(text))
