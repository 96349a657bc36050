"""Titles of pull requests taken apart: tags in brackets, a prefix before a colon, and the sentence that remains."""

from __future__ import annotations

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
