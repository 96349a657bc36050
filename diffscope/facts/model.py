"""The facts of a change: flat records, one type per family. Recorded changes are stored in this form.

Convention: a field that is absent (``UNSET``) could not be computed and is *unknown*; a field that is ``None`` is known to be nothing.
A whole family that could not be computed is listed in ``ChangeFacts.unknown``.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from diffscope.facts.ci_model import CiFacts
from diffscope.facts.footprint_model import Footprint
from diffscope.messages.model import Message
from diffscope.source.model import Gap, PullRequest, Value
from diffscope.source.text import SideWord
from diffscope.taxonomy.tables import Category

Text = str

ChangeKind = Literal[
    "bugfix", "feature", "refactor", "performance", "model", "test", "ci", "build", "docs", "revert"
]
Reached = Literal["per_step", "per_request", "start_up", "opt_in", "one_platform", "tools", "unknown"]
Runs = Literal["per_step", "per_request", "start_up", "tools", "unknown"]
Effect = Literal[
    "contract",
    "rewrite",
    "condition",
    "numerics",
    "body",
    "removal",
    "addition",
    "tuning",
    "wiring",
    "none",
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
    "moved",
    "kind",
    "made-required",
    "made-optional",
    "default",
    "annotation",
]
ContractWhat = Literal[
    "form", "abstract", "layout", "numbering", "member", "value", "switch", "refusal", "sibling"
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
OptionChange = Literal["added", "removed", "default", "computed", "retyped", "made-required", "made-optional"]
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
]
NumericChange = Literal["added", "removed", "changed", "reguarded"]
WriteWhat = Literal["config", "environment", "module-global", "library-state", "patch", "class-attribute"]
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
            "Line on the new side; on the old side when `side` is old. For a file as a whole the first that changes; 0 where none does."
        ),
    ] = 0
    side: Annotated[SideWord, said("`new` or `old`.")] = "new"
    changed_line: Annotated[
        int, said("The changed line nearest to it, where `line` itself did not change; else 0.")
    ] = 0
    changed_side: Annotated[SideWord, said("The side of `changed_line`.")] = "new"
    symbol: Annotated[str | None, said("Qualified name within the file: `EngineCore.step`.")] = None
    module: Annotated[str | None, said("Dotted module name; null for a file that is no module.")] = None
    area: Annotated[str, said("Main area of the file.")] = "other"
    category: Annotated[
        Category, said("source, native, test, config, docs, infra, build, example, benchmark, data or other.")
    ] = "other"
    platforms: Annotated[
        tuple[str, ...], said("Platforms that the place belongs to, by path, name or guard.")
    ] = ()
    distance: Annotated[
        int | UnsetType | None,
        said("Eager import steps from the serving path to this module; null when it is not reached."),
    ] = UNSET
    reached: Annotated[
        Reached,
        said(
            "How it is reached at run time: per_step, per_request, start_up, opt_in (a row, a variable or an optional backend leads to it), "
            "one_platform (another than CUDA), tools or unknown."
        ),
    ] = "unknown"
    runs: Annotated[
        Runs,
        said("When it runs, for whomever it does: per_step, per_request, start_up, tools or unknown."),
    ] = "unknown"
    effect: Annotated[
        Effect,
        said(
            "What happens there: contract (others have to follow), rewrite (most of it is new), condition (it decides anew), numerics (it computes "
            "other numbers), body (another edit), removal, addition, tuning (a number alone), wiring (it hands on a parameter that is new, or takes "
            "the same value from another place) or none."
        ),
    ] = "none"
    vouched: Annotated[
        Vouched,
        said(
            "What shows that it works: changed (a test of this change that a step of CI runs), existing (a test of the base) or none."
        ),
    ] = "existing"
    consequence: Annotated[
        Consequence,
        said(
            "The level of all three by rules/consequence.yml: info, low, medium, high or critical; what `severity: consequence` takes."
        ),
    ] = "info"


class ChangeFact(Fact, frozen=True, kw_only=True):
    """The change as a whole."""

    title: Annotated[str, said("Title, pull request suffix removed.")]
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
            "Title, label or the place of the files say the kind; false where it was guessed from the shape of the diff."
        ),
    ] = True
    tags: Annotated[tuple[str, ...], said("Every tag that applies.")] = ()
    labels: Annotated[tuple[str, ...] | UnsetType, said("Labels of the pull request.")] = UNSET
    files: Annotated[int, said("Files changed.")]
    additions: Annotated[int, said("Lines added.")]
    deletions: Annotated[int, said("Lines removed.")]
    source_files: Annotated[int, said("Source and native files changed with logic.")]
    code_added: Annotated[
        int, said("Code lines added to source and native files: no blank, comment, docstring.")
    ]
    code_removed: Annotated[int, said("Code lines removed from source and native files.")]
    code_grown: Annotated[
        int,
        said("Code lines added to source and native files less those removed; below 0 where they shrink."),
    ] = 0
    test_files: Annotated[
        int, said("Test files that gain or alter code: what only loses code or follows a rename is left out.")
    ]
    test_code_added: Annotated[int, said("Code lines added to test files.")]
    logic_symbols: Annotated[int, said("Source symbols whose logic changed.")]
    public_symbols_added: Annotated[
        int, said("New public functions, methods and classes in source files.")
    ] = 0
    branches_added: Annotated[int, said("Branches added to source files.")] = 0
    areas: Annotated[tuple[str, ...], said("Areas of the change, heaviest first.")] = ()
    logic_areas: Annotated[
        tuple[str, ...], said("Areas in which logic changed with weight, heaviest first.")
    ] = ()
    platforms: Annotated[tuple[str, ...], said("Platforms of the change.")] = ()
    cosmetic: Annotated[bool, said("True when no file changed any logic, configuration or test.")] = False
    prose_share: Annotated[
        int,
        said(
            "Percent of the lines added to source and native files that are comments, docstrings or blank; 0 for less than twenty lines. Files of Rust, and those of which much went as well, are left out."
        ),
    ] = 0
    tests_per_code: Annotated[
        int,
        said(
            "Code lines added to test files for each code line that came to or went from the product, rounded down; 0 where the product has none."
        ),
    ] = 0
    claims: Annotated[
        tuple[str, ...],
        said(
            "What title and description say becomes better: speed, memory or accuracy; nothing where no description is known."
        ),
    ] = ()
    figures: Annotated[
        bool,
        said("The description holds a measured figure: a number with a unit, percent or factor, or a table."),
    ] = False


class FileFact(Located, frozen=True, kw_only=True):
    """One changed file."""

    old_path: Annotated[str | None, said("Old name of a rename or copy.")] = None
    status: Annotated[
        FileStatus,
        said("added, modified, deleted, renamed, copied or type-changed."),
    ]
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
            "Of an image or a file of requirements: what changed in it, `AITER_BRANCH a -> b`, `+name version`."
        ),
    ] = ()
    owners: Annotated[
        tuple[str, ...] | UnsetType, said("Owners by CODEOWNERS at the base; empty for none.")
    ] = UNSET


class ModuleFact(Located, frozen=True, kw_only=True):
    """One changed module, with its place in the graph of the base."""

    is_new: Annotated[bool, said("The change adds it.")] = False
    is_removed: Annotated[bool, said("The change removes it.")] = False
    logic: Annotated[bool, said("Whether any logic of it changed.")] = False
    entry: Annotated[str | UnsetType | None, said("Serving-path module from which `distance` counts.")] = (
        UNSET
    )
    chain: Annotated[str | UnsetType | None, said("The shortest chain, as `a -> b -> c`.")] = UNSET
    fan_in: Annotated[int | UnsetType, said("Modules that import it eagerly.")] = UNSET
    reach: Annotated[int | UnsetType, said("Modules that reach it within two eager imports.")] = UNSET
    lazy_fan_in: Annotated[int | UnsetType, said("Modules that import it lazily.")] = UNSET
    registry_fan_in: Annotated[int | UnsetType, said("Registries and class-path strings that name it.")] = (
        UNSET
    )
    tests_within_two: Annotated[int | UnsetType, said("Test files that reach it within two imports.")] = UNSET
    asked_for: Annotated[
        str | None, said("Variable, off by default at the base, without which no request passes it; or null.")
    ] = None


class SymbolFact(Located, frozen=True, kw_only=True):
    """One changed symbol."""

    reach_reason: Annotated[
        str,
        said(
            "How `reached` is known: root, called, class, handed-on, import, category, platform, `asked for by ROW`; of an unknown one no-caller, no-text, "
            "no-graph, no-code or too-many."
        ),
    ] = "no-graph"
    reach_path: Annotated[str, said("From it to the declared root, as `f <- g <- EngineCore.step`.")] = ""
    kind: Annotated[
        SymbolKind,
        said("class, function, method, variable or module."),
    ]
    aspects: Annotated[
        tuple[
            SymbolAspect,
            ...,
        ],
        said(
            "added, removed, moved, signature, default, annotation, bases, decorators, body, field-order, order, message, docstring, cosmetic."
        ),
    ]
    logic: Annotated[
        bool,
        said(
            "False when only messages, docstring, comment, formatting, import order or typing changed that no run depends on."
        ),
    ]
    public: Annotated[bool, said("No part of its name starts with an underscore.")]
    end_line: Annotated[int, said("Last line, on the same side as `line`.")] = 0
    code_added: Annotated[int, said("Code lines added in it, less those that came from another symbol.")] = 0
    code_removed: Annotated[
        int, said("Code lines removed from it, less those that went to another symbol.")
    ] = 0
    branches_added: Annotated[int, said("Branches added in it.")] = 0
    conditions_new: Annotated[
        int, said("Conditions asked in it anew, or once more; 0 where it is new or gone.")
    ] = 0
    decorators: Annotated[tuple[str, ...], said("Decorators, after the change where it still exists.")] = ()
    bases: Annotated[
        tuple[str, ...], said("Base classes as written, of the class or of the method's class.")
    ] = ()
    entry: Annotated[str | UnsetType | None, said("Serving-path module from which `distance` counts.")] = (
        UNSET
    )
    chain: Annotated[
        str | UnsetType | None, said("The shortest import chain from there, as `a -> b -> c`.")
    ] = UNSET
    deciding: Annotated[
        int,
        said(
            "How much the weightiest of its edited statements decides: 3 a condition, a result or an error, 2 a call or its arguments, 1 another "
            "one, 0 none that is known."
        ),
    ] = 0
    subclasses: Annotated[
        int | UnsetType, said("Of a method: classes of the tree below its class, at the base.")
    ] = UNSET
    is_async: Annotated[bool, said("An async function.")] = False
    is_kernel: Annotated[
        bool,
        said("Code for a device: in a language of rules/kernels.yml, or called by such code in its file."),
    ] = False
    owner_change: Annotated[
        str | None,
        said("For a member: added, removed or moved where its class as a whole was; null otherwise."),
    ] = None
    asked_for: Annotated[
        str | None, said("Variable, off by default at the base, without which no request passes it; or null.")
    ] = None
    part_of_new: Annotated[
        bool, said("A part of a class or of a module that the change adds as a whole.")
    ] = False
    inherited: Annotated[
        bool,
        said(
            "New in a class that was there before, in the place of a member that the class had from one above it."
        ),
    ] = False
    value_before: Annotated[
        str | None, said("What a variable was assigned before, as written; null for anything else.")
    ] = None
    value_after: Annotated[
        str | None, said("What a variable is assigned after, as written; null for anything else.")
    ] = None
    still_bound: Annotated[
        bool,
        said(
            "It is no longer defined here, but the module imports it now, or the constructor sets it as an attribute."
        ),
    ] = False
    still_inherited: Annotated[
        bool | UnsetType,
        said(
            "Of a member that is gone while its class stays: a class above has one of that name after the change; "
            "unknown where a base lies outside of the tree."
        ),
    ] = False
    surfaces: Annotated[
        tuple[str, ...], said("Public surfaces of vLLM that it belongs to: `LLM`, `attention-backend`, ...")
    ] = ()
    own_surfaces: Annotated[
        tuple[str, ...],
        said(
            "Those of them whose own files declare it; the others are a matter of the classes above its class."
        ),
    ] = ()
    moved_from: Annotated[str | None, said("Its old name or `path:name`, for a move.")] = None
    moved_from_path: Annotated[
        str | None,
        said("For code that came from another file or out of another function: the file where it was."),
    ] = None
    moved_from_line: Annotated[
        int, said("Its first line there before the change; 0 where `moved_from_path` is null.")
    ] = 0
    fan_in: Annotated[int | UnsetType, said("Modules that import its module eagerly.")] = UNSET
    users: Annotated[
        tuple[str, ...] | UnsetType, said("`path:line` in the tree that import it, untouched here.")
    ] = UNSET
    users_edited: Annotated[
        tuple[str, ...],
        said(
            "For a member or module that is gone, or is used otherwise: `path:line` before the change that used it, edited here."
        ),
    ] = ()
    moved_to: Annotated[str | None, said("For what is gone from its file: the path where it is now.")] = None
    overrides: Annotated[
        tuple[str, ...] | UnsetType, said("`path:line Class.method` that override it and were not touched.")
    ] = UNSET
    tests_naming: Annotated[int | UnsetType, said("Test files of the base that name it.")] = UNSET
    changed_tests_naming: Annotated[int | UnsetType, said("Test files in this change that name it.")] = UNSET
    changed_tests_beside: Annotated[
        bool, said("It is private, and a test file in this change imports its module.")
    ] = False
    summary: Annotated[
        str,
        said("Of an added one: the first sentence of its docstring; empty for none, and in recorded facts."),
    ] = ""
    class_tests_naming: Annotated[
        int | UnsetType, said("Test files of the base and of this change that name the class of a method.")
    ] = UNSET
    reached_by_tests: Annotated[
        bool,
        said(
            "A test of this change names it, its class, or what calls it within two calls, as far as the change tells; "
            "false where tests gain less than a line for twenty of the product."
        ),
    ] = False
    tested_through: Annotated[
        str | None,
        said(
            "Of what is new: the edited function that hands on to it, asks for no option to do so, and is named by tests of the base that "
            "import its module; null for none, and where the graph is not known."
        ),
    ] = None
    own_users: Annotated[
        int | None,
        said(
            "Of a new private function: definitions of its own file that name it after the change; null for any other."
        ),
    ] = None
    implements: Annotated[
        bool, said("A new method that a class above its own declares, as far as the tree tells.")
    ] = False
    test_distance: Annotated[
        int | UnsetType | None,
        said("Import steps from the nearest test to its module; null when none reaches it."),
    ] = UNSET


class ParameterFact(Located, frozen=True, kw_only=True):
    """One difference in the signature of a function that exists before and after."""

    what: Annotated[
        str,
        said(
            "added-optional, added-required, removed, renamed, moved, kind, made-required, made-optional, default, annotation.",
            one_of=ParameterWhat,
        ),
    ]
    name: Annotated[str, said("The parameter.")]
    before: Annotated[str | None, said("Text before; null for one that moved.")] = None
    after: Annotated[str | None, said("Text after; null for one that moved.")] = None
    order_before: Annotated[
        str | None, said("For a parameter that moved: the positional ones in the order before.")
    ] = None
    order_after: Annotated[str | None, said("And in the order after.")] = None
    public: Annotated[bool, said("The function is public.")] = True
    surfaces: Annotated[tuple[str, ...], said("Public surfaces that the function belongs to.")] = ()
    own_surfaces: Annotated[tuple[str, ...], said("Those of them whose own files declare the function.")] = ()
    overrides: Annotated[tuple[str, ...] | UnsetType, said("Overrides that were not touched.")] = UNSET


class ContractFact(Located, frozen=True, kw_only=True):
    """What callers, clients or implementers rely on besides names and parameters, and what code can do no more."""

    what: Annotated[
        str,
        said(
            "form (how a name is used), abstract (implementers must have it now), layout (places of fields), numbering (values of an "
            "enumeration that counts), member (of an enumeration), value (that a Literal takes), switch (read no more), refusal (it only raises now) or sibling (a new class does not read `names`, as `before` of its siblings do).",
            one_of=ContractWhat,
        ),
    ]
    change: Annotated[
        str,
        said(
            "added, removed, changed, shifted (what stays has another place), appended, appended-required or form (fields by place became "
            "fields by name, or the reverse).",
            one_of=ContractChange,
        ),
    ]
    before: Annotated[str | None, said("The form, the fields or the switch before.")] = None
    after: Annotated[str | None, said("The form, the fields or what is raised after.")] = None
    names: Annotated[tuple[str, ...], said("Fields, members or values that came, went or moved.")] = ()
    form: Annotated[
        str | None,
        said("Of a layout: array (msgspec `array_like`), tuple, dataclass (by its constructor) or numbers."),
    ] = None
    public: Annotated[bool, said("No part of its name starts with an underscore.")] = True
    surfaces: Annotated[tuple[str, ...], said("Public surfaces whose own files declare it.")] = ()
    users: Annotated[
        tuple[str, ...] | UnsetType,
        said("`path:line` in the tree that import it, or its class, untouched here."),
    ] = UNSET
    users_edited: Annotated[
        tuple[str, ...], said("Of a form: `path:line` before the change that named it, edited here.")
    ] = ()


class OptionFact(Located, frozen=True, kw_only=True):
    """A setting that a user can see: configuration field, CLI flag, VLLM_* variable, field of a wire protocol, name of a metric."""

    what: Annotated[
        str,
        said(
            "config-field, cli-flag, environment-variable, protocol-field, metric, default-table (an entry of one) or build-argument (of an image).",
            one_of=OptionWhat,
        ),
    ]
    name: Annotated[str, said("`SchedulerConfig.max_num_seqs`, `--enable-x`, `VLLM_USE_X`.")]
    change: Annotated[
        str,
        said(
            "added, removed, default, computed (the function that decides it changed), retyped, made-required or made-optional.",
            one_of=OptionChange,
        ),
    ]
    before: Annotated[str | None, said("Default (or type) before, as written.")] = None
    after: Annotated[str | None, said("Default (or type) after, as written.")] = None
    decider: Annotated[
        str | None,
        said("For a default that became None: `path:line` in this change that asks whether it is None."),
    ] = None
    computed_by: Annotated[str | None, said("The changed function that decides the default.")] = None
    turns_on: Annotated[
        bool, said("A new option whose default turns behaviour on, or a default that went from off to on.")
    ] = False
    required: Annotated[bool, said("It has no default after the change.")] = False
    successor: Annotated[
        str | None,
        said(
            "Of a removed one: the only one of its kind that is new, has its default, and the words of its name and more, or fewer; null for none."
        ),
    ] = None


class ImportFact(Located, frozen=True, kw_only=True):
    """One imported name that came or went."""

    change: Annotated[str, said("added or removed.", one_of=ImportChange)]
    target: Annotated[str, said("The imported module, absolute.")]
    name: Annotated[str | None, said("The imported name.")] = None
    layer: Annotated[ImportLayer, said("eager, lazy or typing.")] = "eager"
    guard: Annotated[str | None, said("The condition around it.")] = None
    cycle: Annotated[
        str | UnsetType | None,
        said("The ring of eager imports that it closes, as `a -> b -> a`; null when it closes none."),
    ] = None


class GuardFact(Located, frozen=True, kw_only=True):
    """A condition on the platform or the architecture that came, went, or whose guarded code changed."""

    change: Annotated[
        str,
        said(
            "added, removed, moved (from another function of the change) or body (the condition stands, the code under it changed).",
            one_of=GuardChange,
        ),
    ]
    condition: Annotated[str, said("The condition as written.")]
    what: Annotated[str, said("platform or architecture.", one_of=GuardWhat)]
    names: Annotated[
        tuple[str, ...], said("Platforms or architectures named: rocm, cuda, sm90, gfx942, capability ...")
    ] = ()
    before: Annotated[
        str | None,
        said("Of an added one: the condition of the same function that went for it and asks much the same."),
    ] = None
    replaced: Annotated[bool, said("Of a removed one: another condition came for it.")] = False
    direction: Annotated[
        str | None,
        said(
            "Of one that came for another: narrowed (it holds in fewer cases), widened, reversed, changed (neither holds the other) or unknown; "
            "null for the rest."
        ),
    ] = None


class CallFact(Located, frozen=True, kw_only=True):
    """A call that came, went or got other guards, within a changed symbol of a source file."""

    change: Annotated[
        str,
        said(
            "added, removed, moved (from another function of the change), exchanged (a wait between streams, a serialiser or an HTTP status with other arguments) or "
            "reguarded.",
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
    before: Annotated[str | None, said("The arguments before, of a call that is exchanged.")] = None
    guards: Annotated[tuple[str, ...], said("Conditions around it, outermost first.")] = ()
    condition: Annotated[str | None, said("The innermost of them.")] = None
    new_guards: Annotated[
        tuple[str, ...],
        said("Those of the conditions that a call which is reguarded or moved did not stand under before."),
    ] = ()
    gone_guards: Annotated[
        tuple[str, ...], said("Of a call that moved: conditions that it stood under before and does not now.")
    ] = ()
    by_setting: Annotated[
        bool,
        said(
            "Every new condition is a plain flag of a configuration or the size of a group: the same for all ranks."
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
            "For a collective: the symbol that has as many calls of it, on the same group, under the opposite condition; null for none."
        ),
    ] = None
    new_symbol: Annotated[bool, said("The symbol around it is new in this change.")] = False


class ConditionFact(Located, frozen=True, kw_only=True):
    """A condition of a symbol that stands before and after, or around an import, that came, went or changed."""

    what: Annotated[
        str,
        said(
            "if, while, assert, ternary, comprehension, match (the guard of a case), return or value (a boolean that is returned, or bound to a "
            "name), except (the exceptions that are caught), import (around an import) or raise (an exception under a condition that stands).",
            one_of=ConditionWhat,
        ),
    ]
    change: Annotated[
        str,
        said("added, removed, changed or moved (code went under it, or out of it).", one_of=ConditionChange),
    ]
    direction: Annotated[
        str,
        said(
            "narrowed (it holds in fewer cases, or code that stood runs only under it now), widened, reversed, changed (neither holds the "
            "other), new (it came with its own code), gone (it went with its code) or unknown (too long, or it does not parse).",
            one_of=ConditionDirection,
        ),
    ]
    condition: Annotated[str, said("The condition; of a removed one as it was; of `raise` the exception.")]
    before: Annotated[str | None, said("What it was, of a changed one.")] = None
    came: Annotated[tuple[str, ...], said("The questions that it asks anew.")] = ()
    went: Annotated[tuple[str, ...], said("The questions that it asks no more.")] = ()
    roles: Annotated[
        tuple[str, ...],
        said(
            "What is compared in the questions that came and went: capability, platform, version, rank, none, type, dtype, shape, size, flag, "
            "environment, choice (one of several values), truth or other."
        ),
    ] = ()
    decides: Annotated[
        tuple[str, ...],
        said(
            "What stands under it: call, collective, synchronisation, raise, setting (a write to a configuration), write, return, exit (from a "
            "loop), import, definition, message (only that is logged or warned)."
        ),
    ] = ()
    callees: Annotated[tuple[str, ...], said("What is called under it, as written; the first ten.")] = ()
    raises: Annotated[str | None, said("The exception that is raised under it.")] = None
    raises_before: Annotated[str | None, said("And was, under what it was.")] = None
    early: Annotated[
        bool,
        said("The code under it leaves the function or the loop, so that it decides on all that follows."),
    ] = False
    stood: Annotated[
        bool, said("Code that stood before, and stands after, runs under it, behind it or in its place.")
    ] = False
    name: Annotated[str, said("What a value is bound to; empty for none.")] = ""
    named: Annotated[
        bool,
        said(
            "It only got a name or another place: a function that is new in this change, or a name in this file, says what it said, or a "
            "condition around it asked before what it asks now."
        ),
    ] = False
    asks_new: Annotated[
        bool,
        said(
            "It asks for an option that the change adds, or for a word in quotes that the file did not have."
        ),
    ] = False


class NumericFact(Located, frozen=True, kw_only=True):
    """A numeric choice that came, went or changed: dtype, literal, scale, epsilon, divisor."""

    what: Annotated[
        str,
        said(
            "dtype, number, epsilon (a number up to 1e-4), division, reciprocal, rounding, clamp, precision (a condition or assignment "
            "on scales, formats, accumulation), cast (to the type of something else, `.float()`, `.to(x.dtype)`), scale (a factor, or what a "
            "call gets as its scale), reduction (over which dimensions) or scheme (how values are quantised, `w8a8`).",
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
    before: Annotated[str | None, said("What stood there before.")] = None
    detail: Annotated[str, said("The name that it is assigned or passed to.")] = ""
    factor: Annotated[
        int,
        said(
            "Of a number that changed: how many times larger or smaller it is now, rounded down; 0 where it came to or from 0, or changed its sign, and for anything else."
        ),
    ] = 0
    guarded: Annotated[
        bool, said("For a division: a condition, clamp, max or epsilon protects the divisor.")
    ] = False
    new_symbol: Annotated[bool, said("The symbol around it is new in this change.")] = False


class WriteFact(Located, frozen=True, kw_only=True):
    """State that is written from a new or changed place."""

    what: Annotated[
        str,
        said(
            "config, environment, module-global, library-state, patch (an attribute of an imported module, class or object) or class-attribute.",
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
        str,
        said(
            "What is written, names of the function followed to what they stand for: `vllm_config.cache_config.block_size`, `os.environ['X']`."
        ),
    ]
    alias: Annotated[
        str | None, said("The same where a name of the function stands for it; null where it is written so.")
    ] = None
    value: Annotated[str, said("The value as written; the arguments of a call.")] = ""
    assigned: Annotated[
        str | None, said("The whole assignment, `os.environ['X'] = '1'`; null where a call writes.")
    ] = None
    called: Annotated[
        str | None,
        said("The whole call that writes, `signal.signal(signal.SIGINT, handler)`; null for an assignment."),
    ] = None
    breadth: Annotated[
        int, said("Who sees it: 3 the whole process, 2 a configuration tree, 1 a module, 0 a class.")
    ] = 0
    guards: Annotated[tuple[str, ...], said("Conditions around it.")] = ()
    restored: Annotated[
        bool | UnsetType,
        said(
            "The old value is put back: inside a `with` that does, in `finally`, behind the `yield` of a context manager, or by `__exit__`."
        ),
    ] = False
    of_removed_option: Annotated[
        bool,
        said("Its field is one that this change takes away as an option: whoever set it is told by that."),
    ] = False
    opt_in: Annotated[
        bool,
        said("A variable of the environment asks for it, or the code only measures or looks for mistakes."),
    ] = False


class TestFact(Located, frozen=True, kw_only=True):
    """What happened to one test."""

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
        str, said("The conditions around a skip, or the arguments of its decorator; empty for none.")
    ] = ""
    replaces: Annotated[
        tuple[str, ...],
        said(
            "Of a new or edited test: functions that this change edits or adds, and that the test puts a mock or another function in the place of."
        ),
    ] = ()
    factor: Annotated[
        int,
        said(
            "Of a tolerance that is loosened: ten times what it was multiplied or divided by; 0 for the rest."
        ),
    ] = 0
    ran_there: Annotated[
        bool | None,
        said(
            "Of a skip that asks for the platform alone: whether a step of such a platform collected the test's file before; "
            "null for any other, and where the steps are not known."
        ),
    ] = None


class DependencyFact(Located, frozen=True, kw_only=True):
    """One requirement or pinned version that came, went or moved."""

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
        bool, said("torch, triton, flashinfer, transformers, aiter, cutlass, CUDA, ROCm and their like.")
    ] = False
    kind: Annotated[
        str,
        said(
            "requirement, extra (optional, of the project), docker-argument, base-image, cmake-tag, crate, package or import (of a root that "
            "nothing declares; `after` is the condition around it).",
            one_of=DependencyKind,
        ),
    ] = "requirement"
    moved_by: Annotated[
        str,
        said(
            "Of two versions the first part that differs: major, minor or patch; empty where none is known.",
            one_of=MovedBy,
        ),
    ] = ""
    elsewhere: Annotated[
        bool, said("Another requirements file that is not of tests asks for it too, after the change.")
    ] = False
    disagrees: Annotated[
        tuple[str, ...], said("Other files whose bound for it differs: `path:line specifier`.")
    ] = ()


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
    change: Annotated[
        str,
        said("added, removed, schema or implementation.", one_of=OperatorChange),
    ]
    before: Annotated[str | None, said("Schema before.")] = None
    after: Annotated[str | None, said("Schema after.")] = None
    arguments_removed: Annotated[
        tuple[str, ...],
        said("For a schema: arguments that it had so and has no more; a result as `-> Tensor`."),
    ] = ()
    arguments_added: Annotated[tuple[str, ...], said("And those that it had not so before.")] = ()
    callers: Annotated[
        tuple[str, ...] | UnsetType, said("`path:line` in Python that call it and were not touched.")
    ] = UNSET
    successor: Annotated[
        str | None,
        said(
            "Of a removed one: the only new operator with the words of its name and more, or fewer; null for none."
        ),
    ] = None
    has_fake: Annotated[bool | UnsetType, said("A fake or meta implementation is registered.")] = UNSET


class NativeFact(Located, frozen=True, kw_only=True):
    """A changed function of a native source, an item of Rust, or one that is code for a device, or launches or tunes such code, and that Python hosts."""

    change: Annotated[
        str,
        said(
            "added, removed, signature, body, moved or tuning (warps, stages, blocks: it computes the same).",
            one_of=NativeChange,
        ),
    ]
    language: Annotated[
        str,
        said(
            "By the name of a native file: cuda, cpp, rust; of code that Python hosts by decorator and import: triton, gluon, cutedsl, tilelang, "
            "flydsl, helion, numba; python for a function of the host."
        ),
    ] = ""
    kernel_role: Annotated[
        str,
        said(
            "kernel, device or host (the host launches a kernel, and kernels call what else is on the device).",
            one_of=KernelRole,
        ),
    ] = ""
    reach_reason: Annotated[
        str,
        said(
            "How `reached` is known: root, called, class, handed-on, import, category, platform, `asked for by ROW`; of an unknown one no-caller, no-text, "
            "no-graph, no-code or too-many."
        ),
    ] = "no-graph"
    reach_path: Annotated[str, said("From it to the declared root, as `f <- g <- EngineCore.step`.")] = ""
    item: Annotated[
        str,
        said(
            "function, struct, enum, union, trait, const, static, type or macro; of C++ only function and macro (one with parameters and several lines).",
            one_of=NativeItem,
        ),
    ] = "function"
    public: Annotated[bool, said("Of Rust: `pub`, without a restriction.")] = False
    in_tests: Annotated[bool, said("Of Rust: only tests are built with it.")] = False
    is_message: Annotated[bool, said("Of Rust: it derives Serialize or Deserialize.")] = False
    is_kernel: Annotated[
        bool, said("`__global__`, or a function of Python that the host launches on a device.")
    ] = False
    signals: Annotated[
        tuple[
            NativeSignal,
            ...,
        ],
        said(
            "launch, launch-bounds, shared-memory, pointer-cast, index-arithmetic, division, atomic, barrier, architecture, "
            "platform-guard, mask, compile-time, accumulator, symmetric-memory, tuning, unsafe, panic, synchronisation or serialised (what changed in it)."
        ),
    ] = ()
    signals_new: Annotated[tuple[str, ...], said("Those of them of which more stand there than before.")] = ()
    operators: Annotated[tuple[str, ...] | UnsetType, said("Operators that lead to it.")] = UNSET
    tests: Annotated[tuple[str, ...] | UnsetType, said("Tests that reach it.")] = UNSET
    tests_today: Annotated[
        tuple[str, ...], said("Those tests of the base, for a function that stood before the change.")
    ] = ()
    moved_from: Annotated[
        str | None, said("The file of the change that it was in before; null for none.")
    ] = None
    code_added: Annotated[int, said("Code lines added in it.")] = 0
    code_removed: Annotated[int, said("Code lines removed from it.")] = 0
    computes: Annotated[
        bool,
        said(
            "Its file has a kernel, binds an operator, or includes headers of torch, of a device or of its own tree."
        ),
    ] = True


class OverrideFact(Located, frozen=True, kw_only=True):
    """An override, a sibling or a caller of a changed function that this change did not update."""

    what: Annotated[
        str,
        said(
            "override (a subclass method), sibling (the same method on another platform's class), caller (a call in another file), orphan (an "
            "override of a method that its base class has no more) or named (a method of all workers that is called by its name, with more than before).",
            one_of=OverrideWhat,
        ),
    ]
    base: Annotated[str, said("The changed method: `Class.method`.")]
    target: Annotated[str, said("The one not updated: `path:line Class.method`.")]
    reason: Annotated[str, said("How they disagree now.")] = ""
    missing: Annotated[
        tuple[str, ...],
        said(
            "Parameters that the changed function takes and this one does not; of a call, what it passes too many."
        ),
    ] = ()
    extra: Annotated[
        tuple[str, ...],
        said(
            "Parameters that this one requires and the changed function does not have; of a call, what it lacks."
        ),
    ] = ()
    passed: Annotated[
        bool,
        said(
            "What it does not take may come: it is required, or a call of the method that this change adds passes it."
        ),
    ] = True
    calls_base: Annotated[
        bool, said("Of an orphan: its file calls the method through `super()`, which finds none now.")
    ] = False
    family: Annotated[str | None, said("For a sibling: the family it belongs to.")] = None


class RegistryFact(Located, frozen=True, kw_only=True):
    """A registry row that came or went."""

    registry: Annotated[str, said("Name of the registry, from rules/registries.yml.")]
    key: Annotated[str, said("The row's key.")]
    change: Annotated[RegistryChange, said("added, removed or changed.")]
    target: Annotated[str | None, said("What it names.")] = None
    twins_missing: Annotated[
        tuple[str, ...] | UnsetType, said("Places that should name the key too and do not.")
    ] = UNSET


class CounterpartFact(Located, frozen=True, kw_only=True):
    """A changed place whose declared counterpart (LoRA wrapper, speculative twin) was left alone."""

    family: Annotated[str, said("The declared pairing, from rules/counterparts.yml.")]
    counterpart: Annotated[str, said("What was left alone: a path or `path:line Class`.")]
    reason: Annotated[str, said("Why the two belong together.")] = ""
    alike: Annotated[
        int | None, said("Of twins: percent of the names that either uses before the change that both use.")
    ] = None


class StepFact(Located, frozen=True, kw_only=True):
    """What continuous integration does, or fails to do, with a changed file or test."""

    what: Annotated[
        str,
        said(
            "no-step, optional-only, not-collected, cannot-run (a test file that is skipped as a whole where it is collected), platform-not-run, mirror-missing, mirror-optional, mirror-differs, rename-step or rename-owner.",
            one_of=StepWhat,
        ),
    ]
    step: Annotated[str | None, said("The step's label.")] = None
    device: Annotated[str | None, said("The device it would need.")] = None
    detail: Annotated[str, said("What decided, in one sentence.")] = ""
    entry: Annotated[
        str | None, said("The entry that watches an old name, with its place: `csrc/moe (x.yaml:12)`.")
    ] = None
    others: Annotated[int | None, said("Further entries that do the same; null for none.")] = None


class HistoryFact(Located, frozen=True, kw_only=True):
    """What the history before the base says of the change."""

    what: Annotated[
        str,
        said(
            "reverted-before (it takes up what was reverted), reapplies (it does again what it says was done before), reverts (it takes back what it "
            "names) or restores (without a word, it undoes a commit's lines or files).",
            one_of=HistoryWhat,
        ),
    ]
    subject: Annotated[str, said("Subject of the commit that it speaks of.")]
    number: Annotated[int | None, said("Number of that commit's pull request.")] = None
    days: Annotated[int | None, said("Days between that commit and the base; null for the same day.")] = None
    files: Annotated[int, said("Files that both touch.")] = 0
    taken_back: Annotated[
        int | None,
        said(
            "Percent of the lines that it changed in these files which are undone; null where only names tell it."
        ),
    ] = None
    exact: Annotated[
        bool, said("The files are again what they were before that commit, told by their content.")
    ] = False


class Nearest(Value, frozen=True, kw_only=True):
    """A test near the change."""

    path: str
    score: float
    reasons: tuple[str, ...]
    runs: tuple[str, ...] | UnsetType = UNSET
    """What of the change it runs, by name: what it calls, or what calls that; empty where no test of it that is not skipped does so."""
    may_run: str = ""
    """Of one that calls nothing of the change: ``makes`` (it makes the class of what changed), ``starts`` (it starts a whole engine or server)."""


class GraphFacts(Value, frozen=True, kw_only=True):
    """Which graph the facts come from."""

    commit: str | None
    digest: str
    modules: int
    exact: bool
    """False when the graph is the packaged snapshot, not the graph at the change's base."""
    cycles_closed: tuple[str, ...] = ()
    """The rings of eager imports that the change closes, as ``a -> b -> a``, sorted."""


class UnknownFamily(Value, frozen=True, kw_only=True):
    """A family (or one file's part of it) that could not be computed, and why."""

    family: str
    reason: Message
    path: str | None = None


class Mention(Value, frozen=True, kw_only=True):
    """A name of the repository that the change concerns though it is no changed symbol: a definition inside a function, or what is called anew or no more.

    No family that rules ask: it serves those who look a change up by name.
    """

    path: str
    line: int
    """On the new side; on the old side for what went."""
    name: str
    """``outer.inner`` for a definition inside ``outer``; what is called by its own name, ``Class.method`` for a method."""
    kind: str
    """``function``, ``method`` or ``class``."""
    aspect: str
    """``added``, ``removed``, ``body``, ``called`` or ``no-longer-called``."""


class Edit(Value, frozen=True, kw_only=True):
    """A statement of product code that came, went or changed in a symbol that stands before and after; without any, of tests and other files.

    No family that rules ask: it says in words what a change does. Empty in recorded facts.
    """

    path: str
    line: int
    """On the new side; on the old side for what went."""
    side: SideWord
    symbol: str
    what: str
    """As all that follows up to ``then_line``: of ``StatementEdit`` in ``diffscope.syntax.model``. Of files that are no code their category."""
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
    """Places (``line`` or ``line name``) of the file after the change where what it replaces still stands, or where the same is called without
    the argument that came; three at most."""


class Point(Value, frozen=True, kw_only=True):
    """A value that a client or operator can give newly, or a bound that it has now, with where it ends.

    No family that rules ask: it says in words what a change does. Empty in recorded facts.
    """

    what: str
    """``request``, ``response`` (fields of a wire protocol), ``option``, ``limit`` or ``renamed``."""
    path: str
    line: int
    names: tuple[str, ...]
    """``Owner.field`` of each class that has it, or the option as users write it; of what is renamed the old name and the new one."""
    type: str = ""
    default: str = ""
    bounds: tuple[str, ...] = ()
    """As written: ``ge=0``. Of a limit the one that came or changed."""
    before: str = ""
    """Of a limit its value before; empty where there was none."""
    value: str = ""
    """Of a limit the number that it stands for, where that is known; of what is renamed the places of the new name that came."""
    about: str = ""
    """What the author says of it."""
    ends: tuple[tuple[str, str, str], ...] = ()
    """``assert``, ``index``, ``refusal`` or ``comparison``, the code, and ``path:line`` where the product first holds it against something.

    Of what is renamed ``left``, nothing, and where a changed file still has the old name; three at most.
    """
    read: bool = True
    """Whether some code of the change reads it."""


class CausePart(Value, frozen=True, kw_only=True):
    """Lines ``first`` to ``last``, both included, of one side of a file."""

    path: str
    first: int
    last: int
    side: SideWord


class Cause(Value, frozen=True, kw_only=True):
    """Places of the change that are one change, whatever the rules that point at them: they make one flag.

    No family that rules ask: flags are folded by it.
    """

    what: str
    """``goes-along`` (what was removed with an option that it served) or ``in-place-of`` (what the thing at the place replaced)."""
    name: str
    """The option that went; the thing that came."""
    path: str
    line: int
    side: SideWord
    parts: tuple[CausePart, ...]


class FixMeasures(Value, frozen=True, kw_only=True):
    """What the chance of a later fix is read from. Source is product code in Python or a native language.

    No family that rules ask: they judge what a change does, not how often such changes were fixed.
    """

    added: int
    """Lines of source added."""
    moved: float
    """The part of them that the change takes away elsewhere, or only indents anew."""
    new: float
    """The part of them in new files."""
    branches: int
    """Those that begin a branch."""
    unfinished: int
    """Those that the author marks as unfinished: TODO, FIXME, HACK."""
    fixes: float
    """Fixes to the edited files in the days before the base, the mean over the lines that the change edits."""
    fix_commits: int
    """The fixes, each once."""


class ChangeFacts(Value, frozen=True, kw_only=True):
    """Everything that rules may ask of a change, and what the assessment shows. Holds no source line."""

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
    """What can meet another open change; empty in recorded facts."""
    nearest_tests: tuple[Nearest, ...] | UnsetType = UNSET
    fix_measures: FixMeasures | UnsetType | None = UNSET
    """``None``: it adds no source, which alone can be fixed."""
    labels: tuple[str, ...] | UnsetType = UNSET
    """Labels that the target's own label rules would add."""
    ci: CiFacts | UnsetType = UNSET
    graph: GraphFacts | UnsetType = UNSET
    gaps: tuple[Gap, ...] = ()
    unknown: tuple[UnknownFamily, ...] = ()
