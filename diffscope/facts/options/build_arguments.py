"""Choices that an image is built with unless the builder says otherwise: `ARG BACKEND=none`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import OptionFact
from diffscope.project.requirements.dockerfile import is_dockerfile
from diffscope.source.text import SourceText

_CHOICE = re.compile(rb"^[ \t]*ARG[ \t]+(\w+)=([\"']?)([A-Za-z][A-Za-z_-]*)\2[ \t]*$", re.MULTILINE)
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
    text = content.data if content is not None else b""
    found: dict[str, tuple[str, int]] = {}
    for match in _CHOICE.finditer(text):
        found.setdefault(match[1].decode(), (match[3].decode(), text.count(b"\n", 0, match.start()) + 1))
    return found
