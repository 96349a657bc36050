"""The text of one Python definition -> what matters in it as device code, or as code that launches such.

Whether it is such code is not told here: that follows from decorators, imports and callers. What calls and names mean is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import NativeSignal, NativeSignalKind
from diffscope.syntax.nodes import clip, text_of
from diffscope.syntax.parsers import parse_python, prepare_python

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXT: Final = 2000
_CALLEE: Final = 200
"""Characters of a callee that are looked at: a chain of calls is long, and says nothing behind them."""
_LARGEST: Final = 400_000
"""Bytes of one definition that are read."""
_INDEX: Final = lazy_regex(
    r"(?:^|_)(?:p|ptrs?|offs?|offsets?|strides?|idx|idxs|index|indices|base|pid|row|rows|col|cols|pos)(?:$|_|\d)|ptr|offs|stride",
    re.IGNORECASE,
)
_MASK: Final = lazy_regex(r"(?:^|_)(?:mask|masks|valid|in_bounds|pred)(?:$|_)", re.IGNORECASE)
_NUMBER: Final = lazy_regex(r"-?\d[\d_]*(?:\.\d*)?|\(?(?:\d+, *)*\d*,?\)?")
_KERNEL_NAME: Final = lazy_regex(r"kernel|_jit$|^_fwd|_bwd", re.IGNORECASE)
_GRID: Final = lazy_regex(r"(?:^|_)grid(?:$|_|\d)")
_SKIPPED: Final = frozenset({"comment"})
_ROLES: Final = {
    "launch": NativeSignalKind.LAUNCH,
    "barrier": NativeSignalKind.BARRIER,
    "atomic": NativeSignalKind.ATOMIC,
    "shared-memory": NativeSignalKind.SHARED_MEMORY,
    "symmetric-memory": NativeSignalKind.SYMMETRIC_MEMORY,
    "accumulator": NativeSignalKind.ACCUMULATOR,
    "precision": NativeSignalKind.ACCUMULATOR,
    "selection": NativeSignalKind.MASK,
}


class KernelWords(NamedTuple):
    """What names mean in code for a device."""

    roles_of_call: Callable[[str], tuple[str, ...]]
    is_tuning: Callable[[str], bool]
    """Of the name of an argument, a variable or a key: its value only tunes."""
    is_size: Callable[[str], bool]
    """So it does where it is a number."""
    is_mask: Callable[[str], bool]
    """Of the name of an argument: it says which lanes read and write."""


class KernelText(NamedTuple):
    """What stands in one definition."""

    signals: tuple[NativeSignal, ...]
    """By place; lines count within the file."""
    tokens: tuple[str, ...]
    """Its code without comments, docstrings and what only tunes. Equal ones compute the same."""
    launches: frozenset[str]
    """Names of what it launches by ``name[grid](...)``."""
    launch_lines: frozenset[int]
    """Lines on which a launch stands, its arguments included."""
    is_read: bool = True
    """It parses, and it is no more than can be read."""


_NOTHING: Final = KernelText((), (), frozenset(), frozenset(), is_read=False)


def read_kernel_text(
    source: bytes, first_line: int, words: KernelWords, *, kernels: frozenset[str]
) -> KernelText:
    """Return what stands in the lines of one definition, of which the first has the number ``first_line``.

    ``kernels`` are names of functions that are launched by ``name[grid](...)``; others are told from a look-up in a table by their name.
    """
    if len(source) > _LARGEST:
        return _NOTHING
    # The lines of a method are indented, and a block that stands under a condition is as good as one that stands alone.
    is_indented = source[:1] in (b" ", b"\t")
    root = parse_python(prepare_python(b"if 1:\n" + source if is_indented else source)).root_node
    walk = _Walk(words, kernels, first_line - (1 if is_indented else 0))
    walk.visit(root)
    signals = sorted(set(walk.signals), key=lambda each: (each.line, each.kind.value, each.text))
    return KernelText(
        tuple(signals),
        tuple(walk.tokens),
        frozenset(walk.launches),
        frozenset(walk.launch_lines),
        is_read=not root.has_error,
    )


class _Walk:
    def __init__(self, words: KernelWords, kernels: frozenset[str], first_line: int) -> None:
        self.signals: list[NativeSignal] = []
        self.tokens: list[str] = []
        self.launches: set[str] = set()
        self.launch_lines: set[int] = set()
        self._words = words
        self._kernels = kernels
        self._first_line = first_line

    def visit(self, root: Node) -> None:
        """Walk without recursion: expressions of generated code are nested deeply."""
        pending = [(root, False)]
        while pending:
            node, is_tuning = pending.pop()
            if node.type in _SKIPPED or _is_docstring(node):
                continue
            tunes = is_tuning or self._only_tunes(node)
            if tunes and not is_tuning:
                self._tell(NativeSignalKind.TUNING, text_of(node), node)
            elif not tunes:
                self._look(node)
            # The words of a string count as one, and so do the blanks in it.
            if not node.child_count or node.type == "string":
                if not tunes and node.type not in (",", "newline"):
                    self.tokens.append(decode(node.text or b""))
                continue
            pending.extend((child, tunes) for child in reversed(node.children))

    def _only_tunes(self, node: Node) -> bool:
        if node.type == "keyword_argument":
            return self._is_choice(node.child_by_field_name("name"), node.child_by_field_name("value"))
        if node.type == "pair":
            return self._is_choice(node.child_by_field_name("key"), node.child_by_field_name("value"))
        if node.type == "assignment":
            return self._is_choice(node.child_by_field_name("left"), node.child_by_field_name("right"))
        call = node.named_children[0] if node.type == "decorator" and node.named_children else node
        return call.type == "call" and "tuning" in self._words.roles_of_call(_callee(call))

    def _is_choice(self, name: Node | None, value: Node | None) -> bool:
        if name is not None and name.type == "subscript":
            # An entry of a table of arguments.
            name = name.child_by_field_name("subscript")
        if name is None or value is None or name.type not in ("identifier", "string"):
            return False
        word = text_of(name).strip("\"'")
        return self._words.is_tuning(word) or (
            self._words.is_size(word) and _NUMBER.fullmatch(text_of(value)) is not None
        )

    def _look(self, node: Node) -> None:
        if node.type == "call":
            self._call(node)
        elif node.type in ("assignment", "augmented_assignment"):
            self._assignment(node)
        elif node.type == "function_definition" and _is_grid(node.child_by_field_name("name")):
            self._launch(node)
        elif node.type in ("typed_parameter", "typed_default_parameter"):
            self._tell(NativeSignalKind.COMPILE_TIME, text_of(node), node)
        elif node.type == "binary_operator":
            operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
            is_division = operator is not None and operator.type == "/"
            if is_division and right is not None and right.type not in ("integer", "float"):
                self._tell(NativeSignalKind.DIVISION, text_of(right), node)

    def _call(self, node: Node) -> None:
        function = node.child_by_field_name("function")
        if function is None:
            return
        if function.type == "subscript" and (name := self._launched(function)):
            self.launches.add(name)
            self._launch(node)
            return
        roles = self._words.roles_of_call(_callee(node))
        for kind in dict.fromkeys(_ROLES[role] for role in roles if role in _ROLES):
            if kind is NativeSignalKind.LAUNCH:
                self._launch(node)
            else:
                self._tell(kind, _without_choices(node, self._only_tunes), node)
        arguments = node.child_by_field_name("arguments")
        for argument in arguments.named_children if arguments is not None else ():
            name_node = argument.child_by_field_name("name") if argument.type == "keyword_argument" else None
            if name_node is not None and self._words.is_mask(text_of(name_node)):
                self._tell(NativeSignalKind.MASK, text_of(argument), argument)
        if "memory" in roles and arguments is not None and arguments.named_child_count:
            place = arguments.named_children[0]
            if place.type not in ("identifier", "comment", "keyword_argument"):
                self._tell(NativeSignalKind.INDEX_ARITHMETIC, text_of(place), place)

    def _launched(self, function: Node) -> str | None:
        """Return the last name of a kernel that is called with its grid; ``None`` for a look-up in a table whose entry is called."""
        base, grid = function.child_by_field_name("value"), function.child_by_field_name("subscript")
        if base is None or grid is None or base.type not in ("identifier", "attribute"):
            return None
        name = text_of(base).rpartition(".")[2]
        is_grid = grid.type in ("tuple", "lambda") or "grid" in text_of(grid).lower()
        return name if name in self._kernels or is_grid or _KERNEL_NAME.search(name) else None

    def _launch(self, node: Node) -> None:
        self.launch_lines.update(self._lines(node))
        self._tell(NativeSignalKind.LAUNCH, _without_choices(node, self._only_tunes), node)

    def _assignment(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if _is_grid(left):
            self._launch(node)
            return
        names = {text_of(each) for each in _identifiers(left)}
        if any(map(_MASK.search, names)):
            self._tell(NativeSignalKind.MASK, text_of(node), node)
        elif right.type == "binary_operator" or node.type == "augmented_assignment":
            names.update(text_of(each) for each in _identifiers(right))
            if any(map(_INDEX.search, names)):
                self._tell(NativeSignalKind.INDEX_ARITHMETIC, text_of(node), node)

    def _tell(self, kind: NativeSignalKind, text: str, node: Node) -> None:
        self.signals.append(NativeSignal(kind=kind, text=clip(text, _TEXT), line=self._line(node)))

    def _line(self, node: Node) -> int:
        return self._first_line + int(node.start_point[0])

    def _lines(self, node: Node) -> range:
        return range(self._line(node), self._first_line + int(node.end_point[0]) + 1)


def _callee(call: Node) -> str:
    function = call.child_by_field_name("function")
    return text_of(function)[-_CALLEE:] if function is not None else ""


def _without_choices(node: Node, only_tunes: Callable[[Node], bool]) -> str:
    """Return a call on one line without the arguments that only tune."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return text_of(node)
    kept = (
        text_of(each) for each in arguments.named_children if each.type != "comment" and not only_tunes(each)
    )
    return f"{text_of(function)}({', '.join(kept)})"


def _is_grid(name: Node | None) -> bool:
    """Return whether a name is that of a grid, which a launch is given later on."""
    return name is not None and name.type == "identifier" and _GRID.search(text_of(name)) is not None


def _identifiers(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "identifier":
            yield node
        pending.extend(node.named_children)


def _is_docstring(node: Node) -> bool:
    return (
        node.type == "expression_statement"
        and node.named_child_count == 1
        and node.named_children[0].type in ("string", "concatenated_string")
    )
