"""Whether a name that is no longer defined in a module can still be imported from it."""

from __future__ import annotations

import re

from diffscope.facts.change.changed_python import ChangedPython
from diffscope.source.text import SourceText
from diffscope.syntax.model import ImportLayer, Outline


def stays_importable(comparison: ChangedPython, after: SourceText, name: str) -> bool:
    """Return whether the new side of a module still gives a name of its own that it does not define any more.

    By an import, by a star that its ``__all__`` or the change itself speaks for, or by a module's ``__getattr__`` (PEP 562) that names
    it, or that names nothing and so may give any name.
    """
    outline = comparison.after
    if outline is None:
        return False
    eager = [each for each in outline.imports if each.layer is ImportLayer.EAGER]
    if any((each.alias or each.name) == name for each in eager):
        return True
    if any(each.name == "*" for each in eager) and (
        name in (outline.exports or ())
        or any(each.name == "*" and each.layer is ImportLayer.EAGER for each in comparison.imports_added)
    ):
        return True
    return outline.has_module_getattr and _is_given(outline, after, name)


def _is_given(outline: Outline, after: SourceText, name: str) -> bool:
    """Return whether ``__getattr__`` of a module gives a name: it, or a table that it looks into, spells the name out."""
    spelled = re.search(rf"""["']{re.escape(name)}["']""", _without_exports(after.text))
    if spelled or any(
        each.layer is ImportLayer.LAZY and (each.alias or each.name) == name for each in outline.imports
    ):
        return True
    function = next(each for each in outline.definitions if each.name == "__getattr__")
    body = "\n".join(after.region(function.start, function.end).lines[1:])
    return "getattr(" in body and not re.search(r"==\s*[\"']|[\"']\s*==|\bin\b\s*[({\[]", body)


def _without_exports(source: str) -> str:
    return re.sub(r"__all__\s*(?::[^=\n]*)?\+?=\s*[\[(][^\])]*[\])]", "", source)
