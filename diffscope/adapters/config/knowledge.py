"""Reads the tables of the rules folder; the parsed tables are cached by the hash of their texts."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from diffscope.adapters.cache.cache import Cache
from diffscope.adapters.config.profiles import PROFILE_FILE, Chosen, default_profile, shown_file, table_file
from diffscope.adapters.config.rule_files import TABLE_FILES
from diffscope.adapters.read_file import read_text
from diffscope.facts.knowledge import Knowledge
from diffscope.graph.query.serving import ServingPath, load_serving
from diffscope.source.model import Value
from diffscope.source.profile import Profile
from diffscope.taxonomy.calls import KERNELS, ROLES, KernelTable, KernelTables, Role, RoleTable
from diffscope.taxonomy.consequence import CONSEQUENCE, REACH, ConsequenceTable, ReachRows
from diffscope.taxonomy.counterparts import COUNTERPARTS, TWINS, Pairing, TwinRule
from diffscope.taxonomy.model import Taxonomy, read_tables
from diffscope.taxonomy.tables import CategoryRule, TaxonomyTables
from diffscope.version import VERSION
from diffscope.yaml.typed import read_file

_NAMES: Final = TABLE_FILES
_LARGEST: Final = 1_000_000
_SPACE: Final = f"knowledge-{VERSION}"


class _Tables(Value, frozen=True, kw_only=True):
    profile: Profile
    taxonomy: TaxonomyTables
    roles: tuple[Role, ...]
    counterparts: tuple[Pairing, ...]
    twins: tuple[TwinRule, ...]
    serving: ServingPath
    kernels: KernelTables
    reach: ReachRows
    consequence: ConsequenceTable


def load_knowledge(chosen: Chosen | None = None, *, cache: Cache | None = None) -> Knowledge:
    """Return the tables of a profile; of the default one where none is chosen.

    Raises:
        ConfigurationError: a file is missing or cannot be read.
        RuleError: a file is wrong; the message lists every mistake.
    """
    chosen = chosen or default_profile()
    files = tuple(table_file(Path(chosen.folder), name) for name in _NAMES)
    texts = tuple(_read(each) for each in files)
    # Not parsed to be looked up: most runs find the tables in the cache, and start-up is hot.
    found = msgspec.json.encode(chosen.found).decode() if chosen.found else ""
    parts = (*texts, found or _read(Path(chosen.folder) / PROFILE_FILE))
    key = hashlib.blake2b("\0".join(parts).encode(), digest_size=20).hexdigest()
    kept = cache.get(_SPACE, key) if cache else None
    if kept and (known := _decode_once(kept, key)) is not None:
        return known
    tables, knowledge = _parse_once(
        texts,
        key,
        chosen.names(),
        tuple((shown_file(each), str(each.parent) != chosen.folder) for each in files),
        Path(chosen.folder),
    )
    if cache:
        cache.put_many(_SPACE, {key: msgspec.msgpack.encode(tables)})
    return knowledge


def _check_names(folder: Path, tables: TaxonomyTables) -> None:
    """Raise ``RuleError`` for an area, a platform or a surface that a profile names and no table has: it would count for nothing."""
    known = {
        "area": [each.name for each in tables.areas.areas],
        "platform": [each.name for each in tables.platforms.platforms],
        "surface": [each.name for each in tables.surfaces],
    }
    file = folder / PROFILE_FILE
    read_file(Profile, _read(file), at=shown_file(file), known=known)


@lru_cache(maxsize=2)
def _parse_once(
    texts: tuple[str, ...], key: str, profile: Profile, origins: tuple[tuple[str, bool], ...], folder: Path
) -> tuple[_Tables, Knowledge]:
    """Return the tables of texts in the order of ``_NAMES``. They are immutable, and a process may open many workspaces.

    ``origins`` says how each file is called, and whether it is another profile's; the profile itself lies in ``folder``.
    """
    at = {name: shown for name, (shown, _) in zip(_NAMES, origins, strict=True)}
    borrowed = frozenset(name for name, (_, is_borrowed) in zip(_NAMES, origins, strict=True) if is_borrowed)
    taxonomy = read_tables(dict(zip(_NAMES, texts, strict=True)), at=at, borrowed=borrowed)
    tests = CategoryRule(line="test folders", paths=tuple(f"{folder}/**" for folder in profile.tests))
    categories = msgspec.structs.replace(
        taxonomy.categories, categories=(tests, *taxonomy.categories.categories)
    )
    taxonomy = msgspec.structs.replace(taxonomy, categories=categories)
    tables = _parse(dict(zip(_NAMES, texts, strict=True)), profile, taxonomy, at)
    _check_names(folder, taxonomy)
    return tables, _joined(tables, key)


def _joined(tables: _Tables, key: str) -> Knowledge:
    return Knowledge(
        profile=tables.profile,
        taxonomy=Taxonomy(tables.taxonomy),
        roles=RoleTable(tables.roles),
        counterparts=tables.counterparts,
        twins=tables.twins,
        serving=tables.serving,
        kernels=KernelTable(tables.kernels),
        reach=tables.reach,
        consequence=tables.consequence,
        digest=key,
    )


@lru_cache(maxsize=2)
def _decode_once(kept: bytes, key: str) -> Knowledge | None:
    """Return what the cache holds; what is made of it while it is used is shared as well."""
    try:
        return _joined(msgspec.msgpack.decode(kept, type=_Tables), key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _parse(texts: dict[str, str], profile: Profile, taxonomy: TaxonomyTables, at: dict[str, str]) -> _Tables:
    def read(type_: Any, name: str) -> Any:
        return read_file(type_, texts[name], at=at[name])

    return _Tables(
        profile=profile,
        taxonomy=taxonomy,
        roles=read(ROLES, "roles.yml"),
        counterparts=read(COUNTERPARTS, "counterparts.yml"),
        twins=read(TWINS, "twins.yml"),
        serving=load_serving(texts["serving.yml"], at=at["serving.yml"]),
        kernels=read(KERNELS, "kernels.yml"),
        reach=read(REACH, "reach.yml"),
        consequence=read(CONSEQUENCE, "consequence.yml"),
    )


def _read(path: Path) -> str:
    return read_text(path, most=_LARGEST, hint="reinstall diffscope")
