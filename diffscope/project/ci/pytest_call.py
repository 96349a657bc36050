"""Calls of programs -> the tests that pytest is told to collect, and other files that are named."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import islice, takewhile
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.project.model import Verdict
from diffscope.project.shell_words import Call, resolve
from diffscope.source.model import RepoPath, Value

_TAKES_VALUE: Final = frozenset({
    "-k", "-m", "-n", "-p", "-c", "-o", "-W", "-r", "--ignore", "--ignore-glob", "--deselect", "--rootdir",
    "--confcutdir", "--basetemp", "--maxfail", "--durations", "--timeout", "--num-shards", "--shard-id",
    "--junitxml", "--junit-xml", "--tb", "--dist", "--numprocesses", "--log-cli-level", "--log-level",
    "--import-mode", "--cov", "--cov-report", "--color",
})  # fmt: skip
_RUNS_NOTHING: Final = frozenset(
    {"--version", "-V", "--help", "-h", "--collect-only", "--co", "--markers", "--fixtures"}
)
_PYTHON = lazy_regex(r"(?:.*/)?python(?:3(?:\.\d+)?)?")


class Target(NamedTuple):
    """A path that pytest is given, with the node id behind ``::`` (empty for the whole)."""

    word: str
    node: str


class PytestCall(NamedTuple):
    """What one call of pytest collects: targets, less what it ignores, and what narrows the tests within files."""

    targets: tuple[Target, ...]
    ignores: tuple[str, ...]
    ignore_globs: tuple[str, ...]
    deselects: tuple[str, ...]
    keyword: str
    marker: str
    folders: tuple[str, ...]
    is_certain: bool

    @property
    def filters(self) -> tuple[str, ...]:
        """Return what keeps parts of files out, as it would be written."""
        narrowed = [f"-k {self.keyword}"] if self.keyword else []
        narrowed += [f"-m {self.marker}"] if self.marker else []
        return tuple(narrowed)


def pytest_calls(calls: tuple[Call, ...]) -> tuple[PytestCall, ...]:
    """Return the calls of pytest, however it is started: alone, ``python -m``, ``coverage run -m``, after ``xargs``."""
    found: list[PytestCall] = []
    for at, call in enumerate(calls):
        words = _arguments(call.words)
        if words is None or not _RUNS_NOTHING.isdisjoint(words):
            continue
        piped = [each for each in calls[:at] if each.pipe == call.pipe and each.words[0] == "find"]
        if piped:
            found += [_of_find(each.words, words, call) for each in piped]
        else:
            found.append(_parse(words, call))
    found += [
        _of_find(call.words[: call.words.index("-exec")], words, call)
        for call in calls
        if call.words[0] == "find" and "-exec" in call.words
        if (words := _arguments(call.words[call.words.index("-exec") + 1 :])) is not None
    ]
    return tuple(found)


def named_files(calls: tuple[Call, ...]) -> Iterator[tuple[Call, str]]:
    """Yield the words that must be files or folders for a call to work: scripts, pytest targets, lists, requirements.

    Words with variables or globs, and options that the program makes of its own, are left out.
    """
    for call in calls:
        words = _arguments(call.words)
        if words is not None:
            parsed = _parse(words, call)
            yield from ((call, target.word) for target in parsed.targets if _is_path(target.word))
            yield from ((call, each.partition("::")[0]) for each in parsed.deselects if _is_path(each))
            yield from ((call, each) for each in parsed.ignores if _is_path(each))
        else:
            yield from ((call, word) for word in _script_of(call.words) if _is_path(word))
        yield from ((call, value) for value in _file_options(call.words) if _is_path(value))


def script_of(call: Call) -> str | None:
    """Return the shell or Python script that a call runs, ``None`` where it runs none."""
    return next((word for word in _script_of(call.words) if _is_path(word)), None)


def _arguments(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """What follows ``pytest``; ``None`` where the call does not start it."""
    program = words[0].rpartition("/")[2]
    if program in {"pytest", "py.test"}:
        return words[1:]
    is_runner = _PYTHON.fullmatch(words[0]) or program in {"coverage", "uv", "torchrun"}
    for at in range(1, len(words) if is_runner else 1):
        if words[at] == "pytest" and (words[at - 1] in {"-m", "run"} or program == "torchrun"):
            return words[at + 1 :]
        if not words[at].startswith("-") and words[at] not in {"run", "-m"} and program != "uv":
            break
    return None


def _parse(words: tuple[str, ...], call: Call) -> PytestCall:
    options: defaultdict[str, list[str]] = defaultdict(list)
    targets: list[Target] = []
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            path, _, node = word.partition("::")
            targets.append(Target(path, node))
        elif equals:
            options[name].append(value)
        elif word in _TAKES_VALUE:
            options[word] += islice(left, 1)
        elif len(word) > 2 and word[:2] in {"-k", "-m"} and word[2] != "-":
            options[word[:2]].append(word[2:])
    return PytestCall(
        targets=tuple(targets),
        ignores=tuple(options["--ignore"]),
        ignore_globs=tuple(options["--ignore-glob"]),
        deselects=tuple(options["--deselect"]),
        keyword=" ".join(options["-k"][-1:]),
        marker=" ".join(options["-m"][-1:]),
        folders=call.folders,
        is_certain=call.is_certain,
    )


def _of_find(find: tuple[str, ...], pytest_words: tuple[str, ...], call: Call) -> PytestCall:
    """``find DIR -name 'test_*.py' ... | xargs pytest``: a glob target for each folder that is searched."""
    options = tuple(word for word in pytest_words if "{}" not in word and word != ";")
    parsed = _parse(options, call)
    roots = list(takewhile(lambda word: not word.startswith(("-", "!", "(")), find[1:]))
    names, excluded, depth = _find_tests(find)
    below = "/".join(["*"] * depth)[:-1] if depth else "**/"
    targets = [
        Target(f"{root.rstrip('/')}/{below}{name}", "")
        for root in roots or ["."]
        for name in names or ["test_*.py"]
    ]
    ignored = tuple(f"{root.rstrip('/')}/**/{name}" for root in roots for name in excluded)
    return parsed._replace(targets=tuple(targets), ignore_globs=(*parsed.ignore_globs, *ignored))


def _find_tests(find: tuple[str, ...]) -> tuple[list[str], list[str], int]:
    """Names wanted, names excluded, and the depth where ``-maxdepth`` bounds it (0: unbounded)."""
    names: list[str] = []
    excluded: list[str] = []
    depth = 0
    for at, word in enumerate(find[:-1]):
        is_negated = find[at - 1] in {"-not", "!"}
        if word in {"-name", "-iname"}:
            (excluded if is_negated else names).append(find[at + 1])
        elif word in {"-path", "-wholename"} and is_negated:
            excluded.append(find[at + 1].rpartition("/")[2])
        elif word == "-maxdepth" and find[at + 1].isdigit():
            depth = min(int(find[at + 1]), 9)
    return names, excluded, depth


def _script_of(words: tuple[str, ...]) -> Iterator[str]:
    program = words[0]
    name = program.rpartition("/")[2]
    if name in {"bash", "sh", "source", "."}:
        yield from (word for word in words[1:2] if not word.startswith("-"))
    elif _PYTHON.fullmatch(program):
        yield from (word for word in words[1:2] if word.endswith(".py"))
    elif name == "torchrun":
        yield from [word for word in words[1:] if word.endswith(".py")][:1]
    elif "/" in program and program.endswith((".sh", ".py")):
        yield program


def _file_options(words: tuple[str, ...]) -> Iterator[str]:
    name = words[0].rpartition("/")[2]
    for at, word in enumerate(words[1:], start=1):
        option, equals, value = word.partition("=")
        if option == "--config-list-file" and equals:
            yield value
        is_installer = name in {"pip", "pip3"} or words[:2] == ("uv", "pip")
        if is_installer and word in {"-r", "--requirement"} and at + 1 < len(words):
            yield words[at + 1]
        if name in {"bash", "sh"} and word == "-c" and at > 1 and at + 1 < len(words):
            yield words[at + 1]


def _is_path(word: str) -> bool:
    return (
        bool(word)
        and not any(char in word for char in "$*?{}[]`()<>|;, ")
        and (word.endswith((".py", ".sh", ".txt", ".yaml", ".json")) or "/" in word)
        and not word.startswith(("http:", "https:", "git+", "-"))
    )


def expand(call: PytestCall, word: str) -> tuple[str, ...]:
    """Return the paths or globs, relative to the root, that a word of a call may mean; a variable becomes ``*``."""
    text = re.sub(r"\$\$?(?:\{[^}]*\}|\([^)]*\)|\w+)", "*", word)
    if "$" in word and not text.strip("*/"):
        # A variable alone may be anything.
        return ()
    found = [resolve(folder, text) for folder in call.folders]
    if text.startswith("*/"):
        # A variable in front is nearly always the root of the checkout.
        found.append(resolve("", text[2:]))
    return tuple(dict.fromkeys(path for path in found if path is not None))


def glob_matches(pattern: str, path: str) -> bool:
    """Say whether a shell glob covers a path; ``*`` stays within a segment, ``**/`` is any depth."""
    if "**/" in pattern:
        head, _, tail = pattern.partition("**/")
        return path.startswith(head) and fnmatch.fnmatchcase(path.rpartition("/")[2], tail)
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


_MARK = lazy_regex(rb"\bmark\.([A-Za-z_]\w*)")
_ON_ALL = lazy_regex(rb"^pytestmark\s*=\s*(\[[^\]]*\]|[^\n]*)", re.MULTILINE)
_TEST = lazy_regex(rb"^\s*(?:async\s+)?def\s+test|^\s*class\s+Test|^(?:from|import)\s.*\btest_", re.MULTILINE)
_WORDS = lazy_regex(r"\s*(\(|\)|[A-Za-z_]\w*(?:\([^()]*\))?)")


class _Marks(Value, frozen=True, kw_only=True):
    """What the text of a test file says of its marks."""

    named: frozenset[str]
    on_all: frozenset[str]
    possible: frozenset[str]
    """Marks that helper modules may put on its tests."""


class MarkReader:
    """Reads the marks of test files when they are asked for: most files are collected without a ``-m``."""

    def __init__(self, texts: Mapping[RepoPath, bytes], *, helpers: Iterable[RepoPath] = ()) -> None:
        """``helpers`` are the modules among the texts that tests may take marks from."""
        self._texts = texts
        self._helpers = tuple(helpers)
        self._read: dict[RepoPath, _Marks | None] = {}

    def get(self, path: RepoPath) -> _Marks | None:
        """Return the marks of a test file, ``None`` where its text is not known."""
        if path not in self._read:
            text = self._texts.get(path)
            self._read[path] = None if text is None else self._marks(text)
        return self._read[path]

    def has_tests(self, path: RepoPath) -> bool:
        """Say whether a file defines or imports tests; without its text it is taken to."""
        text = self._texts.get(path)
        return text is None or _TEST.search(text) is not None

    def _marks(self, text: bytes) -> _Marks:
        on_all = frozenset(name for found in _ON_ALL.findall(text) for name in _names(_MARK, found))
        return _Marks(named=_names(_MARK, text), on_all=on_all, possible=self._possible)

    @cached_property
    def _possible(self) -> frozenset[str]:
        texts = (self._texts[path] for path in self._helpers if path in self._texts)
        return frozenset(name for text in texts for name in _names(_MARK, text))


def may_match(expression: str, marks: _Marks | None) -> bool:
    """Say whether some test of a file may be selected; without the file's text it always may."""
    if marks is None or not expression.strip():
        return True
    tokens = _tokens(expression)
    if tokens is None:
        return True
    verdict, rest = _or(tokens, marks)
    return bool(rest) or verdict is not Verdict.NO


def _names(pattern: re.Pattern[bytes], text: bytes) -> frozenset[str]:
    return frozenset(name.decode("ascii", "replace") for name in pattern.findall(text))


@lru_cache(maxsize=512)
def _tokens(expression: str) -> tuple[str, ...] | None:
    tokens: list[str] = []
    at = 0
    text = expression.strip()
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None or len(tokens) > 100:
            return None
        tokens.append(found[1])
        at = found.end()
    return tuple(tokens)


def _or(tokens: tuple[str, ...], marks: _Marks) -> tuple[Verdict, tuple[str, ...]]:
    left, rest = _and(tokens, marks)
    while rest[:1] == ("or",):
        right, rest = _and(rest[1:], marks)
        left = _strongest(left, right, Verdict.YES)
    return left, rest


def _and(tokens: tuple[str, ...], marks: _Marks) -> tuple[Verdict, tuple[str, ...]]:
    left, rest = _not(tokens, marks)
    while rest[:1] == ("and",):
        right, rest = _not(rest[1:], marks)
        left = _strongest(left, right, Verdict.NO)
    return left, rest


def _not(tokens: tuple[str, ...], marks: _Marks) -> tuple[Verdict, tuple[str, ...]]:
    if tokens[:1] == ("not",):
        inner, rest = _not(tokens[1:], marks)
        opposite = {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES, Verdict.UNKNOWN: Verdict.UNKNOWN}
        return opposite[inner], rest
    if tokens[:1] == ("(",):
        inner, rest = _or(tokens[1:], marks)
        return inner, rest[1:]
    name = tokens[0].partition("(")[0] if tokens else ""
    if name in marks.on_all:
        return Verdict.YES, tokens[1:]
    is_possible = not tokens or name in marks.named or name in marks.possible
    return Verdict.UNKNOWN if is_possible else Verdict.NO, tokens[1:]


def _strongest(left: Verdict, right: Verdict, winner: Verdict) -> Verdict:
    if winner in (left, right):
        return winner
    return Verdict.UNKNOWN if Verdict.UNKNOWN in (left, right) else left
