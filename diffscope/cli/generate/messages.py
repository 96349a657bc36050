"""Writes what is made from the catalogue of messages: ``python -m diffscope.cli.generate.messages`` in a checkout.

Imports nothing that needs them, so that it runs where they are missing or damaged.
"""

from __future__ import annotations

import sys
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
    """Return path -> text of the modules and of their page, paths relative to the checkout. Raises ``InputError`` with every mistake of the catalogue."""
    files = {
        f"diffscope/messages/texts/{file.name}": file.read_text(encoding="utf-8")
        for file in (_FOLDER / "texts").glob("*.yml")
    }
    tables = {name: (_ROOT / name).read_text(encoding="utf-8") for name in _TABLES}
    catalogue = read_catalogue(files, tables)
    made = {f"diffscope/messages/{name}.py": text for name, text in compiled(catalogue).items()}
    return made | {"docs/messages.md": page(catalogue)}


if __name__ == "__main__":
    try:
        made = message_documents()
    except DiffscopeError as error:
        sys.exit(f"{error.message}\n{error.hint}")
    for path, source in made.items():
        write_file(_ROOT / path, encoded(source), what="a generated file")
