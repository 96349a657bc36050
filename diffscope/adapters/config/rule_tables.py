"""The tables of a rules folder, read as the types that they are declared as, to find every mistake of every file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from diffscope.adapters.config.profiles import shown_file, table_file
from diffscope.adapters.config.rule_files import bundled_rules, shown_name
from diffscope.adapters.read_file import is_there, read_text
from diffscope.errors import ConfigurationError
from diffscope.graph.query.registries import REGISTRIES, Registry, load_registries
from diffscope.graph.query.serving import SERVING
from diffscope.taxonomy.consequence import CONSEQUENCE
from diffscope.taxonomy.counterparts import COUNTERPARTS
from diffscope.taxonomy.kernels import KERNELS
from diffscope.taxonomy.load import FILES, check_tables
from diffscope.taxonomy.reach import REACH
from diffscope.taxonomy.roles import ROLES
from diffscope.taxonomy.twins import TWINS
from diffscope.yaml.reading import Mistake
from diffscope.yaml.typed import check_file

_LARGEST: Final = 1_000_000
_TYPES: Final[dict[str, Any]] = {
    "roles.yml": ROLES,
    "counterparts.yml": COUNTERPARTS,
    "twins.yml": TWINS,
    "kernels.yml": KERNELS,
    "serving.yml": SERVING,
    "registries.yml": REGISTRIES,
    "reach.yml": REACH,
    "consequence.yml": CONSEQUENCE,
}


def read_registries(profile: Path) -> tuple[Registry, ...]:
    """Return the registries that are known by name: those of the ``registries.yml`` of a profile."""
    file = table_file(profile, "registries.yml")
    return load_registries(_read(file), at=shown_file(file))


def table_mistakes(folder: Path) -> list[Mistake]:
    """Return every mistake in the tables of a folder. Tables that it lacks are the bundled ones."""
    name = shown_name(folder)
    found: list[Mistake] = []
    own = {
        file: text
        for file in FILES
        if is_there(folder / file) and (text := _text(folder / file, f"{name}/{file}", found)) is not None
    }
    if own:
        bundled = {file: _read(bundled_rules() / file) for file in FILES if file not in own}
        at = {file: f"{name}/{file}" for file in FILES}
        mistakes = check_tables(bundled | own, at=at, borrowed=bundled)[1]
        # What is wrong with a bundled table is no mistake of who wrote this folder.
        found += [each for each in mistakes if each.path.removeprefix(f"{name}/") in own]
    for file, type_ in _TYPES.items():
        if is_there(folder / file) and (text := _text(folder / file, f"{name}/{file}", found)) is not None:
            found += check_file(type_, text, at=f"{name}/{file}")[1]
    return found


def _text(path: Path, name: str, found: list[Mistake]) -> str | None:
    try:
        return _read(path)
    except ConfigurationError as error:
        found.append(Mistake(path=name, line=1, message=error.message, hint=error.hint or ""))
        return None


def _read(path: Path) -> str:
    return read_text(path, most=_LARGEST, hint="put a text file there, or split it")
