"""The target repository's declarations as values. Lines count from 1."""

from __future__ import annotations

from enum import Enum

from diffscope.source.model import RepoPath, TreeEntry, Value


class ProjectFiles(Value, frozen=True, kw_only=True):
    """One tree of the target repository: every file it lists, and the bytes of those that declare something."""

    entries: tuple[TreeEntry, ...]
    contents: dict[RepoPath, bytes]


class Problem(Value, frozen=True, kw_only=True):
    """Something in a declaration that could not be read; the rest of the file was."""

    path: RepoPath
    line: int
    message: str
    kind: str = "broken"
    """``broken``, ``duplicate-key``, ``missing``, ``template``, ``symlink``, ``too-large``, ``unknown-key``, ``shape``."""


class OwnerRule(Value, frozen=True, kw_only=True):
    """A line of CODEOWNERS. A line with a ``defect`` is skipped by GitHub; one without owners clears ownership."""

    pattern: str
    owners: tuple[str, ...]
    line: int
    defect: str | None = None


class Codeowners(Value, frozen=True, kw_only=True):
    """The CODEOWNERS file that GitHub reads; ``path`` is ``None`` where there is none."""

    path: RepoPath | None = None
    rules: tuple[OwnerRule, ...] = ()


class Ownership(Value, frozen=True, kw_only=True):
    """Who owns a path, by which line; ``line`` is ``None`` where no line matches."""

    path: RepoPath
    owners: tuple[str, ...]
    line: int | None
    pattern: str | None


class Verdict(Enum):
    """Three-valued truth."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Condition(Value, frozen=True, kw_only=True, tag="condition"):
    """One mergify condition: ``-files~=^docs/``, ``label != stale``, ``#approved-reviews-by >= 1``."""

    text: str
    line: int
    attribute: str
    operator: str
    """``=``, ``!=``, ``~=``, ``*=``, ``<``, ``<=``, ``>``, ``>=``; empty for a bare attribute (``-closed``)."""
    value: str
    is_negated: bool = False
    is_count: bool = False
    defect: str | None = None


class ConditionGroup(Value, frozen=True, kw_only=True, tag="group"):
    """``and`` (``all``), ``or`` (``any``) or ``not`` (``none``: not all of them hold) of conditions."""

    kind: str
    items: tuple[Condition | ConditionGroup, ...]
    line: int


class MergifyRule(Value, frozen=True, kw_only=True):
    """A rule of mergify.yml: what must hold, and what is done with labels and comments then."""

    name: str
    line: int
    conditions: ConditionGroup
    adds: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    comments: bool = False


class Mergify(Value, frozen=True, kw_only=True):
    """The rules of the mergify configuration; ``path`` is ``None`` where there is none."""

    path: RepoPath | None = None
    rules: tuple[MergifyRule, ...] = ()


class Dialect(Enum):
    """Which program reads a job file, and so by which rules a step is selected."""

    GENERATOR = "generator"
    """vllm-project/ci-infra, buildkite/pipeline_generator."""
    AMD_TEMPLATE = "amd-template"
    """vllm-project/ci-infra, buildkite/bootstrap-amd.sh with test-template-amd.j2: `.buildkite/test-amd.yaml`."""
    GITHUB = "github"
    """GitHub Actions: workflows as pipelines, their jobs as steps."""


class Listed(Value, frozen=True, kw_only=True):
    """An entry of a list in a YAML file: its text and its line."""

    text: str
    line: int


class Mirror(Value, frozen=True, kw_only=True):
    """A step's twin on other hardware (``mirror: amd:``); ``None`` where the mirror does not say."""

    name: str
    line: int
    device: str | None = None
    dependencies: tuple[Listed, ...] | None = None
    commands: tuple[Listed, ...] | None = None
    working_dir: str | None = None
    num_devices: int | None = None
    optional: bool | None = None
    soft_fail: bool | None = None
    timeout: int | None = None
    dind: bool = True
    depends_on: tuple[Listed, ...] = ()
    keys: tuple[Listed, ...] = ()


class Step(Value, frozen=True, kw_only=True):
    """A step of a job file, with what its group adds to it."""

    file: RepoPath
    line: int
    label: str
    key: str | None = None
    group: str | None = None
    dialect: Dialect = Dialect.GENERATOR
    device: str | None = None
    num_devices: int | None = None
    num_nodes: int | None = None
    working_dir: str | None = None
    commands: tuple[Listed, ...] = ()
    dependencies: tuple[Listed, ...] | None = None
    """As written; ``None`` where the key is absent or null."""
    watches_own_file: bool = False
    """The group has ``depends_on``, so that the generator adds the job file to the dependencies."""
    optional: bool = False
    soft_fail: bool = False
    timeout: int | None = None
    parallelism: int | None = None
    dind: bool = True
    no_gpu: bool = False
    depends_on: tuple[Listed, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    keys: tuple[Listed, ...] = ()
    mirror_hardwares: tuple[str, ...] = ()
    condition: Listed | None = None
    """The ``if`` of a job of GitHub, as written."""
    runs_more: bool = False
    """A job of GitHub runs something that is not read, such as ``make``: it may collect any test."""


class WorkflowEvent(Value, frozen=True, kw_only=True):
    """What starts a workflow of GitHub; ``None`` where the event does not say."""

    name: str
    """``pull_request`` or ``pull_request_target``; empty where no pull request starts it."""
    line: int
    types: tuple[Listed, ...] | None = None
    branches: tuple[Listed, ...] | None = None
    branches_ignore: tuple[Listed, ...] | None = None
    paths: tuple[Listed, ...] | None = None
    paths_ignore: tuple[Listed, ...] | None = None


class Pipeline(Value, frozen=True, kw_only=True):
    """A pipeline: its configuration file and the steps it would generate, in the order of the files."""

    name: str
    path: RepoPath
    dialect: Dialect
    job_dirs: tuple[Listed, ...] = ()
    run_all: tuple[Listed, ...] = ()
    run_all_exclude: tuple[Listed, ...] = ()
    missing_keys: tuple[str, ...] = ()
    """Keys without which the generator refuses the configuration."""
    event: WorkflowEvent | None = None
    """What starts a workflow of GitHub; ``None`` for a pipeline of Buildkite."""
    steps: tuple[Step, ...] = ()


class Requirement(Value, frozen=True, kw_only=True):
    """A line of a requirements file: PEP 508, a URL, or an option such as ``-r common.txt``."""

    path: RepoPath
    line: int
    name: str | None
    """Normalised (PEP 503); ``None`` for an option or a line that does not parse."""
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str | None = None
    includes: RepoPath | None = None
    """The file that ``-r`` or ``-c`` names, resolved against this one."""
    is_pinned: bool = False
    """An exact version (``==``, ``===``) or a URL with a commit or version."""
    has_upper_bound: bool = False
    defect: str | None = None


class DockerPin(Value, frozen=True, kw_only=True):
    """Something with a version in a Dockerfile."""

    path: RepoPath
    line: int
    kind: str
    """``argument`` (ARG, ENV), ``base-image`` (FROM), ``package`` (pip install), ``git`` (a repository at a revision)."""
    name: str
    version: str
    is_pinned: bool = False


class Project(Value, frozen=True, kw_only=True):
    """All that the repository declares at one tree, and what could not be read of it."""

    codeowners: Codeowners
    mergify: Mergify
    pipelines: tuple[Pipeline, ...]
    scripts: dict[RepoPath, str]
    """Shell scripts that steps may run, by path."""
    problems: tuple[Problem, ...] = ()
