"""The facts of a change: flat records, one type per family. Recorded changes are stored in this form.

Convention: a field that is absent (``UNSET``) could not be computed and is *unknown*; a field that is ``None`` is known to be nothing.
A whole family that could not be computed is listed in ``ChangeFacts.unknown``.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from diffscope.messages.model import Message
from diffscope.project.answers import AmdState, Reason
from diffscope.source.model import Gap, PullRequest, RepoPath, Value
from diffscope.source.text import SideWord
from diffscope.taxonomy.tables import Category

UseHow = Literal["import", "call", "name", "base", "override"]


class NameUse(Value, frozen=True, kw_only=True):
    """A definition of the repository that the change newly names."""

    path: str
    line: int
    symbol: str
    """The symbol that it is named in; empty for the module."""
    module: str
    """Where the definition lies, as far as imports and base classes tell: a dotted module of the repository."""
    name: str
    """Its qualified name there; empty for the module itself."""
    how: UseHow
    positional: int = 0
    """Of a call: arguments by place."""
    keywords: tuple[str, ...] = ()
    """Of a call: arguments by name."""
    is_open: bool = False
    """Of a call: ``*`` or ``**`` hands on what nobody can count, or the arguments cannot be read."""
    parameters: tuple[str, ...] = ()
    """Of an override: its own parameters, as in ``Signature``."""
    goes_on: bool = False
    """Of an override: it calls ``super()`` or the overridden method by its class, so that an edit there reaches it too."""
    members: tuple[str, ...] = ()
    """Of a base class: what the new class defines itself."""


class Signature(Value, frozen=True, kw_only=True):
    """A function that exists before and after, with other parameters.

    A parameter is written ``KIND NAME`` with the kinds of ``inspect.Parameter``, and ``=`` behind it where it has a default.
    """

    path: str
    line: int
    module: str
    symbol: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_static: bool = False
    """Nothing is bound to its first parameter."""


class EditedBody(Value, frozen=True, kw_only=True):
    """A function that exists before and after and whose logic changed."""

    path: str
    line: int
    module: str
    symbol: str
    names: tuple[str, ...]
    """Names on the lines that came or went, sorted; no keywords and no builtins."""
    removed: tuple[str, ...] = ()
    """Those of them that the function does not name any more."""
    added: tuple[str, ...] = ()
    """Those of them that the function did not name before."""
    called: tuple[str, ...] = ()
    """Those of both that its lines only call or import: what is defined elsewhere."""


class FileLines(Value, frozen=True, kw_only=True):
    """The lines of one file that came and went, each as a number made from its text without the blanks around it; none that stood, or stands, elsewhere in it too."""

    path: str
    added: tuple[int, ...]
    removed: tuple[int, ...]


class Footprint(Value, frozen=True, kw_only=True):
    """All of it, sorted by place."""

    uses: tuple[NameUse, ...] = ()
    signatures: tuple[Signature, ...] = ()
    bodies: tuple[EditedBody, ...] = ()
    lines: tuple[FileLines, ...] = ()
    defines: tuple[str, ...] = ()
    """Top-level and member names that the change adds: ``module:Class.method``."""
    says: tuple[str, ...] = ()
    """What its new tests say by their docstrings, then what its new comments say, then what those tests are called."""


Text = str

ChangeKind = Literal[
    "bugfix", "feature", "refactor", "performance", "model", "test", "ci", "build", "docs", "revert"
]
Reached = Literal["per_step", "per_request", "start_up", "opt_in", "one_platform", "tools", "unknown"]
Runs = Literal["per_step", "per_request", "start_up", "tools", "unknown"]
Effect = Literal[
    "contract", "rewrite", "condition", "numerics", "body", "removal", "addition", "tuning", "wiring", "none"
]
Vouched = Literal["changed", "existing", "none"]
Consequence = Literal["info", "low", "medium", "high", "critical"]
FileStatus = Literal["added", "modified", "deleted", "renamed", "copied", "type-changed"]
FileContent = Literal["text", "binary", "submodule", "symlink"]
ChangeType = Literal[
    "core-logic",
    "data-contract",
    "dependency-wiring",
    "entrypoint",
    "configuration",
    "test-coverage",
    "rename-or-move",
    "deletion",
    "documentation",
    "infrastructure",
    "cosmetic",
]
SymbolKind = Literal["class", "function", "method", "variable", "module"]
SymbolAspect = Literal[
    "added",
    "removed",
    "moved",
    "signature",
    "default",
    "annotation",
    "bases",
    "decorators",
    "body",
    "field-order",
    "order",
    "message",
    "docstring",
    "cosmetic",
]
ParameterWhat = Literal[
    "added-optional",
    "added-required",
    "removed",
    "renamed",
    "replaced",
    "moved",
    "kind",
    "made-required",
    "made-optional",
    "default",
    "annotation",
]
ContractWhat = Literal[
    "form",
    "abstract",
    "layout",
    "numbering",
    "member",
    "value",
    "switch",
    "refusal",
    "base",
    "deprecated",
    "sibling",
    "answer",
]
ContractChange = Literal["added", "removed", "changed", "shifted", "appended", "appended-required", "form"]
OptionWhat = Literal[
    "config-field",
    "cli-flag",
    "environment-variable",
    "protocol-field",
    "metric",
    "default-table",
    "build-argument",
]
OptionChange = Literal[
    "added", "removed", "default", "computed", "resolved", "retyped", "made-required", "made-optional"
]
ImportChange = Literal["added", "removed"]
ImportLayer = Literal["eager", "lazy", "typing"]
GuardChange = Literal["added", "removed", "moved", "body"]
GuardWhat = Literal["platform", "architecture"]
CallChange = Literal["added", "removed", "moved", "exchanged", "reguarded"]
ConditionWhat = Literal[
    "if",
    "while",
    "assert",
    "ternary",
    "comprehension",
    "match",
    "return",
    "value",
    "except",
    "import",
    "raise",
]
ConditionChange = Literal["added", "removed", "changed", "moved"]
ConditionDirection = Literal["narrowed", "widened", "reversed", "changed", "new", "gone", "unknown"]
NumericWhat = Literal[
    "dtype",
    "number",
    "epsilon",
    "division",
    "reciprocal",
    "rounding",
    "clamp",
    "precision",
    "cast",
    "scale",
    "reduction",
    "scheme",
    "layout",
    "switch",
]
NumericChange = Literal["added", "removed", "changed", "reguarded"]
WriteWhat = Literal[
    "config", "config-list", "environment", "module-global", "library-state", "patch", "class-attribute"
]
WriteChange = Literal["added", "removed", "changed", "moved", "reguarded"]
TestChange = Literal[
    "added",
    "removed",
    "modified",
    "skipped",
    "unskipped",
    "xfailed",
    "tolerance-loosened",
    "assertion-loosened",
    "parameters-removed",
    "assertion-removed",
]
DependencyChange = Literal[
    "added", "removed", "raised", "lowered", "loosened", "tightened", "moved", "changed", "imported"
]
DependencyKind = Literal[
    "requirement", "extra", "docker-argument", "base-image", "cmake-tag", "crate", "package", "import"
]
MovedBy = Literal["major", "minor", "patch"]
BuildWhat = Literal[
    "compile-flag", "warning-flag", "arch-list", "source-list", "option", "image", "pipeline", "other"
]
BuildChange = Literal["added", "removed", "changed"]
OperatorChange = Literal["added", "removed", "schema", "implementation"]
NativeChange = Literal["added", "removed", "signature", "body", "moved", "tuning"]
KernelRole = Literal["kernel", "device", "host"]
NativeItem = Literal["function", "struct", "enum", "union", "trait", "const", "static", "type", "macro"]
NativeSignal = Literal[
    "launch",
    "launch-bounds",
    "shared-memory",
    "pointer-cast",
    "index-arithmetic",
    "division",
    "atomic",
    "barrier",
    "architecture",
    "platform-guard",
    "mask",
    "compile-time",
    "accumulator",
    "symmetric-memory",
    "tuning",
    "unsafe",
    "panic",
    "synchronisation",
    "serialised",
]
OverrideWhat = Literal["override", "sibling", "caller", "orphan", "named"]
RegistryChange = Literal["added", "removed", "changed"]
StepWhat = Literal[
    "no-step",
    "optional-only",
    "not-collected",
    "cannot-run",
    "platform-not-run",
    "mirror-missing",
    "mirror-optional",
    "mirror-differs",
    "rename-step",
    "rename-owner",
]
HistoryWhat = Literal["reverted-before", "reapplies", "reverts", "restores"]


def said(description: str, *, one_of: object = None) -> Meta:
    """Return the sentence of a field, which the vocabulary page and the JSON Schema show.

    ``one_of`` is the ``Literal`` of its words where collectors hand on a plain text; a field whose type is a ``Literal`` needs none.
    """
    return Meta(description=description, extra={"words": get_args(one_of)})


class Fact(Value, frozen=True, kw_only=True):
    """Base of every fact."""


class Located(Fact, frozen=True, kw_only=True):
    """A fact with a place: what a flag's evidence points at."""

    path: Annotated[str, said("File, by its new name (the old one where the new side is absent).")]
    line: Annotated[
        int,
        said(
            "Line on the new side, or on the old side if `side` is old. For a whole file the place of its gravest change in code, without one its first changed line; 0 if no line changed."
        ),
    ] = 0
    side: Annotated[SideWord, said("`new` or `old`.")] = "new"
    changed_line: Annotated[
        int, said("If `line` itself did not change, the nearest changed line; otherwise 0.")
    ] = 0
    changed_side: Annotated[SideWord, said("The side of `changed_line`.")] = "new"
    symbol: Annotated[str | None, said("Qualified name within the file: `EngineCore.step`.")] = None
    module: Annotated[str | None, said("Dotted module name; null if the file is not a module.")] = None
    area: Annotated[str, said("Main area of the file.")] = "other"
    category: Annotated[
        Category, said("source, native, test, config, docs, infra, build, example, benchmark, data or other.")
    ] = "other"
    platforms: Annotated[
        tuple[str, ...], said("Platforms that the place belongs to, by path, name or guard.")
    ] = ()
    distance: Annotated[
        int | UnsetType | None,
        said("Eager import steps from the serving path to this module; null if it cannot be reached."),
    ] = UNSET
    reached: Annotated[
        Reached,
        said(
            "How it is reached at run time: per_step, per_request, start_up, opt_in (a row, a variable or an optional backend leads to it), "
            "one_platform (another than CUDA), tools or unknown."
        ),
    ] = "unknown"
    runs: Annotated[
        Runs, said("When it runs, once it is selected: per_step, per_request, start_up, tools or unknown.")
    ] = "unknown"
    effect: Annotated[
        Effect,
        said(
            "What changed there: contract (its users have to follow), rewrite (most of it is new), condition (it decides differently), numerics (it computes different numbers), body (another edit), removal, addition, tuning (only a number), wiring (it passes on a new parameter, or takes the same value from another place) or none."
        ),
    ] = "none"
    vouched: Annotated[
        Vouched,
        said(
            "Which test covers it: changed (a test changed here that a CI step runs), existing (a test of the base) or none."
        ),
    ] = "existing"
    consequence: Annotated[
        Consequence,
        said(
            "The level that rules/consequence.yml derives from `reached`, `effect` and `vouched`: info, low, medium, high or critical. `severity: consequence` uses it."
        ),
    ] = "info"


class ChangeFact(Fact, frozen=True, kw_only=True):
    """The change as a whole."""

    title: Annotated[str, said("Title, without the pull request number at its end.")]
    title_tags: Annotated[
        tuple[str, ...], said("Bracketed words of the title, lower case: `rocm`, `bugfix`.")
    ] = ()
    kind: Annotated[
        str,
        said(
            "bugfix, feature, refactor, performance, model, test, ci, build, docs or revert.",
            one_of=ChangeKind,
        ),
    ]
    kind_reasons: Annotated[tuple[Message, ...], said("What decided the kind; no rule asks it.")] = ()
    kind_told: Annotated[
        bool,
        said(
            "The kind follows from the title, a label or the location of the files; false if it was inferred from the diff."
        ),
    ] = True
    tags: Annotated[tuple[str, ...], said("Every tag that applies.")] = ()
    labels: Annotated[tuple[str, ...] | UnsetType, said("Labels of the pull request.")] = UNSET
    files: Annotated[int, said("Files changed.")]
    additions: Annotated[int, said("Lines added.")]
    deletions: Annotated[int, said("Lines removed.")]
    source_files: Annotated[int, said("Source and native files whose logic changed.")]
    code_added: Annotated[
        int,
        said("Code lines added to source and native files, without blank lines, comments and docstrings."),
    ]
    code_removed: Annotated[int, said("Code lines removed from source and native files, counted alike.")]
    code_grown: Annotated[
        int,
        said(
            "Code lines added to source and native files minus those removed; negative if the code shrinks."
        ),
    ] = 0
    test_files: Annotated[
        int,
        said(
            "Test files in which code is added or edited; files that only lose code or follow a rename do not count."
        ),
    ]
    test_code_added: Annotated[int, said("Code lines added to test files.")]
    logic_symbols: Annotated[int, said("Source symbols whose logic changed.")]
    public_symbols_added: Annotated[
        int, said("New public functions, methods and classes in source files.")
    ] = 0
    branches_added: Annotated[int, said("Branches added to source files.")] = 0
    areas: Annotated[tuple[str, ...], said("Areas of the change, largest share first.")] = ()
    logic_areas: Annotated[
        tuple[str, ...], said("Areas with a substantial share of the changed logic, largest first.")
    ] = ()
    platforms: Annotated[tuple[str, ...], said("Platforms of the change.")] = ()
    cosmetic: Annotated[bool, said("No file changed any logic, configuration or test.")] = False
    prose_share: Annotated[
        int,
        said(
            "Percentage of the lines added to source and native files that are comments, docstrings or blank; 0 for fewer than twenty lines. Rust files, and files that also lost much of their code, do not count."
        ),
    ] = 0
    tests_per_code: Annotated[
        int,
        said(
            "Code lines added to test files for each code line added to or removed from the product, rounded down; 0 if there are none in the product."
        ),
    ] = 0
    claims: Annotated[
        tuple[str, ...],
        said(
            "What title and description claim to improve: speed, memory or accuracy; empty if the description is not known."
        ),
    ] = ()
    figures: Annotated[
        bool,
        said(
            "The description has a measured figure: a number with a unit, a percentage, a factor or a table."
        ),
    ] = False


class FileFact(Located, frozen=True, kw_only=True):
    """One changed file."""

    old_path: Annotated[str | None, said("Old name of a rename or copy.")] = None
    status: Annotated[FileStatus, said("added, modified, deleted, renamed, copied or type-changed.")]
    content: Annotated[FileContent, said("text, binary, submodule or symlink.")] = "text"
    language: Annotated[str, said("python, cuda, cpp, rust, yaml, markdown, ... by name.")] = "other"
    change_type: Annotated[
        str,
        said(
            "core-logic, data-contract, dependency-wiring, entrypoint, configuration, test-coverage, rename-or-move, "
            "deletion, documentation, infrastructure or cosmetic.",
            one_of=ChangeType,
        ),
    ]
    areas: Annotated[tuple[str, ...], said("Every area of the file, the main one first.")] = ()
    logic: Annotated[bool | UnsetType, said("Whether any logic of it changed.")] = UNSET
    additions: Annotated[int, said("Lines added.")] = 0
    deletions: Annotated[int, said("Lines removed.")] = 0
    code_added: Annotated[int, said("Code lines added.")] = 0
    code_removed: Annotated[int, said("Code lines removed.")] = 0
    settings: Annotated[
        tuple[str, ...],
        said(
            "For a container image or a requirements file: what changed in it, `AITER_BRANCH a -> b`, `+name version`."
        ),
    ] = ()
    owners: Annotated[
        tuple[str, ...] | UnsetType,
        said("Owners according to CODEOWNERS at the base; empty if there are none."),
    ] = UNSET


class ModuleFact(Located, frozen=True, kw_only=True):
    """One changed module, with its place in the graph of the base."""

    is_new: Annotated[bool, said("The change adds it.")] = False
    is_removed: Annotated[bool, said("The change removes it.")] = False
    logic: Annotated[bool, said("Whether any logic of it changed.")] = False
    entry: Annotated[
        str | UnsetType | None, said("Serving-path module from which `distance` is counted.")
    ] = UNSET
    chain: Annotated[str | UnsetType | None, said("The shortest chain, as `a -> b -> c`.")] = UNSET
    fan_in: Annotated[int | UnsetType, said("Modules that import it eagerly.")] = UNSET
    reach: Annotated[int | UnsetType, said("Modules that reach it within two eager imports.")] = UNSET
    lazy_fan_in: Annotated[int | UnsetType, said("Modules that import it lazily.")] = UNSET
    registry_fan_in: Annotated[
        int | UnsetType, said("Number of registry rows and class-path strings that name it.")
    ] = UNSET
    tests_within_two: Annotated[int | UnsetType, said("Test files that reach it within two imports.")] = UNSET
    asked_for: Annotated[
        str | None,
        said(
            "Environment variable, off by default at the base, without which no request reaches it; null if there is none."
        ),
    ] = None


class SymbolFact(Located, frozen=True, kw_only=True):
    """One changed symbol."""

    reach_reason: Annotated[
        str,
        said(
            "How `reached` was determined: root, called, class, handed-on, import, category, platform or `asked for by ROW`; if it is unknown, why: no-caller, no-text, no-graph, no-code or too-many."
        ),
    ] = "no-graph"
    reach_path: Annotated[
        str, said("The call path from it back to a declared root, as `f <- g <- EngineCore.step`.")
    ] = ""
    kind: Annotated[SymbolKind, said("class, function, method, variable or module.")]
    aspects: Annotated[
        tuple[SymbolAspect, ...],
        said(
            "added, removed, moved, signature, default, annotation, bases, decorators, body, field-order, order, message, docstring, cosmetic."
        ),
    ]
    logic: Annotated[
        bool,
        said(
            "False if only messages, docstrings, comments, formatting, import order or annotations without effect at run time changed."
        ),
    ]
    public: Annotated[bool, said("No part of its name starts with an underscore.")]
    end_line: Annotated[int, said("Last line, on the same side as `line`.")] = 0
    code_added: Annotated[
        int, said("Code lines added in it, without those moved here from another symbol.")
    ] = 0
    code_removed: Annotated[
        int, said("Code lines removed from it, without those moved to another symbol.")
    ] = 0
    branches_added: Annotated[int, said("Branches added in it.")] = 0
    conditions_new: Annotated[
        int,
        said(
            "Conditions that it tests newly or once more than before; 0 if the symbol itself is new or removed."
        ),
    ] = 0
    decorators: Annotated[
        tuple[str, ...], said("Decorators, after the change if it still exists, otherwise before.")
    ] = ()
    decorators_before: Annotated[
        tuple[str, ...], said("Decorators before the change, where they changed.")
    ] = ()
    bases: Annotated[
        tuple[str, ...], said("Base classes of the class, or of the method's class, as written.")
    ] = ()
    bases_added: Annotated[
        tuple[str, ...],
        said("Those that a class has newly, and had through none of its earlier ones either."),
    ] = ()
    entry: Annotated[
        str | UnsetType | None, said("Serving-path module from which `distance` is counted.")
    ] = UNSET
    chain: Annotated[
        str | UnsetType | None, said("The shortest import chain from there, as `a -> b -> c`.")
    ] = UNSET
    deciding: Annotated[
        int,
        said(
            "The most influential kind of statement edited in it: 3 a condition, a result or an error; 2 a call or its arguments; 1 any other; 0 unknown."
        ),
    ] = 0
    subclasses: Annotated[
        int | UnsetType | None,
        said(
            "For a method of the product: number of subclasses of its class in the tree at the base; otherwise null."
        ),
    ] = UNSET
    is_async: Annotated[bool, said("It is an async function.")] = False
    is_kernel: Annotated[
        bool,
        said(
            "It is device code: written in a language of rules/kernels.yml, or called by such code in the same file."
        ),
    ] = False
    owner_change: Annotated[
        str | None,
        said(
            "For a member of a class that as a whole was added, removed or moved: which of them; otherwise null."
        ),
    ] = None
    asked_for: Annotated[
        str | None,
        said(
            "Environment variable, off by default at the base, without which no request reaches it; null if there is none."
        ),
    ] = None
    part_of_new: Annotated[bool, said("It belongs to a class or module that the change adds as a whole.")] = (
        False
    )
    inherited: Annotated[
        bool, said("It is new in an existing class and replaces a member inherited until now.")
    ] = False
    value_before: Annotated[
        str | None, said("For a variable: the value assigned before, as written; otherwise null.")
    ] = None
    value_after: Annotated[
        str | None, said("For a variable: the value assigned after, as written; otherwise null.")
    ] = None
    values_lost: Annotated[
        tuple[str, ...],
        said(
            "For a variable that is a tuple, list, set or dictionary on both sides: elements, or keys, that went."
        ),
    ] = ()
    values_gained: Annotated[tuple[str, ...], said("The same: those that came.")] = ()
    named_by: Annotated[
        tuple[str, ...], said("For a changed variable: definitions of its own file that name it.")
    ] = ()
    still_bound: Annotated[
        bool,
        said(
            "It is no longer defined here, but the module now imports it, or the constructor sets it as an attribute."
        ),
    ] = False
    still_inherited: Annotated[
        bool | UnsetType,
        said(
            "For a member removed from a class that stays: a base class still has one of that name; unknown if a base class is outside the tree."
        ),
    ] = False
    surfaces: Annotated[
        tuple[str, ...], said("Public surfaces that it belongs to: `LLM`, `attention-backend`, ...")
    ] = ()
    own_surfaces: Annotated[
        tuple[str, ...],
        said(
            "Those of `surfaces` that are declared for its own file; the others follow from its base classes."
        ),
    ] = ()
    moved_from: Annotated[
        str | None, said("For a move: its old name, or `path:name` if it was in another file.")
    ] = None
    moved_from_path: Annotated[
        str | None, said("For code moved from another file or another function: the file where it was.")
    ] = None
    moved_from_line: Annotated[
        int, said("Its first line in that file before the change; 0 if `moved_from_path` is null.")
    ] = 0
    fan_in: Annotated[int | UnsetType, said("Number of modules that import its module eagerly.")] = UNSET
    users: Annotated[
        tuple[str, ...] | UnsetType,
        said("Places that import it and are not touched by the change, as `path:line`."),
    ] = UNSET
    users_edited: Annotated[
        tuple[str, ...],
        said(
            "For a removed member or module, or one that is now used differently: places that used it before and are edited by the change, as `path:line`."
        ),
    ] = ()
    moved_to: Annotated[str | None, said("If it left its file: the file where it is now.")] = None
    overrides: Annotated[
        tuple[str, ...] | UnsetType,
        said("Overrides that are not touched by the change, as `path:line Class.method`."),
    ] = UNSET
    tests_naming: Annotated[int | UnsetType, said("Test files of the base that name it.")] = UNSET
    changed_tests_naming: Annotated[int | UnsetType, said("Test files in this change that name it.")] = UNSET
    changed_tests_beside: Annotated[
        bool, said("It is private, and a test file changed here imports its module.")
    ] = False
    summary: Annotated[
        str,
        said(
            "For an added symbol: the first sentence of its docstring; empty if there is none, and in recorded facts."
        ),
    ] = ""
    class_tests_naming: Annotated[
        int | UnsetType,
        said("For a method: number of test files, of the base and of the change, that name its class."),
    ] = UNSET
    reached_by_tests: Annotated[
        bool,
        said(
            "A test changed here names it, its class, or a caller at most two calls away; false if tests gain fewer than one line for twenty of the product."
        ),
    ] = False
    tested_through: Annotated[
        str | None,
        said(
            "For a new symbol: an edited function that calls it without asking for an option and that tests of the base name; null if there is none or the graph is unknown."
        ),
    ] = None
    own_users: Annotated[
        int | None,
        said("For a new private function: number of definitions in its file that name it; otherwise null."),
    ] = None
    implements: Annotated[bool, said("It is a new method that a base class in the tree declares.")] = False
    test_distance: Annotated[
        int | UnsetType | None,
        said("Import steps from the nearest test to its module; null if no test reaches it."),
    ] = UNSET


class ParameterFact(Located, frozen=True, kw_only=True):
    """One difference in the signature of a function that exists before and after."""

    what: Annotated[
        str,
        said(
            "added-optional, added-required, removed, renamed, replaced (by one of another name and type at its place), moved, kind, made-required, made-optional, default, annotation.",
            one_of=ParameterWhat,
        ),
    ]
    name: Annotated[str, said("The parameter.")]
    before: Annotated[str | None, said("Text before; null for a moved parameter.")] = None
    after: Annotated[str | None, said("Text after; null for a moved parameter.")] = None
    missing: Annotated[str | None, said("The parameter, if a call that was right until now lacks it.")] = None
    order_before: Annotated[
        str | None, said("For a moved parameter: the positional parameters in their order before.")
    ] = None
    order_after: Annotated[str | None, said("The same, in their order after.")] = None
    position: Annotated[
        int,
        said(
            "Its place among the parameters that may be passed by place, from 1, before the change; 0 if it had none."
        ),
    ] = 0
    still_taken: Annotated[
        bool, said("It was removed, and the function takes whatever else is passed by name.")
    ] = False
    public: Annotated[bool, said("The function is public.")] = True
    surfaces: Annotated[tuple[str, ...], said("Public surfaces that the function belongs to.")] = ()
    own_surfaces: Annotated[
        tuple[str, ...], said("Those of `surfaces` that are declared for the function's own file.")
    ] = ()
    overrides: Annotated[
        tuple[str, ...] | UnsetType, said("Overrides that are not touched by the change.")
    ] = UNSET


class ContractFact(Located, frozen=True, kw_only=True):
    """A change to what callers, clients or subclasses rely on besides names and parameters, or a capability that was removed."""

    what: Annotated[
        str,
        said(
            "form (how a name is used), abstract (subclasses must now implement it), layout (positions of fields), numbering (values of an automatically numbered enumeration), member (of an enumeration), value (of a Literal), switch (no longer read), refusal (it now only raises), base (it no longer derives from a class that says what it can do, or that registered it), deprecated (it newly reads `after` of a parameter, which is declared deprecated), sibling (a new class does not read `names`, although `before` of its siblings do) or answer (a method hands back something else by its annotation).",
            one_of=ContractWhat,
        ),
    ]
    change: Annotated[
        str,
        said(
            "added, removed, changed, shifted (remaining fields have other positions), appended, appended-required or form (positional fields became named ones, or the reverse).",
            one_of=ContractChange,
        ),
    ]
    before: Annotated[str | None, said("The form, the fields, the switch or the base before.")] = None
    after: Annotated[str | None, said("The form, the fields or what is raised after.")] = None
    names: Annotated[
        tuple[str, ...], said("Fields, members or values that were added, removed or moved.")
    ] = ()
    form: Annotated[
        str | None,
        said("For a layout: array (msgspec `array_like`), tuple, dataclass (by its constructor) or numbers."),
    ] = None
    public: Annotated[bool, said("No part of its name starts with an underscore.")] = True
    surfaces: Annotated[tuple[str, ...], said("Public surfaces that are declared for its own file.")] = ()
    users: Annotated[
        tuple[str, ...] | UnsetType,
        said("Places that import it or its class and are not touched by the change, as `path:line`."),
    ] = UNSET
    users_edited: Annotated[
        tuple[str, ...],
        said("For a form: places that named it before and are edited by the change, as `path:line`."),
    ] = ()


class OptionFact(Located, frozen=True, kw_only=True):
    """A setting that a user can see: configuration field, CLI flag, variable of the environment, field of a wire protocol, name of a metric."""

    what: Annotated[
        str,
        said(
            "config-field, cli-flag, environment-variable, protocol-field, metric, default-table (an entry in a table of defaults) or build-argument (of a container image).",
            one_of=OptionWhat,
        ),
    ]
    name: Annotated[str, said("`SchedulerConfig.max_num_seqs`, `--enable-x`, `POOL_USE_X`.")]
    change: Annotated[
        str,
        said(
            "added, removed, default, computed (the function that computes the default changed), resolved (code takes another value where it is left unset), retyped, made-required or made-optional.",
            one_of=OptionChange,
        ),
    ]
    before: Annotated[str | None, said("Default (or type) before, as written.")] = None
    after: Annotated[str | None, said("Default (or type) after, as written.")] = None
    decider: Annotated[
        str | None,
        said("For a default that became None: the place in the change that tests for None, as `path:line`."),
    ] = None
    computed_by: Annotated[str | None, said("The changed function that computes the default.")] = None
    turns_on: Annotated[
        bool, said("A new option whose default turns behaviour on, or a default that went from off to on.")
    ] = False
    required: Annotated[bool, said("It has no default after the change.")] = False
    replaced_by: Annotated[
        str | None,
        said(
            "For a variable whose default changed: the new field that reads it and decides what it means unset."
        ),
    ] = None
    deprecated_until: Annotated[
        str | None, said("For such a variable, if what reads it calls it deprecated: until when, as written.")
    ] = None
    successor: Annotated[
        str | None,
        said(
            "For a removed option: the only new one of its kind with the same default whose name extends or shortens its name; null if there is none."
        ),
    ] = None


class ImportFact(Located, frozen=True, kw_only=True):
    """One imported name that was added or removed."""

    change: Annotated[str, said("added or removed.", one_of=ImportChange)]
    target: Annotated[str, said("The imported module, absolute.")]
    name: Annotated[str | None, said("The imported name.")] = None
    layer: Annotated[ImportLayer, said("eager, lazy or typing.")] = "eager"
    guard: Annotated[str | None, said("The condition around it.")] = None
    cycle: Annotated[
        str | UnsetType | None,
        said("The cycle of eager imports that it closes, as `a -> b -> a`; null if it closes none."),
    ] = None


class GuardFact(Located, frozen=True, kw_only=True):
    """A condition on the platform or the architecture that was added or removed, or whose guarded code changed."""

    change: Annotated[
        str,
        said(
            "added, removed, moved (from another function of the change) or body (the condition is unchanged, the code under it changed).",
            one_of=GuardChange,
        ),
    ]
    condition: Annotated[str, said("The condition as written.")]
    what: Annotated[str, said("platform or architecture.", one_of=GuardWhat)]
    names: Annotated[
        tuple[str, ...], said("Platforms or architectures named: rocm, cuda, sm90, gfx942, capability ...")
    ] = ()
    before: Annotated[
        str | None, said("For an added guard: the similar condition that it replaces in the same function.")
    ] = None
    replaced: Annotated[bool, said("For a removed guard: another condition replaces it.")] = False
    direction: Annotated[
        str | None,
        said(
            "For a guard that replaces another: narrowed (it holds in fewer cases), widened, reversed, changed (neither implies the other) or unknown; otherwise null."
        ),
    ] = None


class CallFact(Located, frozen=True, kw_only=True):
    """A call that was added, removed or put under other conditions, within a changed symbol of a source file."""

    change: Annotated[
        str,
        said(
            "added, removed, moved (from another function of the change), exchanged (a stream wait, a serialiser or an HTTP status with different arguments, a plug-in with more) or reguarded (under different conditions).",
            one_of=CallChange,
        ),
    ]
    role: Annotated[
        str,
        said(
            "What such a call does, from rules/roles.yml: lock, thread, collective, blocking, cuda-only ..."
        ),
    ]
    callee: Annotated[
        str, said("As written, import aliases resolved: `torch.cuda.synchronize`, `self.lock.acquire`.")
    ]
    arguments: Annotated[str, said("Argument text, white space folded.")] = ""
    before: Annotated[str | None, said("For an exchanged call: the arguments before.")] = None
    guards: Annotated[tuple[str, ...], said("Conditions around it, outermost first.")] = ()
    condition: Annotated[str | None, said("The innermost of them.")] = None
    new_guards: Annotated[
        tuple[str, ...],
        said("For a reguarded or moved call: the conditions that did not apply to it before."),
    ] = ()
    gone_guards: Annotated[
        tuple[str, ...], said("For a moved call: the conditions that applied before and no longer do.")
    ] = ()
    by_setting: Annotated[
        bool,
        said(
            "Every new condition is a configuration flag or the size of a group, and therefore the same on all ranks."
        ),
    ] = False
    guard_platforms: Annotated[tuple[str, ...], said("Platforms that these conditions name.")] = ()
    in_async: Annotated[bool, said("Directly inside an async function.")] = False
    in_loop: Annotated[bool, said("Inside a loop.")] = False
    awaited: Annotated[bool, said("Under an await.")] = False
    is_inner: Annotated[bool, said("In a function inside the symbol.")] = False
    opposite: Annotated[
        str | None,
        said(
            "For a collective: the symbol that makes the same number of such calls on the same group under the opposite condition; null if there is none."
        ),
    ] = None
    new_symbol: Annotated[bool, said("The symbol around it is new in this change.")] = False


class ConditionFact(Located, frozen=True, kw_only=True):
    """A condition that was added, removed or changed, in a symbol that exists before and after or around an import."""

    what: Annotated[
        str,
        said(
            "if, while, assert, ternary, comprehension, match (the guard of a case), return or value (a boolean that is returned or assigned), except (the exceptions that are caught), import (around an import) or raise (an exception raised under an unchanged condition).",
            one_of=ConditionWhat,
        ),
    ]
    change: Annotated[
        str,
        said(
            "added, removed, changed or moved (code was moved under it, or out of it).",
            one_of=ConditionChange,
        ),
    ]
    direction: Annotated[
        str,
        said(
            "narrowed (it holds in fewer cases, or existing code now runs only under it), widened, reversed, changed (neither implies the other), new (added together with its code), gone (removed together with its code) or unknown (too long, or it does not parse).",
            one_of=ConditionDirection,
        ),
    ]
    condition: Annotated[str, said("The condition; if removed, as it was; for `raise` the exception.")]
    before: Annotated[str | None, said("For a changed condition: what it was before.")] = None
    came: Annotated[
        tuple[str, ...],
        said("The terms (operands of and/or) that it newly tests, or under which code was moved."),
    ] = ()
    went: Annotated[
        tuple[str, ...], said("The terms that it no longer tests, or out of which code was moved.")
    ] = ()
    roles: Annotated[
        tuple[str, ...],
        said(
            "What the added and removed terms compare: capability, platform, version, rank, none, type, dtype, shape, size, flag, environment, choice (one of several values), truth or other."
        ),
    ] = ()
    decides: Annotated[
        tuple[str, ...],
        said(
            "What it controls: call, collective, synchronisation, raise, setting (a write to a configuration), write, return, exit (from a loop), import, definition or message (only logging or a warning)."
        ),
    ] = ()
    callees: Annotated[tuple[str, ...], said("The first ten calls under it, as written.")] = ()
    raises: Annotated[str | None, said("The exception that is raised under it.")] = None
    raises_before: Annotated[
        str | None, said("The exception that was raised under the condition before.")
    ] = None
    early: Annotated[
        bool,
        said("The code under it leaves the function or the loop, so it controls everything that follows."),
    ] = False
    settings: Annotated[tuple[str, ...], said("The settings written under it, in source order.")] = ()
    refuses: Annotated[str | None, said("When it raises: the condition, of an assertion the opposite.")] = (
        None
    )
    guards: Annotated[
        tuple[str, ...],
        said(
            "When it raises: the conditions under which the function comes to it, outermost first; none for `raise`."
        ),
    ] = ()
    stood: Annotated[
        bool,
        said(
            "It controls code that exists before and after the change: under it, after it, or in its place."
        ),
    ] = False
    name: Annotated[str, said("For a value: the name it is assigned to; otherwise empty.")] = ""
    named: Annotated[
        bool,
        said(
            "It was only named or moved: a function added here or a name in this file has the same condition, or an enclosing condition tested the same before. Of a removed refusal also: one that was not there tests a name of it."
        ),
    ] = False
    asks_new: Annotated[
        bool, said("It tests an option that the change adds, or a string literal that is new in the file.")
    ] = False


class NumericFact(Located, frozen=True, kw_only=True):
    """A numeric choice that was added, removed or changed: dtype, literal, scale, epsilon, divisor."""

    what: Annotated[
        str,
        said(
            "dtype, number, epsilon (a number up to 1e-4), division, reciprocal, rounding, clamp, precision (a condition or assignment about scales, formats or accumulation), cast (to another value's type, `.float()`, `.to(x.dtype)`), scale (a factor, or the scale argument of a call), reduction (its dimensions), scheme (how values are quantised, `w8a8`), layout (dimensions of weights are exchanged, in functions that by their name store or convert weights or adapters) or switch (a named argument that was true is false, or the reverse; where it comes from an attribute, for an object that lacks it; added: it is written out and was left to its default).",
            one_of=NumericWhat,
        ),
    ]
    change: Annotated[
        str,
        said(
            "added, removed, changed or reguarded (a scheme under another condition).", one_of=NumericChange
        ),
    ]
    text: Annotated[str, said("The dtype, literal or divisor, after the change where there is one.")]
    before: Annotated[str | None, said("The text before.")] = None
    detail: Annotated[str, said("The name or parameter that receives it.")] = ""
    factor: Annotated[
        int,
        said(
            "For a changed number: how many times larger or smaller it is now, rounded down; 0 if it was or became 0 or changed its sign, and for everything else."
        ),
    ] = 0
    guarded: Annotated[
        bool, said("For a division: a condition, clamp, max or epsilon protects the divisor.")
    ] = False
    kept: Annotated[bool, said("For a type: weights of the model are kept in it.")] = False
    new_symbol: Annotated[bool, said("The symbol around it is new in this change.")] = False


class WriteFact(Located, frozen=True, kw_only=True):
    """State that is written from a new or changed place."""

    what: Annotated[
        str,
        said(
            "config, config-list (a setting that is a list gets longer or shorter), environment, module-global, library-state, patch (an attribute of an imported module, class or object is replaced) or class-attribute.",
            one_of=WriteWhat,
        ),
    ]
    change: Annotated[
        str,
        said(
            "added, removed, changed (another value), moved (from another function of the change, or from another field) or reguarded.",
            one_of=WriteChange,
        ),
    ]
    target: Annotated[
        str, said("What is written, with local names resolved: `config.cache.block_size`, `os.environ['X']`.")
    ]
    alias: Annotated[str | None, said("The target as written, if it uses a local name; otherwise null.")] = (
        None
    )
    value: Annotated[str, said("The value as written; the arguments of a call.")] = ""
    assigned: Annotated[
        str | None, said("The whole assignment, `os.environ['X'] = '1'`; null if a call writes.")
    ] = None
    called: Annotated[
        str | None,
        said("The whole call that writes, `signal.signal(signal.SIGINT, handler)`; null for an assignment."),
    ] = None
    keeps: Annotated[bool, said("It is assigned what it is already; where it was unset, another value.")] = (
        False
    )
    breadth: Annotated[
        int,
        said("How widely it is visible: 3 the whole process, 2 a configuration tree, 1 a module, 0 a class."),
    ] = 0
    guards: Annotated[tuple[str, ...], said("Conditions around it.")] = ()
    restored: Annotated[
        bool | UnsetType,
        said(
            "The old value is restored: by a `with`, in `finally`, after the `yield` of a context manager, or by `__exit__`."
        ),
    ] = False
    of_removed_option: Annotated[
        bool, said("The change also removes the field as an option, which another flag reports.")
    ] = False
    opt_in: Annotated[
        bool, said("Only an environment variable enables it, or the code is for profiling or debugging.")
    ] = False


class TestFact(Located, frozen=True, kw_only=True):
    """One change to a test."""

    __test__ = False

    change: Annotated[
        str,
        said(
            "added, removed (and not replaced), modified, skipped, unskipped, xfailed, tolerance-loosened, assertion-loosened, "
            "parameters-removed, assertion-removed.",
            one_of=TestChange,
        ),
    ]
    before: Annotated[str | None, said("Text before.")] = None
    after: Annotated[str | None, said("Text after.")] = None
    condition: Annotated[
        str, said("For a skip: the conditions around it, or the arguments of its decorator; otherwise empty.")
    ] = ""
    replaces: Annotated[
        tuple[str, ...],
        said(
            "For a new or edited test: functions edited or added here that the test replaces with a mock or another function."
        ),
    ] = ()
    factor: Annotated[
        int, said("For a loosened tolerance: ten times the factor between old and new; otherwise 0.")
    ] = 0
    ran_there: Annotated[
        bool | None,
        said(
            "For a skip that depends only on the platform: whether a CI step of that platform ran the test file before; null for any other skip, and if the CI steps are unknown."
        ),
    ] = None


class DependencyFact(Located, frozen=True, kw_only=True):
    """One requirement or pinned version that was added, removed or changed."""

    name: Annotated[str, said("Normalised name: `torch`, `flashinfer-python`, `cuda`, `rocm`.")]
    change: Annotated[
        str,
        said(
            "added, removed, raised, lowered, loosened, tightened, moved, changed or imported.",
            one_of=DependencyChange,
        ),
    ]
    before: Annotated[str | None, said("Version or specifier before.")] = None
    after: Annotated[str | None, said("Version or specifier after.")] = None
    pinned: Annotated[bool, said("An exact version or a full commit after the change.")] = False
    bounded: Annotated[bool, said("It has an upper bound or a pin after the change.")] = False
    core: Annotated[
        bool,
        said(
            "It is one of the declared core dependencies: torch, triton, flashinfer, transformers, aiter, cutlass, CUDA, ROCm and the like."
        ),
    ] = False
    kind: Annotated[
        str,
        said(
            "requirement, extra (an optional dependency of the project), docker-argument, base-image, cmake-tag, crate, package or import (of a package that no requirement declares; `after` is the condition around it).",
            one_of=DependencyKind,
        ),
    ] = "requirement"
    marker: Annotated[
        str, said("Of a requirement: the environments it is for, as written; empty for every one.")
    ] = ""
    moved_by: Annotated[
        str,
        said(
            "The first part in which the two versions differ: major, minor or patch; empty if unknown.",
            one_of=MovedBy,
        ),
    ] = ""
    elsewhere: Annotated[
        bool, said("After the change another requirements file, other than those of tests, also requires it.")
    ] = False
    disagrees: Annotated[
        tuple[str, ...], said("Other files that require it with a different bound, as `path:line specifier`.")
    ] = ()
    near_users: Annotated[
        int,
        said(
            "3 where it is installed with the product, 2 where it is built into it, 1 where an image holds it, 0 where only tests install it "
            "or a resolver wrote it down."
        ),
    ] = 0


class BuildFact(Located, frozen=True, kw_only=True):
    """A build setting that changed."""

    what: Annotated[
        str,
        said(
            "compile-flag, warning-flag, arch-list, source-list, option, image, pipeline or other.",
            one_of=BuildWhat,
        ),
    ]
    change: Annotated[BuildChange, said("added, removed or changed.")]
    before: Annotated[str | None, said("Text before.")] = None
    after: Annotated[str | None, said("Text after.")] = None


class OperatorFact(Located, frozen=True, kw_only=True):
    """A torch operator whose schema or implementation changed."""

    name: Annotated[str, said("`namespace::name`.")]
    change: Annotated[str, said("added, removed, schema or implementation.", one_of=OperatorChange)]
    before: Annotated[str | None, said("Schema before.")] = None
    after: Annotated[str | None, said("Schema after.")] = None
    arguments_removed: Annotated[
        tuple[str, ...],
        said("For a schema: arguments removed or retyped, as they were; a result as `-> Tensor`."),
    ] = ()
    arguments_added: Annotated[
        tuple[str, ...], said("For a schema: arguments added or retyped, as they are now.")
    ] = ()
    callers: Annotated[
        tuple[str, ...] | UnsetType,
        said("Python calls of it that are not touched by the change, as `path:line`."),
    ] = UNSET
    successor: Annotated[
        str | None,
        said(
            "For a removed operator: the only new one whose name extends or shortens its name; null if there is none."
        ),
    ] = None
    moved_to: Annotated[
        str | None,
        said("For an implementation that a file registers no more: the file of the change that does now."),
    ] = None
    has_fake: Annotated[bool | UnsetType, said("A fake or meta implementation is registered.")] = UNSET


class NativeFact(Located, frozen=True, kw_only=True):
    """A changed function of a native file, a changed item of a Rust file, or a changed Python function that is, launches or tunes a kernel."""

    change: Annotated[
        str,
        said(
            "added, removed, signature, body, moved or tuning (only warps, stages or block sizes; the results are the same).",
            one_of=NativeChange,
        ),
    ]
    language: Annotated[
        str,
        said(
            "For native files, by file name: cuda, cpp or rust. For kernels written in Python, by decorator and import: triton, gluon, cutedsl, tilelang, flydsl, helion or numba; python for the function that launches them."
        ),
    ] = ""
    kernel_role: Annotated[
        str,
        said(
            "kernel (launched by the host), device (called by kernels) or host (launches kernels).",
            one_of=KernelRole,
        ),
    ] = ""
    reach_reason: Annotated[
        str,
        said(
            "How `reached` was determined: root, called, class, handed-on, import, category, platform or `asked for by ROW`; if it is unknown, why: no-caller, no-text, no-graph, no-code or too-many."
        ),
    ] = "no-graph"
    reach_path: Annotated[
        str, said("The call path from it back to a declared root, as `f <- g <- EngineCore.step`.")
    ] = ""
    item: Annotated[
        str,
        said(
            "function, struct, enum, union, trait, const, static, type or macro; for C++ only function and macro (with parameters, of several lines).",
            one_of=NativeItem,
        ),
    ] = "function"
    public: Annotated[bool, said("For Rust: it is `pub` without a restriction.")] = False
    in_tests: Annotated[bool, said("For Rust: it is compiled only for tests.")] = False
    is_message: Annotated[bool, said("For Rust: it derives Serialize or Deserialize.")] = False
    is_kernel: Annotated[
        bool, said("It is `__global__`, or a Python function that the host launches on a device.")
    ] = False
    signals: Annotated[
        tuple[NativeSignal, ...],
        said(
            "What changed in it: launch, launch-bounds, shared-memory, pointer-cast, index-arithmetic, division, atomic, barrier, architecture, platform-guard, mask, compile-time, accumulator, symmetric-memory, tuning, unsafe, panic, synchronisation or serialised."
        ),
    ] = ()
    signals_new: Annotated[
        tuple[str, ...], said("Those of `signals` that occur more often than before.")
    ] = ()
    operators: Annotated[
        tuple[str, ...] | UnsetType, said("Torch operators whose implementation calls it.")
    ] = UNSET
    tests: Annotated[tuple[str, ...] | UnsetType, said("Tests that reach it.")] = UNSET
    tests_today: Annotated[
        tuple[str, ...], said("For a function that existed before: the tests of the base that reach it.")
    ] = ()
    moved_from: Annotated[
        str | None, said("The changed file where it was before; null if it did not move.")
    ] = None
    code_added: Annotated[int, said("Code lines added in it.")] = 0
    code_removed: Annotated[int, said("Code lines removed from it.")] = 0
    computes: Annotated[
        bool,
        said(
            "Its file has a kernel, registers an operator, or includes headers of torch, of a device toolkit or of its own tree."
        ),
    ] = True


class OverrideFact(Located, frozen=True, kw_only=True):
    """An override, a sibling or a caller of a changed function that this change did not update."""

    what: Annotated[
        str,
        said(
            "override (a subclass method), sibling (the same method of another platform's class), caller (a call in another file), orphan (an override of a method that the base class no longer has) or named (a method called by its name on all workers, now with more arguments).",
            one_of=OverrideWhat,
        ),
    ]
    base: Annotated[str, said("The changed method: `Class.method`.")]
    target: Annotated[str, said("The one not updated: `path:line Class.method`.")]
    reason: Annotated[str, said("How they disagree now.")] = ""
    missing: Annotated[
        tuple[str, ...],
        said(
            "Parameters that the changed function has and this one lacks; for a call, arguments that are no longer accepted."
        ),
    ] = ()
    extra: Annotated[
        tuple[str, ...],
        said(
            "Parameters that this one requires and the changed function does not have; for a call, required arguments that it does not pass."
        ),
    ] = ()
    passed: Annotated[
        bool, said("The missing parameter will be passed: it is required, or a call added here passes it.")
    ] = True
    calls_base: Annotated[
        bool, said("For an orphan: its file calls the method through `super()`, which will now fail.")
    ] = False
    family: Annotated[str | None, said("For a sibling: the declared family of classes.")] = None


class RegistryFact(Located, frozen=True, kw_only=True):
    """A registry row that was added, removed or changed."""

    registry: Annotated[str, said("Name of the registry, from rules/registries.yml.")]
    key: Annotated[str, said("The row's key.")]
    change: Annotated[RegistryChange, said("added, removed or changed.")]
    target: Annotated[str | None, said("What it names.")] = None
    twins_missing: Annotated[
        tuple[str, ...] | UnsetType, said("Places that should name the key as well and do not.")
    ] = UNSET


class CounterpartFact(Located, frozen=True, kw_only=True):
    """A changed place whose declared counterpart (LoRA wrapper, speculative twin) was not changed."""

    family: Annotated[str, said("The declared pairing, from rules/counterparts.yml.")]
    counterpart: Annotated[str, said("What was not changed: a path, or `path:line Class`.")]
    reason: Annotated[str, said("Why the two belong together.")] = ""
    alike: Annotated[
        int | None,
        said("For twins: percentage of the names used by either of them, before the change, that both use."),
    ] = None


class StepFact(Located, frozen=True, kw_only=True):
    """How continuous integration treats a changed file or test, where that may surprise."""

    what: Annotated[
        str,
        said(
            "no-step, optional-only, not-collected, cannot-run (the step that collects the test file skips all of it), platform-not-run, mirror-missing, mirror-optional, mirror-differs, rename-step or rename-owner.",
            one_of=StepWhat,
        ),
    ]
    step: Annotated[str | None, said("The step's label.")] = None
    device: Annotated[str | None, said("The device it would need.")] = None
    detail: Annotated[str, said("The reason, in one sentence.")] = ""
    entry: Annotated[
        str | None,
        said("The entry that still watches the old name, and where it is: `csrc/moe (x.yaml:12)`."),
    ] = None
    others: Annotated[int | None, said("Number of further such entries; null if there are none.")] = None


class HistoryFact(Located, frozen=True, kw_only=True):
    """An earlier commit that the change repeats or undoes."""

    what: Annotated[
        str,
        said(
            "reverted-before (it repeats a change that was reverted), reapplies (it says that it repeats an earlier change), reverts (it undoes the change it names) or restores (it undoes a commit's lines or files without saying so).",
            one_of=HistoryWhat,
        ),
    ]
    subject: Annotated[str, said("Subject line of that earlier commit.")]
    number: Annotated[int | None, said("Pull request number of that commit.")] = None
    days: Annotated[int | None, said("Days between that commit and the base; null for the same day.")] = None
    files: Annotated[int, said("Number of files that both changed.")] = 0
    taken_back: Annotated[
        int | None,
        said(
            "Percentage of that commit's lines in these files that are undone; null if only the title or number says so."
        ),
    ] = None
    exact: Annotated[bool, said("The files have exactly the content they had before that commit.")] = False


class Nearest(Value, frozen=True, kw_only=True):
    """A test near the change."""

    path: str
    score: float
    reasons: tuple[str, ...]
    runs: tuple[str, ...] | UnsetType = UNSET
    """The changed symbols that it runs, by name, directly or through callers; empty if none of its tests that are not skipped does."""
    may_run: str = ""
    """If it calls nothing of the change: ``makes`` (it constructs the changed class), ``starts`` (it starts a whole engine or server), ``engine`` (so does it, and nothing nearer is found; it reaches the change if the variable ``via`` is set) or ``rows`` (it goes through a table that has a row for it). ``far`` if it does not import a changed module, nor what imports one. ``copies`` if it was changed and has a private function of the edited code as its own, ``named`` if it starts something by the name in ``by``."""
    how: str = ""
    """How it reaches the first of ``runs``: ``calls`` (the function ``via``: that itself, or what leads to it), ``makes`` (objects of the class ``via``), ``sets`` (or reads the variable of the environment ``via``) or ``operator`` (that of native code called ``via``). Of a test that calls nothing of the change, how it may reach it: ``step`` (CI's step ``via`` runs it), ``name`` (it starts something by that name) or ``command`` (it runs it)."""
    via: str = ""
    """The name of what it calls, makes or runs for that."""
    by: str = ""
    """The name by which a test reaches what changed that does not call it: a step in the title, a registered name, a model, a command."""


class GraphFacts(Value, frozen=True, kw_only=True):
    """Which graph the facts come from."""

    commit: str | None
    digest: str
    modules: int
    exact: bool
    """False if the graph is the packaged snapshot and not that of the change's base."""
    cycles_closed: tuple[str, ...] = ()
    """The cycles of eager imports that the change closes, as ``a -> b -> a``, sorted."""


class UnknownFamily(Value, frozen=True, kw_only=True):
    """A family (or one file's part of it) that could not be computed, and why."""

    family: str
    reason: Message
    path: str | None = None


class Mention(Value, frozen=True, kw_only=True):
    """A name that the change concerns without changing its symbol: a definition inside a function, or something newly or no longer called.

    Not available to rules: it serves lookups of changes by name.
    """

    path: str
    line: int
    """On the new side; on the old side if it was removed."""
    name: str
    """``outer.inner`` for a definition inside ``outer``; for a callee its own name, ``Class.method`` for a method."""
    kind: str
    """``function``, ``method`` or ``class``."""
    aspect: str
    """``added``, ``removed``, ``body``, ``called`` or ``no-longer-called``."""


class Edit(Value, frozen=True, kw_only=True):
    """An added, removed or changed statement of product code, in a symbol that exists before and after; if the change has none, of tests and other files.

    Not available to rules: the first screen describes the change with it. Empty in recorded facts.
    """

    path: str
    line: int
    """On the new side; on the old side if it was removed."""
    side: SideWord
    symbol: str
    what: str
    """This and the fields up to ``then_line`` are those of ``diffscope.syntax.model.StatementEdit``. For files that are not code, their category."""
    change: str
    before: str = ""
    after: str = ""
    target: str = ""
    callee: str = ""
    keyword: str = ""
    guard: str = ""
    held: tuple[str, ...] = ()
    stood: bool = False
    outer: tuple[str, ...] = ()
    otherwise: str = ""
    then: str = ""
    then_line: int = 0
    left: tuple[str, ...] = ()
    """At most three places (``line`` or ``line name``) of the new file that still have what it replaces, or that make the same call without the
    added argument."""
    tested: bool = False
    """Whether tests that the change adds, or lines that it adds to tests, set the case that it is about."""


class Point(Value, frozen=True, kw_only=True):
    """A field, setting, limit or name that the change adds or changes, with the code that the value reaches.

    Not available to rules: it describes the change in words. Empty in recorded facts.
    """

    what: str
    """``request``, ``response`` or ``field`` (of a wire protocol: asked, answered, or not known which), ``option``, ``limit``, ``renamed``, ``written`` (into an object of the caller), ``asserted`` (of a result), ``demanded`` (of a fake in a test), ``due`` (a note waits for what the change does), ``partly`` (a class is asked for one part of what it supports) or ``needed`` (a new method is called by code that did not change)."""
    path: str
    line: int
    names: tuple[str, ...]
    """``Owner.field`` for each class that has it, or the option as users write it. For a rename the old and the new name; for the last three the function, and what is written into or called."""
    type: str = ""
    default: str = ""
    bounds: tuple[str, ...] = ()
    """As written: ``ge=0``. For a limit the one that was added or changed."""
    before: str = ""
    """The former value of a limit; empty for a new one."""
    value: str = ""
    """The number that a limit stands for, if known. For a rename the number of places that were added."""
    about: str = ""
    """The description that the author gives."""
    ends: tuple[tuple[str, str, str], ...] = ()
    """``assert``, ``index``, ``refusal``, ``comparison`` or ``unknown`` (the name is too common to search for), its code, and ``path:line``: where the product first checks or uses the value.

    For a rename at most three places in changed files that still use the old name, as ``left`` without code.
    """
    read: bool = True
    """Whether a changed file reads it."""


class CausePart(Value, frozen=True, kw_only=True):
    """Lines ``first`` to ``last``, both included, of one side of a file."""

    path: str
    first: int
    last: int
    side: SideWord


class Cause(Value, frozen=True, kw_only=True):
    """Places of the change that belong together: flags of several rules at these places are merged into one.

    Not available to rules.
    """

    what: str
    """``goes-along`` (removed together with the option that it served) or ``in-place-of`` (replaced by the thing at this place)."""
    name: str
    """The removed option, or the thing that was added."""
    path: str
    line: int
    side: SideWord
    parts: tuple[CausePart, ...]


class FixMeasures(Value, frozen=True, kw_only=True):
    """The measures from which the probability of a later fix is computed. Source is product code in Python or a native language.

    Not available to rules: they judge what a change does, not how often such changes were fixed.
    """

    added: int
    """Added source lines."""
    moved: float
    """The share of them that the change removes elsewhere or only re-indents."""
    new: float
    """The share of them in new files."""
    branches: int
    """The number of them that begin a branch."""
    unfinished: int
    """The number of them marked as unfinished: TODO, FIXME, HACK."""
    fixes: float
    """Recent fixes to the edited files, as the mean over the edited lines."""
    fix_commits: int
    """The number of distinct fixes."""


class ChangeFacts(Value, frozen=True, kw_only=True):
    """Everything that rules can ask about a change, and what the assessment shows. Holds no source line."""

    pull: PullRequest
    change: ChangeFact
    file: tuple[FileFact, ...] = ()
    module: tuple[ModuleFact, ...] = ()
    symbol: tuple[SymbolFact, ...] = ()
    parameter: tuple[ParameterFact, ...] = ()
    contract: tuple[ContractFact, ...] = ()
    option: tuple[OptionFact, ...] = ()
    imports: tuple[ImportFact, ...] = ()
    guard: tuple[GuardFact, ...] = ()
    call: tuple[CallFact, ...] = ()
    condition: tuple[ConditionFact, ...] = ()
    numeric: tuple[NumericFact, ...] = ()
    write: tuple[WriteFact, ...] = ()
    test: tuple[TestFact, ...] = ()
    dependency: tuple[DependencyFact, ...] = ()
    build: tuple[BuildFact, ...] = ()
    operator: tuple[OperatorFact, ...] = ()
    native: tuple[NativeFact, ...] = ()
    override: tuple[OverrideFact, ...] = ()
    registry: tuple[RegistryFact, ...] = ()
    counterpart: tuple[CounterpartFact, ...] = ()
    step: tuple[StepFact, ...] = ()
    history: tuple[HistoryFact, ...] = ()
    mention: tuple[Mention, ...] = ()
    edit: tuple[Edit, ...] = ()
    point: tuple[Point, ...] = ()
    cause: tuple[Cause, ...] = ()
    footprint: Footprint = Footprint()
    """What may conflict with another open change; empty in recorded facts."""
    nearest_tests: tuple[Nearest, ...] | UnsetType = UNSET
    fix_measures: FixMeasures | UnsetType | None = UNSET
    """``None`` if the change adds no source lines, which alone can be fixed later."""
    labels: tuple[str, ...] | UnsetType = UNSET
    """Labels that the target's own label rules would add."""
    ci: CiFacts | UnsetType = UNSET
    graph: GraphFacts | UnsetType = UNSET
    gaps: tuple[Gap, ...] = ()
    unknown: tuple[UnknownFamily, ...] = ()


TREE_BASE = "base"
TREE_HEAD = "head"


class StepSet(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Steps that run for one reason on one queue. Fields at their default are left out of the JSON."""

    queue: str
    """The agent pool, in the word of the job file (``h200_35gb``, ``mi300_1``); ``default-gpu`` where it names none."""
    mirror: str | None = None
    """``amd`` for AMD mirrors of steps."""
    parallelism: int = 1
    """Jobs that each of the steps runs."""
    amd: AmdState | None = None
    """Where the steps run on AMD hardware for this change; left out where that is no question."""
    steps: tuple[str, ...]
    """The keys of the steps; the label of one that has no key. In the order of the job files."""


class StepRun(Value, frozen=True, kw_only=True, omit_defaults=True):
    """The steps of one pipeline that run for one reason. Fields at their default are left out of the JSON."""

    pipeline: str
    reason: Reason
    entry: str | None = None
    """The entry or run_all pattern that matched; left out where the reason needs none."""
    path: RepoPath | None = None
    """The changed path that it matched first."""
    on: tuple[StepSet, ...]


class StepsNotRun(Value, frozen=True, kw_only=True):
    """How many steps and mirrors do not run for one reason."""

    reason: Reason
    steps: int


class OptionalStep(Value, frozen=True, kw_only=True):
    """An optional step that lists a changed path: it runs when somebody asks for it."""

    pipeline: str
    step: str
    """Its key; its label where it has none."""
    queue: str
    entry: str
    path: RepoPath


class CiPipeline(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A pipeline, and whether it runs everything."""

    name: str
    runs: int
    """Steps and mirrors that run."""
    steps: int
    """Steps and mirrors that it has."""
    run_all: str | None = None
    """The run_all pattern (or the label) for which it runs all that is not optional; ``None`` where it does not."""
    run_all_path: RepoPath | None = None
    """The changed path that matched it."""
    refused: tuple[str, ...] = ()
    """Keys that its configuration lacks, without which the generator makes nothing of it."""


class StepDifference(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A step that runs, or is there, otherwise with the change's own declarations than with those of the base."""

    pipeline: str
    step: str
    """Its key; its label where it has none."""
    mirror: str | None = None
    what: str
    """``added``, ``removed``, ``starts`` (runs for this change, and would not by the base) or ``stops``."""
    runs: bool
    """Whether it runs for this change (of a removed step: whether it would have)."""


class SelectionRules(Value, frozen=True, kw_only=True):
    """Which version of the program that selects steps the answers assume."""

    repository: str = "vllm-project/ci-infra"
    commit: str = "3e4cfe4"
    date: str = "2026-08-21"
    newer_than_change: bool = False
    """The change was merged before: its steps may have been selected by other rules then."""


class StepBlindSpot(Value, frozen=True, kw_only=True):
    """A step whose tests import what the change alters, and which its dependency lists do not select."""

    label: str
    file: str
    """``path:line`` of the step."""
    reason: str
    path: str
    """The changed file."""
    test: str
    """The test of the step that imports it most directly."""
    chain: str
    """``test -> module``."""
    tests: int
    """How many of its test files import something that the change alters."""


class CiFacts(Value, frozen=True, kw_only=True):
    """What the target repository's own CI declarations say of this diff."""

    tree: str = TREE_BASE
    """Whose declarations select the steps: ``base``, or ``head`` for a change that edits them, as the generator does."""
    tree_problem: str | None = None
    """Why a change that edits its declarations is judged by those of the base all the same."""
    rules: SelectionRules | None = SelectionRules()
    """``None`` for workflows of GitHub."""
    docs_only: bool = False
    """Every changed path is documentation to CI."""
    pipelines: tuple[CiPipeline, ...] = ()
    steps: tuple[StepRun, ...] = ()
    """What runs, by reason; a step stands once in each pipeline that has it."""
    not_run: tuple[StepsNotRun, ...] = ()
    """What does not run, counted; ``diffscope explain N --step KEY`` tells of one."""
    optional: tuple[OptionalStep, ...] = ()
    """Of the optional steps that list a changed path the few that name it most exactly."""
    minutes: int | None = None
    """Time limits of what runs, each times its parallel jobs; steps without a limit count nothing."""
    without_timeout: int = 0
    """How many of what runs have no time limit."""
    difference: tuple[StepDifference, ...] = ()
    """What the change's own declarations make otherwise than those of the base."""
    blind_spots: tuple[StepBlindSpot, ...] = ()
    """Steps that should look at the change and do not; optional ones are left out, since they stay away by choice."""

    @property
    def runs(self) -> int:
        """Return how many steps and mirrors run."""
        return sum(one.runs for one in self.pipelines)
