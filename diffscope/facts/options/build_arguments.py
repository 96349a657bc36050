"""Defaults of an image's build arguments: `ARG BACKEND=none`."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import OptionFact
from diffscope.patterns import lazy_regex
from diffscope.project.requirements.dockerfile import assignments, is_dockerfile, read_dockerfile
from diffscope.source.text import SourceText

_CHOICE = lazy_regex(r"[A-Za-z][A-Za-z_-]*")
"""A word: versions, images and addresses are dependencies, told as such."""


def collect_build_arguments(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each argument of a Dockerfile whose default was one word and is another, by path and line."""
    facts = []
    for one in placed:
        if not one.material.read or not is_dockerfile(one.fact.path):
            continue
        before, after = _choices(one.material.before), _choices(one.material.after)
        facts += [
            OptionFact(
                **one.spot(one.new(line)),
                what="build-argument",
                name=name,
                change="default",
                before=before[name][0],
                after=word,
            )
            for name, (word, line) in after.items()
            if name in before and before[name][0] != word
        ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line)))


def _choices(content: SourceText | None) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for each in read_dockerfile(content.text if content is not None else ""):
        for name, value, line in assignments(each) if each.word == "ARG" else ():
            if _CHOICE.fullmatch(value):
                found.setdefault(name, (value, line))
    return found
