"""What the loopback GitHub holds: a repository, pull requests, comments, labels, check runs, and faults that a test asks for."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.github_answers import Json, refusal

NAME = "vllm-project/vllm"
ROOT = "https://github.example"
"""What stands in links."""


@dataclass
class HostedPull:
    """One pull request; ``base`` and ``head`` are commits of the repository behind the server."""

    number: int
    base: str
    head: str
    title: str = "[Misc] Change something"
    body: str | None = None
    author: str = "ada"
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    merged_at: str | None = None
    closed_at: str | None = None
    head_repository: str | None = "ada/vllm"


@dataclass
class HostedItem:
    """An issue or a pull request as lists and searches show it, with the comments on it."""

    number: int
    title: str
    created_at: str
    author: str | None = "ann"
    is_pull: bool = False
    closed_at: str | None = None
    merged_at: str | None = None
    labels: tuple[str, ...] = ()
    body: str | None = None
    files: tuple[str, ...] = ()
    comments: tuple[tuple[str, str], ...] = ()
    """Author and time."""
    reviews: tuple[tuple[str, str], ...] = ()
    """The same, of comments on lines."""
    reviewed: tuple[tuple[str, str, str], ...] = ()
    """Author, state and time of each review."""


@dataclass
class Account:
    """Whom a token belongs to. An installation (the token of a workflow) cannot ask who it is by REST."""

    login: str
    can_write: bool = True
    is_installation: bool = False


@dataclass
class Fault:
    """Answers of a kind for requests that match ``METHOD path``, ``times`` times; ``status`` 0 breaks the connection."""

    match: str
    status: int
    body: Json | str = field(default_factory=lambda: refusal("made to fail"))
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass
class Logged:
    """One request as it came."""

    method: str
    path: str
    status: int
    body: Json | None
    headers: Mapping[str, str]


@dataclass
class Reply:
    """One answer."""

    status: int
    body: Json | list[Json] | str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """What the server knows. Tests change it freely between requests."""

    folder: Path | None = None
    pulls: dict[int, HostedPull] = field(default_factory=dict)
    items: dict[int, HostedItem] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[Logged] = field(default_factory=list)
    comments: dict[int, Json] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    check_runs: dict[int, Json] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    omitted_patches: set[str] = field(default_factory=set)
    rows: dict[tuple[str, ...], list[Json]] = field(default_factory=dict)
    is_tree_cut: bool = False
    is_search_cut: bool = False
    graphql: bool = True
    overrides: list[Callable[[str, str, Mapping[str, str]], Reply | None]] = field(default_factory=list)
    """Asked first, with method, path and headers; what they return is the answer."""
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def calls(self) -> list[str]:
        """Return the requests so far, as ``METHOD path status``."""
        return [f"{one.method} {one.path} {one.status}" for one in self.log]

    def git(self, *arguments: str) -> bytes:
        """Return what git says."""
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def has(self, commit: str) -> bool:
        """Return whether the repository has the commit."""
        command = ["git", "-C", str(self.folder), "cat-file", "-e", f"{commit}^{{commit}}"]
        return (
            self.folder is not None
            and subprocess.run(command, check=False, capture_output=True).returncode == 0
        )


@dataclass
class Asker:
    """Who asks, for what."""

    account: Account | Reply | None
    accept: str
    query: Mapping[str, str]
    body: Json
