"""Rule files -> Catalogue. Every mistake of every file is reported at once, with its line and the nearest word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from diffscope.facts.vocabulary import families
from diffscope.rules.language.catalogue import Catalogue, Rule, make_catalogue
from diffscope.rules.language.expressions import parse_predicate
from diffscope.rules.language.names import (
    NamedList,
    Names,
    Predicate,
    Scope,
    WordTable,
    read_lists,
    read_predicates,
    without_loops,
)
from diffscope.rules.language.rule_file import read_rule
from diffscope.yaml.reading import Mistake, Reading, mistakes_error
from diffscope.yaml.strict import MapNode, Node, ScalarNode
from diffscope.yaml.typed import check_file, keys_of

LISTS_FILE: Final = "lists.yml"
PREDICATES_FILE: Final = "predicates.yml"
WORDS_FILE: Final = "words.yml"
RULE_FILE: Final = "rule.yml"
CHINESE_FILE: Final = "zh.yml"
TABLES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "areas.yml": ("areas", "area", ("area", "areas", "logic_areas")),
    "platforms.yml": ("platforms", "platform", ("platforms", "guard_platforms")),
    "surfaces.yml": ("surfaces", "surface", ("surfaces",)),
}
"""Tables whose words rules ask for: the section with the words, what one is called, the fields that hold them."""
SHARED_FILES: Final = (LISTS_FILE, PREDICATES_FILE, WORDS_FILE, *TABLES)
"""Files beside the rules that rules rest on."""
_OTHER_AREA: Final = "other"
"""The area of what no line of areas.yml places."""


def load_catalogue(files: Mapping[str, str]) -> Catalogue:
    """Return the catalogue of rule files, given as path -> text.

    ``CODE-slug/rule.yml`` holds a rule and ``zh.yml`` beside it its Chinese texts, ``lists.yml`` and ``predicates.yml`` what rules name,
    ``words.yml`` Chinese words of closed sets; ``areas.yml`` and the other tables of ``TABLES`` declare the words that rules may ask for
    (any where there is no table) and, by their titles, the Chinese names of these;
    whatever stands before these names in a path is free.

    Raises:
        RuleError: some file is wrong; the message lists every mistake of every file.
    """
    return _load_once(tuple(files.items()))


@lru_cache(maxsize=4)
def _load_once(files: tuple[tuple[str, str], ...]) -> Catalogue:
    """Return the catalogue of rule files. It is immutable, and a process that opens many workspaces reads the same rules each time."""
    catalogue, mistakes = check_catalogue(dict(files))
    if mistakes:
        raise mistakes_error(mistakes)
    return catalogue


def check_catalogue(files: Mapping[str, str]) -> tuple[Catalogue, tuple[Mistake, ...]]:
    """Return the catalogue of the rules that are right, and every mistake; never raises on bad rule files."""
    names, found = read_names(files)
    mistakes = list(found)
    words = _titles(files)
    for path in _named(files, WORDS_FILE):
        found_words, wrong = check_file(dict[str, str], files[path], at=path)
        words |= found_words or {}
        mistakes += wrong
    rules: dict[str, Rule] = {}
    for path in _named(files, RULE_FILE):
        _add_rule(path, files, names, rules, mistakes)
    return make_catalogue(tuple(rules.values()), tuple(sorted(words.items()))), tuple(mistakes)


def read_names(files: Mapping[str, str]) -> tuple[Names, tuple[Mistake, ...]]:
    """Return what rules may call by name, of all files together, and every mistake in them."""
    mistakes: list[Mistake] = []
    lists: dict[str, NamedList] = {}
    for path in _named(files, LISTS_FILE):
        reading = Reading(path)
        lists |= read_lists(reading, files[path], lists)
        mistakes += reading.mistakes
    tables = {
        field: table
        for name, (_, _, fields) in TABLES.items()
        if (table := _word_table(files, name)) is not None
        for field in fields
    }
    predicates: dict[str, Predicate] = {}
    readings = {path: Reading(path) for path in _named(files, PREDICATES_FILE)}
    for path, reading in readings.items():
        predicates |= read_predicates(reading, files[path], {**lists, **predicates}, families())
    predicates = without_loops(predicates, readings)
    is_whole = not mistakes and not any(reading.mistakes for reading in readings.values())
    names = Names(lists=lists, predicates=predicates, tables=tables, is_whole=is_whole)
    for predicate in predicates.values():
        parse_predicate(predicate, Scope(readings[predicate.origin], names))
    mistakes += [mistake for reading in readings.values() for mistake in reading.mistakes]
    return names, tuple(mistakes)


def _named(files: Mapping[str, str], name: str) -> list[str]:
    return [path for path in sorted(files) if PurePosixPath(path).name == name]


def _word_table(files: Mapping[str, str], name: str) -> WordTable | None:
    """Return the words of a table, of all folders together; ``None`` if it is not available. What is wrong in it is its reader's business."""
    section, what, _ = TABLES[name]
    words: set[str] = set()
    for path in _named(files, name):
        reading = Reading(path)
        root = reading.root(files[path])
        if reading.is_broken:
            # What it would have declared is not known: any word will do.
            return None
        words |= set(keys_of(root, section))
    if not words:
        return None
    extra = {_OTHER_AREA} if what == "area" else set()
    return WordTable(what=what, words=frozenset(words | extra), origin=name)


def _titles(files: Mapping[str, str]) -> dict[str, str]:
    """Return the Chinese titles of areas and surfaces; of equal names, the area's. What is wrong in a table is reported by its reader."""
    titles: dict[str, str] = {}
    for name in ("surfaces.yml", "areas.yml"):
        for path in _named(files, name):
            declared = _part(Reading(path).root(files[path]), TABLES[name][0])
            for entry in declared.entries if isinstance(declared, MapNode) else ():
                chinese = _part(_part(entry.value, "title"), "zh")
                if isinstance(chinese, ScalarNode) and isinstance(chinese.value, str):
                    titles[entry.key] = chinese.value
    return titles


def _part(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, MapNode) else None


def _add_rule(
    path: str, files: Mapping[str, str], names: Names, rules: dict[str, Rule], mistakes: list[Mistake]
) -> None:
    reading = Reading(path)
    # Not by a path type: it would take "./" off, and with it tell a team's "./rules" from the bundled "rules" no more.
    beside = f"{path.removesuffix(RULE_FILE)}{CHINESE_FILE}"
    chinese = Reading(beside)
    rule = read_rule(reading, files[path], chinese, files.get(beside), names)
    if rule is not None and (earlier := rules.get(rule.code)) is not None:
        reading.report(1, f"the code {rule.code} is taken by {earlier.origin}", "take the next free number")
    elif rule is not None:
        rules[rule.code] = rule
    mistakes += (*reading.mistakes, *chinese.mistakes)
