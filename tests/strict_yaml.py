"""Whole YAML files as tests read them: strict ones as a tree, or an error with every mistake; other people's as plain data."""

from __future__ import annotations

from diffscope.yaml.reading import Reading, mistakes_error
from diffscope.yaml.strict import TOLERANT_LIMITS, Limits, Node, parse_tolerant, plain


def load_strict(text: str, *, at: str) -> Node:
    """Return the tree of a file that must be strict; ``at`` is the file's name.

    Raises:
        RuleError: the file breaks the strict subset; the message lists every mistake.
    """
    reading = Reading(at)
    root = reading.root(text)
    if reading.mistakes:
        raise mistakes_error(reading.mistakes)
    return root


def load_tolerant(
    text: str, *, at: str, limits: Limits = TOLERANT_LIMITS
) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """Return the plain data of each document of somebody else's file, and its problems as ``at:line: sentence``."""
    documents, problems = parse_tolerant(text, limits=limits)
    return tuple(map(plain, documents)), tuple(f"{at}:{each.line}: {each.message}" for each in problems)
