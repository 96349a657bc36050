"""Registries whose rows must be repeated elsewhere: ``rules/twins.yml`` as values."""

from __future__ import annotations

from functools import lru_cache

from diffscope.errors import RuleError
from diffscope.patterns import Glob, compile_glob
from diffscope.source.model import Value
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode, load_strict

_REQUIRED = ("tables", "groups")
_KEYS = (*_REQUIRED, "not_tables")


class TwinRule(Value, frozen=True, kw_only=True):
    """One registry: the globs of its tables, and groups of globs of which each must hold a file that names a new key."""

    registry: str
    tables: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    not_tables: tuple[str, ...] = ()

    def holds(self, table: str) -> bool:
        """Return whether a table is one of the registry's."""
        return _matches(self.tables, table) and not _matches(self.not_tables, table)

    def missing(self, naming: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first glob of each group that none of the paths which name a key matches."""
        return tuple(group[0] for group in self.groups if not any(_matches(group, path) for path in naming))


def load_twins(text: str, *, at: str) -> tuple[TwinRule, ...]:
    """Return the rules of a ``twins.yml``, in the order of the file.

    Raises:
        RuleError: a rule lacks a key or has another shape; the first one is named.
        YamlError: the file is not strict YAML.
    """
    root = load_strict(text, at=at)
    if not isinstance(root, MapNode):
        raise RuleError("not a mapping of registries", at=at, hint="write `name: {tables, groups}`")
    return tuple(_rule(entry, at) for entry in root.entries)


def _rule(entry: Entry, at: str) -> TwinRule:
    node = entry.value
    keys = set(node.keys()) if isinstance(node, MapNode) else set()
    if not isinstance(node, MapNode) or not set(_REQUIRED) <= keys <= set(_KEYS):
        raise RuleError(f"registry `{entry.key}` needs {', '.join(_REQUIRED)}", at=f"{at}:{entry.line}")
    groups = node.get("groups")
    return TwinRule(
        registry=entry.key,
        tables=_texts(node.get("tables")),
        not_tables=_texts(node.get("not_tables")),
        groups=tuple(_texts(group) for group in groups.items) if isinstance(groups, ListNode) else (),
    )


def _texts(node: Node | None) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else ()
    return tuple(item.text for item in items if isinstance(item, ScalarNode))


@lru_cache(maxsize=64)
def _globs(texts: tuple[str, ...]) -> tuple[Glob, ...]:
    return tuple(compile_glob(text) for text in texts)


def _matches(texts: tuple[str, ...], name: str) -> bool:
    return any(glob.matches(name) for glob in _globs(texts))
