"""Trees of plain values with comments -> YAML as rule files are written: one line where it fits, else a line an entry."""

from __future__ import annotations

import json
import textwrap
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.yaml.scalars import read_core

WIDTH: Final = 140
"""Columns of a line of prose at most."""
_FLOW_WIDTH: Final = 110
"""Columns of a condition on one line at most."""
_PLAIN: Final = lazy_regex(r"[A-Za-z$][\w$./-]*(?: [\w$./-]+)*")
_PROSE: Final = lazy_regex(r"[A-Za-z][^:#\[\]{}\"'`|>&*!%@\\]*(?:[:](?! )[^:#\[\]{}\"'`|>&*!%@\\]*)*")
_QUOTED: Final = ("yes", "no", "on", "off", "y", "n", "none")
"""Words that other readers of YAML, or of Python, take for values."""


class Pairs:
    """A mapping to be written: entries in order, each with the comment lines above it."""

    def __init__(self, *entries: tuple[str, object]) -> None:
        self.entries: list[tuple[str, object, tuple[str, ...]]] = [(key, value, ()) for key, value in entries]

    def add(self, key: str, value: object, comments: tuple[str, ...] = ()) -> None:
        """Add an entry."""
        self.entries.append((key, value, comments))

    def __contains__(self, key: str) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        """Return the keys in order."""
        return [key for key, _, _ in self.entries]


class Items:
    """A list to be written, each item with the comment lines above it; ``is_tall`` gives each a line of its own."""

    def __init__(self, *, is_tall: bool = False) -> None:
        self.is_tall = is_tall
        self.items: list[tuple[object, tuple[str, ...]]] = []

    def add(self, value: object, comments: tuple[str, ...] = ()) -> None:
        """Add an item."""
        self.items.append((value, comments))


class Prose(str):
    """A text for people, folded where it is long."""

    __slots__ = ()


def written(tree: Pairs) -> str:
    """Return the text of a file."""
    return "\n".join(_block(tree, 0)) + "\n"


def quoted(value: object) -> str:
    """Return a scalar as YAML, in quotes only where it needs them."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and isinstance(read_core(value), str)
        return value if is_plain and value.lower() not in _QUOTED else json.dumps(value, ensure_ascii=False)
    return str(value)


def _flow(value: object) -> str | None:
    """Return a value on one line; ``None`` where a comment stands inside."""
    if isinstance(value, Pairs):
        parts = [None if comments else _flow_entry(key, inner) for key, inner, comments in value.entries]
        return None if None in parts else "{" + ", ".join(filter(None, parts)) + "}"
    if isinstance(value, Items):
        if value.is_tall:
            return None
        inside = [None if comments else _flow(inner) for inner, comments in value.items]
        return None if None in inside else "[" + ", ".join(filter(None, inside)) + "]"
    return quoted(value)


def _flow_entry(key: str, value: object) -> str | None:
    inner = _flow(value)
    return None if inner is None else f"{quoted(key)}: {inner}"


def _block(value: object, indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    if isinstance(value, Pairs):
        for key, inner, comments in value.entries:
            lines += [f"{pad}{comment}" for comment in comments]
            lines += _entry(f"{pad}{quoted(key)}:", inner, indent)
        return lines
    assert isinstance(value, Items)  # noqa: S101 - everything else fits on a line
    for inner, comments in value.items:
        lines += [f"{pad}{comment}" for comment in comments]
        flow = _flow(inner)
        # A mapping of one line in a list reads better with its key in front.
        if isinstance(inner, Pairs) and len(inner.entries) == 1 and not inner.entries[0][2]:
            key, only, _ = inner.entries[0]
            lines += _entry(f"{pad}- {quoted(key)}:", only, indent + 2)
        elif flow is not None and len(pad) + len(flow) + 2 <= _FLOW_WIDTH:
            lines.append(f"{pad}- {flow}")
        else:
            first, *rest = _block(inner, indent + 2)
            lines += (
                [f"{pad}- {first.strip()}", *rest]
                if not first.strip().startswith("#")
                else [f"{pad}-", first, *rest]
            )
    return lines


def _entry(head: str, value: object, indent: int) -> list[str]:
    if isinstance(value, Prose):
        return _prose(head, value, indent)
    flow = _flow(value)
    if flow is not None and len(head) + 1 + len(flow) <= _FLOW_WIDTH:
        return [f"{head} {flow}"]
    if (
        isinstance(value, Items)
        and flow is not None
        and not any(isinstance(item, Pairs | Items) for item, _ in value.items)
    ):
        return _wrapped(head, value, indent)
    if isinstance(value, Pairs | Items):
        return [head, *_block(value, indent + 2)]
    return [f"{head} {flow}"]


def _wrapped(head: str, value: Items, indent: int) -> list[str]:
    """Return a long list of words on several lines."""
    words = [quoted(item) for item, _ in value.items]
    if max(map(len, words)) > WIDTH // 2:
        return [head, *_block(value, indent + 2)]
    pad = " " * (indent + 2)
    lines, line = [], pad
    for word in words:
        if len(line) + len(word) + 2 > WIDTH:
            lines.append(line.rstrip())
            line = pad
        line += f"{word}, "
    return [f"{head} [", *lines, f"{line.rstrip(', ')}", f"{' ' * indent}]"]


def _prose(head: str, text: str, indent: int) -> list[str]:
    shown = (
        text
        if _PROSE.fullmatch(text) and isinstance(read_core(text), str)
        else json.dumps(text, ensure_ascii=False)
    )
    if len(head) + 1 + len(shown) <= WIDTH or " " not in text:
        return [f"{head} {shown}"]
    if any(each in text for each in "{["):
        return [f"{head} {shown}"]
    pad = " " * (indent + 2)
    return [
        f"{head} >-",
        *(
            f"{pad}{line}"
            for line in textwrap.wrap(
                text, WIDTH - indent - 2, break_on_hyphens=False, break_long_words=False
            )
        ),
    ]
