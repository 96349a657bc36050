"""What the description of a pull request claims, and whether it shows figures. Nothing where there is none: a squash commit often keeps trailers alone."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex

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


class Description(NamedTuple):
    """What a description says of worth."""

    claims: tuple[str, ...]
    figures: bool


def read_description(title: str, body: str | None) -> Description:
    """Return what title and body claim; nothing without a description worth the name."""
    prose = _TRAILER.sub("", _COMMENT.sub("", body or ""))
    if len(re.sub(r"\W", "", prose)) < _FEWEST:
        return Description((), figures=False)
    text = f"{title}\n{_COMMENT.sub('', body or '')}"
    claims = tuple(name for name, pattern in _CLAIMS.items() if pattern.search(text))
    return Description(claims, figures=_FIGURE.search(text) is not None)
