"""Changed settings of an image or a requirements file, quoted from its lines."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from diffscope.facts.model import ChangeFacts

_LONGEST = 60
_INSTRUCTIONS = frozenset({"image", "arch-list"})


def with_settings(facts: ChangeFacts) -> ChangeFacts:
    """Return the facts, each file with what others say of it: versions first, then instructions that carry none."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    lines = set()
    for one in facts.dependency:
        told[one.path][_text(one.name, one.before, one.after)] = None
        lines.add((one.path, one.side, one.line))
    for each in facts.build:
        if each.what in _INSTRUCTIONS and (each.path, each.side, each.line) not in lines:
            told[each.path][_instruction(each.before, each.after)] = None
    if not told:
        return facts
    files = tuple(
        msgspec.structs.replace(file, settings=tuple(told[file.path])) if file.path in told else file
        for file in facts.file
    )
    return msgspec.structs.replace(facts, file=files)


def _text(name: str, before: str | None, after: str | None) -> str:
    if before and after:
        return f"{name} {_cut(before)} -> {_cut(after)}"
    return f"{'+' if before is None else '-'}{name} {_cut(after or before or '')}".rstrip()


def _instruction(before: str | None, after: str | None) -> str:
    sign = "" if before and after else "-" if before else "+"
    return f"{sign}{_cut(after or before or '')}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
