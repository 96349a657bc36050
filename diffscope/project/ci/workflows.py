"""GitHub's workflow files -> pipelines whose steps are jobs: one for each event of pull requests that starts a workflow.

A workflow that no pull request starts is kept too, its jobs as optional steps: what collects a test there is known.
The syntax is that of GitHub's reference of workflows as of 2026; what holds an expression is kept as written.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from diffscope.patterns import lazy_regex
from diffscope.project.model import Dialect, Listed, Pipeline, Problem, Step, WorkflowEvent
from diffscope.project.tree import TreeIndex
from diffscope.project.yaml_shapes import Shapes
from diffscope.source.model import RepoPath
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, plain

FOLDER: Final = ".github/workflows/"
PULL_REQUEST: Final = "pull_request"
TARGET: Final = "pull_request_target"
_BY_ITSELF: Final = frozenset({"opened", "synchronize", "reopened"})
"""The activities that every pull request has; also what an event without ``types`` stands for."""
_PAIRS: Final = (("branches", "branches-ignore"), ("paths", "paths-ignore"))
_EXPRESSION = lazy_regex(r"\$\{\{.*?\}\}", re.DOTALL)
_MATRIX = lazy_regex(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_MORE = lazy_regex(
    r"\b(?:make|tox|nox|just|hatch|pdm|poetry|invoke|doit|rye|pixi|bazel|docker|unittest|npm|npx)\b"
    r"|\bpython\S*\s+\S+\.py\b|(?:^|\s)\./",
    re.MULTILINE,
)
"""Programs that run what their own files say: which tests a job with one of them collects is not known."""
_MOST_JOBS: Final = 256
"""Jobs of one matrix: GitHub makes no more."""
_MOST_CALLS: Final = 4
"""How deep called workflows are followed: GitHub goes no deeper."""


def is_workflow(path: str) -> bool:
    """Say whether GitHub reads a path as a workflow: folders below are not looked into."""
    return path.startswith(FOLDER) and path.endswith((".yml", ".yaml")) and "/" not in path[len(FOLDER) :]


def read_workflows(
    contents: Mapping[RepoPath, bytes], tree: TreeIndex, base: Mapping[RepoPath, bytes] | None = None
) -> tuple[tuple[Pipeline, ...], tuple[Problem, ...]]:
    """Return the pipelines of every workflow, by file, and what could not be read.

    ``contents`` are the files of the change, which ``pull_request`` goes by; ``base`` those of its base, where they are other ones: GitHub
    starts ``pull_request_target`` by them, whatever a change edits.
    """
    found: list[Pipeline] = []
    problems: list[Problem] = []
    for files, wants_target in ((contents, False), (base or contents, True)):
        # A file that the base had and the tree has no more is still the base's.
        for path in sorted(path for path in {*tree.starting_with(FOLDER), *files} if is_workflow(path)):
            if path not in files:
                continue
            read, wrong = _parse_workflow(path, files[path], _called(path, files))
            found += (
                one for one in read if (one.event is not None and one.event.name == TARGET) is wants_target
            )
            problems += wrong if files is contents and not wants_target else ()
    counts = Counter(one.name for one in found)
    named = (
        msgspec.structs.replace(one, name=f"{one.name} ({one.path[len(FOLDER) :]})")
        if counts[one.name] > 1
        else one
        for one in found
    )
    return tuple(sorted(named, key=lambda one: one.path)), tuple(problems)


def _called(path: RepoPath, files: Mapping[RepoPath, bytes]) -> tuple[tuple[RepoPath, bytes], ...]:
    """The other workflows of the repository, where this one calls any: what it runs depends on them."""
    if b"./.github/workflows/" not in files[path]:
        return ()
    return tuple((other, files[other]) for other in sorted(files) if is_workflow(other) and other != path)


@functools.lru_cache(maxsize=256)
def _parse_workflow(
    path: RepoPath, data: bytes, others: tuple[tuple[RepoPath, bytes], ...]
) -> tuple[tuple[Pipeline, ...], tuple[Problem, ...]]:
    shapes = Shapes(path)
    root = shapes.load(data)
    if root is None:
        return (), tuple(shapes.problems)
    name = shapes.text(root, "name") or path[len(FOLDER) :]
    jobs = tuple(_jobs(shapes, root, dict(others)))
    pipelines = []
    for event in _events(shapes, root) or (WorkflowEvent(name="", line=1),):
        is_own = bool(event.name) and (
            event.types is None or any(one.text in _BY_ITSELF for one in event.types)
        )
        steps = tuple(
            msgspec.structs.replace(job, dependencies=event.paths, optional=not is_own) for job in jobs
        )
        also = f" ({TARGET})" if event.name == TARGET else ""
        pipelines.append(
            Pipeline(name=f"{name}{also}", path=path, dialect=Dialect.GITHUB, event=event, steps=steps)
        )
    return tuple(pipelines), tuple(shapes.problems)


def _events(shapes: Shapes, root: MapNode) -> tuple[WorkflowEvent, ...]:
    """The events of pull requests that start a workflow; one that GitHub refuses starts nothing and is reported."""
    node = root.get("on")
    if node is None:
        shapes.report(root.line, "a workflow has no 'on'")
        return ()
    if not isinstance(node, MapNode):
        named = [one for one in shapes.texts(root, "on") or () if one.text in (PULL_REQUEST, TARGET)]
        return tuple(WorkflowEvent(name=one.text, line=one.line) for one in named)
    return tuple(
        event
        for entry in node.entries
        if entry.key in (PULL_REQUEST, TARGET)
        and (event := _event(shapes, entry.key, entry.line, entry.value))
    )


def _event(shapes: Shapes, name: str, line: int, node: Node) -> WorkflowEvent | None:
    if not isinstance(node, MapNode):
        if not (isinstance(node, ScalarNode) and node.value is None):
            shapes.report(line, f"'{name}' is not a mapping")
        return WorkflowEvent(name=name, line=line)
    for one, other in _PAIRS:
        if node.get(one) is not None and node.get(other) is not None:
            shapes.report(line, f"'{one}' and '{other}' of one event: GitHub refuses the workflow", "refused")
            return None
    return WorkflowEvent(
        name=name,
        line=line,
        types=shapes.texts(node, "types"),
        branches=shapes.texts(node, "branches"),
        branches_ignore=shapes.texts(node, "branches-ignore"),
        paths=shapes.texts(node, "paths"),
        paths_ignore=shapes.texts(node, "paths-ignore"),
    )


def _jobs(shapes: Shapes, root: MapNode, others: Mapping[RepoPath, bytes]) -> Iterator[Step]:
    jobs = root.get("jobs")
    if not isinstance(jobs, MapNode):
        shapes.report(root.line, "a workflow has no 'jobs'")
        return
    folder = _default_folder(root)
    stem = shapes.path[len(FOLDER) :].rpartition(".")[0]
    for entry in jobs.entries:
        if isinstance(entry.value, MapNode):
            yield _job(shapes, f"{stem}/{entry.key}", (entry.line, entry.value), folder, others)
        else:
            shapes.report(entry.line, f"the job '{entry.key}' is not a mapping")


def _job(
    shapes: Shapes, key: str, placed: tuple[int, MapNode], folder: str, others: Mapping[RepoPath, bytes]
) -> Step:
    line, node = placed
    strategy = node.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, MapNode) else None
    commands, runs_more = _commands(node, _default_folder(node) or folder, others)
    condition = node.get("if")
    is_soft = node.get("continue-on-error")
    return Step(
        file=shapes.path,
        line=line,
        label=_text(node.get("name")) or key.rpartition("/")[2],
        key=key,
        dialect=Dialect.GITHUB,
        device=_runner(node.get("runs-on"), matrix) or _text(node.get("uses")).partition("@")[0],
        commands=commands,
        soft_fail=isinstance(is_soft, ScalarNode) and is_soft.value is True,
        timeout=_whole(node.get("timeout-minutes")),
        parallelism=1 if matrix is None else _count_jobs(matrix),
        depends_on=shapes.texts(node, "needs") or (),
        condition=Listed(text=condition.text, line=condition.line)
        if isinstance(condition, ScalarNode)
        else None,
        runs_more=runs_more,
    )


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) and node.value is not None else ""


def _whole(node: Node | None) -> int | None:
    value = node.value if isinstance(node, ScalarNode) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _default_folder(node: MapNode) -> str:
    defaults = node.get("defaults")
    run = defaults.get("run") if isinstance(defaults, MapNode) else None
    return _text(run.get("working-directory")) if isinstance(run, MapNode) else ""


def _runner(node: Node | None, matrix: Node | None) -> str:
    """The labels of a job's runner, in the order written; those that the matrix lists where it is to choose."""
    if isinstance(node, MapNode):
        return " ".join(filter(None, (_text(node.get("group")), _runner(node.get("labels"), matrix))))
    words = [_text(one) for one in node.items] if isinstance(node, ListNode) else [_text(node)]
    chosen = _MATRIX.fullmatch(words[0]) if len(words) == 1 else None
    values = matrix.get(chosen[1]) if chosen and isinstance(matrix, MapNode) else None
    if isinstance(values, ListNode) and all(isinstance(one, ScalarNode) for one in values.items):
        return " | ".join(map(_text, values.items))
    return " ".join(filter(None, words))


def _commands(
    job: MapNode, folder: str, others: Mapping[RepoPath, bytes], depth: int = 0
) -> tuple[tuple[Listed, ...], bool]:
    """The scripts that a job runs, called workflows of the repository followed, and whether it runs what is not read."""
    called = _text(job.get("uses"))
    if called:
        path = RepoPath(called.removeprefix("./"))
        if path not in others or depth == _MOST_CALLS:
            return (), True
        inner = Shapes(path).load(others[path])
        jobs = inner.get("jobs") if inner is not None else None
        nodes = (
            [one.value for one in jobs.entries if isinstance(one.value, MapNode)]
            if isinstance(jobs, MapNode)
            else []
        )
        read = [_commands(one, _default_folder(one), others, depth + 1) for one in nodes]
        return tuple(itertools.chain.from_iterable(texts for texts, _ in read)), any(more for _, more in read)
    steps = job.get("steps")
    found: list[Listed] = []
    runs_more = False
    for step in steps.items if isinstance(steps, ListNode) else ():
        if not isinstance(step, MapNode):
            continue
        run = step.get("run")
        text = _EXPRESSION.sub("$EXPRESSION", _text(run))
        runs_more = runs_more or bool(_MORE.search(text)) or _text(step.get("uses")).startswith("./")
        if run is not None and text and not _text(step.get("shell")).startswith("python"):
            where = _EXPRESSION.sub("$EXPRESSION", _text(step.get("working-directory")) or folder)
            found.append(Listed(text=f"cd {where}\n{text}" if where else text, line=run.line))
    return tuple(found), runs_more


def _count_jobs(matrix: Node) -> int:
    """The jobs that a matrix makes, 0 where that hangs on an expression."""
    if not isinstance(matrix, MapNode):
        return 0
    values = {one.key: plain(one.value) for one in matrix.entries}
    extra, less = values.pop("include", []), values.pop("exclude", [])
    if not all(isinstance(each, list) for each in (*values.values(), extra, less)):
        return 0
    lists = [each for each in values.values() if isinstance(each, list)]
    size = 1
    for each in lists:
        size *= len(each)
    if size > _MOST_JOBS:
        return 0
    made = [dict(zip(values, each, strict=True)) for each in itertools.product(*lists)] if values else []
    kept = [one for one in made if not any(_lies_in(each, one, one) for each in _maps(less))]
    # An entry of `include` that would change a value of every combination is a job of its own.
    own = sum(not any(_lies_in(each, one, values) for one in kept) for each in _maps(extra))
    return len(kept) + own


def _maps(values: object) -> Iterable[dict[str, object]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _lies_in(part: dict[str, object], whole: dict[str, object], asked: Mapping[str, object]) -> bool:
    return all(whole.get(key) == value for key, value in part.items() if key in asked)
