"""The taxonomy and its queries (area, platforms, category and language of a path; areas, kinds and tags of a text), and the eight YAML files that make one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, get_args

import msgspec

from diffscope.errors import RuleError
from diffscope.taxonomy.consequence import FixRiskTable
from diffscope.taxonomy.declared_words import WordTable, identifier_tokens, tokens_of
from diffscope.taxonomy.places import Claims, GlobTable, PlaceTable
from diffscope.taxonomy.tables import (
    AreaTable,
    Category,
    CategoryTable,
    KindTable,
    PlatformRule,
    PlatformTable,
    ScoreTable,
    SurfaceRule,
    SurfaceTable,
    TagTable,
    TaxonomyTables,
)
from diffscope.yaml.reading import Mistake, Reading, mistakes_error
from diffscope.yaml.strict import MapNode, Node
from diffscope.yaml.typed import keys_of, read_value

OTHER = "other"
"""The area of a file that nothing claims, and the category of one that no line of the table matches."""
_CATEGORIES: Final[dict[str, Category]] = {name: name for name in get_args(Category)}


class Taxonomy:
    """Answers about paths and texts, from the tables alone. Every answer is deterministic and cached; tables compile on first use."""

    def __init__(self, tables: TaxonomyTables) -> None:
        self.tables = tables
        self.areas_of = lru_cache(maxsize=16384)(self._areas_of)
        self.platforms_of = lru_cache(maxsize=16384)(self._platforms_of)
        self.platforms_in = lru_cache(maxsize=4096)(self._platforms_in)
        self.category_of = lru_cache(maxsize=16384)(self._category_of)
        self.surfaces_of = lru_cache(maxsize=4096)(self._surfaces_of)

    def main_area_of(self, path: str) -> str:
        """Return the main area of a path, ``other`` when nothing claims it."""
        return self.areas_of(path)[0]

    def areas_in(self, title: str) -> tuple[str, ...]:
        """Return the areas that a title names, from left to right."""
        return self._title_areas.owners_in(tokens_of(title))

    def language_of(self, path: str) -> str:
        """Return the language of a path by its name and ending, ``other`` when unknown."""
        name = path.rpartition("/")[2].lower()
        if language := self._languages_by_name.get(name):
            return language
        endings = name.split(".")
        return self._languages_by_ending.get(endings[-1], OTHER) if len(endings) > 1 else OTHER

    @cached_property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change when any table does."""
        return hashlib.sha256(msgspec.msgpack.encode(self.tables)).hexdigest()[:16]

    @cached_property
    def kind_tags(self) -> WordTable:
        """Kinds by the words in brackets, or before the colon, at the start of a title."""
        return WordTable((rule.name, text) for rule in self.tables.kinds.kinds for text in rule.tags)

    @cached_property
    def kind_verbs(self) -> WordTable:
        """Kinds by the words with which the rest of a title begins."""
        return WordTable((rule.name, text) for rule in self.tables.kinds.kinds for text in rule.verbs)

    @cached_property
    def kind_sure(self) -> WordTable:
        """Kinds by the first words of a title that say them whatever else the change does."""
        return WordTable((rule.name, text) for rule in self.tables.kinds.kinds for text in rule.sure)

    @cached_property
    def kind_phrases(self) -> WordTable:
        """Kinds by words anywhere in a title."""
        return WordTable((rule.name, text) for rule in self.tables.kinds.kinds for text in rule.phrases)

    @cached_property
    def kind_alone(self) -> WordTable:
        """Kinds by words anywhere in a title that say them only where no code of the product changed."""
        return WordTable((rule.name, text) for rule in self.tables.kinds.kinds for text in rule.alone)

    @cached_property
    def tag_titles(self) -> WordTable:
        """Tags by words in a title."""
        return WordTable((rule.name, text) for rule in self.tables.tags for text in rule.titles)

    @cached_property
    def tag_paths(self) -> GlobTable:
        """Tags by the path of a changed file."""
        return GlobTable((rule.name, text) for rule in self.tables.tags for text in rule.paths)

    @cached_property
    def grave_words(self) -> WordTable:
        """The words of a title that tell of a grave fault, each its own owner."""
        return WordTable((text.strip("*"), text) for text in self.tables.scores.grave)

    @cached_property
    def foundation_words(self) -> WordTable:
        """The words of the names of dependencies on which everything else is built."""
        return WordTable((text.strip("*"), text) for text in self.tables.scores.foundations)

    @cached_property
    def minor_words(self) -> WordTable:
        """The words with which the tag of a title calls a change minor."""
        return WordTable((text.strip("*"), text) for text in self.tables.scores.minor)

    @cached_property
    def change_types(self) -> tuple[str, ...]:
        """The vocabulary of change types."""
        return tuple(self.tables.categories.change_types)

    @cached_property
    def areas(self) -> tuple[str, ...]:
        """The names of all areas, ``other`` left out."""
        return tuple(rule.name for rule in self.tables.areas.areas)

    def _areas_of(self, path: str) -> tuple[str, ...]:
        """Return the areas of a path, the main one first; ``("other",)`` when nothing claims it."""
        return self._area_places.owners_of(path) or (OTHER,)

    def _platforms_of(self, path: str) -> tuple[str, ...]:
        """Return the platforms that a path belongs to, in the order of the table."""
        # Over the whole path, not a segment at a time: `kv_offload/cpu` is one phrase.
        named = self._platform_files.owners_in(tokens_of(path))
        return self._ordered({*named, *self._platform_globs.owners_of(path)})

    def _platforms_in(self, text: str) -> tuple[str, ...]:
        """Return the platforms that a title, condition or symbol names, in the order of the table."""
        return self._ordered(set(self._platform_texts.owners_in(identifier_tokens(text))))

    def _category_of(self, path: str) -> Category:
        """Return the category of a path by the first line of the table that matches; ``other`` for none."""
        matches = self._category_globs.owners_of(path)
        return _CATEGORIES[min(matches).partition(" ")[2] if matches else OTHER]

    def _surfaces_of(self, path: str, name: str, bases: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the public surfaces that a symbol belongs to, by its path and qualified name or by the bases of its class.

        A name with a private part (``_x``) belongs to none.
        """
        if any(part.startswith("_") and not part.endswith("__") for part in name.split(".")):
            return ()
        top = name.partition(".")[0]
        ends = tuple(base.partition("[")[0].rpartition(".")[2] for base in bases)
        claimed = self._surface_globs.owners_of(path)
        return tuple(rule.name for rule in self.tables.surfaces if _is_surface(rule, claimed, top, ends))

    def _ordered(self, names: set[str]) -> tuple[str, ...]:
        return tuple(rule.name for rule in self.tables.platforms.platforms if rule.name in names)

    @cached_property
    def _area_places(self) -> PlaceTable:
        table = self.tables.areas
        claims = (
            Claims(
                rule.name, own=rule.own, closed=rule.closed, files=(*rule.words, *rule.files), home=rule.home
            )
            for rule in table.areas
        )
        return PlaceTable(claims, table.ignore)

    @cached_property
    def _title_areas(self) -> WordTable:
        table = self.tables.areas
        named = ((rule.name, phrase) for rule in table.areas for phrase in (*rule.words, *rule.titles))
        return WordTable([*(("", phrase) for phrase in table.ignore), *named])

    @cached_property
    def _platform_globs(self) -> GlobTable:
        return GlobTable((rule.name, text) for rule in self.tables.platforms.platforms for text in rule.paths)

    @cached_property
    def _platform_files(self) -> WordTable:
        return self._platform_words(lambda rule: (*rule.words, *rule.files))

    @cached_property
    def _platform_texts(self) -> WordTable:
        return self._platform_words(lambda rule: (*rule.words, *rule.texts))

    def _platform_words(self, phrases_of: Callable[[PlatformRule], tuple[str, ...]]) -> WordTable:
        table = self.tables.platforms
        ignored = [("", phrase) for phrase in table.ignore]
        return WordTable(
            [*ignored, *((rule.name, phrase) for rule in table.platforms for phrase in phrases_of(rule))]
        )

    @cached_property
    def _category_globs(self) -> GlobTable:
        # The number sorts by the line of the table: the first that matches decides.
        rules = self.tables.categories.categories
        return GlobTable(
            (f"{at:04d} {rule.category}", text) for at, rule in enumerate(rules) for text in rule.paths
        )

    @cached_property
    def _surface_globs(self) -> GlobTable:
        return GlobTable((rule.name, text) for rule in self.tables.surfaces for text in rule.paths)

    @cached_property
    def _languages_by_name(self) -> dict[str, str]:
        return {
            name.lower(): rule.language for rule in self.tables.categories.languages for name in rule.names
        }

    @cached_property
    def _languages_by_ending(self) -> dict[str, str]:
        return {
            ending.lower(): rule.language
            for rule in self.tables.categories.languages
            for ending in rule.endings
        }


def _is_surface(rule: SurfaceRule, claimed: tuple[str, ...], top: str, bases: tuple[str, ...]) -> bool:
    if any(_fits(pattern, base) for pattern in rule.bases for base in bases):
        return True
    if not rule.paths or rule.name not in claimed:
        return False
    return not rule.symbols or any(_fits(pattern, top) for pattern in rule.symbols)


def _fits(pattern: str, name: str) -> bool:
    return _pattern(pattern).fullmatch(name) is not None


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    # Only `*` is special, names are short: no need for RE2 here.
    return re.compile(".*".join(re.escape(part) for part in text.split("*")))


_TABLES: Final[dict[str, type]] = {
    "areas.yml": AreaTable,
    "platforms.yml": PlatformTable,
    "categories.yml": CategoryTable,
    "kinds.yml": KindTable,
    "tags.yml": TagTable,
    "surfaces.yml": SurfaceTable,
    "scores.yml": ScoreTable,
    "fix_risk.yml": FixRiskTable,
}
FILES: Final = tuple(_TABLES)
"""The files that make a taxonomy."""


def read_tables(
    files: Mapping[str, str], *, at: Mapping[str, str] | None = None, borrowed: Collection[str] = ()
) -> TaxonomyTables:
    """Return the checked tables of the eight files, given as name -> text; ``at`` and ``borrowed`` are those of ``check_tables``.

    Raises:
        RuleError: a file is missing or wrong; the message lists every mistake of every file, with its place.
    """
    missing = [name for name in FILES if name not in files]
    if missing:
        raise RuleError(f"missing from the taxonomy: {', '.join(missing)}", hint="all eight files are needed")
    tables, mistakes = check_tables(files, at=at, borrowed=borrowed)
    if tables is None:
        raise mistakes_error(mistakes)
    return tables


def check_tables(
    files: Mapping[str, str], *, at: Mapping[str, str] | None = None, borrowed: Collection[str] = ()
) -> tuple[TaxonomyTables | None, tuple[Mistake, ...]]:
    """Return the tables of the eight files (``None`` where any is wrong) and every mistake.

    ``at`` says how a file is called. ``borrowed`` are files of another profile: they may speak of areas and platforms that are not here.
    """
    readings = {name: Reading((at or {}).get(name, name)) for name in FILES}
    roots = {name: reading.root(files[name]) for name, reading in readings.items()}
    known = _known(roots)
    values: dict[str, Any] = {
        name: read_value(
            _TABLES[name], roots[name], reading, known={"kind": known["kind"]} if name in borrowed else known
        )
        for name, reading in readings.items()
    }
    _check_starts(roots["scores.yml"], readings["scores.yml"], known["kind"])
    mistakes = tuple(mistake for reading in readings.values() for mistake in reading.mistakes)
    if mistakes:
        return None, mistakes
    tables = TaxonomyTables(
        areas=values["areas.yml"],
        platforms=values["platforms.yml"],
        categories=values["categories.yml"],
        kinds=values["kinds.yml"],
        tags=values["tags.yml"].tags,
        surfaces=values["surfaces.yml"].surfaces,
        scores=values["scores.yml"],
        fix_risk=values["fix_risk.yml"],
    )
    return tables, ()


def _known(roots: Mapping[str, Node]) -> dict[str, Collection[str]]:
    """Return the words that tables declare for each other, wrong as their rows may be."""
    areas = keys_of(roots["areas.yml"], "areas")
    known = {
        "area": areas,
        "area or other": (*areas, OTHER) if areas else (),
        "platform": keys_of(roots["platforms.yml"], "platforms"),
        "kind": keys_of(roots["kinds.yml"], "kinds"),
    }
    # Of a table that declares nothing the mistake is told, not that of every word.
    return {what: words for what, words in known.items() if words}


def _check_starts(root: Node, reading: Reading, kinds: Collection[str]) -> None:
    """Note every kind that has no start: its changes would begin at nothing."""
    section = root.entry("kinds") if isinstance(root, MapNode) else None
    if section is None or not isinstance(section.value, MapNode):
        return
    for kind in kinds:
        if section.value.get(kind) is None:
            reading.report(section, f"'kinds' lacks '{kind}'", f"add '{kind}: {{importance: N, insight: N}}'")
