"""Reads the catalogue of messages, ``diffscope/messages/texts/*.yml``, strictly, and writes what is made of it: ``python -m diffscope.cli.generate.messages`` in a checkout.

A file maps codes to ``en`` and ``zh``. What runs has the files that ``compiled`` returns; nothing that needs them is imported here, so that
this runs where they are missing or damaged.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from diffscope.adapters.output import encoded, write_file
from diffscope.errors import DiffscopeError, InputError
from diffscope.messages.say import has_stray_brace, shown
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading, mistakes_error, nearest
from diffscope.yaml.strict import Entry, MapNode, Node
from diffscope.yaml.typed import Check, Line, read_value

_ROOT: Final = Path(__file__).resolve().parents[3]
_FOLDER: Final = _ROOT / "diffscope" / "messages"
_TABLES: Final = ("rules/areas.yml", "rules/platforms.yml")
"""Their rows have titles."""
_HEADER: Final = (
    '"""The codes of messages, by stage: made from diffscope/messages/texts/ by `just generate`."""\n\n'
    "from __future__ import annotations\n\nfrom typing import Literal\n\n# fmt: off\n"
)

Catalogue = Mapping[str, "Said"]
"""Code -> its texts, by code."""


def message_documents() -> dict[str, str]:
    """Return path -> text of what is made of the catalogue, with its page, paths relative to the checkout. Raises ``InputError`` with every mistake of the catalogue."""
    texts = _FOLDER / "texts"
    messages, words = _read(texts.glob("*.yml")), _read((texts / "interface").glob("*.yml"))
    catalogue = read_catalogue(messages | words, _read(_ROOT / name for name in _TABLES))
    codes = read_catalogue(messages)
    made = {f"diffscope/messages/{name}": text for name, text in compiled(catalogue, codes).items()}
    return made | {"docs/messages.md": page(catalogue)}


def _read(files: Iterable[Path]) -> dict[str, str]:
    return {file.relative_to(_ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _brace_problem(text: str) -> tuple[str, str] | None:
    if not has_stray_brace(text):
        return None
    return f"a brace quotes nothing: {text}", "write {argument} or {count|one form|other form}"


_Text = Annotated[str, Check(_brace_problem)]


class Said(Value, frozen=True, kw_only=True):
    """The texts of one code, and the line on which they begin."""

    en: _Text
    zh: _Text
    line: Annotated[int, Line] = 0

    def __post_init__(self) -> None:
        """Raise ``ValueError`` where the languages quote different arguments."""
        english, chinese = shown(self.en), shown(self.zh)
        for name, here, there in (("zh", chinese, english), ("en", english, chinese)):
            for argument in sorted(here - there):
                hint = nearest(argument, there)
                raise ValueError(f"quotes {argument!r} in {name!r} alone{f': {hint}' if hint else ''}")


def read_catalogue(files: Mapping[str, str], tables: Mapping[str, str] | None = None) -> Catalogue:
    """Return the catalogue that ``files`` (name -> YAML) hold, with the titles of areas and platforms of ``tables`` (the same) as ``area.NAME``.

    Raises:
        InputError: a file is no strict YAML; a code stands twice, lacks a language or has another one; a text is empty, has a brace that
            quotes nothing, or the languages quote different arguments. All such mistakes are reported, each with file and line.
    """
    found: dict[str, Said] = {}
    places: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for name, text in (*sorted(files.items()), *sorted((tables or {}).items())):
        reading = Reading(name)
        entries = reading.parse(text).entries
        rows = [(entry.key, entry.value) for entry in entries] if name in files else _titles(entries)
        for code, node in rows:
            if code in places:
                reading.report(node, f"duplicate code {code!r} (first in {places[code]})")
                continue
            places[code] = f"{name}:{node.line}"
            if (said := read_value(Said, node, reading, what=f"'{code}'")) is not None:
                found[code] = said
        mistakes += reading.mistakes
    if mistakes:
        raise mistakes_error(mistakes, kind=InputError)
    return dict(sorted(found.items()))


def _titles(tables: Iterable[Entry]) -> list[tuple[str, Node]]:
    """Return the titles of rows; whatever else a table may hold, its own loader says what is wrong with it."""
    rows = (row for table in tables if isinstance(table.value, MapNode) for row in table.value.entries)
    titles = ((row.key, row.value.get("title")) for row in rows if isinstance(row.value, MapNode))
    return [(f"area.{key}", title) for key, title in titles if title is not None]


def compiled(catalogue: Catalogue, messages: Iterable[str]) -> dict[str, str]:
    """Return file name -> text: the texts of each language as JSON, and the codes of ``messages`` as types in Python.

    Documents hold messages; the words of the interface are many more, and a type of all of them would be slow to make at every start.
    """
    english = {code: said.en for code, said in catalogue.items()}
    chinese = {code: said.zh for code, said in catalogue.items()}
    return {"english.json": _json(english), "chinese.json": _json(chinese), "codes.py": _codes(messages)}


def _json(said: Mapping[str, str]) -> str:
    return msgspec.json.format(msgspec.json.encode(said), indent=4).decode() + "\n"


def _codes(messages: Iterable[str]) -> str:
    groups: dict[str, list[str]] = {}
    for code in sorted(messages):
        groups.setdefault(code.partition(".")[0], []).append(f'"{code}",')
    filled = textwrap.TextWrapper(
        width=110, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    types = {
        "".join(part.capitalize() for part in group.split("-")) + "Code": f"{filled.fill(' '.join(codes))}\n"
        for group, codes in groups.items()
    }
    parts = [f"{name} = Literal[\n{codes}]\n" for name, codes in types.items()]
    return f"{_HEADER}{''.join(parts)}MessageCode = Literal[{', '.join(types)}]\n"


def page(catalogue: Catalogue) -> str:
    """Return the page of all codes, Markdown, by group."""
    parts = [_PAGE]
    group = ""
    for code, said in catalogue.items():
        if (of := code.partition(".")[0]) != group:
            group = of
            parts.append(f"\n## {group}\n\n| code | says |\n| --- | --- |\n")
        parts.append(f"| `{code}` | {said.en.replace('|', chr(92) + '|')} |\n")
    return "".join(parts)


_PAGE: Final = """# Messages

Every message about a change, by code; the JSON has code, arguments and text ([json.md](json.md)). `{name}` is an argument, `{count|file|files}` a choice between two
forms by a number. Made by `just generate` from `diffscope/messages/texts/` and the titles of `rules/areas.yml` and `rules/platforms.yml`; do not edit.
"""


if __name__ == "__main__":
    try:
        made = message_documents()
    except DiffscopeError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    for path, source in made.items():
        write_file(_ROOT / path, encoded(source), what="a generated file")
