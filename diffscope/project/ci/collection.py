"""Steps and a tree -> the test files that their commands collect, and what excludes parts of a file.

A file is collected when a command names it or a folder above it and does not ignore it, in a container whose working
folder is known, or in any folder that it may be. ``-k``, node ids and shards never keep a whole file out here;
``-m`` does where the file's text shows that no test of it can have the marks (``MarkReader``). Python files that a
step runs as scripts count as collected. What cannot be told is taken as collected: silence is better than a lie.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.project.answers import Collecting, StepRef, TestCoverage
from diffscope.project.ci.pytest_call import (
    MarkReader,
    PytestCall,
    expand,
    glob_matches,
    may_match,
    pytest_calls,
    script_of,
)
from diffscope.project.model import Dialect, Listed, Mirror, Pipeline, Project, Step
from diffscope.project.shell_words import OUTSIDE, Call, folder_in_repository, folders_after, parse_shell
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places, profile

_MAX_SCRIPTS: Final = 40


class Selected(NamedTuple):
    """What one call of pytest selects, as paths and globs relative to the root."""

    targets: tuple[tuple[str, tuple[str, ...]], ...]
    """Node (empty for the whole), and what it may stand in."""
    ignored: tuple[str, ...]
    globs: tuple[str, ...]
    """What else is ignored."""
    filters: tuple[str, ...]
    """What narrows the tests within files, as it is written."""
    deselected: tuple[str, ...]
    marker: str


class CommandTests(NamedTuple):
    """What one command runs of tests."""

    selected: tuple[Selected, ...] = ()
    scripts: tuple[str, ...] = ()
    """Python files that it runs, where they exist."""


class StepTests(NamedTuple):
    """A step, or its mirror, and what each of its commands runs of tests; commands that run none are left out."""

    step: StepRef
    commands: tuple[tuple[Listed, CommandTests], ...]


class StepCalls(NamedTuple):
    """A step, or its mirror, and the calls of each of its commands, scripts followed, with what these calls run of tests."""

    step: StepRef
    commands: tuple[tuple[Listed, tuple[Call, ...], CommandTests], ...]
    written: tuple[int, ...] = ()
    """How many of the calls of each command stand in the command itself; the others are its scripts'."""


def is_test_file(path: str) -> bool:
    """Say whether pytest would collect a file by its name: ``test_*.py`` or ``*_test.py`` below ``tests/``."""
    name = path.rpartition("/")[2]
    return (
        places().is_test(path)
        and name.endswith(".py")
        and (name.startswith("test_") or name[:-3].endswith("_test"))
    )


def step_calls(project: Project) -> tuple[StepCalls, ...]:
    """Return every step and mirror of every pipeline with the calls that its commands make."""
    return tuple(_all_calls(project))


def step_tests(steps: Iterable[StepCalls]) -> tuple[StepTests, ...]:
    """Return what steps run of tests; steps that run none are left out."""
    found = (
        StepTests(
            each.step,
            tuple((command, tests) for command, _, tests in each.commands if tests != CommandTests()),
        )
        for each in steps
    )
    return tuple(each for each in found if each.commands)


def own_calls(step: StepCalls) -> Iterator[tuple[Listed, tuple[Call, ...]]]:
    """Yield each command of a step with the calls that stand in it, scripts left out."""
    for (command, calls, _), count in zip(step.commands, step.written, strict=True):
        yield command, calls[:count]


def collect_tests(
    steps: Iterable[StepTests], tree: TreeIndex, marks: MarkReader | None = None
) -> dict[RepoPath, tuple[Collecting, ...]]:
    """Return, for each file that some step collects, by which commands; files in the order of the tree."""
    found: defaultdict[RepoPath, list[Collecting]] = defaultdict(list)
    for each in steps:
        for command, tests in each.commands:
            for path, filters in _collected(tests, tree, marks or MarkReader({})).items():
                found[path].append(
                    Collecting(step=each.step, command=command.text, line=command.line, filters=filters)
                )
    return {path: tuple(found[path]) for path in sorted(found)}


def cover_tests(
    paths: Iterable[RepoPath], collected: Mapping[RepoPath, tuple[Collecting, ...]]
) -> tuple[TestCoverage, ...]:
    """Return, for each test file among the paths, whether a step collects it without being asked to."""
    covered = []
    for path in paths:
        if is_test_file(path):
            steps = collected.get(path, ())
            is_automatic = any(not each.step.optional and not each.step.empty for each in steps)
            state = "collected" if is_automatic else "optional-only" if steps else "not-collected"
            covered.append(TestCoverage(path=path, state=state, steps=steps))
    return tuple(covered)


def step_ref(pipeline: Pipeline, step: Step, mirror: Mirror | None = None) -> StepRef:
    """Return the name of a step or its mirror."""
    inherited = mirror is not None and mirror.optional is not None
    is_empty = not step.dependencies and not step.watches_own_file and not (mirror and mirror.dependencies)
    is_image = bool(step.key and step.key.startswith("image-build"))
    return StepRef(
        pipeline=pipeline.name,
        label=step.label,
        file=step.file,
        line=mirror.line if mirror else step.line,
        optional=bool(mirror.optional) if mirror and inherited else step.optional,
        dialect=step.dialect,
        mirror=mirror.name if mirror else None,
        empty=is_empty and step.dialect is Dialect.GENERATOR and not is_image,
    )


def _working_folder(step: Step, working_dir: str | None) -> tuple[str, ...]:
    """Where a step's commands start; the generator changes no folder for image builds and steps of several nodes."""
    if step.label.startswith(":docker:") or (step.num_nodes or 0) >= 2:
        return ("",)
    folder = folder_in_repository(working_dir or "")
    return (OUTSIDE if folder is None else folder,)


def _all_calls(project: Project) -> Iterator[StepCalls]:
    reader = _command_reader(tuple(sorted(project.scripts.items())), profile().workspace)
    seen: set[tuple[str, int]] = set()
    for pipeline in project.pipelines:
        for step in pipeline.steps:
            if (step.file, step.line) in seen:
                # Two configurations may name the same folder; its steps are the same.
                continue
            seen.add((step.file, step.line))
            start = _working_folder(step, step.working_dir)
            yield _calls_of(step_ref(pipeline, step), step.commands, start, reader)
            for mirror in step.mirrors:
                if mirror.name == "amd":
                    commands = mirror.commands or step.commands
                    start = _working_folder(step, mirror.working_dir or step.working_dir)
                    yield _calls_of(step_ref(pipeline, step, mirror), commands, start, reader)


def _calls_of(
    ref: StepRef, commands: tuple[Listed, ...], folders: tuple[str, ...], reader: _CommandReader
) -> StepCalls:
    found: list[tuple[Listed, tuple[Call, ...], CommandTests]] = []
    written: list[int] = []
    start = folders
    for command in commands:
        # Each command of a job of GitHub is a shell of its own.
        folders = start if ref.dialect is Dialect.GITHUB else folders
        read = reader.read(command.text, folders)
        # The commands of another step are one script: a `cd` stays in force.
        folders = read.folders_after
        found.append((command, read.calls, read.tests))
        written.append(read.written)
    return StepCalls(ref, tuple(found), tuple(written))


class _Command(NamedTuple):
    """What one command does, in given folders."""

    calls: tuple[Call, ...]
    """Its own, then those of the scripts that it runs."""
    written: int
    """How many are its own."""
    tests: CommandTests
    folders_after: tuple[str, ...]


class _CommandReader:
    """Reads commands of a tree with given shell scripts, each once: most stand in many steps, and in those of many commits."""

    def __init__(self, scripts: Mapping[RepoPath, str], workspace: str | None) -> None:
        self._scripts = scripts
        self._workspace = workspace
        self._known: dict[tuple[str, tuple[str, ...]], _Command] = {}

    def read(self, text: str, folders: tuple[str, ...]) -> _Command:
        """Return what a command does that is started in any of the folders."""
        key = text, folders
        if key not in self._known:
            own = _parse_cached(text, folders, self._workspace)
            calls = self._with_scripts(own)
            self._known[key] = _Command(calls, len(own), _tests_of(calls), folders_after(text, folders))
        return self._known[key]

    def _with_scripts(self, calls: tuple[Call, ...]) -> tuple[Call, ...]:
        """Calls, with those of the shell scripts that they run, and of the scripts that these run."""
        found = list(calls)
        pending = list(calls)
        read: set[tuple[str, tuple[str, ...]]] = set()
        while pending and len(read) < _MAX_SCRIPTS:
            call = pending.pop(0)
            word = script_of(call)
            for path in expand_words(call.folders, word) if word and word.endswith(".sh") else ():
                if RepoPath(path) in self._scripts and (path, call.folders) not in read:
                    read.add((path, call.folders))
                    text = self._scripts[RepoPath(path)]
                    folders = tuple(dict.fromkeys((*call.folders, "", path.rpartition("/")[0])))
                    inner = _parse_cached(text, folders, self._workspace)
                    offset = max((each.pipe for each in found), default=0) + 1
                    inner = tuple(each._replace(pipe=each.pipe + offset) for each in inner)
                    found += inner
                    pending += inner
        return tuple(found)


@lru_cache(maxsize=4)
def _command_reader(scripts: tuple[tuple[RepoPath, str], ...], workspace: str | None) -> _CommandReader:
    return _CommandReader(dict(scripts), workspace)


@lru_cache(maxsize=8192)
def _parse_cached(text: str, folders: tuple[str, ...], workspace: str | None) -> tuple[Call, ...]:
    del workspace  # the profile's, which paths in containers are read by
    return parse_shell(text, folders=folders)


def expand_words(folders: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Return the paths, relative to the root, that a word may mean in any of the folders."""
    empty = PytestCall((), (), (), (), "", "", folders, is_certain=len(folders) == 1)
    return expand(empty, word)


def _tests_of(calls: tuple[Call, ...]) -> CommandTests:
    words = ((each, script_of(each)) for each in calls)
    scripts = (
        path
        for call, word in words
        if word is not None and word.endswith(".py")
        for path in expand_words(call.folders, word)
    )
    return CommandTests(tuple(map(_selected, pytest_calls(calls))), tuple(dict.fromkeys(scripts)))


def _selected(call: PytestCall) -> Selected:
    targets = [(target.node, expand(call, target.word)) for target in call.targets]
    if not targets and call.is_certain:
        targets = [("", expand(call, "."))]
    return Selected(
        targets=tuple(targets),
        ignored=tuple(path for word in call.ignores for path in expand(call, word)),
        globs=tuple(path for word in call.ignore_globs for path in expand(call, word)),
        filters=call.filters,
        deselected=tuple(f"--deselect {each}" for each in call.deselects),
        marker=call.marker,
    )


def _collected(tests: CommandTests, tree: TreeIndex, marks: MarkReader) -> dict[RepoPath, tuple[str, ...]]:
    done: dict[RepoPath, tuple[str, ...]] = {}
    for each in tests.selected:
        for path, filters in _files_of(each, tree).items():
            if not each.marker or may_match(each.marker, marks.get(path)):
                # The call that narrows least is the one that tells what is left out.
                done[path] = min(done.get(path, filters), filters, key=len)
    return done | {RepoPath(path): () for path in tests.scripts if tree.is_file(path)}


def _files_of(selected: Selected, tree: TreeIndex) -> dict[RepoPath, tuple[str, ...]]:
    found: dict[RepoPath, tuple[str, ...]] = {}
    for node, paths in selected.targets:
        filters = (*selected.filters, f"::{node}") if node else selected.filters
        for path in paths:
            for file in _matching(path, tree):
                found[file] = min(found.get(file, filters), filters, key=len)
    return {
        path: (*filters, *selected.deselected)
        for path, filters in found.items()
        if not any(path == each or path.startswith(f"{each}/") for each in selected.ignored)
        and not any(glob_matches(each, path) for each in selected.globs)
    }


def _matching(path: str, tree: TreeIndex) -> tuple[RepoPath, ...]:
    if "*" in path or "?" in path:
        head = path.partition("*")[0].partition("?")[0].rpartition("/")[0]
        return tuple(file for file in tree.below(head) if head and glob_matches(path, file))
    if tree.is_file(path):
        return (RepoPath(path),)
    return tuple(file for file in tree.below(path) if is_test_file(file)) if tree.is_folder(path) else ()
