"""A small Mermaid picture of the changed modules and the chain of imports that leads to each; GitHub draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from diffscope.assessment.document import ModuleReach
from diffscope.patterns import lazy_regex

MOST_MODULES = 8
MOST_NODES = 30
_STEP = lazy_regex(r"\s*->\s*")
_UNSAFE = lazy_regex(r"[^A-Za-z0-9_./]+")
_LONGEST = 60


def draw(modules: Sequence[ModuleReach], importers: Callable[[int], str]) -> str:
    """Return the text of a flowchart; empty where no chain is known. ``importers`` words how many import a module.

    The nearest to the serving path come first and the picture is capped, so that it stays one that people read. Names
    keep letters, digits and ``_./`` only: nothing of a path can be a quote, a fence or a directive of Mermaid.
    """
    chosen = [module for module in modules if isinstance(module.chain, str)][:MOST_MODULES]
    edges = _edges(_chain(module) for module in chosen)
    changed = {_name(module.module): module for module in chosen}
    nodes = list(dict.fromkeys([*(name for edge in edges for name in edge), *changed]))[:MOST_NODES]
    if len(nodes) < 2:
        return ""
    keys = {name: f"n{number}" for number, name in enumerate(nodes)}
    heads = {name.partition(".")[0] for name in nodes}
    # What all names begin with tells none from the other.
    cut = len(heads.pop()) + 1 if len(heads) == 1 else 0
    lines = [
        f'  {keys[name]}["{_label(name[cut:] or name, changed.get(name), importers)}"]' for name in nodes
    ]
    lines += [f"  {keys[left]} --> {keys[right]}" for left, right in edges if left in keys and right in keys]
    framed = ",".join(key for name, key in keys.items() if name in changed)
    return "\n".join(
        [
            "flowchart LR",
            *lines,
            "  classDef changed stroke-width:3px,stroke:#d1242f",
            f"  class {framed} changed",
        ]
    )


def _edges(chains: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    pairs = ((left, right) for chain in chains for left, right in pairwise(chain) if left != right)
    return list(dict.fromkeys(pairs))


def _chain(module: ModuleReach) -> list[str]:
    return [_name(step) for step in _STEP.split(str(module.chain)) if step]


def _name(module: str) -> str:
    clean = _UNSAFE.sub("_", module)
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 2]}.."


def _label(name: str, module: ModuleReach | None, importers: Callable[[int], str]) -> str:
    if module is None or not isinstance(module.dependents, int):
        return name
    return f"{name}<br/>{importers(module.dependents)}"
