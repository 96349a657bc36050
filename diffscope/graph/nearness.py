"""The signs by which a test is near to a change, each on its own scale, with a sentence for each."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final

from diffscope.graph.history import ChangeHistory
from diffscope.graph.history_store import subject_words
from diffscope.graph.model import ModuleGraph
from diffscope.graph.names import is_native, is_test_file
from diffscope.graph.values import EdgeLayer, NodeKind, SourceChange
from diffscope.source.values import RepoPath

Values = Mapping[RepoPath, float]

_FAR: Final = 3
_COMMON: Final = 0.15
"""A word in a larger part of all tests tells nothing."""
_MOST_WORDS: Final = 3_000
_TOKEN: Final = re.compile(r"[A-Za-z]+|\d+")
_CAMEL: Final = re.compile(r"([a-z])([A-Z])")
_EVERYWHERE: Final = frozenset(
    {"vllm", "tests", "test", "py", "init", "csrc", "cu", "cuh", "cpp", "h", "utils"}
)
_EAGER: Final = frozenset({EdgeLayer.EAGER, EdgeLayer.TEST})


class Sign(Enum):
    """A way of being near."""

    IMPORTS = "imports"
    """Imports a changed module; the fewer tests do, the more."""
    REACHES = "reaches"
    """Imports it within three steps."""
    NAMES = "names"
    """Names a changed symbol; the rarest counts."""
    WORDS = "words"
    """Shares rare identifiers with the changed lines, in proportion to its size."""
    PATH = "path"
    """Lies in a folder, or has a name, of the same words."""
    STEM = "stem"
    """Is called ``test_x.py`` where ``x`` changed."""
    TOGETHER = "together"
    """Changed in the past when the changed files did."""
    ALIKE = "alike"
    """Changed in past commits like this one."""
    TITLE_PATH = "title-path"
    """Its path has words of the title."""
    TITLE_WORDS = "title-words"
    """It names words of the title."""
    ACTIVE = "active"
    """Changes often, whatever the reason."""


class Nearness:
    """Measures one change against the tests of its base."""

    def __init__(
        self, changes: tuple[SourceChange, ...], graph: ModuleGraph, history: ChangeHistory | None, title: str
    ) -> None:
        self._changes = changes
        self._graph = graph
        self._history = history
        self._title = title
        self._notes: dict[tuple[Sign, RepoPath], str] = {}
        total = sum(math.log1p(change.lines) for change in changes) or 1.0
        self._parts = {change.path: math.log1p(change.lines) / total for change in changes}

    def measure(self) -> dict[Sign, Values]:
        """Return for each sign the tests that have it, and how much."""
        measures: Mapping[Sign, Callable[[], Values]] = {
            Sign.IMPORTS: lambda: self._imports(1, Sign.IMPORTS),
            Sign.REACHES: lambda: self._imports(_FAR, Sign.REACHES),
            Sign.NAMES: self._names,
            Sign.WORDS: self._shared_words,
            Sign.PATH: self._paths,
            Sign.STEM: self._stems,
            Sign.TOGETHER: self._together,
            Sign.ALIKE: self._alike,
            Sign.TITLE_PATH: self._title_paths,
            Sign.TITLE_WORDS: self._title_words,
        }
        found = {sign: measure() for sign, measure in measures.items()}
        near = {path for values in found.values() for path in values}
        history = self._history
        found[Sign.ACTIVE] = {path: math.log1p(history.activity(path)) for path in near} if history else {}
        return found

    def reason(self, sign: Sign, path: RepoPath) -> str:
        """Return why a test has a sign, as a clause: ``imports vllm.v1.core.sched.scheduler``; empty for what is no reason."""
        return self._notes.get((sign, path), "")

    @cached_property
    def _tests(self) -> frozenset[RepoPath]:
        nodes = (node.path for node in self._graph.nodes() if node.kind is NodeKind.TEST and node.path)
        return frozenset(path for path in nodes if is_test_file(path))

    def _imports(self, depth: int, sign: Sign) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._changes:
            module = self._graph.module_of(change.path)
            if module is None:
                continue
            if is_native(change.path):
                paths = set(self._graph.tests_of_native(module)) if depth == 1 else set()
            else:
                reached = self._graph.reach(module, depth, _EAGER)
                paths = {path for each in reached if (path := self._graph.path_of(each))}
            paths &= self._tests
            for path in paths:
                found[path] += self._parts[change.path] * self._rarity(len(paths))
                self._note(sign, path, f"imports {module}" if depth == 1 else f"reaches {module} by imports")
        return found

    def _names(self) -> Values:
        found: dict[RepoPath, float] = {}
        for word in sorted(
            {symbol.rpartition(".")[2] for change in self._changes for symbol in change.symbols}
        ):
            if len(word) > 2 and not word.startswith("__"):
                for path, value in self._naming(word):
                    if value > found.get(path, 0.0):
                        found[path] = value
                        self._notes[Sign.NAMES, path] = f"names {word}"
        return found

    def _shared_words(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        shared: defaultdict[RepoPath, list[tuple[float, str]]] = defaultdict(list)
        words = sorted({word for change in self._changes for word in change.words if len(word) > 3})
        for word in words[:_MOST_WORDS]:
            for path, value in self._naming(word):
                found[path] += value * value / self._length(path)
                shared[path].append((-value, word))
        for path, rare in shared.items():
            self._notes[Sign.WORDS, path] = "shares " + ", ".join(word for _, word in sorted(rare)[:3])
        return found

    def _paths(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._changes:
            tokens = [token for token in dict.fromkeys(_tokens(change.path)) if token in self._by_token]
            whole = sum(self._token_rarity(token) for token in tokens) or 1.0
            for token in tokens:
                for path in self._by_token[token]:
                    found[path] += self._parts[change.path] * self._token_rarity(token) / whole
        for path, value in found.items():
            if value > 0.5:
                self._notes[Sign.PATH, path] = "its path is alike"
        return found

    def _stems(self) -> Values:
        stems = {_stem(change.path): change.path for change in self._changes}
        found = {}
        for path in self._tests:
            stem = path.rpartition("/")[2].removesuffix(".py").removeprefix("test_")
            if stem in stems:
                found[path] = 1.0
                self._notes[Sign.STEM, path] = f"is named after {stems[stem].rpartition('/')[2]}"
        return found

    def _together(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for change in self._changes if self._history else ():
            past = self._history.past([change.path], self._tests) if self._history else None
            for path, times in past.together.items() if past else ():
                found[RepoPath(path)] += (
                    self._parts[change.path] * times / (past.weight + 1.0 if past else 1.0)
                )
                self._note(
                    Sign.TOGETHER, RepoPath(path), f"changed with {change.path.rpartition('/')[2]} before"
                )
        return found

    def _alike(self) -> Values:
        if self._history is None:
            return {}
        parts = {str(path): part for path, part in self._parts.items()}
        votes = self._history.similar(parts, self._title, self._tests)
        for path in votes:
            self._notes[Sign.ALIKE, RepoPath(path)] = "changed in commits like this one"
        return {RepoPath(path): value for path, value in votes.items()}

    def _title_paths(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        for token in sorted(set(_tokens(_without_number(self._title)))):
            for path in self._by_token.get(token, ()):
                found[path] += self._token_rarity(token)
                self._note(Sign.TITLE_PATH, path, f"its path has the title's {token}")
        return found

    def _title_words(self) -> Values:
        found: defaultdict[RepoPath, float] = defaultdict(float)
        words = subject_words(self._title)
        written = {word for word in re.findall(r"[A-Za-z_]\w+", self._title) if "_" in word}
        forms = {form for word in words | written for form in (word, word.capitalize(), word.upper())}
        for form in sorted(forms):
            for path, value in self._naming(form):
                found[path] += value / self._length(path)
                self._note(Sign.TITLE_WORDS, path, f"names the title's {form}")
        return found

    def _naming(self, word: str) -> Iterable[tuple[RepoPath, float]]:
        """Return the tests that name a word, each with the word's rarity; none for a common word."""
        words = self._graph.test_words
        if words is None or words.count(word) > 2 * _COMMON * len(self._tests):
            return ()
        paths = [path for path in words.naming(word) if path in self._tests]
        if not paths or len(paths) > _COMMON * len(self._tests):
            return ()
        rarity = math.log((len(self._tests) + 1) / len(paths))
        return [(path, rarity) for path in paths]

    def _length(self, path: RepoPath) -> float:
        """Return how long a test is, 1 for the mean: a long one shares words with everything."""
        words = self._graph.test_words
        return 1.0 if words is None else 0.4 + 0.6 * words.size(path) / words.mean_size

    def _rarity(self, count: int) -> float:
        return math.log((len(self._tests) + 1) / (count + 0.5))

    def _token_rarity(self, token: str) -> float:
        return self._rarity(len(self._by_token[token]))

    @cached_property
    def _by_token(self) -> dict[str, list[RepoPath]]:
        found: dict[str, list[RepoPath]] = {}
        for path in sorted(self._tests):
            for token in sorted(set(_tokens(path.removeprefix("tests/")))):
                found.setdefault(token, []).append(path)
        return found

    def _note(self, sign: Sign, path: RepoPath, text: str) -> None:
        self._notes.setdefault((sign, path), text)


@lru_cache(maxsize=8_192)
def _tokens(text: str) -> tuple[str, ...]:
    words = (word.lower() for word in _TOKEN.findall(_CAMEL.sub(r"\1_\2", text)))
    return tuple(word for word in words if word not in _EVERYWHERE)


def _stem(path: str) -> str:
    parts = path.split("/")
    name = parts[-1].rpartition(".")[0]
    return parts[-2] if name == "__init__" and len(parts) > 1 else name


def _without_number(title: str) -> str:
    return re.sub(r"\(#\d+\)", "", title)
