"""Rule files -> Catalogue. Every mistake of every file is reported at once, with its line and the nearest word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from diffscope.rules.language.catalogue import Catalogue, NamedList, Rule, make_catalogue
from diffscope.rules.language.conditions import Operand
from diffscope.rules.language.rule_file import read_rule
from diffscope.rules.reading import Mistake, Reading, clipped, mistakes_error, shape
from diffscope.strict_yaml import ScalarNode

LISTS_FILE: Final = "lists.yml"
WORDS_FILE: Final = "words.yml"
RULE_FILE: Final = "rule.yml"
_LIST_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def load_catalogue(files: Mapping[str, str]) -> Catalogue:
    """Return the catalogue of rule files, given as path -> text.

    ``CODE-slug/rule.yml`` holds a rule, ``lists.yml`` the named lists, ``words.yml`` Chinese words of closed sets; whatever
    stands before these names in a path is free.

    Raises:
        RuleError: some file is wrong; the message lists every mistake of every file.
    """
    catalogue, mistakes = check_catalogue(files)
    if mistakes:
        raise mistakes_error(mistakes)
    return catalogue


def check_catalogue(files: Mapping[str, str]) -> tuple[Catalogue, tuple[Mistake, ...]]:
    """Return the catalogue of the rules that are right, and every mistake; never raises on bad rule files."""
    ordered = sorted(files)
    mistakes: list[Mistake] = []
    lists: list[NamedList] = []
    for path in filter(partial(_is_named, LISTS_FILE), ordered):
        lists += _read_lists(path, files[path], lists, mistakes)
    values = {each.name: each.values for each in lists}
    words: dict[str, str] = {}
    for path in filter(partial(_is_named, WORDS_FILE), ordered):
        words |= _read_words(path, files[path], mistakes)
    rules: dict[str, Rule] = {}
    for path in filter(partial(_is_named, RULE_FILE), ordered):
        _add_rule(path, files[path], values, rules, mistakes)
    return make_catalogue(tuple(rules.values()), tuple(lists), tuple(sorted(words.items()))), tuple(mistakes)


def _is_named(name: str, path: str) -> bool:
    return PurePosixPath(path).name == name


def _add_rule(
    path: str,
    text: str,
    lists: Mapping[str, tuple[Operand, ...]],
    rules: dict[str, Rule],
    mistakes: list[Mistake],
) -> None:
    reading = Reading(path)
    rule = read_rule(reading, text, lists)
    if rule is not None and (earlier := rules.get(rule.code)) is not None:
        reading.report(1, f"the code {rule.code} is taken by {earlier.origin}", "take the next free number")
    elif rule is not None:
        rules[rule.code] = rule
    mistakes += reading.mistakes


def _read_lists(path: str, text: str, before: list[NamedList], mistakes: list[Mistake]) -> list[NamedList]:
    reading = Reading(path)
    taken = {each.name: each.origin for each in before}
    found: list[NamedList] = []
    for entry in reading.parse(text).entries:
        if not _LIST_NAME.fullmatch(entry.key):
            reading.report(entry, f"'{clipped(entry.key)}' is no name of a list", "write lower_case_words")
        if entry.key in taken:
            reading.report(entry, f"the list '{entry.key}' stands in {taken[entry.key]} too", "rename one")
        values: list[Operand] = []
        for item in reading.items(entry.value, f"'{clipped(entry.key)}'"):
            value = item.value if isinstance(item, ScalarNode) else None
            if value is None or isinstance(value, float):
                reading.report(item, f"a list holds texts and whole numbers, not {shape(item)}", "quote it")
            else:
                values.append(value)
        found.append(NamedList(name=entry.key, values=tuple(values), origin=path, line=entry.line))
    mistakes += reading.mistakes
    return found


def _read_words(path: str, text: str, mistakes: list[Mistake]) -> dict[str, str]:
    reading = Reading(path)
    words = {
        entry.key: reading.text(entry.value, f"'{clipped(entry.key)}'")
        for entry in reading.parse(text).entries
    }
    mistakes += reading.mistakes
    return words
