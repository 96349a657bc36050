"""The values of CI facts: steps selected by a change, blind spots, differences."""

from __future__ import annotations

from diffscope.project.answers import AmdState, Reason
from diffscope.source.model import RepoPath, Value

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
