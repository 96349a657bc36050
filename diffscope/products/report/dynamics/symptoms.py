"""What the title of a report says goes wrong, and how grave that is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from diffscope.patterns import lazy_regex
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
