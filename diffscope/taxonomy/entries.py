"""Types of table entries for the typed YAML reader: phrases, globs, categories, shapes."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.taxonomy.places import is_glob
from diffscope.taxonomy.words import tokens_of
from diffscope.yaml.reading import clipped, nearest
from diffscope.yaml.typed import Check

Category = Literal[
    "source", "native", "test", "config", "docs", "infra", "build", "example", "benchmark", "data", "other",
]  # fmt: skip
_CATEGORIES: Final = get_args(Category)


def _phrase_problem(text: str) -> tuple[str, str] | None:
    inside = text[1:] if text.startswith("*") else text.removesuffix("*")
    tokens = tokens_of(text)
    if tokens and "*" not in inside and not (text.startswith("*") and len(tokens) > 1):
        return None
    return f"'{clipped(text)}' is not a phrase", "write words, with '*' at the end or before a single one"


def _glob_problem(text: str) -> tuple[str, str] | None:
    try:
        compile_glob(text)
    except InputError as error:
        return clipped(error.message, 300), error.hint or ""
    return None


def _place_problem(text: str) -> tuple[str, str] | None:
    if is_glob(text):
        return _glob_problem(text)
    return (
        None if tokens_of(text) else (f"'{clipped(text)}' holds no word", "write a folder's name or a glob")
    )


def _category_problem(text: str) -> tuple[str, str] | None:
    category = text.partition(" ")[0]
    if category in _CATEGORIES:
        return None
    return f"unknown category '{clipped(category)}'", nearest(category, _CATEGORIES)


Phrase = Annotated[str, Check(_phrase_problem)]
"""Words that are looked for: ``*`` at the end, or before a single word."""
PathGlob = Annotated[str, Check(_glob_problem)]
Place = Annotated[str, Check(_place_problem)]
"""A glob over paths, or words of a folder's name."""
CategoryLine = Annotated[str, Check(_category_problem)]
"""A category, and behind a space a word that tells several lines of it apart."""
