"""What an author says of a change: the title taken apart (tags in brackets, a prefix before a colon, the sentence that remains), and what the description claims."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_LONGEST = 500
_NUMBER = lazy_regex(r"\s*\(#\d+\)\s*$")
# Some brackets do not match (`{ROCm]`) and some tags are followed by a colon.
_TAG = lazy_regex(r"\s*[\[{(]([^\[\]{}()]{1,60})[\]})]\s*[:\-]*\s*")
_PREFIX = lazy_regex(r"\s*([A-Za-z][\w /&+.\-]{0,40}?)\s*(?:\(([^()]{1,40})\))?!?:\s+")
_CODE = lazy_regex(
    r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)"  # quoted
    r"|(?<!\S)--?[A-Za-z][\w-]*"  # a flag of the command line
    r"|\b[\w.]*(?:_[\w.]*|\w\(\w*\))"  # snake_case and calls
)


class Title(Value, frozen=True, kw_only=True):
    """A title in parts."""

    text: str
    """The whole title, pull request suffixes removed, white space folded."""
    tags: tuple[str, ...]
    """Bracketed words at its start, and words before a colon there: lower case, in order, each once."""
    rest: str
    """What remains when they are taken off."""


def read_title(title: str) -> Title:
    """Return the parts of a title: ``[ROCm][Bugfix] Fix x (#1)`` has the tags ``rocm`` and ``bugfix`` and the rest ``Fix x``."""
    text = " ".join(title[:_LONGEST].split())
    while (bare := _NUMBER.sub("", text)) != text:
        text = bare
    tags: list[str] = []
    rest = text
    while (found := _TAG.match(rest)) and found.end() < len(rest):
        tags.append(found[1])
        rest = rest[found.end() :]
    if found := _PREFIX.match(rest):
        tags += [part for part in found.groups() if part]
        rest = rest[found.end() :]
    return Title(
        text=text,
        tags=tuple(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags if tag.strip())),
        rest=rest,
    )


def prose(text: str) -> str:
    """Return a title's words without what it quotes of code: ``Fix `x_cpu` in run()`` says ``Fix in``."""
    return " ".join(_CODE.sub(" ", text).split())


_TRAILER: Final = lazy_regex(r"(?im)^\s*(?:[A-Z][\w-]*-by: .*|Co-authored-by: .*|-{3,}|[*-] .*)$")
_COMMENT: Final = lazy_regex(r"<!--.*?-->", re.DOTALL)
_FEWEST: Final = 120
"""Letters of prose from which a text is a description."""
_CLAIMS: Final = {
    "speed": lazy_regex(
        r"(?i)\bspeed(?:s|ed)?[ -]?ups?\b|\bfaster\b|\b(?:improv|increas|boost|reduc|lower|cut)\w* (?:\w+ ){0,3}(?:throughput|latency|ttft|tpot|overhead|performance)\b"
        r"|\b\[?perf(?:ormance)?\]?\b(?: (?:improvement|gain|optimi[sz]ation))"
    ),
    "memory": lazy_regex(r"(?i)\b(?:reduc|sav|lower|cut)\w* (?:\w+ ){0,3}memory\b"),
    "accuracy": lazy_regex(
        r"(?i)\b(?:improv|increas|restor|recover|fix)\w* (?:\w+ ){0,3}accuracy\b|\bno accuracy (?:loss|drop)\b"
    ),
}
_FIGURE: Final = lazy_regex(
    r"(?i)\d(?:[\d.,]*)\s*(?:%|x\b|×|ms\b|us\b|µs\b|s/it\b|tok(?:ens?)?/s|req/s|tflops|gb/s|gi?b\b|mi?b\b)|(?:gsm8k|mmlu|exact_match|acc(?:uracy)?)\W{1,12}0?\.\d+"
    r"|^\s*\|.*\d.*\|.*$",
    re.MULTILINE,
)


class _Description(NamedTuple):
    """What a description says of worth."""

    claims: tuple[str, ...]
    figures: bool


def read_description(title: str, body: str | None) -> _Description:
    """Return what title and body claim; nothing without a description worth the name."""
    prose = _TRAILER.sub("", _COMMENT.sub("", body or ""))
    if len(re.sub(r"\W", "", prose)) < _FEWEST:
        return _Description((), figures=False)
    text = f"{title}\n{_COMMENT.sub('', body or '')}"
    claims = tuple(name for name, pattern in _CLAIMS.items() if pattern.search(text))
    return _Description(claims, figures=_FIGURE.search(text) is not None)
