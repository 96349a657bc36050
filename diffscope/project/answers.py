"""The values that declarations yield for a change: labels, owners, step decisions, gaps."""

from __future__ import annotations

from enum import Enum

from diffscope.project.model import Dialect, Verdict
from diffscope.source.model import RepoPath, Value


class MergifyChange(Value, frozen=True, kw_only=True):
    """What mergify conditions may ask of a pull request; ``None`` means: not known."""

    paths: tuple[RepoPath, ...]
    title: str
    labels: tuple[str, ...] | None = None
    author: str | None = None
    body: str | None = None
    base: str | None = None
    closed: bool | None = None
    draft: bool | None = None
    conflict: bool | None = None


class ConditionMatch(Value, frozen=True, kw_only=True):
    """A condition that held, and the first path (or the title) that made it hold."""

    condition: str
    line: int
    subject: str
    others: int = 0
    """How many more paths match."""


class LabelEffect(Value, frozen=True, kw_only=True):
    """A label that a rule adds or removes, whether it would, and why."""

    label: str
    action: str
    """``add`` or ``remove``."""
    verdict: Verdict
    rule: str
    line: int
    because: tuple[ConditionMatch, ...] = ()
    assumed: tuple[str, ...] = ()
    """Conditions that were judged as for a pull request just opened, since its state is not known."""
    unknown: tuple[str, ...] = ()
    """Conditions that could not be judged."""


class Reason(Enum):
    """What decided that a step runs or does not. A closed set; the value is the wire word."""

    DOCS_ONLY = "docs-only"
    NOT_MIRRORED = "not-mirrored"
    IMAGE_BUILD = "image-build"
    NIGHTLY = "nightly"
    OPTIONAL = "optional"
    """It lists a changed path, and runs only when somebody asks for it."""
    OPTIONAL_NO_MATCH = "optional-no-match"
    """It would have to be asked for, and lists no changed path."""
    AMD_RUNTIME = "amd-runtime"
    ROCM_BASE = "rocm-base"
    RUN_ALL = "run-all"
    DEPENDENCY = "dependency"
    EMPTY_LIST = "empty-list"
    NO_MATCH = "no-match"
    ALWAYS = "always"
    """A job of GitHub whose workflow lists no paths: every pull request starts it."""
    NOT_IGNORED = "not-ignored"
    IGNORED = "ignored"
    EVENT = "event"
    """No pull request starts its workflow by being opened or pushed to."""
    CONDITION = "condition"
    NEEDS = "needs"
    """A job that it needs does not run."""
    UNDECIDED = "undecided"
    """Whether it runs hangs on what the change does not tell: a condition, a branch, more files than GitHub looks at."""


class StepDecision(Value, frozen=True, kw_only=True):
    """Whether a step (or its mirror) runs by itself for a change, and what decided."""

    pipeline: str
    label: str
    file: RepoPath
    line: int
    selected: bool
    reason: Reason
    mirror: str | None = None
    """``amd`` for a step's mirror; ``None`` for the step itself."""
    dialect: Dialect = Dialect.GENERATOR
    key: str | None = None
    group: str | None = None
    device: str
    platform: str
    entry: str | None = None
    """The dependency or run_all pattern that matched (of an optional step too: what it would have run for)."""
    entry_line: int | None = None
    """Its line in the job file; ``None`` for a run_all pattern."""
    path: RepoPath | None = None
    """The changed path that matched it."""
    optional: bool = False
    soft_fail: bool = False
    timeout: int | None = None
    parallelism: int = 1


class DeviceCount(Value, frozen=True, kw_only=True):
    """Steps that run and that do not on one device."""

    device: str
    platform: str
    selected: int
    optional: int
    unselected: int


class RunAll(Value, frozen=True, kw_only=True):
    """Why a pipeline runs all of its steps."""

    pipeline: str
    entry: str
    path: RepoPath | None


class Selection(Value, frozen=True, kw_only=True):
    """What every pipeline decides for a change."""

    decisions: tuple[StepDecision, ...]
    run_all: tuple[RunAll, ...] = ()
    docs_only: bool = False
    devices: tuple[DeviceCount, ...] = ()
    minutes: int = 0
    """Upper bound of agent minutes of the selected steps: timeouts times parallel jobs."""
    without_timeout: int = 0
    """Selected steps that have no timeout and are left out of ``minutes``."""


class AmdState(Enum):
    """Where a step runs on AMD hardware for one change. A closed set; the value is the wire word."""

    PRESENT = "present"
    """Its mirror runs."""
    SOFT_FAIL = "soft-fail"
    """Its mirror runs and may fail."""
    OPTIONAL = "optional"
    """Its mirror runs only when somebody asks for it."""
    NOT_RUN = "not-run"
    """Its mirror does not run for this change."""
    ELSEWHERE = "elsewhere"
    """It has no mirror; a step of the same name that the AMD template declares runs."""
    ELSEWHERE_NOT_RUN = "elsewhere-not-run"
    """It has no mirror; there are steps of the same name, and none of them runs."""
    MISSING = "missing"
    """It has no mirror, and no step of the same name is declared for AMD."""


class StepRef(Value, frozen=True, kw_only=True):
    """A step, by name."""

    pipeline: str
    label: str
    file: RepoPath
    line: int
    optional: bool
    dialect: Dialect = Dialect.GENERATOR
    mirror: str | None = None
    empty: bool = False
    """It never runs by itself, since its dependency list is empty."""


class Collecting(Value, frozen=True, kw_only=True):
    """A command of a step that collects a test file, and what it leaves out."""

    step: StepRef
    command: str
    line: int
    filters: tuple[str, ...] = ()
    """``-k``, ``-m``, ``--deselect`` and node ids that keep parts of the file out."""


class TestCoverage(Value, frozen=True, kw_only=True):
    """Which steps collect a test file."""

    __test__ = False
    path: RepoPath
    state: str
    """``collected``, ``optional-only`` or ``not-collected``."""
    steps: tuple[Collecting, ...] = ()


class RenameGap(Value, frozen=True, kw_only=True):
    """A step, owner line or label condition that watches the old path of a rename and not the new one."""

    kind: str
    """``step``, ``owner`` or ``label``."""
    old: RepoPath
    new: RepoPath
    name: str
    entry: str
    file: RepoPath
    line: int
    still_matches: bool
    """Whether the entry still matches some file after the rename."""


class ReachingTest(Value, frozen=True, kw_only=True):
    """A test that reaches a path in the module graph, with the chain that shows it."""

    path: RepoPath
    chain: tuple[str, ...]


class StepGap(Value, frozen=True, kw_only=True):
    """A step whose tests reach a changed path, and which the change does not select."""

    step: StepRef
    reason: Reason
    path: RepoPath
    test: RepoPath
    chain: tuple[str, ...]
    tests: int
    """How many of its test files reach a changed path."""
