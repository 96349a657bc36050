"""Writes what is made from the catalogue of messages: ``python -m diffscope.cli.generate.messages`` in a checkout.

Imports nothing that needs them, so that it runs where they are missing or damaged.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from diffscope.adapters.output import encoded, write_file
from diffscope.errors import DiffscopeError
from diffscope.messages.catalogue import compiled, page, read_catalogue

_ROOT: Final = Path(__file__).resolve().parents[3]
_FOLDER: Final = _ROOT / "diffscope" / "messages"
_TABLES: Final = ("rules/areas.yml", "rules/platforms.yml")
"""Their rows have titles."""


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


if __name__ == "__main__":
    try:
        made = message_documents()
    except DiffscopeError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    for path, source in made.items():
        write_file(_ROOT / path, encoded(source), what="a generated file")
