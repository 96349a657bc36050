"""Changes that were reverted recently and are submitted again, recognised by title and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import HistoryFact
from diffscope.graph.history.history import ChangeHistory, PastChange
from diffscope.graph.history.store import subject_words

WITHIN_DAYS = 45
"""Days after which a revert is forgotten: who comes back later mostly starts afresh."""
_REVERT = re.compile(r"\b(?:revert(?:s|ed|ing)?|back(?:ed|ing)? out)\b", re.IGNORECASE)
_AGAIN = re.compile(
    r"\b(?:re-?(?:appl\w+|land\w*|add\w*|submit\w*|do|work\w*|enable\w*)|unrevert\w*|again|take \d|attempt \d|v\d|fix for reverted)\b",
    re.IGNORECASE,
)
_LITERALLY = re.compile(
    r"\b(?:re-?(?:appl(?:y|ies)|land|do|submit|add)(?:s|ed|ing)?|unrevert\w*|take \d|attempt \d|fix for reverted)\b",
    re.IGNORECASE,
)
"""Words that are said of work which was there before, and hardly of any other."""
_SAID_BY_ALL = frozenset(
    {"revert", "reverts", "reverted", "back", "out", "reapply", "reland", "redo", "resubmit", "unrevert"}
)
_PULL = re.compile(r"#(\d{1,9})")
_OWN_PULL = re.compile(r"\s*\(#\d+\)\s*$")
_NUMBER = re.compile(r"\b\d{3,9}\b")
_PRODUCT = frozenset({"source", "native", "build"})


def collect_history(
    placed: Iterable[Placed], title: str, history: ChangeHistory | None
) -> tuple[HistoryFact, ...]:
    """Return a fact for the newest revert that a change takes back: the same files, and a title of the same words.

    A revert itself takes nothing up. Without a history nothing is known, which the caller says.
    """
    listed = tuple(placed)
    if history is None or _REVERT.search(_AGAIN.sub("", title)):
        return ()
    if not any(one.fact.category in _PRODUCT for one in listed):
        return ()
    paths = {one.fact.path: one for one in listed}
    for past in history.recent(WITHIN_DAYS, _REVERT):
        if any(_takes_up(title, paths, subject, files) for subject, files in _told(past, history)):
            return (_fact(paths, past),)
    return ()


def _told(revert: PastChange, history: ChangeHistory) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield subjects and files of what a revert takes back: its own, and where it quotes no title, those of the numbers that it names."""
    yield revert.subject, revert.paths
    if '"' in revert.subject:
        return
    for number in _NUMBER.findall(_OWN_PULL.sub("", revert.subject)):
        past = history.merged(int(number), 2 * WITHIN_DAYS)
        if past is not None:
            yield past.subject, past.paths


def _takes_up(title: str, paths: Iterable[str], subject: str, files: tuple[str, ...]) -> bool:
    said, theirs = subject_words(title) - _SAID_BY_ALL, subject_words(subject) - _SAID_BY_ALL
    shared, either = said & theirs, said | theirs
    overlap = len(set(paths) & set(files)) / len(files) if files else 0.0
    if _LITERALLY.search(title) and len(shared) >= 2 and overlap >= 0.8:
        return True
    if _AGAIN.search(title):
        return len(shared) >= 2 and len(shared) >= 0.4 * len(either) and overlap >= 0.5
    return len(shared) >= 3 and len(shared) >= 0.5 * len(either) and overlap >= 0.6


def _fact(paths: dict[str, Placed], past: PastChange) -> HistoryFact:
    numbers = [int(number) for number in _PULL.findall(past.subject)]
    shared = sorted(path for path in past.paths if path in paths)
    placed = max(
        (paths[path] for path in shared),
        key=lambda one: (one.fact.category in _PRODUCT, one.fact.code_added, one.fact.path),
    )
    return HistoryFact(
        **placed.spot(),
        what="reverted-before",
        subject=past.subject,
        number=numbers[-1] if numbers else None,
        days=past.days or None,
        files=len(shared),
    )
