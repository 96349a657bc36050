"""The summary of a new definition: the first sentence of its docstring, or of the string below a field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import DefinitionKind
from diffscope.syntax.normalize.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST: Final = 180
"""Characters of a sentence that is quoted; a longer one is cut between words."""
_PLAIN: Final = (b'"', b"'", b"r", b"u")
_FEWEST_WORDS: Final = 4
_SENTENCE_END: Final = lazy_regex(r"(?<![.\s]\w)(?<!e\.g)(?<!i\.e)(?<!vs)[.!?](?=\s|$)")
_MARKUP: Final = lazy_regex(r"[`*]{1,3}|:(?:class|func|meth|mod|attr|data|obj):")
_FIELD: Final = lazy_regex(r"[:@]?\b(?:Args|Arguments|Parameters|Returns|Raises|Example|param|return)s?\b.*:")


def summary_of(unit: Unit) -> str:
    """Return the first sentence, on one line; nothing where there is none, or where it only says the name again."""
    text = _text(unit)
    paragraph = re.split(r"\n\s*\n", text.strip(), maxsplit=1)[0]
    line = _MARKUP.sub("", " ".join(paragraph.split()))
    if end := _SENTENCE_END.search(line):
        line = line[: end.start()]
    if len(line.split()) < _FEWEST_WORDS or _FIELD.match(line):
        return ""
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return line


def _text(unit: Unit) -> str:
    if unit.kind is DefinitionKind.VARIABLE:
        node = unit.node.next_named_sibling
    elif unit.kind is DefinitionKind.MODULE or unit.body is None:
        return ""
    else:
        node = next((child for child in unit.body.named_children if child.type != "comment"), None)
    string = _string(node)
    return _content(string) if string is not None else ""


def _string(node: Node | None) -> Node | None:
    if node is None or node.type != "expression_statement" or node.named_child_count != 1:
        return None
    string = node.named_children[0]
    # Neither f"" nor b"" is a docstring.
    is_plain = string.type == "string" and (string.text or b"")[:1].lower() in _PLAIN
    return string if is_plain else None


def _content(string: Node) -> str:
    parts = (child.text or b"" for child in string.named_children if child.type == "string_content")
    return decode(b"".join(parts))
