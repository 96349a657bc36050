"""The tables of a rules folder, each read by its own reader, to find every mistake of every file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from diffscope.adapters.config.rule_files import bundled_rules, shown_name
from diffscope.adapters.read_file import is_there, read_text
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.graph.query.registries import load_registries
from diffscope.graph.query.serving import load_serving
from diffscope.taxonomy.counterparts import load_counterparts
from diffscope.taxonomy.kernels import load_kernels
from diffscope.taxonomy.load import FILES, read_tables
from diffscope.taxonomy.roles import load_roles
from diffscope.taxonomy.twins import load_twins

_LARGEST: Final = 1_000_000
_LOADERS: Final[dict[str, Callable[[str, str], object]]] = {
    "roles.yml": lambda text, at: load_roles(text, at=at),
    "counterparts.yml": lambda text, at: load_counterparts(text, at=at),
    "twins.yml": lambda text, at: load_twins(text, at=at),
    "kernels.yml": lambda text, at: load_kernels(text, at=at),
    "serving.yml": lambda text, at: load_serving(text, at=at),
    "registries.yml": lambda text, at: load_registries(text, at=at),
}


def table_mistakes(folder: Path) -> list[str]:
    """Return what is wrong in the tables of a folder, a line a mistake: ``file:line: message (hint)``. Tables that it lacks are the bundled ones."""
    name = shown_name(folder)
    lines: list[str] = []
    own = {file: folder / file for file in FILES if is_there(folder / file)}
    if own:
        texts: dict[str, str] = {}
        for file in FILES:
            try:
                texts[file] = _read(own.get(file, bundled_rules() / file))
            except ConfigurationError as error:
                lines.append(_unreadable(f"{name}/{file}", error))
        if len(texts) == len(FILES):
            lines += [f"{name}/{line}" for line in _mistakes(lambda: read_tables(texts))]
    for file, load in _LOADERS.items():
        if is_there(folder / file):
            lines += _table_mistakes(folder / file, load, at=f"{name}/{file}")
    return lines


def _table_mistakes(path: Path, load: Callable[[str, str], object], *, at: str) -> list[str]:
    try:
        text = _read(path)
    except ConfigurationError as error:
        return [_unreadable(at, error)]
    return _mistakes(lambda: load(text, at))


def _mistakes(read: Callable[[], object]) -> list[str]:
    try:
        read()
    except DiffscopeError as error:
        first, *rest = error.message.splitlines()
        hint = f" ({error.hint})" if error.hint and not rest else ""
        return [f"{error.at}: {first}{hint}", *rest]
    return []


def _unreadable(at: str, error: DiffscopeError) -> str:
    return f"{at}:1: {error.message} ({error.hint})"


def _read(path: Path) -> str:
    return read_text(path, most=_LARGEST, hint="put a text file there, or split it")
