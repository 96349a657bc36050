"""Writes what is made from the rules and the vocabulary: ``python -m diffscope.cli.generate.rules`` in a checkout."""

from __future__ import annotations

from pathlib import Path

from diffscope.adapters.config.rule_files import bundled_rules, load_rules
from diffscope.adapters.output import encoded, make_folder, write_file
from diffscope.render.formats.json import indented
from diffscope.rules.authoring.pages import rule_index, vocabulary_page
from diffscope.rules.authoring.schema import SCHEMA_FOLDER, schemas


def rule_documents() -> dict[str, str]:
    """Return path -> text of every generated file, paths relative to the checkout."""
    return {
        "rules/README.md": rule_index(load_rules()),
        "docs/vocabulary.md": vocabulary_page(),
        **{f"{SCHEMA_FOLDER}/{name}.schema.json": indented(schema) for name, schema in schemas().items()},
    }


def write_documents(root: Path) -> None:
    """Write the generated files of a checkout."""
    for name, text in rule_documents().items():
        path = root / name
        make_folder(path.parent)
        write_file(path, encoded(text), what="a generated file")


if __name__ == "__main__":
    write_documents(bundled_rules().parent)
