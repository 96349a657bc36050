"""References -> nodes: what a mention names, and which module defines it when the named one only passes it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from diffscope.graph.records import LAYER_CODES, Record, Reference, ReferenceKind
from diffscope.graph.values import EdgeLayer

_MAX_HOPS: Final = 16
"""Re-exports of re-exports: more than a tree has, few enough for a ring of modules that pass a name round."""
_EAGER: Final = LAYER_CODES[EdgeLayer.EAGER]


class Resolution(NamedTuple):
    """Nodes by index; ``-1`` for none."""

    target: int = -1
    final: int = -1


_NOTHING: Final = Resolution()


class Resolver:
    """Resolves references against one tree.

    ``nodes`` maps names to indexes. ``records_of`` returns the records of a node, ``stars`` the names that a module
    hands out to ``import *``. Answers depend on these alone, so that they can be kept while these stay the same.
    """

    def __init__(
        self,
        nodes: Mapping[str, int],
        records_of: Callable[[int], list[Record]],
        stars: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._nodes = nodes
        self._records_of = records_of
        self._stars = {module: frozenset(names) for module, names in stars.items()}
        self._bindings: dict[int, dict[str, Reference]] = {}
        self._star_sources: dict[int, list[str]] = {}

    def resolve(self, reference: Reference) -> Resolution:
        """Return where a reference leads."""
        if reference.kind == ReferenceKind.IMPORT:
            return self._resolve_import(reference.head, reference.tail)
        if reference.kind == ReferenceKind.ROW:
            return self._resolve_import(reference.head, reference.tail)
        if reference.kind == ReferenceKind.DOTTED:
            return self._resolve_dotted(reference.head)
        if reference.kind == ReferenceKind.OPERATOR:
            return Resolution(self._nodes.get(f"torch.ops.{reference.head}.{reference.tail}", -1))
        return _NOTHING

    def follow(self, module: int, name: str) -> int:
        """Return the module that defines a name of another one; that one itself when it does not come from the tree."""
        for _ in range(_MAX_HOPS):
            binding = self._binding(module, name)
            if binding is None:
                return module
            submodule = self._nodes.get(f"{binding.head}.{binding.tail}", -1) if binding.tail else -1
            target = self._nodes.get(binding.head, -1) if submodule < 0 else submodule
            if target < 0:
                return module
            if submodule >= 0 or not binding.tail:
                return target
            module, name = target, binding.tail
        return module

    def _resolve_import(self, module: str, name: str) -> Resolution:
        target = self._nodes.get(module, -1)
        if not name or name == "*":
            return Resolution(target)
        submodule = self._nodes.get(f"{module}.{name}", -1)
        if submodule >= 0:
            return Resolution(submodule)
        if target < 0:
            return _NOTHING
        final = self.follow(target, name)
        return Resolution(target, -1 if final == target else final)

    def _resolve_dotted(self, text: str) -> Resolution:
        """Find the longest module at the start of the path, and follow the name behind it."""
        head = text
        while head and head not in self._nodes:
            head = head.rpartition(".")[0]
        # A path that only starts in a root package (``vllm.logger_name``) names nothing in it.
        if not head or ("." not in head and head != text):
            return self._resolve_root_attribute(head, text)
        target = self._nodes[head]
        rest = text[len(head) + 1 :].partition(".")[0]
        final = self.follow(target, rest) if rest else target
        return Resolution(target, -1 if final == target else final)

    def _resolve_root_attribute(self, head: str, text: str) -> Resolution:
        target = self._nodes.get(head, -1)
        name = text[len(head) + 1 :].partition(".")[0]
        if target < 0 or self._binding(target, name) is None:
            return _NOTHING
        final = self.follow(target, name)
        return Resolution(target, -1 if final == target else final)

    def _binding(self, module: int, name: str) -> Reference | None:
        bindings = self._bindings.get(module)
        if bindings is None:
            bindings = self._read_bindings(module)
        found = bindings.get(name)
        if found is not None:
            return found
        for source in reversed(self._star_sources[module]):
            if name in self._stars.get(source, ()):
                return Reference(ReferenceKind.IMPORT, source, name)
        return None

    def _read_bindings(self, module: int) -> dict[str, Reference]:
        """Read the names that imports bind in a module; what runs wins over what is there for type checkers."""
        eager: dict[str, Reference] = {}
        typing: dict[str, Reference] = {}
        stars: list[str] = []
        for record in self._records_of(module):
            if record.bound:
                (eager if record.layer == _EAGER else typing)[record.bound] = record.reference
            elif record.layer == _EAGER and record.reference.tail == "*":
                stars.append(record.reference.head)
        self._star_sources[module] = stars
        self._bindings[module] = typing | eager
        return self._bindings[module]
