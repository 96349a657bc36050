"""Which merges of the month before may have caused what an issue reports: they change the files that it names, or share rare words with its title.

``gravest`` tells what the title of a report says goes wrong, and how grave that is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, Literal

from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.events import Item
from diffscope.products.report.links.nodes import Merged
from diffscope.products.report.links.terms import terms_of
from diffscope.source.model import Value

_RESULTS: Final = r"(?:outputs?|results?|tokens?|logits|logprobs?|answers?|responses?)"
TitleSignal = Literal["security", "crash", "accuracy", "hang", "memory", "regression"]
OtherSignal = Literal["label", "bug", "doubt", "untested", "untested-serving", "talk", "old", "unanswered"]

_GRAVE: Final[tuple[tuple[TitleSignal, int, tuple[str, ...]], ...]] = (
    (
        "security",
        10,
        (r"cve-\d[\d-]*", r"security", r"vulnerab\w*", r"exploit\w*", r"remote code execution", r"rce"),
    ),
    (
        "crash",
        9,
        (
            r"illegal memory access",
            r"illegal instruction",
            r"misaligned address",
            r"device-side assert\w*",
            r"unspecified launch failure",
            r"seg(?:mentation )?fault\w*",
            r"sigsegv",
            r"sigabrt",
            r"core dump\w*",
            r"crash\w*",
            r"(?:cuda|hip) error",
            r"engine ?(?:core ?)?(?:has )?(?:died|dead)\w*",
        ),
    ),
    (
        "accuracy",
        8,
        (
            rf"(?:wrong|incorrect|garbled|inaccurate|inconsistent) (?:\w+ )?{_RESULTS}",
            r"corrupt\w*",
            r"garbage",
            r"gibberish",
            r"nans?",
            r"accuracy (?:\w+ )?(?:drop\w*|loss|degrad\w*|issue|problem|bug)",
        ),
    ),
    (
        "hang",
        8,
        (
            r"hangs?",
            r"hanging",
            r"hung",
            r"stuck",
            r"deadlock\w*",
            r"freez(?:es?|ing)",
            r"never (?:returns?|finish\w*)",
        ),
    ),
    ("memory", 7, (r"ooms?", r"out of memory", r"memory leak\w*", r"leaks?", r"leaking", r"leaked")),
    ("regression", 7, (r"regress\w*", r"slowdown", r"slower", r"degrad\w*")),
)
"""What the words of a title tell of, and how grave it is; the first kind that has a word decides."""
_PATTERNS: Final = tuple(
    (kind, weight, lazy_regex(rf"(?<![a-z0-9])(?:{'|'.join(words)})(?![a-z0-9])", re.IGNORECASE))
    for kind, weight, words in _GRAVE
)
_WISH: Final = lazy_regex(
    r"\[?\s*(?:feature|rfc|docs?|documentation|new model|roadmap|misc|question|usage|tracker|tracking)\b",
    re.IGNORECASE,
)
"""The beginning of a title that asks for something, so that its words report nothing."""


class Signal(Value, frozen=True, kw_only=True):
    """One reason to look."""

    kind: TitleSignal | OtherSignal
    """What the words of a title tell of, or something else."""
    found: str = ""
    """The words, the label, the author's sentence, or the path of what many import."""
    count: int | None = None
    """Of ``talk`` the people, of ``old`` the days, of ``untested`` the modules that import it."""


def is_bug(title: str, labels: Iterable[str]) -> bool:
    """Return whether an issue reports a bug, by its label or the bracket of its title."""
    return "bug" in map(str.lower, labels) or title.lower().startswith("[bug")


def gravest(title: str, labels: Iterable[str] = ()) -> tuple[int, Signal] | None:
    """Return the gravest thing that the title of an issue names, with its weight."""
    if _WISH.match(title) and not is_bug(title, labels):
        return None
    for kind, weight, pattern in _PATTERNS:
        match = pattern.search(title)
        if match is not None:
            return weight + 3 * is_bug(title, labels), Signal(kind=kind, found=match[0])
    return None


DAYS: Final = 30
"""Days before the end of the window in which a cause is looked for."""
_PATH: Final = lazy_regex(r"(?<![\w.-])((?:[\w.-]+/)+[\w.-]+\.(?:py|cu|cuh|cpp|h|hpp|rs))\b")
_LONGEST: Final = 200_000
"""Characters of a description that are searched for paths."""
_RARE: Final = 0.02
"""Part of the merges that may share a word for it to tell one of them."""
_LEAST_RARE: Final = 3
_PATH_WORTH: Final = 2.0
_OFTEN: Final = 6
"""Changes of a file in these days from which on a change of it counts half."""
_LEAST: Final = 1.5
_MOST: Final = 3


class Suspect(Value, frozen=True, kw_only=True):
    """A merge that may have caused what an issue reports, and why it is named."""

    number: int
    title: str
    merged_at: str
    paths: tuple[str, ...]
    """Files that the issue names and it changed."""
    words: tuple[str, ...]
    """Rare words of both titles."""


class RecentMerges:
    """The merges in which causes are looked for."""

    def __init__(self, merges: Sequence[Merged]) -> None:
        self.merges = tuple(merges)

    def suspects(self, item: Item) -> tuple[Suspect, ...]:
        """Return at most three merges before the issue, the likeliest first, of equal ones the latest."""
        named, terms = self._named_files(item.body or ""), _telling(item.title)
        found = []
        for merged in self.merges:
            if merged.merged_at >= item.created_at:
                continue
            paths = tuple(path for path in merged.paths if path in named)
            words = tuple(
                sorted(term for term in terms & terms_of(merged.title).keys() if self._is_rare(term))
            )
            worth = sum(_PATH_WORTH / (1 + self._changes[path] / _OFTEN) for path in paths) + len(words)
            if worth >= _LEAST:
                suspect = Suspect(
                    number=merged.number,
                    title=merged.title,
                    merged_at=merged.merged_at,
                    paths=paths[:2],
                    words=words[:3],
                )
                found.append((worth, merged.merged_at, suspect))
        found.sort(key=lambda each: each[1], reverse=True)
        found.sort(key=lambda each: -each[0])
        return tuple(suspect for _, _, suspect in found[:_MOST])

    def _named_files(self, text: str) -> frozenset[str]:
        """Return the changed files that a text names, wherever the reporter's copy of them lies."""
        found = set[str]()
        for path in set(_PATH.findall(text[:_LONGEST])):
            parts = path.split("/")
            ends = ("/".join(parts[at:]) for at in range(len(parts) - 1))
            found.update(end for end in ends if end in self._changes)
        return frozenset(found)

    @cached_property
    def _changes(self) -> Counter[str]:
        return Counter(path for merged in self.merges for path in merged.paths)

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(term for merged in self.merges for term in terms_of(merged.title))

    def _is_rare(self, term: str) -> bool:
        return self._frequency[term] <= max(_LEAST_RARE, _RARE * len(self.merges))


def _telling(title: str) -> set[str]:
    """Return the words of a report's title, without those that name what went wrong: everything that crashes says so."""
    symptom = gravest(title)
    said = symptom[1].found.lower().split() if symptom else []
    return {term for term in terms_of(title) if " " not in term and term not in said}
