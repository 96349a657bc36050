"""Load the taxonomy from its YAML files: ``load_taxonomy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from diffscope.errors import RuleError
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.reading import Mistakes, Reader, nearest
from diffscope.taxonomy.tables import (
    SHAPES,
    AreaRule,
    AreaTable,
    CategoryRule,
    CategoryTable,
    FileNumbers,
    ImportanceNumbers,
    InsightNumbers,
    KindRule,
    KindTable,
    KindWeights,
    LanguageRule,
    PlatformRule,
    PlatformTable,
    RiskNumbers,
    ScoreTable,
    SurfaceRule,
    TagRule,
    TaxonomyTables,
)
from diffscope.yaml.strict import Entry, MapNode

FILES: Final = (
    "areas.yml",
    "platforms.yml",
    "categories.yml",
    "kinds.yml",
    "tags.yml",
    "surfaces.yml",
    "scores.yml",
)
"""The files that make a taxonomy."""

CATEGORIES: Final = (
    "source", "native", "test", "config", "docs", "infra", "build", "example", "benchmark", "data", "other",
)  # fmt: skip


def load_taxonomy(files: Mapping[str, str]) -> Taxonomy:
    """Return the taxonomy of the seven files, given as name -> text.

    Raises:
        RuleError: a file is missing or wrong; the message lists every mistake of every file, with lines.
    """
    return Taxonomy(read_tables(files))


def read_tables(files: Mapping[str, str]) -> TaxonomyTables:
    """Return the checked tables of the seven files; raises as ``load_taxonomy`` does."""
    missing = [name for name in FILES if name not in files]
    if missing:
        raise RuleError(f"missing from the taxonomy: {', '.join(missing)}", hint="all seven files are needed")
    mistakes = Mistakes()
    roots = {name: (reader := Reader(name, mistakes), reader.parse(files[name])) for name in FILES}
    areas = _areas(*roots["areas.yml"])
    platforms = _platforms(*roots["platforms.yml"])
    kinds = _kinds(*roots["kinds.yml"])
    known = (
        tuple(a.name for a in areas.areas),
        tuple(p.name for p in platforms.platforms),
        tuple(k.name for k in kinds.kinds),
    )
    tables = TaxonomyTables(
        areas=areas,
        platforms=platforms,
        categories=_categories(*roots["categories.yml"]),
        kinds=kinds,
        tags=_tags(*roots["tags.yml"], known),
        surfaces=_surfaces(*roots["surfaces.yml"]),
        scores=_scores(*roots["scores.yml"], known[0], known[2]),
    )
    mistakes.raise_any()
    return tables


def _areas(reader: Reader, root: MapNode) -> AreaTable:
    reader.keys(root, ("areas", "ignore"))
    keys = ("title", "own", "closed", "words", "files", "titles", "home")
    rules = tuple(
        AreaRule(
            name=entry.key,
            title=reader.label(fields, entry.line),
            own=reader.places(fields, "own"),
            closed=reader.places(fields, "closed", globs_only=True),
            words=reader.words(fields, "words"),
            files=reader.words(fields, "files"),
            titles=reader.words(fields, "titles"),
            home=reader.places(fields, "home"),
        )
        for entry, fields in reader.rows(reader.section(root, "areas"), keys, "the area")
    )
    return AreaTable(areas=rules, ignore=reader.words(root, "ignore"))


def _platforms(reader: Reader, root: MapNode) -> PlatformTable:
    reader.keys(root, ("platforms", "ignore"))
    keys = ("title", "paths", "words", "files", "texts")
    rules = tuple(
        PlatformRule(
            name=entry.key,
            title=reader.label(fields, entry.line),
            paths=reader.places(fields, "paths", globs_only=True),
            words=reader.words(fields, "words"),
            files=reader.words(fields, "files"),
            texts=reader.words(fields, "texts"),
        )
        for entry, fields in reader.rows(reader.section(root, "platforms"), keys, "the platform")
    )
    return PlatformTable(platforms=rules, ignore=reader.words(root, "ignore"))


def _categories(reader: Reader, root: MapNode) -> CategoryTable:
    reader.keys(root, ("categories", "languages", "change_types"))
    section = reader.section(root, "categories")
    lines = reader.mapping(section.value, "categories").entries if section else ()
    for entry in lines:
        if (name := entry.key.partition(" ")[0]) not in CATEGORIES:
            reader.wrong(entry.line, f"unknown category {name!r}{nearest(name, CATEGORIES)}")
    return CategoryTable(
        categories=tuple(
            CategoryRule(
                category=entry.key.partition(" ")[0],
                paths=reader.places(_alone(entry), entry.key, globs_only=True),
            )
            for entry in lines
        ),
        languages=tuple(
            LanguageRule(
                language=entry.key,
                endings=reader.texts(fields, "endings"),
                names=reader.texts(fields, "names"),
            )
            for entry, fields in reader.rows(
                reader.section(root, "languages"), ("endings", "names"), "the language"
            )
        ),
        change_types=_sentences(reader, reader.section(root, "change_types")),
    )


def _kinds(reader: Reader, root: MapNode) -> KindTable:
    reader.keys(root, ("weights", "kinds"))
    keys = ("title", "tags", "verbs", "sure", "phrases", "labels", "shapes", "lean", "categories", "never")
    rules = tuple(
        KindRule(
            name=entry.key,
            title=reader.label(fields, entry.line),
            tags=reader.words(fields, "tags"),
            verbs=reader.words(fields, "verbs"),
            sure=reader.words(fields, "sure"),
            phrases=reader.words(fields, "phrases"),
            labels=reader.texts(fields, "labels"),
            shapes=reader.names(fields, "shapes", SHAPES, "shape"),
            lean=reader.names(fields, "lean", SHAPES, "shape"),
            categories=reader.names(fields, "categories", CATEGORIES, "category"),
            never=reader.names(fields, "never", CATEGORIES, "category"),
        )
        for entry, fields in reader.rows(reader.section(root, "kinds"), keys, "the kind")
    )
    section = reader.section(root, "weights")
    weights = reader.numbers_named(section, KindWeights.__struct_fields__, "weights")
    return KindTable(kinds=rules, weights=KindWeights(**weights))


def _tags(
    reader: Reader, root: MapNode, known: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
) -> tuple[TagRule, ...]:
    reader.keys(root, ("tags",))
    areas, platforms, kinds = known
    keys = ("kinds", "areas", "platforms", "titles", "paths", "labels", "shapes", "share")
    return tuple(
        TagRule(
            name=entry.key,
            kinds=reader.names(fields, "kinds", kinds, "kind"),
            areas=reader.names(fields, "areas", areas, "area"),
            platforms=reader.names(fields, "platforms", platforms, "platform"),
            titles=reader.words(fields, "titles"),
            paths=reader.places(fields, "paths", globs_only=True),
            labels=reader.texts(fields, "labels"),
            shapes=reader.names(fields, "shapes", SHAPES, "shape"),
            share=reader.number(share, "'share'")
            if (share := fields.get("share"))
            else TagRule(name="").share,
        )
        for entry, fields in reader.rows(reader.section(root, "tags"), keys, "the tag")
    )


def _surfaces(reader: Reader, root: MapNode) -> tuple[SurfaceRule, ...]:
    reader.keys(root, ("surfaces",))
    return tuple(
        SurfaceRule(
            name=entry.key,
            title=reader.label(fields, entry.line),
            paths=reader.places(fields, "paths", globs_only=True),
            symbols=reader.texts(fields, "symbols"),
            bases=reader.texts(fields, "bases"),
        )
        for entry, fields in reader.rows(
            reader.section(root, "surfaces"), ("title", "paths", "symbols", "bases"), "the surface"
        )
    )


def _scores(reader: Reader, root: MapNode, areas: tuple[str, ...], kinds: tuple[str, ...]) -> ScoreTable:
    sections = ("importance", "insight", "file", "risk", "kinds", "categories", "areas")
    reader.keys(root, ("version", "grave", "foundations", "minor", *sections))
    importance, insight, file, risk, starts, shares, central = (reader.section(root, key) for key in sections)
    version = root.get("version")
    return ScoreTable(
        version=(reader.text(version, "'version'") if version else None) or "",
        importance=ImportanceNumbers(
            **reader.numbers_named(importance, ImportanceNumbers.__struct_fields__, "importance")
        ),
        insight=InsightNumbers(**reader.numbers_named(insight, InsightNumbers.__struct_fields__, "insight")),
        file=FileNumbers(**reader.numbers_named(file, FileNumbers.__struct_fields__, "file")),
        risk=RiskNumbers(**reader.numbers_named(risk, RiskNumbers.__struct_fields__, "risk")),
        kinds=_starts(reader, starts, kinds),
        categories=_numbers_of(reader, shares, CATEGORIES, "category"),
        areas=_numbers_of(reader, central, (*areas, "other"), "area") if areas else (),
        grave=reader.words(root, "grave"),
        foundations=reader.words(root, "foundations"),
        minor=reader.words(root, "minor"),
    )


def _starts(
    reader: Reader, section: Entry | None, kinds: tuple[str, ...]
) -> tuple[tuple[str, float, float], ...]:
    fields = reader.mapping(section.value, "kinds") if section else MapNode((), 1, 1)
    if not kinds:
        # kinds.yml could not be read, and has said so.
        return ()
    reader.keys(fields, kinds)
    rows = []
    for kind in kinds:
        entry = fields.entry(kind)
        if entry is None:
            reader.wrong(fields.line, f"kinds: {kind!r} is missing")
            continue
        start = reader.numbers_named(entry, ("importance", "insight"), f"the kind {kind!r}")
        rows.append((kind, start["importance"], start["insight"]))
    return tuple(rows)


def _numbers_of(
    reader: Reader, section: Entry | None, names: tuple[str, ...], what: str
) -> tuple[tuple[str, float], ...]:
    """Return numbers by name; a name that is not declared is noted, one that is missing counts nothing."""
    fields = reader.mapping(section.value, f"the numbers of each {what}") if section else MapNode((), 1, 1)
    reader.keys(fields, names)
    return tuple((entry.key, reader.number(entry.value, repr(entry.key))) for entry in fields.entries)


def _sentences(reader: Reader, entry: Entry | None) -> tuple[tuple[str, str], ...]:
    rows = reader.mapping(entry.value, entry.key).entries if entry else ()
    return tuple((row.key, reader.text(row.value, f"{row.key!r}") or "") for row in rows)


def _alone(entry: Entry) -> MapNode:
    return MapNode((entry,), entry.line, entry.column)
