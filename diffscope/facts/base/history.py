"""What the history before the base says of a change: it takes earlier work back, or takes up what was taken back.

Told by the title and the description (a quoted title, a number, a commit), by the same words on the same files, and, whatever the title says, by
content: a file that is again what it was before a commit undoes that commit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from diffscope.facts.base.inverse import Inverse, find_inverse
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import HistoryFact
from diffscope.graph.history.history import ChangeHistory, PastChange
from diffscope.graph.history.store import subject_words
from diffscope.patterns import lazy_regex
from diffscope.source.profile import places

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
_SAID_BY_ALL = frozenset(
    {
        "revert",
        "reverts",
        "reverted",
        "back",
        "out",
        "reapply",
        "reland",
        "redo",
        "resubmit",
        "retry",
        "unrevert",
    }
)
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
    undone, inverse = _undone(change, history), find_inverse(product, history)
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
        if by_number or (is_recent and any(_takes_up(change.title, change.paths, *each) for each in told)):
            yield _fact("reverted-before", change.paths, past)
            return
    if is_said and original is not None:
        yield _fact("reapplies", change.paths, original)


def _told(revert: PastChange, history: ChangeHistory) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield subjects and files of what a revert takes back: its own, and where it quotes no title, those of the numbers that it names."""
    yield revert.subject, revert.files
    if '"' in revert.subject:
        return
    for number in _numbers(_OWN_PULL.sub("", revert.subject)):
        past = history.merged(number, 2 * WITHIN_DAYS)
        if past is not None:
            yield past.subject, past.files


def _takes_up(title: str, paths: Iterable[str], subject: str, files: tuple[str, ...]) -> bool:
    said, theirs = subject_words(title) - _SAID_BY_ALL, subject_words(subject) - _SAID_BY_ALL
    shared, either = said & theirs, said | theirs
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
    change: _Change, undone: tuple[PastChange, int] | None, inverse: Inverse | None
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
    ranked = []
    for commit, paths in counts.items():
        own = [
            edit.path
            for edit in known[commit].edits
            if not edit.path.startswith((*_NO_PRODUCT, *places().tests))
        ]
        if 2 * len(paths) >= len(own):
            ranked.append((len(paths) / len(own), commit))
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
    inverse: Inverse | None = None,
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
