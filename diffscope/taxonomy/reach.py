"""When code runs, by what a definition is: ``rules/reach.yml`` as a table of declared roots."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.errors import RuleError
from diffscope.source.model import Value
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, load_strict

TIMES: Final = ("per_step", "per_request", "start_up", "tools")
"""The times that a root may have, the hottest first."""
_KEYS: Final = frozenset({"runs", "of", "names", "decorators", "why"})
_LISTS: Final = ("of", "names", "decorators")


class Root(Value, frozen=True, kw_only=True):
    """A row: definitions whose time is known by what they are. Patterns match whole names; ``*`` stands for any run of characters."""

    runs: str
    """One of ``TIMES``."""
    why: str
    of: tuple[str, ...] = ()
    """For members: their class, or one above it, by its last name. Empty for functions, and for members of any class."""
    names: tuple[str, ...] = ()
    """The last part of the name; empty for any."""
    decorators: tuple[str, ...] = ()
    """As written, without arguments; empty for any."""


class Chosen(Value, frozen=True, kw_only=True):
    """Rows of a registry that are taken without asking, because functions of these names name them."""

    registry: str
    named_in: tuple[str, ...]


class ReachRows(Value, frozen=True, kw_only=True):
    """What ``reach.yml`` holds."""

    roots: tuple[Root, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    shared_by: int = 3
    """Optional modules (models) that import a module, from which on it is no longer one of them alone."""


class Described(NamedTuple):
    """What a row asks of a definition."""

    name: str
    """Its last name."""
    classes: frozenset[str] | None
    """Names of its class and of those above it; ``None`` for what is no member."""
    decorators: tuple[str, ...]


def root_of(rows: ReachRows, described: Described) -> Root | None:
    """Return the first row that a definition fulfils."""
    return next((row for row in rows.roots if _fulfils(row, described)), None)


def _fulfils(row: Root, described: Described) -> bool:
    if row.of and (described.classes is None or not _any(row.of, described.classes)):
        return False
    if row.decorators and not _any(row.decorators, described.decorators):
        return False
    return not row.names or _any(row.names, (described.name,))


def _any(patterns: tuple[str, ...], names: Collection[str]) -> bool:
    matcher = name_pattern(patterns)
    return any(matcher.fullmatch(name) for name in names)


@lru_cache(maxsize=256)
def name_pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches a whole name by one of the patterns; only ``*`` is special."""
    return re.compile("|".join(".*".join(map(re.escape, each.split("*"))) for each in patterns))


def load_reach(text: str, *, at: str) -> ReachRows:
    """Return the rows of a ``reach.yml``: ``roots``, ``chosen_unasked`` and ``shared_by``.

    Raises:
        RuleError: the file has another shape; the first mistake is named.
        YamlError: the file is not strict YAML.
    """
    root = load_strict(text, at=at)
    if not isinstance(root, MapNode) or set(root.keys()) != {"roots", "chosen_unasked", "shared_by"}:
        raise RuleError(
            "needs exactly roots, chosen_unasked and shared_by", at=at, hint="see rules/reach.yml"
        )
    shared = root.get("shared_by")
    if not isinstance(shared, ScalarNode) or not shared.text.isdigit():
        raise RuleError("shared_by is a number of modules", at=at, hint="write `shared_by: 3`")
    return ReachRows(
        roots=tuple(_root(node, at) for node in _items(root.get("roots"), at)),
        chosen=tuple(_chosen(node, at) for node in _items(root.get("chosen_unasked"), at)),
        shared_by=int(shared.text),
    )


def _items(node: Node | None, at: str) -> list[Node]:
    if not isinstance(node, ListNode):
        raise RuleError("not a list of rows", at=at, hint="write `- {key: value}` lines")
    return list(node.items)


def _root(node: Node, at: str) -> Root:
    place = f"{at}:{node.line}"
    if not isinstance(node, MapNode) or set(node.keys()) - _KEYS:
        raise RuleError(f"a root has {', '.join(sorted(_KEYS))}", at=place, hint="take the other keys out")
    runs, why = node.get("runs"), node.get("why")
    if not isinstance(runs, ScalarNode) or runs.text not in TIMES:
        raise RuleError("`runs` is none of " + ", ".join(TIMES), at=place, hint="name one of them")
    if not isinstance(why, ScalarNode):
        raise RuleError("a root needs `why`", at=place, hint="say in a few words what calls it")
    of, names, decorators = (_texts(node.get(key), at) for key in _LISTS)
    if not (of or names or decorators):
        raise RuleError("a root needs `of`, `names` or `decorators`", at=place, hint="say what it holds for")
    return Root(runs=runs.text, why=why.text, of=of, names=names, decorators=decorators)


def _chosen(node: Node, at: str) -> Chosen:
    registry = node.get("registry") if isinstance(node, MapNode) else None
    named = _texts(node.get("named_in"), at) if isinstance(node, MapNode) else ()
    if not isinstance(registry, ScalarNode) or not named:
        raise RuleError("needs registry and named_in", at=f"{at}:{node.line}", hint="see rules/reach.yml")
    return Chosen(registry=registry.text, named_in=named)


def _texts(node: Node | None, at: str) -> tuple[str, ...]:
    if node is None:
        return ()
    items = node.items if isinstance(node, ListNode) else [node]
    texts = tuple(item.text for item in items if isinstance(item, ScalarNode))
    if len(texts) != len(items):
        raise RuleError("not a list of patterns", at=f"{at}:{node.line}", hint="write `[name, other*]`")
    return texts
