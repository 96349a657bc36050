"""Reads the catalogue of messages, ``texts/*.yml``, strictly: every mistake of every file at once.

A file maps codes to ``en`` and ``zh``. Only tools read it: what runs has the files that ``compiled`` returns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.messages.say import has_stray_brace, shown
from diffscope.yaml.reading import nearest_word
from diffscope.yaml.strict import Entry, MapNode, Node, ScalarNode, parse_strict

LANGUAGES: Final = ("en", "zh")
_HEADER: Final = (
    '"""The codes of messages, by stage: made from diffscope/messages/texts/ by `just generate`."""\n\n'
    "from __future__ import annotations\n\nfrom typing import Literal\n\n# fmt: off\n"
)

Catalogue = Mapping[str, Mapping[str, str]]
"""Code -> language -> text, by code."""


def read_catalogue(files: Mapping[str, str], tables: Mapping[str, str] | None = None) -> Catalogue:
    """Return the catalogue that ``files`` (name -> YAML) hold, with the titles of areas and platforms of ``tables`` (the same) as ``area.NAME``.

    Raises:
        InputError: a file is no strict YAML; a code stands twice, lacks a language or has another one; a text is empty, has a brace that
            quotes nothing, or the languages quote different arguments. All such mistakes are reported, each with file and line.
    """
    reader = _Reader()
    for name, text in sorted(files.items()):
        reader.read(name, text)
    for name, text in sorted((tables or {}).items()):
        reader.read_titles(name, text)
    if reader.problems:
        raise InputError(
            "\n".join(reader.problems), hint="correct diffscope/messages/texts, then: just generate"
        )
    return dict(sorted(reader.found.items()))


def compiled(catalogue: Catalogue, messages: Iterable[str]) -> dict[str, str]:
    """Return file name -> text: the texts of each language as JSON, and the codes of ``messages`` as types in Python.

    Documents hold messages; the words of the interface are many more, and a type of all of them would be slow to make at every start.
    """
    made = {
        file: _json({code: said[language] for code, said in catalogue.items()})
        for file, language in (("english.json", "en"), ("chinese.json", "zh"))
    }
    return made | {"codes.py": _codes(messages)}


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = {}
        self.problems: list[str] = []
        self._places: dict[str, str] = {}

    def read(self, name: str, text: str) -> None:
        node = self._parsed(name, text)
        if isinstance(node, MapNode):
            for entry in node.entries:
                self._read_code(name, entry)
        elif node is not None:
            self.problems.append(f"{name}:1: a file of the catalogue maps codes to texts")

    def read_titles(self, name: str, text: str) -> None:
        node = self._parsed(name, text)
        for table in node.entries if isinstance(node, MapNode) else ():
            for row in table.value.entries if isinstance(table.value, MapNode) else ():
                title = row.value.get("title") if isinstance(row.value, MapNode) else None
                # Whatever else a table may hold, its own loader says what is wrong with it.
                if title is not None:
                    self._read_code(name, msgspec.structs.replace(row, key=f"area.{row.key}", value=title))

    def _parsed(self, name: str, text: str) -> Node | None:
        node, problems = parse_strict(text)
        self.problems += [f"{name}:{each.line}: {each.message}" for each in problems]
        return None if problems else node

    def _read_code(self, name: str, entry: Entry) -> None:
        code, at = entry.key, f"{name}:{entry.line}"
        if code in self._places:
            self.problems.append(f"{at}: duplicate code {code!r} (first in {self._places[code]})")
            return
        self._places[code] = at
        said = dict(self._languages(name, entry))
        missing = [language for language in LANGUAGES if language not in said]
        self.problems += [f"{at}: {code!r} has no text in {language!r}" for language in missing]
        if missing:
            return
        self.found[code] = said
        english, chinese = shown(said["en"]), shown(said["zh"])
        for argument in sorted(chinese - english):
            self.problems.append(
                f"{at}: 'zh' of {code!r} quotes {argument!r}, 'en' does not{_nearest(argument, english)}"
            )
        for argument in sorted(english - chinese):
            self.problems.append(
                f"{at}: 'en' of {code!r} quotes {argument!r}, 'zh' does not{_nearest(argument, chinese)}"
            )

    def _languages(self, name: str, entry: Entry) -> Iterator[tuple[str, str]]:
        if not isinstance(entry.value, MapNode):
            self.problems.append(f"{name}:{entry.line}: {entry.key!r} must map languages to texts")
            return
        for each in entry.value.entries:
            at = f"{name}:{each.line}"
            if each.key not in LANGUAGES:
                self.problems.append(f"{at}: unknown language {each.key!r}{_nearest(each.key, LANGUAGES)}")
            elif (text := _text(each.value)) is None:
                self.problems.append(f"{at}: {each.key!r} of {entry.key!r} must be a text that is not empty")
            else:
                if has_stray_brace(text):
                    self.problems.append(
                        f"{at}: {each.key!r} of {entry.key!r} has a brace that quotes nothing: {text}"
                    )
                yield each.key, text


def _text(node: Node) -> str | None:
    return (
        node.value
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.strip()
        else None
    )


def _nearest(word: str, known: Iterable[str]) -> str:
    near = nearest_word(word, known)
    return f"; did you mean {near!r}?" if near else ""


def _json(said: Mapping[str, str]) -> str:
    return msgspec.json.format(msgspec.json.encode(said), indent=4).decode() + "\n"


def _codes(messages: Iterable[str]) -> str:
    groups: dict[str, list[str]] = {}
    for code in sorted(messages):
        groups.setdefault(code.partition(".")[0], []).append(code)
    filled = textwrap.TextWrapper(
        width=110, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )
    parts = [
        f"{_type_of(group)} = Literal[\n{filled.fill(' '.join(map(_quoted, codes)))}\n]\n"
        for group, codes in groups.items()
    ]
    every = ", ".join(map(_type_of, groups))
    return f"{_HEADER}{''.join(parts)}MessageCode = Literal[{every}]\n"


def _quoted(code: str) -> str:
    return f'"{code}",'


def _type_of(group: str) -> str:
    return "".join(part.capitalize() for part in group.split("-")) + "Code"


def page(catalogue: Catalogue) -> str:
    """Return the page of all codes, Markdown, by group."""
    parts = [_PAGE]
    group = ""
    for code, said in catalogue.items():
        if (of := code.partition(".")[0]) != group:
            group = of
            parts.append(f"\n## {group}\n\n| code | says |\n| --- | --- |\n")
        parts.append(f"| `{code}` | {said['en'].replace('|', chr(92) + '|')} |\n")
    return "".join(parts)


_PAGE: Final = """# Messages

Every message about a change, by code; the JSON has code, arguments and text ([json.md](json.md)). `{name}` is an argument, `{count|file|files}` a choice between two
forms by a number. Made by `just generate` from `diffscope/messages/texts/` and the titles of `rules/areas.yml` and `rules/platforms.yml`; do not edit.
"""
