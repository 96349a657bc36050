"""How far the changed modules of a pull request reach, as a graph tells it: who imports them, and whether a request passes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diffscope.graph.model.model import EdgeLayer
from diffscope.graph.query.graph import ModuleGraph
from diffscope.source.model import RepoPath, Value

_IMPORTS: Final = (EdgeLayer.EAGER, EdgeLayer.LAZY)


class Reach(Value, frozen=True, kw_only=True):
    """The changed module that most others import."""

    path: str
    importers: int
    """Modules outside tests that import it, within functions too."""
    serving: str
    """The path of the first of the changed ones, outermost first, that a request passes; nothing where none is."""
    tests: int
    """Test files that import it."""


def reach_of(paths: Iterable[str], graph: ModuleGraph) -> Reach | None:
    """Return how far paths reach; ``None`` where the graph knows none of them."""
    product = {
        module: path
        for path in map(RepoPath, paths)
        if path.endswith(".py") and not path.startswith("tests/") and (module := graph.module_of(path))
    }
    if not product:
        return None
    users = {path: graph.users(module) for module, path in product.items()}

    def importers(path: RepoPath) -> int:
        return len({user for layer in _IMPORTS for user in users[path].get(layer, ())})

    path = max(product.values(), key=lambda path: (importers(path), path))
    return Reach(
        path=path,
        importers=importers(path),
        serving=next((product[module] for module in graph.serving_modules if module in product), ""),
        tests=len(users[path].get(EdgeLayer.TEST, ())),
    )
