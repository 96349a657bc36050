"""Which edits the tests of the same change have a case of: one that sets what an edit asks newly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import Edit
from diffscope.patterns import lazy_regex

_TOKEN: Final = lazy_regex(r"""[A-Za-z_][\w.]*|(["'])[^"']+\1""")
_TELLING: Final = lazy_regex(r"_|\.")
"""A name without a part that tells it from others may be anything in a test."""
_NOT_SET: Final = frozenset({"and", "or", "not", "in", "is", "None", "True", "False"})
_DECIDES: Final = frozenset({"condition", "return", "raise"})


def mark_tested(edits: Iterable[Edit], placed: Iterable[Placed]) -> tuple[Edit, ...]:
    """Return edits, those marked whose case lines that the change adds to its tests set, in files that name the function or its class."""
    tests = [
        (
            one.material.after.text,
            "\n".join(line.text for hunk in one.material.diff.hunks for line in hunk.added),
        )
        for one in placed
        if one.fact.category == "test" and one.material.after is not None
    ]
    return tuple(
        msgspec.structs.replace(edit, tested=True)
        # The added lines are few, and most edits ask for nothing that they set: then the whole file needs no look.
        if any(_sets(edit, added) and _names(edit, text) for text, added in tests)
        else edit
        for edit in edits
    )


def _names(edit: Edit, text: str) -> bool:
    names = edit.symbol.split(".")[-2:]
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names if name != "__init__")


def _sets(edit: Edit, added: str) -> bool:
    """Return whether some lines give a value to each name, and have each text, that only one side of an edit asks for."""
    if edit.what not in _DECIDES or "…" in edit.before + edit.after:
        return False
    text = edit.guard if edit.what in ("raise", "return") and not edit.before else edit.after
    was, now = ({one[0] for one in _TOKEN.finditer(side)} for side in (edit.before, text))
    parts = {one for one in was ^ now if one not in _NOT_SET}
    is_called = any(f"{one}(" in edit.before + text for one in parts)
    return bool(parts) and not is_called and all(_is_set(one, added) for one in parts)


def _is_set(part: str, added: str) -> bool:
    if part[0] in "\"'":
        return f'"{part[1:-1]}"' in added or f"'{part[1:-1]}'" in added
    name = part.rpartition(".")[2]
    given = rf"""(?<!\w){re.escape(name)}(?:["']?\s*:|["'],|\s*=(?!=))"""
    return _TELLING.search(part) is not None and re.search(given, added) is not None
