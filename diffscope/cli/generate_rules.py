"""Writes what is made from the rules and the vocabulary: ``python -m diffscope.cli.generate_rules`` in a checkout."""

from __future__ import annotations

from pathlib import Path

from diffscope.adapters.rule_files import bundled_rules, load_rules
from diffscope.render.json import indented
from diffscope.rules.pages import rule_index, vocabulary_page
from diffscope.rules.schema import rule_schema


def rule_documents() -> dict[str, str]:
    """Return path -> text of every generated file, paths relative to the checkout."""
    return {
        "rules/README.md": rule_index(load_rules()),
        "docs/vocabulary.md": vocabulary_page(),
        "docs/schemas/rule.schema.json": indented(rule_schema()),
    }


def write_documents(root: Path) -> None:
    """Write the generated files of a checkout."""
    for name, text in rule_documents().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_documents(bundled_rules().parent)
