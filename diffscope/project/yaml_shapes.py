"""Reads values from YAML nodes of foreign files: an unexpected shape is reported and read as absent."""

from __future__ import annotations

from diffscope.project.model import Listed, Problem
from diffscope.source.model import RepoPath
from diffscope.source.text import decode
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, parse_tolerant

_MAX_BYTES = 2_000_000


class Shapes:
    """Reads the parts of one YAML file, and keeps what was wrong with them."""

    def __init__(self, path: RepoPath) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def load(self, data: bytes) -> MapNode | None:
        """Return the mapping that the file is; ``None``, with a problem, where it is none."""
        if len(data) > _MAX_BYTES:
            self.report(1, f"the file has {len(data):,} bytes; at most {_MAX_BYTES:,} are read", "too-large")
            return None
        documents, problems = parse_tolerant(decode(data))
        for problem in problems:
            kind = problem.kind if problem.kind == "duplicate-key" else "broken"
            if kind == "broken" and (b"{%" in data or b"{{" in data):
                self.report(
                    problem.line, f"{problem.message} (it holds Jinja, which is not rendered)", "template"
                )
            else:
                self.report(problem.line, problem.message, kind)
        root = documents[0] if documents else None
        if isinstance(root, MapNode):
            return root
        if not problems and root is not None and not (isinstance(root, ScalarNode) and root.value is None):
            self.report(1, "the file is not a mapping", "shape")
        return None

    def report(self, line: int, message: str, kind: str = "shape") -> None:
        """Keep a problem."""
        self.problems.append(Problem(path=self.path, line=line, message=message, kind=kind))

    def text(self, parent: MapNode, key: str) -> str | None:
        """Return a scalar as text, as written; ``None`` where it is absent or null."""
        node = parent.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return None
        if isinstance(node, ScalarNode):
            return node.text
        self.report(node.line, f"'{key}' is not text")
        return None

    def number(self, parent: MapNode, key: str) -> int | None:
        """Return a whole number; ``None`` where it is absent or null."""
        node = parent.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return None
        if isinstance(node, ScalarNode):
            if isinstance(node.value, int) and not isinstance(node.value, bool):
                return node.value
            if node.text.isascii() and node.text.isdigit() and len(node.text) < 10:
                return int(node.text)
        self.report(node.line, f"'{key}' is not a whole number")
        return None

    def flag(self, parent: MapNode, key: str) -> bool | None:
        """Return a truth value; ``None`` where it is absent or null."""
        node = parent.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return None
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        self.report(node.line, f"'{key}' is neither true nor false")
        return None

    def texts(self, parent: MapNode, key: str) -> tuple[Listed, ...] | None:
        """Return a list of texts (a single text counts as one); ``None`` where it is absent or null."""
        node = parent.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return None
        items = node.items if isinstance(node, ListNode) else (node,)
        listed: list[Listed] = []
        for item in items:
            if isinstance(item, ScalarNode) and item.value is not None:
                listed.append(Listed(text=item.text, line=item.line))
            else:
                self.report(item.line, f"an entry of '{key}' is not text")
        return tuple(listed)

    def maps(self, parent: MapNode, key: str) -> tuple[MapNode, ...]:
        """Return a list of mappings; what is none is reported and left out."""
        node = parent.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.value is None):
            return ()
        if not isinstance(node, ListNode):
            self.report(node.line, f"'{key}' is not a list")
            return ()
        for item in node.items:
            if not isinstance(item, MapNode):
                self.report(item.line, f"an entry of '{key}' is not a mapping")
        return tuple(item for item in node.items if isinstance(item, MapNode))


def line_of(node: Node | None, default: int) -> int:
    """Return the line of a node that may be absent."""
    return default if node is None else node.line
