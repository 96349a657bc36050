"""Places that belong together although nothing in the code ties them: ``rules/counterparts.yml`` as values."""

from __future__ import annotations

from functools import lru_cache

from diffscope.errors import RuleError
from diffscope.patterns import Glob, compile_glob
from diffscope.source.model import Value
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode, load_strict

_KEYS = ("watched", "counterpart", "reason")


class Pairing(Value, frozen=True, kw_only=True):
    """One family of counterparts: the globs of both sides and why they belong together."""

    name: str
    watched: tuple[str, ...]
    counterpart: tuple[str, ...]
    reason: str

    def watches(self, path: str) -> bool:
        """Return whether a path is on the watched side (and not itself on the other)."""
        return _matches(self.watched, path) and not self.is_counterpart(path)

    def is_counterpart(self, path: str) -> bool:
        """Return whether a path is on the other side."""
        return _matches(self.counterpart, path)


def load_counterparts(text: str, *, at: str) -> tuple[Pairing, ...]:
    """Return the pairings of a ``counterparts.yml``, in the order of the file.

    Raises:
        RuleError: a pairing lacks a key or has another shape; the first one is named.
        YamlError: the file is not strict YAML.
    """
    root = load_strict(text, at=at)
    if not isinstance(root, MapNode):
        raise RuleError(
            "not a mapping of pairings", at=at, hint="write `name: {watched, counterpart, reason}`"
        )
    return tuple(_pairing(entry, at) for entry in root.entries)


def _pairing(entry: Entry, at: str) -> Pairing:
    node = entry.value
    keys = node.keys() if isinstance(node, MapNode) else ()
    if not isinstance(node, MapNode) or set(keys) != set(_KEYS):
        raise RuleError(f"pairing `{entry.key}` needs exactly {', '.join(_KEYS)}", at=f"{at}:{entry.line}")
    reason = node.get("reason")
    words = reason.get("en") if isinstance(reason, MapNode) else reason
    if not isinstance(words, ScalarNode):
        raise RuleError(f"pairing `{entry.key}` needs a reason", at=f"{at}:{entry.line}")
    return Pairing(
        name=entry.key,
        watched=_texts(node.get("watched")),
        counterpart=_texts(node.get("counterpart")),
        reason=words.text,
    )


def _texts(node: Node | None) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else ()
    return tuple(item.text for item in items if isinstance(item, ScalarNode))


@lru_cache(maxsize=64)
def _globs(texts: tuple[str, ...]) -> tuple[Glob, ...]:
    return tuple(compile_glob(text) for text in texts)


def _matches(texts: tuple[str, ...], path: str) -> bool:
    return any(glob.matches(path) for glob in _globs(texts))
