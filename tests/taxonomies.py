"""Builders of taxonomies for tests: the bundled one, and small ones out of YAML as an author would write it."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from diffscope.facts.model import FileFact, SymbolFact
from diffscope.source.model import PullRequest, SourceKind
from diffscope.taxonomy.model import FILES, Taxonomy, read_tables

RULES = Path(__file__).parent.parent / "rules"


@cache
def bundled_texts() -> dict[str, str]:
    """Return the taxonomy files that ship with diffscope."""
    return {name: (RULES / name).read_text("utf-8") for name in FILES}


@cache
def bundled() -> Taxonomy:
    """Return the taxonomy that ships with diffscope."""
    return Taxonomy(read_tables(bundled_texts()))


def texts_with(**files: str) -> dict[str, str]:
    """Return the bundled files with some written otherwise: ``areas="..."`` stands for ``areas.yml``."""
    return bundled_texts() | {f"{name}.yml": textwrap.dedent(text) for name, text in files.items()}


def a_file(path: str, added: int = 10, removed: int = 0, **fields: object) -> FileFact:
    """Return the fact of a changed file, placed by the bundled taxonomy, with that many code lines."""
    taxonomy = bundled()
    areas = taxonomy.areas_of(path)
    known: dict[str, object] = {
        "path": path,
        "status": "modified",
        "area": areas[0],
        "areas": areas,
        "category": taxonomy.category_of(path),
        "language": taxonomy.language_of(path),
        "platforms": taxonomy.platforms_of(path),
        "module": path.removesuffix(".py").replace("/", ".") if path.endswith(".py") else None,
        "change_type": "core-logic",
        "logic": bool(added or removed),
        "additions": added,
        "deletions": removed,
        "code_added": added,
        "code_removed": removed,
    }
    return FileFact(**(known | fields))  # type: ignore[arg-type]


def a_symbol(path: str, name: str, *aspects: str, **fields: object) -> SymbolFact:
    """Return the fact of a changed symbol; with no aspect its body changed."""
    taxonomy = bundled()
    known: dict[str, object] = {
        "path": path,
        "line": 1,
        "symbol": name,
        "module": path.removesuffix(".py").replace("/", "."),
        "area": taxonomy.main_area_of(path),
        "category": taxonomy.category_of(path),
        "kind": "method" if "." in name else "function",
        "aspects": aspects or ("body",),
        "logic": True,
        "public": not any(part.startswith("_") for part in name.split(".")),
        "code_added": 5,
    }
    return SymbolFact(**(known | fields))  # type: ignore[arg-type]


def a_pull(title: str, **fields: object) -> PullRequest:
    """Return the metadata of a pull request."""
    known: dict[str, object] = {"repository": "vllm-project/vllm", "source": SourceKind.PATCH, "title": title}
    return PullRequest(**(known | fields))  # type: ignore[arg-type]
