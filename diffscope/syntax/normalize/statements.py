"""Canonical tokens of code, and what a statement of a module or class means for a run: the names that it reads and binds, whether it only produces messages, whether it reads annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from diffscope.source.profile import profile
from diffscope.syntax.literals import normalise_name, read_number
from diffscope.syntax.nodes import callee_of, is_idle, name_of, resolve

if TYPE_CHECKING:
    from tree_sitter import Node

_PURE: Final = frozenset(
    {
        "field", "Field", "PrivateAttr", "TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "namedtuple", "TypeAdapter", "frozenset", "set",
        "list", "dict", "tuple", "int", "float", "str", "bool", "bytes", "range", "len", "min", "max", "sum", "sorted", "object", "compile",
        "Path", "getLogger", "device", "auto", "partial", "cast", "OrderedDict", "defaultdict", "ConfigDict", "float32",
        "join", "get", "items", "keys", "values", "format", "split", "param",
    }
)  # fmt: skip
"""Calls, by their last name, that make a value and do nothing else."""
_SKIPPED: Final = frozenset({"type", "lambda", "comment", "string_content"})
_FUNCTIONS: Final = frozenset({"function_definition"})
_WRITTEN: Final = frozenset({"attribute", "subscript"})
_ASSIGNMENTS: Final = ("assignment", "augmented_assignment")


class Needs(NamedTuple):
    """The names that a statement reads and binds, and whether it does more than that."""

    reads: frozenset[str]
    binds: frozenset[str]
    has_effect: bool = False


def read_needs(node: Node, *, binds: frozenset[str] | None = None) -> Needs:
    """Return what a statement needs; ``binds`` are the names of a definition, a statement that is none may change all it names."""
    names: set[str] = set()
    has_effect = False
    pending = [node]
    while pending:
        each = pending.pop()
        if each.type == "identifier":
            names.add(name_of(each))
        elif each.type in _FUNCTIONS:
            parameters = each.child_by_field_name("parameters")
            values = (
                child.child_by_field_name("value")
                for child in (parameters.named_children if parameters else ())
            )
            pending += [value for value in values if value is not None]
        elif each.type == "attribute":
            pending += each.named_children[:1]
        elif each.type == "keyword_argument":
            pending += each.named_children[1:]
        elif each.type not in _SKIPPED:
            has_effect = has_effect or _acts(each)
            pending += each.named_children
    if binds is not None:
        is_value = node.type == "expression_statement"
        return Needs(frozenset(names), binds, has_effect=has_effect and is_value)
    return Needs(frozenset(names), frozenset(names), has_effect=has_effect and not is_message(node))


def depend(one: Needs, other: Needs) -> bool:
    """Return whether it counts which of two statements runs first."""
    if one.has_effect and other.has_effect:
        return True
    if "*" in one.binds | other.binds:
        # What a star binds is not known; it may bind what another import or definition does.
        return bool(one.binds and other.binds)
    return bool(one.binds & (other.binds | other.reads) or other.binds & one.reads)


def _acts(node: Node) -> bool:
    if node.type == "call":
        called = callee_of(node).rpartition(".")[2]
        return called not in _PURE and called not in profile().code.everywhere
    if node.type in _ASSIGNMENTS:
        target = node.child_by_field_name("left")
        return target is not None and target.type in _WRITTEN
    return node.type in ("raise_statement", "assert_statement", "exec_statement", "await", "delete_statement")


_LOGS: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical"})
_LOGGERS: Final = ("logger", "logging", "log")
_LOGGING: Final = ("log_", "_log_", "trace_structured")
"""How functions are called that write a log or a trace."""
_BINDING: Final = frozenset({"named_expression", "await", "yield"})
"""What does more in a condition or an argument than to be looked at."""


def is_message(statement: Node) -> bool:
    """Return whether a statement logs or warns, does so under a condition and nothing else, or asserts what a type checker cannot see."""
    return _tells(statement) or (statement.type == "if_statement" and _only_tells(statement))


def holds_texts(statement: Node) -> bool:
    """Return whether the texts in a statement are for a reader: those of an exception, or the reason beside a refusal (``return False, "…"``)."""
    if statement.type == "return_statement":
        value = statement.named_children[0] if statement.named_child_count else None
        is_pair = value is not None and value.type in ("expression_list", "tuple") and value.named_children
        return bool(is_pair) and value is not None and value.named_children[0].type == "false"
    return statement.type == "raise_statement"


def _tells(statement: Node) -> bool:
    if statement.type == "expression_statement" and statement.named_child_count == 1:
        call = statement.named_children[0]
        if call.type != "call":
            return False
        owner, _, name = callee_of(call).rpartition(".")
        is_log = name.removesuffix("_once") in _LOGS and owner.rpartition(".")[2].lower().endswith(_LOGGERS)
        is_telling = is_log or name.startswith(_LOGGING) or (owner, name) == ("warnings", "warn")
        return is_telling and not _binds(call)
    return statement.type == "assert_statement" and _narrows(statement.named_children[0])


def _only_tells(statement: Node) -> bool:
    condition, body = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
    if condition is None or body is None or statement.child_by_field_name("alternative") is not None:
        return False
    inner = [child for child in body.named_children if child.type != "comment" and not is_idle(child)]
    return bool(inner) and all(map(_tells, inner)) and not _binds(condition)


def _narrows(condition: Node) -> bool:
    """Return whether it is ``x is not None`` or ``isinstance(x, …)``, or several of these."""
    pending = [condition]
    while pending:
        part = pending.pop()
        if part.type == "boolean_operator" and any(child.type == "and" for child in part.children):
            pending += part.named_children
        elif part.type == "comparison_operator":
            if [child.type for child in part.children[1:]] != ["is not", "none"]:
                return False
        elif callee_of(part) != "isinstance":
            return False
    return not _binds(condition)


def _binds(node: Node) -> bool:
    return any(each.type in _BINDING for each in _nodes(node))


def _nodes(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(each.named_children)


_READERS: Final = (
    "triton.jit",
    "triton.runtime.jit",
    "triton.autotune",
    "triton.heuristics",
    "gluon.jit",
    "tilelang.jit",
    "tilelang_jit",
    "tilelang.lazy_jit",
    "flyc.jit",
    "flyc.kernel",
    "T.prim_func",
    "T.macro",
    "tilelang.language.prim_func",
    "tilelang.language.macro",
    "cute.jit",
    "cute.kernel",
    "dsl_user_op",
    "cuda.jit",
    "helion.kernel",
    "register_kernel",
    "custom_op",
    "triton_op",
    "jit.script",
    "warp.kernel",
    "jaxtyped",
    "validate_call",
    "validate_arguments",
    *(
        f"{owner}.{verb}"
        for owner in ("app", "router")
        for verb in ("get", "post", "put", "patch", "delete", "websocket", "api_route")
    ),
)
"""Ends of their dotted names. A bare ``jit`` says nothing: other things are compiled too."""


def reads_annotations(decorator: str, origins: Mapping[str, str]) -> bool:
    """Return whether a decorator, written with its ``@`` or without, makes something of the annotations in a function.

    ``origins`` are the names of the file that stand for others.
    """
    name = decorator.removeprefix("@").strip()
    # So does the decorator of a dispatch by type, where it is not called: ``@show.register``.
    if name.endswith(".register"):
        return True
    name = name.partition("(")[0].strip()
    return _ends_with(name, _READERS) or _ends_with(resolve(name, origins) or "", _READERS)


def _ends_with(name: str, known: tuple[str, ...]) -> bool:
    return any(name == each or name.endswith(f".{each}") for each in known)


OPEN: Final = "⟨"
CLOSE: Final = "⟩"
INDENT: Final = "⇥"
DEDENT: Final = "⇤"
NEWLINE: Final = "⏎"
STRUCTURE: Final = frozenset({OPEN, CLOSE, INDENT, DEDENT, NEWLINE})
"""Tokens that stand for no source text: they keep apart what the source keeps apart by layout or precedence."""

_NUMBERS: Final = frozenset({"integer", "float"})


class Stream:
    """Tokens with their lines."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.lines: list[int] = []
        self.docstrings: list[str] = []
        self.soft: list[tuple[int, int]] = []
        """Where annotations start and end, in order: no run of the code depends on them, but for those in ``compiled``."""
        self.compiled: list[tuple[int, int]] = []
        """Which of the annotations stand in functions that are compiled or called by them."""
        self.spans: dict[int, tuple[int, int]] = {}
        """Id of a node that has children -> where its tokens start and end."""
        self.told: list[tuple[int, int]] = []
        """Where messages start and end, in order: what only tells somebody something."""

    def of(self, node: Node | None) -> tuple[str, ...]:
        """Return the tokens of a node of the stream; nothing for one with children that is not in it."""
        if node is None:
            return ()
        if node.child_count == 0:
            token = leaf_token(node)
            return (token,) if token else ()
        start, end = self.spans.get(node.id, (0, 0))
        return tuple(self.tokens[start:end])

    def logic(self, node: Node | None = None) -> tuple[str, ...]:
        """Return the tokens that a run depends on: of a node, or all."""
        return self._without(self.soft, node)

    def untold(self, node: Node | None = None) -> tuple[str, ...]:
        """Return the tokens that a result depends on: those of a run without messages."""
        return self._without(sorted((*self.soft, *self.told)), node)

    def _without(self, spans: Iterable[tuple[int, int]], node: Node | None) -> tuple[str, ...]:
        if node is not None and node.child_count == 0:
            return self.of(node)
        start, end = (0, len(self.tokens)) if node is None else self.spans.get(node.id, (0, 0))
        found: list[str] = []
        for span_start, span_end in spans:
            if start <= span_start and span_end <= end:
                found += self.tokens[start:span_start]
                start = span_end
        return (*found, *self.tokens[start:end])

    def annotations(self) -> tuple[str, ...]:
        """Return the annotation tokens."""
        return self._tokens_in(self.soft)

    def compiled_annotations(self) -> tuple[str, ...]:
        """Return the tokens of annotations that a run depends on."""
        return self._tokens_in(self.compiled)

    def _tokens_in(self, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
        return tuple(token for start, end in spans for token in self.tokens[start:end])


def leaf_token(node: Node) -> str:
    """Return the token of a node without children; empty for one that stands for no text."""
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type in _NUMBERS:
        return read_number(text)
    if not text.isascii() and node.type == "identifier":
        return normalise_name(text)
    return text if text.strip() else ""
