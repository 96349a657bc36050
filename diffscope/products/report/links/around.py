"""What lies around a window: pull requests before and after it, by title and files, and assessments of neighbouring windows."""

from __future__ import annotations

from typing import Final

from diffscope.assessment.document import Assessment
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_TAGS: Final = lazy_regex(r"^(?:\s*\[[^\[\]]{1,40}\])+\s*:?")
_NUMBER: Final = lazy_regex(r"\(#\d{1,9}\)\s*$")


class Merged(Value, frozen=True, kw_only=True):
    """A pull request outside of the window, as its squash commit shows it."""

    number: int
    title: str
    merged_at: str
    """ISO 8601, UTC, seconds."""
    paths: tuple[str, ...] = ()


class Around(Value, frozen=True, kw_only=True):
    """What was merged before and after a window, oldest first; ``judged`` are assessments of neighbouring windows, as far as they are at hand."""

    before: tuple[Merged, ...] = ()
    after: tuple[Merged, ...] = ()
    judged: tuple[Assessment, ...] = ()


def plain_title(title: str) -> str:
    """Return a title as two spellings of one compare: without its number and the tags before it, in lower case, white space folded."""
    return " ".join(_TAGS.sub("", _NUMBER.sub("", title)).lower().split())
