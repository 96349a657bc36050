"""The values of syntax: declarations of a source file, and changes between two sides, by qualified name.

Nothing here names the file itself: an ``Outline`` depends on a blob's bytes and nothing else, so that it can be cached by blob id.
"""

from __future__ import annotations

from enum import Enum

from diffscope.source.model import Value


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
    bases: tuple[str, ...] = ()
    """Base classes as written, keyword arguments left out."""
    decorators: tuple[str, ...] = ()
    """As written without the ``@``, white space folded."""
    is_async: bool = False
    value: str | None = None
    """For variables: the assigned source text, white space folded, at most 200 characters."""
    annotation: str | None = None


class StringReference(Value, frozen=True, kw_only=True):
    """A string literal that looks like a dotted path (``pool.worker.Worker``) or a relative one inside a registry table."""

    text: str
    line: int


class OperatorCall(Value, frozen=True, kw_only=True):
    """``torch.ops.<namespace>.<name>`` as mentioned in Python."""

    namespace: str
    name: str
    line: int


class RowShape(Enum):
    """How a registry row is written."""

    DICT = "dict"
    """``table = {key: ("module", "Class")}``, ``{key: "path.of.Class"}``, ``{key: Class}``."""
    ENUM = "enum"
    """``class table(Enum): key = "path.of.Class"``."""
    CALL = "call"
    """``table("key", "module", "Class")``, ``table("key", Class)``; the table is the function as written."""
    DECORATOR = "decorator"
    """``@table("key")`` above the class or function that is the value."""
    SEQUENCE = "sequence"
    """``table = (Class, Class, …)``; key and value are the class."""
    ASSIGNMENT = "assignment"
    """``table = "path.of.Class"``; the key is the enclosing function or class."""
    RETURN = "return"
    """``return "path.of.Class"`` in the function ``table``."""


class RegistryRow(Value, frozen=True, kw_only=True):
    """A place that names a class or a module by data instead of importing it."""

    shape: RowShape
    table: str
    key: str
    values: tuple[str, ...]
    line: int
    is_names: bool = False
    """The values are names in this file, not strings."""


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
    rows: tuple[RegistryRow, ...] = ()
    exports: tuple[str, ...] | None = None
    """The literal ``__all__``, where there is one."""
    has_module_getattr: bool = False
    code_lines: int = 0
    """Lines that hold code: not blank, comment or docstring."""
    problems: tuple[Problem, ...] = ()


class Aspect(Enum):
    """What of a symbol changed. ``MESSAGE``, ``DOCSTRING`` and ``COSMETIC`` alone never make logic.

    ``ANNOTATION`` makes it where something reads annotations: the compiler of a kernel, what makes a class's fields.
    """

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
    FIELD_ORDER = "field-order"
    """The fields of a class stand in another order, and they are told by their place: in its constructor, its encoding, its numbers."""
    ORDER = "order"
    """Definitions, imports or statements of a class or module stand in another order, or under another condition, and that counts."""
    MESSAGE = "message"
    """In its body, but nothing else than what it logs, warns of, says of an error, or asserts for a type checker."""
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
    """``text`` is the divisor. A divisor that is a number, and ``path / "name"``, are left out."""
    FACTOR = "factor"
    """A name that says scale and multiplies; ``detail`` is the assignment target or keyword it belongs to."""
    ATTRIBUTE_WRITE = "attribute-write"
    """``text`` is the target: ``config.parallel_config.x``, ``detail`` the value."""
    SUBSCRIPT_WRITE = "subscript-write"
    """``os.environ["X"]``."""
    GLOBAL_WRITE = "global-write"
    """Assignment to a name declared ``global``."""
    REFERENCE = "reference"
    """A dotted name that is no callee: ``torch.float8_e4m3fn``, ``torch.bfloat16``. Those of ``self`` and ``cls`` are left out."""
    NUMBER = "number"
    """A numeric literal other than 0, 1, -1, 2. ``detail`` is the assignment target or keyword it belongs to."""
    STRING = "string"
    """A short string literal (at most 80 characters, no docstring)."""
    WITH = "with"
    """The context expression of a with statement."""
    AWAIT = "await"
    """``text`` is the awaited callee."""
    RAISE = "raise"
    """``text`` is the exception, ``detail`` its arguments."""


class Signal(Value, frozen=True, kw_only=True):
    """One such place on one side of the diff."""

    kind: SignalKind
    text: str
    line: int
    detail: str = ""
    guards: tuple[str, ...] = ()
    """The conditions that hold there, outermost first: those around it, ``not (…)`` for else branches and behind ``if …: return``."""
    in_async: bool = False
    in_loop: bool = False
    use: str = ""
    """What takes the value: the callee that it is an argument of, ``==`` for a side of a comparison. Told, and not compared."""
    is_inner: bool = False
    """In a function inside the symbol: whoever calls that decides when."""
    resolved: str | None = None
    """``text`` with the import alias at its head resolved (``dist.barrier`` -> ``torch.distributed.barrier``), where that differs."""


class SignalChange(Value, frozen=True, kw_only=True):
    """A signal that one side has and the other has not (multiset difference by kind, text, detail, guards), or that moved."""

    what: str
    """``added``, ``removed`` or ``reguarded`` (same text and detail, other enclosing guards, or a call behind more or fewer early exits)."""
    signal: Signal
    before: Signal | None = None


class Held(Value, frozen=True, kw_only=True):
    """One thing that the code under a condition does."""

    kind: str
    """``call``, ``write``, ``return``, ``raise``, ``continue``, ``break``, ``import`` or ``define``."""
    text: str = ""
    """The callee, the target, the exception, the import statement, the name; empty for nothing."""


class ConditionChange(Value, frozen=True, kw_only=True):
    """A place of a symbol that stands before and after, where it is decided what runs, and where that is decided otherwise now."""

    what: str
    """``if`` (and ``elif``), ``while``, ``assert``, ``ternary``, ``comprehension``, ``match`` (the guard of a case), ``return`` and ``value``
    (a boolean that is returned, or bound to a name), ``except`` (the exceptions that are caught)."""
    change: str
    """``added``, ``removed`` or ``changed``."""
    text: str
    """The condition on one line; the old one for a removal."""
    line: int
    """On the new side; on the old side for a removal."""
    before: str | None = None
    """Of a changed one."""
    name: str = ""
    """What a value is bound to."""
    around: tuple[str, ...] = ()
    """The conditions under which the symbol comes to it, outermost first, ``else`` branches and what an early exit leaves denied."""
    exit: str = ""
    """How the code under it leaves: ``return``, ``raise``, ``continue``, ``break``; empty where it goes on."""
    held: tuple[Held, ...] = ()
    """What the code under it does."""
    held_before: tuple[Held, ...] = ()
    """And did, for a changed one."""
    stood: int = 0
    """How many statements under it the other side has too."""
    stood_otherwise: int = 0
    """And under its ``else``."""
    stood_behind: bool = False
    """Code behind it, which it may keep from running, the other side has too."""
    names: tuple[tuple[str, str], ...] = ()
    """Names in it that are bound once in the symbol, each with the condition that it stands for."""
    names_before: tuple[tuple[str, str], ...] = ()
    other_elements: bool = False
    """Whether it asks of the elements of a loop that goes through something else now."""


class StatementEdit(Value, frozen=True, kw_only=True):
    """A statement of a symbol that stands before and after, which came, went or changed, by the smallest part that differs."""

    what: str
    """``condition``, ``loop``, ``with``, ``except``, ``case`` and ``function`` (the head of a compound statement), ``argument`` (of ``callee``),
    ``call``, ``value`` (of ``target``), ``element`` (of a list or the like), ``return``, ``raise``, ``assert``, or ``statement``."""
    change: str
    """``added``, ``removed`` or ``changed``."""
    before: str
    """What differs, on one line, as it was; empty for what came."""
    after: str
    target: str = ""
    """What the statement assigns to."""
    callee: str = ""
    """The innermost call around what differs."""
    keyword: str = ""
    """The argument or key by which it is handed over; of a condition the word (``and``, ``or``) that joins what differs to what both ask."""
    guard: str = ""
    """The innermost condition around it, ``not (...)`` under its else."""
    held: tuple[str, ...] = ()
    """Of a head: the first statements under it, the last one first where it leaves."""
    stood: bool = False
    """Of a head that came or went: all the code under it stands on the other side too."""
    outer: tuple[str, ...] = ()
    """The conditions around ``guard``, outermost first."""
    otherwise: str = ""
    """Of a condition that came: the first statement that runs where it does not hold, under its ``else``. Of a handler: what it raises, ``may raise`` if only in some cases."""
    then: str = ""
    """The statement that comes next: behind a head that leaves, what it keeps from running; of a value the first that reads it."""
    then_line: int = 0
    line: int
    """On the new side; on the old side for a removal."""


class InnerChange(Value, frozen=True, kw_only=True):
    """A function or class inside a changed function that came, went, or in which something changed."""

    name: str
    """Its own name, without that of the function around it."""
    kind: DefinitionKind
    line: int
    """On the new side; on the old side for a removal."""
    end: int
    aspect: Aspect
    """``ADDED``, ``REMOVED`` or ``BODY``."""


class SymbolChange(Value, frozen=True, kw_only=True):
    """What changed in one symbol, decided on syntax trees."""

    name: str
    kind: DefinitionKind
    aspects: tuple[Aspect, ...]
    """Sorted by the order of ``Aspect``."""
    logic: bool
    """False when everything that changed is message, docstring, comment, formatting, import order or annotation only."""
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
    conditions: tuple[ConditionChange, ...] = ()
    edits: tuple[StatementEdit, ...] = ()
    branches_added: int = 0
    """New if, elif, for, while, except, case and boolean branches: growth of cyclomatic complexity."""
    inner: tuple[InnerChange, ...] = ()
    """Definitions inside a function, by line."""
    summary: str = ""
    """Of an added one: the first sentence of its docstring."""


class Comparison(Value, frozen=True, kw_only=True):
    """Both sides of one file compared."""

    symbols: tuple[SymbolChange, ...]
    imports_added: tuple[Import, ...] = ()
    imports_removed: tuple[Import, ...] = ()
    before: Outline | None = None
    after: Outline | None = None
    problems: tuple[Problem, ...] = ()
    """Of the new side (of the old one for a deletion); symbols then cover what could be parsed."""


class Include(Value, frozen=True, kw_only=True):
    """One ``#include``. ``guards`` are the enclosing preprocessor conditions, outermost first."""

    path: str
    line: int
    system: bool = False
    """Written in angle brackets."""
    guards: tuple[str, ...] = ()


class NativeFunction(Value, frozen=True, kw_only=True):
    """One function definition of C++, CUDA or HIP, or one item of Rust. Lines count from 1, both ends included."""

    name: str
    """Qualified as far as the file tells: ``pool::moe::topk_softmax``."""
    item: str = "function"
    """Of Rust also ``struct``, ``enum``, ``union``, ``trait``, ``const``, ``static``, ``type`` and ``macro``."""
    line: int
    """The line of the name."""
    start: int
    """First line, template head and attributes included."""
    end: int
    parameters: tuple[str, ...] = ()
    """As written, white space folded; of a type of Rust its fields or variants."""
    qualifiers: tuple[str, ...] = ()
    """Of ``__global__``, ``__device__``, ``__host__``, ``template``, ``static``, ``inline``, ``constexpr``; sorted.

    Of Rust: visibility and modifiers as written, what is derived, and ``test`` for what only tests are built with.
    """
    guards: tuple[str, ...] = ()
    """The enclosing preprocessor conditions, outermost first: ``defined(USE_ROCM)``, ``not (…)`` for an else branch."""

    @property
    def is_kernel(self) -> bool:
        """Whether the device runs it when the host launches it."""
        return "__global__" in self.qualifiers


class OperatorBinding(Value, frozen=True, kw_only=True):
    """One statement that declares an operator of torch or ties it to a function."""

    what: str
    """``schema`` (``ops.def``) or ``implementation`` (``ops.impl``); a ``def`` with a function gives both."""
    namespace: str
    """``_C``; the macro's word (``TORCH_EXTENSION_NAME``) where the file does not spell it out."""
    name: str
    line: int
    schema: str | None = None
    """``(Tensor! out, Tensor input) -> ()``, white space folded; ``None`` where it is inferred from the function."""
    device: str | None = None
    """The dispatch key of an implementation: ``CUDA``, ``CPU``, ``Meta``, ``CompositeExplicitAutograd``."""
    function: str | None = None
    """The C++ function, without ``&``, casts and ``TORCH_BOX``."""
    guards: tuple[str, ...] = ()
    """The enclosing preprocessor conditions."""


class NativeCall(Value, frozen=True, kw_only=True):
    """The first call of a function by its unqualified name."""

    name: str
    line: int


class BuildSource(Value, frozen=True, kw_only=True):
    """One source that a build file lists, or a header that a generator of sources includes."""

    path: str
    """From the root; after ``./`` from the file's own folder. May hold ``*``."""
    line: int
    variable: str = ""
    """The variable or target whose list it stands in."""
    guards: tuple[str, ...] = ()
    """The enclosing conditions, outermost first."""


class BuildTarget(Value, frozen=True, kw_only=True):
    """A command that gives sources to a target or a variable, its own ones and those of other variables."""

    name: str
    parts: tuple[str, ...]
    """The variables that it takes sources from, as they are at its line."""
    line: int
    destination: str = ""
    """The package that an extension module is put into."""
    sources: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    """The enclosing conditions, outermost first."""
    is_appended: bool = False
    """What the variable held before stays."""


class BuildOutline(Value, frozen=True, kw_only=True):
    """What a build file declares. Everything is in source order."""

    sources: tuple[BuildSource, ...] = ()
    targets: tuple[BuildTarget, ...] = ()
    rows: tuple[RegistryRow, ...] = ()
    """Entry points of the project: group, name, qualified path."""
    outputs: tuple[str, ...] = ()
    """Of a generator: names of native files in its strings, sorted."""
    words: tuple[str, ...] = ()
    """Of a generator: names that its templates call or define, sorted."""


class NativeOutline(Value, frozen=True, kw_only=True):
    """What one C++, CUDA or HIP file declares. Everything is in source order."""

    includes: tuple[Include, ...] = ()
    functions: tuple[NativeFunction, ...] = ()
    bindings: tuple[OperatorBinding, ...] = ()
    calls: tuple[NativeCall, ...] = ()
    """Calls of functions that could be defined in another source; by name."""
    code_lines: int = 0
    """Lines that hold code: neither blank nor comment."""
    problems: tuple[Problem, ...] = ()
    """Places outside of functions that the grammar could not read (mostly macros); what stands in them was read by its look."""


class NativeSignalKind(Enum):
    """Places in native code, and in code for a device that Python hosts, that matter to rules: the words of ``NativeFact.signals``."""

    LAUNCH = "launch"
    """``kernel<<<grid, block>>>``."""
    LAUNCH_BOUNDS = "launch-bounds"
    SHARED_MEMORY = "shared-memory"
    """``__shared__``, dynamic shared memory attributes."""
    POINTER_CAST = "pointer-cast"
    """``reinterpret_cast``, C-style casts to pointers."""
    INDEX_ARITHMETIC = "index-arithmetic"
    """Subscripts and pointer offsets that multiply, and declarations of the integers used for them: ``int`` against ``int64_t``."""
    DIVISION = "division"
    ATOMIC = "atomic"
    BARRIER = "barrier"
    """``__syncthreads``, ``__syncwarp``, cooperative groups, fences."""
    ARCHITECTURE = "architecture"
    """``__CUDA_ARCH__``, SM numbers, ``gfx`` names in a condition."""
    PLATFORM_GUARD = "platform-guard"
    """``#ifdef USE_ROCM`` and its kin."""
    MASK = "mask"
    """In code that Python hosts, from here on: which lanes read and write, and what stands in the place of the others."""
    COMPILE_TIME = "compile-time"
    """A parameter with its annotation, which the compiler reads: ``BLOCK: tl.constexpr``."""
    ACCUMULATOR = "accumulator"
    """What sums are kept in, products are taken with, and values are converted to."""
    SYMMETRIC_MEMORY = "symmetric-memory"
    """TextCache of other ranks."""
    UNSAFE = "unsafe"
    """Of Rust, from here on: an ``unsafe`` block or function."""
    PANIC = "panic"
    """What ends the thread where it does not hold: ``unwrap``, ``expect``, ``panic!``, ``assert!``."""
    SYNCHRONISATION = "synchronisation"
    """Locks, tasks and what waits for several of them."""
    SERIALISED = "serialised"
    """How a type is written and read: attributes of serde."""
    TUNING = "tuning"
    """How many warps, stages and blocks: how fast it is, and nothing of what it computes."""


class NativeSignal(Value, frozen=True, kw_only=True):
    """One such place on one side of the diff; ``text`` is folded and cut."""

    kind: NativeSignalKind
    text: str
    line: int
    guards: tuple[str, ...] = ()


class NativeSignalChange(Value, frozen=True, kw_only=True):
    """A place that one side has and the other has not."""

    what: str
    """``added`` or ``removed``."""
    signal: NativeSignal


class NativeChange(Value, frozen=True, kw_only=True):
    """What changed in one native function. ``name`` is ``""`` for what stands outside of functions."""

    name: str
    aspects: tuple[Aspect, ...]
    """Of ``ADDED``, ``REMOVED``, ``MOVED``, ``SIGNATURE``, ``BODY``, ``COSMETIC``."""
    logic: bool
    line: int
    end: int
    before: NativeFunction | None = None
    after: NativeFunction | None = None
    moved_from: str | None = None
    signals: tuple[NativeSignalChange, ...] = ()
    added_lines: tuple[int, ...] = ()
    removed_lines: tuple[int, ...] = ()

    @property
    def code_added(self) -> int:
        """How many code lines it gained."""
        return len(self.added_lines)

    @property
    def code_removed(self) -> int:
        """How many code lines it lost."""
        return len(self.removed_lines)

    @property
    def is_test(self) -> bool:
        """Whether only tests are built with it."""
        standing = self.after or self.before
        return standing is not None and "test" in standing.qualifiers


class OperatorChange(Value, frozen=True, kw_only=True):
    """What changed in the binding of one operator; ``before`` and ``after`` are schemas, or functions for an implementation."""

    namespace: str
    name: str
    change: str
    """``added``, ``removed``, ``schema`` or ``implementation``."""
    line: int
    """On the new side; on the old side for a removal."""
    before: str | None = None
    after: str | None = None


class NativeComparison(Value, frozen=True, kw_only=True):
    """Both sides of one native file compared."""

    functions: tuple[NativeChange, ...] = ()
    operators: tuple[OperatorChange, ...] = ()
    before: NativeOutline | None = None
    after: NativeOutline | None = None
    problems: tuple[Problem, ...] = ()
    """Of the new side (of the old one for a deletion)."""
