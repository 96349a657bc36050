"""What a source file declares and what changed in it, by qualified name and never by line alone.

Nothing here names the file itself: an ``Outline`` depends on a blob's bytes and nothing else, so that it can be cached by blob id.
"""

from __future__ import annotations

from enum import Enum

from diffscope.source.values import Value


class ImportLayer(Enum):
    """When an import statement runs."""

    EAGER = "eager"
    """At import of the module, guards and ``try`` included."""
    LAZY = "lazy"
    """Inside a function."""
    TYPING = "typing"
    """Under ``if TYPE_CHECKING``."""


class Import(Value, frozen=True, kw_only=True):
    """One imported name: ``import a.b`` has ``name=None``; ``from .a import b as c`` has ``level=1, module="a", name="b", alias="c"``."""

    module: str
    name: str | None
    line: int
    layer: ImportLayer
    alias: str | None = None
    level: int = 0
    guard: str | None = None
    """The text of the innermost enclosing condition that is not TYPE_CHECKING: ``current_platform.is_rocm()``, ``not (…)`` for an else branch, ``try`` for a try block."""


class DefinitionKind(Enum):
    """What a definition is."""

    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"
    VARIABLE = "variable"
    """A module-level or class-level assignment (a field or a constant)."""
    MODULE = "module"
    """The statements of the module itself that belong to no definition."""


class ParameterKind(Enum):
    """The kinds of parameters of ``inspect.Parameter``."""

    POSITIONAL_ONLY = "positional-only"
    POSITIONAL_OR_KEYWORD = "positional-or-keyword"
    VAR_POSITIONAL = "var-positional"
    KEYWORD_ONLY = "keyword-only"
    VAR_KEYWORD = "var-keyword"


class Parameter(Value, frozen=True, kw_only=True):
    """One parameter; ``default`` and ``annotation`` are source text with white space folded."""

    name: str
    kind: ParameterKind
    default: str | None = None
    annotation: str | None = None


class Definition(Value, frozen=True, kw_only=True):
    """One definition. ``name`` is qualified within its module: ``EngineCore.step``. Lines count from 1, both ends included."""

    name: str
    kind: DefinitionKind
    line: int
    """The line of the name (of ``def``/``class``/the assignment), where an annotation belongs."""
    start: int
    """First line, decorators included."""
    end: int
    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None
    bases: tuple[str, ...] = ()
    """Base classes as written, keyword arguments left out."""
    decorators: tuple[str, ...] = ()
    """As written without the ``@``, white space folded."""
    is_async: bool = False
    value: str | None = None
    """For variables: the assigned source text, white space folded, at most 200 characters."""
    annotation: str | None = None


class StringReference(Value, frozen=True, kw_only=True):
    """A string literal that looks like a dotted path (``vllm.v1.worker.gpu_worker.Worker``) or a relative one inside a registry table."""

    text: str
    line: int


class OperatorCall(Value, frozen=True, kw_only=True):
    """``torch.ops.<namespace>.<name>`` as mentioned in Python."""

    namespace: str
    name: str
    line: int


class Problem(Value, frozen=True, kw_only=True):
    """A place that does not parse."""

    line: int
    text: str


class Outline(Value, frozen=True, kw_only=True):
    """What one Python file declares. Everything is in source order."""

    imports: tuple[Import, ...]
    definitions: tuple[Definition, ...]
    strings: tuple[StringReference, ...] = ()
    operators: tuple[OperatorCall, ...] = ()
    exports: tuple[str, ...] | None = None
    """The literal ``__all__``, where there is one."""
    has_module_getattr: bool = False
    code_lines: int = 0
    """Lines that hold code: not blank, comment or docstring."""
    problems: tuple[Problem, ...] = ()


class Aspect(Enum):
    """What of a symbol changed. ``DOCSTRING`` and ``COSMETIC`` alone never make logic."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """Same body under another name or place of the same file, or (joined later) of another file."""
    SIGNATURE = "signature"
    DEFAULT = "default"
    ANNOTATION = "annotation"
    BASES = "bases"
    DECORATORS = "decorators"
    BODY = "body"
    DOCSTRING = "docstring"
    COSMETIC = "cosmetic"


class ParameterChange(Value, frozen=True, kw_only=True):
    """One difference between two signatures; texts as in ``Parameter``."""

    what: str
    """``added-optional``, ``added-required``, ``removed``, ``renamed``, ``moved``, ``kind``, ``made-required``, ``made-optional``, ``default``, ``annotation``."""
    name: str
    before: str | None = None
    after: str | None = None


class SignalKind(Enum):
    """Lines that matter to rules, seen in the syntax tree of a function body (or of the module body)."""

    CALL = "call"
    """``text`` is the callee as written (``torch.cuda.synchronize``), ``detail`` the arguments, folded."""
    GUARD = "guard"
    """The condition of an if, elif, while, conditional expression or assert. ``text`` is the condition."""
    DIVISION = "division"
    """``text`` is the divisor."""
    ATTRIBUTE_WRITE = "attribute-write"
    """``text`` is the target: ``vllm_config.parallel_config.x``, ``detail`` the value."""
    SUBSCRIPT_WRITE = "subscript-write"
    """``os.environ["X"]``."""
    GLOBAL_WRITE = "global-write"
    """Assignment to a name declared ``global``."""
    REFERENCE = "reference"
    """A dotted name that is no callee: ``torch.float8_e4m3fn``, ``torch.bfloat16``."""
    NUMBER = "number"
    """A numeric literal other than 0, 1, -1, 2. ``detail`` is the assignment target or keyword it belongs to."""
    STRING = "string"
    """A short string literal (at most 80 characters, no docstring)."""
    WITH = "with"
    """The context expression of a with statement."""
    AWAIT = "await"
    RAISE = "raise"


class Signal(Value, frozen=True, kw_only=True):
    """One such place on one side of the diff."""

    kind: SignalKind
    text: str
    line: int
    detail: str = ""
    guards: tuple[str, ...] = ()
    """The conditions that enclose it, outermost first; ``not (…)`` for else branches."""
    in_async: bool = False
    in_loop: bool = False


class SignalChange(Value, frozen=True, kw_only=True):
    """A signal that one side has and the other has not (multiset difference by kind, text, detail, guards), or that moved."""

    what: str
    """``added``, ``removed`` or ``reguarded`` (same text and detail, other enclosing guards)."""
    signal: Signal
    before: Signal | None = None


class SymbolChange(Value, frozen=True, kw_only=True):
    """What changed in one symbol, decided on syntax trees."""

    name: str
    kind: DefinitionKind
    aspects: tuple[Aspect, ...]
    """Sorted by the order of ``Aspect``."""
    logic: bool
    """False when everything that changed is docstring, comment, formatting, import order or annotation only."""
    line: int
    """On the new side; on the old side for a removal."""
    end: int
    before: Definition | None
    after: Definition | None
    moved_from: str | None = None
    parameters: tuple[ParameterChange, ...] = ()
    signals: tuple[SignalChange, ...] = ()
    added_lines: tuple[int, ...] = ()
    """New-side numbers of the code lines (no blank, comment, docstring) of this symbol alone that differ."""
    removed_lines: tuple[int, ...] = ()
    branches_added: int = 0
    """New if, elif, for, while, except, case and boolean branches: growth of cyclomatic complexity."""


class Comparison(Value, frozen=True, kw_only=True):
    """Both sides of one file compared."""

    symbols: tuple[SymbolChange, ...]
    imports_added: tuple[Import, ...] = ()
    imports_removed: tuple[Import, ...] = ()
    before: Outline | None = None
    after: Outline | None = None
    problems: tuple[Problem, ...] = ()
    """Of the new side (of the old one for a deletion); symbols then cover what could be parsed."""
